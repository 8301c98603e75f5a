"""Which mailbox a value came from, when that mailbox gets another address.

What its user makes private later is withdrawn from wherever it came from that mailbox (P7), so the
records must go on naming it.
"""

from __future__ import annotations

import json

from sqlalchemy import Connection, Text, bindparam, cast, select, update

from syncd.crm.entities import ENTITIES


def readdress(conn: Connection, old: str, new: str) -> None:
    """Name the mailbox `old` as `new` in every record. Reads whole tables: seldom done.

    It is no edit: no version moves, and no mailbox has anything to do because of it.
    """
    for table in {each.table.name: each.table for each in ENTITIES.values()}.values():
        named = cast(table.c.origins, Text).contains(json.dumps(old), autoescape=True)
        rows = [
            {"which": row.id, "now": _renamed(row.origins, old, new)}
            for row in conn.execute(select(table.c.id, table.c.origins).where(named))
        ]
        if rows:
            here = update(table).where(table.c.id == bindparam("which"))
            conn.execute(here.values(origins=bindparam("now")), rows)


def _renamed(
    origins: dict[str, list[str | None]], old: str, new: str
) -> dict[str, list[str | None]]:
    return {
        group: [at, new if mailbox == old else mailbox] for group, (at, mailbox) in origins.items()
    }
