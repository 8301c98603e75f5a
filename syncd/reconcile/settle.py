"""Settling: the images and marks of a link once its writes are done and were read back.

An image is what a side was *read* to hold. A server that rounds, trims or reformats is thereby no
editor: its own form is its image.
"""

from __future__ import annotations

from collections.abc import Mapping

from syncd.model.fields import Group, Side
from syncd.model.kinds import Kind
from syncd.model.record import Record, equal
from syncd.model.values import Value
from syncd.reconcile.facts import Link
from syncd.reconcile.images import (
    AGREED,
    GroupImage,
    Image,
    Mark,
    Standing,
    completed,
    hashed,
)
from syncd.reconcile.merge import GroupOutcome
from syncd.reconcile.reasons import Reason

# Why two sides may differ and yet each side's content be known to the other already.
_FLOWED = (Reason.NOT_TAKEN, Reason.ASKED, Reason.FROZEN)


def settle(
    groups: Mapping[str, Group],
    outcomes: Mapping[str, GroupOutcome],
    before: Link | None,
    held: Mapping[Side, Record | None],
    key: bytes,
    *,
    pending: frozenset[str] = frozenset(),
) -> tuple[Mapping[Side, Image], Mapping[str, Mark]]:
    """The images and marks of all groups, from what each side holds now.

    `held` is `None` for a side that was not read: it keeps its images. A group without an outcome
    was not decided, and keeps everything. So do `pending` groups, which are still to be written to
    the other side, so that they are decided again after a crash.
    """
    images: dict[Side, dict[str, GroupImage]] = {
        side: dict(before.images.get(side, {})) if before else {} for side in Side
    }
    marks = dict(before.marks) if before else {}
    crm, outlook = held[Side.CRM], held[Side.OUTLOOK]
    crm_image, outlook_image = images[Side.CRM], images[Side.OUTLOOK]
    for name, group in groups.items():
        outcome = outcomes.get(name)
        if outcome is None or name in pending:
            continue
        was, had = crm_image.get(name), outlook_image.get(name)
        here, there = _values(group, crm, was), _values(group, outlook, had)
        if was is had is None and here is not None and here == there:
            # What was written and came back as it is: one image of both, and no more to compare.
            marks[name] = AGREED
            crm_image[name] = outlook_image[name] = GroupImage(here)
            continue
        mark = marks[name] = _mark(group, here, there, outcome.mark)
        if here is not None and crm is not None:
            crm_image[name] = _image(group, here, mark, was, key)
        if there is not None and outlook is not None:
            outlook_image[name] = _image(group, there, mark, had, key)
    return images, marks


def _values(
    group: Group, record: Record | None, image: GroupImage | None
) -> Mapping[str, Value] | None:
    now = record.group(group) if record is not None else None
    if image is None:
        return now
    seen = completed(group, image, now)
    return image.values if seen is None else seen


def _mark(
    group: Group,
    crm: Mapping[str, Value] | None,
    outlook: Mapping[str, Value] | None,
    wanted: Mark,
) -> Mark:
    if crm is None or outlook is None:  # one side is known by its hash alone, and did not change
        return wanted
    if equal(group, crm, outlook):
        return AGREED
    if wanted.standing is Standing.AGREED:
        return Mark(Standing.APART, Reason.NOT_TAKEN)  # written, and held in a form of its own
    return wanted


def _flowed(mark: Mark) -> bool:
    return mark.standing is Standing.AGREED or mark.reason in _FLOWED


def _image(
    group: Group,
    now: Mapping[str, Value],
    mark: Mark,
    old: GroupImage | None,
    key: bytes,
) -> GroupImage:
    """Content of what flowed; of anything else the keyed hash (P14)."""
    kept = old is not None and old.values is not None and equal(group, old.values, now)
    return GroupImage(now) if kept or _flowed(mark) else hashed(key, group, now)


def hashes_only(kind: Kind, key: bytes, image: Image) -> Image:
    """The same image without any content, for an item whose user made it private (P7)."""
    return {
        name: each if each.values is None else hashed(key, kind.groups[name], each.values)
        for name, each in image.items()
    }
