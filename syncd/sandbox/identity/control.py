"""What the control endpoint offers of the sign-in: applications, revoking, challenges.

Device codes have a page of their own below it: see `devices`.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from syncd.sandbox.control import ControlError, body
from syncd.sandbox.identity.registry import Registration, Resource
from syncd.sandbox.identity.tenant import Entra

WHAT = "GET|POST device, GET|POST|DELETE applications, POST claims, POST revoke, POST ews"
_APPLICATION = (
    '{"client_id": "…", "secret": "…", "secret_expires_in": 3600, "roles": ["Contacts.ReadWrite"], '
    '"mailboxes": ["alice@example.test"], "consent": true}'
)


class SignInControl:
    """The calls of the control endpoint that concern the tenant."""

    def __init__(self, entra: Entra, block_ews: Callable[[bool], None]) -> None:
        self._entra = entra
        self._block_ews = block_ews

    def route(self, method: str, name: str, raw: bytes) -> Mapping[str, object] | None:
        """Do a call; None where it is none of these.

        Raises:
            ControlError: it cannot be.

        """
        match (method, name):
            case ("GET", "applications"):
                return {"tenant": self._entra.tenant, "client_ids": self._entra.client_ids()}
            case ("POST", "applications"):
                return self._register(body(raw))
            case ("DELETE", "applications"):
                self._entra.remove(_text(body(raw), "client_id", '{"client_id": "…"}'))
                return {}
            case ("POST", "claims"):
                return self._demand(body(raw))
            case ("POST", "revoke"):
                self._entra.grants.revoke(_text(body(raw), "user", '{"user": "…"}'))
                return {}
            case ("POST", "ews"):
                blocked = _flag(body(raw), "blocked", '{"blocked": true}')
                self._block_ews(blocked)
                return {"blocked": blocked}
        return None

    def _register(self, said: Mapping[str, object]) -> Mapping[str, object]:
        known = {"client_id", "secret", "secret_expires_in", "roles", "mailboxes", "consent"}
        if said.keys() - known:
            raise ControlError(f"An application is {_APPLICATION}.")
        wanted = Registration()
        if "client_id" in said:
            wanted["client_id"] = _text(said, "client_id", _APPLICATION)
        if "secret" in said:
            wanted["secret"] = _text(said, "secret", _APPLICATION)
        if "secret_expires_in" in said:
            seconds = said["secret_expires_in"]
            if not isinstance(seconds, int | float) or isinstance(seconds, bool):
                raise ControlError(f"An application is {_APPLICATION}.")
            at = self._entra.clock.seconds() + seconds
            wanted["secret_expires"] = datetime.fromtimestamp(at, UTC)
        if "roles" in said:
            wanted["roles"] = _texts(said, "roles")
        if "mailboxes" in said:
            wanted["scope"] = _texts(said, "mailboxes")
        if "consent" in said:
            wanted["consent"] = _flag(said, "consent", _APPLICATION)
        return {"client_id": self._entra.register(**wanted).client_id}

    def _demand(self, said: Mapping[str, object]) -> Mapping[str, object]:
        example = '{"claims": {"nbf": {"essential": true, "value": "…"}}, "resource": "graph"}'
        claims, resource = said.get("claims"), str(said.get("resource", "graph")).upper()
        if not isinstance(claims, dict) or resource not in Resource.__members__:
            raise ControlError(f"A challenge is {example}, the resource graph or ews.")
        self._entra.demand(claims, Resource[resource])
        return {}


def _text(said: Mapping[str, object], name: str, example: str) -> str:
    value = said.get(name)
    if not isinstance(value, str) or not value:
        raise ControlError(f"There is no text {name!r}. The body is {example}.")
    return value


def _texts(said: Mapping[str, object], name: str) -> frozenset[str]:
    value = said[name]
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise ControlError(f"{name!r} must be a list of texts. An application is {_APPLICATION}.")
    return frozenset(value)


def _flag(said: Mapping[str, object], name: str, example: str) -> bool:
    value = said.get(name)
    if not isinstance(value, bool):
        raise ControlError(f"{name!r} must be true or false. The body is {example}.")
    return value
