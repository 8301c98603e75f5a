"""What comes back and what is taken up, as an admin types it: `restore`, `track`, `relink`."""

from __future__ import annotations

import pytest

from syncd.crm.database import open_database, write
from tests.cli.office import ALICE, BOB, Office

TRASH = "deleteditems"


@pytest.fixture
def thrown(office: Office) -> Office:
    """Alice has thrown Ann away."""
    office.done("sync")
    (item,) = office.box.mailbox(ALICE).items("contacts")
    office.box.mailbox(ALICE).move(item.id, TRASH)
    office.done("sync")
    return office


def count(office: Office) -> int:
    """How many are in Alice's folder."""
    return len(office.box.mailbox(ALICE).items("contacts"))


def own(office: Office, **more: str) -> None:
    """Somebody of Alice's own, whom the CRM does not know."""
    fields = {"contacts:GivenName": "Bea", "contacts:Surname": "Ray", **more}
    office.box.mailbox(ALICE).add("contacts", fields)


# --- restore -------------------------------------------------------------------------------------


def test_who_was_thrown_away_is_listed_and_comes_back(thrown: Office) -> None:
    """By name, when and how; then it is in the folder, and in step with the next sync."""
    for words in (["restore"], ["restore", ALICE], ["restore", ALICE, "--list"]):
        told = thrown.done(*words)
        assert "Ann Lee" in told
        assert "It was deleted in this Outlook" in told
    (each,) = thrown.json("restore", ALICE)
    assert (each["name"], each["reason"]) == ("Ann Lee", "outlook-deleted")
    assert "Ann Lee is back in the folder." in thrown.done("restore", ALICE, "ann@contoso.test")
    assert count(thrown) == 1
    thrown.done("sync")
    assert thrown.json("restore") == []
    assert "nothing to bring back" in thrown.done("restore", ALICE, "Ann Lee")
    (told,) = thrown.json("restore", ALICE, "Ann Lee")
    assert told["result"] == "there"
    assert count(thrown) == 1


def test_who_does_not_belong_here_any_more_stays_away(thrown: Office) -> None:
    """Exit 1, and why."""
    thrown.done("users", "add", BOB, "--policy", "sales")
    thrown.done("crm", "contact", "assign", "Ann Lee", "--owner", BOB)
    result = thrown.type("restore", ALICE, "Ann Lee")
    assert (result.exit_code, "does not belong" in result.stdout) == (1, True), result.output
    assert count(thrown) == 0


def test_a_restore_that_cannot_be_done_says_so(thrown: Office) -> None:
    """Nobody of that name; a server that is away; another process at it."""
    result = thrown.type("restore", ALICE, "Nobody")
    assert (result.exit_code, "nobody called" in result.stderr) == (4, True)
    thrown.configure("http://127.0.0.1:9/EWS/Exchange.asmx")
    result = thrown.type("restore", ALICE, "Ann Lee")
    assert (result.exit_code, "Nothing was brought back" in result.stderr) == (5, True)
    thrown.configure(thrown.box.url)
    thrown.done("restore", ALICE, "Ann Lee")


# --- track and untrack ---------------------------------------------------------------------------


def test_somebody_is_tracked_by_name(office: Office) -> None:
    """It is shown who is meant, exit 3; --yes does it; then she is in the CRM."""
    own(office)
    office.done("onboard", ALICE, "--approve")
    shown = office.type("track", ALICE, "Bea Ray")
    assert (shown.exit_code, "This puts Bea Ray" in shown.stderr) == (3, True)
    office.done("track", ALICE, "Bea Ray", "--yes")
    office.done("sync")
    assert office.json("crm", "contact", "show", "Bea Ray")["lastname"] == "Ray"
    again = office.type("track", ALICE, "Bea Ray", "--yes")
    assert (again.exit_code, "in the CRM already" in again.stderr) == (4, True)


