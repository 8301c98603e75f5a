"""Making mailboxes due that a change in the CRM concerns: an edit does not wait for an interval."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Engine, select

from syncd.crm import database, feed
from syncd.crm.stored import StoredKind
from syncd.crm.tables import share, team_member
from syncd.model.kinds import Kind
from syncd.sync import mailboxes
from syncd.sync.snapshots import chunks
from syncd.sync.tables import link
from syncd.sync.tables import mailbox as mailbox_table

CHUNK = 1_000  # changes at a time


@dataclass
class Waker:
    """Follows the CRM's change feed from where it stood when first asked."""

    engine: Engine
    stored: Mapping[str, StoredKind[Kind]]
    clock: Callable[[], datetime]
    _seen: int | None = None

    def wake(self) -> None:
        """Make those mailboxes due that hold a changed record, or whose user may have it now.

        A change that came out of a mailbox does not make that mailbox due again; nor does any one
        that failed, which waits as long as it was asked to.
        """
        with database.read(self.engine) as conn:
            newest = feed.latest(conn)
            if self._seen is None or newest <= self._seen:
                self._seen = newest
                return
            changes = feed.since(conn, self._seen, CHUNK)
        with database.write(self.engine, alone=True) as conn:  # it writes many mailboxes' rows
            for kind, stored in self.stored.items():
                changed: dict[str, set[str]] = defaultdict(set)  # by the mailbox it came out of
                for each in changes:
                    if each.kind == kind:
                        both = {each.id, each.merged_into or each.id}
                        changed[each.actor.mailbox or ""] |= both
                for source, ids in changed.items():
                    found = _concerned(conn, kind, stored, ids)
                    mailboxes.wake(conn, found, self.clock(), but=source)
        self._seen = changes[-1].number if changes else newest


def _concerned(conn: Connection, kind: str, stored: StoredKind[Kind], ids: set[str]) -> set[int]:
    """The mailboxes that hold one of these records, or whose user owns one or is shown one."""
    found: set[int] = set()
    for chunk in chunks(ids):
        linked = select(link.c.mailbox_id).where(link.c.kind == kind, link.c.crm_id.in_(chunk))
        owned = (
            select(mailbox_table.c.id)
            .join(stored.table, stored.table.c.owner_id == mailbox_table.c.user_id)
            .where(stored.table.c.id.in_(chunk))
        )
        shared = (share.c.entity == kind) & share.c.record_id.in_(chunk)
        principals = select(share.c.principal_id).where(shared)
        members = select(team_member.c.user_id).where(team_member.c.team_id.in_(principals))
        user_id = mailbox_table.c.user_id
        shown = select(mailbox_table.c.id).where(user_id.in_(principals) | user_id.in_(members))
        for query in (linked, owned, shown):
            found |= set(conn.scalars(query))
    return found
