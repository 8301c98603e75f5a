"""Where the demo's Exchange is, as it says itself, and what the configuration says of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from syncd.settings.server import Server

EWS, GRAPH = "ews", "graph"
TLS = "sandbox-tls"  # the folder of its CA, in the demo's folder
PASSWORD_FILE = "sandbox-password"  # noqa: S105 - a file's name
READY = {  # the last that it says
    EWS: re.compile(r"^(Faults and clock): ", re.MULTILINE),
    GRAPH: re.compile(r"^(CA): ", re.MULTILINE),
}

_LOOPBACK = re.compile(r"https?://127\.0\.0\.1:\d+(?=/)")

_OVER_EWS = """\
[servers.sandbox]
backend = "ews"
endpoint = "{ews}"
username = "svc-syncd"
password_file = "{password_file}"
"""
_OVER_GRAPH = """\
[servers.sandbox]
backend = "graph"
endpoint = "{graph}"
authority = "{authority}"
tenant = "{tenant}"
client_id = "{client_id}"
auth = "certificate"
certificate_file = "{certificate}"
verify_tls = "{ca}"
"""


@dataclass(frozen=True)
class Place:
    """One Exchange on loopback: it serves the same mailboxes over EWS and, on TLS, over Graph."""

    backend: str
    ews: str
    ca: Path | None = None
    graph: str = ""
    authority: str = ""
    tenant: str = ""
    client_id: str = ""

    @property
    def control(self) -> str:
        """Where it is asked what was asked of it."""
        return self.ews.partition("/EWS/")[0] + "/_sandbox/"

    @property
    def settings(self) -> str:
        """The server's section of the configuration."""
        if self.backend == EWS:
            return _OVER_EWS.format(ews=self.ews, password_file=PASSWORD_FILE)
        return _OVER_GRAPH.format(
            graph=self.graph,
            authority=self.authority,
            tenant=self.tenant,
            client_id=self.client_id,
            certificate=f"{TLS}/client.pem",
            ca=f"{TLS}/ca.pem",
        )


def reached(server: Server) -> Place | None:
    """The place that a server of the configuration is; `None` where it is no demo's."""
    found = _LOOPBACK.match(server.endpoint or "")
    if found is None:
        return None
    ca = server.verify_tls if isinstance(server.verify_tls, Path) else None
    return Place(server.backend.value, f"{found[0]}/EWS/Exchange.asmx", ca)


def read_place(said: str, backend: str, folder: Path) -> Place:
    """The place that a sandbox names when it has started. Raises ValueError."""

    def after(label: str) -> str:
        found = re.search(rf"^{label}(?: at|:) (\S+)", said, re.MULTILINE)
        if found is None:
            raise ValueError(f"the sandbox does not say its {label}")
        return found[1]

    if backend == EWS:
        return Place(EWS, after("EWS"))
    return Place(
        GRAPH,
        after("EWS"),
        folder / TLS / "ca.pem",
        graph=after("Graph"),
        authority=after("Sign-in").rpartition("/")[0],
        tenant=after("Tenant"),
        client_id=after("Client id"),
    )
