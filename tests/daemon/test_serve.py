"""The daemon as a process: it says when it is ready, and a signal ends it cleanly."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
from syncd.daemon.serve import serve

class Service:
    def due(self, limit):
        return ["a@example.test"][:limit]

    def audits_due(self, limit):
        return []

    def begin(self):
        pass

    def tidy(self):
        pass

    def run(self, address, *, cause, stop, run_id):
        print("begun", flush=True)
        stop.wait(30)
        print("finished" if stop.is_set() else "timed_out", flush=True)

serve(Service(), workers=2)
print("left", flush=True)
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("abstract", [False, True])
def test_a_signal_lets_the_batch_at_hand_finish(
    tmp_path: Path, number: signal.Signals, abstract: bool
) -> None:
    """READY=1 comes when it works, STOPPING=1 when it was told to end; it ends with 0."""
    address = f"\0{tmp_path}/notify" if abstract else f"{tmp_path}/notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(address)
        manager.settimeout(30)
        daemon = subprocess.Popen(  # noqa: S603 - our own program, in our own interpreter
            [sys.executable, "-c", PROGRAM],
            stdout=subprocess.PIPE,
            text=True,
            env={"NOTIFY_SOCKET": address.replace("\0", "@")},
        )
        try:
            assert manager.recv(100) == b"READY=1"
            assert daemon.stdout is not None
            assert "begun\n" in iter(daemon.stdout.readline, "")
            daemon.send_signal(number)
            assert manager.recv(100) == b"STOPPING=1"
            said = daemon.stdout.read().splitlines()
            assert [line for line in said if " " not in line] == ["finished", "left"]
            daemon.wait(30)
        finally:
            daemon.kill()
            daemon.communicate()
        assert daemon.returncode == 0
