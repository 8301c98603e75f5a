"""Merging one group against the naive statement of its rules, over every combination."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from itertools import islice, product
from typing import Any

from syncd.model.fields import Direction, Side
from syncd.model.policy import ConflictPolicy
from syncd.reconcile.images import (
    AGREED,
    FROZEN,
    REMAPPED,
    GroupImage,
    Mark,
    Standing,
    content,
    hashed,
)
from syncd.reconcile.merge import GroupFacts, GroupOutcome, Timing, merge
from syncd.reconcile.reasons import Reason
from tests.toy import GADGET
from tests.unit.reconcile.naive_groups import Group, Text, Verdict, group
from tests.unit.reconcile.situations import KEY, NOON

CRM, OUTLOOK = Side.CRM, Side.OUTLOOK
YES_NO = (True, False)
MARKS = {
    "agreed": AGREED,
    "unsettled": Mark(Standing.UNSETTLED, Reason.ONE_WAY),
    "remapped": REMAPPED,
    "asked": Mark(Standing.APART, Reason.ASKED),
    "answered-crm": Mark(Standing.UNSETTLED, Reason.ANSWERED_CRM),
    "answered-outlook": Mark(Standing.UNSETTLED, Reason.ANSWERED_OUTLOOK),
    "frozen": FROZEN,
    "ruled-anew": Mark(Standing.UNSETTLED, Reason.FROZEN),
}
APART = (
    Reason.ONE_WAY, Reason.DIRECTION_NONE, Reason.PERSONAL, Reason.NOT_WRITABLE,
    Reason.NOT_TAKEN, Reason.GUARDED, Reason.RULE_CHANGED,
)  # fmt: skip
# As both were imaged: alike where they had agreed, unlike where they were known to differ.
ALIKE: tuple[tuple[Text, Text], ...] = (("a", "a"), (None, None))
UNLIKE: tuple[tuple[Text, Text], ...] = (("a", "b"), ("a", None), (None, "b"))
# What a side does: nothing, writes something of its own, the same as the other, or empties it.
EDITS = ("", "own", "same", "empty")
POLICIES: tuple[tuple[ConflictPolicy, Side | None], ...] = (
    (ConflictPolicy.CRM, OUTLOOK),
    (ConflictPolicy.OUTLOOK, CRM),
    (ConflictPolicy.ASK, OUTLOOK),
    *((ConflictPolicy.LATEST, later) for later in (CRM, OUTLOOK, None)),
)
WHEN = {
    CRM: Timing(NOON, NOON - timedelta(hours=1)),
    OUTLOOK: Timing(NOON, NOON + timedelta(hours=1)),
    None: Timing(NOON, NOON + timedelta(hours=1), clock_sound=False),
}


def edited(was: Text, edit: str, own: str) -> Text:
    """What a side holds after an edit."""
    return {"": was, "own": own, "same": "z", "empty": None}[edit]


def every() -> Iterator[Group]:
    """All combinations."""
    marks = [("agreed", Reason.EQUAL, ALIKE), *(("apart", why, UNLIKE) for why in APART)]
    marks += [(name, MARKS[name].reason, UNLIKE) for name in MARKS if name != "agreed"]
    for mark, why, known in marks:
        for was, crm, outlook in product(known, EDITS, EDITS):
            now = edited(was[0], crm, "c"), edited(was[1], outlook, "d")
            for personal, direction, (policy, later), writable, guarded in product(
                YES_NO, Direction, POLICIES, YES_NO, YES_NO
            ):
                yield Group(
                    was, now, mark, why, personal=personal, direction=direction, policy=policy,
                    writable=writable, guarded=guarded, later=later,
                )  # fmt: skip


def facts_of(g: Group, images: str) -> GroupFacts:
    """A group in the engine's words; its images by `content` or by `hash`."""
    of = GADGET.groups["hint" if g.personal else "serial"]
    name = of.fields[0].name

    def image(text: Text) -> GroupImage:
        return content({name: text}) if images == "content" else hashed(KEY, of, {name: text})

    mark = MARKS.get(g.mark) or Mark(Standing.APART, g.why)
    now: dict[Side, Mapping[str, Any]] = {CRM: {name: g.now[0]}, OUTLOOK: {name: g.now[1]}}
    known = {CRM: image(g.was[0]), OUTLOOK: image(g.was[1])}
    return GroupFacts(of, g.direction, known, now, mark, writable=g.writable, guarded=g.guarded)


