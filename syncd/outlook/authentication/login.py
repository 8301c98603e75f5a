"""A single user signs in without an admin: a code that they type into a browser on any device."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

import msal

from syncd.outlook.authentication.cache import NotSignedIn, Sealed
from syncd.outlook.authentication.clients import Answer, public_client
from syncd.outlook.authentication.clouds import Resource
from syncd.outlook.authentication.credentials import Application, Delegated
from syncd.outlook.authentication.refusals import explained
from syncd.outlook.authentication.wire import NoTenant, Wire, WireProblem
from syncd.outlook.errors import MailboxError

_PENDING = frozenset({"authorization_pending", "slow_down"})


@dataclass(frozen=True, slots=True)
class Code:
    """What a user is to type, where, and for how long it is good."""

    code: str
    url: str
    good_for: timedelta


@dataclass(frozen=True, slots=True)
class Granted:
    """Who signed in, and what they let syncd do; `missing` are permissions that it needs."""

    user: str
    granted: tuple[str, ...]
    missing: tuple[str, ...]


class NotGranted(Exception):
    """The user said no, or said nothing. `what` says so, `todo` what to do."""

    def __init__(self, what: str, todo: str) -> None:
        super().__init__(what)
        self.what = what
        self.todo = todo


class Login:
    """The sign-in of one user at one application. Its credential is a Delegated one.

    All of it raises MailboxError and CredentialUnusable.
    """

    def __init__(
        self,
        application: Application,
        credential: Delegated,
        resource: Resource,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._application, self._resource, self._sleep = application, resource, sleep
        self._user = credential.user
        self._sealed = Sealed(credential.cache, credential.key_file)
        self._wire = Wire(verify_tls=application.verify_tls, timeout=application.timeout)
        self._cache = msal.SerializableTokenCache()
        self._msal: msal.PublicClientApplication | None = None
        self._flow: dict[str, object] = {}

    def begin(self) -> Code:
        """Ask for a code. What is there of an earlier sign-in stays until a new one is granted."""
        self._sealed.probe()
        try:
            self._msal = public_client(self._application, self._wire, self._cache)
            self._flow = self._msal.initiate_device_flow(self._resource.of_user)
        except WireProblem as problem:
            raise problem.error from None
        except NoTenant as unknown:
            answer = {"error": "invalid_tenant", "error_description": unknown.description}
            raise self._refused(answer) from None
        if "user_code" not in self._flow:
            raise self._refused(self._flow)
        return Code(
            f"{self._flow['user_code']}",
            f"{self._flow['verification_uri']}",
            timedelta(seconds=_number(self._flow.get("expires_in"), 900)),
        )

    def wait(self, most: timedelta | None = None) -> Granted:
        """Wait until the user has typed the code, and keep what they grant. Raises NotGranted.

        Not longer than `most`, nor than the code is good.
        """
        answer = self._poll(most)
        error = answer.get("error")
        if error in ("authorization_declined", "access_denied"):
            what = f"{self._user} did not agree"
            raise NotGranted(what, f"If that was a slip: syncd login {self._user}")
        if error in ("expired_token", "code_expired"):
            what = "nobody typed the code in time"
            raise NotGranted(what, f"Ask for another one: syncd login {self._user}")
        if "access_token" not in answer:
            raise self._refused(answer)
        self._sealed.write(self._cache.serialize())
        return self._granted(answer)

    def _poll(self, most: timedelta | None) -> Answer:
        assert self._msal is not None  # noqa: S101 - `begin` comes first
        # msal's own loop would sleep where nobody can interrupt it, and give up on a lost answer.
        good_for = _number(self._flow.get("expires_in"), 900)
        seconds = good_for if most is None else min(good_for, most.total_seconds())
        expires = time.monotonic() + seconds
        interval = _number(self._flow.get("interval"), 5)
        while (left := expires - time.monotonic()) > 0:
            self._sleep(min(interval, left))
            try:
                answer: Answer = self._msal.acquire_token_by_device_flow(
                    self._flow, exit_condition=lambda _flow: True
                )
            except WireProblem as problem:
                interval = max(interval, problem.error.retry_after or 0)
                continue
            if answer.get("error") not in _PENDING:
                return answer
            if answer.get("error") == "slow_down":
                interval += 5  # RFC 8628, 3.5
        return {"error": "expired_token"}

    def _granted(self, answer: Answer) -> Granted:
        about = answer.get("id_token_claims")
        user = about.get("preferred_username") if isinstance(about, dict) else None
        scopes = str(answer.get("scope", "")).split()
        granted = {each.rpartition("/")[2].casefold() for each in scopes}
        needed = self._resource.permissions
        return Granted(
            user if isinstance(user, str) else self._user,
            tuple(each for each in needed if each.casefold() in granted),
            tuple(each for each in needed if each.casefold() not in granted),
        )

    def _refused(self, answer: Answer) -> MailboxError:
        return explained(answer, self._application, self._resource.permissions)[0]


def _number(said: object, otherwise: float) -> float:
    return float(said) if isinstance(said, int | float) else otherwise


def forget(credential: Delegated) -> bool:
    """Forget a sign-in; False where there was none. Raises CredentialUnusable.

    What was granted stays granted until the user takes it back: syncd merely knows nothing of it.
    """
    return Sealed(credential.cache, credential.key_file).remove()


def signed_in(credential: Delegated) -> str | None:
    """Who signed in, as Microsoft knows them; `None` for nobody. Raises CredentialUnusable."""
    cache, sealed = msal.SerializableTokenCache(), Sealed(credential.cache, credential.key_file)
    try:
        cache.deserialize(sealed.read())
    except NotSignedIn:
        return None
    except ValueError:
        raise sealed.damaged() from None
    accounts: Sequence[Answer] = list(cache.search(msal.TokenCache.CredentialType.ACCOUNT))
    return str(accounts[0].get("username") or credential.user) if accounts else None
