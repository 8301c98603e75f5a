"""What a file says of records that are there already: what of it is new, and what becomes of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

from sqlalchemy import Connection

from syncd.crm import lifecycle, records
from syncd.crm.errors import CrmError, RecordError
from syncd.crm.importing import keys
from syncd.crm.importing.into import Into, Keyed, put_parties
from syncd.crm.importing.keys import Known, Told
from syncd.crm.importing.links import later_of, resolved, told_of, was_told
from syncd.crm.importing.report import BadRow, Link, Row
from syncd.crm.records import Update
from syncd.crm.stored import Stored, StoredKind
from syncd.model.kinds import Schema
from syncd.model.values import Value

_CUT = timedelta(minutes=1)  # a time that is shown is cut to the minute


def update_known(
    conn: Connection,
    into: Into,
    stored: StoredKind[Schema],
    rows: Sequence[tuple[Keyed, Known]],
    at: datetime,
) -> None:
    """Write what rows say anew of the records that they are known to be about."""
    rows = _without_repeats(conn, into, stored, rows)
    current = records.read(conn, stored, [match.record_id for _, match in rows])
    fresh = [
        {n: link for n, link in each.row.links.items() if not was_told(match.told, n, link)}
        for each, match in rows
    ]
    links = resolved(
        conn, into, stored, [(e.row, new) for (e, _), new in zip(rows, fresh, strict=True)]
    )
    changes: list[_Change] = []
    for (each, match), (found, _), new in zip(rows, links, fresh, strict=True):
        row, held = each.row, current.get(match.record_id)
        if held is None or held.deleted:
            gone = f" and is {held.merged_into} now" if held and held.merged_into else ""
            into.report.deleted[stored.entity] += 1
            into.report.keep(row.line, f"it was deleted in the CRM{gone}; it stays deleted")
            continue
        if isinstance(found, BadRow):
            into.reject(row.line, str(found), row.original)
            continue
        told = match.told
        file_wins = into.file_wins or (told is None and not _stale(row, held))
        patch, met = keys.news(stored, {**row.fields, **found}, told, held, file_wins=file_wins)
        now = {**(told or {}), **told_of(each, found)}
        for name in (n for each in met for n in (each, f"{each}?")):  # these are asked anew
            now.pop(name, None)
            now |= {name: told[name]} if told and name in told else {}
        for name in (n for n, value in row.fields.items() if value is None and n not in met):
            now.pop(name, None)
        waiting = later_of(stored, new)
        changes.append(
            _Change(each, match, held, patch, tuple(met), now, waiting, file_wins, dict(patch))
        )
    _apply(conn, into, stored, changes, at)


def _without_repeats(
    conn: Connection,
    into: Into,
    stored: StoredKind[Schema],
    rows: Sequence[tuple[Keyed, Known]],
) -> Sequence[tuple[Keyed, Known]]:
    """The rows without those that say what they said before: their records are not even read."""
    if into.file_wins:
        return rows
    again = {e.key: m for e, m in rows if keys.says_again(e.row, e.told, m.told)}
    alive = records.members_among(
        conn, stored, stored.alive, [match.record_id for match in again.values()]
    )
    same = {key for key, match in again.items() if match.record_id in alive}
    if same:
        into.report.unchanged[stored.entity] += len(same)
    return [(each, match) for each, match in rows if each.key not in same]


@dataclass(slots=True)
class _Change:
    """What a row changes of the record that it is about."""

    each: Keyed
    match: Known
    held: Stored
    patch: dict[str, Value]
    met: tuple[str, ...]
    told: Told
    later: dict[str, Link]
    file_wins: bool
    shown: dict[str, Value]
    written: bool = False
    closing: str | None = None  # the status to come to once its links are made

    def may_overwrite(self, name: str, held: str) -> bool:
        """Whether the CRM still holds what the source said before."""
        return self.file_wins or (self.match.told or {}).get(name) == keys.checksum(held)


def _apply(
    conn: Connection,
    into: Into,
    stored: StoredKind[Schema],
    changes: Sequence[_Change],
    at: datetime,
) -> None:
    failed: set[int] = set()
    for index, change in enumerate(changes):
        try:
            _give(conn, into, stored, change, at)
            _turn(conn, into, stored, change, at)
        except (BadRow, CrmError) as error:
            failed.add(index)
            into.reject(change.each.row.line, str(error), change.each.row.original)
    writes = [i for i, each in enumerate(changes) if each.patch and i not in failed]
    updates = [Update(changes[i].held.id, changes[i].patch) for i in writes]
    outcomes = records.update_many(conn, stored, updates, actor=into.actor, at=at)
    for index, outcome in zip(writes, outcomes, strict=True):
        change = changes[index]
        if isinstance(outcome, RecordError):
            failed.add(index)
            into.reject(change.each.row.line, str(outcome), change.each.row.original)
        else:
            change.written |= outcome.version != change.held.version
    done = [change for index, change in enumerate(changes) if index not in failed]
    for change in done:
        _report(into, stored, change)
    retold = [each for each in done if each.match.key and each.told != each.match.told]
    keys.retell(conn, into.source, stored.entity, {each.match.key: each.told for each in retold})
    fresh = [(e.each.key, e.held.id, e.told) for e in done if not e.match.key]
    keys.remember(conn, into.source, stored.entity, fresh)
    put_parties(conn, into, {e.held.id: e.each.row.parties for e in done if e.each.row.parties})


def _report(into: Into, stored: StoredKind[Schema], change: _Change) -> None:
    """Say what became of a row, and put off what has to wait."""
    row, kind = change.each.row, stored.entity
    if change.met:
        names = ", ".join(change.met)
        into.report.keep(row.line, f"{change.held.id}: the CRM's own {names} stays")
    if change.later:
        key = change.match.key or change.each.key
        into.postpone(kind, change.held.id, key, row, change.later, change.closing)
    (into.report.updated if change.written else into.report.unchanged)[kind] += 1
    if change.written:
        into.report.show(row.line, kind, "update", change.shown)


def _give(
    conn: Connection, into: Into, stored: StoredKind[Schema], change: _Change, at: datetime
) -> None:
    """Give a record the owner that its source names anew."""
    if not change.each.row.owner:
        return
    owner, held = into.owners.of(change.each.row.owner), change.held.owner_id
    told = cast(int, keys.checksum(owner))
    if owner != held and (change.match.told or {}).get("ownerid") != told:
        if not change.may_overwrite("ownerid", held):
            change.met += ("owner",)
            return
        lifecycle.assign(conn, stored, change.held.id, owner, into.actor, at)
        change.written = True
        change.shown["owner"] = change.each.row.owner
    change.told["ownerid"] = told
    change.told["owner?"] = cast(int, keys.checksum(change.each.row.owner))


def _turn(
    conn: Connection, into: Into, stored: StoredKind[Schema], change: _Change, at: datetime
) -> None:
    """Bring a record to the state that its source names anew."""
    status, held = change.each.row.status, change.held
    if status is None:
        return
    told = cast(int, keys.checksum(status))
    if status != held.statuscode and (change.match.told or {}).get("statuscode") != told:
        if not change.may_overwrite("statuscode", held.statuscode):
            change.met += ("state",)
            return
        target = stored.states.of_reason(status)
        if change.later and held.active and target and not target.editable:
            change.closing = status
            change.written = True
            return
        if held.active and change.patch:
            # What is closed takes no change: first the values, then the state.
            update = Update(held.id, change.patch)
            (outcome,) = records.update_many(conn, stored, [update], actor=into.actor, at=at)
            if isinstance(outcome, RecordError):
                raise outcome
            change.patch = {}
        lifecycle.set_status(conn, stored, held.id, status, into.actor, at)
        change.written = True
        change.shown["state"] = status
    change.told["statuscode"] = told


def _stale(row: Row, held: Stored) -> bool:
    """Whether the CRM changed the record after the file was made from it."""
    if row.version is not None:
        return row.version < held.version
    return row.as_of is not None and row.as_of + _CUT < held.modified_at
