"""Conflicts that a person is asked about: parked, answered, and never guessed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from syncd.model.fields import Direction, Side
from syncd.model.policy import ConflictPolicy
from syncd.reconcile.images import AGREED, Mark, Standing, content
from syncd.reconcile.merge import GroupFacts, GroupOutcome, Timing, merge
from syncd.reconcile.reasons import Reason
from tests.toy import GADGET
from tests.unit.reconcile.situations import KEY, NOON

ASK = ConflictPolicy.ASK
WHEN = Timing(NOON, NOON)
ASKED = Mark(Standing.APART, Reason.ASKED)
ANSWERED_CRM = Mark(Standing.UNSETTLED, Reason.ANSWERED_CRM)
ANSWERED_OUTLOOK = Mark(Standing.UNSETTLED, Reason.ANSWERED_OUTLOOK)


def serial(was: str, now: str, mark: Mark, direction: Direction = Direction.TWO_WAY) -> GroupFacts:
    """The serial number, as "CRM Outlook" was imaged and is now."""
    (crm, outlook), (crm_now, outlook_now) = was.split(), now.split()
    return GroupFacts(
        GADGET.groups["serial"],
        direction,
        {Side.CRM: content({"serial": crm}), Side.OUTLOOK: content({"serial": outlook})},
        {Side.CRM: {"serial": crm_now}, Side.OUTLOOK: {"serial": outlook_now}},
        mark,
    )


def told(outcome: GroupOutcome) -> str:
    """What is written where, and why."""
    writes = [f"{side.value}={patch['serial']}" for side, patch in outcome.writes.items()]
    loser = f" kept {outcome.loser.values['serial']}" if outcome.loser else ""
    return " ".join([*writes, outcome.reason]) + loser


# the law | as imaged | now | mark | comes to
CASES = {
    "both edited: a person is asked": ("a a", "b c", AGREED, "asked"),
    "one side edited: nobody is asked": ("a a", "b a", AGREED, "outlook=b crm-changed"),
    "it stays asked while nobody edits": ("b c", "b c", ASKED, "asked"),
    "an edit of one side does not answer": ("b c", "d c", ASKED, "asked"),
    "nor does one of the other": ("b c", "b d", ASKED, "asked"),
    "edited to the same: nothing left to ask": ("b c", "c c", ASKED, "equal"),
    "answered for the CRM": ("b c", "b c", ANSWERED_CRM, "outlook=b answered-crm kept c"),
    "answered for Outlook": ("b c", "b c", ANSWERED_OUTLOOK, "crm=c answered-outlook kept b"),
    "an answer is about what was shown": ("b c", "d c", ANSWERED_OUTLOOK, "asked"),
}


@pytest.mark.parametrize("law", CASES)
def test_ask(law: str) -> None:
    """The name of the case is the law."""
    was, now, mark, outcome = CASES[law]
    assert told(merge(serial(was, now, mark), ASK, WHEN, KEY)) == outcome


def test_a_question_is_dropped_when_the_rule_decides_again() -> None:
    """Another conflict policy, or a direction that lets one side speak, needs no person."""
    asked = serial("b c", "b c", ASKED)
    assert told(merge(asked, ConflictPolicy.OUTLOOK, WHEN, KEY)) == "crm=c conflict-outlook kept b"
    one_way = replace(asked, direction=Direction.TO_OUTLOOK)
    assert told(merge(one_way, ASK, WHEN, KEY)) == "outlook=b conflict-crm kept c"


def test_a_parked_group_is_apart_with_its_reason() -> None:
    """P2: it waits for a person, and says so; nothing is written on either side."""
    outcome = merge(serial("a a", "b c", AGREED), ASK, WHEN, KEY)
    assert outcome.mark == ASKED
    assert outcome.writes == {}
