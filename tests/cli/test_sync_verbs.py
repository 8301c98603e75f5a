"""The verbs that sync, as an admin types them, against a sandbox."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from syncd.cli import main
from syncd.crm import database
from syncd.crm.database import open_database
from syncd.sandbox.server import Sandbox
from syncd.sync import mailboxes

ALICE, BOB = "alice@example.test", "bob@example.test"

CONFIGURATION = """
[store]
url = "sqlite:///syncd.db"
[servers.office]
backend = "ews"
endpoint = "{endpoint}"
auth = "basic"
username = "svc-syncd"
password_file = "password"
timeout = "5s"
[policies.sales]
server = "office"
[policies.sales.contacts]
"""

COUNTS = {
    "outlook": {"created", "updated", "moved", "deleted"},
    "crm": {"created", "updated", "deleted"},
}
TOTALS = {
    "adopted", "released", "in_step", "excluded", "quarantined", "waiting", "conflicts", "held",
    "withheld",
}  # fmt: skip


@dataclass
class Office:
    """A configuration in a folder of its own, and the command."""

    folder: Path
    box: Sandbox

    def type(self, *words: str) -> Result:
        """Type a command."""
        path = str(self.folder / "syncd.toml")
        return CliRunner().invoke(main, ["--config", path, *words])

    def done(self, *words: str) -> str:
        """Type a command that must end well; what it printed."""
        result = self.type(*words)
        assert result.exit_code == 0, result.output
        return result.stdout

    def json(self, *words: str, exit_code: int = 0) -> Any:
        """Type a command with --json; what it printed."""
        result = self.type(*words, "--json")
        assert result.exit_code == exit_code, result.output
        return json.loads(result.stdout)

    def configure(self, endpoint: str) -> None:
        """Write the configuration."""
        (self.folder / "syncd.toml").write_text(CONFIGURATION.format(endpoint=endpoint))


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    """Alice is served, and the CRM has one contact of hers."""
    (tmp_path / "password").write_text("sandbox\n")
    (tmp_path / "password").chmod(0o600)
    with Sandbox(users=[ALICE, BOB]) as box:
        made = Office(tmp_path, box)
        made.configure(box.url)
        made.done("users", "add", ALICE, "--policy", "sales")
        made.done(
            "crm", "contact", "new", "--owner", ALICE, "--first-name", "Ann", "--last-name", "Lee",
            "--email", "ann@contoso.test",
        )  # fmt: skip
        yield made


def private_contact(office: Office) -> None:
    """Something in Alice's Outlook, so that her first sync asks."""
    office.box.mailbox(ALICE).add("contacts", {"contacts:GivenName": "Aunt May"})


def test_a_plan_says_that_there_is_work_and_does_none_of_it(office: Office) -> None:
    """`plan` exits 2 when there is work, 0 when there is none, and touches nothing."""
    (plan,) = office.json("plan", exit_code=2)
    assert [line["operations"] for line in plan["work"]] == [["create-item"]]
    assert office.box.mailbox(ALICE).items("contacts") == []
    office.done("sync")
    idle: dict[str, object] = {"mailbox": ALICE, "error": None, "work": [], "would_hold": 0}
    assert office.json("plan") == [idle]


def test_sync_prints_one_object_a_mailbox(office: Office) -> None:
    """Programs get mailbox, run, outcome, counts, requests and seconds, and every count."""
    office.done("users", "add", BOB, "--policy", "sales")
    reports = office.json("sync")
    assert [report["mailbox"] for report in reports] == [ALICE, BOB]
    for report in reports:
        assert report.keys() == {"mailbox", "run", "outcome", "counts", "requests", "seconds"}
        assert report["counts"].keys() == COUNTS.keys() | TOTALS
        assert {side: set(report["counts"][side]) for side in COUNTS} == COUNTS
    assert reports[0]["counts"]["outlook"]["created"] == reports[0]["counts"]["in_step"] == 1


def test_a_first_sync_waits_for_a_person(office: Office) -> None:
    """With something in Outlook already: exit 3 and nothing written, until it is approved."""
    private_contact(office)
    assert office.type("sync").exit_code == 3
    assert len(office.box.mailbox(ALICE).items("contacts")) == 1
    proposal = office.json("onboard", ALICE, exit_code=3)["proposal"]
    assert proposal["create_in_outlook"] == 1
    office.done("onboard", ALICE, "--approve")
    assert len(office.box.mailbox(ALICE).items("contacts")) == 2
    (status,) = office.json("status")
    assert status["state"] == "live"
    assert status["counts"]["excluded"] == status["counts"]["in_step"] == 1


