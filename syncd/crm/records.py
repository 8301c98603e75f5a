"""Reading and writing records of any entity. Every write bears a version and a line in the feed.

All functions take the connection of an open transaction (`syncd.crm.database`) and the time `at`
of the write; the writing ones need one that was begun as a writer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import cast
from uuid import uuid4

from sqlalchemy import ColumnElement, Connection, insert, select

from syncd.crm import consequences, duplicate_keys, feed
from syncd.crm.checking import checked
from syncd.crm.contacts import CONTACTS
from syncd.crm.errors import (
    InvalidValue,
    NoSuchOwner,
    NoSuchRecord,
    RecordError,
    RecordExists,
    StaleRecord,
)
from syncd.crm.feed import Actor, ActorKind, Entry, Verb
from syncd.crm.guarding import Guard, demand_complete, demand_editable, state_of
from syncd.crm.rows import chunks, live, origins_after, present, rows_of, turned, write_rows
from syncd.crm.stored import Draft, Origin, Row, Stored, StoredKind, Written, plain
from syncd.crm.tables import record_table, user, utc
from syncd.model.kinds import Kind, Schema
from syncd.model.values import Value

__all__ = [
    "CONTACTS", "STORED", "Actor", "ActorKind", "InvalidValue", "New", "NoSuchOwner",
    "NoSuchRecord", "Origin", "RecordError", "RecordExists", "StaleRecord", "Stored", "StoredKind",
    "Update", "Verb", "create", "create_many", "members", "members_among", "plain", "read",
    "record_table", "update", "update_many", "versions", "visible",
]  # fmt: skip

# What has items in Outlook, by name. All that the CRM keeps is in `syncd.crm.entities`.
STORED: Mapping[str, StoredKind[Kind]] = MappingProxyType({CONTACTS.kind.name: CONTACTS})

Outcome = Stored | RecordError
AnyKind = StoredKind[Schema]


@dataclass(frozen=True, slots=True)
class New:
    """A record to create. `origin_at`: when its values were authored, if not now.

    `status` is a status reason, if not that of every new one. `created`: when and by whom, if it
    comes from another store.
    """

    fields: Mapping[str, Value]
    owner_id: str
    origin_at: datetime | None = None
    id: str | None = None
    status: str | None = None
    created_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Update:
    """A patch to a record. `expected` is the version it was made for; `None` takes any."""

    id: str
    patch: Mapping[str, Value]
    expected: int | None = None
    origin_at: datetime | None = None


def read(conn: Connection, stored: AnyKind, ids: Iterable[str]) -> dict[str, Stored]:
    """The records with these ids, deleted ones included; in that order; others are left out."""
    wanted = list(ids)
    rows = rows_of(conn, stored, wanted)
    return {record_id: stored.stored(rows[record_id]) for record_id in wanted if record_id in rows}


def versions(conn: Connection, stored: AnyKind, ids: Iterable[str]) -> dict[str, int]:
    """The versions of these records, deleted ones included."""
    table = stored.table
    found: dict[str, int] = {}
    for chunk in chunks(ids):
        query = select(table.c.id, table.c.version).where(table.c.id.in_(chunk), stored.mine)
        found.update({row.id: row.version for row in conn.execute(query)})
    return found


def create(
    conn: Connection,
    stored: AnyKind,
    fields: Mapping[str, Value],
    *,
    owner_id: str,
    actor: Actor,
    at: datetime,
    origin_at: datetime | None = None,
    id: str | None = None,  # noqa: A002 - the name that callers read
    status: str | None = None,
) -> Stored:
    """Create a record, and return it as it is stored.

    Raises InvalidValue, MissingValue, NoSuchOwner, NoSuchAccount, NoSuchRecord, RecordExists,
    NotAllowed.
    """
    return _one(
        create_many(
            conn, stored, [New(fields, owner_id, origin_at, id, status)], actor=actor, at=at
        )
    )


def update(
    conn: Connection,
    stored: AnyKind,
    id: str,  # noqa: A002 - the name that callers read
    patch: Mapping[str, Value],
    *,
    expected: int | None,
    actor: Actor,
    at: datetime,
    origin_at: datetime | None = None,
) -> Stored:
    """Write a patch, and return the record as it is stored now; no effect, nothing written.

    Raises StaleRecord when the version is not `expected`; NoSuchRecord, ReadOnly, InvalidValue,
    MissingValue, NoSuchAccount and NotAllowed.
    """
    return _one(
        update_many(conn, stored, [Update(id, patch, expected, origin_at)], actor=actor, at=at)
    )


def create_many(
    conn: Connection, stored: AnyKind, news: Sequence[New], *, actor: Actor, at: datetime
) -> list[Outcome]:
    """Create records; the results in the order of `news`, an error in place of a refused one."""
    at = utc(at)
    guard = Guard.of(conn, stored, actor)
    owners = present(conn, user.c.id, {new.owner_id for new in news})
    taken = present(conn, stored.table.c.id, {new.id for new in news if new.id})
    outcomes: list[Outcome | None] = [None] * len(news)
    drafts: dict[int, Draft] = {}
    states: dict[int, tuple[str, str]] = {}
    for index, new in enumerate(news):
        try:
            if new.owner_id not in owners:
                raise NoSuchOwner(new.owner_id)
            if new.id in taken:
                raise RecordExists(stored.entity, new.id)
            states[index] = _state(stored, new.status)
            guard.demand_create(new.owner_id, new.fields)
            drafts[index] = Draft(checked(stored, new.fields), None, actor)
        except RecordError as error:
            outcomes[index] = error
        else:
            taken |= {new.id} if new.id else set()
    rows: dict[int, Row] = {}
    for index, columns in zip(drafts, stored.disassemble(conn, list(drafts.values())), strict=True):
        if isinstance(columns, RecordError):
            outcomes[index] = columns
            continue
        new = news[index]
        rows[index] = {
            **stored.blank,
            **stored.constants,
            **columns,
            "id": new.id or str(uuid4()),
            "owner_id": new.owner_id,
            "statecode": states[index][0],
            "statuscode": states[index][1],
            "version": 1,
            "created_at": new.created_at or at,
            "created_by": str(actor),
            "modified_at": at,
            "modified_by": str(actor),
        }
    outcomes = _settled(
        outcomes, guard.unpointed({i: (row, stored.content) for i, row in rows.items()}), rows
    )
    written: list[Written] = []
    for index, row in list(rows.items()):
        try:
            values = stored.assemble(row)
            demand_complete(stored, values)
        except RecordError as error:
            outcomes[index] = error
            continue
        filled = [name for name, value in values.items() if value is not None]
        row = {
            **row,
            "origins": origins_after(stored, {}, filled, actor, news[index].origin_at or at),
        }
        named = stored.names_of((n for n in row if row[n] is not None), None, row)
        written.append(Written(None, row, named))
        outcomes[index] = stored.stored(row, values)
    if written:
        names = stored.table_columns
        conn.execute(insert(stored.table), [{n: each.row[n] for n in names} for each in written])
        _follow(conn, stored, Verb.CREATE, written, actor, at)
    return [cast(Outcome, outcome) for outcome in outcomes]


def update_many(
    conn: Connection, stored: AnyKind, updates: Sequence[Update], *, actor: Actor, at: datetime
) -> list[Outcome]:
    """Write patches; the results in the order of `updates`, an error in the place of a refused one.

    Of several patches to one record each meets what the one before it left.
    """
    at = utc(at)
    outcomes: list[Outcome | None] = [None] * len(updates)
    waiting = list(range(len(updates)))
    while waiting:
        turn = {updates[index].id: index for index in reversed(waiting)}
        now = sorted(turn.values())
        done = _update_distinct(conn, stored, [updates[index] for index in now], actor, at)
        for index, outcome in zip(now, done, strict=True):
            outcomes[index] = outcome
        waiting = [index for index in waiting if outcomes[index] is None]
    return [cast(Outcome, outcome) for outcome in outcomes]


def _update_distinct(
    conn: Connection, stored: AnyKind, updates: Sequence[Update], actor: Actor, at: datetime
) -> list[Outcome]:
    rows = rows_of(conn, stored, [each.id for each in updates], lock=True)
    guard = Guard.of(conn, stored, actor, rows.values())
    outcomes: dict[str, Outcome] = {}
    drafts: dict[str, Draft] = {}
    for each in updates:
        try:
            row = live(stored, rows, each.id, each.expected)
            drafts[each.id] = Draft(checked(stored, each.patch), row, actor)
        except RecordError as error:
            outcomes[each.id] = error
    authored = {each.id: each.origin_at or at for each in updates}
    changed: dict[str, tuple[Row, Row, set[str]]] = {}
    for (record_id, draft), columns in zip(
        drafts.items(), stored.disassemble(conn, list(drafts.values())), strict=True
    ):
        before = cast(Row, draft.before)
        if isinstance(columns, RecordError):
            outcomes[record_id] = columns
            continue
        different = {name for name, value in columns.items() if value != before[name]}
        different &= set(stored.table_columns)
        if not different:
            outcomes[record_id] = stored.stored(before)
            continue
        changed[record_id] = (before, {**before, **columns}, different)
    astray = guard.unpointed({i: (row, names) for i, (_, row, names) in changed.items()})
    outcomes |= astray
    written: list[Written] = []
    for record_id, (before, row, different) in changed.items():
        if record_id in astray:
            continue
        names = stored.names_of(different, before, row)
        try:
            demand_editable(stored, before, actor)
            guard.demand_update(record_id, names)
            now = stored.assemble(row)
            demand_complete(stored, now)
        except RecordError as error:
            outcomes[record_id] = error
            continue
        was = stored.assemble(before)
        shown = [name for name in now if now[name] != was[name]]
        origins = origins_after(stored, before["origins"], shown, actor, authored[record_id])
        row = turned(row, {"origins": origins}, actor, at)
        written.append(Written(before, row, names))
        outcomes[record_id] = stored.stored(row, now)
    columns_written = {name for each in written for name in changed[str(each.row["id"])][2]}
    write_rows(conn, stored, [each.row for each in written], columns_written)
    _follow(conn, stored, Verb.UPDATE, written, actor, at)
    return [outcomes[each.id] for each in updates]


def _settled(
    outcomes: list[Outcome | None], errors: Mapping[int, RecordError], rows: dict[int, Row]
) -> list[Outcome | None]:
    for index, error in errors.items():
        outcomes[index] = error
        del rows[index]
    return outcomes


def _state(stored: AnyKind, status: str | None) -> tuple[str, str]:
    """State and status reason of a new record. Raises InvalidValue on a reason there is not."""
    if status is None:
        state = stored.states.by_name[stored.states.initial]
        return state.name, state.default
    return state_of(stored, status).name, status


def _follow(
    conn: Connection,
    stored: AnyKind,
    verb: Verb,
    written: Sequence[Written],
    actor: Actor,
    at: datetime,
) -> None:
    """What comes with a write, in its transaction: the keys, the feed, what hangs on the record."""
    duplicate_keys.put(conn, stored, written)
    entries = [Entry(stored.entity, cast(str, w.row["id"]), verb, w.names) for w in written]
    feed.append(conn, entries, actor=actor, at=at)
    consequences.follow(conn, stored, written, actor, at)


def members(conn: Connection, stored: AnyKind, where: ColumnElement[bool]) -> list[str]:
    """The ids of the live records that satisfy `where` over `stored.source`, in order."""
    table = stored.table
    query = select(table.c.id).select_from(stored.source).where(stored.alive, where)
    return list(conn.execute(query.order_by(table.c.id)).scalars())


def members_among(
    conn: Connection, stored: AnyKind, where: ColumnElement[bool], ids: Iterable[str]
) -> set[str]:
    """Which of these ids are of live records that satisfy `where`."""
    found: set[str] = set()
    for chunk in chunks(ids):
        found.update(members(conn, stored, where & stored.table.c.id.in_(chunk)))
    return found


def visible(
    conn: Connection, stored: AnyKind, where: ColumnElement[bool], ids: Iterable[str]
) -> list[Stored]:
    """The records with these ids that satisfy `where`, deleted ones included."""
    table, found = stored.table, list[str]()
    for chunk in chunks(ids):
        query = select(table.c.id).where(table.c.id.in_(chunk), stored.mine, where)
        found.extend(conn.scalars(query.order_by(table.c.id)))
    return list(read(conn, stored, found).values())


def _one(outcomes: Sequence[Outcome]) -> Stored:
    outcome = outcomes[0]
    if isinstance(outcome, RecordError):
        raise outcome
    return outcome
