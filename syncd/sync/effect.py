"""What a change of filters or policies would do to a mailbox, before it is done."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, select

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
from syncd.sync.tables import mailbox_kind

_BY_GROUP = ("directions", "conflicts")


@dataclass(frozen=True, slots=True)
class Effect:
    """The records that would come into a mailbox's Outlook, and those that would leave its scope.

    What its user tracks stays, and is not among those that leave. `turned` are the labels of the
    fields whose direction or conflict rule is another one than at the last sync.
    """

    gains: Sequence[str]
    loses: Sequence[str]
    stays: int
    turned: Sequence[str]


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
    if rules.unsure is not None:  # these wait
        loses -= records.members_among(conn, stored, rules.unsure, loses)
    return Effect(
        sorted(members - known),
        sorted(loses),
        len(served - loses),
        _turned(_before(conn, key), rules.text, stored.kind),
    )


def _before(conn: Connection, key: LinkKey) -> str:
    """The rules that the last sync went by; empty where there was none."""
    mine = (mailbox_kind.c.mailbox_id == key.mailbox_id) & (mailbox_kind.c.kind == key.kind.name)
    return conn.execute(select(mailbox_kind.c.rules).where(mine)).scalar() or ""


def _turned(before: str, now: str, kind: Kind) -> list[str]:
    if not before:
        return []
    old, new = json.loads(before), json.loads(now)
    return [
        field.label
        for name, group in kind.groups.items()
        for field in group.fields
        if any(old.get(rule, {}).get(name) != new[rule].get(name) for rule in _BY_GROUP)
    ]
