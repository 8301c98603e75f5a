"""Conflicts, as an admin sees and decides them: `conflicts list | show | resolve`."""

from __future__ import annotations

from pathlib import Path

import pytest

from syncd.reconcile.oscillation import TURNS
from tests.cli.office import ALICE, Office

ROOT = Path(__file__).parents[2]
MOBILE = "contacts:PhoneNumber:MobilePhone"
ASK = 'conflict = "ask"'


@pytest.fixture
def disputed(office: Office) -> Office:
    """Ann and Bob are in step; then the mobile numbers of both are changed on both sides."""
    path = office.folder / "syncd.toml"
    path.write_text(f"{path.read_text()}{ASK}\n")
    office.done(
        "crm", "contact", "new", "--owner", ALICE, "--last-name", "Bob", "--email", "b@x.test"
    )
    office.done("sync")
    for item in office.box.mailbox(ALICE).items("contacts"):
        office.box.mailbox(ALICE).update(item.id, {MOBILE: "+1 425 555 0133"})
    for name in ("Ann Lee", "Bob"):
        office.done("crm", "contact", "edit", name, "--mobile-phone", "+1 425 555 0122")
    assert office.type("sync").exit_code == 3  # somebody is asked
    return office


def mobiles(office: Office) -> dict[str, set[object]]:
    """The numbers on either side."""
    crm = {
        office.json("crm", "contact", "show", each["id"])["mobilephone"]
        for each in office.json("crm", "contact", "list")
    }
    outlook = {item[MOBILE] for item in office.box.mailbox(ALICE).items("contacts")}
    return {"crm": crm, "outlook": outlook}


def test_a_conflict_is_listed_shown_and_resolved(disputed: Office) -> None:
    """Both values by name and field; the answer is said, carried out, and what lost is kept."""
    found = disputed.json("conflicts", "list", ALICE)
    ann = next(each for each in found if each["name"] == "Ann Lee")
    assert ann["held"] == {
        "outlook": {"mobilephone": "+1 425 555 0133"}, "crm": {"mobilephone": "+1 425 555 0122"},
    }  # fmt: skip
    listed = disputed.done("conflicts", "list")
    for each in ("Ann Lee", "Mobile phone", "+1 425 555 0133", "+1 425 555 0122"):
        assert each in listed
    number = str(ann["id"])
    assert "In the CRM now" in disputed.done("conflicts", "show", number)
    assert "syncd conflicts list" in disputed.done("held")
    told = disputed.done("conflicts", "resolve", number, "--outlook")
    assert "Ann Lee, Mobile phone: Outlook counts." in told
    assert "Outlook counts" in disputed.done("conflicts", "list")
    assert disputed.type("sync").exit_code == 3  # somebody is asked
    assert [each["name"] for each in disputed.json("conflicts", "list")] == ["Bob"]
    (kept,) = (e for e in disputed.json("conflicts", "list", "--all") if e["state"] == "kept")
    assert kept["held"] == {"crm": {"mobilephone": "+1 425 555 0122"}}
    disputed.done("conflicts", "resolve", str(kept["id"]), "--restore")
    assert disputed.type("sync").exit_code == 3  # Bob is asked about still
    ann_now = disputed.json("crm", "contact", "show", "Ann Lee")
    assert ann_now["mobilephone"] == "+1 425 555 0122"
    assert "brought back" in disputed.done("conflicts", "list", "--all")


def test_what_is_private_by_now_is_not_brought_back(disputed: Office) -> None:
    """P7, P13: it says so, and the CRM keeps what it holds."""
    disputed.done("conflicts", "resolve", "--crm", "--mailbox", ALICE, "--yes")
    disputed.done("sync")
    kept = disputed.json("conflicts", "list", "--all")
    for item in disputed.box.mailbox(ALICE).items("contacts"):
        disputed.box.mailbox(ALICE).update(item.id, {"item:Sensitivity": "Private"})
    disputed.done("sync")
    before = mobiles(disputed)["crm"]
    refused = disputed.type("conflicts", "resolve", str(kept[0]["id"]), "--restore")
    assert refused.exit_code == 4
    assert "made it private; nothing is left to bring back." in refused.stderr
    assert mobiles(disputed)["crm"] == before != {None}


def test_many_are_resolved_by_a_filter(disputed: Office) -> None:
    """It is counted first, exit 3 and nothing done; --yes goes on."""
    words = ("conflicts", "resolve", "--crm", "--where", "owner eq @me", "--field", "mobile-phone")
    result = disputed.type(*words)
    assert result.exit_code == 3
    assert "This means 2 conflicts: Ann Lee (Mobile phone), Bob (Mobile phone)." in result.stderr
    one = disputed.type("conflicts", "resolve", "--crm", "--where", "lastname eq 'Bob'")
    assert "This means 1 conflict: Bob" in one.stderr
    disputed.done(*words, "--yes")
    disputed.done("sync")
    assert mobiles(disputed) == {"crm": {"+1 425 555 0122"}, "outlook": {"+1 425 555 0122"}}
    assert disputed.done("conflicts", "list").startswith("There is no conflict to decide.")