def test_a_paused_mailbox_is_left_alone(office: Office) -> None:
    """`pause` keeps a mailbox out of every sync; `resume` lets it go on."""
    office.done("pause", ALICE)
    result = office.type("sync")
    assert result.exit_code == 4
    assert "paused" in result.stderr
    assert "syncd resume" in result.stderr
    assert office.box.mailbox(ALICE).items("contacts") == []
    office.done("users", "add", BOB, "--policy", "sales")
    result = office.type("sync", "--json")
    assert f"{ALICE} is paused" in result.stderr
    assert [each["mailbox"] for each in json.loads(result.stdout)] == [BOB]
    office.done("resume", "--all")
    assert office.json("sync")[0]["counts"]["outlook"]["created"] == 1


def test_a_server_that_cannot_be_reached_is_told_apart(office: Office) -> None:
    """Exit 5, with the mailbox still served: nobody has to do anything once it is back."""
    office.configure("http://127.0.0.1:9/EWS/Exchange.asmx")
    (report,) = office.json("sync", exit_code=5)
    assert report["outcome"] == "failed"
    office.configure(office.box.url)
    assert office.json("sync")[0]["outcome"] == "ok"


def test_a_refused_password_stops_every_mailbox_that_uses_it(office: Office) -> None:
    """One 401 and no more: a thousand tries would lock the account."""
    office.done("users", "add", BOB, "--policy", "sales")
    (office.folder / "password").write_text("wrong\n")
    assert office.type("sync", ALICE).exit_code == 1
    states = {each["mailbox"]: each["state"] for each in office.json("status")}
    assert states == {ALICE: "suspended", BOB: "suspended"}
    (office.folder / "password").write_text("sandbox\n")
    office.done("resume", ALICE, BOB)
    assert office.type("sync").exit_code == 0


def test_a_mailbox_that_cannot_run_stops_no_other(office: Office) -> None:
    """P10: Alice's is taken by another process, and told; Bob's is synced all the same."""
    office.done("users", "add", BOB, "--policy", "sales")
    engine = open_database(f"sqlite:///{office.folder / 'syncd.db'}")
    with database.write(engine) as conn:
        assert mailboxes.acquire(conn, mailboxes.get(conn, ALICE).id, datetime.now(UTC))
    for verb, status in (("sync", 1), ("plan", 1)):
        result = office.type(verb)
        assert result.exit_code == status
        assert "being synced by another process" in result.stdout
    alices, bobs = office.json("sync", exit_code=1)
    assert (alices["mailbox"], alices["run"], alices["outcome"]) == (ALICE, None, "failed")
    assert (bobs["mailbox"], bobs["outcome"]) == (BOB, "ok")


def test_a_suspended_mailbox_is_told_of_until_it_is_resumed(office: Office) -> None:
    """A sync of all mailboxes says that one was left out, and what to type; a plan does, too."""
    office.done("users", "add", BOB, "--policy", "sales", *own_password(office, BOB, "wrong"))
    for words in (["sync"], ["sync"], ["plan"]):
        result = office.type(*words)
        assert result.exit_code == 1
        assert f"syncd resume {BOB}" in result.stdout
    assert "syncd resume" in office.done("status")
    assert len(office.box.mailbox(ALICE).items("contacts")) == 1


def own_password(office: Office, address: str, password: str) -> list[str]:
    """The options that give a mailbox its own password."""
    file = office.folder / f"{address}.password"
    file.write_text(f"{password}\n")
    return ["--username", address, "--password-file", str(file)]


def test_a_password_that_cannot_be_had_is_a_matter_of_configuration(office: Office) -> None:
    """Exit 4, whatever else failed; the other mailbox is synced."""
    office.done("users", "add", BOB, "--policy", "sales", *own_password(office, BOB, "gone"))
    (office.folder / f"{BOB}.password").unlink()
    reports = office.json("sync", exit_code=4)
    assert [each["outcome"] for each in reports] == ["ok", "failed"]
    assert "there is no file" in reports[1]["error"]


def test_held_changes_are_listed_and_let_go(office: Office) -> None:
    """Three of three contacts leaving at once are held: exit 3, then `approve` carries them out."""
    for name in ("Bob", "Cid"):
        office.done("crm", "contact", "new", "--owner", ALICE, "--last-name", name)
    office.done("sync")
    office.done("users", "add", BOB, "--policy", "sales")
    for contact in office.json("crm", "contact", "list"):
        office.done("crm", "contact", "assign", contact["id"], "--owner", BOB)
    assert office.json("sync", ALICE, exit_code=3)[0]["counts"]["held"] == 3
    assert {each["verb"] for each in office.json("held", ALICE)} == {"move"}
    office.done("approve", ALICE)
    assert office.json("sync", ALICE)[0]["counts"]["outlook"]["moved"] == 3
    assert office.json("held") == []


