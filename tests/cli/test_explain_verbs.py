"""`syncd explain` and `syncd alerts`, as a rep and an admin type them."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from syncd.cli import main
from tests.cli.crm_desk import REP, CrmDesk
from tests.cli.office import ALICE, BOB, Office, private_contact
from tests.sync.engine_words import engine_words


def ann(office: Office) -> str:
    """The id of the contact that the office begins with."""
    (found,) = office.json("crm", "contact", "list")
    return str(found["id"])


def test_a_rep_reads_one_sentence_then_the_chain(office: Office) -> None:
    """By name, by address, by an id or its beginning: why she is there."""
    office.done("sync")
    whole = office.done("explain", "Ann Lee")
    assert whole.startswith(
        f"Ann Lee is in the Outlook of {ALICE}: The rules for this mailbox put it there.\n"
    )
    for heading in ("In the CRM", "Does it belong in this mailbox?", "What was done", "Next"):
        assert f"\n{heading}\n" in whole
    assert f"      all of these: yes\n        owner eq @me: yes ({ALICE} owns it)\n" in whole
    assert "created in Outlook. It belongs in this mailbox and was not there.\n" in whole
    assert whole.endswith("Next\n  Nothing is to be done.\n")
    assert engine_words(whole) == []
    for reference in ("ann@contoso.test", ann(office), ann(office)[:8], "contact:Ann Lee"):
        assert office.done("explain", reference) == whole


def test_a_trace_has_codes_ids_versions_and_marks_for_an_admin(office: Office) -> None:
    """All that the words leave out, beneath them; and as JSON."""
    office.done("sync")
    traced = office.done("explain", "Ann Lee", "--trace")
    assert traced.startswith(office.done("explain", "Ann Lee"))
    for said in (ann(office), "code: belongs", "record_version", "mark agreed", "state live"):
        assert said in traced
    (told,) = office.json("explain", "Ann Lee")
    assert told["mailbox"] == ALICE
    assert (told["how"], told["code"]) == ("there", "belongs")
    assert told["record"]["id"] == ann(office)
    assert told["link"]["state"] == "live"
    assert {each["mark"] for each in told["groups"]} == {"agreed"}
    assert told["filters"][0]["holds"]
    assert told["operations"][0]["operation"] == "create-item"
    assert told["chain"]["next"] == ["Nothing is to be done."]


def test_all_mailboxes_that_could_have_it_are_told_or_the_one_that_is_named(
    office: Office,
) -> None:
    """It went from Alice to Bob: gone with one, to come with the other."""
    office.done("sync")
    office.done("users", "add", BOB, "--policy", "sales")
    assert f"not in the Outlook of {BOB}: It belongs to {ALICE}." in office.done(
        "explain", "Ann Lee", "--mailbox", BOB
    )
    for name in ("Cid", "Dora", "Eve"):
        office.done("crm", "contact", "new", "--owner", ALICE, "--last-name", name)
    office.done("sync")
    office.done("crm", "contact", "assign", "Ann Lee", "--owner", BOB)
    office.done("sync", ALICE)
    told = office.json("explain", "Ann Lee")
    assert [(each["mailbox"], each["code"]) for each in told] == [
        (ALICE, "not-owned"),
        (BOB, "next-run"),
    ]
    assert "put aside into the folder Former CRM contacts" in office.done("explain", "Ann Lee")


def test_what_was_deleted_can_be_asked_about(office: Office) -> None:
    """It keeps its name; and what never was is said not to be."""
    office.done("sync")
    office.done("crm", "contact", "delete", "Ann Lee")
    office.done("sync")
    assert office.done("explain", "Ann Lee").startswith(
        f"Ann Lee is not in the Outlook of {ALICE}: It was deleted in the CRM.\n"
    )
    nobody = office.type("explain", "Zed")
    assert nobody.exit_code == 4
    assert "syncd crm contact list --search" in nobody.output


def test_an_owner_without_a_mailbox_is_named(crm: CrmDesk) -> None:
    """Nobody is served who could have it: said in one sentence."""
    crm.done(f"contact new --owner {REP} --first-name Ann --last-name Lee")
    said = CliRunner().invoke(main, ["--config", str(crm.configuration), "explain", "Ann Lee"])
    assert said.exit_code == 0
    assert said.stdout == (
        "Ann Lee is in nobody's Outlook: none of the mailboxes that are served belongs to its "
        f"owner, {REP}.\n"
    )


def test_several_of_a_name_are_listed(office: Office) -> None:
    """With what tells them apart, and how to name one."""
    office.done(
        "crm", "contact", "new", "--owner", ALICE, "--first-name", "Ann", "--last-name", "Lee",
    )  # fmt: skip
    asked = office.type("explain", "Ann Lee")
    assert asked.exit_code == 4
    assert "may be several" in asked.output
    assert "by its id" in asked.output


def test_it_is_said_in_german_to_whom_reads_german(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the environment, ours before POSIX's; `held` and `plan` give their reasons in it, too."""
    for name in ("SYNCD_LANGUAGE", "LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "de_CH.UTF-8")
    assert "Es gehört in dieses Postfach und war nicht dort." in office.type("plan").output
    office.done("sync")
    assert office.done("explain", "Ann Lee").startswith(
        f"Ann Lee ist im Outlook von {ALICE}: Die Regeln für dieses Postfach wollen es dort.\n"
    )
    monkeypatch.setenv("SYNCD_LANGUAGE", "en")
    assert office.done("explain", "Ann Lee").startswith("Ann Lee is in the Outlook of")


def test_alerts_are_listed_counted_and_put_away(office: Office) -> None:
    """What is the matter, since when, where it likely comes from, and what to type."""
    assert office.done("alerts", "list") == "There are no alerts.\n"
    private_contact(office)
    assert office.type("sync").exit_code == 3
    shown = office.done("alerts", "list")
    assert f"info  {ALICE}: The first sync waits for approval; nothing was written." in shown
    assert f"syncd onboard {ALICE}" in shown
    assert f"{ALICE}: 1 alert. See: syncd alerts list" in office.done("status")
    assert office.json("status")[0]["alerts"] == 1
    (alert,) = office.json("alerts", "list")
    assert (alert["code"], alert["level"], alert["count"]) == ("first-contact", "info", 1)
    assert office.done("alerts", "dismiss", str(alert["id"])) == "1 dismissed.\n"
    assert office.json("alerts", "list") == []
    (kept,) = office.json("alerts", "list", "--all")
    assert kept["dismissed"]
    assert ", dismissed on " in office.done("alerts", "list", "--all")
    assert office.json("status")[0]["alerts"] == 0


def test_held_changes_have_their_likely_causes(office: Office) -> None:
    """Three of three leave: what was seen, and three causes; put away for one mailbox."""
    for name in ("Bob", "Cid"):
        office.done("crm", "contact", "new", "--owner", ALICE, "--last-name", name)
    office.done("sync")
    office.done("users", "add", BOB, "--policy", "sales")
    for contact in office.json("crm", "contact", "list"):
        office.done("crm", "contact", "assign", contact["id"], "--owner", BOB)
    office.type("sync", ALICE)
    shown = office.done("alerts", "list")
    assert "3 changes are held back" in shown
    assert "Likely: An account was given to somebody else" in shown
    assert engine_words(shown) == []
    assert office.done("alerts", "dismiss", "--all", "--mailbox", BOB) == "0 dismissed.\n"
    assert office.done("alerts", "dismiss", "--all", "--mailbox", ALICE) == "1 dismissed.\n"


@pytest.mark.parametrize(
    "words", [(), ("1", "--all"), ("1", "--mailbox", ALICE), ("99",)], ids=" ".join
)
def test_what_cannot_be_dismissed_is_said(office: Office, words: tuple[str, ...]) -> None:
    """Neither nothing, nor two things at once, nor what is not there."""
    refused = office.type("alerts", "dismiss", *words)
    assert refused.exit_code == 4
    assert "Nothing was dismissed." in refused.output
    assert "syncd alerts list" in refused.output
