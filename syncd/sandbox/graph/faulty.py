"""How the faults on demand look over Graph."""

from collections.abc import Callable, Mapping

from syncd.sandbox.faults import Fault, FaultKind, Kinds
from syncd.sandbox.graph.errors import GraphError
from syncd.sandbox.graph.tokens import badly_formed
from syncd.sandbox.identity.tokens import TokenRefused, Wrong

Headers = tuple[tuple[str, str], ...]

# The connection closes: nobody hears how it went.
SILENT = frozenset({FaultKind.LOST_ANSWER, FaultKind.LOST_REQUEST, FaultKind.LATE_WRITE})
# Nothing is done, at least not now.
NOT_NOW = frozenset({FaultKind.LOST_REQUEST, FaultKind.LATE_WRITE})
# What arrives is no answer of Graph.
ILLEGIBLE = frozenset({FaultKind.CORRUPT_XML, FaultKind.CUT, FaultKind.GARBAGE})


def unauthorized(refused: TokenRefused) -> GraphError:
    """Return the refusal of a token."""
    headers = (("WWW-Authenticate", refused.challenge),)
    return GraphError("InvalidAuthenticationToken", refused.wrong.value, headers)


def _wait(fault: Fault) -> Headers:
    return (("Retry-After", str(max(1, fault.back_off_ms // 1000))),)


_NEWER = '{"access_token":{"nbf":{"essential":true,"value":"1764374400"}}}'
_REFUSALS: Mapping[FaultKind, Callable[[Fault], GraphError]] = {
    FaultKind.UNAUTHORIZED: lambda _: unauthorized(TokenRefused(Wrong.EXPIRED)),
    FaultKind.CLAIMS_CHALLENGE: lambda _: unauthorized(TokenRefused(Wrong.CLAIMS, _NEWER)),
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
