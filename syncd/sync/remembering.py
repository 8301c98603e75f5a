"""What users threw away in Outlook stays away: kept beside the links, so that it outlives them.

Whoever is deleted in the CRM and entered anew is known again by keyed hashes: no content is kept.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from sqlalchemy import ColumnElement, Connection, Table, delete, insert, select

from syncd.crm import records
from syncd.crm.stored import StoredKind
from syncd.model.fields import Side
from syncd.model.kinds import Kind
from syncd.model.policy import KindPolicy
from syncd.model.values import Value
from syncd.reconcile.facts import CrmPresence, ItemPresence, LinkState
from syncd.reconcile.images import known
from syncd.reconcile.match import contradict, match_hashes
from syncd.reconcile.reasons import Reason
from syncd.sync.mailboxes import Installation
from syncd.sync.session import Session
from syncd.sync.snapshots import chunks
from syncd.sync.tables import remembered as table
from syncd.sync.tables import remembered_value as values_table
from syncd.sync.work import Work


class Whose(Protocol):
    """Whose memory it is: of one mailbox, of one kind. A run's session is one."""

    @property
    def policy(self) -> KindPolicy:
        """The rules of the kind."""

    @property
    def stored(self) -> StoredKind[Kind]:
        """How the kind is kept."""

    @property
    def installation(self) -> Installation:
        """Whose hashes they are."""

    def mine(self, table: Table) -> ColumnElement[bool]:
        """The rows of this mailbox and kind."""


Fields = Mapping[str, Value]
Thrown = tuple[str, Reason, Fields | None]  # the record's id, why, and what it held


def remember(conn: Connection, session: Session, thrown: Sequence[Thrown]) -> None:
    """Its user threw these away."""
    latest = {crm_id: (reason, held) for crm_id, reason, held in thrown}
    forget(conn, session, latest)
    if not latest:
        return
    at = session.clock()
    rows = [
        {**session.ours, "crm_id": crm_id, "reason": reason.value, "at": at}
        for crm_id, (reason, _) in latest.items()
    ]
    conn.execute(insert(table), rows)
    numbers = {
        row.crm_id: row.id
        for chunk in chunks(latest)
        for row in conn.execute(
            select(table.c.crm_id, table.c.id).where(session.mine(table), table.c.crm_id.in_(chunk))
        )
    }
    hashes = [
        {"remembered_id": numbers[crm_id], "hash": each}
        for crm_id, (_, held) in latest.items()
        if held is not None
        for each in sorted(_hashes(session, held))
    ]
    if hashes:
        conn.execute(insert(values_table), hashes)


def forget(conn: Connection, session: Session, crm_ids: Iterable[str]) -> None:
    """These are back, or may come back."""
    for chunk in chunks(crm_ids):
        mine = session.mine(table) & table.c.crm_id.in_(chunk)
        numbers = select(table.c.id).where(mine)
        conn.execute(delete(values_table).where(values_table.c.remembered_id.in_(numbers)))
        conn.execute(delete(table).where(mine))


def among(conn: Connection, whose: Whose, new: Mapping[str, Mapping[str, Value]]) -> frozenset[str]:
    """Which of these records, by id, are of people that the mailbox's user threw away."""
    if not new or not conn.execute(select(table.c.id).where(whose.mine(table)).limit(1)).first():
        return frozenset()
    found: set[str] = set()
    for chunk in chunks(new):
        query = select(table.c.crm_id).where(whose.mine(table), table.c.crm_id.in_(chunk))
        found.update(conn.scalars(query))
    return frozenset(found | _entered_anew(conn, whose, new))


def just_thrown(whose: Whose, work: Iterable[Work], new: Mapping[str, Fields]) -> frozenset[str]:
    """Which new records, by id, are of people that the user and the CRM have both just ended.

    Nobody has remembered these yet: all of it happened since the last run.
    """
    thrown = [
        (_hashes(whose, held), held)
        for each in work
        if (link := each.case.link) is not None
        and link.state is LinkState.LIVE
        and each.case.item.presence is ItemPresence.DELETED
        and each.case.crm.presence is CrmPresence.DELETED
        and (held := known(link.images[Side.CRM]))
    ]
    return frozenset(
        crm_id
        for hashes, held in thrown
        for crm_id, values in new.items()
        if hashes & _hashes(whose, values) and not contradict(whose.policy.kind, held, values)
    )


def causes(conn: Connection, whose: Whose, crm_id: str, values: Mapping[str, Value]) -> list[str]:
    """As which records one was thrown away: as itself, or as one that is gone and was the same."""
    own = select(table.c.crm_id).where(whose.mine(table), table.c.crm_id == crm_id)
    return [*conn.scalars(own), *_same_as_gone(conn, whose, {crm_id: values})]


def _entered_anew(
    conn: Connection, whose: Whose, new: Mapping[str, Mapping[str, Value]]
) -> set[str]:
    return {each for ids in _same_as_gone(conn, whose, new).values() for each in ids}


def _same_as_gone(
    conn: Connection, whose: Whose, new: Mapping[str, Mapping[str, Value]]
) -> dict[str, set[str]]:
    """By thrown away records that are gone from the CRM, the new ones that are the same person.

    Hashes nominate; of one that is still in the CRM nobody has been entered anew.
    """
    hashes: dict[str, set[str]] = defaultdict(set)
    for crm_id, values in new.items():
        for each in _hashes(whose, values):
            hashes[each].add(crm_id)
    nominated: dict[str, set[str]] = defaultdict(set)
    tied = table.join(values_table, values_table.c.remembered_id == table.c.id)
    for chunk in chunks(hashes):
        query = select(table.c.crm_id, values_table.c.hash).select_from(tied)
        for row in conn.execute(query.where(whose.mine(table), values_table.c.hash.in_(chunk))):
            nominated[row.crm_id] |= hashes[row.hash]
    if not nominated:
        return {}
    held, kind = records.read(conn, whose.stored, nominated), whose.policy.kind
    same: dict[str, set[str]] = {}
    for gone, ids in nominated.items():
        there = held.get(gone)
        if there is not None and (not there.deleted or there.merged_into):
            continue
        known = there.record.fields if there is not None else {}
        if alike := {each for each in ids if not contradict(kind, known, new[each])}:
            same[gone] = alike
    return same


def _hashes(whose: Whose, values: Mapping[str, Value]) -> frozenset[str]:
    return match_hashes(whose.policy.kind, whose.installation.hash_key, values)
