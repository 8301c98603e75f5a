"""Settling: images are what the sides were seen to hold, and keep no more content than may be."""

from __future__ import annotations

import pytest

from syncd.model.fields import Side
from syncd.model.record import Record
from syncd.reconcile.decide import Decision, Rules, decide, pair
from syncd.reconcile.facts import Link
from syncd.reconcile.images import AGREED, FROZEN, REMAPPED, GroupImage, Mark, Standing
from syncd.reconcile.merge import GroupOutcome
from syncd.reconcile.reasons import Reason
from syncd.reconcile.settle import hashes_only, settle
from tests.toy import GADGET, gadget, seen
from tests.unit.reconcile.situations import BASE, KEY, RULES, case, crm, imaged, item, link

CRM, OUTLOOK = Side.CRM, Side.OUTLOOK


def settled(
    decision: Decision, before: Link | None, crm: Record | None, outlook: Record | None
) -> tuple[dict[Side, dict[str, GroupImage]], dict[str, Mark]]:
    """The images and marks after a decision, for what the sides hold now."""
    outcomes = {each.group: each for each in decision.groups}
    images, marks = settle(GADGET.groups, outcomes, before, {CRM: crm, OUTLOOK: outlook}, KEY)
    return {side: dict(image) for side, image in images.items()}, dict(marks)


def adopted(in_crm: Record, in_outlook: Record, rules: Rules = RULES) -> Decision:
    """The decision of a pair that meets."""
    return pair(case(crm(in_crm), item(in_outlook)), rules, Reason.ADOPTED)


def test_what_never_flowed_is_a_hash() -> None:
    """P14: a personal group that differs on adoption is imaged by its keyed hash, on both sides."""
    there = BASE.patched({"hint": "under the mat"})
    images, marks = settled(adopted(BASE, there), None, BASE, there)
    assert marks["hint"] == Mark(Standing.APART, Reason.PERSONAL)
    for side in Side:
        assert images[side]["hint"].values is None
        assert images[side]["hint"].digest
    assert "mat" not in repr(images)


def test_what_flowed_is_content() -> None:
    """A group that both sides agree on is imaged by content: of that a loser can be told."""
    images, marks = settled(adopted(BASE, BASE), None, BASE, BASE)
    for side in Side:
        assert images[side] == imaged(BASE)
    assert set(marks.values()) == {AGREED}


def test_a_deviation_is_a_hash() -> None:
    """An edit on a side that may not speak did not flow: known, and not kept."""
    edited = BASE.patched({"labels": ("Friends",)})
    decision = decide(case(crm(), item(edited), link()), RULES)
    images, marks = settled(decision, link(), BASE, edited)
    assert marks["labels"] == Mark(Standing.APART, Reason.DIRECTION_NONE)
    assert images[OUTLOOK]["labels"].values is None
    assert images[CRM]["labels"].values == {"labels": None}


def test_a_server_with_a_form_of_its_own_is_no_editor() -> None:
    """Written, read back otherwise: what was read is the image, and the group is apart."""
    decision = decide(case(crm(BASE.patched({"serial": "a-long-one"})), item(), link()), RULES)
    wanted, held = BASE.patched({"serial": "a-long-one"}), BASE.patched({"serial": "a-long"})
    images, marks = settled(decision, link(), wanted, held)
    assert marks["serial"] == Mark(Standing.APART, Reason.NOT_TAKEN)
    assert images[OUTLOOK]["serial"].values == {"serial": "a-long"}
    after = Link("c1", link().origin, link().state, "i1", "v2", 2, images, marks)
    again = decide(case(crm(wanted), item(held), after), RULES)
    assert (again.verbs, again.reason) == ((), Reason.EQUAL)


def test_pending_groups_keep_everything() -> None:
    """A group still to be written keeps image and mark: a crash decides it again."""
    changed = BASE.patched({"serial": "a2", "brand": "Apex"})
    decision = decide(case(crm(changed), item(), link()), RULES)
    outcomes = {each.group: each for each in decision.groups}
    held: dict[Side, Record | None] = {CRM: changed, OUTLOOK: BASE}
    images, _ = settle(GADGET.groups, outcomes, link(), held, KEY, pending=frozenset({"serial"}))
    assert images[CRM]["serial"].values == {"serial": "a1"}
    assert images[CRM]["title"].values == {"brand": "Apex", "model": "One"}


