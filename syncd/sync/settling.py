"""Settling: what a transaction has finished is written down in a few statements."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from hashlib import blake2b

from sqlalchemy import Connection, func, literal, update

from syncd.model.fields import Side
from syncd.model.policy import Track
from syncd.model.record import Record
from syncd.outlook.port import Head
from syncd.reconcile.decide import Decision, Stand, Verb
from syncd.reconcile.facts import ItemPresence, Link, LinkState, Loser, Origin
from syncd.reconcile.images import Image, Mark, Standing, known
from syncd.reconcile.reasons import Reason
from syncd.reconcile.settle import hashes_only, settle
from syncd.sync import accounting, acts, conflicts, links, observe, questions, remembering
from syncd.sync.accounting import QUESTIONS, Sighted
from syncd.sync.session import SECOND_LOOK, Session
from syncd.sync.snapshots import Snapshots
from syncd.sync.tables import observed
from syncd.sync.work import Work

TRIES = 3  # of one item, before it is set aside
FIRST_GAP = timedelta(minutes=5)
LONGEST_GAP = timedelta(hours=6)
SPREAD = 0.2  # of a gap, either way: what failed together is not tried together
PARKED_FOR = timedelta(hours=1)
SET_ASIDE_FOR = timedelta(days=7)  # or until somebody edits it, or says to try it again


@dataclass
class Task:
    """One case on its way through execution: what each side holds as far as is known by now."""

    work: Work
    decision: Decision
    crm_id: str
    crm: Record | None
    crm_version: int
    item: Record | None
    remote_id: str
    remote_version: str
    approved: bool = False
    beside: tuple[str, ...] = ()  # records like the one it makes, that its user may not read
    withdrawn: frozenset[str] = frozenset()  # groups that another user took back meanwhile

    @classmethod
    def of(cls, work: Work, decision: Decision) -> Task:
        """A task at its start."""
        link, case = work.case.link, work.case
        return cls(
            work,
            decision,
            work.crm_id or "",
            case.crm.record,
            case.crm.version or (link.crm_version if link else 0),
            case.item.record,
            _item_of(work),
            case.item.version or (link.remote_version if link else ""),
        )

    def losers(self, *sides: Side) -> list[tuple[str, Loser, Reason]]:
        """What this task overwrites on these sides without its having been agreed."""
        return [
            (self.crm_id, group.loser, group.reason)
            for group in self.decision.groups
            if group.loser and group.loser.side in sides
        ]


@dataclass
class Settling:
    """Collects what one transaction settles; `flush` writes it."""

    conn: Connection
    session: Session
    generation: int
    snapshots: Snapshots = field(default_factory=Snapshots)
    _links: list[Link] = field(default_factory=list)
    _sighted: list[Sighted] = field(default_factory=list)
    _heads: list[Head] = field(default_factory=list)
    _dropped: list[str] = field(default_factory=list)
    _decided: list[str] = field(default_factory=list)
    _subjects: list[str] = field(default_factory=list)
    _thrown: list[remembering.Thrown] = field(default_factory=list)
    _back: list[str] = field(default_factory=list)
    _parked: list[conflicts.Parked] = field(default_factory=list)
    _tied: dict[str, str] = field(default_factory=dict)
    _untracked: list[str] = field(default_factory=list)

    def task(
        self,
        task: Task,
        *,
        pending: frozenset[str] = frozenset(),
        head: Head | None = None,
        in_folder: bool = True,
        unsettled: Reason | None = None,
        state: LinkState | None = None,
    ) -> None:
        """Settle one task with what it holds by now.

        `pending` groups wait for their write to Outlook; `unsettled` leaves the item to be looked
        at again, and says why. `head` is the item as it was read back. `state` is that of the link,
        where it is not yet the one that was decided.
        """
        decision = task.decision
        state = state or decision.link_state
        if any(group.reason is Reason.MADE_PRIVATE for group in decision.groups):
            unsettled = Reason.RETRY  # given back first: how its tie ends is decided next (P7)
        if state is not None and task.crm_id:
            settled = self._link(task, state, pending, head)
            self._links.append(settled)
            self._note(task, settled)
        done = not pending and unsettled is None
        if done:
            self._decided.append(task.crm_id)
            self._subjects += task.work.subjects
        if task.work.remote_id and task.work.remote_id != task.remote_id:
            self._dropped.append(task.work.remote_id)
        before = task.work.case.link
        if state is not None and before is not None and before.crm_id == task.crm_id:
            # The item that the link had may be here under another id: moved out, and back.
            self._dropped += [before.remote_id] if before.remote_id != task.remote_id else []
        presence = task.work.case.item.presence
        beside = presence in _BESIDE and state is not LinkState.LIVE
        # What was made in the place of one that is away is in the folder, listed or not.
        away = presence in _AWAY and task.remote_id == _item_of(task.work)
        if not in_folder or away or beside:
            self._dropped.append(task.remote_id)
        elif task.remote_id:
            reason = unsettled or (Reason.RETRY if pending else decision.reason)
            stand = decision.stand if done else Stand.WAITING
            self._sighted.append(self._seen(task, stand, reason, head, unsettled=not done))
            if head is not None and done:
                self._heads.append(head)

    def _note(self, task: Task, settled: Link) -> None:
        """What follows from how a link stands now, beside the link."""
        before = task.work.case.link
        was = before.state if before is not None else None
        private = task.decision.withdraws
        if settled.state is LinkState.REMEMBERED and (private or was is not LinkState.REMEMBERED):
            # Of what is private not even hashes are kept, though it were entered anew (P7).
            held = None if private or task.crm is None else task.crm.fields
            self._thrown.append((task.crm_id, task.decision.reason, held))
        elif was is LinkState.LIVE and settled.state is LinkState.ORPHANED:
            # The CRM ended it as well meanwhile: entered anew it stays away all the same.
            if task.decision.reason is Reason.OUTLOOK_DELETED:
                held = known(before.images[Side.CRM]) if before is not None else None
                self._thrown.append((task.crm_id, task.decision.reason, held))
        elif settled.state is LinkState.LIVE and was is not LinkState.LIVE:
            self._back.append(task.crm_id)
        marks = before.marks if before is not None else {}
        anew = task.decision.reason is Reason.STAMP_FOUND
        if parked := conflicts.parked(settled, marks, anew=anew):
            self._parked.append(parked)
        said = self.session.acts
        if said is not None and said.by_item.get(task.remote_id) and was is not LinkState.LIVE:
            self._tied[task.remote_id] = task.crm_id
        if task.decision.reason is Reason.UNTRACKED:
            self._untracked.append(task.crm_id)

    def _follow_acts(self, conn: Connection) -> None:
        whose = (self.session.mailbox.id, self.session.policy.kind.name)
        if self._tied:
            acts.follow(conn, *whose, self._tied)
        if self._untracked and self.session.policy.track is not Track.FOLDER:
            # Its category is off: to put it on again is a new act. A folder stays what it is.
            acts.drop(conn, *whose, self._untracked)

    def _seen(
        self, task: Task, stand: Stand, reason: Reason, head: Head | None, *, unsettled: bool
    ) -> Sighted:
        head = head or task.work.head
        stamp = head.stamp if head else None
        entered = {Verb.CREATE_ITEM, Verb.RESTORE_ITEM} & set(task.decision.verbs)
        version = head.version if head and unsettled else task.remote_version
        return Sighted(
            task.remote_id,
            version,
            stand,
            reason,
            stamp.link if stamp else None,
            stamp.key if stamp else None,
            unsettled=unsettled,
            unlisted=bool(entered),
        )

    def _link(
        self, task: Task, state: LinkState, pending: frozenset[str], head: Head | None
    ) -> Link:
        kind, before = self.session.policy.kind, task.work.case.link
        before = before if before is not None and before.crm_id == task.crm_id else None
        key = self.session.installation.hash_key
        outcomes = {group.group: group for group in task.decision.groups}
        if state is not LinkState.LIVE:
            # A link at rest keeps its images: what is edited meanwhile is merged when it is live
            # again. Only what the CRM took on the way out is settled.
            taken = {name for name, group in outcomes.items() if Side.CRM in group.writes}
            pending |= kind.groups.keys() - taken
        images, marks = settle(
            kind.groups,
            outcomes,
            before,
            {Side.CRM: task.crm, Side.OUTLOOK: task.item},
            key,
            pending=pending,
        )
        if task.decision.withdraws:
            images = {side: hashes_only(kind, key, image) for side, image in images.items()}
        images, marks = self._without(task.withdrawn, images, marks)
        origin = task.decision.origin or (before.origin if before else Origin.ADOPTED)
        tracked = before.tracked if before else False
        if task.work.case.item.record is not None:
            tracked = task.work.case.item.tracked
        off = state is LinkState.ORPHANED and task.decision.patch(Side.OUTLOOK)
        if off or task.decision.withdraws:
            tracked = False  # to put its category on again, or to open it again, is a new act
        return Link(
            crm_id=task.crm_id,
            origin=origin,
            state=state,
            remote_id=task.remote_id,
            remote_version=task.remote_version,
            crm_version=task.crm_version,
            images=images,
            marks=marks,
            tracked=tracked,
            aside=_aside(state, task, before),
            remote_modified=_modified(task, head, before) if self._may_tell_age else None,
        )

    @cached_property
    def _may_tell_age(self) -> bool:
        """Whether a time of the server can be held against another one: not while it is wrong."""
        return self.session.clock_is_sound()

    def _without(
        self, groups: frozenset[str], images: Mapping[Side, Image], marks: Mapping[str, Mark]
    ) -> tuple[Mapping[Side, Image], Mapping[str, Mark]]:
        """Images that know these groups by their hash alone, to be decided without a trace (P7)."""
        if not groups:
            return images, marks
        kind, key = self.session.policy.kind, self.session.installation.hash_key
        private = Mark(Standing.UNSETTLED, Reason.MADE_PRIVATE)
        bare = {
            side: {**image, **hashes_only(kind, key, {n: image[n] for n in groups & image.keys()})}
            for side, image in images.items()
        }
        return bare, {**marks, **dict.fromkeys(groups, private)}

    def flush(self) -> None:
        """Write everything that was collected."""
        conn, session = self.conn, self.session
        links.save(conn, session.key, self._links, self.snapshots)
        accounting.drop_observed(conn, session, self._dropped)
        accounting.put_observed(conn, session, self._sighted, self.generation)
        accounting.drop_noticed(conn, session, [each for each in self._decided if each])
        accounting.drop_held(conn, session, self._subjects)
        questions.settle(conn, session, self._subjects)
        remembering.remember(conn, session, self._thrown)
        remembering.forget(conn, session, self._back)
        conflicts.reopen(conn, session, self._parked, self.snapshots)
        self._follow_acts(conn)
        observe.put_match_values(conn, session, self._heads)
        self.snapshots.flush(conn)


def _item_of(work: Work) -> str:
    """The id of the item that a case began with; empty where there is none."""
    case = work.case
    return case.item.id or (case.link.remote_id if case.link else "")


def _modified(task: Task, head: Head | None, before: Link | None) -> datetime | None:
    """How old the item is known to be: as it was read back, or read; else as it was before."""
    if head is not None:
        return head.modified
    if task.work.case.item.record is not None:
        return task.work.case.item.modified
    return before.remote_modified if before is not None else None


def _aside(state: LinkState, task: Task, before: Link | None) -> bool:
    """Whether it is syncd that put the item out of the folder, or the folder away from the item."""
    if state is not LinkState.RELEASED:
        return False
    if task.work.case.item.presence is ItemPresence.FORMER and not task.decision.withdraws:
        return True
    stays = before is not None and before.state is LinkState.RELEASED
    return before.aside if stays and before is not None else task.decision.aside


_AWAY = (ItemPresence.DELETED, ItemPresence.MOVED)
_BESIDE = (ItemPresence.ARCHIVED, ItemPresence.FORMER)  # where what is at rest is left


def postpone(
    conn: Connection,
    session: Session,
    work: Work,
    stand: Stand,
    reason: Reason,
    *,
    error: str | None = None,
    attempts: int = 0,
) -> None:
    """Let a case wait: with its item where it has one, else with its record.

    `attempts` other than 0 counts a try and doubles the gap to the next.
    """
    if reason in (*QUESTIONS, Reason.ONLY_BY_HAND):
        # Whatever was held of it is not what it waits for now.
        accounting.drop_held(conn, session, work.subjects)
    if reason in QUESTIONS:
        case = work.case
        version = case.item.version if work.crm_id is None else str(case.crm.version)
        questions.ask(
            conn, session, work.subject, reason, work.candidates, version,
            again=work.answer is not None,
        )  # fmt: skip
    gap = gap_after(attempts, work.subject) if attempts else None
    if stand is Stand.QUARANTINED:
        gap = SET_ASIDE_FOR * _spread(work.subject)
    elif reason in accounting.PARKED:
        gap = PARKED_FOR
    elif reason is Reason.SECOND_LOOK and work.remote_id is None:
        gap = SECOND_LOOK
    at = session.clock() + gap if gap else None
    extra = {"error": error, "attempts": attempts, "retry_at": at}
    if work.remote_id is not None:
        missing: dict[str, object] = {}
        if reason is Reason.SECOND_LOOK:
            # What a read did not find is missing, too: a listing need not report the removal of
            # an item that it never showed.
            now = literal(session.clock(), observed.c.missing_since.type)
            missing = {"missing_since": func.coalesce(observed.c.missing_since, now)}
        told = reason in QUESTIONS or stand is Stand.QUARANTINED
        name = _name(session, work) if told else None
        counted = accounting.set_observed(
            conn, session, work.remote_id, stand, reason, unsettled=True, name=name, **extra,
            **missing,
        )  # fmt: skip
        link = work.case.link
        if (
            reason in accounting.PARKED
            and link is not None
            and link.state is not LinkState.COPY
            and link.remote_id != work.remote_id
        ):
            # What it was before it moved waits with it, and is not sought alone meanwhile (P4).
            before = session.mine(observed) & (observed.c.remote_id == link.remote_id)
            conn.execute(update(observed).where(before).values(retry_at=at))
        if work.noticed and work.crm_id:
            # An item that is not in the folder is accounted for by its record.
            stands = None if counted else stand
            accounting.set_noticed(conn, session, work.crm_id, stands, reason, **extra)
    elif work.crm_id:
        accounting.notice(conn, session, [work.crm_id])
        accounting.set_noticed(conn, session, work.crm_id, stand, reason, **extra)


def gap_after(tries: int, subject: str) -> timedelta:
    """How long after so many tries the next one is: twice as long each time, up to a limit.

    The same subject is always spread by the same, so that a run can be told again.
    """
    doubled: int = 2 ** min(max(tries, 1) - 1, 10)
    return min(FIRST_GAP * doubled, LONGEST_GAP) * _spread(subject)


def _spread(subject: str) -> float:
    (drawn,) = blake2b(subject.encode(), digest_size=1).digest()
    return 1 - SPREAD + 2 * SPREAD * drawn / 255


def _name(session: Session, work: Work) -> str | None:
    """What an item is called that its user put into the CRM: a person is asked about it (P14)."""
    item = work.case.item
    return session.policy.kind.called(item.record.fields) if item.tracked and item.record else None


def refuse(conn: Connection, session: Session, work: Work, reason: Reason, error: str) -> None:
    """One item failed, alone: tried again with growing gaps, then set aside (P10).

    What is refused in a circle (`LIVELOCK`) waits: it is nothing that the item could not be.
    """
    attempts = accounting.attempts(conn, session, work.remote_id, work.crm_id) + 1
    stand = Stand.WAITING
    if attempts >= TRIES and reason is not Reason.LIVELOCK:
        stand, reason = Stand.QUARANTINED, Reason.REFUSED
    postpone(conn, session, work, stand, reason, error=error, attempts=attempts)
    session.tally.failed += 1
