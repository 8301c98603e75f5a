"""Taking turns: two values of one group that undo each other, told from edits."""

from __future__ import annotations

import pytest

from syncd.model.contact import CONTACT
from syncd.model.fields import Side
from syncd.model.values import Value
from syncd.reconcile.decide import decide
from syncd.reconcile.images import FROZEN
from syncd.reconcile.oscillation import TURNS, Written, frozen, oscillates
from syncd.reconcile.reasons import Reason
from tests.unit.reconcile.situations import BASE, RULES, case, crm, item, link, told

PHONE = CONTACT.groups[CONTACT.by_name["mobilephone"].group]

TO_CRM, TO_OUTLOOK = "c", "o"

# What was written, a letter for the side and a value for each: whether it is taking turns.
HISTORIES: dict[str, tuple[str, bool]] = {
    "three there and three back": ("o1 c2 o1 c2 o1 c2", True),
    "one less": ("c2 o1 c2 o1 c2", False),
    "what was before does not matter": ("c7 o8 c9 o1 c2 o1 c2 o1 c2", True),
    "another value in between": ("o1 c2 o1 c3 o1 c2", False),
    "another one at last": ("o1 c2 o1 c2 o1 c3", False),
    "another one at first": ("o3 c2 o1 c2 o1 c2", False),
    "somebody who goes on editing": ("c1 c2 c3 c4 c5 c6", False),
    "a value that is written again and again": ("c1 c1 c1 c1 c1 c1", False),
    "the same on both sides": ("c1 o1 c1 o1 c1 o1", False),
    "two who write to one side": ("c1 c2 c1 c2 c1 c2", True),
    "two things in three": ("c1 c2 c2 c1 c2 c2", False),
    "written in another way": ("o1 c2 o01 c2 o1 c2", False),
    "nothing at all": ("", False),
}


@pytest.mark.parametrize(("told", "turns"), HISTORIES.values(), ids=HISTORIES)
def test_turns(told: str, turns: bool) -> None:
    """Six in a row of just two values, one the other's undoing, are two writers at odds."""
    side = {TO_CRM: Side.CRM, TO_OUTLOOK: Side.OUTLOOK}
    writes = [Written(side[each[0]], {"mobilephone": each[1:]}) for each in told.split()]
    assert oscillates(PHONE, writes) is turns


def test_how_a_value_is_written_does_not_matter() -> None:
    """A phone that sets numbers its own way each time undoes the same one each time."""
    spellings = ["+49 40 1", "+49401", "+49 (40) 1"]
    writes: list[Written] = []
    for each in spellings:
        value: Value = each
        writes += [
            Written(Side.CRM, {"mobilephone": value}),
            Written(Side.OUTLOOK, {"mobilephone": "7"}),
        ]
    assert len(writes) == TURNS
    assert oscillates(PHONE, writes)


BOTH = BASE.patched({"serial": "a2", "hint": "under the mat"})


@pytest.mark.parametrize(
    ("names", "as_told"),
    [
        ({"serial"}, "update-item | in-step | live | crm-changed"),
        ({"serial", "hint"}, " | in-step | live | frozen"),
    ],
)
def test_a_decision_says_that_it_is_frozen_where_nothing_else_is_written(
    names: set[str], as_told: str
) -> None:
    """What else there is to write goes on, and is what is told."""
    decided = frozen(decide(case(crm(BOTH), item(), link()), RULES), names)
    assert told(decided) == as_told
    assert {each.group for each in decided.groups if each.mark == FROZEN} == names
    assert {each.group for each in decided.groups if each.reason is Reason.FROZEN} == names
