"""The compiled policy: what the admin decided for a group of users, as the engine reads it.

Built by `settings` from the configuration file; a value like any other here. It holds no
expression: which records are in scope is asked of the CRM store and arrives with each record.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache, cached_property

from syncd.model.fields import Direction, Group, Side
from syncd.model.kinds import Kind


class ConflictPolicy(StrEnum):
    """Who wins when both sides changed one group differently."""

    CRM = "crm"
    OUTLOOK = "outlook"
    LATEST = "latest"
    ASK = "ask"  # a person: until then the group stays as it is on both sides


class Track(StrEnum):
    """By which act of its user an Outlook item enters the CRM."""

    CATEGORY = "category"
    FOLDER = "folder"
    NONE = "none"


class FirstSync(StrEnum):
    """Whether first contact with a mailbox that holds items waits for a person."""

    ASK = "ask"
    GO = "go"


class Consent(StrEnum):
    """Who agrees that a mailbox is read."""

    ADMIN = "admin"  # for all of its users
    USER = "user"  # each of them, before anything is read


class ScopeExit(StrEnum):
    """What becomes of an item whose record left its mailbox's scope."""

    ARCHIVE = "archive-folder"
    RELEASE = "release"  # it stays where it is, and no longer in step
    KEEP_UPDATING = "keep-updating"
    DELETE = "delete"  # to Deleted Items


class CrmDelete(StrEnum):
    """What becomes of an item whose record was deleted in the CRM."""

    DELETE_CREATED = "delete-created"  # what syncd made goes, the user's own stays
    DELETE_IF_NOT_OWNER = "delete-if-not-owner"  # the owner of the record keeps the item
    DELETE = "delete"
    RELEASE = "release"


class OutlookDelete(StrEnum):
    """What becomes of a record whose item its user deleted."""

    REMEMBER = "remember"  # nothing, and the item does not come back
    DEACTIVATE = "deactivate"
    DELETE_IF_OWNER = "delete-if-owner"


class Copies(StrEnum):
    """What a copy of an item in step is."""

    IGNORE = "ignore"  # nothing, until its user changes who it is about
    TAKE = "take"  # an item of its own, once it is tracked


class Addresses(StrEnum):
    """Which of Outlook's postal addresses take part."""

    THREE = "three"
    MAILING = "mailing-only"


@dataclass(frozen=True, slots=True)
class Limits:
    """The breaker, per run and verb.

    Held when n > `most`, or n > `some` and more than `share` of the live links, or n >= `few` and
    all of them. `daily` bounds what 24 hours may execute, `cause` what one cause (a reassigned
    account) may do in all mailboxes together. An edit in Outlook that empties `emptied` fields or
    more waits: phones do that.
    """

    most: int = 50
    some: int = 5
    share: float = 0.2
    few: int = 3
    daily: int = 100
    cause: int = 100
    emptied: int = 4


@dataclass(frozen=True, slots=True)
class ExitPolicy:
    """What leaving scope does, by how the link came about. Leaving is not deletion."""

    created: ScopeExit = ScopeExit.ARCHIVE
    adopted: ScopeExit = ScopeExit.RELEASE
    tracked: ScopeExit = ScopeExit.RELEASE


@dataclass(frozen=True)
class KindPolicy:
    """What one policy says of one kind.

    `direction` bounds every group; `directions` replaces the map's default for single groups, but
    for those that the map locks; `conflicts` replaces `conflict` for single groups. `company` is
    whether the company takes part. `pushes` is false while no filter says what belongs in the
    mailbox: then nothing of the CRM goes there. `access` and `creates` are what the mailbox's user
    has a right to in the CRM: by group, where that is less than everything, and whether to make a
    record.
    """

    kind: Kind
    direction: Direction = Direction.TWO_WAY
    directions: Mapping[str, Direction] = field(default_factory=dict)
    conflict: ConflictPolicy = ConflictPolicy.LATEST
    conflicts: Mapping[str, ConflictPolicy] = field(default_factory=dict)
    on_scope_exit: ExitPolicy = field(default_factory=ExitPolicy)
    on_crm_delete: CrmDelete = CrmDelete.DELETE_CREATED
    on_outlook_delete: OutlookDelete = OutlookDelete.REMEMBER
    copies: Copies = Copies.IGNORE
    company: bool = True
    addresses: Addresses = Addresses.THREE
    pushes: bool = True
    folder: str = "default"
    track: Track = Track.CATEGORY
    track_category: str = "CRM"
    first_sync: FirstSync = FirstSync.ASK
    limits: Limits = field(default_factory=Limits)
    access: Mapping[str, Direction] = field(default_factory=dict)
    creates: bool = True

    def direction_of(self, group: Group) -> Direction:
        """The direction in force for a group: what the kind's, its own and the rights all allow."""
        own = self.directions.get(group.name, group.direction)
        ruled = narrower(self.direction, group.direction if group.locked else own)
        if not self.company and group.name == self.kind.company:
            return Direction.NONE
        if not self.pushes:
            ruled = narrower(ruled, Direction.TO_CRM)
        return narrower(ruled, self.access.get(group.name, Direction.TWO_WAY))

    @cached_property
    def in_force(self) -> Mapping[str, Direction]:
        """The direction in force for each group of the kind, by its name."""
        return {name: self.direction_of(group) for name, group in self.kind.groups.items()}

    def conflict_of(self, group: Group) -> ConflictPolicy:
        """Who wins a conflict about a group."""
        return self.conflicts.get(group.name, self.conflict)


@cache
def narrower(one: Direction, two: Direction) -> Direction:
    """The direction in which both allow a side to speak."""
    crm = one.speaks(Side.CRM) and two.speaks(Side.CRM)
    outlook = one.speaks(Side.OUTLOOK) and two.speaks(Side.OUTLOOK)
    return _BY_SPEAKERS[crm, outlook]


_BY_SPEAKERS = {
    (True, True): Direction.TWO_WAY,
    (True, False): Direction.TO_OUTLOOK,
    (False, True): Direction.TO_CRM,
    (False, False): Direction.NONE,
}
