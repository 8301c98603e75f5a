"""A batch of understood rows into the store: matched by what they are known as, made or changed."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import cast

from sqlalchemy import Connection

from syncd.crm import lifecycle, records
from syncd.crm.custom import stored_of
from syncd.crm.entities import ACCOUNTS
from syncd.crm.errors import CrmError, RecordError, a_record, entity_name
from syncd.crm.importing import alike, companies, keys
from syncd.crm.importing.changing import update_known
from syncd.crm.importing.into import Into, Keyed, put_parties
from syncd.crm.importing.keys import Known, Told
from syncd.crm.importing.ledger import Postponed
from syncd.crm.importing.links import later_of, resolved, told_links, told_of
from syncd.crm.importing.report import BadRow, Party, Row
from syncd.crm.records import New, Update
from syncd.crm.stored import Stored, StoredKind
from syncd.model.kinds import Schema
from syncd.model.values import Value


def write(conn: Connection, into: Into, kind: str, rows: Sequence[Row], at: datetime) -> None:
    """Write rows of one entity."""
    stored = stored_of(conn, kind)
    left = []
    for row in rows:
        told = keys.told_by(row)
        said = keys.saying(row, told)
        left.append(Keyed(row, keys.keys_of(row, said), told, said))
    while left:
        # Of rows about one record the first goes first: if it stays out, the next has its turn.
        now = {each.key: each for each in reversed(left)}
        _write_once(conn, into, stored, [e for e in left if now[e.key] is e], at)
        left = [each for each in left if now[each.key] is not each]


def _write_once(
    conn: Connection, into: Into, stored: StoredKind[Schema], rows: list[Keyed], at: datetime
) -> None:
    """Write rows that are about different records."""
    keyed = _met_once(into, stored.entity, rows)
    found = keys.known(conn, into.source, stored.entity, (k for each in keyed for k in each.keys))
    ids = [each.row.id for each in keyed if each.row.id and each.row.id not in found]
    there = records.versions(conn, stored, ids)
    new: list[Keyed] = []
    old: list[tuple[Keyed, Known]] = []
    for each in keyed:
        match = next((found[key] for key in each.keys if key in found), None)
        if match is None and each.row.id in there:
            match = Known("", each.row.id, None)
        if match is None:
            new.append(each)
        else:
            old.append((each, match))
    new, there_already = alike.sorted_out(conn, into, stored, new)
    old += there_already
    if new:
        _create(conn, into, stored, new, at)
    if old:
        update_known(conn, into, stored, old, at)


def _met_once(into: Into, kind: str, rows: list[Keyed]) -> list[Keyed]:
    """The rows without those that repeat an earlier one; one that contradicts it is rejected."""
    earlier = into.ledger.meet([(f"{kind}\x1f{e.key}", e.row.line, e.said) for e in rows])
    once = []
    for each, before in zip(rows, earlier, strict=True):
        if before is None:
            once.append(each)
        elif before[1] == each.said:
            into.report.unchanged[kind] += 1
        else:
            by = "has the same id" if each.own_key else "is about the same record"
            reason = f"line {before[0]:,} {by} and says something else"
            todo = "remove one of them" if each.own_key else "give each an externalid"
            into.reject(each.row.line, f"{reason}; {todo}", each.row.original)
    return once


def _create(
    conn: Connection, into: Into, stored: StoredKind[Schema], rows: Sequence[Keyed], at: datetime
) -> None:
    links = resolved(conn, into, stored, [(each.row, each.row.links) for each in rows])
    provided = companies.Provider(conn, into.actor, at, into.report)
    taken = companies.called(conn, _names(stored, rows))
    news: list[tuple[Keyed, New, Told]] = []
    for each, (found, waits) in zip(rows, links, strict=True):
        try:
            new, told = _new(into, stored, each, found, taken)
        except (BadRow, CrmError) as error:
            _refuse(into, stored, each, error)
            continue
        if each.row.may_create_account:
            provided.want(cast("str | None", new.fields.get("companyname")), new.owner_id)
        if waits and new.status:  # it is closed at the end: what is closed takes no link
            new = replace(new, status=None)
            told["statuscode"] = _first_status(stored)
        news.append((each, new, told))
    provided.provide()
    outcomes = records.create_many(
        conn, stored, [new for _, new, _ in news], actor=into.actor, at=at
    )
    remembered: list[tuple[str, str, Told | None]] = []
    activities: dict[str, tuple[Party, ...]] = {}
    for (each, new, told), outcome in zip(news, outcomes, strict=True):
        row = each.row
        if isinstance(outcome, RecordError):
            _refuse(into, stored, each, outcome)
            continue
        into.report.created[stored.entity] += 1
        into.report.show(row.line, stored.entity, "create", new.fields)
        first, *others = each.keys
        remembered += [(first, outcome.id, told), *((key, outcome.id, None) for key in others)]
        if row.parties:
            activities[outcome.id] = row.parties
        waiting = later_of(stored, row.links) if row.links else None
        if waiting:
            into.postpone(stored.entity, outcome.id, first, row, waiting, row.status)
    keys.remember(conn, into.source, stored.entity, remembered)
    put_parties(conn, into, activities)


def _new(
    into: Into,
    stored: StoredKind[Schema],
    each: Keyed,
    links: Mapping[str, Value] | BadRow,
    taken: Collection[str],
) -> tuple[New, Told]:
    """The record to make of a row, and what the row tells. Raises BadRow, NoSuchOwner."""
    row = each.row
    if isinstance(links, BadRow):
        raise links
    owner = into.owners.of(row.owner)
    fields = {name: value for name, value in row.fields.items() if value is not None}
    if not any(fields.values()) and not any(field.required for field in stored.kind.fields):
        raise BadRow(f"the {entity_name(stored.entity)} is empty")
    if not each.own_key and fields.get("name") in taken:
        raise BadRow(f"{a_record(stored.entity)} called {fields['name']!r} exists already")
    told = told_of(each, links)
    if row.owner:
        told["ownerid"] = cast(int, keys.checksum(owner))
        told["owner?"] = cast(int, keys.checksum(row.owner))
    if row.status:
        told["statuscode"] = cast(int, keys.checksum(row.status))
    return New({**fields, **links}, owner, None, row.id, row.status, row.created_at), told


def _first_status(stored: StoredKind[Schema]) -> int:
    return cast(int, keys.checksum(stored.states.by_name[stored.states.initial].default))


def _names(stored: StoredKind[Schema], rows: Sequence[Keyed]) -> list[str]:
    """What rows without a key of their own call an account: another one of the name is the same."""
    if stored.entity != ACCOUNTS.entity:
        return []
    return [str(each.row.fields.get("name") or "") for each in rows if not each.own_key]


def _refuse(into: Into, stored: StoredKind[Schema], each: Keyed, error: Exception) -> None:
    into.reject(each.row.line, str(error), each.row.original)
    into.ledger.forget([f"{stored.entity}\x1f{each.key}"])


def finish(conn: Connection, into: Into, some: Sequence[Postponed], at: datetime) -> None:
    """Make the links that had to wait for other records, and close what had to stay open."""
    stored = stored_of(conn, some[0].kind)
    links = resolved(conn, into, stored, [(None, each.links) for each in some], all_now=True)
    known = keys.known(conn, into.source, stored.entity, (each.key for each in some))
    current = records.read(conn, stored, [each.record_id for each in some])
    retold: dict[str, Told] = {}
    for each, (found, _) in zip(some, links, strict=True):
        match, held = known.get(each.key), current[each.record_id]
        told = match.told if match else None
        now = dict(told or {})
        try:
            now |= _linked(conn, into, stored, each, found, held, told, at)
        except RecordError as error:
            into.reject(each.line, f"{error}; the rest of it is in", each.original)
        if each.status is not None:
            lifecycle.set_status(conn, stored, each.record_id, each.status, into.actor, at)
            now["statuscode"] = cast(int, keys.checksum(each.status))
        retold[each.key] = now
    keys.retell(conn, into.source, stored.entity, retold)


def _linked(
    conn: Connection,
    into: Into,
    stored: StoredKind[Schema],
    each: Postponed,
    found: Mapping[str, Value] | BadRow,
    held: Stored,
    told: Told | None,
    at: datetime,
) -> Told:
    """Make the links of a record; what is told by them. Raises RecordError."""
    if isinstance(found, BadRow):
        into.reject(each.line, f"{found}; the rest of it is in", each.original)
        return {}
    patch, met = keys.news(stored, found, told, held, file_wins=into.file_wins or not told)
    if patch:
        update = Update(each.record_id, patch)
        (outcome,) = records.update_many(conn, stored, [update], actor=into.actor, at=at)
        if isinstance(outcome, RecordError):
            raise outcome
    if met:
        into.report.keep(each.line, f"{held.id}: the CRM's own {', '.join(met)} stays")
    return told_links({n: link for n, link in each.links.items() if n not in met}, found)
