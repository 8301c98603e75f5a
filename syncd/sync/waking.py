"""Making mailboxes due that a change in the CRM concerns: an edit does not wait for an interval."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, Engine, Select, select, true

from syncd.crm import database, feed
from syncd.crm.stored import StoredKind
from syncd.model.kinds import Kind
from syncd.settings.policies import MailboxPolicy
from syncd.sync import mailboxes, scoping
from syncd.sync.scoping import Scoped
from syncd.sync.snapshots import chunks
from syncd.sync.tables import link
from syncd.sync.tables import mailbox as mailbox_table

CHUNK = 1_000  # changes at a time


@dataclass
class Waker:
    """Follows the CRM's change feed from where it stood when first asked."""

    engine: Engine
    stored: Callable[[], Mapping[str, StoredKind[Kind]]]
    clock: Callable[[], datetime]
    policies: Callable[[], Mapping[str, MailboxPolicy]]
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
            for kind, stored in self.stored().items():
                changed: dict[str, set[str]] = defaultdict(set)  # by the mailbox it came out of
                for each in changes:
                    if each.kind == kind:
                        both = {each.id, each.merged_into or each.id}
                        changed[each.actor.mailbox or ""] |= both
                scopes = scoping.of_all(conn, self.policies(), stored) if changed else []
                for source, ids in changed.items():
                    found = self._concerned(conn, stored, scopes, ids)
                    mailboxes.wake(conn, found, self.clock(), but=source)
        self._seen = changes[-1].number if changes else newest

    def _concerned(
        self, conn: Connection, stored: StoredKind[Kind], scopes: Sequence[Scoped], ids: set[str]
    ) -> set[int]:
        """The mailboxes that hold one of these records, and those it belongs in.

        Each distinct scope is asked once, for all of its mailboxes together.
        """
        found: set[int] = set()
        for chunk in chunks(ids):
            linked = select(link.c.mailbox_id).where(
                link.c.kind == stored.kind.name, link.c.crm_id.in_(chunk)
            )
            found |= set(conn.scalars(linked))
            for each in scopes:
                found |= set(conn.scalars(members(stored, each, chunk, self.clock().date())))
        return found


def members(
    stored: StoredKind[Kind], scoped: Scoped, ids: Sequence[str], today: date
) -> Select[tuple[int]]:
    """The mailboxes of one scope that any of these records belongs in, rights left aside."""
    inside = scoped.scope.where(mailbox_table.c.user_id, today)
    of_scope = mailbox_table.c.id.in_(scoped.mailbox_ids)
    return (
        select(mailbox_table.c.id)
        .select_from(mailbox_table.join(stored.source, true()))
        .where(stored.table.c.id.in_(ids), stored.alive, of_scope, inside)
        .distinct()
    )
