"""What a user agreed to: device codes that wait for a word, and the refresh tokens after it."""

import secrets
from dataclasses import dataclass

from syncd.sandbox.clock import Clock
from syncd.sandbox.identity import errors

_LETTERS = "BCDFGHJKLMNPQRSTVWXZ"  # neither vowels nor digits: no words, and nothing to misread
_CODE_FOR = 900
_REFRESH_FOR = 90 * 86400


class NoSuchCodeError(LookupError):
    """No device sign-in waits under this user code."""


@dataclass(slots=True)
class Device:
    """A sign-in that waits until a user types its code. `approved` is None before they did."""

    client_id: str
    scope: str
    user_code: str
    code: str
    expires: int
    approved: bool | None = None
    user: str = ""


@dataclass(frozen=True, slots=True)
class Refresh:
    """What a refresh token stands for."""

    client_id: str
    user: str
    issued: int
    number: int


class Grants:
    """The device codes and refresh tokens of a tenant."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._devices: dict[str, Device] = {}
        self._refreshes: dict[str, Refresh] = {}
        self._revoked: dict[str, int] = {}
        self.interval = 5

    def begin(self, client_id: str, scope: str) -> Device:
        """Return a new device code."""
        user_code = "".join(secrets.choice(_LETTERS) for _ in range(9))
        device = Device(
            client_id,
            scope,
            user_code,
            secrets.token_urlsafe(48),
            self._clock.seconds() + _CODE_FOR,
        )
        self._devices[device.code] = device
        return device

    def waiting(self) -> list[Device]:
        """Return the device sign-ins that nobody has decided."""
        now = self._clock.seconds()
        return [d for d in self._devices.values() if d.approved is None and now < d.expires]

    def decide(self, user_code: str, user: str, *, approve: bool) -> None:
        """Answer a device sign-in as a user.

        Raises:
            NoSuchCodeError: none waits under this code.

        """
        wanted = user_code.strip().upper()
        device = next((each for each in self.waiting() if each.user_code == wanted), None)
        if device is None:
            raise NoSuchCodeError(user_code)
        device.approved, device.user = approve, user.strip().lower()

    def redeem(self, client_id: str, code: str) -> Device:
        """Return the sign-in of a device code that its user approved; a code is good once.

        Raises:
            SignInRefused: it is not, or not yet.

        """
        device = self._devices.get(code)
        if device is None or device.client_id != client_id:
            raise errors.code_unknown()
        if device.approved is None:
            raise (
                errors.pending()
                if self._clock.seconds() < device.expires
                else errors.code_expired()
            )
        del self._devices[code]
        if not device.approved:
            raise errors.declined()
        return device

    def refresh_token(self, client_id: str, user: str) -> str:
        """Return a new refresh token. The ones before it go on until they run out, as in Entra."""
        token = f"1.{secrets.token_urlsafe(60)}"
        number = len(self._refreshes)
        self._refreshes[token] = Refresh(client_id, user, self._clock.seconds(), number)
        return token

    def user_of(self, client_id: str, token: str) -> str:
        """Return who a refresh token was given for.

        Raises:
            SignInRefused: unknown, revoked or run out.

        """
        refresh = self._refreshes.get(token)
        if refresh is None or refresh.client_id != client_id:
            raise errors.refresh_unknown()
        if refresh.number < self._revoked.get(refresh.user, 0):
            raise errors.revoked()
        if refresh.issued + _REFRESH_FOR <= self._clock.seconds():
            raise errors.refresh_expired()
        return refresh.user

    def revoke(self, user: str) -> None:
        """Revoke all that a user has agreed to until now."""
        self._revoked[user.strip().lower()] = len(self._refreshes)
