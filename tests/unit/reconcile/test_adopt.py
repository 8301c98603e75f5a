"""Adoption and changed rules: deciding once, without an image to tell who edited."""

from __future__ import annotations

from dataclasses import replace

import pytest

from syncd.model.fields import Direction, Side
from syncd.model.policy import ConflictPolicy
from syncd.reconcile.images import Mark, Standing, content
from syncd.reconcile.merge import GroupFacts, Timing, adopt, merge
from syncd.reconcile.reasons import Reason
from tests.toy import GADGET
from tests.unit.reconcile.situations import KEY, NOON

# CRM/Outlook | direction | a business group: what is written and kept, reason | a personal group
ADOPTED = """
a/a | two-way    | nothing             equal          | nothing             equal
-/- | two-way    | nothing             equal          | nothing             equal
-/b | two-way    | b to-crm            adopted        | nothing             personal
a/- | two-way    | a to-outlook        adopted        | nothing             personal
a/b | two-way    | a to-outlook keep-b adopted        | nothing             personal
a/a | to-outlook | nothing             equal          | nothing             equal
-/b | to-outlook | nothing             one-way        | nothing             personal
a/- | to-outlook | a to-outlook        adopted        | nothing             personal
a/b | to-outlook | a to-outlook keep-b adopted        | nothing             personal
a/a | to-crm     | nothing             equal          | nothing             equal
-/b | to-crm     | b to-crm            adopted        | nothing             personal
a/- | to-crm     | nothing             one-way        | nothing             personal
a/b | to-crm     | b to-crm keep-a     adopted        | nothing             personal
a/a | none       | nothing             equal          | nothing             equal
-/b | none       | nothing             direction-none | nothing             personal
a/b | none       | nothing             direction-none | nothing             personal
"""
# The same once a direction or the map was changed: a personal group, too, follows the one speaker.
RULE_CHANGED = """
a/a | two-way    | nothing             equal          | nothing             equal
-/b | two-way    | b to-crm            rule-changed   | nothing             personal
a/b | two-way    | a to-outlook keep-b rule-changed   | nothing             personal
-/b | to-outlook | nothing             one-way        | nothing             one-way
a/b | to-outlook | a to-outlook keep-b rule-changed   | a to-outlook keep-b rule-changed
a/- | to-crm     | nothing             one-way        | nothing             one-way
a/b | to-crm     | b to-crm keep-a     rule-changed   | b to-crm keep-a     rule-changed
a/b | none       | nothing             direction-none | nothing             direction-none
"""


def lines(table: str) -> list[tuple[str, str, str, str, str]]:
    """The table by cell: group, what both sides hold, direction, what is done."""
    cells = []
    for line in table.strip().splitlines():
        held, direction, business, personal = (part.strip() for part in line.split("|"))
        cells += [("serial", held, direction, *_said(business))]
        cells += [("hint", held, direction, *_said(personal))]
    return cells


def _said(cell: str) -> tuple[str, str]:
    *done, reason = cell.split()
    return " ".join(done), reason


def group_of(name: str, held: str, direction: str, mark: Standing) -> GroupFacts:
    """A group whose sides hold these, both as imaged."""
    crm, outlook = ({name: None if text == "-" else text} for text in held.split("/"))
    return GroupFacts(
        GADGET.groups[name],
        Direction(direction),
        {Side.CRM: content(crm), Side.OUTLOOK: content(outlook)},
        {Side.CRM: crm, Side.OUTLOOK: outlook},
        Mark(mark),
    )


def done(name: str, outcome_of: GroupFacts, reason: Reason | None = None) -> tuple[str, str]:
    """What is done, in the words of the table."""
    if reason is None:
        outcome = adopt(outcome_of)
    else:
        outcome = merge(outcome_of, ConflictPolicy.OUTLOOK, Timing(NOON, NOON), KEY)
    words = [f"{patch[name]} to-{side}" for side, patch in outcome.writes.items()]
    words += [f"keep-{outcome.loser.values[name]}"] if outcome.loser else []
    apart = outcome.mark.standing is Standing.APART
    assert apart is (outcome.reason not in (Reason.EQUAL, Reason.ADOPTED, Reason.RULE_CHANGED))
    return " ".join(words) or "nothing", outcome.reason


@pytest.mark.parametrize(("name", "held", "direction", "does", "reason"), lines(ADOPTED))
def test_adoption(name: str, held: str, direction: str, does: str, reason: str) -> None:
    """Equal is agreed; the CRM's empty takes Outlook's; both filled: the CRM's, Outlook's kept.

    Personal groups stay apart. Where one side alone may speak it does, and blanks nothing.
    """
    met = replace(group_of(name, held, direction, Standing.AGREED), images=dict.fromkeys(Side))
    assert done(name, met) == (does, reason)


@pytest.mark.parametrize(("name", "held", "direction", "does", "reason"), lines(RULE_CHANGED))
def test_a_changed_rule_decides_once(
    name: str, held: str, direction: str, does: str, reason: str
) -> None:
    """Unsettled and different: the only speaking side wins; two-way as on adoption.

    `latest` and the conflict policy never apply: nobody edited anything.
    """
    group = group_of(name, held, direction, Standing.UNSETTLED)
    assert done(name, group, Reason.RULE_CHANGED) == (does, reason)


def test_a_group_that_is_new_to_the_map_is_a_changed_rule() -> None:
    """Without any image there was no edit: decided as by a changed rule, not as a conflict."""
    known = group_of("serial", "a/b", "two-way", Standing.AGREED)
    fresh = replace(known, images=dict.fromkeys(Side))
    assert done("serial", fresh, Reason.RULE_CHANGED) == ("a to-outlook keep-b", "rule-changed")


def test_apart_stays_apart_until_a_side_edits() -> None:
    """A known difference is left as it is, with the reason it has."""
    for reason in (Reason.PERSONAL, Reason.ONE_WAY, Reason.NOT_TAKEN):
        group = group_of("hint", "a/b", "two-way", Standing.APART)
        group = replace(group, mark=Mark(Standing.APART, reason))
        outcome = merge(group, ConflictPolicy.CRM, Timing(NOON, NOON), KEY)
        assert (outcome.writes, outcome.reason) == ({}, reason)
