"""The compiled policy: what the admin decided for a group of users, as the engine reads it.

Built by `settings` from the configuration file; a value like any other here. It holds no
expression: which records are in scope is asked of the CRM store and arrives with each record.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache

from syncd.model.fields import Direction, Group, Side
from syncd.model.kinds import Kind


class ConflictPolicy(StrEnum):
    """Who wins when both sides changed one group differently."""

    CRM = "crm"
    OUTLOOK = "outlook"
    LATEST = "latest"


class Track(StrEnum):
    """By which act of its user an Outlook item enters the CRM."""

    CATEGORY = "category"
    FOLDER = "folder"
    NONE = "none"


class FirstSync(StrEnum):
    """Whether first contact with a mailbox that holds items waits for a person."""

    ASK = "ask"
    GO = "go"


@dataclass(frozen=True, slots=True)
class Limits:
    """The breaker, per run and verb.

    Held when n > `most`, or n > `some` and more than `share` of the live links, or n >= `few` and
    all of them. `daily` bounds what 24 hours may execute.
    """

    most: int = 50
    some: int = 5
    share: float = 0.2
    few: int = 3
    daily: int = 100


@dataclass(frozen=True)
class KindPolicy:
    """What one policy says of one kind.

    `direction` bounds every group; `directions` replaces the map's default for single groups, but
    for those that the map locks. `access` and `creates` are what the mailbox's user has a right to
    in the CRM: by group, where that is less than everything, and whether to make a record.
    """

    kind: Kind
    direction: Direction = Direction.TWO_WAY
    directions: Mapping[str, Direction] = field(default_factory=dict)
    conflict: ConflictPolicy = ConflictPolicy.LATEST
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
        return narrower(ruled, self.access.get(group.name, Direction.TWO_WAY))


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
