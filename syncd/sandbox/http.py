"""HTTP: sign-in, one path for EWS and one for control, and the faults that live below SOAP."""

import socket
import ssl
import sys
import threading
import time
from contextlib import suppress
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from syncd.sandbox.control import PREFIX
from syncd.sandbox.ews.answers import fault_envelope
from syncd.sandbox.ews.autodiscover import PATH as AUTODISCOVER
from syncd.sandbox.ews.autodiscover import autodiscover
from syncd.sandbox.ews.door import Door
from syncd.sandbox.ews.errors import SoapFaultError
from syncd.sandbox.ews.service import NotXmlError, Request, read_request
from syncd.sandbox.faults import Fault, FaultKind
from syncd.sandbox.lying import garbage, lead_of, lying
from syncd.sandbox.organisation import Account
from syncd.sandbox.requests import Seen
from syncd.sandbox.web import Call

if TYPE_CHECKING:
    from syncd.sandbox.server import Sandbox

EWS_PATH = "/EWS/Exchange.asmx"
_MAX_BODY = 64 * 1024 * 1024
_STATUS = {
    FaultKind.UNAUTHORIZED: 401,
    FaultKind.FORBIDDEN: 403,
    FaultKind.TOO_MANY: 429,
    FaultKind.UNAVAILABLE: 503,
}
# As far as is known: the body and the number of a real tenant's refusal are not published.
_BLOCKED = (
    "X-MS-Diagnostics",
    '4000000;reason="EWS is not enabled for this organization.";error_category="ews_blocked"',
)