def test_what_was_deleted_in_the_crm_keeps_its_name(office: Office) -> None:
    """A plan, what is held and a past run say who goes, though the CRM has them no more (P12)."""
    for name in ("Bob", "Cid"):
        office.done("crm", "contact", "new", "--owner", ALICE, "--last-name", name)
    office.done("sync")
    for contact in office.json("crm", "contact", "list"):
        office.done("crm", "contact", "delete", contact["id"])
    (plan,) = office.json("plan", exit_code=2)
    everybody = {"Ann Lee", "Bob", "Cid"}
    assert {line["name"] for line in plan["work"]} == everybody
    (report,) = office.json("sync", exit_code=3)
    assert {(each["name"], each["verb"]) for each in office.json("held")} == {
        (name, "delete") for name in everybody
    }
    assert office.done("held").count(f"syncd approve {ALICE}") == 1
    office.done("approve", ALICE)
    (report,) = office.json("sync")
    assert report["counts"]["outlook"]["deleted"] == 3
    shown = office.json("runs", "show", report["run"])
    assert {each["name"] for each in shown["operations"]} == everybody


def test_what_is_in_doubt_is_named_and_what_settles_it(office: Office) -> None:
    """Twice in Outlook, once in the CRM: exit 3, listed by name; the category settles it (P3)."""
    for _ in range(2):
        office.box.mailbox(ALICE).add(
            "contacts",
            {
                "contacts:GivenName": "Ann",
                "contacts:Surname": "Lee",
                "contacts:EmailAddress:EmailAddress1": "ann@contoso.test",
            },
        )
    assert "Ann Lee" in office.type("onboard", ALICE).stdout
    first = office.type("onboard", ALICE, "--approve")
    assert first.exit_code == 3
    result = office.type("sync")
    assert result.exit_code == 3
    assert (
        f"1 in doubt: somebody must say who is who. See them: syncd held {ALICE}" in result.stdout
    )
    (asked,) = office.json("held")
    assert (asked["name"], asked["reason"]) == ("Ann Lee", "doubtful-match")
    assert "has the category" in office.done("held")
    assert len(office.box.mailbox(ALICE).items("contacts")) == 2


def test_an_approval_without_a_look_shows_it_first(office: Office) -> None:
    """Nobody had looked: the proposal is told, then carried out."""
    private_contact(office)
    assert "the first sync" in office.done("onboard", ALICE, "--approve")
    assert len(office.box.mailbox(ALICE).items("contacts")) == 2


def test_what_is_not_written_over_formatted_notes_is_told(office: Office) -> None:
    """P12: the CRM's new notes stay in the CRM, and plan and sync say so."""
    office.done("sync")
    (item,) = office.box.mailbox(ALICE).items("contacts")
    rich = {"item:Body": "<b>Important</b>", "item:Body:Type": "HTML"}
    office.box.mailbox(ALICE).update(item.id, rich)
    office.done("sync")
    office.done("crm", "contact", "edit", "Ann Lee", "--notes", "Of the office")
    assert "Ann Lee: Notes would stay as it is" in office.done("plan")
    assert "Ann Lee: Notes stays as it is in Outlook" in office.done("sync")
    assert office.box.mailbox(ALICE).item(item.id)["item:Body"] == "<b>Important</b>"


