"""Who takes part in an activity: a user, a contact, an account, a lead, or a bare address.

Its owner and what it is regarding take part, too; they follow from the activity itself, and are
never stored a second time.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from sqlalchemy import Connection, RowMapping, delete, insert, select, update

from syncd.crm import feed
from syncd.crm.checking import MAX_TEXT, checked_text
from syncd.crm.entities import ACTIVITY_KINDS, ENTITIES
from syncd.crm.errors import InvalidValue, NoSuchRecord
from syncd.crm.feed import Actor, Entry, Verb
from syncd.crm.guarding import alive_among
from syncd.crm.rows import chunks, rows_of, turned, write_rows
from syncd.crm.stored import Stored, StoredKind
from syncd.crm.tables import activity, activity_party, utc
from syncd.model.entities import PARTIES, PARTY_ROLES, PARTY_TARGETS, SINGLE_PARTIES
from syncd.model.kinds import Schema

BY_KIND = {stored.entity: stored for stored in ACTIVITY_KINDS}
FIELD = "parties"  # what the feed calls them
_ORDER = list(PARTY_ROLES)


@dataclass(frozen=True, slots=True)
class Party:
    """One who takes part: `Party("to", "contact:ID")`, or `Party("cc", address="x@contoso.com")`.

    `target` is a user, contact, account or lead; without one the address is all that is known.
    """

    role: str
    target: str | None = None
    address: str | None = None
    name: str | None = None


def checked(conn: Connection, entity: str, given: Iterable[Party]) -> list[Party]:
    """The parties of an activity, each once. Raises InvalidValue, NoSuchRecord."""
    allowed = PARTIES[entity]
    found: dict[Party, None] = {}
    for each in given:
        if each.role not in allowed:
            known = ", ".join(allowed) or "none but its owner and what it is regarding"
            raise InvalidValue("parties", f"{each.role!r} takes no part in this; {known}")
        address = checked_text("address", each.address or "", MAX_TEXT)
        name = checked_text("name", each.name or "", MAX_TEXT)
        if not (each.target or address or name):
            raise InvalidValue("parties", f"{each.role}: nobody is named")
        found[Party(each.role, each.target, address, name)] = None
    for role in SINGLE_PARTIES:
        if sum(each.role == role for each in found) > 1:
            raise InvalidValue("parties", f"there is one {role}, not several")
    _demand_alive(conn, found)
    return list(found)


def put(conn: Connection, activity_id: str, given: Iterable[Party]) -> None:
    """Make these the parties of an activity. Belongs into the transaction that writes the rest."""
    conn.execute(delete(activity_party).where(activity_party.c.activity_id == activity_id))
    rows = [_columns(activity_id, each) for each in given]
    if rows:
        conn.execute(insert(activity_party), rows)


def of(conn: Connection, activities: Sequence[Stored]) -> dict[str, list[Party]]:
    """The parties of each of these activities, its owner and its regarding included."""
    found: dict[str, list[Party]] = {each.id: [] for each in activities}
    table = activity_party
    for chunk in chunks(found):
        query = select(table).where(table.c.activity_id.in_(chunk)).order_by(table.c.id)
        for row in conn.execute(query).mappings():
            found[row["activity_id"]].append(_party(row))
    for each in activities:
        regarding = cast("str | None", each.record.fields.get("regardingobjectid"))
        if regarding:
            found[each.id].append(Party("regarding", regarding))
        found[each.id].append(Party("owner", f"user:{each.owner_id}"))
        found[each.id].sort(key=lambda party: _ORDER.index(party.role))
    return found


def let_go(conn: Connection, target: str, ids: Collection[str], actor: Actor, at: datetime) -> None:
    """Those who are gone keep their part, under the address and name they had."""
    if target not in PARTY_TARGETS:
        return
    stored = ENTITIES[target]
    for chunk in chunks(ids):
        column = activity_party.c[f"{target}_id"]
        rows = list(conn.execute(select(activity_party).where(column.in_(chunk))).mappings())
        known = rows_of(conn, stored, {row[column.name] for row in rows})
        for row in rows:
            gone = stored.stored(known[row[column.name]])
            address = cast("str | None", gone.record.fields.get("emailaddress1"))
            conn.execute(
                update(activity_party)
                .where(activity_party.c.id == row["id"])
                .values(
                    {
                        column.name: None,
                        "address": row["address"] or address,
                        "name": row["name"] or gone.name or None,
                    }
                )
            )
        mark(conn, {row["activity_id"] for row in rows}, actor, at)


def hand_over(
    conn: Connection, target: str, loser: str, survivor: str, actor: Actor, at: datetime
) -> None:
    """Those of one record are another's from now on: the two were one and the same."""
    if target not in PARTY_TARGETS:
        return
    column = activity_party.c[f"{target}_id"]
    concerned = set(conn.scalars(select(activity_party.c.activity_id).where(column == loser)))
    conn.execute(update(activity_party).where(column == loser).values({column.name: survivor}))
    _each_once(conn, concerned)
    mark(conn, concerned, actor, at)


