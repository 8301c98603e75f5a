"""Silent divergence: what differs from the images although no side told of a change.

Pure, and shared by whoever looks: it compares what was read with what a link was settled with.
"""

from __future__ import annotations

from enum import StrEnum

from syncd.model.fields import Side
from syncd.model.kinds import Kind
from syncd.model.record import Record
from syncd.reconcile.facts import ItemFacts, Link
from syncd.reconcile.images import Image, completed, differs


class Divergence(StrEnum):
    """What sort it is of. Stable: counts in the journal and in alerts go by these."""

    ITEM_GONE = "item-gone"  # no removal was told; to be confirmed like any other (P5)
    ITEM_DIFFERS = "item-differs"
    STAMP_LOST = "stamp-lost"  # or another one
    MADE_PRIVATE = "made-private"
    RECORD_DIFFERS = "record-differs"
    RECORD_GONE = "record-gone"


def item_differs(key: bytes, kind: Kind, link: Link, item: ItemFacts) -> bool:
    """Whether what Outlook holds is not what it held when last settled; `key` of keyed hashes."""
    image = link.images.get(Side.OUTLOOK, {})
    return item.record is not None and _differs(key, kind, image, item.record)


def record_differs(key: bytes, kind: Kind, link: Link, record: Record) -> bool:
    """Whether what the CRM holds is not what it held when last settled."""
    return _differs(key, kind, link.images.get(Side.CRM, {}), record)


def of_item(key: bytes, kind: Kind, link: Link, item: ItemFacts) -> Divergence | None:
    """What is wrong with an item that was read, the gravest first; `None` when nothing is."""
    if item.private:
        return Divergence.MADE_PRIVATE
    if item_differs(key, kind, link, item):
        return Divergence.ITEM_DIFFERS
    return None if item.stamped else Divergence.STAMP_LOST


def _differs(key: bytes, kind: Kind, image: Image, record: Record) -> bool:
    """A group without an image is new to the map, which is decided when the rules are taken."""
    return any(
        differs(key, group, image[name], completed(group, image[name], record.group(group)))
        for name, group in kind.groups.items()
        if name in image
    )
