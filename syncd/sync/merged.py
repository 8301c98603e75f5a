"""Records that were merged in the CRM: their items go on as the survivor's (P3).

A mailbox that has to do with the survivor already keeps what it has: the item of the other record
goes the way of any deleted one, by origin, and the breaker counts it.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection

from syncd.crm import records
from syncd.crm.stored import Stored
from syncd.reconcile.decide import Verb
from syncd.reconcile.facts import Link, LinkState
from syncd.reconcile.reasons import Reason
from syncd.sync import accounting, journal, links
from syncd.sync.journal import Intent, Status
from syncd.sync.loading import Facts, is_act
from syncd.sync.session import Session
from syncd.sync.snapshots import Snapshots

_GIVEN_UP = (LinkState.ORPHANED, LinkState.COPY)


def hand_over(session: Session, facts: Facts, in_doubt: frozenset[str]) -> bool:
    """Tie links of merged records to the survivors; whether there was any to tie.

    A link that was handed over has no version of its record: its item is read and stamped anew.
    Of several records merged into one, the first gives its item.
    """
    merged = [
        (facts.links[each.id], each)
        for each in facts.held.values()
        if each.merged_into and each.id in facts.links
        and facts.links[each.id].state not in _GIVEN_UP
    ]  # fmt: skip
    if not merged:
        return False
    done = []
    with session.write() as conn:
        for link, held in sorted(merged, key=lambda m: (m[0].state is not LinkState.LIVE, m[1].id)):
            survivor = _survivor(conn, session, held)
            if survivor is None or survivor.id in in_doubt:
                continue
            if not _belongs(conn, session, link, survivor):
                continue
            own = links.by_crm(conn, session.key, [survivor.id]).get(survivor.id)
            if own is not None:
                if own.state is not LinkState.REMEMBERED or link.state is not LinkState.LIVE:
                    continue
                # Its user threw one of the two away, and kept this one.
                links.give_up(conn, session.key, survivor.id)
            links.hand_over(conn, session.key, held.id, survivor.id)
            accounting.drop_noticed(conn, session, [held.id])
            accounting.drop_held(conn, session, [held.id])
            accounting.notice(conn, session, [survivor.id])
            done.append((link, survivor.id))
        _journal(conn, session, done)
    return bool(done)


def _survivor(conn: Connection, session: Session, held: Stored) -> Stored | None:
    """The record that took its place, and that of the one that did, and so on."""
    found, met = held, {held.id}
    while found.merged_into is not None and found.merged_into not in met:
        met.add(found.merged_into)
        read = records.read(conn, session.stored, [found.merged_into])
        if found.merged_into not in read:
            return None
        found = read[found.merged_into]
    return None if found.deleted else found


def _belongs(conn: Connection, session: Session, link: Link, survivor: Stored) -> bool:
    """Whether the survivor is in scope here: by the filter, or by the act on the item."""
    if records.members_among(conn, session.stored, session.where, [survivor.id]):
        return True
    pinned = link.tracked and is_act(session, link) and survivor.active
    return pinned and bool(session.rights.readable_among(conn, [survivor.id]))


def _journal(conn: Connection, session: Session, done: Iterable[tuple[Link, str]]) -> None:
    snapshots = Snapshots()
    intents = [
        Intent(
            key=str(session.new_key()),
            verb=Verb.UNLINK,
            reason=Reason.MERGED,
            crm_id=link.crm_id,
            remote_id=link.remote_id,
            before={},
            after={},
            precondition=survivor_id,
            counted=False,  # nobody loses an item by it
        )
        for link, survivor_id in done
    ]
    journal.intend(conn, session, intents, snapshots, status=Status.DONE)
    snapshots.flush(conn)
