"""One mailbox's connection: exchangelib's sign-in, session and envelope, and a clock.

Requests are sent here and not by exchangelib's services: those send again what was not answered,
try other versions of the protocol, and write whole requests to the log when something goes wrong.
Nothing here is ever sent twice.
"""

from __future__ import annotations

import time
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
from syncd.outlook.ews.sign_in import REFUSED, OAuth, SignIn, proof_of
from syncd.outlook.ews.xml import Element
from syncd.outlook.transport import LOST, Body, Reply, is_loopback, lost, receive, secure
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

    `verify_tls` is True, False, or the file of the organisation's own CA. `timeout` is how long
    to wait for the next piece of an answer, `deadline` for all of it, both in seconds; a request
    ends at the latest one `timeout` after its `deadline`.
    """

    endpoint: str
    sign_in: SignIn
    access: Access = Access.IMPERSONATION
    verify_tls: bool | Path = True
    timeout: float = 60.0
    deadline: float = 180.0

    def __post_init__(self) -> None:
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
        self._server = server
        self._proof = proof_of(server.sign_in, server.endpoint, server.timeout)
        self._headers = {"X-AnchorMailbox": address.encode(), "User-Agent": b"syncd"}
        self.requests = 0
        self.server_time: datetime | None = None
        # BaseProtocol and not Protocol, which keeps one for all users of an endpoint, for ever.
        # With version and sign-in given, nothing is guessed and nothing is asked.
        self._protocol = BaseProtocol(
            Configuration(
                credentials=None,  # each request is given its own, by `sign_in`
                service_endpoint=server.endpoint,
                auth_type=NOAUTH,
                version=Version(build=EXCHANGE_2016),
                retry_policy=FailFast(),
                max_connections=1,
            )
        )
        account = SimpleNamespace(
            protocol=self._protocol,
            primary_smtp_address=address,
            access_type=IMPERSONATION if server.access is Access.IMPERSONATION else DELEGATE,
            identity=Identity(primary_smtp_address=address),
            default_timezone=None,  # all times are UTC
        )
        self._envelope = EWSAccountService(account=account)

    def call(self, operation: str, payload: Element, effect: Effect) -> list[Message]:
        """Send a request once and return its response messages. Raises MailboxError."""
        return messages(self._post(payload, effect), operation, effect)

    def close(self) -> None:
        """Give back the connection."""
        self._protocol.close()

    def _post(self, payload: Element, effect: Effect) -> Reply:
        until = time.monotonic() + self._server.deadline
        version = self._protocol.config.version.api_version
        content = self._envelope.wrap(payload, api_version=version)
        session = self._borrow()
        body = Body(content, until)
        whole = False
        try:
            self.requests += self._proof.show(session)
            reply = self._exchange(session, body, until)
            if reply.status == REFUSED and self._proof.renew(session, reply):
                # It was refused before any effect, and so is not a second try at one.
                self.requests += body.begun
                body = Body(content, until)
                reply = self._exchange(session, body, until)
            whole = True
        except LOST as problem:
            # The cause may quote the request.
            raise lost(problem, effect, begun=body.begun) from None
        finally:
            self.requests += body.begun
            # A session that is not given back would make the next call wait for ever.
            give_back = self._protocol.release_session if whole else self._protocol.retire_session
            give_back(session)
        self._admitted(reply, effect)
        return reply

    def _admitted(self, reply: Reply, effect: Effect) -> None:
        """Raise MailboxError where a refusal means something else for tokens than for passwords."""
        if isinstance(self._server.sign_in, OAuth) and reply.status in errors.OF_TOKENS:
            # A token without the permission is a right that is missing, and no blocked tenant.
            lacks = errors.NOT_ENOUGH_SCOPE in (reply.diagnostics or "")
            verdict = errors.OF_TOKENS[REFUSED if lacks else reply.status]
            raise error(f"http-{reply.status}", verdict, effect, reply.pause)

    def _borrow(self) -> requests.Session:
        session: requests.Session = self._protocol.get_session()
        # Set on this session alone: exchangelib's hook for its adapter is one for all mailboxes.
        secure(session, self._server.verify_tls)
        return session

    def _exchange(self, session: requests.Session, body: Body, until: float) -> Reply:
        with session.post(
            self._server.endpoint,
            data=body,
            headers=self._headers,
            timeout=(min(self._server.timeout, self._server.deadline), self._server.timeout),
            allow_redirects=False,
            stream=True,
        ) as response:
            reply = receive(response, until)
            self.server_time = reply.date
            return reply
