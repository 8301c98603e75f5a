"""What people and companies are recognised by, kept beside their records: a look-up, not a scan."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, delete, insert

from syncd.crm.rows import chunks
from syncd.crm.stored import StoredKind, Written
from syncd.crm.tables import duplicate_key
from syncd.model.kinds import Schema
from syncd.model.likeness import LABELS, keys


def put(conn: Connection, stored: StoredKind[Schema], written: Sequence[Written]) -> None:
    """Bring the keys of written records up to date."""
    if not stored.keyed:
        return
    turned = [each for each in written if not LABELS.keys().isdisjoint(each.names)]
    drop(conn, stored, (str(each.row["id"]) for each in turned if each.before is not None))
    rows = [
        {"entity": stored.entity, "key": key, "record_id": each.row["id"]}
        for each in turned
        for key in sorted(keys(stored.assemble(each.row)))
    ]
    if rows:
        conn.execute(insert(duplicate_key), rows)


def drop(conn: Connection, stored: StoredKind[Schema], ids: Iterable[str]) -> None:
    """Forget records that are not to be found any more."""
    if not stored.keyed:
        return
    for chunk in chunks(ids):
        conn.execute(
            delete(duplicate_key).where(
                duplicate_key.c.entity == stored.entity, duplicate_key.c.record_id.in_(chunk)
            )
        )
