"""The verbs that sync, as an admin types them, against a sandbox."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from syncd.crm import database, sqlite
from syncd.crm.database import open_database
from syncd.outlook.stamp import CLAIM
from syncd.sandbox.properties import mapi_named
from syncd.sync import leases, mailboxes
from tests.cli.office import ALICE, BOB, Office, own_password

COUNTS = {
    "outlook": {"created", "updated", "moved", "deleted"},
    "crm": {"created", "updated", "deleted"},
}
TOTALS = {
    "adopted", "released", "in_step", "excluded", "quarantined", "waiting", "conflicts", "held",
    "withheld",
}  # fmt: skip


def test_a_plan_says_that_there_is_work_and_does_none_of_it(office: Office) -> None:
    """`plan` exits 2 when there is work, 0 when there is none, and touches nothing."""
    (plan,) = office.json("plan", exit_code=2)
    assert [line["operations"] for line in plan["work"]] == [["create-item"]]
    assert office.box.mailbox(ALICE).items("contacts") == []
    office.done("sync")
    idle: dict[str, object] = {
        "mailbox": ALICE, "error": None, "work": [], "apart": [], "by_hand": [],
        "would_hold": 0, "claim": None,
    }  # fmt: skip
    assert office.json("plan") == [idle]


def test_a_folder_that_another_syncd_serves(office: Office) -> None:
    """Each verb that looks says so, and what to type; nothing is written until that is typed."""
    office.done("sync")
    claim = mapi_named(CLAIM.set_id, CLAIM.name or "", CLAIM.type)
    office.box.mailbox(ALICE).update_folder("contacts", None, {claim: "another/epoch/7/t"})
    office.done("crm", "contact", "edit", "Ann Lee", "--set", "jobtitle=Boss")
    (plan,) = office.json("plan", exit_code=2)
    assert plan["claim"] == "foreign"
    assert f"syncd relink {ALICE}" in office.type("plan").output
    assert office.type("sync").exit_code == 3
    (item,) = office.box.mailbox(ALICE).items("contacts")
    assert item.get("contacts:JobTitle") is None
    for verb in ("status", "held"):
        assert f"syncd relink {ALICE}" in office.done(verb)
    assert office.json("status")[0]["claim"] == "foreign"
    office.done("relink", ALICE, "--yes")
    office.done("sync")
    (item,) = office.box.mailbox(ALICE).items("contacts")
    assert item.get("contacts:JobTitle") == "Boss"
    assert office.done("held") == "Nothing waits for a person.\n"
    assert office.json("status")[0]["claim"] is None


def test_sync_prints_one_object_a_mailbox(office: Office) -> None:
    """Programs get mailbox, run, outcome, what it took, and every count."""
    office.done("users", "add", BOB, "--policy", "sales")
    reports = office.json("sync")
    assert [report["mailbox"] for report in reports] == [ALICE, BOB]
    for report in reports:
        assert report.keys() == {
            "mailbox", "run", "outcome", "counts", "requests", "subrequests", "seconds",
        }  # fmt: skip
        assert report["counts"].keys() == COUNTS.keys() | TOTALS
        assert {side: set(report["counts"][side]) for side in COUNTS} == COUNTS
    assert reports[0]["counts"]["outlook"]["created"] == reports[0]["counts"]["in_step"] == 1


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


def test_who_tries_by_hand_puts_off_nothing(office: Office) -> None:
    """A look that failed is no failed sync, and the next run comes no later for it.

    What is told says how to try again, and does not count on a daemon.
    """
    office.done("sync")
    office.configure("http://127.0.0.1:9/EWS/Exchange.asmx")
    (before,) = office.json("status")
    for words in (["plan"], ["onboard", ALICE]):
        result = office.type(*words)
        assert result.exit_code == 5
        assert f"Try again later: syncd sync {ALICE}; where syncd run runs" in result.stdout
    (after,) = office.json("status")
    assert after == {**before, "age_seconds": after["age_seconds"]}
    for _ in range(3):
        office.type("sync")
    (after,) = office.json("status")
    assert after["due"] <= before["due"]
    assert "nothing listens" in after["trouble"]


def test_a_refused_password_stops_every_mailbox_that_uses_it(office: Office) -> None:
    """One 401 and no more: a thousand tries would lock the account."""
    office.done("users", "add", BOB, "--policy", "sales")
    (office.folder / "password").write_text("wrong\n")
    assert office.type("sync", ALICE).exit_code == 1
    states = {each["mailbox"]: each["state"] for each in office.json("status")}
    assert states == {ALICE: "suspended", BOB: "suspended"}
    (office.folder / "password").write_text("sandbox\n")
    assert "2 mailboxes go on" in office.done("resume", "--all")
    assert office.type("sync").exit_code == 0
    assert "No mailbox is paused" in office.done("resume", "--all")


def test_a_mailbox_that_cannot_run_stops_no_other(office: Office) -> None:
    """P10: Alice's is taken by another process, and told; Bob's is synced all the same."""
    office.done("users", "add", BOB, "--policy", "sales")
    engine = open_database(f"sqlite:///{office.folder / 'syncd.db'}")
    with database.write(engine) as conn:
        assert leases.acquire(conn, mailboxes.get(conn, ALICE).id, datetime.now(UTC))
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


def test_a_password_that_cannot_be_had_is_a_matter_of_configuration(office: Office) -> None:
    """Exit 4, whatever else failed; the other mailbox is synced."""
    office.done("users", "add", BOB, "--policy", "sales", *own_password(office, BOB, "gone"))
    (office.folder / f"{BOB}.password").unlink()
    reports = office.json("sync", exit_code=4)
    assert [each["outcome"] for each in reports] == ["ok", "failed"]
    assert "there is no file" in reports[1]["error"]


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
    monkeypatch.setattr(sqlite, "BUSY_SECONDS", 0)
    with database.write(engine):
        for words in (
            ["sync"],
            ["plan"],
            ["pause", ALICE],
            ["resume", ALICE],
            ["breaker", "approve", ALICE],
        ):
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
        assert leases.acquire(conn, row.id, now) is not None
        conn.exec_driver_sql(
            "insert into run (id, mailbox_id, cause, started) values ('dead', ?, 'command', ?)",
            (row.id, "2026-01-01 00:00:00.000000"),
        )
    refused = office.type("sync", ALICE)
    assert refused.exit_code == 1
    assert f"{ALICE}: it is being synced by another process" in refused.stdout
    assert f"{(now + leases.LEASE).astimezone():%H:%M}" in refused.stdout
    with database.write(engine) as conn:
        conn.exec_driver_sql("update mailbox set lease_until = '2026-01-01 00:00:00.000000'")
    office.done("sync", ALICE)
    assert office.json("runs", "show", "dead")["outcome"] == "failed"
