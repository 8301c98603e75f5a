"""Who writes a group of a record in the CRM, as far as the change feed still tells."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, select

from syncd.crm.feed import ActorKind
from syncd.crm.tables import crm_change

_LOOKED_AT = 50  # changes of the record, the latest


def beside(
    conn: Connection, kind: str, crm_id: str, fields: Collection[str], mailbox: str
) -> str | None:
    """Who wrote these fields last, but for a mailbox: `user:mona`, or `mailbox:bob@contoso.com`.

    `None` when nobody is known to have.
    """
    columns = (crm_change.c.changed_fields, crm_change.c.actor_kind, crm_change.c.actor_name)
    mine = (crm_change.c.kind == kind) & (crm_change.c.record_id == crm_id)
    query = select(*columns).where(mine).order_by(crm_change.c.number.desc()).limit(_LOOKED_AT)
    for row in conn.execute(query):
        ours = row.actor_kind == ActorKind.MAILBOX and row.actor_name == mailbox
        if not ours and not set(fields).isdisjoint(row.changed_fields):
            return f"{row.actor_kind}:{row.actor_name}"
    return None
