"""`syncd quarantine`: what the server refuses time and again, as an admin sees and answers it."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from syncd.sandbox.server import Sandbox
from tests.cli.office import ALICE, BOB, Office

FOR_EVER = 999
TRIES = 3
NOTHING = "Nothing is set aside, and no single contact is failing."


@pytest.fixture
def busy(office: Office) -> Office:
    """Alice and Bob are in step, and from now on the server takes nobody new."""
    office.done("sync")
    office.done("users", "add", BOB, "--policy", "sales")
    office.done("sync", BOB)
    office.box.faults.add("CreateItem", "item_error", code="ErrorItemSave", times=FOR_EVER)
    return office


def new(office: Office, name: str, owner: str = ALICE) -> None:
    """Somebody enters a person whom the server refuses."""
    office.done(
        "crm", "contact", "new", "--owner", owner, "--first-name", name, "--last-name", "Bad",
        "--email", f"{name.lower()}@contoso.test",
    )  # fmt: skip


def set_aside(office: Office, *names: str, owner: str = ALICE) -> None:
    """They are tried until they are set aside; an edit is tried at once."""
    for name in names:
        new(office, name, owner)
    assert office.type("sync", owner).exit_code == 1
    for number in range(1, TRIES):
        for name in names:
            office.done("crm", "contact", "edit", f"{name} Bad", "--job-title", f"Job {number}")
        assert office.type("sync", owner).exit_code == 1


def listed(office: Office, *words: str) -> list[tuple[str, str, str, int]]:
    """What `quarantine list` tells to programs, in short."""
    told = office.json("quarantine", "list", *words)
    return [(each["mailbox"], each["name"], each["state"], each["tries"]) for each in told]


def names(box: Sandbox, mailbox: str = ALICE) -> set[object]:
    """The first names of the contacts in an Outlook."""
    return {each.get("contacts:GivenName") for each in box.mailbox(mailbox).items("contacts")}


def test_a_list_of_nothing_says_so(office: Office) -> None:
    """In words, and an empty list to programs; both end well."""
    office.done("sync")
    assert office.done("quarantine", "list").strip() == NOTHING
    assert office.done("quarantine", "list", ALICE, "--all").strip() == NOTHING
    assert listed(office) == []


def test_what_fails_is_listed_with_how_far_it_has_come(busy: Office) -> None:
    """Each mailbox, worst first: who, why in words and by the server's code, tries, next try."""
    set_aside(busy, "Cid")
    new(busy, "Eve", BOB)
    assert busy.type("sync", BOB).exit_code == 1
    cid, eve = (ALICE, "Cid Bad", "set-aside", TRIES), (BOB, "Eve Bad", "failing", 1)
    assert listed(busy) == [cid, eve]
    assert listed(busy, BOB) == [eve]
    assert listed(busy, BOB, ALICE) == [eve, cid]
    (told,) = busy.json("quarantine", "list", ALICE)
    assert told["record"] == told["id"]
    assert (told["reason"], told["error"], told["side"]) == ("refused", "ErrorItemSave", "crm")
    assert told["since"] < told["next_try"]
    shown = busy.done("quarantine", "list")
    assert shown.index("Set aside") < shown.index("Cid Bad") < shown.index("Failing, and tried")
    assert shown.index("Failing, and tried") < shown.index("Eve Bad")
    assert "The server refuses it as it is. (ErrorItemSave)" in shown
    assert "syncd quarantine retry WHO" in shown
    assert "syncd quarantine ignore WHO" in shown
    assert busy.json("status", ALICE)[0]["counts"]["quarantined"] == 1
    assert f"syncd quarantine list {ALICE}" in busy.done("alerts", "list")


def test_what_is_set_aside_is_left_until_somebody_says_to_try_it(busy: Office) -> None:
    """It is not tried by each sync; `retry` has the next one try it, and it comes back (P10)."""
    set_aside(busy, "Cid", "Dee")
    asked = busy.box.requests.counts["CreateItem"]
    busy.done("sync", ALICE)
    assert busy.box.requests.counts["CreateItem"] == asked
    said = busy.done("quarantine", "retry", "Cid Bad")
    assert f"Cid Bad in {ALICE} is tried again by the next sync." in said
    assert f"syncd sync {ALICE}" in said
    row = next(x for x in busy.done("quarantine", "list").splitlines() if "Cid Bad" in x)
    assert row.endswith("next sync")
    assert busy.type("sync", ALICE).exit_code == 1
    assert busy.box.requests.counts["CreateItem"] == asked + 1
    assert listed(busy) == [
        (ALICE, "Dee Bad", "set-aside", TRIES),
        (ALICE, "Cid Bad", "failing", 1),
    ]


