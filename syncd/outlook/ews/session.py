"""One mailbox's connection: exchangelib's sign-in, session and envelope, and a clock.

Requests are sent here and not by exchangelib's services: those send again what was not answered,
try other versions of the protocol, and write whole requests to the log when something goes wrong.
Nothing here is ever sent twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import urlsplit

import requests
from exchangelib.account import Identity
from exchangelib.configuration import Configuration
from exchangelib.credentials import DELEGATE, IMPERSONATION
from exchangelib.protocol import BaseProtocol, FailFast
from exchangelib.services.common import EWSAccountService
from exchangelib.transport import NOAUTH
from exchangelib.version import EXCHANGE_2016, Version

from syncd.outlook.ews import errors
from syncd.outlook.ews.answers import Message, messages
from syncd.outlook.ews.autodiscover import Autodiscover, discover
from syncd.outlook.ews.sign_in import REFUSED, OAuth, SignIn, proof_of
from syncd.outlook.ews.xml import Element
from syncd.outlook.transport import LOST, Body, Reply, Wait, is_loopback, lost, receive, secure
from syncd.outlook.verdict import Effect, error


class Access(StrEnum):
    """How the account reaches the mailbox.

    Impersonation: a service account acts as the mailbox. Delegate: the account has full access
    to the mailbox, or is the mailbox's own.
    """

    IMPERSONATION = "impersonation"
    DELEGATE = "delegate"


@dataclass(frozen=True, slots=True)
class EwsServer:
    """Where a mailbox is and who signs in. Raises ValueError for an endpoint that is not safe.

    An endpoint that is not known is looked for with the first request.
    `verify_tls` is True, False, or the file of the organisation's own CA. `timeout` is how long
    to wait for the next piece of an answer, `deadline` for all of it, both in seconds; a request
    ends at the latest one `timeout` after its `deadline`, and a write at `WRITE_OVER`.
    """

    endpoint: str | Autodiscover
    sign_in: SignIn
    access: Access = Access.IMPERSONATION
    verify_tls: bool | Path = True
    timeout: float = 60.0
    deadline: float = 180.0

    def __post_init__(self) -> None:
        if isinstance(self.endpoint, Autodiscover):
            if isinstance(self.sign_in, OAuth):
                raise ValueError(  # noqa: TRY004 - both types are right, but not together
                    "Exchange Online is not looked for: its endpoint is known"
                )
            return
        parts = urlsplit(self.endpoint)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username:
            raise ValueError(
                f"{self.endpoint!r} is no EWS endpoint. Nothing was sent. "
                "Write it as https://mail.example.com/EWS/Exchange.asmx"
            )
        if parts.scheme == "http" and not is_loopback(parts.hostname):
            raise ValueError(
                f"{self.endpoint} would send the password or token in the clear (over plain HTTP). "
                "Nothing was sent. Write the endpoint with https://"
            )


class Session:
    """The connection of one mailbox: one session, one request at a time, not between threads."""

    def __init__(self, server: EwsServer, address: str) -> None:
        self._server, self._address = server, address
        self._headers = {"X-AnchorMailbox": address.encode(), "User-Agent": b"syncd"}
        self.requests = 0
        self.server_time: datetime | None = None
        self._line: _Line | None = None

    def call(self, operation: str, payload: Element, effect: Effect) -> list[Message]:
        """Send a request once and return its response messages. Raises MailboxError."""
        return messages(self._post(payload, effect), operation, effect)

    def close(self) -> None:
        """Give back the connection."""
        if self._line is not None:
            self._line.protocol.close()

    def _opened(self) -> _Line:
        """The line to the server, which is looked for the first time. Raises MailboxError."""
        if self._line is None:
            endpoint, server = self._server.endpoint, self._server
            if isinstance(endpoint, Autodiscover):
                assert not isinstance(server.sign_in, OAuth)  # noqa: S101 - see EwsServer
                found = discover(
                    self._address, endpoint, server.sign_in,
                    verify_tls=server.verify_tls, timeout=server.timeout,
                )  # fmt: skip
                self.requests += found.requests
                endpoint = found.endpoint
            self._line = _Line(server, endpoint, self._address)
        return self._line

    def _post(self, payload: Element, effect: Effect) -> Reply:
        line = self._opened()
        content = line.wrapped(payload)
        session = line.borrow(self._server.verify_tls)
        wait = Wait.of(effect, self._server.timeout, self._server.deadline)
        body = Body(content, wait.until)
        whole = False
        try:
            self.requests += line.proof.show(session)
            reply = self._exchange(line, session, body, wait)
            if reply.status == REFUSED and line.proof.renew(session, reply):
                # It was refused before any effect, and so is not a second try at one.
                self.requests += body.begun
                body = Body(content, wait.until)
                reply = self._exchange(line, session, body, wait)
            whole = True
        except LOST as problem:
            # The cause may quote the request.
            raise lost(problem, effect, begun=body.begun) from None
        finally:
            self.requests += body.begun
            line.give_back(session, whole=whole)
        self._admitted(reply, effect)
        return reply

    def _admitted(self, reply: Reply, effect: Effect) -> None:
        """Raise MailboxError where a refusal means something else for tokens than for passwords."""
        if isinstance(self._server.sign_in, OAuth) and reply.status in errors.OF_TOKENS:
            # A token without the permission is a right that is missing, and no blocked tenant.
            lacks = errors.NOT_ENOUGH_SCOPE in (reply.diagnostics or "")
            verdict = errors.OF_TOKENS[REFUSED if lacks else reply.status]
            raise error(f"http-{reply.status}", verdict, effect, reply.pause)

    def _exchange(self, line: _Line, session: requests.Session, body: Body, wait: Wait) -> Reply:
        with session.post(
            line.endpoint,
            data=body,
            headers=self._headers,
            timeout=wait.silence,
            allow_redirects=False,
            stream=True,
        ) as response:
            reply = receive(response, wait.until)
            self.server_time = reply.date
            return reply


class _Line:
    """exchangelib's pool of one connection to an endpoint, and its envelope."""

    def __init__(self, server: EwsServer, endpoint: str, address: str) -> None:
        self.endpoint = endpoint
        self.proof = proof_of(server.sign_in, endpoint, server.timeout)
        # BaseProtocol and not Protocol, which keeps one for all users of an endpoint, for ever.
        # With version and sign-in given, nothing is guessed and nothing is asked.
        self.protocol = BaseProtocol(
            Configuration(
                credentials=None,  # each request is given its own, by `sign_in`
                service_endpoint=endpoint,
                auth_type=NOAUTH,
                version=Version(build=EXCHANGE_2016),
                retry_policy=FailFast(),
                max_connections=1,
            )
        )
        account = SimpleNamespace(
            protocol=self.protocol,
            primary_smtp_address=address,
            access_type=IMPERSONATION if server.access is Access.IMPERSONATION else DELEGATE,
            identity=Identity(primary_smtp_address=address),
            default_timezone=None,  # all times are UTC
        )
        self._envelope = EWSAccountService(account=account)

    def wrapped(self, payload: Element) -> bytes:
        """A request in its envelope."""
        version = self.protocol.config.version.api_version
        content: bytes = self._envelope.wrap(payload, api_version=version)
        return content

    def borrow(self, verify_tls: bool | Path) -> requests.Session:  # noqa: FBT001 - a setting
        """The session, which is to be given back."""
        session: requests.Session = self.protocol.get_session()
        # Set on this session alone: exchangelib's hook for its adapter is one for all mailboxes.
        secure(session, verify_tls)
        return session

    def give_back(self, session: requests.Session, *, whole: bool) -> None:
        """Give the session back: one that is not would make the next call wait for ever."""
        (self.protocol.release_session if whole else self.protocol.retire_session)(session)