def test_a_store_that_cannot_be_used_is_explained_by_every_verb(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit 4 and a sentence; a sync that broke off does not claim to have done nothing."""
    engine = open_database(f"sqlite:///{office.folder / 'syncd.db'}")
    monkeypatch.setattr(database, "BUSY_SECONDS", 0)
    with database.write(engine):
        for words in (["sync"], ["plan"], ["pause", ALICE], ["resume", ALICE], ["approve", ALICE]):
            result = office.type(*words)
            assert result.exit_code == 4, result.output
            assert "The store cannot be used: database is locked" in result.stderr
            assert ("syncd runs list" in result.stderr) == (words == ["sync"])


def test_a_withdrawal_is_told_and_counted(office: Office) -> None:
    """P7, P12: the plan names whom it concerns, the run counts what the CRM gave back."""
    item = office.box.mailbox(ALICE).add(
        "contacts", {"contacts:Surname": "Ray", "item:Categories": ["CRM"]}
    )
    office.done("onboard", ALICE, "--approve")
    office.box.mailbox(ALICE).update(item.id, {"item:Sensitivity": "Private"})
    (plan,) = office.json("plan", exit_code=2)
    assert [(each["name"], each["operations"]) for each in plan["work"]] == [
        ("Ray", ["withdraw", "unlink"])
    ]
    (report,) = office.json("sync")
    assert report["counts"]["crm"] == {"created": 0, "updated": 0, "deleted": 1}
    shown = office.json("runs", "show", report["run"])
    assert {each["operation"] for each in shown["operations"]} == {"withdraw", "unlink"}


def test_a_mailbox_can_be_changed(office: Office) -> None:
    """Another policy of the same server, or other credentials; what cannot be is said so."""
    path = office.folder / "syncd.toml"
    more = """
[policies.other]
server = "office"
[policies.other.contacts]
direction = "to-outlook"
[servers.elsewhere]
backend = "ews"
endpoint = "https://mail.elsewhere.test/EWS/Exchange.asmx"
username = "svc"
password_file = "password"
[policies.far]
server = "elsewhere"
[policies.far.contacts]
"""
    path.write_text(path.read_text() + more)
    office.done("users", "change", ALICE, "--policy", "other", *own_password(office, ALICE, "no"))
    assert office.json("users", "list")[0]["policy"] == "other"
    assert office.json("sync", exit_code=1)[0]["outcome"] == "failed"
    office.done("users", "change", ALICE, "--server-account")
    office.done("resume", ALICE)
    office.done("sync")
    for words, says in (
        ([ALICE], "Nothing to change"),
        ([ALICE, "--policy", "sale"], "Did you mean"),
        ([ALICE, "--policy", "far"], "is for the server elsewhere"),
        ([ALICE, "--server-account", "--username", "x"], "goes without"),
        ([BOB, "--policy", "other"], "No mailbox"),
    ):
        result = office.type("users", "change", *words)
        assert (result.exit_code, says in result.stderr) == (4, True), result.stderr


def test_a_run_can_be_looked_at_afterwards(office: Office) -> None:
    """`runs` lists runs, and shows of each what it wrote and why."""
    (report,) = office.json("sync")
    assert office.json("runs", "list")[0]["run"] == report["run"]
    shown = office.json("runs", "show", report["run"][:6])
    assert [each["reason"] for each in shown["operations"]] == ["created"]
    assert office.type("runs", "show", "nothing").exit_code == 4


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["sync", "carol@example.test"], "No mailbox carol@example.test is served"),
        (["users", "add", BOB, "--policy", "sale"], "Did you mean 'sales'?"),
        (["users", "add", ALICE, "--policy", "sales"], "is served already"),
        (["users", "add", "nobody", "--policy", "sales"], "not an e-mail address"),
        (["users", "add", BOB, "--policy", "sales", "--password-file", "none"], "no file none"),
        (["onboard", BOB], "No mailbox"),
        (["synk"], "Did you mean 'sync'?"),
    ],
)
def test_a_mistake_is_explained(office: Office, words: list[str], says: str) -> None:
    """Wrong usage exits 4 and says what happened; nothing is synced because of it."""
    result = office.type(*words)
    assert result.exit_code == 4
    assert says in result.stderr
    assert office.box.requests.total == 0


def test_a_process_that_was_killed_locks_nobody_out_for_long(office: Office) -> None:
    """The refusal says until when at the latest, and the cut-off run is told as failed (P10)."""
    engine = open_database(f"sqlite:///{office.folder / 'syncd.db'}")
    now = datetime.now(UTC)
    with database.write(engine) as conn:
        row = mailboxes.get(conn, ALICE)
        assert mailboxes.acquire(conn, row.id, now) is not None
        conn.exec_driver_sql(
            "insert into run (id, mailbox_id, cause, started) values ('dead', ?, 'command', ?)",
            (row.id, "2026-01-01 00:00:00.000000"),
        )
    refused = office.type("sync", ALICE)
    assert refused.exit_code == 1
    assert f"{ALICE}: it is being synced by another process" in refused.stdout
    assert f"{(now + mailboxes.LEASE).astimezone():%H:%M}" in refused.stdout
    with database.write(engine) as conn:
        conn.exec_driver_sql("update mailbox set lease_until = '2026-01-01 00:00:00.000000'")
    office.done("sync", ALICE)
    assert office.json("runs", "show", "dead")["outcome"] == "failed"
