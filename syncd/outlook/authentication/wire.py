"""How msal reaches the sign-in service: our certificate rules, our patience, and no second try."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests

from syncd.outlook.errors import MailboxError, Scope, Sort

_DISCOVERY = "/.well-known/openid-configuration"
_REFUSED = 400
_BUSY = 429
_FAILED = 500
_SHORTEST_PAUSE = 5.0  # seconds, where a busy service names none, and after no answer


class WireProblem(requests.RequestException):
    """Nothing that answers a sign-in came back. Of this family, for which msal keeps an old token.

    `error` is what syncd makes of it.
    """

    def __init__(self, error: MailboxError) -> None:
        super().__init__(error.message)
        self.error = error


class NoTenant(Exception):
    """The service does not know the tenant. `description` is what it says, with its code."""

    def __init__(self, description: str) -> None:
        super().__init__("the tenant is not known")
        self.description = description


class Wire:
    """The HTTP client that msal is given. It raises WireProblem and NoTenant, and never waits.

    msal would take a 429 for an answer, and would ask again for what is refused for good.
    """

    def __init__(
        self,
        *,
        verify_tls: bool | Path = True,
        timeout: float = 30.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._session = requests.Session()
        # The environment's CA bundle would replace the one configured, and .netrc the sign-in.
        self._session.trust_env = False
        self._verify = str(verify_tls) if isinstance(verify_tls, Path) else verify_tls
        self._timeout = timeout
        self._clock = clock
        self._held: tuple[MailboxError, float] | None = None

    def hold(self, error: MailboxError, seconds: float) -> None:
        """Send nothing for so long, and tell who would that it failed so."""
        self._held = error, self._clock() + seconds

    def release(self) -> None:
        """What was refused may be asked again: something about it has changed."""
        self._held = None

    def get(self, url: str, **kwargs: Any) -> requests.Response:  # noqa: ANN401 - as msal calls it
        """What msal reads: the addresses of a tenant, the token of a managed identity."""
        response = self._send("GET", url, **kwargs)
        if url.endswith(_DISCOVERY) and response.status_code >= _REFUSED:
            raise NoTenant(response.text)  # msal would leave the reason out
        return response

    def post(self, url: str, **kwargs: Any) -> requests.Response:  # noqa: ANN401 - as msal calls it
        """A sign-in."""
        return self._send("POST", url, **kwargs)

    def close(self) -> None:
        """Give back the connections."""
        self._session.close()

    def _send(self, method: str, url: str, **kwargs: Any) -> requests.Response:  # noqa: ANN401
        self._check()
        try:
            response = self._session.request(
                method, url, verify=self._verify, timeout=self._timeout, allow_redirects=False,
                **kwargs,
            )  # fmt: skip
        except requests.RequestException as problem:
            unreachable = _unreachable(url, problem)
            # Who waits behind this would wait as long again, one after the other.
            self.hold(unreachable.error, _SHORTEST_PAUSE)
            raise unreachable from None  # the cause may quote the request
        code, after = f"http-{response.status_code}", _seconds(response.headers.get("Retry-After"))
        if response.status_code == _BUSY:
            after = max(after, _SHORTEST_PAUSE)
            says = "the sign-in service asks for a pause"
            error = MailboxError(Sort.THROTTLED, Scope.CREDENTIAL, code, says, after)
            self.hold(error, after)
            raise WireProblem(error)
        if response.status_code >= _FAILED:
            says = "the sign-in service fails for now"
            error = MailboxError(Sort.TRANSIENT, Scope.SERVER, code, says, after or None)
            raise WireProblem(error)
        return response

    def _check(self) -> None:
        if self._held is None:
            return
        error, until = self._held
        left = until - self._clock()
        if left <= 0:
            self._held = None
            return
        after = left if error.sort is Sort.THROTTLED else error.retry_after
        raise WireProblem(MailboxError(error.sort, error.scope, error.code, error.message, after))


def _seconds(said: str | None) -> float:
    try:
        return max(float(said or 0), 0.0)
    except ValueError:
        return 0.0


def _unreachable(url: str, problem: requests.RequestException) -> WireProblem:
    said = str(problem)
    if "CERTIFICATE_VERIFY_FAILED" in said:
        code, says = "untrusted", "its certificate is not trusted; name its CA in verify_tls"
    elif "NameResolutionError" in said:
        code, says = "unreachable", "its name is not known here; check DNS, and cloud or authority"
    elif isinstance(problem, requests.Timeout):
        code, says = "timeout", "it does not answer; check cloud or authority, and the firewall"
    else:
        code = "unreachable"
        says = "nothing answers there; check cloud or authority, the network and the firewall"
    says = f"the sign-in service {urlsplit(url).netloc} cannot be reached: {says}"
    return WireProblem(MailboxError(Sort.TRANSIENT, Scope.SERVER, code, says))
