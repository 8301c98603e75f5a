"""What waits for a person, as an admin sees it and lets it go: `onboard`, `held`, `approve`."""

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


def test_an_approval_without_a_look_shows_it_first(office: Office) -> None:
    """Nobody had looked: the proposal is told, then carried out."""
    private_contact(office)
    assert "the first sync" in office.done("onboard", ALICE, "--approve")
    assert len(office.box.mailbox(ALICE).items("contacts")) == 2


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
