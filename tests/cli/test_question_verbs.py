"""Who is who, as an admin is asked and answers: `questions list | show | answer`."""

from __future__ import annotations

from typing import Any

import pytest

from tests.cli.office import ALICE, BOB, Office

ANN: dict[str, Any] = {
    "contacts:GivenName": "Ann",
    "contacts:Surname": "Lee",
    "contacts:EmailAddress:EmailAddress1": "ann@contoso.test",
}
BOSS = {**ANN, "contacts:JobTitle": "Boss"}


@pytest.fixture
def asked(office: Office) -> Office:
    """Ann is in the CRM once and in Outlook twice: nobody guesses which of the two she is (P3)."""
    for each in (ANN, BOSS):
        office.box.mailbox(ALICE).add("contacts", each)
    assert office.type("onboard", ALICE, "--approve").exit_code == 3
    return office


def items(office: Office) -> list[Any]:
    """What is in Alice's Outlook."""
    return office.box.mailbox(ALICE).items("contacts")


def question(office: Office) -> str:
    """The number of the only question."""
    (each,) = office.json("questions", "list")
    return str(each["id"])


def test_a_question_is_listed_and_shown_side_by_side(asked: Office) -> None:
    """By name; and, read from Outlook there and then, what is alike and what differs (P14)."""
    (each,) = asked.json("questions", "list", ALICE)
    assert (each["name"], each["reason"], len(each["candidates"])) == (
        "Ann Lee", "doubtful-match", 2,
    )  # fmt: skip
    assert "Ann Lee" in asked.done("questions", "list")
    shown = asked.done("questions", "show", str(each["id"]))
    lines = [" ".join(line.split()) for line in shown.splitlines()]
    assert "≠ Job title (empty) (empty) Boss" in lines or (
        "≠ Job title (empty) Boss (empty)" in lines
    )
    assert "First name Ann Ann Ann" in lines
    assert "syncd questions answer" in shown
    told = asked.json("questions", "show", str(each["id"]))
    assert {c["name"] for c in told["candidates"]} == {"Ann Lee"}
    store = (asked.folder / "syncd.db").read_bytes()
    assert b"Boss" not in store


def test_link_ties_the_one_that_is_meant(asked: Office) -> None:
    """The other one stays as it is, and nobody is doubled."""
    number = question(asked)
    told = asked.json("questions", "show", number)
    at = next(
        n for n, c in enumerate(told["candidates"], 1) if c["values"].get("jobtitle") == "Boss"
    )
    refused = asked.type("questions", "answer", number, "link")
    assert (refused.exit_code, "any of 2" in refused.stderr) == (4, True)
    asked.done("questions", "answer", number, "link", str(at))
    asked.done("sync")
    assert asked.json("crm", "contact", "show", "Ann Lee")["jobtitle"] == "Boss"
    assert len(items(asked)) == 2
    assert asked.json("questions", "list") == []
    assert asked.type("questions", "show", number).exit_code == 4


def test_until_the_next_sync_it_is_answered_anew(asked: Office) -> None:
    """The last answer counts: here it is somebody new."""
    number = question(asked)
    asked.done("questions", "answer", number, "link", "1")
    asked.done("questions", "answer", number, "create")
    assert asked.json("questions", "list") == []
    (said,) = asked.json("questions", "list", "--answered")
    assert (said["answer"], said["waits"]) == ("create", True)
    asked.done("sync")
    assert len(items(asked)) == 3
    assert asked.json("questions", "list", "--answered") == []


@pytest.mark.parametrize("answer", ["ignore", "never"])
def test_left_alone_and_taken_back(asked: Office, answer: str) -> None:
    """Nothing is created; it is listed as answered, and asked again on demand."""
    number = question(asked)
    asked.done("questions", "answer", number, answer)
    asked.done("sync")
    assert len(items(asked)) == 2
    assert asked.json("questions", "list") == []
    (said,) = asked.json("questions", "list", "--answered")
    assert (said["answer"], said["waits"], said["name"]) == (answer, False, "Ann Lee")
    asked.done("crm", "contact", "edit", "Ann Lee", "--nickname", "Annie")
    asked.type("sync")
    assert len(asked.json("questions", "list")) == (answer == "ignore")
    if answer == "never":
        asked.done("questions", "answer", number, "ask")
        assert asked.type("sync").exit_code == 3
        assert len(asked.json("questions", "list")) == 1


def test_an_item_that_is_doubtful_is_compared_with_the_crm(office: Office) -> None:
    """Alice tracks an Ann; the CRM has two of them. It is one of these, by its id."""
    office.done("sync")
    for name in ("Bea", "Bea"):
        office.done(
            "crm", "contact", "new", "--owner", ALICE, "--first-name", name, "--last-name", "Ray",
            "--mobile-phone", "+1 425 555 0100",
        )  # fmt: skip
    office.done("users", "add", BOB, "--policy", "sales")
    for each in office.json("crm", "contact", "list"):
        if each["firstname"] == "Bea":
            office.done("crm", "contact", "assign", each["id"], "--owner", BOB)
    bea: dict[str, Any] = {
        "contacts:GivenName": "Bea", "contacts:Surname": "Ray", "item:Categories": ["CRM"],
        "contacts:PhoneNumber:MobilePhone": "+1 425 555 0100",
    }  # fmt: skip
    office.box.mailbox(ALICE).add("contacts", bea)
    assert office.type("sync", ALICE).exit_code == 3
    (each,) = office.json("questions", "list")
    assert (each["about"], each["name"], len(each["candidates"])) == ("item", "Bea Ray", 2)
    assert "In the CRM: 2" in office.done("questions", "show", str(each["id"]))
    chosen = each["candidates"][1]
    office.done("questions", "answer", str(each["id"]), "link", chosen)
    office.done("sync", ALICE)
    assert len(office.json("crm", "contact", "list")) == 3
    assert office.json("questions", "list") == []


def test_one_that_is_here_already_is_not_tied_twice(office: Office) -> None:
    """Linked here: it says what to do instead (P3)."""
    office.done("sync")
    office.box.mailbox(ALICE).add("contacts", {**ANN, "item:Categories": ["CRM"]})
    assert office.type("sync").exit_code == 3
    (each,) = office.json("questions", "list")
    assert each["reason"] == "linked-here"
    result = office.type("questions", "answer", str(each["id"]), "link")
    assert (result.exit_code, "Delete one of the two" in result.stderr) == (4, True)
    office.done("questions", "answer", str(each["id"]), "create")
    office.done("sync")
    assert len(office.json("crm", "contact", "list")) == 2


def test_a_server_that_is_away_is_told_as_such(asked: Office) -> None:
    """Exit 5: what could be meant cannot be shown, and nothing was done."""
    number = question(asked)
    asked.configure("http://127.0.0.1:9/EWS/Exchange.asmx")
    result = asked.type("questions", "show", number)
    assert result.exit_code == 5
    assert "cannot be read now" in result.stderr


def test_an_answer_that_makes_no_sense_is_refused(asked: Office) -> None:
    """Exit 4; the question stays."""
    number = question(asked)
    for words, says in (
        (["999", "create"], "no question 999"),
        (["99999999999", "create"], "not in the range"),
        ([number, "create", "1"], "nobody else"),
        ([number, "link", "7"], "none of those"),
        ([number, "perhaps"], "perhaps"),
    ):
        result = asked.type("questions", "answer", *words)
        assert (result.exit_code, says in result.stderr) == (4, True), result.output
    assert question(asked) == number
