"""Whom an item that is about to enter the CRM may be there already."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from syncd.crm import records
from syncd.crm.duplicates import nominated
from syncd.crm.stored import Stored
from syncd.model.likeness import keys
from syncd.model.record import Record
from syncd.model.values import Value
from syncd.reconcile.match import match
from syncd.sync.session import Session


@dataclass(frozen=True, slots=True)
class Duplicates:
    """`same` is the record that an item is clearly about; `doubtful` are those it might be about.

    `unseen` are records that it is or might be about and that its user may not read: it is not
    tied to these, and the user is not told of them.
    """

    same: Stored | None = None
    doubtful: Sequence[str] = ()
    unseen: Sequence[str] = ()


def find(conn: Connection, session: Session, item: Record) -> Duplicates:
    """Look for the person of this item in the CRM, by keys and not by a scan.

    Keys nominate, the values conclude.
    """
    ids = nominated(conn, session.stored, keys(item.fields))
    if not ids:
        return Duplicates()
    readable = session.rights.readable_among(conn, ids)
    seen, unseen = _matched(conn, session, item, readable), Matched()
    if ids - readable:
        unseen = _matched(conn, session, item, ids - readable)
    return Duplicates(
        seen.same, seen.doubtful, [*([unseen.same.id] if unseen.same else []), *unseen.doubtful]
    )


@dataclass(frozen=True, slots=True)
class Matched:
    """What matching one item against some records comes to."""

    same: Stored | None = None
    doubtful: Sequence[str] = ()


def _matched(
    conn: Connection, session: Session, item: Record, ids: frozenset[str] | set[str]
) -> Matched:
    candidates = records.read(conn, session.stored, sorted(ids))
    loose: Mapping[str, Mapping[str, Value]] = {i: s.record.fields for i, s in candidates.items()}
    found = match(session.policy.kind, loose, {"item": item.fields})
    if len(found.pairs) == 1:
        return Matched(candidates[next(iter(found.pairs))])
    return Matched(None, sorted({*found.pairs, *found.doubtful}))
