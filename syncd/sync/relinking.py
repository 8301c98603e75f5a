"""Finding out anew what belongs together, from the stamps that the items bear. Nothing is deleted.

An item that says it is a record's, and whose tie is lost, is looked at by the next run as if it had
just been seen: it is tied again by its stamp, and merged as on adoption. Where no tie is left at
all, the first sync is shown once more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

from sqlalchemy import Connection, func, select

from syncd.crm import records
from syncd.outlook.port import Stamp
from syncd.reconcile.claim import Finding
from syncd.reconcile.facts import LinkState
from syncd.sync import accounting, claims, conflicts, links, locate, remembering
from syncd.sync.claims import Seen
from syncd.sync.first_contact import ContactState
from syncd.sync.listing import heads
from syncd.sync.mailboxes import MailboxProblem
from syncd.sync.session import Session
from syncd.sync.tables import link, observed


@dataclass(frozen=True, slots=True)
class Found:
    """What the stamps say.

    `tied` are in step or at rest as known; `lost` are items whose record is there and whose tie is
    not; `copies` bear the stamp of an item that another one has; `strange` name a record that the
    CRM has no more; `foreign` are another installation's. `bare` are records in scope without an
    item that bears their stamp: they are matched, else created. `anew`: no tie is left at all.
    """

    tied: int = 0
    lost: int = 0
    copies: int = 0
    strange: int = 0
    foreign: int = 0
    bare: int = 0
    anew: bool = False
    missing: int = 0  # items that are in none of the folders, and whose records come back
    claim: Finding | None = None  # what the folder says, where it is not ours to serve


def together(found: Sequence[Found]) -> Found:
    """What was found of all kinds."""
    counts = [asdict(each) for each in found]
    names = (name for name in counts[0] if name not in ("anew", "claim"))
    totals = {name: sum(each[name] for each in counts) for name in names}
    claim = next((each.claim for each in found if each.claim is not None), None)
    return Found(**totals, anew=all(each.anew for each in found), claim=claim)


def look(session: Session) -> Found:
    """What `relink` would find; nothing is written.

    Raises MailboxError when the folder cannot be read to the end (P5), MailboxProblem when there is
    none.
    """
    state = session.ensure_state()
    folder_id = state.folder_id
    if folder_id is None:
        there = session.port.folder(session.policy.kind, session.policy.folder, create=False)
        folder_id = there.id if there is not None else None
    if folder_id is None:
        raise MailboxProblem(
            f"there is no folder {session.policy.folder}, so nothing to find",
            f"See the first sync: syncd onboard {session.mailbox.address}",
        )
    return _look(session, folder_id)[0]


def _look(session: Session, folder_id: str) -> tuple[Found, Seen, frozenset[str]]:
    """What is found, what the folder says, and the records whose items are gone with a backup."""
    listed = list(heads(session.port, session.policy.kind, folder_id))
    stamps = {head.id: head.stamp for head in listed if head.stamp}
    seen = claims.look(session)
    gone: frozenset[str] = frozenset()
    if seen.finding in _OF_THE_MAILBOX:
        gone = _gone(session, {head.id for head in listed})
    with session.read() as conn:
        found = _compared(conn, session, stamps)
    held = seen.finding if seen.finding in claims.HOLDS else None
    return replace(found, missing=len(gone), claim=held), seen, gone


# What a mailbox of another day lacks nobody has thrown away.
_OF_THE_MAILBOX = (Finding.MAILBOX_RESTORED, Finding.GONE)


def _gone(session: Session, listed: set[str]) -> frozenset[str]:
    """The records in step whose items are in no folder. Raises MailboxError (P5)."""
    with session.read() as conn:
        state = session.state(conn)
        query = select(link.c.remote_id, link.c.crm_id)
        live = session.key.where() & (link.c.state == LinkState.LIVE.value)
        absent = {r: c for r, c in conn.execute(query.where(live)).all() if r not in listed}
    ours = (session.installation.name, session.policy.kind.name)
    texts = {Stamp(*ours, crm_id, "").link: remote for remote, crm_id in absent.items()}
    places = locate.by_stamp(session, texts, state)
    return frozenset(absent[remote] for text, remote in texts.items() if text not in places)


def _compared(conn: Connection, session: Session, stamps: dict[str, Stamp]) -> Found:
    mine = {i: s for i, s in stamps.items() if s.installation == session.installation.name}
    by_remote = links.by_remote(conn, session.key, mine)
    by_crm = links.by_crm(conn, session.key, {s.crm_id for s in mine.values()})
    held = records.read(conn, session.stored, {s.crm_id for s in mine.values()})
    loose = {i: s for i, s in mine.items() if i not in by_remote}
    known = {i for i, s in loose.items() if s.crm_id in held and not held[s.crm_id].deleted}
    # Of several items with one stamp and without a tie, one is taken and the others are its copies.
    once = {loose[i].crm_id: i for i in sorted(known) if loose[i].crm_id not in by_crm}
    bare = _bare(conn, session) - once.keys()
    return Found(
        tied=len(by_remote),
        lost=len(once),
        copies=len(known) - len(once),
        strange=len(loose) - len(known),
        foreign=len(stamps) - len(mine),
        bare=len(bare),
        anew=not _any_link(conn, session),
    )


def _bare(conn: Connection, session: Session) -> set[str]:
    """The records in scope without a tie that their user did not throw away."""
    members = set(records.members(conn, session.stored, session.where))
    untied = members - links.crm_ids(conn, session.key)
    held = records.read(conn, session.stored, untied)
    fields = {each: found.record.fields for each, found in held.items()}
    return untied - remembering.among(conn, session, fields)


def _any_link(conn: Connection, session: Session) -> bool:
    query = select(func.count()).select_from(link).where(session.key.where())
    return conn.execute(query).scalar_one() > 0


def relink(session: Session) -> Found:
    """Let the next run tie anew what belongs together. What was found is answered.

    What is kept changes in one transaction; then the folder is taken over. Raises as `look` does.
    """
    state = session.ensure_state()
    if state.folder_id is None:
        return look(session)  # there is nothing yet that could belong together
    found, seen, gone = _look(session, state.folder_id)
    # Before the folder is ours again: cut off in between, its writes are held yet, and it is typed
    # once more. In the other order the next run would take for thrown away what a backup lacks.
    with session.write(durable=True) as conn:
        links.drop(conn, session.key, gone)
        conflicts.close(conn, session, sorted(gone))
        accounting.notice(conn, session, gone)
        # What is known of items without a tie is forgotten: the listing shows them as new.
        tied = select(link.c.remote_id).where(session.key.where())
        untied = session.mine(observed) & observed.c.remote_id.not_in(tied)
        query = select(observed.c.remote_id).where(untied, observed.c.stamp_link.is_not(None))
        accounting.drop_observed(conn, session, list(conn.scalars(query)))
        accounting.notice(conn, session, _bare(conn, session))
        session.set_state(conn, cursor=None, listing=False)
        if found.anew:
            session.set_state(conn, contact_state=ContactState.NEW.value, proposal=None)
    if seen.finding in claims.HOLDS:
        claims.take_over(session, seen)
    return found
