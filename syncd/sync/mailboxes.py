"""Mailboxes in the store: who is served, under which policy, when next, and by whom right now."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, cast
from uuid import uuid4

from sqlalchemy import Connection, CursorResult, Row, case, exists, insert, select, update
from sqlalchemy.exc import DBAPIError

from syncd.crm.database import cause_of, insert_missing
from syncd.crm.tables import utc
from syncd.outlook.port import Backend
from syncd.reconcile.decide import Stand
from syncd.sync import user_filters
from syncd.sync.tables import alert, mailbox_kind, noticed, observed
from syncd.sync.tables import installation as installation_table
from syncd.sync.tables import mailbox as table


class MailboxState(StrEnum):
    """How far a mailbox has come. `APPROVED` and `LIVE` ones run by themselves.

    Of a `REMOVED` one only the journal is kept.
    """

    ADDED = "added"
    TESTED = "tested"
    APPROVED = "approved"
    LIVE = "live"
    PAUSED = "paused"
    SUSPENDED = "suspended"
    REMOVED = "removed"


SERVED = (MailboxState.APPROVED, MailboxState.LIVE)
UNAPPROVED = (MailboxState.ADDED, MailboxState.TESTED)


@dataclass(frozen=True, slots=True)
class MailboxRow:
    """One mailbox. `due` is when its next run may start; `trouble` why its last one failed.

    `consented_at` is when its user agreed to be served; whether that is asked, the policy says.
    `server` is the configured one that was found to serve it, `backend` whose ids are kept of its
    items, `moves` whether items can be moved there; each `None` until that was asked. `probe_at`
    is when its refused sign-in is tried once more, `None` unless that happens by itself; `probe_of`
    whose sign-in that is, until it is taken, and `probes` how often it was refused in a row.
    """

    id: int
    address: str
    user_id: str
    policy: str
    username: str | None
    password_file: str | None
    state: MailboxState
    trouble: str | None
    due: datetime
    failures: int
    last_success: datetime | None
    lease_until: datetime | None
    consented_at: datetime | None = None
    alerted: bool = False
    server: str | None = None
    backend: Backend | None = None
    moves: bool | None = None
    probe_at: datetime | None = None
    probe_of: str | None = None
    probes: int = 0


class MailboxProblem(Exception):
    """A mailbox cannot be added, found or run. `what` and `todo` are sentences for a person."""

    def __init__(self, what: str, todo: str) -> None:
        super().__init__(what)
        self.what = what
        self.todo = todo


def ends_with_a_sign_in(trouble: str | None) -> bool:
    """Whether a mailbox that was suspended so goes on as soon as its user has signed in."""
    return trouble is not None and "syncd login " in trouble


PROBED = "Where syncd run runs, it tries that once in a while, and then goes on by itself."


class Resting(MailboxProblem):
    """A mailbox is paused or suspended. `why` is what it was suspended for."""

    def __init__(self, row: MailboxRow) -> None:
        why = f" because {row.trouble}" if row.trouble else ""
        # What it was then: it may have been put right since, and only a run finds out.
        todo = f"Let it go on with: syncd resume {row.address}"
        if row.probe_at is not None:
            todo += f". {PROBED}"
        super().__init__(
            f"it was suspended{why}" if row.state is MailboxState.SUSPENDED else "it is paused",
            "Then it goes on by itself." if ends_with_a_sign_in(row.trouble) else todo,
        )
        self.why = row.trouble if row.state is MailboxState.SUSPENDED else None


class Misconfigured(MailboxProblem):
    """A mailbox cannot be run as the configuration stands."""


class StoreTrouble(MailboxProblem):
    """The store failed in the middle of a run, which stopped before its next write to a mailbox."""

    def __init__(self, row: MailboxRow, error: DBAPIError) -> None:
        super().__init__(
            f"the store cannot be used: {cause_of(error)}; nothing more was sent to the mailbox",
            f"See to that, then: syncd sync {row.address}. What was sent before is looked for "
            "first, and is not sent twice.",
        )


@dataclass(frozen=True, slots=True)
class Installation:
    """What makes this installation's stamps and hashes its own."""

    name: str
    hash_key: bytes
    epoch: str  # of this store, which a copy of it has as well


def installation(conn: Connection) -> Installation:
    """This installation, made on first use. Needs a writing transaction the first time."""
    row = conn.execute(select(installation_table)).one_or_none()
    if row is None:
        made = {
            "id": 1,
            "name": str(uuid4()),
            "hash_key": secrets.token_hex(32),
            "epoch": str(uuid4()),
        }
        insert_missing(conn, installation_table, [made])
        row = conn.execute(select(installation_table)).one()  # the other's, if one was quicker
    return Installation(row.name, bytes.fromhex(row.hash_key), row.epoch)


