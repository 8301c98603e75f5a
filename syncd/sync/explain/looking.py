"""Looking up what an explanation is made from. Reads the store, and asks no server."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Table, or_, select

from syncd.crm import records
from syncd.crm.access import Access
from syncd.crm.stored import Stored, StoredKind
from syncd.crm.tables import user
from syncd.model.fields import Side
from syncd.model.kinds import Kind
from syncd.model.policy import KindPolicy
from syncd.outlook.port import Stamp
from syncd.reconcile.breaker import Bounded
from syncd.reconcile.decide import Stand, Verb
from syncd.reconcile.facts import Link
from syncd.reconcile.images import completed, differs
from syncd.reconcile.reasons import Reason
from syncd.settings.filter_clauses import clauses
from syncd.settings.policies import MailboxPolicy, NamedFilter, ScopedKind
from syncd.sync import claims, links, mailboxes, remembering, scoping, user_filters
from syncd.sync.explain.facts import (
    About,
    Act,
    Contested,
    Done,
    Facts,
    HeldBack,
    Memory,
    Question,
    Ruled,
    Seen,
)
from syncd.sync.first_contact import ContactState
from syncd.sync.links import LinkKey
from syncd.sync.mailboxes import Installation, MailboxRow
from syncd.sync.rights import Rights
from syncd.sync.ruling import ruling
from syncd.sync.tables import (
    act,
    conflict,
    held,
    installation,
    link,
    mailbox_kind,
    noticed,
    observed,
    operation,
    question,
    remembered,
)
from syncd.sync.writers import beside

LATEST = 8  # operations that are shown


def about(conn: Connection, stored: StoredKind[Kind], record: Stored) -> About:
    """The record, its owner, and what it was merged into."""
    people = {row.id: row.address for row in conn.execute(select(user.c.id, user.c.address))}
    other = None
    if record.merged_into is not None:
        survivor = records.read(conn, stored, [record.merged_into]).get(record.merged_into)
        other = ((survivor.name if survivor else "") or record.merged_into, record.merged_into)
    return About(stored.kind, record, people.get(record.owner_id, record.owner_id), people, other)


def concerned(conn: Connection, kind: Kind, record: Stored) -> list[MailboxRow]:
    """The mailboxes that have the record or could have it, by address."""
    ids: set[int] = set()
    for table, column in (
        (link, link.c.crm_id),
        (noticed, noticed.c.crm_id),
        (remembered, remembered.c.crm_id),
        (held, held.c.subject),
        (question, question.c.subject),
    ):
        query = select(table.c.mailbox_id).where(table.c.kind == kind.name, column == record.id)
        ids.update(conn.scalars(query.distinct()))
    every = mailboxes.every(conn)
    return [row for row in every if row.id in ids or row.user_id == record.owner_id]


def look(
    conn: Connection,
    about: About,
    stored: StoredKind[Kind],
    row: MailboxRow,
    policy: MailboxPolicy | None,
    today: date,
) -> Facts:
    """All that is known of a record in one mailbox, on a day."""
    scoped = policy.kinds.get(stored.kind.name) if policy is not None else None
    access, crm_id = Access.of(conn, row.user_id), about.record.id
    rights, rules = Rights(access, stored), None
    filters: tuple[NamedFilter, ...] = ()
    if scoped is not None:
        filters = _filters(conn, scoped, stored, row)
        made = user_filters.are_made(conn, row.id, stored.kind.name)
        given = scoped if made else replace(scoped, system=filters)
        rules = ruling(conn, row, given, access, stored, today)
    place = _Place(conn, row, stored.kind.name, crm_id)
    tied = links.by_crm(conn, LinkKey(row.id, stored.kind), [crm_id]).get(crm_id)
    state = conn.execute(select(mailbox_kind).where(place.mine(mailbox_kind))).one_or_none()
    first = ContactState(state.contact_state) if state is not None else ContactState.NEW
    item = place.item(tied)
    return Facts(
        about=about,
        mailbox=row,
        served=policy is not None,
        policy=rules.policy if rules is not None else None,
        waits_for_approval=first is ContactState.PROPOSED,
        synced=first is ContactState.DONE,
        claim=claims.held_for(state.claim_found) if state is not None else None,
        readable=_among(conn, stored, rights.access.readable(stored), about.record),
        hidden=access.unreadable_fields(stored.entity),
        writable=crm_id in rights.writable_among(conn, {crm_id: about.record}),
        filters=tuple(
            Ruled(
                each.name,
                each.exclude,
                clauses(conn, each.filter, row.user_id, crm_id, today=today),
            )
            for each in filters
        ),
        member=rules is not None and _meets(conn, stored, rules.where, crm_id),
        barred=rules is not None
        and rules.excluded is not None
        and _meets(conn, stored, rules.excluded, crm_id),
        unsure=rules is not None
        and rules.unsure is not None
        and _meets(conn, stored, rules.unsure, crm_id),
        blind=rules is not None and rules.blind,
        link=tied,
        changed=_changed(conn, about, tied),
        seen=item,
        noticed=place.record(),
        held=place.held(tied),
        questions=place.questions(tied),
        contested=place.contested(stored.kind),
        memory=place.memory(),
        thrown=tied is None and _thrown(conn, place, stored, scoped, about.record),
        act=place.act(tied),
        done=place.done(),
    )


def _among(
    conn: Connection, stored: StoredKind[Kind], where: ColumnElement[bool], record: Stored
) -> bool:
    """Whether the condition holds for a record, be it deleted."""
    return bool(records.visible(conn, stored, where, [record.id]))


def _meets(
    conn: Connection, stored: StoredKind[Kind], where: ColumnElement[bool], crm_id: str
) -> bool:
    """Whether the condition holds for a record that is not deleted."""
    return crm_id in records.members_among(conn, stored, where, [crm_id])


def _filters(
    conn: Connection, scoped: ScopedKind, stored: StoredKind[Kind], row: MailboxRow
) -> tuple[NamedFilter, ...]:
    """The filters that are on: those of everyone, and the user's own, or what these will be."""
    if not user_filters.are_made(conn, row.id, stored.kind.name):
        return (*scoped.system, *scoped.templates)
    own = scoping.own_of(conn, row.id, stored)
    read = (NamedFilter(e.name, e.filter, e.excludes) for e in own if e.filter is not None)
    return (*scoped.system, *read)