class Server(ThreadingHTTPServer):
    """A thread per connection; a client that goes away is not worth a stack trace."""

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(
        self, address: tuple[str, int], sandbox: "Sandbox", tls: ssl.SSLContext | None
    ) -> None:
        self.sandbox = sandbox
        self.tls = tls
        self._open: set[socket.socket] = set()
        super().__init__(address, Handler)

    def get_request(self) -> tuple[socket.socket, Any]:
        """Accept a connection and remember it."""
        connection, address = super().get_request()
        if self.tls is not None:
            # The handshake is the thread's of the connection: one that drags must not hold up
            # the others.
            connection = self.tls.wrap_socket(
                connection, server_side=True, do_handshake_on_connect=False
            )
        self._open.add(connection)
        return connection, address

    def shutdown_request(self, request: Any) -> None:  # noqa: ANN401  # as in the base class
        """Close a connection and forget it."""
        self._open.discard(request)
        super().shutdown_request(request)

    def hang_up(self) -> None:
        """Cut the connections that clients keep alive: a server that is down answers nobody."""
        for connection in list(self._open):
            with suppress(OSError):
                # Below TLS, if there is any: a thread that reads finds the end, not an error.
                socket.socket.shutdown(connection, socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401  # as above
        """Let broken connections be, and report everything else."""
        if not isinstance(sys.exc_info()[1], ConnectionError | ssl.SSLError):
            super().handle_error(request, client_address)


class Handler(BaseHTTPRequestHandler):
    """One connection, kept alive."""

    protocol_version = "HTTP/1.1"
    server_version = "Microsoft-IIS/10.0"
    sys_version = ""
    disable_nagle_algorithm = True
    wbufsize = -1  # one packet per answer
    server: Server
    _lead = 0

    def setup(self) -> None:
        """Begin with nobody signed in."""
        sandbox = self.server.sandbox
        self._door = Door(
            sandbox.organisation, sandbox.entra, ntlm=sandbox.ntlm, channel=sandbox.channel
        )
        super().setup()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the name is the base class's
        """Say nothing: the requests are counted."""

    def date_time_string(self, timestamp: float | None = None) -> str:
        """Return the Date header by the sandbox's own clock."""
        return formatdate(
            self.server.sandbox.clock.seconds() + self._lead if timestamp is None else timestamp,
            usegmt=True,
        )

    def do_GET(self) -> None:
        """Answer sites and control; EWS has no GET."""
        if self._of_a_site():
            return
        self._control() if self.path.startswith(PREFIX) else self._send(405, b"", "text/plain")

    def do_DELETE(self) -> None:
        """Answer sites and control."""
        if self._of_a_site():
            return
        self._control() if self.path.startswith(PREFIX) else self._send(405, b"", "text/plain")

    def do_PATCH(self) -> None:
        """Answer sites."""
        if not self._of_a_site():
            self._body()
            self._send(405, b"", "text/plain")

    def do_POST(self) -> None:
        """Answer sites, EWS and control."""
        if self._of_a_site():
            return
        path = self.path.partition("?")[0]
        if path.startswith(PREFIX):
            self._control()
        elif path.lower() == EWS_PATH.lower():
            self._ews()
        elif path.lower() == AUTODISCOVER:
            self._autodiscover()
        else:
            self._body()
            self._send(404, b"", "text/plain")

    def _of_a_site(self) -> bool:
        """Answer for the site that the path is of; false where it is of none."""
        path, _, query = self.path.partition("?")
        sandbox = self.server.sandbox
        site = next((each for each in sandbox.sites if each.serves(path)), None)
        if site is None:
            return False
        headers = {name.lower(): value for name, value in self.headers.items()}
        answer = site.answer(
            Call(self.command, path, query, headers, self._body(), sandbox.base_url)
        )
        if answer.silent:
            self.close_connection = True
        else:
            self._lead = answer.lead
            self._send(
                answer.status, answer.body, answer.content_type, *answer.headers, cut=answer.cut
            )
        return True

    def _autodiscover(self) -> None:
        raw, sandbox = self._body(), self.server.sandbox
        if self._account() is None:
            return
        with sandbox.organisation.lock:
            answer = autodiscover(
                raw, sandbox.organisation, sandbox.autodiscover_redirects, sandbox.url
            )
        self._send(200, answer, "text/xml; charset=utf-8")

    def _control(self) -> None:
        raw = self._body()
        sandbox = self.server.sandbox
        with sandbox.organisation.lock:
            status, answer = sandbox.control.call(self.command, self.path.partition("?")[0], raw)
            sandbox.save(with_clock=True)
        self._send(status, answer, "application/json")

    def _ews(self) -> None:
        start = time.perf_counter()
        raw = self._body()
        account = self._account()
        if account is None:
            return
        try:
            request = read_request(raw)
        except NotXmlError:
            self._send(400, b"", "text/plain")
            return
        except SoapFaultError as fault:
            self._send(500, fault_envelope(fault), "text/xml; charset=utf-8")
            return
        self._exchange(account, request, len(raw), start)

    def _exchange(self, account: Account, request: Request, bytes_in: int, start: float) -> None:
        sandbox = self.server.sandbox
        with sandbox.organisation.lock:
            mailboxes = request.mailboxes(sandbox.organisation, account)
            faults = sandbox.faults.take(
                request.operation, mailboxes, request.names, has_sync_state=request.has_sync_state
            )
            kinds = {fault.fault: fault for fault in faults}
            refusal = next((_STATUS[kind] for kind in kinds if kind in _STATUS), 0)
            if sandbox.ews_blocked:
                refusal = 403
            done = not refusal and not kinds.keys() & {FaultKind.LOST_REQUEST, FaultKind.LATE_WRITE}
            status, answer = (refusal, b"")
            if done:
                concerned = [sandbox.mailbox(address) for address in _known(sandbox, mailboxes)]
                with lying(concerned, sandbox.clock, kinds):
                    status, answer = sandbox.service.perform(account, request, faults)
                sandbox.save()
            silent = kinds.keys() & {
                FaultKind.LOST_ANSWER,
                FaultKind.LOST_REQUEST,
                FaultKind.LATE_WRITE,
            }
            spent = round((time.perf_counter() - start) * 1000, 3)
            sandbox.requests.add(
                Seen(
                    request.operation,
                    account.name,
                    tuple(sorted(mailboxes)),
                    0 if silent else status,
                    bytes_in,
                    len(answer),
                    spent,
                    sandbox.clock.now(),
                )
            )
        if FaultKind.LATE_WRITE in kinds:
            self._perform_later(account, request, kinds[FaultKind.LATE_WRITE])
        if silent:
            self.close_connection = True
            return
        if FaultKind.SLOW in kinds:
            time.sleep(kinds[FaultKind.SLOW].delay_ms / 1000)
        self._lead = lead_of(kinds)
        self._answer(status, answer, kinds)

    def _answer(self, status: int, answer: bytes, kinds: dict[FaultKind, Fault]) -> None:
        if status == 401:
            self._send(status, b"", "text/plain", *self._door.challenge)
        elif status == 403 and self.server.sandbox.ews_blocked:
            self._send(status, b"", "text/plain", _BLOCKED)
        elif status in {429, 503}:
            struck = next(fault for kind, fault in kinds.items() if kind in _STATUS)
            self._send(
                status, b"", "text/plain", ("Retry-After", str(max(1, struck.back_off_ms // 1000)))
            )
        elif FaultKind.CORRUPT_XML in kinds:
            self._send(status, answer[: len(answer) // 2], "text/xml; charset=utf-8")
        elif FaultKind.GARBAGE in kinds:
            self._send(200, *garbage(kinds[FaultKind.GARBAGE]))
        elif FaultKind.CUT in kinds:
            self._send(status, answer, "text/xml; charset=utf-8", cut=True)
        else:
            self._send(status, answer, "text/xml; charset=utf-8")

    def _perform_later(self, account: Account, request: Request, fault: Fault) -> None:
        sandbox = self.server.sandbox

        def perform() -> None:
            with sandbox.organisation.lock:
                sandbox.service.perform(account, request, [])
                sandbox.save()

        timer = threading.Timer(fault.delay_ms / 1000, perform)
        timer.daemon = True
        timer.start()

    def _account(self) -> Account | None:
        """Return who asks; None where that was refused, and answered."""
        found = self._door.knock(self.headers.get("Authorization", ""))
        if isinstance(found, Account):
            return found
        self._send(found.status, b"", "text/plain", *found.headers)
        return None

    def _body(self) -> bytes:
        length = int(self.headers.get("Content-Length") or 0)
        if length > _MAX_BODY:
            self.close_connection = True
            return b""
        return self.rfile.read(length)

    def _send(
        self, status: int, body: bytes, kind: str, *headers: tuple[str, str], cut: bool = False
    ) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if cut else body)
        if cut:
            self.close_connection = True


def _known(sandbox: "Sandbox", addresses: set[str]) -> list[str]:
    return [each for each in addresses if sandbox.organisation.by_address(each) is not None]
