"""`syncd demo`, as a newcomer runs it: in a process, in an empty folder, with output to a pipe."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

LONGEST = 100  # seconds, on a busy machine
SYNCD = Path(sys.executable).with_name("syncd")
pytestmark = pytest.mark.skipif(not SYNCD.exists(), reason="syncd is not installed")


@contextmanager
def demo(folder: Path, *options: str) -> Iterator[subprocess.Popen[str]]:
    """A demo in a folder, with what it prints in two files; nothing of it outlives the test."""
    with (folder / "out").open("w") as out, (folder / "err").open("w") as err:
        begun = subprocess.Popen(  # noqa: S603 - our own program
            [SYNCD, "demo", *options],
            cwd=folder,
            stdout=out,
            stderr=err,
            text=True,
            start_new_session=True,
            # A job that a shell put into the background ignores Ctrl-C, and so do its children.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
    try:
        yield begun
    finally:
        begun.terminate()
        begun.wait(LONGEST)


@dataclass(frozen=True)
class Ended:
    """How a demo ended."""

    code: int
    out: str
    err: str


def ended(folder: Path, *options: str) -> Ended:
    """Run the demo in a folder to its end."""
    with demo(folder, *options) as begun:
        code = begun.wait(LONGEST)
    return Ended(code, (folder / "out").read_text(), (folder / "err").read_text())


TOLD = (
    "Created 2 accounts, 12 contacts.",
    "its first sync waits for approval; nothing was written.",
    "$ syncd onboard alice@acme.test --approve",
    "It was changed on both sides, in different places.",
    "Both sides changed the same; Outlook's change is later. The other value is kept.",
    "It was deleted in this Outlook; the CRM keeps it.",
    "  → The later change wins: Alice's +49 30 5550 3301.",
    "Replaced, and kept here",
    "Bruno Keller is not in the Outlook of alice@acme.test: It was deleted in this Outlook",
    "All of it holds.",
)


@pytest.mark.parametrize(
    ("backend", "claire", "again"),
    [
        ("ews", "             now  Bob's                Former CRM contacts  Contacts", "KEEP=1"),
        (
            "graph",
            "             now  Bob's                Contacts, former     Contacts",
            "KEEP=1 BACKEND=graph",
        ),
    ],
)
def test_it_tells_what_happened_and_finds_all_of_it_true(
    tmp_path: Path, backend: str, claire: str, again: str
) -> None:
    """In words and tables, with the reasons, and with commands that a reader can type.

    The same over EWS and over Graph, but for who leaves: Graph cannot put a contact elsewhere.
    """
    shown = ended(tmp_path, "--backend", backend)
    assert shown.code == 0, shown.out + shown.err
    assert shown.out.count("✓") == 18
    assert "✗" not in shown.out
    assert shown.err == ""
    for line in (*TOLD, claire, f"    make demo {again}\n"):
        assert line in shown.out
    # Prose fits a small window; a command, and what it prints, is as wide as it is.
    first, _, rest = shown.out.partition("$ cat")
    prose = [*first.splitlines(), *rest.rpartition("Is it true?")[2].splitlines()]
    assert [line for line in prose if len(line) > 80 or line != line.rstrip()] == []
    typed = [line for line in shown.out.splitlines() if line.startswith("$ ")]
    assert len(typed) == 18
    assert all(line.startswith(("$ syncd ", "$ cat syncd.toml")) for line in typed)


def test_a_folder_that_no_demo_made_is_left_alone(tmp_path: Path) -> None:
    """Nobody loses a folder that happens to be called demo-data."""
    precious = tmp_path / "demo-data" / "precious.txt"
    precious.parent.mkdir()
    precious.write_text("mine")
    done = ended(tmp_path)
    assert done.code == 4
    assert "no demo made it" in done.err
    assert precious.read_text() == "mine"


def test_kept_up_until_interrupted(tmp_path: Path) -> None:
    """With --keep, sandbox and daemon are there to play with; Ctrl-C ends both in order."""
    with demo(tmp_path, "--keep") as kept:
        printed = until("Any EWS client may come", tmp_path / "out", kept)
        health = f"{endpoint(printed)}/_sandbox/health"
        assert requests.get(health, timeout=10).json()["status"] == "ok"
        refused = ended(tmp_path)
        assert refused.code == 4
        assert "A demo is running in" in refused.err
        os.kill(kept.pid, signal.SIGINT)
        assert kept.wait(LONGEST) == 0
    with pytest.raises(requests.ConnectionError):
        requests.get(health, timeout=10)
    assert '"event": "stopped"' in (tmp_path / "demo-data" / "syncd.log").read_text()


def test_interrupted_midway(tmp_path: Path) -> None:
    """Ctrl-C leaves nothing running."""
    with demo(tmp_path) as begun:
        printed = until("$ syncd users add", tmp_path / "out", begun)
        os.kill(begun.pid, signal.SIGINT)
        assert begun.wait(LONGEST) == 130
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{endpoint(printed)}/_sandbox/health", timeout=10)


def endpoint(printed: str) -> str:
    """The address of the sandbox, out of the configuration that the demo prints."""
    return printed.partition('endpoint = "')[2].partition("/EWS/")[0]


def until(text: str, log: Path, process: subprocess.Popen[str]) -> str:
    """Wait until a process has printed a text; all that it printed."""
    deadline = time.monotonic() + LONGEST
    while text not in (printed := log.read_text()):
        assert process.poll() is None, printed
        assert time.monotonic() < deadline, printed
        time.sleep(0.2)
    return printed
