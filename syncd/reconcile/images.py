"""Images: what a side was last known to hold, and whether it still does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from syncd.model.fields import Group
from syncd.model.normal import group_digest
from syncd.model.record import equal
from syncd.model.values import Value
from syncd.reconcile.reasons import Reason


class Standing(StrEnum):
    """How the two images of a group stood when last settled."""

    AGREED = "agreed"
    APART = "apart"
    UNSETTLED = "unsettled"  # its direction or map changed; to be decided once


@dataclass(frozen=True, slots=True)
class Mark:
    """A standing, with the reason for a group that is apart."""

    standing: Standing
    reason: Reason = Reason.EQUAL


AGREED = Mark(Standing.AGREED)
REMAPPED = Mark(Standing.UNSETTLED, Reason.MAP_CHANGED)
"""Of a group that goes with another Outlook property now: its Outlook image is of the old one."""
FROZEN = Mark(Standing.APART, Reason.FROZEN)
"""Of a group that two keep undoing: apart whatever a side edits, until a person thaws it."""


@dataclass(frozen=True, slots=True)
class GroupImage:
    """A group as last known on one side: its values, or only the keyed hash of them."""

    values: Mapping[str, Value] | None
    digest: str | None = None


Image = Mapping[str, GroupImage]


def known(image: Image) -> dict[str, Value]:
    """All values that an image holds by content."""
    return {name: v for each in image.values() if each.values for name, v in each.values.items()}


def content(values: Mapping[str, Value]) -> GroupImage:
    """An image that keeps the content: of a group that flowed."""
    return GroupImage(dict(values))


def hashed(key: bytes, group: Group, values: Mapping[str, Value]) -> GroupImage:
    """An image that knows a change and keeps no content: of a group that never flowed (P14)."""
    return GroupImage(None, group_digest(key, group, values))


def completed(
    group: Group, image: GroupImage | None, seen: Mapping[str, Value] | None
) -> Mapping[str, Value] | None:
    """What a side holds of a group: fields that were not observed are as the image has them.

    `None`, as good as not observed, where only a part was observed and the rest is not known.
    """
    if seen is None or image is None or len(seen) == len(group.fields):
        return seen
    return None if image.values is None else {**image.values, **seen}


def differs(
    key: bytes, group: Group, image: GroupImage | None, now: Mapping[str, Value] | None
) -> bool:
    """Whether a side was edited since its image. What was not observed is not an edit."""
    if now is None:
        return False
    if image is None:
        return True
    if image.values is not None:
        return not equal(group, image.values, now)
    return image.digest != group_digest(key, group, now)
