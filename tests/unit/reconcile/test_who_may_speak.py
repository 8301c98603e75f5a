"""Who may speak, of a group that is new, withdrawn, apart, or known by its hash alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from itertools import product

import pytest

from syncd.model.fields import Direction, Side
from syncd.model.policy import ConflictPolicy
from syncd.model.values import Value
from syncd.reconcile.images import AGREED, Mark, Standing, content, hashed
from syncd.reconcile.merge import GroupFacts, Timing, enter, merge, regress
from syncd.reconcile.reasons import Reason
from tests.toy import GADGET
from tests.unit.reconcile.situations import KEY, NOON

CRM, OUTLOOK = Side.CRM, Side.OUTLOOK
TWO_WAY, TO_OUTLOOK, TO_CRM, NO_WAY = Direction
SERIAL, PARTS = GADGET.groups["serial"], GADGET.groups["parts"]
LATER = Timing(NOON, NOON + timedelta(hours=1))  # Outlook's edit is the later one
WITHDRAWN = Mark(Standing.UNSETTLED, Reason.MADE_PRIVATE)
PERSONAL = Mark(Standing.APART, Reason.PERSONAL)

# direction | the CRM's, where the record may be written and not | Outlook's, where it may and not
NEW = """
two-way    | written        written        | written        not-writable
to-outlook | written        written        | one-way        one-way
to-crm     | one-way        one-way        | written        not-writable
none       | direction-none direction-none | direction-none direction-none
"""
CELLS = [
    (Direction(direction.strip()), side, may, said)
    for direction, *cells in (line.split("|") for line in NEW.strip().splitlines())
    for side, cell in zip((CRM, OUTLOOK), cells, strict=True)
    for may, said in zip((True, False), cell.split(), strict=True)
]


@pytest.mark.parametrize(("direction", "side", "may", "said"), CELLS)
def test_what_is_new_is_written_where_its_side_may_speak(
    direction: Direction, side: Side, *, may: bool, said: str
) -> None:
    """Else it stays apart, for that reason; and the guard of an edit is none of what is new."""
    values: Mapping[str, Value] = {"serial": "a1"}
    outcome = enter(SERIAL, values, side, Reason.CREATED, direction, writable=may)
    if said == "written":
        assert (outcome.writes, outcome.mark) == ({side.other: values}, AGREED)
        assert outcome.reason is Reason.CREATED
    else:
        assert (outcome.writes, outcome.mark) == ({}, Mark(Standing.APART, Reason(said)))


def both(
    crm: str | None, outlook: str | None, direction: Direction = TWO_WAY, mark: Mark = AGREED
) -> GroupFacts:
    """A serial number that both sides knew as `a`, and what they hold now."""
    return GroupFacts(
        SERIAL,
        direction,
        dict.fromkeys(Side, content({"serial": "a"})),
        {CRM: {"serial": crm}, OUTLOOK: {"serial": outlook}},
        mark,
    )


@pytest.mark.parametrize(("direction", "goes"), [(TO_OUTLOOK, True), (TO_CRM, False)])
def test_what_was_withdrawn_goes_where_the_crm_may_speak(
    direction: Direction, *, goes: bool
) -> None:
    """P7. Where it may not, it waits as it is, and goes once the rules let it."""
    group = both(None, "a", direction, WITHDRAWN)
    outcome = merge(group, ConflictPolicy.LATEST, LATER, KEY)
    assert outcome.writes == ({OUTLOOK: {"serial": None}} if goes else {})
    assert outcome.mark == (AGREED if goes else WITHDRAWN)
    assert outcome.loser is None


def test_what_was_withdrawn_and_is_gone_already_agrees() -> None:
    """There is nothing left to write."""
    outcome = merge(both("a", "a", mark=WITHDRAWN), ConflictPolicy.LATEST, LATER, KEY)
    assert (outcome.writes, outcome.mark) == ({}, AGREED)


def test_a_restored_item_that_holds_what_the_crm_holds_agrees() -> None:
    """Whatever it was known to hold."""
    outcome = regress(both("b", "b"), KEY)
    assert outcome is not None
    assert (outcome.reason, outcome.writes, outcome.mark) == (Reason.EQUAL, {}, AGREED)


def test_what_differs_though_it_agreed_was_not_taken() -> None:
    """Nobody edited it: a server holds it in a form of its own."""
    known = {CRM: content({"serial": "a"}), OUTLOOK: content({"serial": "b"})}
    group = replace(both("a", "b"), images=known)
    outcome = merge(group, ConflictPolicy.LATEST, LATER, KEY)
    assert outcome.mark == Mark(Standing.APART, Reason.NOT_TAKEN)
    assert outcome.writes == {}


@pytest.mark.parametrize(("side", "hidden"), list(product(Side, (True, False))))
def test_of_a_set_that_is_apart_one_side_alone_may_change(side: Side, *, hidden: bool) -> None:
    """Nothing is merged into what may not be written: an edit goes over, whole."""
    direction = TO_OUTLOOK if side is CRM else TO_CRM
    images = {CRM: content({"parts": ("a",)}), OUTLOOK: content({"parts": ("b",)})}
    now: dict[Side, Mapping[str, Value]] = {CRM: {"parts": ("a",)}, OUTLOOK: {"parts": ("b",)}}
    now[side] = {"parts": ("a", "c")}
    if hidden:  # the other one is known by its hash, and was read
        images[side.other] = hashed(KEY, PARTS, now[side.other])
    group = GroupFacts(PARTS, direction, images, now, PERSONAL)
    outcome = merge(group, ConflictPolicy.LATEST, LATER, KEY)
    assert outcome.writes == {side.other: {"parts": ("a", "c")}}
    assert outcome.loser is not None
    assert outcome.loser.values == now[side.other]


def test_of_a_set_that_is_known_by_hashes_nothing_was_removed() -> None:
    """What both had before cannot be told: both keep all they have."""
    images = dict.fromkeys(Side, hashed(KEY, PARTS, {"parts": ("a", "b")}))
    now: Mapping[Side, Mapping[str, Value]] = {
        CRM: {"parts": ("a", "c")},
        OUTLOOK: {"parts": ("b", "d")},
    }
    outcome = merge(GroupFacts(PARTS, TWO_WAY, images, now), ConflictPolicy.CRM, LATER, KEY)
    assert outcome.writes == {side: {"parts": ("a", "b", "c", "d")} for side in Side}


@pytest.mark.parametrize(
    ("policy", "winner", "reason"),
    [
        (ConflictPolicy.CRM, CRM, Reason.CONFLICT_CRM),
        (ConflictPolicy.OUTLOOK, OUTLOOK, Reason.CONFLICT_OUTLOOK),
        (ConflictPolicy.LATEST, CRM, Reason.LATEST_UNKNOWN),
    ],
)
@pytest.mark.parametrize("unknown", Side)
def test_where_one_side_was_never_known_the_rule_says_who_wins(
    unknown: Side, policy: ConflictPolicy, winner: Side, reason: Reason
) -> None:
    """Only the later one cannot be told; whoever loses is kept (P1)."""
    group = both("x", "y")
    group = replace(group, images={**group.images, unknown: None})
    outcome = merge(group, policy, LATER, KEY)
    assert outcome.writes == {winner.other: group.now[winner]}
    assert outcome.reason is reason
    assert outcome.loser is not None
    assert outcome.loser.values == group.now[winner.other]


# --- known by its hash alone ---------------------------------------------------------------------

UNREAD = [(side, mark) for side in Side for mark in (AGREED, PERSONAL)]


@pytest.mark.parametrize(("hidden", "mark"), UNREAD)
def test_what_was_not_read_and_not_edited_is_as_it_was_marked(hidden: Side, mark: Mark) -> None:
    """Known by its hash alone, it can be compared with nothing: it agrees, or is apart, as ever."""
    group = both("a", "a", mark=mark)
    images = {**group.images, hidden: hashed(KEY, SERIAL, {"serial": "a"})}
    group = replace(group, images=images, now={**group.now, hidden: None})
    outcome = merge(group, ConflictPolicy.LATEST, LATER, KEY)
    assert (outcome.writes, outcome.mark) == ({}, mark)
    assert outcome.reason is (Reason.EQUAL if mark is AGREED else Reason.PERSONAL)
