"""SIGHUP: the daemon, as a process, takes a changed configuration up."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from syncd.sandbox.server import Sandbox
from tests.cli.office import ALICE, Office

SYNCD = "from syncd.cli import main; main(prog_name='syncd')"

POLICIES = """
[log]
format = "json"
[policies.sales]
server = "office"
interval = "1h"
[policies.sales.contacts]
filter = "{where}"
"""


def configured(office: Office, where: str) -> None:
    """A policy with this filter."""
    office.configure(office.box.url)
    file = office.folder / "syncd.toml"
    text = file.read_text().partition("[policies.sales]")[0] + POLICIES.format(where=where)
    file.write_text(text)


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    """Alice's mailbox is served, and a filter that lets nobody in."""
    (tmp_path / "password").write_text("sandbox\n")
    (tmp_path / "password").chmod(0o600)
    with Sandbox(users=[ALICE]) as box:
        made = Office(tmp_path, box)
        configured(made, "lastname eq 'Nobody'")
        made.done("users", "add", ALICE, "--policy", "sales")
        made.done("crm", "contact", "new", "--owner", ALICE, "--last-name", "Lee")
        yield made


@pytest.fixture
def daemon(office: Office) -> Iterator[subprocess.Popen[str]]:
    """`syncd run` in a process of its own."""
    process = subprocess.Popen(  # noqa: S603 - our own program, in our own interpreter
        [sys.executable, "-c", SYNCD, "--config", str(office.folder / "syncd.toml"), "run"],
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    yield process
    process.kill()
    process.communicate()


def logged(daemon: subprocess.Popen[str], wanted: Callable[[Any], bool]) -> Any:
    """The next line of the log that is wanted."""
    assert daemon.stderr is not None
    for line in daemon.stderr:
        said = json.loads(line)
        if wanted(said):
            return said
    raise AssertionError("the daemon has ended")


def event(text: str) -> Callable[[Any], bool]:
    """A line that tells of this."""
    return lambda said: text in said["event"]


def a_run(said: Any) -> bool:
    """A line that tells of a run."""
    return "outlook" in said and "outcome" in said


def test_a_changed_configuration_holds_from_the_next_run_on(
    office: Office, daemon: subprocess.Popen[str]
) -> None:
    """A bad file is told with its mistakes and changes nothing; a good one holds at once."""
    assert logged(daemon, a_run)["outlook"] == {}
    configured(office, "ownr eq @me")
    daemon.send_signal(signal.SIGHUP)
    said = logged(daemon, event("has mistakes"))
    assert said["level"] == "error"
    assert "the old one stays in force" in said["event"]
    (mistake,) = said["mistakes"]
    assert "policies.sales.contacts.filter" in mistake
    assert "did you mean 'owner'?" in mistake
    assert daemon.poll() is None
    configured(office, "owner eq @me")
    file = office.folder / "syncd.toml"
    file.write_text(file.read_text().replace('"1h"', '"1s"') + "[daemon]\nworkers = 2\n")
    daemon.send_signal(signal.SIGHUP)
    assert "[daemon]" in logged(daemon, event("when syncd is started again"))["event"]
    assert logged(daemon, event("is reloaded"))["policies"] == ["sales"]
    run = logged(daemon, a_run)
    while not run["outlook"]:
        run = logged(daemon, a_run)
    (item,) = office.box.mailbox(ALICE).items("contacts")
    assert item["contacts:Surname"] == "Lee"
    daemon.send_signal(signal.SIGTERM)
    logged(daemon, event("stopped"))
    assert daemon.wait(30) == 0
