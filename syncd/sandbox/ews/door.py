"""Who is at the door of EWS: Basic or NTLM as in a data centre, or a token as in the cloud."""

import base64
import binascii
from dataclasses import dataclass

from syncd.sandbox.callers import Caller
from syncd.sandbox.identity.registry import EWS_ROLES, EWS_SCOPES, Resource
from syncd.sandbox.identity.tenant import Entra
from syncd.sandbox.identity.tokens import TokenRefused, Wrong
from syncd.sandbox.ntlm import Handshake, NtlmRefused
from syncd.sandbox.organisation import Account, Organisation

_BASIC = (("WWW-Authenticate", 'Basic realm="127.0.0.1"'),)
_NTLM = (("WWW-Authenticate", "Negotiate"), ("WWW-Authenticate", "NTLM"))
_DIAGNOSTICS = "x-ms-diagnostics"
_SCOPE = (
    '2000008;reason="The token contains not enough scope to make this call.";'
    'error_category="invalid_grant"'
)


@dataclass(frozen=True, slots=True)
class TurnedAway:
    """What is answered to someone who does not get in."""

    status: int
    headers: tuple[tuple[str, str], ...]


class Door:
    """The door of one connection; with NTLM it remembers who came through it."""

    def __init__(
        self,
        organisation: Organisation,
        entra: Entra,
        *,
        ntlm: bool,
        channel: bytes | None = None,
    ) -> None:
        self._organisation = organisation
        self._entra = entra
        self._ntlm = ntlm
        self._handshake = Handshake(organisation.password, channel)
        self._inside: Account | None = None

    @property
    def challenge(self) -> tuple[tuple[str, str], ...]:
        """The headers that ask for credentials."""
        return _NTLM if self._ntlm else _BASIC

    def knock(self, authorization: str) -> Account | TurnedAway:
        """Return whose request it is, by its Authorization header, or what to answer instead."""
        scheme, _, credentials = authorization.partition(" ")
        match scheme.lower():
            case "bearer":
                return self._by_token(authorization)
            case "basic" if not self._ntlm:
                return self._by_password(credentials) or TurnedAway(401, self.challenge)
            case "ntlm" | "negotiate" if self._ntlm:
                return self._by_handshake(scheme, credentials.strip())
            case "" if self._inside is not None:
                return self._inside
        return TurnedAway(401, self.challenge)

    def _by_password(self, credentials: str) -> Account | None:
        try:
            name, _, password = base64.b64decode(credentials, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return None
        return self._organisation.sign_in(name, password)

    def _by_handshake(self, scheme: str, credentials: str) -> Account | TurnedAway:
        self._inside = None
        try:
            answer, name = self._handshake.take(credentials)
        except NtlmRefused:
            return TurnedAway(401, self.challenge)
        if answer:
            return TurnedAway(401, (("WWW-Authenticate", f"{scheme} {answer}"),))
        self._inside = self._organisation.sign_in(name, self._organisation.password)
        return self._inside or TurnedAway(401, self.challenge)

    def _by_token(self, authorization: str) -> Account | TurnedAway:
        with self._organisation.lock:
            try:
                caller = self._entra.examine(authorization, Resource.EWS)
            except TokenRefused as refused:
                return TurnedAway(
                    401,
                    (
                        ("WWW-Authenticate", refused.challenge),
                        (_DIAGNOSTICS, _diagnosed(refused)),
                    ),
                )
            return _account(caller, self._organisation) or TurnedAway(
                403, ((_DIAGNOSTICS, _SCOPE),)
            )


def _account(caller: Caller, organisation: Organisation) -> Account | None:
    if caller.mailbox is not None:
        known = organisation.by_address(caller.mailbox) is not None
        able = caller.roles & EWS_SCOPES and known
        return Account(caller.mailbox.lower(), is_service=False) if able else None
    able_to = caller.roles & EWS_ROLES
    return Account(caller.name, is_service=True, reach=caller.may_reach) if able_to else None


def _diagnosed(refused: TokenRefused) -> str:
    match refused.wrong:
        case Wrong.EXPIRED:
            number, category, reason = 2000001, "invalid_lifetime", "The token has expired."
        case Wrong.AUDIENCE:
            number, category = 2000003, "invalid_resource"
            reason = (
                "The audience claim value is invalid for current resource. "
                f"Audience claim is '{refused.audience}', request url is outlook.office365.com."
            )
        case Wrong.SIGNATURE | Wrong.MALFORMED:
            number, category = 2000001, "invalid_signature"
            reason = "The token has an invalid signature."
        case _:
            number, category, reason = 2000004, "invalid_token", refused.wrong.value
    return f'{number};reason="{reason}";error_category="{category}"'
