"""What the store knows of one record in one mailbox: all that an explanation is made from.

Nothing of an item that is not tied to the record, or tracked, is in here (P14): of those that could
be meant only how many there are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from syncd.crm.stored import Stored
from syncd.model.kinds import Kind
from syncd.model.policy import KindPolicy, Track
from syncd.reconcile.breaker import Bounded
from syncd.reconcile.claim import Finding
from syncd.reconcile.decide import Stand, Verb
from syncd.reconcile.facts import Link, LinkState, Origin
from syncd.reconcile.images import Mark
from syncd.reconcile.reasons import Reason
from syncd.settings.filter_clauses import Clause
from syncd.sync.mailboxes import MailboxRow


@dataclass(frozen=True, slots=True)
class About:
    """The record that is asked about. `merged_into` is what the survivor is called, and its id."""

    kind: Kind
    record: Stored
    owner: str
    people: Mapping[str, str]  # the addresses of all users, by id
    merged_into: tuple[str, str] | None = None

    @property
    def name(self) -> str:
        """What it is called, or its id."""
        return self.record.name or self.record.id


@dataclass(frozen=True, slots=True)
class Seen:
    """How the item or the record stands. `unsettled`: it is to be decided about."""

    stand: Stand | None
    reason: Reason | None
    error: str | None
    attempts: int
    retry_at: datetime | None
    unsettled: bool


@dataclass(frozen=True, slots=True)
class HeldBack:
    """An operation that waits for a person, was let go by one, or was decided against."""

    verb: Bounded
    reason: Reason | None
    at: datetime
    approved: bool
    discarded: bool


@dataclass(frozen=True, slots=True)
class Question:
    """What was asked. `count`: how many items or records could be meant."""

    reason: Reason
    at: datetime
    count: int
    answer: str | None
    answered_at: datetime | None
    version: str | None  # of what was asked about, when it was


@dataclass(frozen=True, slots=True)
class Contested:
    """A group that both sides changed: still open, or what was replaced and kept."""

    labels: tuple[str, ...]
    reason: Reason
    at: datetime
    side: str
    open: bool
    writer: str | None = None  # of one that is frozen: who writes it in the CRM


@dataclass(frozen=True, slots=True)
class Memory:
    """What its user threw away in Outlook."""

    reason: Reason
    at: datetime


@dataclass(frozen=True, slots=True)
class Act:
    """An act of tracking by command, or of taking it back."""

    tracked: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class Done:
    """One operation of the journal."""

    key: str
    run: str
    verb: Verb
    reason: Reason
    status: str
    error: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Ruled:
    """A filter that is on: whether it keeps out, what it is called, and how it comes out."""

    name: str
    excludes: bool
    clause: Clause


@dataclass(frozen=True, slots=True)
class Facts:
    """One record in one mailbox. `policy` is narrowed to the rights of the mailbox's user."""

    about: About
    mailbox: MailboxRow
    served: bool  # its policy is there
    policy: KindPolicy | None  # of this kind
    waits_for_approval: bool
    synced: bool  # its first sync is done
    claim: Finding | None  # what holds every write: the folder is not ours to serve
    readable: bool
    hidden: frozenset[str]  # fields that its user may not read
    writable: bool
    filters: tuple[Ruled, ...]
    member: bool  # of what the filters let in, and its user may read
    barred: bool  # by a filter that keeps out, whoever tracks it
    unsure: bool  # whether it belongs, for a filter is not understood any more
    blind: bool  # such a one keeps out, so that tracking pins nothing for sure
    link: Link | None
    changed: tuple[str, ...]  # labels of what the CRM changed since
    seen: Seen | None
    noticed: Seen | None
    held: tuple[HeldBack, ...]
    questions: tuple[Question, ...]
    contested: tuple[Contested, ...]
    memory: Memory | None
    thrown: bool  # it, or somebody just like it who was entered before
    act: Act | None
    done: tuple[Done, ...]  # the latest first

    @property
    def pinned(self) -> bool:
        """Whether tracking keeps it in scope, whatever the filters say."""
        link, record = self.link, self.about.record
        if link is None or not link.tracked or self.policy is None:
            return False
        act = link.origin is Origin.TRACKED or self.policy.track is Track.CATEGORY
        return act and record.active and not record.deleted and self.readable and not self.barred

    @property
    def unclear(self) -> bool:
        """Whether it cannot be said if it belongs in the mailbox."""
        return self.blind if self.pinned else self.unsure

    @property
    def inside(self) -> bool:
        """Whether it belongs in the mailbox."""
        return not self.about.record.deleted and (self.pinned or self.member)

    @property
    def live(self) -> bool:
        """Whether its item is kept in step."""
        return self.link is not None and self.link.state is LinkState.LIVE

    @property
    def marks(self) -> Mapping[str, Mark]:
        """The marks of the groups that are not agreed."""
        return self.link.marks if self.link is not None else {}

    def labels(self, group: str) -> tuple[str, ...]:
        """What the fields of a group are called."""
        return tuple(field.label for field in self.about.kind.groups[group].fields)

    def last(self, *reasons: Reason) -> Done | None:
        """The latest operation for one of these reasons."""
        return next((each for each in self.done if each.reason in reasons), None)

    @property
    def waiting(self) -> Seen | None:
        """What keeps it waiting, or set aside; `None` when nothing does."""
        for each in (self.seen, self.noticed):
            if each is not None and each.stand in (Stand.WAITING, Stand.QUARANTINED):
                return each
        return None

    @property
    def asked(self) -> Question | None:
        """The question that waits for an answer."""
        return next((each for each in self.questions if each.answer is None), None)

    @property
    def settled_against(self) -> Question | None:
        """The answer that keeps it as it is: for good, or until it changes."""
        version = str(self.about.record.version)
        for each in self.questions:
            if each.answer == "never" or (each.answer == "ignore" and each.version == version):
                return each
        return None

    @property
    def stirred(self) -> bool:
        """Whether the next run looks at it."""
        return (self.noticed is not None and self.noticed.stand is None) or (
            self.seen is not None and self.seen.unsettled and self.waiting is None
        )
