"""An Exchange of our own in another process, so that its CPU time is not counted as ours."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.request import Request, urlopen

ACCOUNT, PASSWORD = "svc-syncd", "sandbox"


@dataclass(frozen=True)
class Exchange:
    """A running sandbox: where it is, and what was asked of it."""

    endpoint: str
    control: str
    pid: int

    def requests(self) -> int:
        """All requests since the last reset."""
        with urlopen(f"{self.control}requests") as answer:
            return int(json.load(answer)["total"])

    def reset(self) -> None:
        """Count from zero."""
        urlopen(Request(f"{self.control}requests", method="DELETE")).close()

    def cpu(self) -> float:
        """Seconds of CPU it has taken so far, where the system tells; else 0."""
        stat = Path(f"/proc/{self.pid}/stat")
        if not stat.exists():
            return 0.0
        user, system = stat.read_text().rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / 100


@contextmanager
def exchange(addresses: Sequence[str]) -> Iterator[Exchange]:
    """`syncd sandbox` with these mailboxes on a free port, stopped at the end."""
    command = [str(Path(sys.executable).with_name("syncd")), "sandbox", "--listen", "127.0.0.1:0"]
    users = [word for address in addresses for word in ("--user", address)]
    with subprocess.Popen([*command, *users], stdout=subprocess.PIPE, text=True) as process:  # noqa: S603
        try:
            assert process.stdout is not None
            said = process.stdout.readline().split()
            endpoint = next(word for word in said if word.startswith("http"))
            control = endpoint.partition("/EWS/")[0] + "/_sandbox/"
            yield Exchange(endpoint, control, process.pid)
        finally:
            process.terminate()
