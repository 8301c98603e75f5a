"""An edit of an item whose record was merged into another: what of it the survivor gets."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from syncd.model.fields import Direction, Side
from syncd.model.policy import ConflictPolicy
from syncd.reconcile.decide import Rules, decide
from syncd.reconcile.facts import CrmFacts, Origin
from syncd.reconcile.groups import edited_groups
from syncd.reconcile.images import content
from syncd.reconcile.merged import as_settled, into_survivor
from tests.toy import gadget, policy, seen
from tests.unit.reconcile.situations import BASE, DELETED, KEY, NOON, case, crm, item, link

CRM_LATER, OUTLOOK_LATER = NOON + timedelta(hours=1), NOON - timedelta(hours=1)

# what the item was edited in | what the survivor holds | rules | it is written | it is kept
TAKEN = """
serial=a2    | serial=a1 | latest         | serial=a2 |
serial=a2    |           | latest         | serial=a2 |
serial=a2    | serial=a2 | latest         |           |
serial=a2    | serial=b1 | crm            |           | serial=a2
serial=a2    | serial=b1 | outlook        | serial=a2 | serial=b1
serial=a2    | serial=b1 | latest: crm    |           | serial=a2
serial=a2    | serial=b1 | latest: outlook | serial=a2 | serial=b1
serial=a2    | serial=b1 | ask            |           | serial=a2
serial=      | serial=a1 | latest         | serial=   |
serial=      |           | latest         |           |
serial=      | serial=b1 | crm            |           |
serial=      | serial=b1 | outlook        | serial=   | serial=b1
serial=a2    | serial=a1 | to-outlook     |           |
serial=a2    |           | to-outlook     |           |
serial=a2    | serial=a1 | to-crm         | serial=a2 |
serial=a2    | serial=b1 | to-crm         | serial=a2 | serial=b1
serial=a2    | serial=a1 | may not write  |           | serial=a2
hint=cellar  |           | latest         | hint=cellar |
"""


def said(cell: str) -> dict[str, str | None]:
    """One cell of the table: fields, and nothing for an empty one."""
    return {n: v or None for each in cell.split() for n, _, v in [each.partition("=")]}


@pytest.mark.parametrize(
    "line", TAKEN.strip().splitlines(), ids=lambda line: " ".join(line.split())
)
def test_what_of_an_edit_the_record_that_stays_gets(line: str) -> None:
    """The ordinary three-way rules; what is not taken there is kept."""
    edit, held, how, written, kept = (each.strip() for each in line.split("|"))
    word, _, later = how.partition(": ")
    conflict = word if word in tuple(ConflictPolicy) else "latest"
    direction = word if word in tuple(Direction) else "two-way"
    rules = Rules(policy(Direction(direction), ConflictPolicy(conflict)), KEY)
    at = CRM_LATER if later == "crm" else OUTLOOK_LATER
    survivor = replace(
        crm(gadget(**said(held)), writable=word != "may not write"), origins={"serial": at}
    )
    edited = case(CrmFacts(DELETED), item(BASE.patched(said(edit))), link())
    (outcome,) = into_survivor(edited, survivor, rules)
    assert outcome.writes == ({Side.CRM: said(written)} if written else {})
    assert (outcome.loser.values if outcome.loser else {}) == said(kept)
    if outcome.loser:
        assert outcome.loser.side is (Side.CRM if written else Side.OUTLOOK)


def test_what_only_the_items_labels_say_is_its_users() -> None:
    """Categories do not go along: they are about the item."""
    edited = case(CrmFacts(DELETED), item(BASE.patched({"labels": ("VIP",)})), link())
    assert into_survivor(edited, crm(gadget()), Rules(policy(), KEY)) == ()


@pytest.mark.parametrize("hashes", [False, True])
@pytest.mark.parametrize("origin", Origin)
def test_afterwards_the_item_goes_as_an_unedited_one(origin: Origin, *, hashes: bool) -> None:
    """By origin: its edit is settled, and is no reason to keep it."""
    rules = Rules(policy(), KEY)
    edited = case(
        CrmFacts(DELETED),
        item(BASE.patched({"serial": "a2", "labels": ("VIP",)})),
        link(origin=origin, hashes=hashes),
    )
    outcomes = into_survivor(edited, crm(gadget()), rules)
    settled = replace(edited, link=as_settled(edited, outcomes, rules))
    assert edited_groups(settled, rules, Side.OUTLOOK) == frozenset()
    plain = case(CrmFacts(DELETED), item(), link(origin=origin))
    assert decide(settled, rules).verbs == decide(plain, rules).verbs
    image = settled.tied.images[Side.OUTLOOK]
    assert image["serial"].values == {"serial": "a2"}  # it flowed
    assert image["labels"].values is None  # it never did (P14)


APART = link(outlook=BASE.patched({"serial": "a0", "model": "Two"}))  # each side its own, before


def test_the_record_that_stays_is_compared_with_what_the_item_held() -> None:
    """Not with what the record held that went: so nobody is known to have edited it."""
    rules = Rules(policy(conflict=ConflictPolicy.CRM), KEY)
    edited = case(CrmFacts(DELETED), item(BASE.patched({"serial": "a2", "model": "Two"})), APART)
    (outcome,) = into_survivor(edited, crm(gadget(serial="a0")), rules)
    assert (outcome.writes, outcome.loser) == ({Side.CRM: {"serial": "a2"}}, None)


def test_what_was_not_read_of_the_record_that_stays_counts_as_known() -> None:
    """A part of it says nothing of the rest."""
    edited = case(CrmFacts(DELETED), item(BASE.patched({"serial": "a2"})), link())
    (outcome,) = into_survivor(edited, crm(seen(serial="a1")), Rules(policy(), KEY))
    assert outcome.writes == {Side.CRM: {"serial": "a2"}}


def test_an_item_that_was_not_read_is_settled_as_it_is() -> None:
    """Nothing is known of it that was not known before."""
    unread = case(CrmFacts(DELETED), item(None), link())
    assert as_settled(unread, (), Rules(policy(), KEY)) == link()


def test_of_an_item_that_is_settled_a_part_moves_that_part() -> None:
    """What was not read of a group, or not edited, is as the item was known to hold it."""
    rules = Rules(policy(), KEY)
    edited = case(CrmFacts(DELETED), item(seen(brand="Apex", serial="a0")), APART)
    outcomes = into_survivor(edited, crm(gadget()), rules)
    image = as_settled(edited, outcomes, rules).images[Side.OUTLOOK]
    assert image["title"].values == {"brand": "Apex", "model": "Two"}
    assert image["serial"].values == {"serial": "a0"}


def test_what_the_map_has_newly_is_settled_with_the_rest() -> None:
    """A group that is without an image gets that of what the item holds."""
    rules = Rules(policy(), KEY)
    outlook = {n: each for n, each in link().images[Side.OUTLOOK].items() if n != "serial"}
    tie = replace(link(), images={**link().images, Side.OUTLOOK: outlook})
    edited = case(CrmFacts(DELETED), item(BASE.patched({"serial": "a2"})), tie)
    outcomes = into_survivor(edited, crm(gadget()), rules)
    image = as_settled(edited, outcomes, rules).images[Side.OUTLOOK]
    assert image["serial"] == content({"serial": "a2"})
