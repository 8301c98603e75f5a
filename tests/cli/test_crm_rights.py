"""Likely duplicates, and what a user may do: tried with --as."""

from __future__ import annotations

import pytest

from syncd.cli.errors import Exit
from tests.cli.crm_desk import BOSS, REP, CrmDesk

KIM = "--first-name Kim --last-name Lee --email kim@fabrikam.test"


def test_a_new_contact_tells_of_who_is_like_it(crm: CrmDesk) -> None:
    """It is created; --unless-like refuses instead, exit status 3."""
    first = crm.id(f"contact new {KIM} --owner {REP}")
    said = crm.refused(f"contact new {KIM} --owner {BOSS} --unless-like", Exit.HELD)
    assert f"{first}  Kim Lee" in said
    assert "1.00: An e-mail address is the same (e-mail)." in said
    refused = crm.json(f"contact new {KIM} --owner {BOSS} --unless-like", Exit.HELD)
    assert [each["id"] for each in refused["duplicates"]] == [first]
    assert len(crm.json("contact list")) == 1

    told = crm.done(f"contact new {KIM} --owner {BOSS}")
    assert told.startswith("Created Kim Lee (")
    assert "It may be there twice now." in told
    assert f"syncd crm contact merge {first[:8]} " in told
    made = crm.json(f"contact new {KIM} --owner {BOSS}")
    assert first in [each["id"] for each in made["like"]]


def test_pairs_are_listed_with_score_and_reason(crm: CrmDesk) -> None:
    """Of one sort or of all, from a score on."""
    assert crm.done("duplicates") == "Nothing seems to be there twice.\n"
    crm.done(f"contact new {KIM} --owner {REP}")
    crm.done(f"contact new {KIM} --owner {BOSS}")
    crm.done(f"account new Fabrikam --owner {REP}")
    crm.done(f"account new 'Fabrikan' --owner {REP}")
    pairs = crm.json("duplicates")
    assert [(each["kind"], each["score"]) for each in pairs] == [
        ("contact", 1.0),
        ("account", 0.65),
    ]
    assert pairs[1]["reasons"][0]["code"] == "similar-account-name"
    assert [each["kind"] for each in crm.json("duplicates account")] == ["account"]
    assert [each["kind"] for each in crm.json("duplicates --least 0.9")] == ["contact"]
    told = crm.done("duplicates contact")
    assert "An e-mail address is the same" in told
    assert "syncd crm contact merge " in told
    assert "2 pairs. 1 are shown" in crm.done("duplicates --limit 1")


TEAMS = "the contacts of their teams, and those shared with them"
OWN = "their own contacts, and those shared with them"
# the rule, what it means
RULES = [
    ("contact --read team --write own", f"Everybody may read {TEAMS}; and change {OWN}."),
    ("lead --read own --write own",
     "Everybody may read and change their own leads, and those shared with them."),
    ("account --read organisation --write none --team Sales",
     "The team Sales may read all accounts, and change none."),
    ("task --read none --write none", "Nobody may read or change tasks."),
    ("phone-call --read none --write none --team Sales",
     "The team Sales may neither read nor change phone calls."),
    ("contact --read none --write none --field government-id",
     "Nobody may read or change Government ID of contacts."),
    ("contact --read organisation --write none --field nickname",
     "Everybody may read, but not change, Nickname of contacts, as far as the record itself."),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "means"), RULES)
def test_a_rule_says_what_it_means(crm: CrmDesk, rule: str, means: str) -> None:
    """When it is set and when it is listed; and it can be taken away."""
    crm.done("team new Sales")
    told = crm.done(f"access set {rule}")
    assert told.startswith(f"{means}\n")
    assert "The sync obeys it" in told
    assert means in crm.done("access list")
    (listed,) = crm.json("access list")
    assert listed["sentence"] == means
    entity, *options = rule.split(" --")
    kept = " ".join(f"--{each}" for each in options if each.startswith(("team ", "field ")))
    assert "Removed." in crm.done(f"access clear {entity} {kept}")
    assert crm.json("access list") == []


def test_what_a_user_may_not_is_neither_shown_nor_done(crm: CrmDesk) -> None:
    """--as tries it: lists, names, writes, trees and hidden fields; a share opens it."""
    account = crm.id(f"account new Contoso --owner {REP}")
    kim = crm.id(f"contact new {KIM} --account Contoso --government-id 7 --owner {REP}")
    for rule in (
        "contact --read own --write own",
        "contact --read none --write none --field government-id",
    ):
        crm.done(f"access set {rule}")
    assert crm.json(f"--as {BOSS} contact list") == []
    assert "There is no contact 'Kim Lee'" in crm.refused(f"--as {BOSS} contact show 'Kim Lee'")
    assert "does not exist" in crm.refused(f"--as {BOSS} history contact {kim}")
    assert crm.json(f"--as {BOSS} account tree {account}")["contacts"] == []
    assert "may not create" in crm.refused(f"--as {BOSS} contact new --last-name A --owner {REP}")
    assert "governmentid" not in crm.json(f"--as {REP} contact show {kim}")
    assert "governmentid" not in crm.json(f"--as {REP} contact edit {kim} --nickname K")
    assert crm.json(f"contact show {kim}")["governmentid"] == "7"
    said = crm.refused(f"--as {REP} contact edit {kim} --set governmentid=8")
    assert "may not write governmentid" in said

    crm.done(f"contact share {kim} --with {BOSS}")
    assert crm.json(f"--as {BOSS} contact show 'Kim Lee'")["nickname"] == "K"
    assert "may not change" in crm.refused(f"--as {BOSS} contact edit 'Kim Lee' --nickname X")


def test_who_may_not_change_an_activity_may_not_say_who_takes_part(crm: CrmDesk) -> None:
    """The parts in an activity are as good as its fields."""
    crm.done("access set email --read organisation --write own")
    mail = crm.id(f"email new --subject Hello --to a@x.test --owner {REP}")
    assert "may not change" in crm.refused(f"--as {BOSS} email edit {mail} --to b@x.test")
    assert crm.json(f"--as {REP} email edit {mail} --to b@x.test")["version"] == 2


def test_many_that_may_not_be_read_hide_nobody(crm: CrmDesk) -> None:
    """A name is looked up among what may be read, however many others bear it."""
    crm.done("access set contact --read own --write own")
    for _ in range(7):
        crm.done(f"contact new --last-name Twin --owner {REP}")
    mine = crm.id(f"--as {BOSS} contact new --last-name Twin")
    assert crm.json(f"--as {BOSS} contact show Twin")["id"] == mine


def test_acting_for_a_user_is_told_in_the_history(crm: CrmDesk) -> None:
    """Whoever typed it, and for whom; the user owns what is made."""
    made = crm.json(f"--as {BOSS} lead new --topic A --first-name B --last-name C")
    assert made["owner"] == BOSS
    assert f" as {BOSS}" in crm.json(f"history lead {made['id']}")[0]["actor"]


def test_teams_have_members(crm: CrmDesk) -> None:
    """Made, filled, emptied, listed."""
    assert "There is no team." in crm.done("team list")
    assert crm.json("team new Sales")["members"] == []
    assert crm.json(f"team put Sales {REP} {BOSS}")["members"] == [BOSS, REP]
    assert f"In the team Sales: {REP}." in crm.done(f"team take Sales {BOSS}")
    assert [each["name"] for each in crm.json("team list")] == ["Sales"]
    assert "there is a team 'Sales' already" in crm.refused("team new Sales").lower().replace(
        "'sales'", "'Sales'"
    )
