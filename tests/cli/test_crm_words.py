"""What people type, and how it is understood: values, names, addresses; and what is refused."""

from __future__ import annotations

import pytest

from tests.cli.crm_desk import BOSS, REP, CrmDesk

NEW = f"--owner {REP}"
LEAD = f"lead new --topic Mice --first-name Al --last-name Ng {NEW}"
MEETING = f"appointment new --subject Fair {NEW}"

# what is typed, the field, what it is taken for
UNDERSTOOD = [
    (f"{LEAD} --source 'Trade-Show'", "leadsourcecode", "trade show"),
    (f"{LEAD} --value 12,000.50", "estimatedamount", "12000.50"),
    (f"{LEAD} --set estimated-value=7", "estimatedamount", "7.00"),
    (f"{LEAD} --close-date 2026-12-31", "estimatedclosedate", "2026-12-31"),
    (f"{MEETING} --start 2026-12-01T10:00Z --end '2026-12-01 12:00+01:00'", "scheduledend",
     "2026-12-01T11:00:00+00:00"),
    (f"{MEETING} --start 2026-12-01 --end 2026-12-02 --set isalldayevent=Yes",
     "isalldayevent", True),
    (f"{MEETING} --start 2026-12-01 --end 2026-12-02 --no-all-day", "isalldayevent", False),
    (f"task new --subject A {NEW} --percent-complete 25", "percentcomplete", 25),
    (f"task new --subject A {NEW} --status in-progress", "statuscode", "in progress"),
]  # fmt: skip
# what is typed, what is said of it, what to do
REFUSED = [
    (f"{LEAD} --value 12,5", "'12,5' is not an amount", "12000.50"),
    (f"{LEAD} --value EUR5", "not an amount", "without a currency"),
    (f"{LEAD} --value 0.001", "more than two decimal places", "try again"),
    (f"{LEAD} --rating wram", "'wram' is none of hot, warm, cold", "Did you mean 'warm'?"),
    (f"{LEAD} --close-date 31.12.2026", "'31.12.2026' is not a day", "2026-12-31"),
    (f"{LEAD} --status qualified", "'qualified' is not one of new, contacted", "one of these"),
    (f"{LEAD} --account Nowhere", "There is no account 'Nowhere'", "syncd crm account list"),
    (f"{LEAD} --set topik=a", "A lead has no field 'topik'", "topic"),
    (f"lead new --topic Mice {NEW}", "A lead needs a value for First name", "--first-name"),
    (f"lead new {NEW}", "The lead is empty", "--topic, --first-name, --last-name"),
    ("lead new --topic A --first-name B --last-name C", "Nobody is named as its owner", "--owner"),
    (f"{MEETING} --start tomorrow --end 2026-12-01", "'tomorrow' is not a time", "time zone"),
    (f"{MEETING} --start 2026-12-01", "An appointment needs a value for End", "--end"),
    (f"task new --subject A {NEW} --percent-complete half", "not a whole number", "digits"),
    (f"task new --subject A {NEW} --due 99999-01-01", "not a time", "2026-12-31 14:00"),
    (f"account new A --name B {NEW}", "Two names are typed", "--name NAME"),
    (f"email new {NEW}", "The e-mail is empty", "--subject"),
    (f"email new --subject A --to nobody {NEW}", "no user, contact, account or lead 'nobody'",
     "e-mail address"),
    (f"email new --subject A --sender a@x.test --sender b@x.test {NEW}", "there is one sender",
     "try again"),
    ("contact edit x1", "There is no contact 'x1'", "contact list --search"),
    ("access set contact --read own --write team", "cannot be changed", "--write own"),
    ("access set contact --read own --write own --field nickname", "for nobody", "organisation"),
    ("access clear contact", "There is no such rule", "access list"),
    ("team put Nope rep@example.test", "There is no team 'Nope'", "team list"),
    ("--as x@y.test lead list", "There is no user 'x@y.test'", "users list"),
    ("--as rep@example.test team new A", "the organisation's", "--as"),
]  # fmt: skip


@pytest.mark.parametrize(("line", "field", "value"), UNDERSTOOD)
def test_a_value_is_understood_as_people_write_it(
    crm: CrmDesk, line: str, field: str, value: object
) -> None:
    """Options in any case, amounts with thousands, times with a zone or without."""
    assert crm.json(line)[field] == value


