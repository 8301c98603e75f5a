"""How a mailbox comes into service and out of it: tested, approved, agreed to, removed.

Added → tested → approved → live; an address that changed goes back to the start. Each step refuses
what does not follow from where the mailbox is, with what to type instead.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, delete, func, insert, select, update

from syncd.crm import origins, users
from syncd.crm.tables import metadata
from syncd.crm.tables import user as user_table
from syncd.model.policy import Consent
from syncd.reconcile.facts import LinkState
from syncd.sync import mailboxes
from syncd.sync.mailboxes import MailboxProblem, MailboxRow, MailboxState
from syncd.sync.tables import alert, conflict, link, mailbox, operation, run

OTHER_INSTALLATION = "other-installation"  # the alert of a mailbox that another syncd has marked

_JOURNAL = (conflict, operation, run)  # what was done, and the values that it replaced (P1)
_RESTING = (MailboxState.PAUSED, MailboxState.SUSPENDED)


def tested(conn: Connection, row: MailboxRow, foreign: int, at: datetime) -> MailboxState:
    """Note that a mailbox was signed in to and its folders found; the state it is in now.

    `foreign` items in it were marked by another installation: that is remembered until its
    approval. Whatever has come further than `ADDED` stays there.
    """
    claims = (alert.c.mailbox_id == row.id) & (alert.c.code == OTHER_INSTALLATION)
    conn.execute(update(alert).where(claims, alert.c.over_at.is_(None)).values(over_at=at))
    if foreign:
        conn.execute(
            insert(alert).values(
                mailbox_id=row.id,
                code=OTHER_INSTALLATION,
                level="warning",
                details={"items": foreign},
                raised_at=at,
                last_at=at,
            )
        )
    if row.state is MailboxState.ADDED:
        mailboxes.set_state(conn, row.id, MailboxState.TESTED)
        return MailboxState.TESTED
    return row.state


def claimed(conn: Connection, mailbox_id: int) -> int:
    """How many items another installation has marked, as far as a test has seen any."""
    open_ones = (alert.c.code == OTHER_INSTALLATION) & alert.c.over_at.is_(None)
    query = select(alert.c.details).where(alert.c.mailbox_id == mailbox_id, open_ones)
    return sum(int(details["items"]) for details in conn.scalars(query))


def approve(
    conn: Connection, row: MailboxRow, at: datetime, *, untested: bool, take_over: bool
) -> bool:
    """Let a tested mailbox be synced; whether it was not approved before.

    `untested`: one that was never tested, too. `take_over`: also where another installation has
    marked items. Raises MailboxProblem.
    """
    if row.state in mailboxes.SERVED:
        return False
    if row.state in _RESTING:
        raise MailboxProblem(
            f"{row.address} is {row.state.value}", f"Let it go on: syncd resume {row.address}"
        )
    if row.state is MailboxState.ADDED and not untested:
        raise MailboxProblem(
            f"{row.address} was not tested yet",
            f"Test it: syncd users test {row.address}. Or do without: "
            f"syncd users approve {row.address} --untested",
        )
    items = claimed(conn, row.id)
    if items and not take_over:
        raise MailboxProblem(
            f"Another installation of syncd has marked {items} items of {row.address}, and may "
            "still serve it; two would write over each other's work",
            "Offboard it there first, and test it again. Or, if that installation is gone: "
            f"syncd users approve {row.address} --take-over",
        )
    claims = (alert.c.mailbox_id == row.id) & (alert.c.code == OTHER_INSTALLATION)
    conn.execute(update(alert).where(claims, alert.c.over_at.is_(None)).values(over_at=at))
    mailboxes.set_state(conn, row.id, MailboxState.APPROVED)
    mailboxes.make_due(conn, [row.id], at)
    return True


def pause(conn: Connection, row: MailboxRow) -> None:
    """Leave a mailbox alone until it is resumed. Raises MailboxProblem when it never ran."""
    if row.state in mailboxes.UNAPPROVED:
        raise MailboxProblem(
            f"{row.address} is not approved yet, and so not synced", "Nothing: it is left alone."
        )
    mailboxes.set_state(conn, row.id, MailboxState.PAUSED)


def consent(conn: Connection, row: MailboxRow, at: datetime) -> None:
    """The user of a mailbox agrees that it is read."""
    conn.execute(
        update(mailbox).where(mailbox.c.id == row.id).values(consented_at=at, failures=0, due=at)
    )


def withdraw_consent(conn: Connection, row: MailboxRow) -> None:
    """The user of a mailbox wants it left alone, at once.

    A run that is under way loses its lease, and so ends with the request that is in hand.
    """
    conn.execute(
        update(mailbox)
        .where(mailbox.c.id == row.id)
        .values(consented_at=None, lease_owner=None, lease_until=None, fence=mailbox.c.fence + 1)
    )


def require_consent(row: MailboxRow, asked: Consent) -> None:
    """Raises MailboxProblem where a policy asks the user, and the user has not agreed."""
    if asked is Consent.USER and row.consented_at is None:
        raise NoConsent(
            "its user has not agreed that it is read",
            f"Ask, and when they agree: syncd users consent {row.address}",
        )


class NoConsent(MailboxProblem):
    """Nothing of a mailbox may be read, since its user did not agree to it."""


def readdress(conn: Connection, row: MailboxRow, address: str) -> None:
    """Name a mailbox by its new address; it is to be tested and approved again.

    It is the same mailbox: what is in step stays so. Raises MailboxProblem when the address is
    another mailbox's or another user's, InvalidValue when it is none.
    """
    new = users.key_of(address)
    other = mailboxes.find(conn, new)
    if other is not None:
        raise MailboxProblem(
            f"{address} is another mailbox here", "See them with: syncd users list --all"
        )
    owner = users.get(conn, new)
    if owner is not None and owner.id != row.user_id:
        raise MailboxProblem(
            f"{address} belongs to another user of the CRM", "See them with: syncd users list"
        )
    named = select(user_table.c.address).where(user_table.c.id == row.user_id)
    if owner is None and conn.execute(named).scalar_one() == row.address:
        users.readdress(conn, row.user_id, new)  # users go by the address of their mailbox
    conn.execute(
        update(mailbox)
        .where(mailbox.c.id == row.id)
        .values(
            address=new,
            state=MailboxState.ADDED.value,
            trouble=None,
            failures=0,
            # A run that is under way would go on writing under the old address.
            lease_owner=None,
            lease_until=None,
            fence=mailbox.c.fence + 1,
        )
    )
    origins.readdress(conn, row.address, new)


def in_step(conn: Connection, mailbox_id: int) -> int:
    """How many items of a mailbox are in step."""
    live = (link.c.mailbox_id == mailbox_id) & (link.c.state == LinkState.LIVE)
    return int(conn.execute(select(func.count()).select_from(link).where(live)).scalar_one())


def remove(conn: Connection, row: MailboxRow) -> None:
    """Forget what is known of a mailbox's items; the journal of what was done there is kept."""
    _forget(conn, row.id, spared=frozenset(each.name for each in _JOURNAL))
    conn.execute(
        update(mailbox)
        .where(mailbox.c.id == row.id)
        .values(
            state=MailboxState.REMOVED.value,
            trouble=None,
            username=None,
            password_file=None,
            last_success=None,
            consented_at=None,
            lease_owner=None,
            lease_until=None,
            fence=mailbox.c.fence + 1,
        )
    )


def forget(conn: Connection, row: MailboxRow) -> None:
    """Forget all of a mailbox, the journal too: nothing that was done there can be read back."""
    _forget(conn, row.id, spared=frozenset())
    conn.execute(delete(mailbox).where(mailbox.c.id == row.id))


def _forget(conn: Connection, mailbox_id: int, spared: frozenset[str]) -> None:
    """Delete the rows of a mailbox in every table, what refers to them first."""
    for table in reversed(metadata.sorted_tables):
        if table.name in spared:
            continue
        if "mailbox_id" in table.c:
            conn.execute(delete(table).where(table.c.mailbox_id == mailbox_id))
            continue
        for key in table.foreign_keys:
            parent = key.column.table
            if "mailbox_id" in parent.c and parent.name not in spared:
                theirs = select(key.column).where(parent.c.mailbox_id == mailbox_id)
                conn.execute(delete(table).where(key.parent.in_(theirs)))
