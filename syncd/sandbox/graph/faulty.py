"""How the faults on demand look over Graph."""

import base64
import json
from collections.abc import Callable, Mapping

from syncd.sandbox.faults import Fault, FaultKind
from syncd.sandbox.graph.errors import GraphError
from syncd.sandbox.graph.tokens import badly_formed

Kinds = Mapping[FaultKind, Fault]
Headers = tuple[tuple[str, str], ...]

BEARER = (
    'Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize"'
    ', client_id="00000003-0000-0000-c000-000000000000"'
)
# The connection closes: nobody hears how it went.
SILENT = frozenset({FaultKind.LOST_ANSWER, FaultKind.LOST_REQUEST, FaultKind.LATE_WRITE})
# Nothing is done, at least not now.
NOT_NOW = frozenset({FaultKind.LOST_REQUEST, FaultKind.LATE_WRITE})


def unauthorized(message: str = "", *, claims: str = "") -> GraphError:
    """Return the refusal of a token; with `claims` it says what the next one must have."""
    value = BEARER
    if claims:
        encoded = base64.b64encode(claims.encode()).decode()
        value += f', error="insufficient_claims", claims="{encoded}"'
    return GraphError("InvalidAuthenticationToken", message, (("WWW-Authenticate", value),))


def _wait(fault: Fault) -> Headers:
    return (("Retry-After", str(max(1, fault.back_off_ms // 1000))),)


def _challenged(_: Fault) -> GraphError:
    claims = json.dumps({"access_token": {"nbf": {"essential": True, "value": "1764374400"}}})
    return unauthorized("Continuous access evaluation resulted in challenge.", claims=claims)


_REFUSALS: Mapping[FaultKind, Callable[[Fault], GraphError]] = {
    FaultKind.UNAUTHORIZED: lambda _: unauthorized("Access token has expired or is not yet valid."),
    FaultKind.CLAIMS_CHALLENGE: _challenged,
    FaultKind.FORBIDDEN: lambda _: GraphError("ErrorAccessDenied"),
    FaultKind.TOO_MANY: lambda f: GraphError(f.code or "ApplicationThrottled", "", _wait(f)),
    FaultKind.UNAVAILABLE: lambda f: GraphError("ServiceUnavailable", "", _wait(f)),
    FaultKind.SERVER_BUSY: lambda f: GraphError("ErrorServerBusy", "", _wait(f)),
    FaultKind.INTERNAL_ERROR: lambda _: GraphError("ErrorInternalServerError"),
    FaultKind.SOAP_FAULT: lambda f: GraphError(f.code),
    FaultKind.ITEM_ERROR: lambda f: GraphError(f.code),
    FaultKind.INVALID_SYNC_STATE: lambda f: GraphError(f.code or "SyncStateNotFound"),
    FaultKind.BARE_SYNC_ERROR: lambda _: badly_formed(),
}


def refuse(kinds: Kinds) -> None:
    """Raise the error that a fault makes of a request.

    Raises:
        GraphError: one of them does.

    """
    for kind, fault in kinds.items():
        if kind in _REFUSALS:
            raise _REFUSALS[kind](fault)