@dataclass(frozen=True)
class _Whose:
    """What remembering asks of, outside a run."""

    policy: KindPolicy
    stored: StoredKind[Kind]
    installation: Installation
    place: _Place

    def mine(self, table: Table) -> ColumnElement[bool]:
        """The rows of this mailbox and kind."""
        return self.place.mine(table)


def _thrown(
    conn: Connection,
    place: _Place,
    stored: StoredKind[Kind],
    scoped: ScopedKind | None,
    record: Stored,
) -> bool:
    """Whether its user threw it away, or somebody like it who was deleted and entered anew."""
    row = conn.execute(select(installation)).one_or_none()
    if row is None or scoped is None or record.deleted:
        return False
    ours = Installation(row.name, bytes.fromhex(row.hash_key), row.epoch)
    whose = _Whose(scoped.policy, stored, ours, place)
    return record.id in remembering.among(conn, whose, {record.id: record.record.fields})


def _changed(conn: Connection, about: About, tied: Link | None) -> tuple[str, ...]:
    """The labels of what the CRM holds otherwise than when the link was last settled."""
    key = conn.scalar(select(installation.c.hash_key))
    if tied is None or key is None or about.record.deleted:
        return ()
    images, changed = tied.images.get(Side.CRM, {}), list[str]()
    for name, group in about.kind.groups.items():
        image = images.get(name)
        now = completed(group, image, about.record.record.group(group))
        if image is not None and differs(bytes.fromhex(key), group, image, now):
            changed += [field.label for field in group.fields]
    return tuple(changed)


