"""The claim at work: read before a run's first write, advanced by each run that writes to Outlook.

The next claim is written down, durably, before it is put on the folder, and counts as known once
that was answered. Torn in between, either text is ours: the order prefers to find a claim that it
knows under two names to one that it does not know, which would hold the mailbox for nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, select, update

from syncd.outlook.errors import MailboxError, Sort
from syncd.reconcile.claim import Claim, Finding, classify
from syncd.sync.mailboxes import Installation
from syncd.sync.session import Session
from syncd.sync.tables import installation as installation_table
from syncd.sync.tables import mailbox_kind

HOLDS = frozenset(Finding) - {Finding.OURS, Finding.FREE}
_SEPARATOR = " "  # between a finding and the claim that was found


class NotOurs(Exception):
    """Somebody else's claim is on the folder, or none where ours was: nothing may be written."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding)
        self.finding = finding


@dataclass(frozen=True, slots=True)
class Seen:
    """What was read off a folder."""

    text: str | None
    finding: Finding


def look(session: Session) -> Seen:
    """Read the claim, and say whose it is. Raises MailboxError."""
    with session.read() as conn:
        state = session.state(conn)
    if state.folder_id is None:
        return Seen(None, Finding.FREE)
    text = session.port.read_claim(session.policy.kind, state.folder_id)
    _, _, before = (state.claim_found or "").partition(_SEPARATOR)
    ours = session.installation
    finding = classify(text, state.claim, state.claim_next, ours.name, ours.epoch, before or None)
    if state.claim_found and finding is not Finding.OURS and text == (before or None):
        finding = held_for(state.claim_found) or finding  # as it was found to be before
    return Seen(text, finding)


def is_ours(session: Session) -> bool:
    """Whether the folder is ours to serve, or nobody's. Raises MailboxError."""
    try:
        check(session)
    except NotOurs:
        return False
    return True


def check(session: Session) -> None:
    """Before the first write of a run, on either side: that the folder is ours to serve. Once.

    Raises NotOurs, once that is written down for `status` and the next run.
    """
    if session.claim_checked:
        return
    seen = look(session)
    with session.read() as conn:
        state = session.state(conn)
    if seen.finding in HOLDS:
        found = f"{seen.finding}{_SEPARATOR}{seen.text or ''}"
        if state.claim_found != found:
            with session.write() as conn:
                session.set_state(conn, claim_found=found)
        raise NotOurs(seen.finding)
    known: dict[str, str | None] = {}
    if state.claim_found is not None:
        known["claim_found"] = None
    if state.claim_next is not None and seen.text == state.claim_next:
        # It was written down and not answered, and it is there. One that is not may still come.
        known |= {"claim": seen.text, "claim_next": None}
    if known:
        with session.write() as conn:
            session.set_state(conn, **known)
    session.claim_checked = True


def advance(session: Session) -> None:
    """Before the first write to the mailbox of a run: one more, by one request. Once.

    Raises NotOurs as `check`, and MailboxError: then nothing is written.
    """
    if session.claim_advanced:
        return
    check(session)
    with session.read() as conn:
        state = session.state(conn)
    last = Claim.parse(state.claim)
    # One that was not answered may be put there later than this one: so it is the same.
    pending = Claim.parse(state.claim_next)
    _put(session, state.folder_id, pending or _next(session, last.counter if last else 0))
    session.claim_advanced = True


def take_over(session: Session, seen: Seen) -> None:
    """Serve the folder from now on, whatever it bears: a person said so.

    Where it is not just the mailbox that is of another day, the store begins a new epoch, so that
    a copy of it notices. Raises MailboxError.
    """
    with session.read() as conn:
        state = session.state(conn)
    if seen.finding in _OTHERS:
        with session.write(durable=True) as conn:
            # Before a claim of it is on the folder: an epoch there that a power cut takes from the
            # store would be another store's. One that is on no folder yet is only a number.
            session.installation = begin_epoch(conn, session.installation, str(session.new_key()))
    there, known = Claim.parse(seen.text), Claim.parse(state.claim)
    last = max((each.counter for each in (there, known) if each is not None), default=0)
    # What is there is ours from now on, too: cut off before the next one is, the next run goes on.
    _put(session, state.folder_id, _next(session, last), claim=seen.text, claim_found=None)
    session.claim_checked = session.claim_advanced = True


_OTHERS = (Finding.STORE_RESTORED, Finding.STORE_COPIED, Finding.OTHER_STORE, Finding.FOREIGN)


def begin_epoch(conn: Connection, installation: Installation, epoch: str) -> Installation:
    """The store is another one from now on than its copies."""
    conn.execute(update(installation_table).values(epoch=epoch))
    return Installation(installation.name, installation.hash_key, epoch)


def follow(session: Session, folder_id: str) -> None:
    """The policy names another folder: its claim, if it is ours from an earlier time, is known.

    Raises MailboxError.
    """
    text = session.port.read_claim(session.policy.kind, folder_id)
    said, ours = Claim.parse(text), session.installation
    known = said is not None and said.installation == ours.name and said.epoch == ours.epoch
    with session.write() as conn:
        session.set_state(conn, claim=text if known else None, claim_next=None, claim_found=None)


def leave(session: Session, folder_id: str) -> None:
    """Take our claim off a folder that is served no more. Raises MailboxError but `GONE`."""
    kind = session.policy.kind
    try:
        said = Claim.parse(session.port.read_claim(kind, folder_id))
        if said is not None and said.installation == session.installation.name:
            session.port.write_claim(kind, folder_id, None)
    except MailboxError as error:
        if error.sort is not Sort.GONE:
            raise


def _next(session: Session, counter: int) -> Claim:
    ours = session.installation
    return Claim(ours.name, ours.epoch, counter + 1, session.new_key().hex[:12])


def _put(session: Session, folder_id: str, following: Claim, **known: str | None) -> None:
    text = str(following)
    with session.write(durable=True) as conn:
        # Before it is put there: a claim that is on the folder and that nobody knows of would be
        # taken for somebody else's.
        session.set_state(conn, claim_next=text, **known)
    session.port.write_claim(session.policy.kind, folder_id, text)
    # Lost in a crash, the claim that is there is still the next one that was written down.
    with session.write() as conn:
        session.set_state(conn, claim=text, claim_next=None, claim_found=None)


def held_for(found: str | None) -> Finding | None:
    """What an earlier run was held for, as it is written down."""
    return Finding(found.partition(_SEPARATOR)[0]) if found else None


def standing(conn: Connection, mailbox_id: int) -> Finding | None:
    """What the writes of a mailbox are held for, of any kind; `None` when they are not."""
    query = select(mailbox_kind.c.claim_found).where(
        mailbox_kind.c.mailbox_id == mailbox_id, mailbox_kind.c.claim_found.is_not(None)
    )
    return held_for(conn.scalars(query).first())
