"""What is done to one record as a whole: its owner, its state, its end. Cascades are above this."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import cast

from sqlalchemy import Connection

from syncd.crm import consequences, duplicate_keys, feed
from syncd.crm.checking import checked
from syncd.crm.errors import NoSuchOwner, RecordError, WrongState
from syncd.crm.feed import Actor, Entry, Verb
from syncd.crm.guarding import Guard, state_of
from syncd.crm.rows import chunks, live, present, rows_of, turned, write_rows
from syncd.crm.stored import Draft, Row, Stored, StoredKind, Written
from syncd.crm.tables import user, utc
from syncd.model.kinds import Schema
from syncd.model.values import Value


def assign(
    conn: Connection,
    stored: StoredKind[Schema],
    id: str,  # noqa: A002 - the name that callers read
    owner_id: str,
    actor: Actor,
    at: datetime,
    *,
    expected: int | None = None,
) -> Stored:
    """Give a record to another owner. Raises NoSuchOwner, NoSuchRecord, StaleRecord, NotAllowed."""
    if not present(conn, user.c.id, {owner_id}):
        raise NoSuchOwner(owner_id)
    row = _taken(conn, stored, id, actor, expected)
    change = {} if row["owner_id"] == owner_id else {"owner_id": owner_id}
    return _mark(conn, stored, row, change, Verb.ASSIGN, ("ownerid",), actor, at)


def set_status(
    conn: Connection,
    stored: StoredKind[Schema],
    id: str,  # noqa: A002 - the name that callers read
    status: str,
    actor: Actor,
    at: datetime,
    *,
    expected: int | None = None,
) -> Stored:
    """Bring a record to a status reason, and so to the state that it belongs to.

    Raises WrongState when its state does not lead there, InvalidValue when there is no such
    reason, NoSuchRecord, StaleRecord, NotAllowed.
    """
    row = _taken(conn, stored, id, actor, expected)
    wanted = state_of(stored, status)
    state = stored.states.by_name[cast(str, row["statecode"])]
    if row["statuscode"] == status:
        return stored.stored(row)
    moves = wanted.name in state.leads_to or (wanted.name == state.name and state.editable)
    if not moves:
        raise WrongState(stored.entity, id, state.name, wanted.name)
    change = {"statecode": wanted.name, "statuscode": status}
    verb = _VERBS.get((state.editable, wanted.editable), Verb.UPDATE)
    changed = ("statecode", "statuscode") if wanted.name != state.name else ("statuscode",)
    return _mark(conn, stored, row, change, verb, changed, actor, at)


# Whether a record could be changed before, and whether it can after.
_VERBS: Mapping[tuple[bool, bool], Verb] = {
    (True, False): Verb.DEACTIVATE,
    (False, True): Verb.ACTIVATE,
}


def set_active(
    conn: Connection,
    stored: StoredKind[Schema],
    id: str,  # noqa: A002 - the name that callers read
    active: bool,  # noqa: FBT001 - this is what is set
    actor: Actor,
    at: datetime,
    *,
    expected: int | None = None,
) -> Stored:
    """Activate or deactivate a record: what is so already stays as it is.

    Raises NoSuchRecord, StaleRecord, WrongState, NotAllowed.
    """
    row = _taken(conn, stored, id, actor, expected)
    if stored.states.by_name[cast(str, row["statecode"])].editable is active:
        return stored.stored(row)
    status = next(each for each in stored.states.states if each.editable is active).default
    return set_status(conn, stored, id, status, actor, at, expected=expected)


def delete(
    conn: Connection,
    stored: StoredKind[Schema],
    id: str,  # noqa: A002 - the name that callers read
    actor: Actor,
    at: datetime,
    *,
    expected: int | None = None,
    merged_into: str | None = None,
) -> Stored:
    """Delete a record: its row stays with its values, and leaves every list (P1).

    `merged_into` is the record that takes its place, if one does. Raises NoSuchRecord (also when
    it was deleted before), StaleRecord and NotAllowed.
    """
    row = _taken(conn, stored, id, actor, expected)
    duplicate_keys.drop(conn, stored, [id])
    change = {"deleted_at": utc(at), "merged_into": merged_into}
    verb = Verb.MERGE if merged_into else Verb.DELETE
    return _mark(conn, stored, row, change, verb, (), actor, at)


def assign_many(
    conn: Connection,
    stored: StoredKind[Schema],
    ids: Iterable[str],
    owner_id: str,
    actor: Actor,
    at: datetime,
) -> None:
    """Give records that go along with another one to its new owner."""
    for rows in _in_turn(conn, stored, ids):
        others = [row for row in rows if row["owner_id"] != owner_id]
        change = {"owner_id": owner_id}
        _mark_many(conn, stored, others, change, Verb.ASSIGN, ("ownerid",), actor, at)


def delete_many(
    conn: Connection, stored: StoredKind[Schema], ids: Iterable[str], actor: Actor, at: datetime
) -> None:
    """Delete records that go along with another one."""
    for rows in _in_turn(conn, stored, ids):
        duplicate_keys.drop(conn, stored, (cast(str, row["id"]) for row in rows))
        _mark_many(conn, stored, rows, {"deleted_at": utc(at)}, Verb.DELETE, (), actor, at)


def _in_turn(
    conn: Connection, stored: StoredKind[Schema], ids: Iterable[str]
) -> Iterator[list[Row]]:
    """The live ones of these records, locked, some at a time."""
    for chunk in chunks(ids):
        rows = rows_of(conn, stored, chunk, lock=True).values()
        yield [row for row in rows if row["deleted_at"] is None]


def overwrite_deleted(
    conn: Connection,
    stored: StoredKind[Schema],
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
    write_rows(conn, stored, [{**before, **columns, "modified_by": str(actor)}], changed)


def reattribute(
    conn: Connection,
    stored: StoredKind[Schema],
    id: str,  # noqa: A002 - the name that callers read
    groups: Mapping[str, str],
) -> None:
    """Say of field groups that they came from another mailbox (by address) as well, and as old."""
    row = rows_of(conn, stored, [id], lock=True)[id]
    origins = dict(cast("Mapping[str, list[str | None]]", row["origins"]))
    origins |= {group: [origins[group][0], address] for group, address in groups.items()}
    write_rows(conn, stored, [{**row, "origins": origins}], ())


def _taken(
    conn: Connection,
    stored: StoredKind[Schema],
    record_id: str,
    actor: Actor,
    expected: int | None,
) -> Row:
    """The row of a live record that the actor may change, locked."""
    rows = rows_of(conn, stored, [record_id], lock=True)
    row = live(stored, rows, record_id, expected)
    Guard.of(conn, stored, actor, [row]).demand_update(record_id, ())
    return row


def _mark(
    conn: Connection,
    stored: StoredKind[Schema],
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
    (row,) = _mark_many(conn, stored, [before], change, verb, fields, actor, at)
    return stored.stored(row)


def _mark_many(
    conn: Connection,
    stored: StoredKind[Schema],
    befores: Sequence[Row],
    change: Mapping[str, object],
    verb: Verb,
    fields: tuple[str, ...],
    actor: Actor,
    at: datetime,
) -> list[Row]:
    """Change the same columns of many locked rows alike."""
    at = utc(at)
    rows = [turned(before, change, actor, at) for before in befores]
    write_rows(conn, stored, rows, set(change))
    merged = cast("str | None", change.get("merged_into"))
    entries = [Entry(stored.entity, cast(str, row["id"]), verb, fields, merged) for row in rows]
    feed.append(conn, entries, actor=actor, at=at)
    written = [Written(before, row, fields) for before, row in zip(befores, rows, strict=True)]
    consequences.follow(conn, stored, written, actor, at)
    return rows