class _Place:
    """The rows of one record in one mailbox."""

    def __init__(self, conn: Connection, of: mailboxes.MailboxRow, kind: str, crm_id: str) -> None:
        self.conn, self.mailbox_id, self.address = conn, of.id, of.address
        self.kind, self.crm_id = kind, crm_id

    def mine(self, table: Table) -> ColumnElement[bool]:
        """The rows of this mailbox and kind."""
        return (table.c.mailbox_id == self.mailbox_id) & (table.c.kind == self.kind)

    def _rows(self, table: Table, *where: ColumnElement[bool]) -> Sequence[Row[Any]]:
        return self.conn.execute(select(table).where(self.mine(table), *where)).all()

    def _subjects(self, tied: Link | None) -> list[str]:
        return [self.crm_id, *([tied.remote_id] if tied else [])]

    def item(self, tied: Link | None) -> Seen | None:
        """How its item stands: the one it is tied to, else the one that says it is its own."""
        rows: Sequence[Row[Any]] = ()
        if tied is not None:
            rows = self._rows(observed, observed.c.remote_id == tied.remote_id)
        elif (name := self.conn.scalar(select(installation.c.name))) is not None:
            stamp = Stamp(name, self.kind, self.crm_id, "").link
            rows = self._rows(observed, observed.c.stamp_link == stamp)
        return _seen(rows[0], unsettled=rows[0].unsettled) if rows else None

    def record(self) -> Seen | None:
        """How the record stands, as long as it is to be decided about."""
        rows = self._rows(noticed, noticed.c.crm_id == self.crm_id)
        return _seen(rows[0], unsettled=True) if rows else None

    def held(self, tied: Link | None) -> tuple[HeldBack, ...]:
        """What is or was held of it."""
        return tuple(
            HeldBack(
                Bounded(row.verb),
                Reason(row.reason) if row.reason else None,
                row.at,
                row.approved_at is not None,
                row.discarded_at is not None,
            )
            for row in self._rows(held, held.c.subject.in_(self._subjects(tied)))
        )

    def questions(self, tied: Link | None) -> tuple[Question, ...]:
        """What was asked about it."""
        return tuple(
            Question(
                Reason(row.reason),
                row.asked_at,
                len(row.candidates),
                row.answer,
                row.answered_at,
                row.version,
            )
            for row in self._rows(question, question.c.subject.in_(self._subjects(tied)))
        )

    def contested(self, kind: Kind) -> tuple[Contested, ...]:
        """What both sides changed, the latest first."""
        query = select(conflict).where(self.mine(conflict), conflict.c.crm_id == self.crm_id)
        return tuple(
            Contested(
                _labels(kind, row.field_group),
                Reason(row.reason),
                row.at,
                row.loser,
                row.state == "open",
                self._writer(kind, row),
            )
            for row in self.conn.execute(query.order_by(conflict.c.id.desc()).limit(LATEST))
        )

    def _writer(self, kind: Kind, row: Row[Any]) -> str | None:
        """Who writes in the CRM what two keep undoing."""
        if row.state != "open" or row.reason != Reason.FROZEN:
            return None
        group = kind.groups.get(row.field_group)
        names = [field.name for field in group.fields] if group is not None else []
        return beside(self.conn, kind.name, self.crm_id, names, self.address)

    def memory(self) -> Memory | None:
        """What is remembered of its having been thrown away."""
        rows = self._rows(remembered, remembered.c.crm_id == self.crm_id)
        return Memory(Reason(rows[0].reason), rows[0].at) if rows else None

    def act(self, tied: Link | None) -> Act | None:
        """What was tracked by command, or not any more."""
        mine = [act.c.crm_id == self.crm_id]
        if tied is not None:
            mine.append(act.c.remote_id == tied.remote_id)
        rows = self._rows(act, or_(*mine))
        return Act(rows[0].tracked, rows[0].at) if rows else None

    def done(self) -> tuple[Done, ...]:
        """What was written, the latest first."""
        query = select(operation).where(self.mine(operation), operation.c.crm_id == self.crm_id)
        latest = query.order_by(operation.c.at.desc(), operation.c.key).limit(LATEST)
        return tuple(_done(self.conn.execute(latest)))


def _done(rows: Iterable[Row[Any]]) -> Iterable[Done]:
    for row in rows:
        verb, reason = Verb(row.verb), Reason(row.reason)
        yield Done(row.key, row.run_id, verb, reason, row.status, row.error, row.at)


def _seen(row: Row[Any], *, unsettled: bool) -> Seen:
    return Seen(
        Stand(row.stand) if row.stand else None,
        Reason(row.reason) if row.reason else None,
        row.error,
        row.attempts,
        row.retry_at,
        unsettled,
    )


def _labels(kind: Kind, group: str) -> tuple[str, ...]:
    known = kind.groups.get(group)
    return tuple(field.label for field in known.fields) if known else (group,)