def test_a_value_of_ones_own(disputed: Office) -> None:
    """It is in the CRM at once, and in Outlook with the next sync."""
    disputed.done(
        "conflicts", "resolve", "--value", "+1 425 555 0199", "--mailbox", ALICE, "--yes"
    )  # fmt: skip
    assert mobiles(disputed)["crm"] == {"+1 425 555 0199"}
    disputed.done("sync")
    assert mobiles(disputed)["outlook"] == {"+1 425 555 0199"}


def test_a_value_for_fields_that_are_decided_together(office: Office) -> None:
    """Each is named; those that are not keep what the CRM holds."""
    path = office.folder / "syncd.toml"
    path.write_text(f"{path.read_text()}{ASK}\n")
    office.done("sync")
    (item,) = office.box.mailbox(ALICE).items("contacts")
    office.box.mailbox(ALICE).update(item.id, {"contacts:Surname": "Ray"})
    office.done("crm", "contact", "edit", "Ann Lee", "--last-name", "Moe")
    assert office.type("sync").exit_code == 3  # somebody is asked
    (each,) = office.json("conflicts", "list")
    number = str(each["id"])
    for value, says in (("Poe", "names none of them"), ("job-title=Boss", "is none of")):
        result = office.type("conflicts", "resolve", number, "--value", value)
        assert (result.exit_code, says in result.stderr) == (4, True), result.stderr
    office.done("conflicts", "resolve", number, "--value", "last-name=Poe")
    office.done("sync")
    (item,) = office.box.mailbox(ALICE).items("contacts")
    assert (item["contacts:GivenName"], item["contacts:Surname"]) == ("Ann", "Poe")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["1"], "which value counts"),
        (["1", "--crm", "--restore"], "which value counts"),
        (["--crm"], "which conflicts are meant"),
        (["1", "--crm", "--mailbox", ALICE], "Both numbers and"),
        (["999", "--crm"], "There is no conflict 999"),
        (["--restore", "--mailbox", ALICE], "one by one"),
        (["--crm", "--where", "lastnam eq 'x'"], "lastname"),
        (["--crm", "--mailbox", "carol@example.test"], "No mailbox"),
        (["--crm", "--mailbox", ALICE, "--field", "shoe"], "has no field"),
        (["--value", "x", "--value", "y", "--mailbox", ALICE, "--yes"], "has one value"),
    ],
)
def test_a_mistake_is_explained(disputed: Office, words: list[str], says: str) -> None:
    """Exit 4, what happened, and nothing is decided."""
    result = disputed.type("conflicts", "resolve", *words)
    assert (result.exit_code, says in result.stderr) == (4, True), result.output
    assert {each["answered"] for each in disputed.json("conflicts", "list")} == {None}


@pytest.fixture
def frozen(office: Office, monkeypatch: pytest.MonkeyPatch) -> Office:
    """A dialler in the CRM and a phone in Outlook have undone each other's number of Ann."""
    monkeypatch.setenv("LOGNAME", "dialler")
    edit = ("crm", "contact", "edit", "Ann Lee", "--mobile-phone", "+31 20 111 11 11")
    office.done(*edit)
    office.done("sync")
    for _ in range(TURNS // 2):
        (item,) = office.box.mailbox(ALICE).items("contacts")
        office.box.mailbox(ALICE).update(item.id, {MOBILE: "0031-20-2222222"})
        office.done("sync")
        office.done(*edit)
        last = office.type("sync")
    assert last.exit_code == 3  # somebody is asked
    return office


@pytest.mark.parametrize("words", [("conflicts", "list"), ("explain", "Ann Lee")], ids=" ".join)
def test_the_manual_shows_what_is_frozen_as_it_is_told(
    frozen: Office, words: tuple[str, ...]
) -> None:
    """Line by line: both writers are named, and what to type."""
    manual = (ROOT / "docs" / "answering.md").read_text(encoding="utf-8")
    said = " ".join(f'"{each}"' if " " in each else each for each in words)
    block = manual.partition(f"$ syncd {said}\n")[2].partition("```")[0]
    lines = [line for line in block.splitlines() if line != "…"]
    assert len(lines) > 4
    told = [line.rstrip() for line in frozen.done(*words).splitlines()]
    assert [line for line in told if line in lines] == lines


def test_what_is_frozen_is_resolved_like_any_conflict(frozen: Office) -> None:
    """The answer is carried out by the next sync; what lost is kept, and nothing is open."""
    (each,) = frozen.json("conflicts", "list")
    assert (each["reason"], each["writer"]) == ("frozen", "user:dialler")
    frozen.done("conflicts", "resolve", str(each["id"]), "--outlook")
    frozen.done("sync")
    assert mobiles(frozen) == {"crm": {"0031-20-2222222"}, "outlook": {"0031-20-2222222"}}
    assert frozen.json("conflicts", "list") == []
