"""First contact: a mailbox that already holds items is matched and shown before any write."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from enum import StrEnum

from sqlalchemy import Connection, func, select, update

from syncd.model.policy import FirstSync
from syncd.outlook.port import Stamp
from syncd.reconcile.decide import Decision, Stand, Verb
from syncd.reconcile.facts import Origin
from syncd.reconcile.reasons import Reason
from syncd.sync import accounting, claims
from syncd.sync.session import Session
from syncd.sync.settling import postpone
from syncd.sync.tables import mailbox_kind, noticed, observed
from syncd.sync.work import Work


class ContactState(StrEnum):
    """How far the first contact of one mailbox and kind has come."""

    NEW = "new"
    PROPOSED = "proposed"
    APPROVED = "approved"
    DONE = "done"


def may_go(session: Session) -> bool:
    """Whether the first contact needs nobody's approval.

    The policy says so; or the complete reading that was just made found no item of any class in
    the folder, there is none below it, Deleted Items holds none with our stamp, and no claim is on
    the folder.
    """
    if session.policy.first_sync is FirstSync.GO:
        return True
    with session.read() as conn:
        state = session.state(conn)
        query = select(func.count()).select_from(observed).where(session.mine(observed))
        if conn.execute(query).scalar_one():
            return False
        wanted = select(noticed.c.crm_id).where(session.mine(noticed))
        crm_ids = list(conn.scalars(wanted))
    if not claims.is_ours(session):
        return False  # somebody serves it, or has served it
    folders = session.port.folders(session.policy.kind)
    synced = next((each for each in folders if each.id == state.folder_id), None)
    if synced is None or synced.in_trash:
        return False
    below = [each for each in folders if each.path.startswith(f"{synced.path}/")]
    if any(each.total for each in below):
        return False
    trash = [each.id for each in folders if each.in_trash and each.total]
    if not trash:
        return True
    name, kind = session.installation.name, session.policy.kind
    links = [Stamp(name, kind.name, crm_id, "").link for crm_id in crm_ids]
    return not session.port.find(kind, trash, links=links)


def propose(
    session: Session, decided: Sequence[tuple[Work, Decision]], totals: Mapping[str, int]
) -> None:
    """Write down the totals and let everything wait for approval; nothing is written anywhere."""
    with session.write() as conn:
        for work, decision in decided:
            if decision.verbs:
                postpone(conn, session, work, Stand.WAITING, Reason.FIRST_CONTACT)
            else:
                settle_excluded(conn, session, work, decision)
        session.set_state(conn, contact_state=ContactState.PROPOSED.value, proposal=dict(totals))


def settle_excluded(conn: Connection, session: Session, work: Work, decision: Decision) -> None:
    """An item that stays out needs nobody's approval."""
    if work.remote_id is not None:
        accounting.set_observed(
            conn, session, work.remote_id, decision.stand, decision.reason, unsettled=False
        )


def proposal(cases: Sequence[Work], decided: Sequence[tuple[Work, Decision]]) -> Mapping[str, int]:
    """The totals that a person approves. No content of the mailbox is among them (P14)."""
    totals: Counter[str] = Counter()
    totals["doubtful"] = sum(1 for each in cases if each.waits in accounting.QUESTIONS)
    totals["bound"] = sum(1 for each in cases if each.waits is Reason.BOUND_MATCH)
    for _, decision in decided:
        totals["pairs"] += decision.origin in (Origin.ADOPTED, Origin.TRACKED) and (
            Verb.CREATE_RECORD not in decision.verbs
        )
        totals["create_in_outlook"] += Verb.CREATE_ITEM in decision.verbs
        totals["create_in_crm"] += Verb.CREATE_RECORD in decision.verbs
        totals["update_in_crm"] += Verb.UPDATE_RECORD in decision.verbs
        totals["values_kept"] += sum(1 for group in decision.groups if group.loser)
    return dict(totals)


def looked_at(conn: Connection, mailbox_id: int) -> bool:
    """Whether the mailbox was ever read, so that there is something to approve."""
    query = select(mailbox_kind.c.kind).where(mailbox_kind.c.mailbox_id == mailbox_id)
    return conn.execute(query.limit(1)).first() is not None


def approve(conn: Connection, mailbox_id: int) -> None:
    """Let the first contact of a mailbox go, for every kind that has not had it yet."""
    open_ones = mailbox_kind.c.contact_state.in_([ContactState.NEW, ContactState.PROPOSED])
    conn.execute(
        update(mailbox_kind)
        .where(mailbox_kind.c.mailbox_id == mailbox_id, open_ones)
        .values(contact_state=ContactState.APPROVED.value)
    )
