"""Activities: what was done, or is to be done, and with whom. A finished one stays as it is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import cast

from sqlalchemy import Connection

from syncd.crm import lifecycle, parties, records
from syncd.crm.errors import InvalidValue
from syncd.crm.feed import Actor
from syncd.crm.guarding import Guard, demand_editable
from syncd.crm.parties import Party
from syncd.crm.rows import live, rows_of
from syncd.crm.stored import Stored, StoredKind
from syncd.model.entities import PARTIES
from syncd.model.kinds import Schema
from syncd.model.states import CANCELED, COMPLETED
from syncd.model.values import Value


def create(
    conn: Connection,
    stored: StoredKind[Schema],
    values: Mapping[str, Value],
    taking_part: Iterable[Party],
    *,
    owner_id: str,
    actor: Actor,
    at: datetime,
    status: str | None = None,
    id: str | None = None,  # noqa: A002 - the name that callers read
) -> Stored:
    """Create an activity. Whom nobody else is named for, its owner is: sender, organizer.

    Raises InvalidValue, MissingValue, NoSuchOwner, NoSuchRecord, NotAllowed.
    """
    given = parties.checked(conn, stored.entity, taking_part)
    leading = next((r for r in PARTIES[stored.entity] if r in ("sender", "organizer")), None)
    unled = leading and all(each.role != leading for each in given)
    if leading and unled and values.get("directioncode") != "incoming":
        given.insert(0, Party(leading, f"user:{owner_id}"))
    made = records.create(
        conn, stored, values, owner_id=owner_id, actor=actor, at=at, status=status, id=id
    )
    parties.put(conn, made.id, given)
    return made


def set_parties(
    conn: Connection,
    stored: StoredKind[Schema],
    activity_id: str,
    taking_part: Iterable[Party],
    actor: Actor,
    at: datetime,
) -> None:
    """Say anew who takes part. Raises ReadOnly, NoSuchRecord, InvalidValue, NotAllowed."""
    row = live(stored, rows_of(conn, stored, [activity_id], lock=True), activity_id, None)
    Guard.of(conn, stored, actor, [row]).demand_update(activity_id, (parties.FIELD,))
    demand_editable(stored, row, actor)
    Guard.of(conn, stored, actor, [row]).demand_update(activity_id, (parties.FIELD,))
    before = parties.of(conn, [stored.stored(row)])[activity_id]
    given = parties.checked(conn, stored.entity, taking_part)
    if set(given) == {each for each in before if each.role in PARTIES[stored.entity]}:
        return
    parties.put(conn, activity_id, given)
    parties.mark(conn, [activity_id], actor, at)


def complete(
    conn: Connection,
    stored: StoredKind[Schema],
    activity_id: str,
    actor: Actor,
    at: datetime,
    *,
    status: str | None = None,
    expected: int | None = None,
) -> Stored:
    """Finish an activity, for good. Without a status reason: what its direction says.

    Raises WrongState, NoSuchRecord, StaleRecord, InvalidValue, NotAllowed.
    """
    rows = rows_of(conn, stored, [activity_id], lock=True)
    found = stored.stored(live(stored, rows, activity_id, expected))
    reason = status or _completed(stored, found)
    if reason not in stored.states.by_name[COMPLETED].reasons:
        known = ", ".join(stored.states.by_name[COMPLETED].reasons)
        raise InvalidValue("statuscode", f"{reason!r} is none of {known}")
    if found.active:
        done = {
            name: value
            for name, value in (("actualend", at), ("percentcomplete", 100))
            if name in stored.kind.by_name and found.record.fields.get(name) != value
            and not (name == "actualend" and found.record.fields.get(name))
        }  # fmt: skip
        records.update(
            conn, stored, activity_id, cast("Mapping[str, Value]", done),
            expected=None, actor=actor, at=at,
        )  # fmt: skip
    return lifecycle.set_status(conn, stored, activity_id, reason, actor, at)


def cancel(
    conn: Connection,
    stored: StoredKind[Schema],
    activity_id: str,
    actor: Actor,
    at: datetime,
    *,
    expected: int | None = None,
) -> Stored:
    """Call an activity off, for good. Raises as `complete` does."""
    reason = stored.states.by_name[CANCELED].default
    return lifecycle.set_status(conn, stored, activity_id, reason, actor, at, expected=expected)


def _completed(stored: StoredKind[Schema], found: Stored) -> str:
    direction = found.record.fields.get("directioncode")
    return _DONE.get((stored.entity, str(direction))) or stored.states.by_name[COMPLETED].default


_DONE: Mapping[tuple[str, str], str] = {
    ("phone_call", "incoming"): "received",
    ("phone_call", "outgoing"): "made",
    ("email", "incoming"): "received",
    ("email", "outgoing"): "sent",
}