def test_of_several_one_is_named_by_its_short_id(office: Office) -> None:
    """They are told apart by what else is known of them; nobody else is told of (P14)."""
    own(office)
    own(office, **{"contacts:PhoneNumber:MobilePhone": "+1 425 555 0100"})
    office.box.mailbox(ALICE).add("contacts", {"contacts:Surname": "Secret"})
    office.done("onboard", ALICE, "--approve")
    result = office.type("track", ALICE, "Bea Ray", "--yes")
    assert result.exit_code == 4
    assert "+1 425 555 0100" in result.stderr
    assert "Secret" not in result.output
    found = office.json("track", ALICE, "Bea Ray")
    one = next(each for each in found if each["details"])
    office.done("track", ALICE, one["id"], "--yes")
    office.done("sync")
    assert office.json("crm", "contact", "show", "Bea Ray")["mobilephone"] == "+1 425 555 0100"


@pytest.mark.parametrize("delete", [False, True])
def test_somebody_is_untracked(office: Office, *, delete: bool) -> None:
    """In Outlook she stays either way; in the CRM she is kept, or deleted."""
    own(office)
    office.done("onboard", ALICE, "--approve")
    office.done("track", ALICE, "Bea Ray", "--yes")
    office.done("sync")
    assert office.type("untrack", ALICE, "Bea Ray").exit_code == 4  # what becomes of the record?
    office.done("untrack", ALICE, "Bea Ray", "--delete" if delete else "--keep")
    office.done("sync")
    names = {each["lastname"] for each in office.json("crm", "contact", "list")}
    assert names == ({"Lee"} if delete else {"Lee", "Ray"})
    assert count(office) == 2
    office.box.mailbox(ALICE)
    if not delete:
        office.done("crm", "contact", "edit", "Bea Ray", "--job-title", "Boss")
        office.done("sync")
        titles = {
            item.get("contacts:JobTitle") for item in office.box.mailbox(ALICE).items("contacts")
        }
        assert titles == {None}


def test_a_deletion_that_the_rights_do_not_let_is_refused_whole(office: Office) -> None:
    """Nothing is untracked then, either: it says why."""
    own(office)
    office.done("onboard", ALICE, "--approve")
    office.done("track", ALICE, "Bea Ray", "--yes")
    office.done("sync")
    office.done("crm", "access", "set", "contact", "--read", "organisation", "--write", "none")
    result = office.type("untrack", ALICE, "Bea Ray", "--delete")
    assert result.exit_code == 4
    assert "Nothing was changed." in result.stderr
    assert len(office.json("crm", "contact", "list")) == 2


def test_who_was_not_tracked_is_not_untracked(office: Office) -> None:
    """A filter put her there: it says so."""
    office.done("sync")
    result = office.type("untrack", ALICE, "Ann Lee", "--keep")
    assert (result.exit_code, "A filter decides" in result.stderr) == (4, True)


# --- relink --------------------------------------------------------------------------------------


def forget(office: Office, *tables: str) -> None:
    """The store lost these tables."""
    engine = open_database(f"sqlite:///{office.folder / 'syncd.db'}")
    with write(engine) as conn:
        for each in tables:
            conn.exec_driver_sql(f"delete from {each}")  # noqa: S608 - names of our own
    engine.dispose()


@pytest.mark.parametrize(
    "lost", [("link",), ("link", "observed", "noticed", "match_value", "mailbox_kind")]
)
def test_lost_ties_are_found_again(office: Office, lost: tuple[str, ...]) -> None:
    """Shown first, exit 2; then the first sync is proposed, and ties without doubling (P3)."""
    office.done("sync")
    forget(office, *lost)
    shown = office.type("relink", ALICE)
    assert (shown.exit_code, "Nothing was done yet" in shown.stdout) == (2, True), shown.output
    told = office.done("relink", ALICE, "--yes")
    assert f"syncd onboard {ALICE}" in told
    onboard = office.type("onboard", ALICE)
    assert onboard.exit_code in (0, 3)
    assert "On both sides already, and tied to each other (1)" in onboard.stdout
    office.done("onboard", ALICE, "--approve")
    assert count(office) == 1
    assert len(office.json("crm", "contact", "list")) == 1
    office.done("crm", "contact", "edit", "Ann Lee", "--job-title", "Boss")
    office.done("sync")
    (item,) = office.box.mailbox(ALICE).items("contacts")
    assert item["contacts:JobTitle"] == "Boss"
    again = office.json("relink", ALICE)
    assert (again["tied"], again["lost"], again["anew"]) == (1, 0, False)
