"""What is held back, as an admin sees it and judges it: `breaker list | approve | discard`."""

from __future__ import annotations

import pytest

from syncd.cli.breaker import VERBS
from syncd.reconcile.breaker import Bounded
from syncd.sync import catalogue
from tests.cli.office import ALICE, BOB, Office

FIELDS = {
    "job-title": ("contacts:JobTitle", "Boss"),
    "department": ("contacts:Department", "Sales"),
    "mobile-phone": ("contacts:PhoneNumber:MobilePhone", "+1 425 555 0100"),
    "business-phone": ("contacts:PhoneNumber:BusinessPhone", "+1 425 555 0101"),
}


@pytest.fixture
def leaving(office: Office) -> Office:
    """All of Alice's contacts were given to Bob at once, which is held."""
    for name in ("Bob", "Cid"):
        office.done("crm", "contact", "new", "--owner", ALICE, "--last-name", name)
    office.done("sync")
    office.done("users", "add", BOB, "--policy", "sales")
    for contact in office.json("crm", "contact", "list"):
        office.done("crm", "contact", "assign", contact["id"], "--owner", BOB)
    assert office.type("sync", ALICE).exit_code == 3
    return office


def test_each_sort_that_is_bounded_can_be_named() -> None:
    """What the breaker counts is what --verb takes."""
    assert set(VERBS) == set(Bounded)


def test_what_is_held_is_told_with_its_likely_causes(leaving: Office) -> None:
    """How many, since when, what was seen, what would be done, why, and whose."""
    told = leaving.done("breaker", "list", ALICE)
    for each in (
        f"{ALICE}, move: 3 held since", "3 would be set aside in Outlook, because they belong",
        "Likely: An account was given to somebody else;", "Ann Lee",
        f"syncd breaker approve {ALICE} --verb move", f"syncd breaker discard {ALICE} --verb move",
    ):  # fmt: skip
        assert each in told
    (held,) = leaving.json("breaker", "list")
    assert (held["verb"], held["count"], held["reasons"]) == ("move", 3, {"left-scope": 3})
    assert {each["name"] for each in held["held"]} == {"Ann Lee", "Bob", "Cid"}
    assert f"syncd breaker list {ALICE}" in leaving.done("held")


def test_one_is_approved_by_name_and_the_rest_stays_held(leaving: Office) -> None:
    """Item by item; an id works as well as a name."""
    assert "Approved: 1" in leaving.done("breaker", "approve", ALICE, "ann lee")
    (report,) = leaving.json("sync", ALICE, exit_code=3)
    assert report["counts"]["outlook"]["moved"] == 1
    (held,) = leaving.json("breaker", "list")
    ids = [each["id"] for each in held["held"]]
    assert "Approved: 2" in leaving.done("breaker", "approve", ALICE, *ids)
    leaving.done("sync", ALICE)
    assert leaving.json("breaker", "list") == []
    assert "Nothing is held" in leaving.done("breaker", "approve", ALICE)


def test_what_is_decided_against_stays_in_place(leaving: Office) -> None:
    """Nothing is moved; it is said what becomes of them instead."""
    told = leaving.done("breaker", "discard", ALICE, "--verb", "move")
    assert "Decided against: 3" in told
    assert catalogue.text("instead.move") in told
    leaving.done("sync", ALICE)
    assert len(leaving.box.mailbox(ALICE).items("contacts")) == 3
    assert leaving.json("held") == []
    assert "Nothing is held" in leaving.done("breaker", "discard", ALICE)


def test_an_edit_that_empties_much_names_the_fields(office: Office) -> None:
    """One edit of a phone; and where the server is away, the rest is told without them."""
    options = [word for name, (_, value) in FIELDS.items() for word in (f"--{name}", value)]
    office.done("crm", "contact", "edit", "Ann Lee", *options)
    office.done("sync")
    (item,) = office.box.mailbox(ALICE).items("contacts")
    office.box.mailbox(ALICE).update(item.id, {key: None for key, _ in FIELDS.values()})
    assert office.type("sync").exit_code == 3
    (held,) = office.json("breaker", "list")
    (ann,) = held["held"]
    assert (ann["name"], ann["reason"], len(ann["empties"])) == ("Ann Lee", "emptied", 4)
    assert "Ann Lee: empties" in office.done("breaker", "list")
    office.configure("http://127.0.0.1:9/EWS/Exchange.asmx")
    result = office.type("breaker", "list")
    assert result.exit_code == 0
    assert "cannot be read now" in result.stderr
    office.configure(office.box.url)
    office.done("breaker", "discard", ALICE)
    office.done("sync")
    (item,) = office.box.mailbox(ALICE).items("contacts")
    assert item["contacts:JobTitle"] == "Boss"


def test_what_is_private_cannot_be_decided_against(office: Office) -> None:
    """P7: refused, with what to type."""
    office.done("sync")
    his = office.box.mailbox(ALICE)
    made = [his.add("contacts", {"contacts:Surname": f"N{n}", "item:Categories": ["CRM"]})
            for n in range(3)]  # fmt: skip
    office.done("sync")
    for each in made:
        his.update(each.id, {"item:Sensitivity": "Private"})
    (item,) = (each for each in his.items("contacts") if each.get("contacts:GivenName") == "Ann")
    his.update(item.id, {"item:Sensitivity": "Private"})
    assert office.type("sync").exit_code == 3
    result = office.type("breaker", "discard", ALICE)
    assert result.exit_code == 4
    assert f"syncd breaker approve {ALICE} --verb withdraw" in result.stderr


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["approve", ALICE, "Nobody"], "is not held"),
        (["discard", BOB], "No mailbox"),
        (["approve", ALICE, "--verb", "fly"], "fly"),
        (["list", "carol@example.test"], "No mailbox"),
    ],
)
def test_a_mistake_is_explained(office: Office, words: list[str], says: str) -> None:
    """Exit 4."""
    result = office.type("breaker", *words)
    assert (result.exit_code, says in result.stderr) == (4, True), result.output


@pytest.mark.parametrize("verdict", ["approve", "discard"])
def test_one_change_is_judged_in_all_mailboxes(office: Office, verdict: str) -> None:
    """It is told as one, by its number, and one command is for all of them."""
    path = office.folder / "syncd.toml"
    more = """filter = "parentaccount/statecode eq 'active'"
[policies.sales.breaker]
cause = 3
"""
    path.write_text(path.read_text() + more)
    office.done("users", "add", BOB, "--policy", "sales")
    office.done("crm", "account", "new", "Contoso", "--owner", ALICE)
    for name in ("Bea", "Cid"):
        office.done(
            "crm", "contact", "new", "--owner", ALICE, "--last-name", name, "--account", "Contoso"
        )
    office.done("sync")
    office.done("crm", "account", "deactivate", "Contoso")
    assert office.type("sync").exit_code == 3
    found = office.json("breaker", "list")
    (number,) = {one["cause"] for each in found for one in each["held"]}
    assert len(found) == 2
    assert f"Change {number} concerns 4 of these, in 2 mailboxes." in office.done("breaker", "list")
    none = office.type("breaker", verdict, "--cause", "999")
    assert (none.exit_code, "Nothing is held of a change" in none.stderr) == (4, True)
    assert office.type("breaker", verdict).exit_code == 4
    office.done("breaker", verdict, "--cause", str(number))
    office.done("sync")
    assert office.json("breaker", "list") == []
    left = [len(office.box.mailbox(each).items("contacts")) for each in (ALICE, BOB)]
    assert left == ([0, 0] if verdict == "approve" else [2, 2])
