"""The sign-in over HTTP: OpenID configuration, token, device code, and the machine's identity."""

import json
import re
import urllib.parse
import uuid
from collections.abc import Callable, Mapping

from syncd.sandbox.faults import SIGN_IN, FaultKind, Faults
from syncd.sandbox.identity import errors
from syncd.sandbox.identity.flows import Flows
from syncd.sandbox.identity.machine import PATH as MACHINE
from syncd.sandbox.identity.machine import machine_token
from syncd.sandbox.identity.tenant import Entra
from syncd.sandbox.organisation import Organisation
from syncd.sandbox.web import Answer, Call

_PATH = re.compile(
    r"/(?P<tenant>[^/]+)/(?P<what>v2\.0/\.well-known/openid-configuration|discovery/v2\.0/keys"
    r"|oauth2/v2\.0/(?:token|devicecode))/?"
)


class SignIn:
    """The site of the tenant. Its requests are not counted: they are not for a mailbox."""

    def __init__(self, entra: Entra, organisation: Organisation, faults: Faults) -> None:
        self._entra = entra
        self._organisation = organisation
        self._faults = faults

    def serves(self, path: str) -> bool:
        """Whether a path is one of the sign-in."""
        return path == MACHINE or _PATH.fullmatch(path) is not None

    def answer(self, call: Call) -> Answer:
        """Do what is asked."""
        with self._organisation.lock:
            faults = self._faults.take(SIGN_IN, (), lambda _item: False, has_sync_state=False)
            for fault in faults:
                if fault.fault in (FaultKind.LOST_REQUEST, FaultKind.LOST_ANSWER):
                    return Answer(0, silent=True)
                if fault.fault in _BUSY:
                    wait = ("Retry-After", str(max(1, fault.back_off_ms // 1000)))
                    return Answer(_BUSY[fault.fault], b"", "text/plain", (wait,))
            return self._answered(call)

    def _answered(self, call: Call) -> Answer:
        if call.path == MACHINE:
            return machine_token(self._entra, call)
        matched = _PATH.fullmatch(call.path)
        if matched is None:
            return Answer(404, b"", "text/plain")
        what = matched["what"]
        flows = Flows(self._entra, self._organisation, call.base)
        correlation = call.headers.get("client-request-id", str(uuid.uuid4()))
        reads: dict[str, Callable[[], Mapping[str, object]]] = {
            "v2.0/.well-known/openid-configuration": flows.configuration,
            "discovery/v2.0/keys": self._entra.tokens.keys,
        }
        if call.method != ("GET" if what in reads else "POST"):
            return Answer(405, b"", "text/plain")
        try:
            if matched["tenant"].lower() != self._entra.tenant:
                error = "invalid_tenant" if what in reads else "invalid_request"
                raise errors.unknown_tenant(matched["tenant"], error)
            form = dict(urllib.parse.parse_qsl(call.body.decode("utf-8", "replace")))
            if what in reads:
                found = reads[what]()
            elif what.endswith("token"):
                found = flows.token(form)
            else:
                found = flows.device(form)
        except errors.SignInRefused as refused:
            return errors.answer(refused, self._entra.clock.seconds(), correlation)
        return Answer(200, json.dumps(found).encode(), "application/json; charset=utf-8", _KEEP_OUT)


_BUSY = {FaultKind.TOO_MANY: 429, FaultKind.UNAVAILABLE: 503}
_KEEP_OUT = (("Cache-Control", "no-store, no-cache"), ("Pragma", "no-cache"))
