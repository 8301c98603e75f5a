"""An office in Exchange Online: a tenant on loopback, where users or an application sign in."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from syncd.sandbox.server import Sandbox
from tests.cli.office import Office

SERVER = """
[servers.{name}]
backend = "{backend}"
endpoint = "{endpoint}"
authority = "{base}"
tenant = "{tenant}"
client_id = "{client_id}"
verify_tls = "{ca}"
timeout = "5s"
"""
BY_USER = 'auth = "device-code"'
BY_SECRET = 'auth = "secret"\nclient_secret_file = "password"'


class Cloud(Office):
    """A configuration for Exchange Online, and the command."""

    def configure_cloud(self, sign_in: str, *, servers: str = "cloud") -> None:
        """Write a configuration in which the servers are signed in to so, Graph before EWS."""
        text = '[store]\nurl = "sqlite:///syncd.db"\n'
        for number, name in enumerate(servers.split()):
            text += SERVER.format(
                name=name,
                backend="ews" if number else "graph",
                endpoint=self.box.url if number else self.box.graph_url,
                base=self.box.base_url,
                tenant=self.box.entra.tenant,
                client_id=self.box.entra.default.client_id,
                ca=self.box.ca,
            )
            text += f"{sign_in}\n[policies.{name}]\nserver = '{name}'\n"
            text += f"[policies.{name}.contacts]\n"
        (self.folder / "syncd.toml").write_text(text)

    @contextmanager
    def browser(self, user: str, *, approve: bool = True) -> Iterator[None]:
        """A user at a browser, who answers whatever code is asked of them."""
        done = threading.Event()

        def answer() -> None:
            grants = self.box.entra.grants
            while not done.wait(0.02):
                with self.box.organisation.lock:
                    for each in grants.waiting():
                        grants.decide(each.user_code, user, approve=approve)

        at_it = threading.Thread(target=answer)
        at_it.start()
        try:
            yield
        finally:
            done.set()
            at_it.join()


@contextmanager
def cloud_in(folder: Path, tls: Path, *users: str) -> Iterator[Cloud]:
    """The office in a folder, with these mailboxes."""
    (folder / "password").write_text("sandbox\n")
    (folder / "password").chmod(0o600)
    with Sandbox(users=users, tls=tls) as box:
        box.entra.grants.interval = 0
        yield Cloud(folder, box)
