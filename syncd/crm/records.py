"""Reading and writing records of any kind. Every write bears a version and a line in the feed.

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

from syncd.crm import feed
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
from syncd.crm.rows import chunks, live, origins_after, present, rows_of, write_rows
from syncd.crm.stored import Draft, Origin, Row, Stored, StoredKind, checked, plain
from syncd.crm.tables import ACTIVE, INACTIVE, record_table, user, utc
from syncd.model.values import Value

__all__ = [
    "CONTACTS", "STORED", "Actor", "ActorKind", "InvalidValue", "New", "NoSuchOwner",
    "NoSuchRecord", "Origin", "RecordError", "RecordExists", "StaleRecord", "Stored", "StoredKind",
    "Update", "Verb", "assign", "create", "create_many", "delete", "members", "members_among",
    "overwrite_deleted", "plain", "read", "reattribute", "record_table", "set_active", "touch",
    "update", "update_many", "versions",
]  # fmt: skip

STORED: Mapping[str, StoredKind] = MappingProxyType({CONTACTS.kind.name: CONTACTS})

Outcome = Stored | RecordError


@dataclass(frozen=True, slots=True)
class New:
    """A record to create. `origin_at`: when its values were authored, if not now."""

    fields: Mapping[str, Value]
    owner_id: str
    origin_at: datetime | None = None
    id: str | None = None


@dataclass(frozen=True, slots=True)
class Update:
    """A patch to a record. `expected` is the version it was made for; `None` takes any."""

    id: str
    patch: Mapping[str, Value]
    expected: int | None = None
    origin_at: datetime | None = None


def read(conn: Connection, stored: StoredKind, ids: Iterable[str]) -> dict[str, Stored]:
    """The records with these ids, deleted ones included; in that order; others are left out."""
    wanted = list(ids)
    rows = rows_of(conn, stored, wanted)
    return {record_id: stored.stored(rows[record_id]) for record_id in wanted if record_id in rows}


def versions(conn: Connection, stored: StoredKind, ids: Iterable[str]) -> dict[str, int]:
    """The versions of these records, deleted ones included."""
    table = stored.table
    found: dict[str, int] = {}
    for chunk in chunks(ids):
        query = select(table.c.id, table.c.version).where(table.c.id.in_(chunk))
        found.update({row.id: row.version for row in conn.execute(query)})
    return found


def create(
    conn: Connection,
    stored: StoredKind,
    fields: Mapping[str, Value],
    *,
    owner_id: str,
    actor: Actor,
    at: datetime,
    origin_at: datetime | None = None,
    id: str | None = None,  # noqa: A002 - the name that callers read
) -> Stored:
    """Create a record, and return it as it is stored.

    Raises InvalidValue, NoSuchOwner, NoSuchAccount, RecordExists.
    """
    return _one(
        create_many(conn, stored, [New(fields, owner_id, origin_at, id)], actor=actor, at=at)
    )


def update(
    conn: Connection,
    stored: StoredKind,
    id: str,  # noqa: A002 - the name that callers read
    patch: Mapping[str, Value],
    *,
    expected: int | None,
    actor: Actor,
    at: datetime,
    origin_at: datetime | None = None,
) -> Stored:
    """Write a patch, and return the record as it is stored now; no effect, nothing written.

    Raises StaleRecord when the version is not `expected`; NoSuchRecord, InvalidValue and
    NoSuchAccount.
    """
    return _one(
        update_many(conn, stored, [Update(id, patch, expected, origin_at)], actor=actor, at=at)
    )


def create_many(
    conn: Connection, stored: StoredKind, news: Sequence[New], *, actor: Actor, at: datetime
) -> list[Outcome]:
    """Create records; the results in the order of `news`, an error in place of a refused one."""
    at = utc(at)
    owners = present(conn, user.c.id, {new.owner_id for new in news})
    taken = present(conn, stored.table.c.id, {new.id for new in news if new.id})
    outcomes: list[Outcome | None] = [None] * len(news)
    drafts: dict[int, Draft] = {}
    for index, new in enumerate(news):
        try:
            if new.owner_id not in owners:
                raise NoSuchOwner(new.owner_id)
            if new.id in taken:
                raise RecordExists(stored.kind.name, new.id)
            drafts[index] = Draft(checked(stored, new.fields), None, actor)
        except RecordError as error:
            outcomes[index] = error
        else:
            taken |= {new.id} if new.id else set()
    rows: list[Row] = []
    for index, columns in zip(drafts, stored.disassemble(conn, list(drafts.values())), strict=True):
        if isinstance(columns, RecordError):
            outcomes[index] = columns
            continue
        row = {
            **stored.blank,
            **columns,
            "id": news[index].id or str(uuid4()),
            "owner_id": news[index].owner_id,
            "statecode": ACTIVE,
            "version": 1,
            "created_at": at,
            "modified_at": at,
        }
        values = stored.assemble(row)
        written = [name for name, value in values.items() if value is not None]
        row["origins"] = origins_after(stored, {}, written, actor, news[index].origin_at or at)
        rows.append(row)
        outcomes[index] = stored.stored(row, values)
    if rows:
        names = stored.table_columns
        conn.execute(insert(stored.table), [{name: row[name] for name in names} for row in rows])
        made = [
            Entry(
                stored.kind.name,
                cast(str, row["id"]),
                Verb.CREATE,
                stored.names_of(name for name in names if row[name] is not None),
            )
            for row in rows
        ]
        feed.append(conn, made, actor=actor, at=at)
    return [cast(Outcome, outcome) for outcome in outcomes]


def update_many(
    conn: Connection, stored: StoredKind, updates: Sequence[Update], *, actor: Actor, at: datetime
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
    conn: Connection, stored: StoredKind, updates: Sequence[Update], actor: Actor, at: datetime
) -> list[Outcome]:
    rows = rows_of(conn, stored, [each.id for each in updates], lock=True)
    outcomes: dict[str, Outcome] = {}
    drafts: dict[str, Draft] = {}
    for each in updates:
        try:
            row = live(stored, rows, each.id, each.expected)
            drafts[each.id] = Draft(checked(stored, each.patch), row, actor)
        except RecordError as error:
            outcomes[each.id] = error
    authored = {each.id: each.origin_at or at for each in updates}
    changed: dict[str, tuple[dict[str, object], set[str]]] = {}
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
        row = {**before, **columns, "version": cast(int, before["version"]) + 1, "modified_at": at}
        was, now = stored.assemble(before), stored.assemble(row)
        shown = [name for name in now if now[name] != was[name]]
        row["origins"] = origins_after(stored, before["origins"], shown, actor, authored[record_id])
        changed[record_id] = (row, different)
        outcomes[record_id] = stored.stored(row, now)
    write_rows(conn, stored, [row for row, _ in changed.values()], set().union(*_seconds(changed)))
    entries = [
        Entry(stored.kind.name, record_id, Verb.UPDATE, stored.names_of(different))
        for record_id, (_, different) in changed.items()
    ]
    feed.append(conn, entries, actor=actor, at=at)
    return [outcomes[each.id] for each in updates]


def _seconds(pairs: Mapping[str, tuple[object, set[str]]]) -> list[set[str]]:
    return [second for _, second in pairs.values()]


def assign(
    conn: Connection,
    stored: StoredKind,
    id: str,  # noqa: A002 - the name that callers read
    owner_id: str,
    actor: Actor,
    at: datetime,
    *,
    expected: int | None = None,
) -> Stored:
    """Give a record to another owner. Raises NoSuchOwner, NoSuchRecord, StaleRecord."""
    if not present(conn, user.c.id, {owner_id}):
        raise NoSuchOwner(owner_id)
    row = live(stored, rows_of(conn, stored, [id], lock=True), id, expected)
    change = {} if row["owner_id"] == owner_id else {"owner_id": owner_id}
    return _mark(conn, stored, row, change, Verb.ASSIGN, ("ownerid",), actor, at)


def set_active(
    conn: Connection,
    stored: StoredKind,
    id: str,  # noqa: A002 - the name that callers read
    active: bool,  # noqa: FBT001 - this is what is set
    actor: Actor,
    at: datetime,
    *,
    expected: int | None = None,
) -> Stored:
    """Activate or deactivate a record. Raises NoSuchRecord, StaleRecord."""
    row = live(stored, rows_of(conn, stored, [id], lock=True), id, expected)
    wanted = ACTIVE if active else INACTIVE
    change = {} if row["statecode"] == wanted else {"statecode": wanted}
    verb = Verb.ACTIVATE if active else Verb.DEACTIVATE
    return _mark(conn, stored, row, change, verb, ("statecode",), actor, at)


def delete(
    conn: Connection,
    stored: StoredKind,
    id: str,  # noqa: A002 - the name that callers read
    actor: Actor,
    at: datetime,
    *,
    expected: int | None = None,
) -> Stored:
    """Delete a record: its row stays with its values, and leaves every list (P1).

    Raises NoSuchRecord (also when it was deleted before) and StaleRecord.
    """
    row = live(stored, rows_of(conn, stored, [id], lock=True), id, expected)
    return _mark(conn, stored, row, {"deleted_at": utc(at)}, Verb.DELETE, (), actor, at)


def overwrite_deleted(
    conn: Connection,
    stored: StoredKind,
    id: str,  # noqa: A002 - the name that callers read
    patch: Mapping[str, Value],
    actor: Actor,
) -> None:
    """Replace values that a deleted record keeps. No line in the feed: nobody has the record."""
    before = rows_of(conn, stored, [id], lock=True)[id]
    (columns,) = stored.disassemble(conn, [Draft(checked(stored, patch), before, actor)])
    if isinstance(columns, RecordError):
        raise columns
    changed = columns.keys() & set(stored.table_columns)
    write_rows(conn, stored, [{**before, **columns}], changed)


def reattribute(
    conn: Connection,
    stored: StoredKind,
    id: str,  # noqa: A002 - the name that callers read
    groups: Mapping[str, str],
) -> None:
    """Say of field groups that they came from another mailbox (by address) as well, and as old."""
    row = rows_of(conn, stored, [id], lock=True)[id]
    origins = dict(cast("Mapping[str, list[str | None]]", row["origins"]))
    origins |= {group: [origins[group][0], address] for group, address in groups.items()}
    write_rows(conn, stored, [{**row, "origins": origins}], ())


def touch(
    conn: Connection,
    stored: StoredKind,
    where: ColumnElement[bool],
    fields: Sequence[str],
    actor: Actor,
    at: datetime,
) -> int:
    """Say of the live records under `where` that these fields changed, and return how many.

    For fields that are shown from elsewhere, such as the name of a contact's account.
    """
    at = utc(at)
    rows = []
    ids = members(conn, stored, where)
    for before in rows_of(conn, stored, ids, lock=True).values():
        row = {**before, "version": cast(int, before["version"]) + 1, "modified_at": at}
        row["origins"] = origins_after(stored, before["origins"], fields, actor, at)
        rows.append(row)
    write_rows(conn, stored, rows, set())
    entries = [Entry(stored.kind.name, each, Verb.UPDATE, tuple(fields)) for each in ids]
    feed.append(conn, entries, actor=actor, at=at)
    return len(ids)


def members(conn: Connection, stored: StoredKind, where: ColumnElement[bool]) -> list[str]:
    """The ids of the live records that satisfy `where` over `stored.source`, in order."""
    table = stored.table
    query = select(table.c.id).select_from(stored.source).where(table.c.deleted_at.is_(None), where)
    return list(conn.execute(query.order_by(table.c.id)).scalars())


def members_among(
    conn: Connection, stored: StoredKind, where: ColumnElement[bool], ids: Iterable[str]
) -> set[str]:
    """Which of these ids are of live records that satisfy `where`."""
    found: set[str] = set()
    for chunk in chunks(ids):
        found.update(members(conn, stored, where & stored.table.c.id.in_(chunk)))
    return found


def _one(outcomes: Sequence[Outcome]) -> Stored:
    outcome = outcomes[0]
    if isinstance(outcome, RecordError):
        raise outcome
    return outcome


def _mark(
    conn: Connection,
    stored: StoredKind,
    before: Row,
    change: Mapping[str, object],
    verb: Verb,
    fields: tuple[str, ...],
    actor: Actor,
    at: datetime,
) -> Stored:
    """Change columns that no field holds. An empty change writes nothing."""
    if not change:
        return stored.stored(before)
    at = utc(at)
    row = {**before, **change, "version": cast(int, before["version"]) + 1, "modified_at": at}
    write_rows(conn, stored, [row], set(change))
    entry = Entry(stored.kind.name, cast(str, before["id"]), verb, fields)
    feed.append(conn, [entry], actor=actor, at=at)
    return stored.stored(row)