def disagreement(g: Group, outcome: GroupOutcome, told: Verdict) -> str:
    """Where the engine does something else than the naive statement says; empty where nowhere."""
    written = {side.other for side in outcome.writes}
    if written != ({told.speaks} if told.speaks else set()):
        return f"speaks {written} for {told.speaks}"
    for side, patch in outcome.writes.items():
        if list(patch.values()) != [g.now[0] if side is OUTLOOK else g.now[1]]:
            return f"writes {patch}"
    if outcome.reason not in told.reasons:
        return f"reason {outcome.reason} for {sorted(told.reasons)}"
    kept = next(iter(outcome.loser.values.values())) if outcome.loser else None
    if kept != told.kept:
        return f"keeps {kept} for {told.kept}"
    if (outcome.mark.standing is Standing.AGREED) != told.agreed:
        return f"mark {outcome.mark} for agreed={told.agreed}"
    if (outcome.mark == MARKS["asked"]) != told.parked:
        return f"mark {outcome.mark} for parked={told.parked}"
    if (outcome.mark == FROZEN) != told.frozen:
        return f"mark {outcome.mark} for frozen={told.frozen}"
    return ""


def reported(g: Group, outcome: GroupOutcome) -> bool:
    """What the engine is known to do otherwise, told to whoever may change it.

    Where Outlook holds formatting the CRM's text is not written over it; of two edits it is then
    Outlook's that wins, even where the conflict policy says `crm`, says that the CRM's is later, or
    says to ask. Else it would be apart until a person looks.
    """
    if not (g.guarded and g.writable and g.direction is Direction.TWO_WAY):
        return False
    kept = outcome.loser is not None and next(iter(outcome.loser.values.values())) == g.now[0]
    return set(outcome.writes) == {CRM} and (kept or not g.now[0]) and g.mark != "remapped"


def test_a_group_is_merged_as_the_statement_says() -> None:
    """Who is written, what is kept, the mark and the reason: in every combination."""
    wrong = []
    for g in every():
        outcome = merge(facts_of(g, "content"), g.policy, WHEN[g.later], KEY)
        if found := disagreement(g, outcome, group(g)):
            wrong.append((g, outcome, found))
    news = [(g, found) for g, outcome, found in wrong if not reported(g, outcome)]
    assert not news, f"{len(news)} combinations, such as {news[0]}"
    assert wrong, "what was reported is so no more: take it out"


def test_a_hash_decides_as_the_content_does() -> None:
    """P14: what is known by its hash is decided alike; whatever it overwrites is kept."""
    for g in islice(every(), 0, None, 7):
        by_content, by_hash = (
            merge(facts_of(g, images), g.policy, WHEN[g.later], KEY)
            for images in ("content", "hash")
        )
        assert replace(by_hash, loser=None) == replace(by_content, loser=None), g
        if by_content.loser:
            assert by_hash.loser == by_content.loser, g


def test_a_group_without_images_is_decided_as_on_adoption() -> None:
    """The map has it newly: the CRM's wins, an empty one is filled, personal details stay apart."""
    for crm, outlook, personal, direction, writable, (policy, later) in product(
        ("a", None), ("b", None, "a"), YES_NO, Direction, YES_NO, POLICIES
    ):
        g = Group(
            (None, None), (crm, outlook), imaged=False, personal=personal, direction=direction,
            writable=writable, policy=policy, later=later,
        )  # fmt: skip
        facts = replace(facts_of(g, "content"), images={CRM: None, OUTLOOK: None})
        outcome = merge(facts, policy, WHEN[later], KEY)
        assert not disagreement(g, outcome, group(g)), g


ELEMENTS = ("nut", "bolt", "pin")
SETS = [
    frozenset(each for each, there in zip(ELEMENTS, chosen, strict=True) if there)
    for chosen in product(YES_NO, repeat=len(ELEMENTS))
]


def test_sets_merge_by_element() -> None:
    """An element that either side added is in, one that either side removed is out."""
    parts = GADGET.groups["parts"]
    for base, crm, outlook, (policy, later) in product(SETS, SETS, SETS, POLICIES):
        held = {CRM: crm, OUTLOOK: outlook}
        image = content({"parts": tuple(sorted(base)) or None})
        now: dict[Side, Mapping[str, Any]] = {
            side: {"parts": tuple(sorted(each)) or None} for side, each in held.items()
        }
        facts = GroupFacts(parts, Direction.TWO_WAY, {CRM: image, OUTLOOK: image}, now)
        outcome = merge(facts, policy, WHEN[later], KEY)
        stays = {each for each in base if each in crm and each in outlook}
        merged = stays | {each for each in crm | outlook if each not in base}
        for side, elements in held.items():
            written = outcome.writes.get(side, {}).get("parts", tuple(elements))
            assert set(written if isinstance(written, tuple) else ()) == merged, (base, held)
