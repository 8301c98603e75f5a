"""An Exchange of our own in another process, so that its CPU time is not counted as ours."""

from __future__ import annotations

import json
import ssl
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

from syncd.cli.demo.place import GRAPH, READY, TLS, Place, read_place

ACCOUNT, PASSWORD = "svc-syncd", "sandbox"


@dataclass(frozen=True)
class Exchange:
    """A running sandbox: where it is, and what was asked of it."""

    place: Place
    pid: int

    def requests(self) -> int:
        """All requests since the last reset."""
        with self._ask("GET") as answer:
            return int(json.load(answer)["total"])

    def reset(self) -> None:
        """Count from zero."""
        self._ask("DELETE").close()

    def cpu(self) -> float:
        """Seconds of CPU it has taken so far, where the system tells; else 0."""
        stat = Path(f"/proc/{self.pid}/stat")
        if not stat.exists():
            return 0.0
        user, system = stat.read_text().rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / 100

    def _ask(self, method: str) -> Any:
        ca = self.place.ca
        trusted = ssl.create_default_context(cafile=ca) if ca else None
        asked = Request(f"{self.place.control}requests", method=method)
        return urlopen(asked, context=trusted)


@contextmanager
def exchange(addresses: Sequence[str], backend: str) -> Iterator[Exchange]:
    """`syncd sandbox` with these mailboxes on a free port, on TLS for Graph, stopped at the end."""
    with tempfile.TemporaryDirectory() as folder:
        command = [str(Path(sys.executable).with_name("syncd")), "sandbox"]
        command += ["--listen", "127.0.0.1:0"]
        command += ["--tls", f"{folder}/{TLS}"] if backend == GRAPH else []
        users = [word for address in addresses for word in ("--user", address)]
        with subprocess.Popen([*command, *users], stdout=subprocess.PIPE, text=True) as process:  # noqa: S603
            try:
                assert process.stdout is not None
                said = ""
                while not READY[backend].search(said):
                    said += (line := process.stdout.readline())
                    assert line, said
                yield Exchange(read_place(said, backend, Path(folder)), process.pid)
            finally:
                process.terminate()
