"""Bringing back what users threw away in Outlook.

An item that is still somewhere is moved into the synced folder, where the next run finds it and
goes on from what it knew. Where nothing can be moved, the next run makes what was thrown away anew,
from what is known of it; what its user has filed elsewhere they move themselves.
Of one that is nowhere, also when it is sought once more ten minutes on (search indexes lag), what
was remembered is forgotten: the next run creates it.
Whatever is torn apart in between is either the old state or the new one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection, select

from syncd.crm import records
from syncd.crm.custom import kinds_of
from syncd.crm.stored import Stored
from syncd.model.fields import Side
from syncd.outlook.errors import Failure, MailboxError, Sort
from syncd.outlook.port import Head, Move
from syncd.reconcile.decide import Verb
from syncd.reconcile.facts import ItemPresence, Link, LinkState
from syncd.reconcile.reasons import Reason
from syncd.sync import accounting, by_hand, journal, links, locate, remembering
from syncd.sync.journal import Intent, Status
from syncd.sync.loading import stamp_text
from syncd.sync.locate import Place
from syncd.sync.mailboxes import MailboxProblem
from syncd.sync.session import SECOND_LOOK, Session
from syncd.sync.snapshots import Snapshots
from syncd.sync.tables import mailbox, operation
from syncd.sync.tables import remembered as table


@dataclass(frozen=True, slots=True)
class Thrown:
    """One that a user threw away. Its name is empty when the CRM has it no more."""

    mailbox: str
    kind: str
    crm_id: str
    name: str
    how: Reason
    at: datetime
    deleted: bool


class Way(StrEnum):
    """What came of bringing one back."""

    MOVED = "moved"  # its item is in the synced folder again
    CREATE = "create"  # its item is nowhere: the next run creates one
    RECREATE = "recreate"  # its item cannot be moved back: the next run makes one like it
    BY_HAND = "by-hand"  # its item cannot be moved back, and is not to be made twice
    LOOK_AGAIN = "look-again"  # its item was not found: to be asked for once more in ten minutes
    THERE = "there"  # nothing to do: it is in the mailbox
    NOT_THROWN = "not-thrown"  # nothing to do: nobody threw it away
    OUTSIDE = "outside"  # it does not belong in this mailbox by now
    GONE = "gone"  # the CRM has it no more
    PRIVATE = "private"  # its user has marked the item private since (P7)
    FAILED = "failed"  # the server refused to move the item


@dataclass(frozen=True, slots=True)
class Brought:
    """What came of one; `error` is the server's word for a refusal."""

    crm_id: str
    name: str
    way: Way
    error: str | None = None


def thrown_away(conn: Connection, mailbox_ids: Iterable[int]) -> list[Thrown]:
    """What was thrown away in some mailboxes, the latest first."""
    query = select(table, mailbox.c.address).join(mailbox, mailbox.c.id == table.c.mailbox_id)
    stored = kinds_of(conn)
    mine = table.c.mailbox_id.in_(list(mailbox_ids)) & table.c.kind.in_(list(stored))
    rows = list(conn.execute(query.where(mine)))
    ids: dict[str, set[str]] = {}
    for row in rows:
        ids.setdefault(row.kind, set()).add(row.crm_id)
    held = {kind: records.read(conn, stored[kind], wanted) for kind, wanted in ids.items()}
    found = [
        Thrown(
            row.address,
            row.kind,
            row.crm_id,
            _name(held[row.kind].get(row.crm_id)),
            Reason(row.reason),
            row.at,
            (record := held[row.kind].get(row.crm_id)) is None or record.deleted,
        )
        for row in rows
    ]
    return sorted(found, key=lambda each: each.at, reverse=True)


def _name(record: Stored | None) -> str:
    return record.name if record is not None else ""


def bring_back(session: Session, crm_ids: Sequence[str]) -> list[Brought]:
    """Bring these records' items back into the mailbox; what is no record of its kind is GONE.

    Raises MailboxError when the mailbox cannot be searched: nothing was done then, or what was done
    is whole. MailboxProblem when it was never read.
    """
    state = session.ensure_state()
    if state.folder_id is None:
        raise MailboxProblem(
            "it was never synced, so nothing was thrown away",
            f"See its first sync: syncd onboard {session.mailbox.address}",
        )
    with session.read() as conn:
        facts = _Facts.load(conn, session, crm_ids)
    open_ones = [each for each in dict.fromkeys(crm_ids) if facts.verdict(each) is None]
    ids = {each: facts.links[each].remote_id if each in facts.links else "" for each in open_ones}
    places = locate.by_stamp(session, {stamp_text(session, c): i for c, i in ids.items()}, state)
    found = []
    for each in dict.fromkeys(crm_ids):
        name, verdict = facts.name(each), facts.verdict(each)
        place = next(iter(places.get(stamp_text(session, each), [])), None)
        if verdict is not None:
            found.append(Brought(each, name, verdict))
        elif place is None or place.head is None:
            found.append(Brought(each, name, _not_found(session, facts, each)))
        else:
            found.append(_found(session, each, name, place, place.head, state.folder_id))
    return found


