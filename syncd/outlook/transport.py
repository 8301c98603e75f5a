"""What every adapter does around one HTTP request: a deadline for all of it, what a loss means.

Nothing here sends anything twice. A request that nobody asked for the content of cannot have had
an effect; whatever else is not answered may have.
"""

from __future__ import annotations

import io
import ipaddress
import re
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path

import requests
import urllib3

from syncd.outlook.errors import MailboxError
from syncd.outlook.verdict import Effect, unanswered, unsent

LONGEST_PAUSE = 3600.0  # seconds
LOST = (requests.RequestException, urllib3.exceptions.HTTPError, OSError)

WRITE_OVER = 120.0  # seconds after it was begun; whoever looks later finds what there is to find

_PIECE = 65536  # bytes


@dataclass(frozen=True, slots=True)
class Reply:
    """One HTTP answer, with the texts of its headers Retry-After and WWW-Authenticate.

    `diagnostics` is what Exchange says of a token that it refuses (x-ms-diagnostics), `date` what
    the server's clock said, where it did.
    """

    status: int
    content: bytes
    retry_after: str | None = None
    challenge: str | None = None
    date: datetime | None = None
    diagnostics: str | None = None

    @property
    def pause(self) -> float | None:
        """The pause that it asks for, in seconds."""
        return seconds(self.retry_after)


@dataclass(frozen=True, slots=True)
class Wait:
    """How long one request is waited for.

    `silence`, in seconds, for the connection and for its next piece; all of it `until` then, by the
    monotonic clock.
    """

    silence: float
    until: float

    @classmethod
    def of(cls, effect: Effect, timeout: float, deadline: float) -> Wait:
        """A read may take as long as it is configured to; a write is over by `WRITE_OVER`."""
        if effect is not Effect.NONE:
            timeout = min(timeout, WRITE_OVER / 2)
            deadline = min(deadline, WRITE_OVER - timeout)
        return cls(timeout, time.monotonic() + deadline)


class Body(io.BytesIO):
    """A request that knows whether any of it was asked for: until then it cannot have an effect."""

    def __init__(self, content: bytes, until: float) -> None:
        super().__init__(content)
        self._until = until
        self.begun = False

    def read(self, size: int | None = -1, /) -> bytes:
        """Give out content, in pieces larger than the library's. Raises TimeoutError when late."""
        check(self._until)
        self.begun = True
        return super().read(size if size is None or size < 0 else max(size, _PIECE))


def check(until: float) -> None:
    """Raise TimeoutError when the deadline has passed, by the monotonic clock."""
    if time.monotonic() > until:
        raise TimeoutError("the deadline has passed")


def receive(response: requests.Response, until: float) -> Reply:
    """Take in an answer, in large pieces and within its deadline."""
    pieces = []
    while piece := response.raw.read1(_PIECE, decode_content=True):
        pieces.append(piece)
        check(until)
    headers = response.headers
    return Reply(
        response.status_code,
        b"".join(pieces),
        headers.get("Retry-After"),
        headers.get("WWW-Authenticate"),
        http_date(headers.get("Date")),
        headers.get("x-ms-diagnostics"),
    )


def secure(session: requests.Session, verify_tls: bool | Path) -> None:  # noqa: FBT001 - a setting
    """Have a session trust this and nothing that the environment names."""
    # Without trust_env=False the environment's CA bundle would replace the one configured.
    session.trust_env = False
    session.verify = str(verify_tls) if isinstance(verify_tls, Path) else verify_tls
    if verify_tls is False:  # `config validate` warns of it, once and in words
        urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)


def lost(problem: Exception, effect: Effect, *, begun: bool) -> MailboxError:
    """What it means that no answer came. `begun`: the server asked for the request's content."""
    if begun:
        late = isinstance(
            problem, TimeoutError | requests.Timeout | urllib3.exceptions.TimeoutError
        )
        says = "the server did not answer in time" if late else "the connection broke"
        return unanswered("timeout" if late else "broken-connection", says, effect)
    if "CERTIFICATE_VERIFY_FAILED" in str(problem):
        says = "the server's certificate is not trusted; name its CA in verify_tls"
        return unsent("untrusted", says)
    said = str(problem)
    for sign, cause in _CAUSES:
        if sign in said:
            return unsent("unreachable", f"the server cannot be reached: {cause}")
    return unsent("unreachable", "the server cannot be reached; check the endpoint")


_CAUSES = (
    ("Connection refused", "nothing listens at the endpoint's address and port"),
    ("NameResolutionError", "the name of the endpoint is not known here"),
    ("Network is unreachable", "there is no way to its network"),
    ("No route to host", "there is no way to its network"),
    ("timed out", "it does not answer"),
    ("SSLError", "no secure connection comes about; check the port, and https:// or http://"),
)


def is_unconnected(problem: Exception) -> bool:
    """Whether a connection did not come about, so that nothing can have been asked."""
    if isinstance(problem, requests.ConnectTimeout | requests.exceptions.SSLError):
        return True
    cause = problem.args[0] if problem.args else None
    reason = getattr(cause, "reason", cause)
    return isinstance(
        reason, urllib3.exceptions.NewConnectionError | urllib3.exceptions.ConnectTimeoutError
    )


def is_loopback(host: str) -> bool:
    """Whether a host is this machine: only there may anything go unencrypted."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def http_date(text: str | None) -> datetime | None:
    """The time of a Date header (RFC 9110, 5.6.7); `None` where there is none that can be read."""
    try:
        said = parsedate_to_datetime(text or "")
    except ValueError:
        return None
    return said if said.tzinfo else said.replace(tzinfo=UTC)


def bounded(pause: float) -> float:
    """A pause that is believed: a slip in a header must not put a mailbox to sleep for years."""
    return min(max(pause, 0.0), LONGEST_PAUSE)


def seconds(header: str | None) -> float | None:
    """Retry-After in seconds: a number, or a date (RFC 9110, 10.2.3)."""
    text = (header or "").strip()
    if re.fullmatch("[0-9]+", text):
        return bounded(float(text))
    until = http_date(text)
    return bounded((until - datetime.now(UTC)).total_seconds()) if until else None
