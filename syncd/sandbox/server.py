"""The sandbox as one object: mailboxes, faults, clock and counters behind a port on loopback.

with Sandbox(users=["alice@example.test"]) as box:
    box.mailbox("alice@example.test").add("contacts", {"contacts:GivenName": "Ada"})
    ...  # talk EWS to box.url
    assert box.requests["SyncFolderItems"] == 1
"""

import ipaddress
import sys
import threading
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from syncd.sandbox.callers import Caller
from syncd.sandbox.clock import Clock
from syncd.sandbox.control import PREFIX, Control
from syncd.sandbox.ews.service import Service
from syncd.sandbox.ews.validation import SchemasMissingError, schemas_in
from syncd.sandbox.faults import Faults
from syncd.sandbox.graph.asked import PREFIX as GRAPH
from syncd.sandbox.graph.context import Switches
from syncd.sandbox.graph.control import WHAT as OF_GRAPH
from syncd.sandbox.graph.control import GraphControl
from syncd.sandbox.graph.limit import Limit
from syncd.sandbox.graph.site import GraphSite, Observer, Surroundings
from syncd.sandbox.http import EWS_PATH, Server
from syncd.sandbox.identity.control import WHAT as OF_SIGN_IN
from syncd.sandbox.identity.control import SignInControl
from syncd.sandbox.identity.devices import PATH as DEVICE
from syncd.sandbox.identity.devices import Devices
from syncd.sandbox.identity.registry import Resource
from syncd.sandbox.identity.site import SignIn
from syncd.sandbox.identity.tenant import Entra
from syncd.sandbox.mailbox import Mailbox
from syncd.sandbox.organisation import Organisation
from syncd.sandbox.requests import Requests
from syncd.sandbox.state import State
from syncd.sandbox.tls import CA, channel_of, server_context
from syncd.sandbox.web import Call, Site

__all__ = ["NotLoopbackError", "Sandbox", "SchemasMissingError"]


class NotLoopbackError(ValueError):
    """The sandbox has one password and no secrets: it serves this machine only."""


