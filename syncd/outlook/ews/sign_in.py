"""How an account shows EWS who it is: by password, by NTLM, or with a token of Microsoft Entra.

What is refused with a 401 had no effect, and is the only thing that is ever sent once more: with a
new token, or on a connection that was proved anew. A second refusal stands.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import urlsplit

import requests
from requests.auth import AuthBase, HTTPBasicAuth
from requests_ntlm import HttpNtlmAuth
from spnego.exceptions import SpnegoError

from syncd.outlook.authentication.challenge import claims_in
from syncd.outlook.authentication.source import TokenSource
from syncd.outlook.ews import errors
from syncd.outlook.transport import Reply
from syncd.outlook.verdict import Effect, error

REFUSED = 401


@dataclass(frozen=True, slots=True)
class Basic:
    """A name and a password, sent with every request."""

    username: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Ntlm:
    r"""A name, DOMAIN\user or user@domain, and a password that is proved and never sent."""

    username: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class OAuth:
    """Tokens of an application or a user of Microsoft Entra."""

    tokens: TokenSource = field(repr=False)


SignIn = Basic | Ntlm | OAuth


class Proof(Protocol):
    """What one mailbox's requests carry."""

    def show(self, session: requests.Session) -> int:
        """Have the next request of a session carry it; return how many requests that took.

        Raises MailboxError, and what `requests` raises.
        """

    def renew(self, session: requests.Session, reply: Reply) -> bool:
        """Whether there is something better to show after a 401. Raises MailboxError."""


def proof_of(sign_in: SignIn, endpoint: str, timeout: float) -> Proof:
    """What the requests of one mailbox carry."""
    match sign_in:
        case Basic(username, password):
            return _Password(username, password)
        case Ntlm():
            return _Handshake(sign_in, endpoint, timeout)
        case OAuth(tokens):
            return _Token(tokens)


class _Password:
    def __init__(self, username: str, password: str) -> None:
        self._auth = HTTPBasicAuth(_octets(username), _octets(password))

    def show(self, session: requests.Session) -> int:
        session.auth = self._auth
        return 0

    def renew(self, session: requests.Session, reply: Reply) -> bool:  # noqa: ARG002
        return False  # a thousand more tries with a refused password lock the account


class _Token:
    def __init__(self, tokens: TokenSource) -> None:
        self._tokens = tokens
        self._shown = ""

    def show(self, session: requests.Session) -> int:
        self._shown = self._tokens.token()
        session.auth = _Bearer(self._shown)
        return 0

    def renew(self, session: requests.Session, reply: Reply) -> bool:
        old = self._shown
        self._shown = self._tokens.token(refused=old, claims=claims_in(reply.challenge))
        session.auth = _Bearer(self._shown)
        return self._shown != old


class _Bearer(AuthBase):
    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


class _Handshake:
    """NTLM proves a connection, not a request. It does so before anything of value is sent.

    requests_ntlm would shake hands around the request itself, and send it up to three times: it
    leaves to the server to throw away two of them.
    """

    def __init__(self, sign_in: Ntlm, endpoint: str, timeout: float) -> None:
        self._auth = handshake(sign_in)
        self._endpoint, self._timeout = endpoint, timeout
        self._proved: requests.Session | None = None

    def show(self, session: requests.Session) -> int:
        return 0 if session is self._proved else self._shake(session)

    def renew(self, session: requests.Session, reply: Reply) -> bool:  # noqa: ARG002
        # The connection was a new one: the server had closed that which was proved.
        return self._shake(session) > 0

    def _shake(self, session: requests.Session) -> int:
        """Prove the connection by requests without content; return their number."""
        self._proved = None
        try:
            answer = session.post(
                self._endpoint, data=b"", auth=self._auth, timeout=self._timeout,
                allow_redirects=False,
            )  # fmt: skip
        except NO_HANDSHAKE:
            raise error("ntlm", errors.NO_NTLM, Effect.NONE) from None
        count = 1 + len(answer.history)
        if answer.status_code == REFUSED:
            verdict = errors.of_status(REFUSED) if answer.history else errors.NO_NTLM
            raise error(f"http-{REFUSED}", verdict, Effect.NONE)
        self._proved = session
        return count


# What requests_ntlm raises where the other side does not play its part.
NO_HANDSHAKE = (PermissionError, KeyError, SpnegoError)


def handshake(sign_in: Ntlm) -> AuthBase:
    """What shakes hands around one request; for requests without an effect alone."""
    return _Ntlm(sign_in.username, sign_in.password)


class _Ntlm(HttpNtlmAuth):
    """Bound to the TLS channel where there is one; a server may ask for that."""

    def _get_server_cert(self, response: requests.Response) -> bytes | None:
        if urlsplit(response.url).scheme != "https":
            return None
        try:
            found: bytes | None = super()._get_server_cert(response)
        except AttributeError:  # an answer without content has let go of its connection
            return None
        return found


def _octets(text: str) -> bytes:
    """A name or password as basic authentication sends it: as ever where that can, else UTF-8."""
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        return text.encode()
