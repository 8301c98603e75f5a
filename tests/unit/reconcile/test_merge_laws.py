"""Laws of merging that hold of any group: nothing forbidden, nothing lost, no side preferred."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from syncd.model.fields import Direction, Group, Side
from syncd.model.policy import ConflictPolicy
from syncd.model.record import equal
from syncd.model.values import Value
from syncd.reconcile.facts import Loser
from syncd.reconcile.images import AGREED, GroupImage, Mark, Standing, content, hashed
from syncd.reconcile.merge import GroupFacts, Timing, blocked, merge, unread, value
from syncd.reconcile.reasons import Reason
from tests.toy import GADGET
from tests.unit.reconcile.situations import KEY, NOON, after

CRM, OUTLOOK = Side.CRM, Side.OUTLOOK
TWO_WAY, TO_OUTLOOK, TO_CRM, NO_WAY = Direction
SERIAL, TITLE, PARTS, HINT = (GADGET.groups[n] for n in ("serial", "title", "parts", "hint"))
LATER, EARLIER = NOON + timedelta(hours=1), NOON - timedelta(hours=1)

WORDS = st.sampled_from([None, "", "a", "b", "c", " a ", "A"])
ELEMENTS = st.sets(st.sampled_from("abcd"), max_size=3).map(lambda s: tuple(sorted(s)) or None)


def values_of(group: Group) -> st.SearchStrategy[dict[str, Value]]:
    """Values of a group, few enough to meet."""
    each = ELEMENTS if group.is_set else WORDS
    return st.fixed_dictionaries({field.name: each for field in group.fields})


TIMES = st.sampled_from([None, EARLIER, NOON, LATER])
TIMINGS = st.builds(Timing, TIMES, TIMES, st.booleans(), st.booleans())


@st.composite
def groups(draw: st.DrawFn, *, even: bool = False) -> GroupFacts:
    """A group of a link, as the engine may meet it; `even` without what prefers a side by rule."""
    group = draw(st.sampled_from([TITLE, SERIAL, PARTS, HINT]))
    values = values_of(group)
    standing = draw(st.sampled_from(list(Standing)[: 2 if even else 3]))
    crm = draw(values)
    outlook = crm if standing is Standing.AGREED else draw(values)

    def image(held: Mapping[str, Value]) -> GroupImage | None:
        by_hash = hashed(KEY, group, held)
        known: list[GroupImage | None] = [content(held), by_hash, None]
        last = 1 if standing is Standing.AGREED else 2 if even else 3
        return draw(st.sampled_from(known[:last]))

    images = {CRM: image(crm), OUTLOOK: image(outlook)}
    now = {
        CRM: draw(st.one_of(st.just(crm), values)),
        OUTLOOK: draw(st.one_of(st.none(), st.just(outlook), values)),
    }
    mark = AGREED if standing is Standing.AGREED else Mark(standing, Reason.PERSONAL)
    writable = even or draw(st.booleans())
    return GroupFacts(group, draw(st.sampled_from(Direction)), images, now, mark, writable)


@settings(max_examples=100, deadline=None)
@given(groups(), st.sampled_from(ConflictPolicy), TIMINGS)
def test_what_may_not_be_written_is_not(
    group: GroupFacts, policy: ConflictPolicy, timing: Timing
) -> None:
    """A side gets a value only where the rules let the other side speak."""
    assume(not unread(group, KEY))
    for side in merge(group, policy, timing, KEY).writes:
        assert blocked(group, side.other) is None
        assert group.direction.speaks(side.other)
        assert side is OUTLOOK or group.writable


@settings(max_examples=100, deadline=None)
@given(groups(), st.sampled_from(ConflictPolicy), TIMINGS)
def test_equal_or_apart_with_a_reason(
    group: GroupFacts, policy: ConflictPolicy, timing: Timing
) -> None:
    """P2: once carried out, the group is equal on both sides, or apart and says why."""
    assume(not unread(group, KEY))
    outcome = merge(group, policy, timing, KEY)
    held = after(group, outcome)
    known = group.now[OUTLOOK] is not None
    if outcome.mark == AGREED and known:
        assert equal(group.group, held[CRM], held[OUTLOOK])
    if outcome.mark != AGREED:
        assert outcome.mark.standing is Standing.APART
        assert outcome.mark.reason not in (Reason.EQUAL, Reason.ECHO)
        assert outcome.writes == {}


@settings(max_examples=100, deadline=None)
@given(groups(), st.sampled_from(ConflictPolicy), TIMINGS)
def test_nothing_is_lost(group: GroupFacts, policy: ConflictPolicy, timing: Timing) -> None:
    """P1: what is overwritten was agreed on, or is kept; of a set only what was removed goes."""
    assume(not unread(group, KEY))
    outcome = merge(group, policy, timing, KEY)
    for side, patch in outcome.writes.items():
        before = value(group, side)
        image = group.images[side]
        was_agreed = (
            group.mark == AGREED and image is not None and image.values is not None
            and equal(group.group, image.values, before)
        )  # fmt: skip
        for name in patch:
            held = before.get(name)
            kept = outcome.loser is not None and outcome.loser.values.get(name) == held
            if outcome.reason is Reason.MERGED_SET:
                gone = set(held or ()) - set(patch[name] or ())  # type: ignore[arg-type]
                seen = [i.values[name] for i in group.images.values() if i and i.values]
                assert all(gone <= set(each or ()) for each in seen)  # type: ignore[arg-type]
                assert not gone or len(seen) == 2
            elif isinstance(held, tuple) or (isinstance(held, str) and held.strip()):
                assert was_agreed or kept
    if outcome.loser:
        assert outcome.loser.side in outcome.writes


MIRROR_DIRECTION = {
    TWO_WAY: TWO_WAY,
    NO_WAY: NO_WAY,
    TO_CRM: TO_OUTLOOK,
    TO_OUTLOOK: TO_CRM,
}
MIRROR_POLICY = {
    ConflictPolicy.CRM: ConflictPolicy.OUTLOOK,
    ConflictPolicy.OUTLOOK: ConflictPolicy.CRM,
    ConflictPolicy.LATEST: ConflictPolicy.LATEST,
    ConflictPolicy.ASK: ConflictPolicy.ASK,
}
MIRROR_REASON = {
    Reason.CRM_CHANGED: Reason.OUTLOOK_CHANGED,
    Reason.CONFLICT_CRM: Reason.CONFLICT_OUTLOOK,
    Reason.LATEST_CRM: Reason.LATEST_OUTLOOK,
}
MIRROR_REASON |= {there: here for here, there in MIRROR_REASON.items()}


@settings(max_examples=100, deadline=None)
@given(
    groups(even=True),
    st.sampled_from(ConflictPolicy),
    st.sampled_from([(NOON, LATER), (NOON, EARLIER)]),
)
def test_merge_is_symmetric(
    group: GroupFacts, policy: ConflictPolicy, times: tuple[datetime, datetime]
) -> None:
    """Swap the sides, the direction and the policy: the outcome is swapped, and nothing else.

    Adoption and ties prefer the CRM by rule, and only the CRM can be closed to its user: these are
    left out.
    """
    assume(not unread(group, KEY))
    crm_time, outlook_time = times
    here = merge(group, policy, Timing(crm_time, outlook_time), KEY)
    mirrored = replace(
        group,
        direction=MIRROR_DIRECTION[group.direction],
        images={side: group.images[side.other] for side in Side},
        now={side: group.now[side.other] for side in Side},
    )
    there = merge(mirrored, MIRROR_POLICY[policy], Timing(outlook_time, crm_time), KEY)
    assert {side.other: patch for side, patch in here.writes.items()} == there.writes
    assert here.mark.standing is there.mark.standing
    assert MIRROR_REASON.get(here.reason, here.reason) is there.reason
    assert mirror(here.loser) == there.loser


def mirror(loser: Loser | None) -> Loser | None:
    """A loser as the other side has it."""
    return loser and replace(loser, side=loser.side.other)
