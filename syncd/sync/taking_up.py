"""Tracking by command: finding whom a person means in Outlook, and saying that it is tracked.

Nothing is stored of what was found but the act on the one item that is meant (P14).
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from sqlalchemy import Connection, Engine, select

from syncd.crm import cascades, database
from syncd.crm.access import Access
from syncd.crm.custom import kinds_of
from syncd.crm.feed import Actor
from syncd.model.fields import Side
from syncd.model.kinds import Kind
from syncd.model.normal import normal
from syncd.model.policy import KindPolicy
from syncd.model.values import Value
from syncd.outlook.port import Head, Mailbox, Sensitivity
from syncd.reconcile.facts import LinkState, Origin
from syncd.reconcile.triage import Sighting, triage
from syncd.sync import acts, by_hand
from syncd.sync.listing import heads
from syncd.sync.mailboxes import Installation, MailboxProblem, MailboxRow
from syncd.sync.rights import Rights
from syncd.sync.tables import act, link, mailbox_kind

SHORT = 8  # characters of a hash by which one of several candidates is named


@dataclass(frozen=True, slots=True)
class Candidate:
    """An item that is meant by what a person typed, as it is told to that person."""

    kind: str
    remote_id: str
    name: str
    details: tuple[str, ...]
    foreign: bool  # stamped by another installation
    crm_id: str | None  # that its stamp names

    @property
    def short(self) -> str:
        """By what it is named where several are meant."""
        return sha256(self.remote_id.encode()).hexdigest()[:SHORT]


def candidates(
    port: Mailbox, kind: Kind, folder_id: str, wanted: str, installation: Installation
) -> list[Candidate]:
    """The items of the synced folder that a name, an e-mail address or a short id means.

    A private item is never among them (P7). Raises MailboxError.
    """
    return [
        _candidate(kind, head, installation)
        for head in heads(port, kind, folder_id)
        if head.sensitivity is Sensitivity.NORMAL
        and _is_of(kind, head, installation)
        and _means(kind, head, wanted)
    ]


def _is_of(kind: Kind, head: Head, installation: Installation) -> bool:
    """Whether it is of the kind, which a list of addressees in the same folder is not."""
    sighting = Sighting(
        head.item_class, private=False, tracked=True, installation=None, linked=False
    )
    return triage(kind, sighting, installation.name) is None


def _means(kind: Kind, head: Head, wanted: str) -> bool:
    values = head.match
    sought = " ".join(wanted.split()).casefold()
    if not sought:
        return False
    parts = [str(values[n]).casefold() for n in kind.match.name if values.get(n)]
    addresses = [str(values[n]).casefold() for n in kind.match.unique if values.get(n)]
    said = {" ".join(" ".join(parts).split()), " ".join(reversed(parts)), *parts, *addresses}
    return sought in said or sought == sha256(head.id.encode()).hexdigest()[:SHORT]


def _candidate(kind: Kind, head: Head, installation: Installation) -> Candidate:
    values, stamp = head.match, head.stamp
    fields = (*kind.match.unique, *kind.match.support)
    details = [str(v) for n in fields if (v := _shown(kind, n, values))]
    return Candidate(
        kind.name,
        head.id,
        kind.called(values) or next(iter(details), ""),
        tuple(dict.fromkeys(details))[:3],
        stamp is not None and stamp.installation != installation.name,
        stamp.crm_id if stamp is not None else None,
    )


def _shown(kind: Kind, name: str, values: Mapping[str, Value]) -> Value:
    return values.get(name) if normal(kind.by_name[name].type, values.get(name)) else None


def folder_of(conn: Connection, row: MailboxRow, kind: str) -> str:
    """The id of the synced folder. Raises MailboxProblem when the mailbox was never synced."""
    mine = (mailbox_kind.c.mailbox_id == row.id) & (mailbox_kind.c.kind == kind)
    found = conn.scalar(select(mailbox_kind.c.folder_id).where(mine))
    if found is None:
        raise MailboxProblem(
            f"{row.address} was never synced", f"See its first sync: syncd onboard {row.address}"
        )
    return str(found)


def refusal(conn: Connection, row: MailboxRow, policy: KindPolicy, found: Candidate) -> str | None:
    """Why one cannot be put into the CRM, or need not; `None` when it can.

    `policy` is what the rules say; what the mailbox's user has a right to is asked here.
    """
    stored = kinds_of(conn)[policy.kind.name]
    policy = Rights(Access.of(conn, row.user_id), stored).narrowed(policy)
    tied = (link.c.mailbox_id == row.id) & (link.c.kind == policy.kind.name)
    state = conn.scalar(select(link.c.state).where(tied, link.c.remote_id == found.remote_id))
    if state == LinkState.LIVE:
        return "is in the CRM already, and kept in step"
    if found.foreign:
        return "belongs to another installation of syncd"
    if not policy.direction.speaks(Side.OUTLOOK):
        return "cannot be put into the CRM: the policy lets nothing come from Outlook"
    if not policy.creates:
        return "cannot be put into the CRM: the owner of the mailbox may not create there"
    return None


def track(conn: Connection, row: MailboxRow, found: Candidate, at: datetime) -> None:
    """Say that an item is tracked; the next run takes it up."""
    acts.put(conn, row.id, found.kind, found.remote_id, None, at, tracked=True)
    by_hand.look_again(conn, row.id, found.kind, [found.remote_id])


@dataclass(frozen=True, slots=True)
class Tied:
    """How a record stands in a mailbox: its item, how that came about, and whether it is live."""

    remote_id: str
    origin: Origin
    live: bool
    by_command: bool


def tied(conn: Connection, mailbox_id: int, kind: str, crm_id: str) -> Tied | None:
    """How a record stands in a mailbox; `None` when it never was in it."""
    mine = (link.c.mailbox_id == mailbox_id) & (link.c.kind == kind) & (link.c.crm_id == crm_id)
    row = conn.execute(select(link).where(mine)).one_or_none()
    if row is None:
        return None
    acted = (act.c.mailbox_id == mailbox_id) & (act.c.kind == kind) & act.c.tracked
    said = conn.scalar(select(act.c.id).where(acted, act.c.crm_id == crm_id)) is not None
    live = row.state == LinkState.LIVE
    return Tied(row.remote_id, Origin(row.origin), live, said)


def untrack(conn: Connection, mailbox_id: int, kind: str, crm_id: str, at: datetime) -> None:
    """Say that an item is not tracked any more; the next run lets it rest."""
    known = tied(conn, mailbox_id, kind, crm_id)
    if known is not None:
        acts.put(conn, mailbox_id, kind, known.remote_id, crm_id, at, tracked=False)
        by_hand.look_again(conn, mailbox_id, kind, [known.remote_id])


class _OnlyTried(Exception):
    """Ends a transaction that was to show whether it would be let."""


def try_to_delete(engine: Engine, kind: str, crm_id: str, actor: Actor, at: datetime) -> None:
    """Whether the CRM lets a record be deleted, with nothing done. Raises what it refuses with."""
    with suppress(_OnlyTried), database.write(engine, alone=True) as conn:
        cascades.delete(conn, kinds_of(conn)[kind], crm_id, actor, at)
        raise _OnlyTried