def add(
    conn: Connection,
    address: str,
    user_id: str,
    policy: str,
    at: datetime,
    *,
    username: str | None = None,
    password_file: str | None = None,
    state: MailboxState = MailboxState.APPROVED,
) -> MailboxRow:
    """Add a mailbox of a user; one that was removed comes back with its journal.

    Raises MailboxProblem when somebody has it already, or the user has another one.
    """
    found = find(conn, address)
    theirs = conn.execute(select(table).where(table.c.user_id == user_id)).one_or_none()
    if found is not None and found.state is not MailboxState.REMOVED:
        raise MailboxProblem(f"{address} is served already", "See them with: syncd users list")
    if theirs is not None and theirs.state != MailboxState.REMOVED:
        raise MailboxProblem(
            f"This user has a mailbox already, {theirs.address}",
            f"One user has one mailbox. If it is that one, renamed: "
            f"syncd users change {theirs.address} --address {address}",
        )
    if found is not None and found.user_id != user_id:
        raise MailboxProblem(
            f"{address} was another user's, and what was done in it is still kept",
            f"Forget that first: syncd users remove {address} --forget",
        )
    values = {
        "address": address.lower(),
        "user_id": user_id,
        "policy": policy,
        "username": username,
        "password_file": password_file,
        "state": state.value,
        "due": utc(at),
        "failures": 0,
        **_UNTRIED,
    }
    if theirs is None:
        conn.execute(insert(table).values(**values, fence=0))
    else:
        conn.execute(update(table).where(table.c.id == theirs.id).values(**values))
    return get(conn, address)


def change(conn: Connection, mailbox_id: int, values: Mapping[str, str | None]) -> None:
    """Change the policy of a mailbox, or who signs in to it."""
    before = conn.scalar(select(table.c.policy).where(table.c.id == mailbox_id))
    conn.execute(update(table).where(table.c.id == mailbox_id).values(**values))
    if values.get("policy", before) != before:
        user_filters.under_other_policy(conn, mailbox_id)


def find(conn: Connection, address: str) -> MailboxRow | None:
    """One mailbox by its address, be it served, or removed and not forgotten."""
    query = _WITH_ALERTS.where(table.c.address == address.strip().lower())
    row = conn.execute(query).one_or_none()
    return None if row is None else _mailbox(row)


def get(conn: Connection, address: str) -> MailboxRow:
    """One mailbox by its address. Raises MailboxProblem when it is not served."""
    row = find(conn, address)
    if row is None or row.state is MailboxState.REMOVED:
        raise MailboxProblem(
            f"No mailbox {address} is served" if row is None else f"{address} was removed",
            f"Add it with: syncd users add {address} --policy …",
        )
    return row


def every(conn: Connection) -> list[MailboxRow]:
    """All mailboxes that are served, by address."""
    return [row for row in known(conn) if row.state is not MailboxState.REMOVED]


def known(conn: Connection) -> list[MailboxRow]:
    """All mailboxes, by address: with those that were removed and not forgotten."""
    rows = [_mailbox(row) for row in conn.execute(_WITH_ALERTS)]
    return sorted(rows, key=lambda row: row.address)


AUDIT = " "  # behind the rules that were last gone by: they are the same, and are asked anew


def audit_scopes(conn: Connection) -> None:
    """Let the next run of each mailbox evaluate its whole scope, whatever the feed told."""
    again = mailbox_kind.c.rules != ""
    conn.execute(update(mailbox_kind).where(again).values(rules=mailbox_kind.c.rules + AUDIT))


_UNTRIED: Mapping[str, object] = {"probe_at": None, "probe_of": None, "probes": 0}


def set_state(
    conn: Connection, mailbox_id: int, state: MailboxState, trouble: str | None = None
) -> None:
    """Move a mailbox to another state."""
    values: dict[str, object] = {"state": state.value, "trouble": trouble, **_UNTRIED}
    conn.execute(update(table).where(table.c.id == mailbox_id).values(**values))


def suspend(conn: Connection, mailbox_id: int, trouble: str) -> bool:
    """Suspend a mailbox that is served; one that was paused or left meanwhile stays as it is."""
    served = (table.c.id == mailbox_id) & table.c.state.in_([each.value for each in SERVED])
    values = {"state": MailboxState.SUSPENDED.value, "trouble": trouble, **_UNTRIED}
    result = conn.execute(update(table).where(served).values(**values))
    return cast("CursorResult[Any]", result).rowcount == 1