@pytest.mark.parametrize(("line", "what", "todo"), REFUSED)
def test_a_refusal_says_what_happened_and_what_to_type(
    crm: CrmDesk, line: str, what: str, todo: str
) -> None:
    """Three sentences or more on standard error, exit status 4, and nothing was written."""
    said = crm.refused(line)
    assert what in said
    assert todo in said.splitlines()[-1]
    assert len(said.splitlines()) >= 3
    assert crm.json("lead list") == crm.json("email list") == crm.json("team list") == []


def test_a_time_without_a_zone_is_this_machines(
    crm: CrmDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And a time that the clocks leave out in spring is refused rather than moved."""
    import time

    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    try:
        made = crm.json(f"task new --subject A --due '2026-12-31 14:00' {NEW}")
        assert made["scheduledend"] == "2026-12-31T13:00:00+00:00"
        assert "2026-12-31 14:00" in crm.done("task show A")
        said = crm.refused(f"task new --subject B --due '2026-03-29 02:30' {NEW}")
        assert "leave out" in said
    finally:
        monkeypatch.undo()
        time.tzset()


def test_a_name_is_looked_up_among_all_that_it_may_be(crm: CrmDesk) -> None:
    """Ambiguity is explained with the ids; a sort before the name settles it."""
    account = crm.id(f"account new Contoso {NEW}")
    contact = crm.id(f"contact new --last-name Contoso {NEW}")
    sale = f"opportunity new --topic PCs {NEW} --customer"
    said = crm.refused(f"{sale} Contoso")
    assert "'Contoso' may be several records:" in said
    assert f"account:{account}  Contoso" in said
    assert f"contact:{contact}  Contoso" in said
    assert 'say which sort it is: "account:NAME"' in said
    assert crm.json(f"{sale} contact:Contoso")["customerid"] == f"contact:{contact}"
    assert crm.json(f"{sale} {account[:8]}")["customerid"] == f"account:{account}"
    crm.done("account deactivate Contoso")  # what is in use goes before what is not
    assert crm.json(f"{sale} contoso")["customerid"] == f"contact:{contact}"
    near = crm.refused(f"{sale} Conto")
    assert "There is no account or contact 'Conto'. Like it there is:" in near
    assert account in near


def test_a_verb_never_guesses_among_several(crm: CrmDesk, clay: str) -> None:
    """Not even when one of them is closed."""
    twin = crm.id(f"lead new --topic B --first-name Robert --last-name Clay {NEW}")
    crm.done(f"lead disqualify {twin} --reason lost")
    said = crm.refused("lead qualify 'Robert Clay'")
    assert clay in said
    assert f"{twin}  Robert Clay, B, disqualified" in said


def test_parties_are_records_users_and_addresses(crm: CrmDesk) -> None:
    """A known address is the record that has it; `address:` keeps it as it is; edits replace."""
    kim = crm.id(f"contact new --first-name Kim --last-name Lee --email kim@x.test {NEW}")
    made = crm.json(
        f"email new --subject Hello {NEW} --to 'Kim Lee' --to new@x.test --cc {BOSS}"
        " --bcc address:kim@x.test --cc 'Al Ng <al@x.test>'"
    )
    parties = {(p["role"], p["target"], p["name"], p["address"]) for p in made["parties"]}
    assert {
        ("to", f"contact:{kim}", "Kim Lee", None),
        ("to", None, None, "new@x.test"),
        ("cc", None, "Al Ng", "al@x.test"),
        ("bcc", None, None, "kim@x.test"),
    } <= parties
    assert {role for role, _, name, _ in parties if name == REP} == {"sender", "owner"}
    changed = crm.json("email edit Hello --to kim@x.test --clear cc")
    now = {(p["role"], p["name"] or p["address"]) for p in changed["parties"]}
    assert now == {("sender", REP), ("to", "Kim Lee"), ("bcc", "kim@x.test"), ("owner", REP)}
    assert changed["version"] == 2
    assert "Kim Lee (contact" in crm.done("email show Hello")


def test_stored_words_cannot_command_the_terminal(crm: CrmDesk) -> None:
    """Names come from mailboxes: they are printed without what steers."""
    evil = "\x1b[2JEvil"
    crm.done(f"account new '{evil}' {NEW}")
    crm.done(f"contact new --last-name '{evil}' --account '{evil}' {NEW}")
    crm.done(f"contact new --last-name '{evil}' {NEW}")
    for line in ("account list", f"account tree '{evil}'", "contact list", "duplicates"):
        assert "\x1b" not in crm.done(line)
    assert "\x1b" not in crm.refused(f"contact show '{evil}'")