@pytest.mark.parametrize("named", [("Cid Bad",), ("cid@contoso.test",), ()], ids=str)
def test_what_the_server_takes_by_now_is_in_step_after_a_retry(
    busy: Office, named: Sequence[str]
) -> None:
    """By name, by address, or all of it, in every mailbox: the next sync brings it in."""
    set_aside(busy, "Cid")
    set_aside(busy, "Eve", owner=BOB)
    busy.box.faults.clear()
    busy.done("sync")
    assert names(busy.box) == {"Ann"}
    busy.done("quarantine", "retry", *(named or ["--all"]))
    busy.done("sync")
    assert names(busy.box) == {"Ann", "Cid"}
    assert names(busy.box, BOB) == (set() if named else {"Eve"})
    assert listed(busy) == ([(BOB, "Eve Bad", "set-aside", TRIES)] if named else [])
    assert busy.json("status", ALICE)[0]["counts"]["quarantined"] == 0


def test_a_retry_of_one_mailbox_is_of_that_one(busy: Office) -> None:
    """`--mailbox` keeps the others as they are; programs are told what is tried again."""
    set_aside(busy, "Cid")
    set_aside(busy, "Eve", owner=BOB)
    (told,) = busy.json("quarantine", "retry", "--all", "--mailbox", BOB)
    assert told["name"] == "Eve Bad"
    busy.box.faults.clear()
    busy.done("sync")
    assert names(busy.box) == {"Ann"}
    assert names(busy.box, BOB) == {"Eve"}


def test_a_record_that_is_left_alone_is_tried_no_more(busy: Office) -> None:
    """`ignore`: no try, no alert, not counted as set aside; `retry` takes it back, by name."""
    set_aside(busy, "Cid")
    asked = busy.box.requests.counts["CreateItem"]
    said = busy.done("quarantine", "ignore", "Cid Bad")
    assert f"Cid Bad in {ALICE} is left alone until somebody edits it." in said
    assert "syncd quarantine retry WHO" in said
    busy.box.faults.clear()
    for _ in range(2):
        busy.done("sync", ALICE)
    assert busy.box.requests.counts["CreateItem"] == asked
    assert names(busy.box) == {"Ann"}
    assert listed(busy) == []
    assert listed(busy, "--all") == [(ALICE, "Cid Bad", "ignored", 0)]
    shown = busy.done("quarantine", "list", "--all")
    assert "Left alone, as somebody said" in shown
    assert "upon an edit" in shown
    assert "Take that back: syncd quarantine retry WHO" in shown
    (status,) = busy.json("status", ALICE)
    assert (status["counts"]["quarantined"], status["counts"]["waiting"]) == (0, 0)
    assert busy.done("alerts", "list").strip() == "There are no alerts."
    assert busy.type("quarantine", "retry", "--all").exit_code == 4
    busy.done("quarantine", "retry", "Cid Bad")
    busy.done("sync", ALICE)
    assert names(busy.box) == {"Ann", "Cid"}
    assert listed(busy, "--all") == []


def test_a_record_that_is_left_alone_is_taken_up_by_an_edit(busy: Office) -> None:
    """Whoever edits it means it to go to Outlook."""
    set_aside(busy, "Cid")
    busy.done("quarantine", "ignore", "Cid Bad")
    busy.box.faults.clear()
    busy.done("crm", "contact", "edit", "Cid Bad", "--job-title", "Chair")
    busy.done("sync", ALICE)
    assert names(busy.box) == {"Ann", "Cid"}
    assert listed(busy, "--all") == []


