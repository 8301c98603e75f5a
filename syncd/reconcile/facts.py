"""The facts that a decision is made from: a link, what the CRM says, what Outlook says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from syncd.model.fields import Side
from syncd.model.record import Record
from syncd.model.values import Value
from syncd.reconcile.images import Image, Mark


class Origin(StrEnum):
    """How a link came about, which decides what may happen to its item."""

    CREATED = "created"
    ADOPTED = "adopted"
    TRACKED = "tracked"


class LinkState(StrEnum):
    """`LIVE`, or why the link is at rest. A link at rest keeps its images and its item's place."""

    LIVE = "live"
    RELEASED = "released"
    REMEMBERED = "remembered"
    ORPHANED = "orphaned"
    COPY = "copy"


class CrmPresence(StrEnum):
    """Where a CRM record stands for one mailbox."""

    IN_SCOPE = "in-scope"
    OUT_OF_SCOPE = "out-of-scope"
    DELETED = "deleted"
    UNKNOWN = "unknown"


class ItemPresence(StrEnum):
    """Where an item is, concluded from sound readings only (P5)."""

    PRESENT = "present"
    ARCHIVED = "archived"  # in our own folder for what left scope
    FORMER = "former"  # in the folder that was served before the policy named another one
    DELETED = "deleted"
    MOVED = "moved"  # in a folder that syncd does not serve
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class CrmFacts:
    """What the CRM holds. `record` is `None` for `DELETED`, `UNKNOWN` and what it never had.

    `origins` is when each group's value was authored. The mailbox's user may change the record if
    it is `writable`, may see it if `readable`, and is its owner if it is `owned`.
    """

    presence: CrmPresence
    record: Record | None = None
    version: int = 0
    origins: Mapping[str, datetime] = field(default_factory=dict)
    writable: bool = True
    readable: bool = True
    owned: bool = True


@dataclass(frozen=True, slots=True)
class ItemFacts:
    """What Outlook holds. `record` is `None` when the item is unchanged and was not read again.

    `stamped` is false for an item of ours that lost its stamp, or never got it before a crash.
    `guarded` are fields that hold more than the record says, and are not to be overwritten.
    """

    presence: ItemPresence
    id: str = ""
    version: str = ""
    record: Record | None = None
    modified: datetime | None = None
    private: bool = False
    tracked: bool = False
    stamped: bool = True
    guarded: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Link:
    """The tie between one CRM record and one item, with what each side was last known to hold.

    `tracked` is whether the item carried its user's act of tracking when last settled; `aside`
    whether it was syncd that put it aside when its record left scope; of one that is remembered,
    that a person wants it back and it cannot be moved.
    """

    crm_id: str
    origin: Origin
    state: LinkState
    remote_id: str
    remote_version: str
    crm_version: int
    images: Mapping[Side, Image]
    marks: Mapping[str, Mark]
    tracked: bool = False
    aside: bool = False
    remote_modified: datetime | None = None  # of the item, by its server's clock, when last settled


@dataclass(frozen=True, slots=True)
class Loser:
    """A value that a decision overwrites without its having been agreed: kept (P1)."""

    group: str
    side: Side
    values: Mapping[str, Value]
