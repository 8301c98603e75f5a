"""What waits for a person, as an admin sees it and lets it go: `onboard`, `held`."""

from __future__ import annotations

from tests.cli.office import ALICE, BOB, Office, private_contact


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


def test_a_first_sync_is_shown_by_name(office: Office) -> None:
    """Pairs with what is replaced, added and stays; doubts; who would be created where (P12)."""
    his = office.box.mailbox(ALICE)
    for given, more in (
        ("Bea", {"contacts:JobTitle": "Boss", "contacts:SpouseName": "Bo"}),
        ("Cid", {}),
        ("Cid", {}),
    ):
        address = f"{given.lower()}@contoso.test"
        name = {"contacts:GivenName": given, "contacts:Surname": "Lee"}
        mail = {"contacts:EmailAddress:EmailAddress1": address}
        his.add("contacts", {**name, **mail, **more})
    his.add("contacts", {"contacts:Surname": "Ray", "item:Categories": ["CRM"]})
    for given, more_words in (("Bea", ["--job-title", "Chair"]), ("Cid", [])):
        office.done(
            "crm", "contact", "new", "--owner", ALICE, "--first-name", given, "--last-name", "Lee",
            "--email", f"{given.lower()}@contoso.test", *more_words,
        )  # fmt: skip
    shown = office.type("onboard", ALICE)
    assert shown.exit_code == 3
    lines = [" ".join(line.split()) for line in shown.stdout.splitlines()]
    assert "Bea Lee Job title Spouse or partner" in lines
    assert any(line.startswith("Cid Lee Cid Lee, Cid Lee It is not clear") for line in lines)
    assert lines[lines.index("Would be created in Outlook (1)") + 2] == "Ann Lee"
    assert lines[lines.index("Would be created in the CRM (1)") + 2] == "Ray"
    told = office.json("onboard", ALICE, exit_code=3)
    assert told["doubtful"] == [
        {"name": "Cid Lee", "reason": "doubtful-match", "could_be": ["Cid Lee", "Cid Lee"]}
    ]
    (bea,) = (each for each in told["work"] if each["name"] == "Bea Lee")
    assert (bea["kept"], bea["stays"]) == (["Job title"], ["Spouse or partner"])
    assert len(his.items("contacts")) == 4


def test_long_lists_of_a_first_sync_are_cut(office: Office) -> None:
    """The first twenty, and how many more; all of them on demand."""
    private_contact(office)
    for n in range(20):
        office.done("crm", "contact", "new", "--owner", ALICE, "--last-name", f"Number{n}")
    shown = office.type("onboard", ALICE).stdout
    assert "Would be created in Outlook (21)" in shown
    assert "… and 1 more" in shown
    assert shown.count("Number") == 19
    assert office.type("onboard", ALICE, "--all").stdout.count("Number") == 20


def test_an_approval_without_a_look_shows_it_first(office: Office) -> None:
    """Nobody had looked: the proposal is told, then carried out."""
    private_contact(office)
    assert "the first sync" in office.done("onboard", ALICE, "--approve")
    assert len(office.box.mailbox(ALICE).items("contacts")) == 2


def test_held_changes_are_listed_and_let_go(office: Office) -> None:
    """Three of three contacts leaving at once are held: exit 3, until they are let go."""
    for name in ("Bob", "Cid"):
        office.done("crm", "contact", "new", "--owner", ALICE, "--last-name", name)
    office.done("sync")
    office.done("users", "add", BOB, "--policy", "sales")
    for contact in office.json("crm", "contact", "list"):
        office.done("crm", "contact", "assign", contact["id"], "--owner", BOB)
    assert office.json("sync", ALICE, exit_code=3)[0]["counts"]["held"] == 3
    assert {each["verb"] for each in office.json("held", ALICE)} == {"move"}
    office.done("breaker", "approve", ALICE)
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
    assert office.done("held").count(f"syncd breaker list {ALICE}") == 1
    office.done("breaker", "approve", ALICE)
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
    assert "syncd questions list" in office.done("held")
    assert len(office.box.mailbox(ALICE).items("contacts")) == 2
