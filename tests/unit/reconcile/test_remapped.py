"""A group that goes with another Outlook property than before: decided once, nothing replaced."""

from __future__ import annotations

from dataclasses import replace

import pytest

from syncd.model.fields import Direction, Side
from syncd.model.policy import ConflictPolicy
from syncd.reconcile.decide import Column, Row, Verb, column_of, decide, row_of
from syncd.reconcile.discard import discard
from syncd.reconcile.groups import edited_groups
from syncd.reconcile.images import REMAPPED, Mark, Standing, content
from syncd.reconcile.merge import GroupFacts, Timing, merge, unread
from syncd.reconcile.reasons import Reason
from tests.toy import GADGET, gadget
from tests.unit.reconcile.situations import BASE, KEY, NOON, RULES, case, crm, item, link

# CRM's image, CRM now/Outlook now | direction | a business group | a personal one
REMAPPINGS = """
a a/a | two-way    | nothing             equal          | nothing             equal
a a/b | two-way    | nothing             map-changed    | nothing             map-changed
a a/- | two-way    | a to-outlook        map-changed    | nothing             map-changed
- -/b | two-way    | b to-crm            map-changed    | nothing             map-changed
- -/- | two-way    | nothing             equal          | nothing             equal
a c/b | two-way    | c to-outlook keep-b crm-changed    | c to-outlook keep-b crm-changed
a a/b | to-outlook | nothing             map-changed    | nothing             map-changed
a a/- | to-outlook | a to-outlook        map-changed    | nothing             map-changed
- -/b | to-outlook | nothing             one-way        | nothing             map-changed
a a/- | to-crm     | nothing             one-way        | nothing             map-changed
- -/b | none       | nothing             direction-none | nothing             map-changed
"""


def lines() -> list[tuple[str, ...]]:
    """The table by cell: group, CRM's image, what both hold, direction, what is done."""
    cells: list[tuple[str, ...]] = []
    for line in REMAPPINGS.strip().splitlines():
        held, direction, *said = (part.strip() for part in line.split("|"))
        for name, cell in zip(("serial", "hint"), said, strict=True):
            *done, reason = cell.split()
            cells.append((name, *held.split(), direction, " ".join(done), reason))
    return cells


def remapped(name: str, before: str, held: str, direction: str) -> GroupFacts:
    """A group whose Outlook image is of another property: whatever it says, nobody edited it."""
    was, crm_now, outlook = (
        {name: None if text == "-" else text} for text in (before, *held.split("/"))
    )
    return GroupFacts(
        GADGET.groups[name],
        Direction(direction),
        {Side.CRM: content(was), Side.OUTLOOK: content({name: "of another property"})},
        {Side.CRM: crm_now, Side.OUTLOOK: outlook},
        REMAPPED,
    )


@pytest.mark.parametrize(("name", "before", "held", "direction", "does", "reason"), lines())
def test_what_is_empty_is_filled_and_what_differs_stays(
    name: str, before: str, held: str, direction: str, does: str, reason: str
) -> None:
    """Only an edit of the CRM's replaces anything, and what it replaces is kept (P1)."""
    facts = remapped(name, before, held, direction)
    outcome = merge(facts, ConflictPolicy.OUTLOOK, Timing(NOON, NOON), KEY)
    words = [f"{patch[name]} to-{side}" for side, patch in outcome.writes.items()]
    words += [f"keep-{outcome.loser.values[name]}"] if outcome.loser else []
    assert (" ".join(words) or "nothing", outcome.reason) == (does, reason)
    agreed = bool(outcome.writes) or outcome.reason is Reason.EQUAL
    assert (outcome.mark.standing is Standing.AGREED) is agreed
    if outcome.reason is Reason.MAP_CHANGED and not agreed:
        assert outcome.mark == Mark(Standing.APART, Reason.RULE_CHANGED)
    assert outcome.mark != REMAPPED


def test_it_is_read_before_it_is_decided() -> None:
    """The image says nothing of the property that it goes with now."""
    known = remapped("serial", "a", "a/b", "two-way")
    unknown = replace(known, now={**known.now, Side.OUTLOOK: None})
    assert not unread(known, KEY)
    assert unread(unknown, KEY)


def test_another_property_is_no_edit_of_its_user() -> None:
    """It counts as no change of the item; the record is to be decided all the same."""
    other = {**BASE.fields, "serial": "z9"}
    tie = link(marks={"serial": REMAPPED})
    found = case(crm(), item(gadget(**other)), tie)
    assert (row_of(found, RULES), column_of(found, RULES)) == (Row.CHANGED, Column.UNCHANGED)
    assert decide(found, RULES).verbs == ()


def test_an_edit_of_the_record_or_of_another_field_counts_beside_it() -> None:
    """Only what Outlook holds of that group is nobody's word."""
    tie = link(marks={"serial": REMAPPED})
    edits = {"serial": "a2", "hint": "on the shelf"}
    found = case(crm(BASE.patched(edits)), item(BASE.patched(edits)), tie)
    assert edited_groups(found, RULES, Side.CRM) == {"serial", "hint"}
    assert edited_groups(found, RULES, Side.OUTLOOK) == {"hint"}


def test_once_decided_an_edit_of_either_side_is_carried() -> None:
    """Apart, with its images: as any group that is known to differ."""
    apart = {"serial": Mark(Standing.APART, Reason.RULE_CHANGED)}
    held = gadget(**{**BASE.fields, "serial": "z9"})
    tie = link(outlook=held, marks=apart)
    mine = case(crm(), item(gadget(**{**BASE.fields, "serial": "z10"})), tie)
    theirs = case(crm(gadget(**{**BASE.fields, "serial": "b1"})), item(held), tie)
    assert decide(mine, RULES).verbs == (Verb.UPDATE_RECORD,)
    assert decide(theirs, RULES).verbs == (Verb.UPDATE_ITEM,)


def test_a_discarded_filling_leaves_both_sides_as_they_are() -> None:
    """What an empty side was to get is not thereby taken from the other."""
    empty = case(
        crm(), item(gadget(**{**BASE.fields, "serial": None})), link(marks={"serial": REMAPPED})
    )
    decision = decide(empty, RULES)
    assert decision.patch(Side.OUTLOOK) == {"serial": "a1"}
    discarded = discard(decision, empty, RULES, found=False)
    assert discarded.verbs == ()
    (serial,) = (each for each in discarded.groups if each.group == "serial")
    assert serial.mark == Mark(Standing.APART, Reason.RULE_CHANGED)
    assert serial.reason is Reason.DISCARDED