@dataclass(frozen=True)
class _Facts:
    """What is known of those that are to come back. `causes`: as whom each was thrown away."""

    held: dict[str, Stored]
    links: dict[str, Link]
    members: set[str]
    causes: dict[str, list[str]]

    @classmethod
    def load(cls, conn: Connection, session: Session, ids: Sequence[str]) -> _Facts:
        held = records.read(conn, session.stored, ids)
        there = {i: each.record.fields for i, each in held.items() if not each.deleted}
        return cls(
            held,
            links.by_crm(conn, session.key, ids),
            records.members_among(conn, session.stored, session.where, ids),
            {each: remembering.causes(conn, session, each, v) for each, v in there.items()},
        )

    def name(self, crm_id: str) -> str:
        return _name(self.held.get(crm_id))

    def verdict(self, crm_id: str) -> Way | None:
        """Why there is nothing to bring back; `None` where there is."""
        record, link = self.held.get(crm_id), self.links.get(crm_id)
        state = link.state if link is not None else None
        if record is None or record.deleted:
            return Way.GONE
        if state is LinkState.LIVE:
            return Way.THERE
        if state is not LinkState.REMEMBERED and not self.causes.get(crm_id):
            return Way.NOT_THROWN
        tracked = link is not None and link.tracked  # its item brings its act of tracking along
        return None if crm_id in self.members or tracked else Way.OUTSIDE


NOWHERE = "found nowhere"


def _not_found(session: Session, facts: _Facts, crm_id: str) -> Way:
    """Its item is nowhere; on a second look the tie and what was remembered go.

    The next run creates it then. Somebody who was entered anew never had an item.
    """
    if crm_id not in facts.members:
        return Way.OUTSIDE
    causes = facts.causes.get(crm_id, [])
    had_item = crm_id in facts.links or crm_id in causes
    with session.write() as conn:
        if had_item and not _looked_before(conn, session, crm_id):
            _note_look(conn, session, crm_id)
            return Way.LOOK_AGAIN
        links.give_up(conn, session.key, crm_id)
        remembering.forget(conn, session, [crm_id, *causes])
        accounting.notice(conn, session, [crm_id])
    return Way.CREATE


def _looked_before(conn: Connection, session: Session, crm_id: str) -> bool:
    """Whether its item was sought in vain long enough ago, and since it was thrown away."""
    mine = session.mine(table) & (table.c.crm_id == crm_id)
    thrown_at = conn.scalar(select(table.c.at).where(mine))
    looks = session.mine(operation) & (operation.c.crm_id == crm_id)
    looks &= (operation.c.verb == Verb.RESTORE_ITEM) & (operation.c.error == NOWHERE)
    looks &= operation.c.at <= session.clock() - SECOND_LOOK
    if thrown_at is not None:
        looks &= operation.c.at >= thrown_at
    return conn.execute(select(operation.c.key).where(looks).limit(1)).first() is not None


def _note_look(conn: Connection, session: Session, crm_id: str) -> None:
    """In the journal, as a move that found nothing to move."""
    key, snapshots = str(session.new_key()), Snapshots()
    verb, reason = Verb.RESTORE_ITEM, Reason.PUT_BACK
    intent = Intent(key, verb, reason, crm_id, None, {}, {}, counted=False)
    journal.intend(conn, session, [intent], snapshots)
    journal.conclude(conn, session, Status.LOST, [(key, None, NOWHERE)])


def _found(
    session: Session, crm_id: str, name: str, place: Place, head: Head, folder_id: str
) -> Brought:
    if session.private(head):
        return Brought(crm_id, name, Way.PRIVATE)
    if place.presence is ItemPresence.PRESENT:  # its user was quicker
        with session.write() as conn:
            ours = (session.mailbox.id, session.policy.kind.name)
            by_hand.look_again(conn, *ours, [head.id])
            by_hand.notice(conn, *ours, [crm_id])
        return Brought(crm_id, name, Way.MOVED)
    if session.moves:
        return _move(session, crm_id, name, head, folder_id)
    may = session.policy.pushes and session.policy.direction.speaks(Side.CRM)
    if place.presence is not ItemPresence.DELETED or not may:
        return Brought(crm_id, name, Way.BY_HAND)
    with session.write() as conn:
        # The tie keeps what is known of the item until the new one is there: whatever is torn in
        # between, the next run goes on from this.
        if not links.want_back(conn, session.key, crm_id):
            return Brought(crm_id, name, Way.NOT_THROWN)
        accounting.notice(conn, session, [crm_id])
    return Brought(crm_id, name, Way.RECREATE)


def _move(session: Session, crm_id: str, name: str, head: Head, folder_id: str) -> Brought:
    key = str(session.new_key())
    with session.write(durable=True) as conn:
        # Intent before request, and on disk. Should the answer be lost, the next run finds the item
        # in the folder, or where it was: thrown away as before.
        snapshots = Snapshots()
        intent = Intent(
            key, Verb.RESTORE_ITEM, Reason.PUT_BACK, crm_id, head.id, {}, {},
            precondition=head.version, counted=False,
        )  # fmt: skip
        journal.intend(conn, session, [intent], snapshots)
        snapshots.flush(conn)
    try:
        (answer,) = session.port.move(session.policy.kind, [Move(head.id, head.version)], folder_id)
    except MailboxError as error:
        in_doubt = error.sort is Sort.IN_DOUBT
        status = Status.IN_DOUBT if in_doubt else Status.FAILED
        _conclude(session, status, key, None, error.code)
        raise
    if isinstance(answer, Failure):
        _conclude(session, Status.FAILED, key, None, answer.code)
        return Brought(crm_id, name, Way.FAILED, answer.message or answer.code)
    _conclude(session, Status.DONE, key, answer.id, None)
    session.tally.outlook["moved"] += 1
    return Brought(crm_id, name, Way.MOVED)


def _conclude(
    session: Session, status: Status, key: str, remote_id: str | None, error: str | None
) -> None:
    # After the answer: lost in a crash the write is in doubt, and is sought before another one.
    with session.write() as conn:
        journal.conclude(conn, session, status, [(key, remote_id, error)])
