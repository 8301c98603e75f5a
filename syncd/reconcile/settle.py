"""Settling: the images and marks of a link once its writes are done and were read back.

An image is what a side was *read* to hold. A server that rounds, trims or reformats is thereby no
editor: its own form is its image.
"""

from __future__ import annotations

from collections.abc import Mapping

from syncd.model.fields import SIDES, Group, Side
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
    content,
    hashed,
)
from syncd.reconcile.merge import GroupOutcome
from syncd.reconcile.reasons import Reason

# Why two sides may differ and yet each side's content be known to the other already.
_FLOWED = (Reason.NOT_TAKEN, Reason.ASKED)


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
    sides = [(side, images[side], held[side]) for side in SIDES]
    for name, group in groups.items():
        if name in pending or name not in outcomes:
            continue
        values = {side: _values(group, record, old.get(name)) for side, old, record in sides}
        mark = _mark(group, values, outcomes[name].mark)
        marks[name] = mark
        for side, image, record in sides:
            now = values[side]
            if now is not None and record is not None:
                image[name] = _image(group, now, mark, image.get(name), key)
    return images, marks


def _values(
    group: Group, record: Record | None, image: GroupImage | None
) -> Mapping[str, Value] | None:
    seen = completed(group, image, record.group(group)) if record is not None else None
    if seen is None and image is not None:
        return image.values
    return seen


def _mark(group: Group, values: Mapping[Side, Mapping[str, Value] | None], wanted: Mark) -> Mark:
    crm, outlook = values[Side.CRM], values[Side.OUTLOOK]
    if crm is None or outlook is None:  # one side is known by its hash alone, and did not change
        return wanted
    if equal(group, crm, outlook):
        return AGREED
    if wanted.standing is Standing.AGREED:
        return Mark(Standing.APART, Reason.NOT_TAKEN)  # written, and held in a form of its own
    return wanted


def _image(
    group: Group,
    now: Mapping[str, Value],
    mark: Mark,
    old: GroupImage | None,
    key: bytes,
) -> GroupImage:
    """Content of what flowed; of anything else the keyed hash (P14)."""
    flowed = mark.standing is Standing.AGREED or mark.reason in _FLOWED
    kept = old is not None and old.values is not None and equal(group, old.values, now)
    return content(now) if flowed or kept else hashed(key, group, now)


def hashes_only(kind: Kind, key: bytes, image: Image) -> Image:
    """The same image without any content, for an item whose user made it private (P7)."""
    return {
        name: each if each.values is None else hashed(key, kind.groups[name], each.values)
        for name, each in image.items()
    }