class Sandbox:
    """An Exchange on loopback. Start it with `with`, or with `start` and `close`.

    Args:
        users: addresses, each with a mailbox.
        password: of every user and of the service account.
        service: the account that may impersonate.
        host: a loopback address.
        port: 0 takes a free one.
        validate: where the published schemas are; every request and answer is checked against them.
        state: a folder that keeps the mailboxes between starts.
        folder_names: display names by address and distinguished name, e.g. {"bob@example.test":
        {"contacts": …}}.
        graph_moves: Graph can move contacts, which is documented nowhere.
        graph_if_match: Graph heeds If-Match on PATCH, which is documented for DELETE only.
        graph_limit: requests to one mailbox over Graph in ten minutes, None for any number.
        graph_replays: Graph tells changes twice and ends rounds with an empty page, as it may.
        tls: a folder for the certificates, made once; everything is served over HTTPS.
        ntlm: EWS and autodiscover take NTLM in the place of Basic.
        extended_protection: NTLM must be bound to the TLS connection, as Exchange 2019 asks since
        CU14. Without `tls` it does nothing.

    Raises:
        NotLoopbackError: the host is not a loopback address.
        SchemasMissingError: no schemas at `validate`.
        CertificatesUnusableError: what is in `tls` cannot be used.
        OSError: the port is taken.

    """

    def __init__(
        self,
        users: Iterable[str],
        *,
        password: str = "sandbox",  # noqa: S107  # a sandbox on loopback has no secret
        service: str = "svc-syncd",
        host: str = "127.0.0.1",
        port: int = 0,
        validate: Path | None = None,
        state: Path | None = None,
        folder_names: Mapping[str, Mapping[str, str]] | None = None,
        graph_moves: bool = False,
        graph_if_match: bool = True,
        graph_limit: int | None = None,
        graph_replays: bool = False,
        tls: Path | None = None,
        ntlm: bool = False,
        extended_protection: bool = False,
    ) -> None:
        if not is_loopback(host):
            raise NotLoopbackError(host)
        schemas = schemas_in(validate) if validate is not None else None
        context = server_context(tls) if tls is not None else None
        self.ca = tls / CA if tls is not None else None
        self.channel = channel_of(tls) if tls is not None and extended_protection else None
        self._state = State(state) if state is not None else None
        self.clock = Clock(self._state.clock_offset() if self._state else 0.0)
        self.organisation = Organisation(password, service, self.clock)
        for mailbox in self._state.load(self.clock) if self._state else ():
            self.organisation.put(mailbox)
        for user in users:
            if self.organisation.by_address(user) is None:
                self.organisation.add(user, (folder_names or {}).get(user))
        self.requests = Requests()
        self.faults = Faults()
        self.service = Service(self.organisation, schemas)
        self.control = Control(
            self.organisation, self.clock, self.requests, self.faults, self.service
        )
        self.entra = Entra(self.clock, password)
        self.ntlm = ntlm
        self.ews_blocked = False  # as a tenant where EWS was turned off
        self.autodiscover_redirects: dict[str, str] = {}  # which address to ask for instead
        of_sign_in = SignInControl(self.entra, self._block_ews)
        self.control.add(OF_SIGN_IN, of_sign_in.route)
        self.on_premises: set[str] = set()  # addresses of mailboxes that are not on Graph
        self.control.add(OF_GRAPH, GraphControl(self.organisation, self.on_premises).route)
        self.graph_observers: list[Observer] = []  # told of every exchange, and parts of batches
        around = Surroundings(
            self.organisation,
            self.clock,
            self.requests,
            self.faults,
            self._caller,
            self.save,
            self.on_premises,
            self.graph_observers,
        )
        switches = Switches(graph_moves, graph_if_match, graph_replays)
        self.sites: list[Site] = [
            SignIn(self.entra, self.organisation, self.faults),
            Devices(self.entra, self.organisation),
            GraphSite(around, switches, Limit(graph_limit, self.clock)),
        ]
        self._server = Server((host, port), self, context)
        self._thread: threading.Thread | None = None
        self.save()

    @property
    def password(self) -> str:
        """The password of every account."""
        return self.organisation.password

    @property
    def service_account(self) -> str:
        """The name of the account that may impersonate."""
        return self.organisation.service

    @property
    def base_url(self) -> str:
        """Where the server is, without a path."""
        host, port = self._server.server_address[:2]
        scheme = "http" if self.ca is None else "https"
        name = f"[{host!s}]" if ":" in str(host) else str(host)
        return f"{scheme}://{name}:{port}"

    @property
    def url(self) -> str:
        """The EWS endpoint."""
        return f"{self.base_url}{EWS_PATH}"

    @property
    def graph_url(self) -> str:
        """Where Graph is."""
        return f"{self.base_url}{GRAPH}"

    @property
    def graph_token(self) -> str:
        """A new token of the application that is there from the start, as the sign-in gives it."""
        return self.entra.tokens.access(self.entra.default, Resource.GRAPH.value, None, "")

    def _caller(self, call: Call) -> Caller:
        return self.entra.examine(call.headers.get("authorization", ""), Resource.GRAPH)

    @property
    def control_url(self) -> str:
        """Where the control endpoint is."""
        return f"{self.base_url}{PREFIX}"

    @property
    def device_url(self) -> str:
        """Where a device code is typed."""
        return f"{self.base_url}{DEVICE}"

    @property
    def invalid_responses(self) -> list[str]:
        """What was wrong with answers of ours, when validating. It must be empty."""
        return self.service.invalid_responses

    def mailbox(self, address: str) -> Mailbox:
        """Return a mailbox, to arrange and to inspect.

        Raises:
            LookupError: there is none of that address.

        """
        found = self.organisation.by_address(address)
        if found is None:
            raise LookupError(address)
        return found

    def _block_ews(self, blocked: bool) -> None:  # noqa: FBT001  # a switch is set to a value
        self.ews_blocked = blocked

    def save(self, *, with_clock: bool = False) -> None:
        """Write what changed to the state folder; without one, forget what would be written."""
        if self._state is None:
            for mailbox in self.organisation.mailboxes():
                mailbox.unsaved.clear()
            return
        self._state.save(self.organisation.mailboxes(), self.clock)
        if with_clock:
            self._state.save_clock(self.clock)

    def start(self) -> Self:
        """Serve in a thread of its own."""
        self._thread = threading.Thread(
            target=self._server.serve_forever,
            kwargs={"poll_interval": 0.05},
            name="sandbox",
            daemon=True,
        )
        self._thread.start()
        return self

    def serve(self) -> None:
        """Serve in this thread until `stop`."""
        self._server.serve_forever()

    def stop(self) -> None:
        """Make `serve` return; call it from another thread."""
        self._server.shutdown()

    def close(self) -> None:
        """Stop serving and let go of the port and the state."""
        if self._thread is not None:
            self._server.shutdown()
            self._thread.join()
            self._thread = None
        self._server.server_close()
        self._server.hang_up()
        with self.organisation.lock:
            self.save()
            if self._state is not None:
                self._state.close()
                self._state = None
        for complaint in self.invalid_responses:
            sys.stderr.write(f"sandbox: an answer broke the schema: {complaint}\n")

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def is_loopback(host: str) -> bool:
    """Tell whether a host is this machine and nothing else."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