def test_an_item_that_is_left_alone_counts_as_left_alone(office: Office) -> None:
    """An update that is refused: the item stays as it is, and is counted as excluded (P9)."""
    office.done("sync")
    office.box.faults.add("UpdateItem", "item_error", code="ErrorItemSave", times=FOR_EVER)
    for number in range(TRIES):
        office.done("crm", "contact", "edit", "Ann Lee", "--job-title", f"Job {number}")
        assert office.type("sync").exit_code == 1
    assert listed(office) == [(ALICE, "Ann Lee", "set-aside", TRIES)]
    (told,) = office.json("quarantine", "ignore", "Ann Lee")
    assert (told["state"], told["side"]) == ("set-aside", "outlook")
    asked = office.box.requests.counts["UpdateItem"]
    office.box.faults.clear()
    office.done("sync")
    assert office.box.requests.counts["UpdateItem"] == asked
    (status,) = office.json("status")
    assert (status["counts"]["excluded"], status["counts"]["quarantined"]) == (1, 0)
    assert listed(office, "--all") == [(ALICE, "Ann Lee", "ignored", 0)]
    office.done("quarantine", "retry", "Ann Lee")
    office.done("sync")
    (item,) = office.box.mailbox(ALICE).items("contacts")
    assert item.get("contacts:JobTitle") == f"Job {TRIES - 1}"
    assert office.json("status")[0]["counts"]["in_step"] == 1


REFUSED: Sequence[tuple[Sequence[str], Sequence[str]]] = [
    (["list", "eve@example.test"], ["No mailbox eve@example.test is served.", "syncd users add"]),
    (["retry"], ["It takes names or ids, or --all.", "Nothing is tried again", "quarantine list"]),
    (["retry", "Cid Bad", "--all"], ["names or ids, or --all.", "Nothing is tried again"]),
    (["retry", "Zoe"], ["Nothing called 'Zoe' is set aside or failing.", "quarantine list"]),
    (["retry", "Ann Lee"], ["Nothing called 'Ann Lee' is", "Nothing is tried again for it."]),
    (["retry", "Cid Bad", "Zoe"], ["Nothing called 'Zoe'", "Nothing is tried again for it."]),
    (["retry", "--all", "--mailbox", BOB], [NOTHING, "Nothing is tried again", "quarantine list"]),
    (["retry", "--all", "--mailbox", "eve@example.test"], ["No mailbox", "Nothing is tried again"]),
    (["ignore"], ["It takes names or ids.", "Nothing is left alone for it.", "quarantine list"]),
    (["ignore", "Zoe"], ["Nothing called 'Zoe'", "Nothing is left alone", "quarantine list"]),
    (["ignore", "--all"], ["No such option", "--all"]),
    (["forget", "Cid Bad"], ["No such command 'forget'"]),
]


def test_what_cannot_be_meant_changes_nothing(busy: Office) -> None:
    """Exit 4, and it says what happened, what is not done because of it, and what to type."""
    set_aside(busy, "Cid")
    before = busy.json("quarantine", "list", "--all")
    for words, said in REFUSED:
        result = busy.type("quarantine", *words)
        assert result.exit_code == 4, words
        assert all(each in result.stderr for each in said), (words, result.stderr)
        assert result.stdout == "", words
    assert busy.json("quarantine", "list", "--all") == before
    asked = busy.box.requests.counts["CreateItem"]
    busy.done("sync", ALICE)
    assert busy.box.requests.counts["CreateItem"] == asked


def test_a_name_that_several_go_by_is_asked_for_by_id(busy: Office) -> None:
    """Both are named with their ids, and nothing is done; by the beginning of one, that one is."""
    set_aside(busy, "Cid")
    busy.done("crm", "contact", "new", "--owner", BOB, "--first-name", "Cid", "--last-name", "Bad")
    assert busy.type("sync", BOB).exit_code == 1
    ids = {each["mailbox"]: each["id"] for each in busy.json("quarantine", "list")}
    result = busy.type("quarantine", "ignore", "Cid Bad")
    assert result.exit_code == 4
    assert "'Cid Bad' may be several:" in result.stderr
    assert all(f"{each}  Cid Bad, CRM record in " in result.stderr for each in ids.values())
    assert "Name one of them by its id." in result.stderr
    assert len(listed(busy)) == 2
    busy.done("quarantine", "ignore", ids[ALICE][:8])
    assert listed(busy) == [(BOB, "Cid Bad", "failing", 1)]