def test_what_was_not_decided_keeps_everything() -> None:
    """A link that goes to rest keeps its images: coming back goes on from them."""
    resting = Decision(Reason.AT_REST, _STAND)
    changed = BASE.patched({"serial": "a2"})
    images, marks = settled(resting, link(), changed, changed)
    assert images == {side: dict(image) for side, image in link().images.items()}
    assert marks == {}


_STAND = decide(case(crm(), item(), link()), RULES).stand


def test_a_side_that_was_not_read_keeps_its_image() -> None:
    """No reading, no image; a reading of a part moves that part only."""
    decision = decide(case(crm(), item(None), link()), RULES)
    assert settled(decision, link(), BASE, None)[0][OUTLOOK] == imaged(BASE)
    decision = decide(case(crm(), item(seen(brand="Apex")), link()), RULES)
    images, _ = settled(decision, link(), BASE, seen(brand="Apex"))
    assert images[OUTLOOK]["title"].values == {"brand": "Apex", "model": "One"}


def test_private_keeps_hashes_only() -> None:
    """P7: of an item that was made private no content is left, and yet each edit is known."""
    image = hashes_only(GADGET, KEY, imaged(BASE))
    assert image == imaged(BASE, hashes=True)
    assert all(each.values is None for each in image.values())
    assert image == hashes_only(GADGET, KEY, image)
    assert image != imaged(gadget(), hashes=True)


def test_what_came_back_as_it_is_stops_no_other_group() -> None:
    """All groups of a new pair are known afterwards, those that agree and those that do not."""
    there = BASE.patched({"labels": ("Friends",)})
    images, marks = settled(adopted(BASE, there), None, BASE, there)
    assert marks.keys() == images[CRM].keys() == images[OUTLOOK].keys() == GADGET.groups.keys()


def test_what_neither_side_was_read_of_gets_no_image() -> None:
    """Nothing is known of it, and not that both hold nothing."""
    part = seen(brand="Acme", model="One")
    images, marks = settled(adopted(BASE, BASE), None, part, part)
    assert images[CRM].keys() == images[OUTLOOK].keys() == {"title"}
    assert marks["title"] == AGREED


def test_what_the_marks_of_a_link_say() -> None:
    """They are kept in the store by these words: other ones would not be known again."""
    words = [(each.standing.value, each.reason.value) for each in (AGREED, REMAPPED, FROZEN)]
    assert words == [("agreed", "equal"), ("unsettled", "map-changed"), ("apart", "frozen")]


@pytest.mark.parametrize("why", [Reason.NOT_TAKEN, Reason.ASKED, Reason.FROZEN])
def test_of_what_each_side_has_seen_content_is_kept(why: Reason) -> None:
    """Apart, and yet both values are known to both: a person may be shown them."""
    there = BASE.patched({"serial": "a9"})
    outcome = GroupOutcome("serial", why, Mark(Standing.APART, why))
    held: dict[Side, Record | None] = {CRM: BASE.patched({"serial": "a2"}), OUTLOOK: there}
    images, marks = settle(GADGET.groups, {"serial": outcome}, link(), held, KEY)
    assert images[CRM]["serial"].values == {"serial": "a2"}
    assert images[OUTLOOK]["serial"].values == {"serial": "a9"}
    assert marks["serial"] == Mark(Standing.APART, why)


@pytest.mark.parametrize("mark", [AGREED, Mark(Standing.APART, Reason.PERSONAL)])
@pytest.mark.parametrize("read", Side)
def test_what_was_read_beside_a_hash_is_marked_as_decided(read: Side, mark: Mark) -> None:
    """It can be compared with nothing. What was not read keeps its hash, on either side."""
    tie = link(hashes=True)
    outcomes = {name: GroupOutcome(name, mark.reason, mark) for name in GADGET.groups}
    part = seen(brand="Acme", model="One")
    for other in (None, seen(hint="in the drawer")):
        images, marks = settle(GADGET.groups, outcomes, tie, {read: part, read.other: other}, KEY)
        assert marks == dict.fromkeys(GADGET.groups, mark)
        values = images[read]["title"].values
        assert values == (dict(part.fields) if mark == AGREED else None)
        for side, name in ((read, "title"), (read.other, "hint")):
            assert {**images[side], name: None} == {**tie.images[side], name: None}
