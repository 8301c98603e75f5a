"""Two records that are one and the same: the survivor keeps what hung on either.

The other one goes the way of a deleted record, keeps its values, and the feed says what it was
merged into.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, select, update

from syncd.crm import lifecycle, parties, records, sharing
from syncd.crm.cascades import column_of
from syncd.crm.consequences import relink
from syncd.crm.contacts import CONTACTS
from syncd.crm.entities import ACCOUNTS, ENTITIES, LEADS
from syncd.crm.errors import RuleBroken
from syncd.crm.feed import Actor
from syncd.crm.guarding import Guard
from syncd.crm.hierarchy import PARENT, PRIMARY, ancestors
from syncd.crm.rows import chunks, live, rows_of
from syncd.crm.stored import Stored, StoredKind
from syncd.crm.tables import external_key
from syncd.model.kinds import Schema
from syncd.model.normal import text
from syncd.model.relations import Relation, pointing_at
from syncd.model.values import Value

MERGED = {each.entity: each for each in (LEADS, ACCOUNTS, CONTACTS)}


def merge(
    conn: Connection,
    stored: StoredKind[Schema],
    survivor_id: str,
    loser_id: str,
    actor: Actor,
    at: datetime,
) -> Stored:
    """Merge one record into another of its entity, and return the survivor.

    What the survivor has no value for it takes from the other. Raises RuleBroken, NoSuchRecord,
    NotAllowed.
    """
    if stored.entity not in MERGED:
        names = ", ".join(each.kind.plural for each in MERGED.values())
        raise RuleBroken(f"only {names} are merged")
    if survivor_id == loser_id:
        raise RuleBroken("a record cannot be merged with itself")
    rows = rows_of(conn, stored, sorted([survivor_id, loser_id]), lock=True)
    survivor = stored.stored(live(stored, rows, survivor_id, None))
    loser = stored.stored(live(stored, rows, loser_id, None))
    guard = Guard.of(conn, stored, actor, rows.values())
    for each in (survivor_id, loser_id):
        guard.demand_update(each, ())
    if not survivor.active:
        raise RuleBroken(f"the survivor is {survivor.statecode}; reactivate it, or merge into it")
    if stored is ACCOUNTS:
        _lift(conn, survivor, loser, actor, at)
    for relation in pointing_at(stored.entity):
        _repoint(conn, relation, loser_id, survivor_id, actor, at)
    parties.hand_over(conn, stored.entity, loser_id, survivor_id, actor, at)
    _hand_over_keys(conn, stored.entity, loser_id, survivor_id)
    sharing.hand_over(conn, stored.entity, loser_id, survivor_id, actor, at)
    lifecycle.delete(conn, stored, loser_id, actor, at, merged_into=survivor_id)
    patch = missing(stored, survivor, loser)
    if stored is ACCOUNTS and survivor_id in ancestors(conn, [str(patch.get(PARENT))]):
        del patch[PARENT]  # the loser hung below the survivor
    made = records.update(conn, stored, survivor_id, patch, expected=None, actor=actor, at=at)
    if stored.entity == CONTACTS.entity:
        _unseat(conn, survivor_id, actor, at)
    return made


def missing(stored: StoredKind[Schema], survivor: Stored, loser: Stored) -> dict[str, Value]:
    """What the loser knows and the survivor does not: whole groups, never half an address."""
    groups: dict[str, list[str]] = {}
    for name in stored.names:
        groups.setdefault(_together(stored, name), []).append(name)
    patch: dict[str, Value] = {}
    for names in groups.values():
        if all(survivor.values[name] is None for name in names):
            patch |= {n: loser.values[n] for n in names if loser.values[n] is not None}
    patch = {name: value for name, value in patch.items() if value not in (survivor.id, loser.id)}
    if stored.entity == CONTACTS.entity:
        for name in _of_another_company(survivor, loser):
            patch.pop(name, None)
    return patch


def _of_another_company(survivor: Stored, loser: Stored) -> tuple[str, ...]:
    """What a contact does not take from one who is of another company: that one, the role there."""
    if survivor.extras["parentcustomerid"] is not None:
        return ("companyname",)
    own, other = (text(str(e.record.fields["companyname"] or "")) for e in (survivor, loser))
    return ("parentcustomerid", "accountrolecode") if own and own != other else ()


def _together(stored: StoredKind[Schema], name: str) -> str:
    return name[:8] if name.startswith("address") else stored.group_of(name) or name


def _lift(conn: Connection, survivor: Stored, loser: Stored, actor: Actor, at: datetime) -> None:
    """A survivor from below the account that goes into it takes its place under its parent."""
    if loser.id in ancestors(conn, [survivor.id]):
        parent = loser.record.fields[PARENT]
        records.update(
            conn, ACCOUNTS, survivor.id, {PARENT: parent}, expected=None, actor=actor, at=at
        )


def _repoint(
    conn: Connection, relation: Relation, loser: str, survivor: str, actor: Actor, at: datetime
) -> None:
    """Let all that points to the loser, closed records too, point to the survivor."""
    stored = ENTITIES[relation.entity]
    column = column_of(stored, relation)
    query = select(stored.table.c.id).where(stored.alive, stored.table.c[column] == loser)
    for some in chunks(list(conn.scalars(query.order_by(stored.table.c.id)))):
        rows = rows_of(conn, stored, some, lock=True)
        relink(conn, stored, list(rows.values()), {column: survivor}, actor, at)


def _unseat(conn: Connection, contact_id: str, actor: Actor, at: datetime) -> None:
    """A contact stands for its own account only: any other that the merge gave it, it gives up."""
    home = records.read(conn, CONTACTS, [contact_id])[contact_id].extras["parentcustomerid"]
    table = ACCOUNTS.table
    elsewhere = ACCOUNTS.alive & (table.c[PRIMARY] == contact_id) & (table.c.id != (home or ""))
    query = select(table.c.id).where(elsewhere)
    rows = rows_of(conn, ACCOUNTS, list(conn.scalars(query)), lock=True)
    relink(conn, ACCOUNTS, list(rows.values()), {PRIMARY: None}, actor, at)


def _hand_over_keys(conn: Connection, entity: str, loser: str, survivor: str) -> None:
    """What knew the loser by a key of its own knows the survivor by it."""
    conn.execute(
        update(external_key)
        .where(external_key.c.entity == entity, external_key.c.record_id == loser)
        .values(record_id=survivor)
    )
