"""The whole way of an admin, with the store on PostgreSQL."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import make_url

from syncd.crm import postgres
from syncd.crm.database import open_database, write
from syncd.crm.errors import DatabaseProblem
from syncd.sandbox.server import Sandbox
from tests.cli.office import ALICE, BOB, Office
from tests.postgres import Postgres

CARD = """BEGIN:VCARD
VERSION:3.0
N:Lee;Ann;;;
FN:Ann Lee
EMAIL:ann@contoso.test
END:VCARD
"""


@pytest.fixture
def server_url(postgres: Postgres) -> Iterator[str]:
    """The address of a database that somebody has made for syncd."""
    url = postgres.empty()
    yield url
    postgres.drop(url)


@pytest.fixture
def office(tmp_path: Path, server_url: str) -> Iterator[Office]:
    """An office that was set up from the example, its store on PostgreSQL."""
    (tmp_path / "password").write_text("sandbox\n")
    (tmp_path / "password").chmod(0o600)
    with Sandbox(users=[ALICE, BOB]) as box:
        made = Office(tmp_path, box)
        file = tmp_path / "syncd.toml"
        made.done("init", "--path", str(file))
        written = file.read_text()
        for example, ours in (
            ("sqlite:///syncd.db", server_url),
            ("https://mail.example.test/EWS/Exchange.asmx", box.url),
            ("/etc/syncd/ews-password", "password"),
        ):
            assert example in written
            written = written.replace(f'"{example}"', f'"{ours}"')
        file.write_text(written)
        yield made


def test_from_init_to_status(office: Office) -> None:
    """Set up, imported, synced, edited, synced again, and told of; nobody is doubled."""
    (office.folder / "team.vcf").write_text(CARD)
    office.done("config", "validate")
    office.done("users", "add", ALICE, "--policy", "sales")
    office.done("crm", "import", str(office.folder / "team.vcf"), "--owner", ALICE)
    (plan,) = office.json("plan", exit_code=2)
    assert [line["operations"] for line in plan["work"]] == [["create-item"]]
    office.done("sync")
    assert len(office.box.mailbox(ALICE).items("contacts")) == 1
    office.done("crm", "contact", "edit", "ann@contoso.test", "--job-title", "Buyer")
    (report,) = office.json("sync")
    assert report["counts"]["outlook"]["updated"] == 1
    assert report["counts"]["in_step"] == 1
    (status,) = office.json("status")
    assert status["mailbox"] == ALICE
    assert office.json("runs", "list")


def test_the_daemon_serves_and_stops(office: Office) -> None:
    """`syncd run` brings a contact into Outlook, and ends with 0 when it is told to."""
    office.done("users", "add", ALICE, "--policy", "sales")
    office.done("users", "add", BOB, "--policy", "sales")
    for owner in (ALICE, BOB):
        office.done(
            "crm",
            "contact",
            "new",
            "--owner",
            owner,
            "--last-name",
            "Lee",
            "--first-name",
            owner[0],
        )
    program = [sys.executable, "-c", "from syncd.cli import main; main()"]
    words = ["--config", str(office.folder / "syncd.toml"), "run"]
    daemon = subprocess.Popen([*program, *words], stderr=subprocess.PIPE, text=True)  # noqa: S603 - ours
    try:
        until = time.monotonic() + 60
        while not all(office.box.mailbox(each).items("contacts") for each in (ALICE, BOB)):
            assert time.monotonic() < until
            assert daemon.poll() is None
            time.sleep(0.1)
        daemon.send_signal(signal.SIGTERM)
        _, told = daemon.communicate(timeout=60)
    finally:
        daemon.kill()
        daemon.communicate()
    assert daemon.returncode == 0, told
    assert "Traceback" not in told
    assert all(each["counts"]["in_step"] == 1 for each in office.json("sync"))


def test_a_store_that_is_not_there_is_explained(office: Office) -> None:
    """What happened, what was not done, what to type; a server that is down may come back: 5."""
    file = office.folder / "syncd.toml"
    now = file.read_text()
    host = make_url(_url(now)).query["host"]
    cases = {
        f"postgresql://postgres@/nowhere?host={host}": "createdb",
        f"postgresql://nobody@/postgres?host={host}": "createuser",
        "postgresql://postgres@/nowhere?host=/nowhere": "pg_isready",
        "postgresql://postgres@127.0.0.1:1/nowhere": "pg_isready",
    }
    for url, todo in cases.items():
        file.write_text(now.replace(_url(now), url))
        result = office.type("status")
        assert result.exit_code == (5 if todo == "pg_isready" else 4)
        assert todo in result.stderr
        assert "Nothing was synced" in result.stderr
        assert "Traceback" not in result.stderr


def test_a_password_comes_from_a_file_and_is_never_told(office: Office) -> None:
    """It goes to the server, and into no message, whatever is wrong there."""
    file = office.folder / "syncd.toml"
    now = file.read_text()
    secret = office.folder / "store-password"
    secret.write_text("hunter2\n")
    secret.chmod(0o600)
    file.write_text(now.replace("[store]", '[store]\npassword_file = "store-password"', 1))
    office.done("status")
    broken = file.read_text().replace(_url(now), "postgresql://postgres@127.0.0.1:1/nowhere")
    file.write_text(broken)
    assert "hunter2" not in office.type("status").output
    secret.unlink()
    result = office.type("status")
    assert "The password for the store cannot be had" in result.stderr
    with pytest.raises(DatabaseProblem) as refusal:
        open_database("postgresql://postgres@127.0.0.1:1/nowhere", password="hunter2")
    assert "hunter2" not in str(refusal.value)
    assert "hunter2" not in repr(refusal.value.__cause__)


def test_a_store_that_is_kept_busy_is_explained(
    office: Office, server_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A command does not hang for ever behind a writer that does."""
    office.done("status")
    monkeypatch.setitem(postgres._SESSION, "lock_timeout", "100ms")
    engine = open_database(server_url)
    with write(engine, alone=True):
        result = office.type("users", "add", ALICE, "--policy", "sales")
    engine.dispose()
    assert result.exit_code != 0
    assert "another process has kept it busy" in result.stderr


def _url(written: str) -> str:
    return next(
        line.partition('"')[2].partition('"')[0]
        for line in written.splitlines()
        if line.startswith("url =")
    )
