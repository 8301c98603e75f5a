"""Custom fields that no configuration names any more, and that a record and its journal still hold.

A withdrawal has to know them: what came from an item goes, mapped or not (P7).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from sqlalchemy import Connection, select

from syncd.crm.custom import with_custom
from syncd.crm.tables import CUSTOM
from syncd.model.custom import custom_field, property_place
from syncd.model.fields import Field, FieldType
from syncd.sync.journal import withheld
from syncd.sync.session import Session
from syncd.sync.snapshots import load
from syncd.sync.tables import operation


def knowing_all(conn: Connection, session: Session, ids: Iterable[str]) -> Session:
    """The session as if the map still had every field that these records ever had from Outlook."""
    fields = _unmapped(conn, session, list(ids))
    if not fields:
        return session
    stored = with_custom(session.policy.kind.name, (*session.stored.custom, *fields))
    return replace(session, policy=replace(session.policy, kind=stored.kind), stored=stored)


def _unmapped(conn: Connection, session: Session, ids: list[str]) -> list[Field]:
    """Those fields, each of the type that its last value had."""
    held: dict[str, object] = {}
    query = select(operation.c.after).where(session.mine(operation), operation.c.crm_id.in_(ids))
    hashes = list(
        conn.scalars(query.where(operation.c.after.is_not(None)).order_by(operation.c.at))
    )
    contents = load(conn, set(hashes))
    for each in hashes:
        held |= {name: value for name, value in contents[each].items() if value is not None}
    known, marker = session.policy.kind.by_name, withheld("")
    lost = {n: v for n, v in held.items() if n not in known and not n.startswith(marker)}
    if not lost or CUSTOM not in session.stored.table.c:
        return []
    return [field for name, value in sorted(lost.items()) if (field := _field(name, value))]


def _field(name: str, value: object) -> Field | None:
    kind = FieldType.TEXT
    if isinstance(value, list):
        kind = FieldType.NAMES
    elif isinstance(value, int):
        kind = FieldType.FLAG if isinstance(value, bool) else FieldType.WHOLE
    place = property_place(name, kind)  # nothing is read from there
    return custom_field(name, name, kind, place) if place is not None else None