def go_live(conn: Connection, mailbox_id: int) -> None:
    """An approved mailbox has synced well. One that was paused meanwhile stays so."""
    approved = (table.c.id == mailbox_id) & (table.c.state == MailboxState.APPROVED.value)
    conn.execute(update(table).where(approved).values(state=MailboxState.LIVE.value))


def counters(conn: Connection, mailbox_id: int) -> Counter[str]:
    """How many items stand where, over all kinds."""
    total: Counter[str] = Counter()
    query = select(mailbox_kind.c.counters).where(mailbox_kind.c.mailbox_id == mailbox_id)
    for counted in conn.scalars(query):
        total.update(counted)
    return total


def goes_on(at: datetime) -> dict[str, Any]:
    """What is written of one that goes on: live if it ever synced well, else approved as before."""
    never = table.c.last_success.is_(None)
    state = case((never, MailboxState.APPROVED.value), else_=MailboxState.LIVE.value)
    return {"state": state, "trouble": None, "due": at}


def resume(conn: Connection, row: MailboxRow, at: datetime) -> None:
    """Go on with a mailbox.

    What was set aside in it is tried again. Where it was suspended with others for a sign-in, they
    follow once a run of it went well. Raises MailboxProblem when it was never approved.
    """
    if row.state in UNAPPROVED:
        raise not_approved(row)
    values = {**goes_on(at), "failures": 0, "probe_at": None}
    conn.execute(update(table).where(table.c.id == row.id).values(**values))
    for each in (observed, noticed):
        aside = (each.c.mailbox_id == row.id) & (each.c.stand == Stand.QUARANTINED)
        conn.execute(update(each).where(aside).values(retry_at=None, attempts=0))


def not_approved(row: MailboxRow) -> MailboxProblem:
    """The refusal to run a mailbox that nobody has approved."""
    verb = "test" if row.state is MailboxState.ADDED else "approve"
    return MailboxProblem(
        f"{row.address} is not approved yet", f"Go on with: syncd users {verb} {row.address}"
    )


def make_due(conn: Connection, user_or_mailbox: Sequence[int], at: datetime) -> None:
    """Let these mailboxes run as soon as may be."""
    ids = table.c.id.in_(list(user_or_mailbox))
    conn.execute(update(table).where(ids, table.c.due > at).values(due=at))


def wake(conn: Connection, mailbox_ids: Iterable[int], at: datetime, *, but: str) -> None:
    """Let these run as soon as may be, save the one of address `but` and those that failed."""
    ids = table.c.id.in_(sorted(mailbox_ids))
    sound = (table.c.failures == 0) & (table.c.address != but) & (table.c.due > at)
    conn.execute(update(table).where(ids, sound).values(due=at))


def finish(
    conn: Connection,
    mailbox_id: int,
    *,
    due_at: datetime,
    failed: bool,
    throttled: bool,
    success: datetime | None,
    trouble: str | None,
) -> None:
    """Note how a run went and when the next one may start; `success` is when all of it was done.

    One that was `throttled` counts as one failure, however many such there were: nothing wakes the
    mailbox before its time, and nobody is alarmed.
    """
    failures = table.c.failures + 1 if failed else 0
    failures = 1 if throttled else failures
    values: dict[str, object] = {"due": due_at, "failures": failures, "trouble": trouble}
    if success:
        values["last_success"] = success
    conn.execute(update(table).where(table.c.id == mailbox_id).values(**values))


def set_moves(conn: Connection, mailbox_id: int, *, moves: bool | None) -> None:
    """Note whether a mailbox's items can be moved; `None`: it is to be asked again."""
    conn.execute(update(table).where(table.c.id == mailbox_id).values(moves=moves))


# With whether an alert of it is open, which else would cost each run a statement of its own.
_WITH_ALERTS = select(
    table,
    exists().where(alert.c.mailbox_id == table.c.id, alert.c.over_at.is_(None)).label("alerted"),
)


def _mailbox(row: Row[Any]) -> MailboxRow:
    return MailboxRow(
        id=row.id,
        address=row.address,
        user_id=row.user_id,
        policy=row.policy,
        username=row.username,
        password_file=row.password_file,
        state=MailboxState(row.state),
        trouble=row.trouble,
        due=row.due,
        failures=row.failures,
        last_success=row.last_success,
        lease_until=row.lease_until,
        consented_at=row.consented_at,
        alerted=row.alerted,
        server=row.server,
        backend=Backend(row.backend) if row.backend else None,
        moves=row.moves,
        probe_at=row.probe_at,
        probe_of=row.probe_of,
        probes=row.probes,
    )
