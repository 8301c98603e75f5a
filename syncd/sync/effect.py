"""What a change of filters or policies would do to a mailbox, before it is done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection

from syncd.crm import records
from syncd.crm.access import Access
from syncd.crm.stored import StoredKind
from syncd.model.kinds import Kind
from syncd.reconcile.facts import LinkState
from syncd.settings.policies import ScopedKind
from syncd.sync import links
from syncd.sync.links import LinkKey
from syncd.sync.mailboxes import MailboxRow
from syncd.sync.ruling import ruling


@dataclass(frozen=True, slots=True)
class Effect:
    """The records that would come into a mailbox's Outlook, and those that would leave its scope.

    What its user tracks stays, and is not among those that leave.
    """

    gains: Sequence[str]
    loses: Sequence[str]
    stays: int


def effect(
    conn: Connection,
    row: MailboxRow,
    scoped: ScopedKind,
    stored: StoredKind[Kind],
    today: date,
) -> Effect:
    """What the rules as they stand in this transaction would change; nothing is written."""
    key = LinkKey(row.id, stored.kind)
    rules = ruling(conn, row, scoped, Access.of(conn, row.user_id), stored, today)
    served = links.crm_ids(conn, key, LinkState.LIVE)
    known = links.crm_ids(conn, key)
    members = set(records.members(conn, stored, rules.where))
    tracked = links.tracked(conn, key)
    if rules.excluded is not None:
        tracked -= records.members_among(conn, stored, rules.excluded, tracked)
    loses = served - members - tracked
    return Effect(sorted(members - known), sorted(loses), len(served - loses))