def _each_once(conn: Connection, activities: Iterable[str]) -> None:
    """Of parties that have become the same, keep the first."""
    for chunk in chunks(activities):
        query = select(activity_party).where(activity_party.c.activity_id.in_(chunk))
        seen: set[tuple[str, Party]] = set()
        doubled: list[int] = []
        for row in conn.execute(query.order_by(activity_party.c.id)).mappings():
            party = (row["activity_id"], _party(row))
            if party in seen:
                doubled.append(row["id"])
            seen.add(party)
        conn.execute(delete(activity_party).where(activity_party.c.id.in_(doubled)))


def mark(conn: Connection, activities: Iterable[str], actor: Actor, at: datetime) -> None:
    """Give live activities a version and a line in the feed: who takes part has changed."""
    at = utc(at)
    for chunk in chunks(activities):
        kinds = select(activity.c.id, activity.c.kind).where(
            activity.c.id.in_(chunk), activity.c.deleted_at.is_(None)
        )
        by_kind: dict[str, list[str]] = {}
        for row in conn.execute(kinds.order_by(activity.c.id)):
            by_kind.setdefault(row.kind, []).append(row.id)
        for kind, ids in by_kind.items():
            stored: StoredKind[Schema] = BY_KIND[kind]
            held = rows_of(conn, stored, ids, lock=True).values()
            rows = [turned(row, {}, actor, at) for row in held]
            write_rows(conn, stored, rows, ())
            entries = [Entry(kind, each, Verb.UPDATE, (FIELD,)) for each in ids]
            feed.append(conn, entries, actor=actor, at=at)


def _columns(activity_id: str, party: Party) -> dict[str, object]:
    entity, _, record_id = (party.target or "").partition(":")
    targets = {f"{each}_id": record_id if each == entity else None for each in PARTY_TARGETS}
    return {
        "activity_id": activity_id,
        "role": party.role,
        **targets,
        "address": party.address,
        "name": party.name,
    }


def _party(row: RowMapping) -> Party:
    pointing = (f"{e}:{row[f'{e}_id']}" for e in PARTY_TARGETS if row[f"{e}_id"])
    return Party(row["role"], next(pointing, None), row["address"], row["name"])


def _demand_alive(conn: Connection, given: Iterable[Party]) -> None:
    wanted: dict[str, set[str]] = {}
    for each in given:
        if each.target:
            entity, _, record_id = each.target.partition(":")
            if entity not in PARTY_TARGETS or not record_id:
                raise InvalidValue("parties", f"{each.target!r} is no user, contact, account, lead")
            wanted.setdefault(entity, set()).add(record_id)
    for entity, ids in wanted.items():
        missing = ids - alive_among(conn, entity, ids)
        if missing:
            raise NoSuchRecord(entity, min(missing))
