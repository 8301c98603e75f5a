"""What is decided about, under which rules, and what a decision says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from types import MappingProxyType

from syncd.model.fields import SIDES, Side
from syncd.model.policy import KindPolicy
from syncd.model.values import Value
from syncd.reconcile.facts import CrmFacts, ItemFacts, Link, LinkState, Origin
from syncd.reconcile.merge import GroupOutcome
from syncd.reconcile.reasons import Reason


class Action(StrEnum):
    """What follows from where a record and its item stand. The words of the existence table."""

    NOTHING = "nothing"
    TO_OUTLOOK = "to Outlook"
    TO_CRM = "to CRM"
    MERGE = "merge"
    REMEMBER = "delete policy"
    WAIT = "wait"
    EXIT = "scope-exit policy by origin"
    TAKE_AND_EXIT = "take the edit, then the scope-exit policy"
    UNMAKE = "by origin: to Deleted Items, or kept as orphaned"
    KEEP = "keep, rest as orphaned, conflict"
    REST = "rest"
    MATCH = "match, else create"
    TRACK = "tracked: into the CRM; else excluded"
    REVIVE = "live again, merge from the kept images"
    REVIVE_OR_REMEMBER = "gone from its user's folder: remembered; from ours: create"
    RESPECT = "respect it"
    NEW_ACT = "a new act of tracking makes it a new item"
    WITHDRAW = "withdraw, then rest"
    NEVER = "–"  # cannot be: without a link, nothing is known to be gone


class Verb(StrEnum):
    """One intended write. The breaker counts by verb."""

    CREATE_ITEM = "create-item"
    UPDATE_ITEM = "update-item"
    MOVE_ITEM = "move-item"
    TRASH_ITEM = "trash-item"
    CREATE_RECORD = "create-record"
    UPDATE_RECORD = "update-record"
    UNLINK = "unlink"
    WITHDRAW = "withdraw"  # from the CRM, what came from this mailbox
    RESTORE_ITEM = "restore-item"
    DEACTIVATE_RECORD = "deactivate-record"
    DELETE_RECORD = "delete-record"

    @property
    def side(self) -> Side:
        """Where it writes."""
        return Side.CRM if self in _IN_THE_CRM else Side.OUTLOOK


_IN_THE_CRM = (
    Verb.CREATE_RECORD,
    Verb.UPDATE_RECORD,
    Verb.WITHDRAW,
    Verb.DEACTIVATE_RECORD,
    Verb.DELETE_RECORD,
)


class Stand(StrEnum):
    """What an item seen comes to (P9): exactly one of these."""

    IN_STEP = "in-step"
    EXCLUDED = "excluded"
    QUARANTINED = "quarantined"
    WAITING = "waiting"


@dataclass(frozen=True)
class Decision:
    """What to do about one link: writes, and how the link stands once they are done.

    `verbs` are in the order they are carried out. `groups` are the groups that were decided; the
    images of all others stay. `link_state` and `origin` are `None` where no link remains or comes
    about, or the link is not touched. `stamp` says that the item gets the link's stamp; `aside`
    that syncd puts it aside, out of the folder or under a category, so that it may put it back.
    """

    reason: Reason
    stand: Stand
    verbs: tuple[Verb, ...] = ()
    groups: tuple[GroupOutcome, ...] = ()
    link_state: LinkState | None = None
    origin: Origin | None = None
    stamp: bool = False
    aside: bool = False

    @property
    def withdraws(self) -> bool:
        """Whether the CRM gives back what came from this mailbox."""
        return Verb.WITHDRAW in self.verbs

    @cached_property
    def _patches(self) -> Mapping[Side, Mapping[str, Value]]:
        found: dict[Side, dict[str, Value]] = {side: {} for side in SIDES}
        for group in self.groups:
            for side, values in group.writes.items():
                found[side].update(values)
        return {side: MappingProxyType(values) for side, values in found.items()}

    def patch(self, side: Side) -> Mapping[str, Value]:
        """All fields to be written to a side. Put together once: a run asks many times."""
        return self._patches[side]


@dataclass(frozen=True, slots=True)
class Case:
    """One thing to decide: a link with its facts, or a record or item without one.

    `met` says why a record and an item without a link belong together.
    """

    crm: CrmFacts
    item: ItemFacts
    link: Link | None = None
    met: Reason = Reason.ADOPTED

    @property
    def tied(self) -> Link:
        """The link, in a row of the table that has one."""
        if self.link is None:
            raise ValueError("a case of this row has a link")
        return self.link


@dataclass(frozen=True, slots=True)
class Rules:
    """What decisions are made under. `clock_sound`: the server's clock is right to a minute.

    `moves`: items can be put into another folder. Where they cannot, what is put aside stays in
    its place under a category, what was thrown away is made anew where a person wants it back, and
    what is in another folder waits for its user. `server_time` is what the mailbox's server says.
    """

    policy: KindPolicy
    key: bytes
    clock_sound: bool = True
    moves: bool = True
    server_time: datetime | None = None
