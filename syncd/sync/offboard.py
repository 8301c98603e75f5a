"""A mailbox leaves: every mark of syncd is taken out of it, and it is proved that none remains.

A person asked for it and saw the numbers, so the breaker holds none of it. Each write is journalled
before it is tried. Whoever is interrupted does it once more: what is to be done is looked for in
the mailbox each time, and not remembered.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from typing import Any

from sqlalchemy import Row, select

from syncd.crm import database
from syncd.model.policy import Consent
from syncd.outlook.errors import Failure, MailboxError, Sort
from syncd.outlook.port import FolderRef, Item, Move, Update, Written
from syncd.reconcile.decide import Verb
from syncd.reconcile.facts import Origin
from syncd.reconcile.reasons import Reason
from syncd.sync import claims, first_contact, journal, mailboxes, rollout
from syncd.sync.errand import Act
from syncd.sync.journal import Intent, Status
from syncd.sync.mailboxes import MailboxProblem, MailboxState
from syncd.sync.report import Outcome, RunReport
from syncd.sync.service import SyncService
from syncd.sync.session import GRACE, Session, batches
from syncd.sync.snapshots import Snapshots, chunks
from syncd.sync.survey import Marked, Survey, survey
from syncd.sync.tables import link, operation

ROUNDS = 3  # an item that its user edits just then is tried again

Results = Sequence[Written | Failure]


class Items(StrEnum):
    """What becomes of the items that syncd created. Its user's own always stay."""

    KEEP = "keep"
    REMOVE = "remove"  # to Deleted Items


@dataclass
class Offboarding:
    """What offboarding a mailbox would do, or did. `left` counts by folder what still has a mark.

    `read` is false where nothing of the mailbox was ever read, so that nothing can be in it.
    """

    report: RunReport | None = None
    read: bool = True
    foreign: int = 0
    planned: Counter[str] = field(default_factory=Counter)
    left: Counter[str] = field(default_factory=Counter)
    archive: str | None = None  # where the folder for what left scope is not empty, and stays

    @property
    def failed(self) -> bool:
        """Whether it was cut short by an error."""
        return self.report is not None and self.report.outcome is Outcome.FAILED

    @property
    def stopped(self) -> bool:
        """Whether it was stopped before all was done."""
        return self.report is not None and self.report.stopped

    @property
    def clean(self) -> bool:
        """Whether a whole look found no mark any more."""
        return not self.failed and not self.stopped and not self.left.total()


def preview(service: SyncService, address: str, items: Items) -> Offboarding:
    """What `offboard` would do now. Nothing is changed. Raises MailboxProblem."""
    return _leave(service, address, partial(_look, items=items))


def offboard(service: SyncService, address: str, items: Items) -> Offboarding:
    """Take a mailbox out of service, with every mark that it has. Raises MailboxProblem.

    It is paused from the first moment, and removed once it is proved that nothing remains.
    """
    done = _leave(service, address, partial(_carry_out, items=items))
    if done.clean:
        # The marks first, what is known of them last and on disk: a crash in between looks through
        # the mailbox once more. The other order would leave marks that nobody knows to be ours.
        with database.write(service.engine, durable=True, alone=True) as conn:
            rollout.remove(conn, mailboxes.get(conn, address))
    return done


def _leave(
    service: SyncService, address: str, act: Callable[[Session, RunReport, Offboarding], None]
) -> Offboarding:
    into = Offboarding()
    with database.read(service.engine) as conn:
        row = mailboxes.get(conn, address)
        known = first_contact.looked_at(conn, row.id)
    policy = service.policies.get(row.policy)
    asked = policy is not None and policy.consent is Consent.USER
    if asked and row.consented_at is None and not known:
        into.read = False  # and is not read now, either: its user never agreed
        return into

    def each(session: Session, *, report: RunReport) -> None:
        act(session, report, into)

    doing: Act = each
    into.report = service.leave(address, doing)
    return into


def _look(session: Session, report: RunReport, into: Offboarding, *, items: Items) -> None:
    found = survey(session)
    into.foreign += found.foreign
    into.planned += _planned(found, _to_trash(session, found.marked, items))
    report.outcome = Outcome.OK


def _planned(found: Survey, going: Iterable[Marked]) -> Counter[str]:
    planned: Counter[str] = Counter()
    gone = {each.head.id for each in going}
    for each in found.marked:
        planned["marked"] += 1
        planned["labelled"] += each.labelled
        if each.head.id in gone:
            planned["to_trash"] += 1
        else:
            planned["in_trash" if each.folder.in_trash else "stay"] += 1
    return planned


def _carry_out(session: Session, report: RunReport, into: Offboarding, *, items: Items) -> None:
    session.ensure_state()
    open_ones = _unanswered(session)
    # Paused before the first mark goes. May be lost: what takes a mark away is journalled after it,
    # on disk.
    with session.write() as conn:
        # Nobody syncs a mailbox that is half cleaned: its own items would be strange to it.
        mailboxes.set_state(conn, session.mailbox.id, MailboxState.PAUSED)
    found = survey(session)
    into.foreign += found.foreign
    into.planned += _planned(found, _to_trash(session, found.marked, items))
    _settle(session, open_ones, found)
    for _ in range(ROUNDS):
        if not found.marked or not _clean(session, found, items):
            break
        found = survey(session)
    into.left.update(each.folder.path for each in found.marked)
    report.outcome = Outcome.PARTIAL if found.marked else Outcome.OK
    if found.marked:
        return
    with session.read() as conn:
        ours = [row.key for row in journal.unsettled(conn, session)]
    with session.write() as conn:  # no mark is left, so whatever was to take one away has done so
        journal.conclude(conn, session, Status.DONE, [(key, None, None) for key in ours])
    with session.read() as conn:
        folders = session.state(conn)
    for folder in (folders.folder_id, folders.former_id):
        if folder is not None:  # last of all: until then the mailbox is ours to clean
            claims.leave(session, folder)
    if found.archive is not None and not found.archive.in_trash:
        into.archive = None if _removed(session, found.archive) else found.archive.path


def _unanswered(session: Session) -> list[Row[Any]]:
    """Writes of earlier runs whose outcome is not known. Raises MailboxProblem while too fresh.

    One that is still being carried out could put a mark where none was seen any more.
    """
    with session.read() as conn:
        every = journal.unsettled(conn, session)
    theirs = [row for row in every if row.reason != Reason.OFFBOARDED]
    if any(session.clock() - row.at < GRACE for row in theirs):
        raise MailboxProblem(
            "the server has not answered a write of a moment ago, and may still carry it out",
            f"Try again in {round(GRACE.total_seconds() / 60)} minutes.",
        )
    return theirs


def _settle(session: Session, rows: Sequence[Row[Any]], found: Survey) -> None:
    """Conclude the writes of earlier runs by what the whole mailbox shows of them."""
    keys = {each.head.stamp.key for each in found.marked if each.head.stamp is not None}
    trashed = {each.crm_id for each in found.marked if each.folder.in_trash}
    done = [row for row in rows if row.key in keys]
    done += [row for row in rows if row.verb == Verb.TRASH_ITEM and row.crm_id in trashed]
    lost = [row for row in rows if row not in done]
    if rows:
        # Nothing depends on it: taken back by a power cut, it is concluded anew by the next look.
        with session.write() as conn:
            for status, some in ((Status.DONE, done), (Status.LOST, lost)):
                journal.conclude(conn, session, status, [(row.key, None, None) for row in some])


def _to_trash(session: Session, marked: Sequence[Marked], items: Items) -> list[Marked]:
    """The items to remove: what syncd created, where it put it. What its user filed stays (P14)."""
    if items is Items.KEEP:
        return []
    keys = Counter(each.head.stamp.key for each in marked if each.head.stamp is not None)
    created: set[str] = set()
    with session.read() as conn:
        query = select(link.c.crm_id, link.c.remote_id, link.c.origin)
        links = {row.crm_id: row for row in conn.execute(query.where(session.mine(link)))}
        for chunk in chunks(keys):
            ours = (operation.c.verb == Verb.CREATE_ITEM) & session.mine(operation)
            known = select(operation.c.key).where(ours, operation.c.key.in_(chunk))
            created |= set(conn.scalars(known))

    def is_ours(each: Marked) -> bool:
        tied = links.get(each.crm_id or "")
        if tied is not None:
            return bool(tied.remote_id == each.head.id and tied.origin == Origin.CREATED)
        # A creation that was cut off before it was tied to its record, or whose tie was lost. Of
        # two such items one is a copy, which is its user's own.
        key = each.head.stamp.key if each.head.stamp is not None else ""
        return key in created and keys[key] == 1

    return [each for each in marked if not each.folder.in_trash and is_ours(each)]


def _clean(session: Session, found: Survey, items: Items) -> int:
    """Take the marks away that were found; how many items lost theirs."""
    gone = _to_trash(session, found.marked, items)
    going = {each.head.id for each in gone}
    work = [(each, each.head.id, each.head.version) for each in found.marked]
    stripping = [each for each in work if each[1] not in going]
    # Moved first: the mark leads back to an item that is cut off in between. The other order could
    # leave one behind that nobody knows to be ours.
    moving = [each for each in work if each[1] in going]
    moved = _write(session, Verb.TRASH_ITEM, moving)
    stripping += _as_they_are_now(session, moved)
    return len(_write(session, Verb.UPDATE_ITEM, stripping))


_Work = tuple[Marked, str, str]  # an item, its id and version now


def _as_they_are_now(session: Session, moved: Sequence[tuple[Marked, Written]]) -> list[_Work]:
    """What was thrown away; an answer that named no version is asked for it."""
    silent = [now.id for _, now in moved if not now.version]
    read = session.port.read(session.policy.kind, silent) if silent else []
    versions = {each.head.id: each.head.version for each in read if isinstance(each, Item)}
    known = [(each, now.id, now.version or versions.get(now.id, "")) for each, now in moved]
    return [each for each in known if each[2]]  # the others are gone, with their mark


def _write(session: Session, verb: Verb, work: Sequence[_Work]) -> list[tuple[Marked, Written]]:
    """Journal, request, conclude; one batch after the other. What was written."""
    done: list[tuple[Marked, Written]] = []
    for number, batch in enumerate(batches(work, session.port.capabilities.write_batch)):
        session.check_stop()
        so_far = number * session.port.capabilities.write_batch
        session.progress(f"{session.mailbox.address}: cleaning", so_far, len(work))
        results = _batch(session, verb, batch)
        pairs = zip(batch, results, strict=True)
        done += [(each, now) for (each, _, _), now in pairs if isinstance(now, Written)]
    name = "deleted" if verb is Verb.TRASH_ITEM else "updated"
    session.tally.outlook[name] += len(done)
    return done


def _batch(session: Session, verb: Verb, batch: Sequence[_Work]) -> Results:
    keys = [str(session.new_key()) for _ in batch]
    intents = [
        Intent(
            key=key,
            verb=verb,
            reason=Reason.OFFBOARDED,
            crm_id=each.crm_id,
            remote_id=item,
            before={},
            after={},
            precondition=version,
            counted=False,
        )
        for key, (each, item, version) in zip(keys, batch, strict=True)
    ]
    # Intent before request, and on disk: as with any other write.
    with session.write(durable=True) as conn:
        journal.intend(conn, session, intents, Snapshots())
    try:
        results = _request(session, verb, batch)
    except MailboxError as error:
        status = Status.IN_DOUBT if error.sort is Sort.IN_DOUBT else Status.FAILED
        # After the answer: lost in a crash the write is in doubt, and is sought before another one.
        with session.write() as conn:
            journal.conclude(conn, session, status, [(key, None, error.code) for key in keys])
        if error.sort is not Sort.INVALID:
            raise
        if len(batch) == 1:
            return [Failure(Sort.INVALID, error.code, error.message)]
        halves = batches(batch, (len(batch) + 1) // 2)  # one bad item stops no other (P10)
        return [each for half in halves for each in _batch(session, verb, half)]
    told: dict[Status, list[tuple[str, str | None, str | None]]] = {}
    for key, result in zip(keys, results, strict=True):
        if isinstance(result, Written):
            told.setdefault(Status.DONE, []).append((key, result.id, None))
        else:
            in_doubt = result.sort is Sort.IN_DOUBT
            status = Status.IN_DOUBT if in_doubt else Status.FAILED
            told.setdefault(status, []).append((key, None, result.code))
    with session.write() as conn:
        for status, rows in told.items():
            journal.conclude(conn, session, status, rows)
    return results


def _request(session: Session, verb: Verb, batch: Sequence[_Work]) -> Results:
    kind = session.policy.kind
    if verb is Verb.TRASH_ITEM:
        return session.port.trash(kind, [Move(item, version) for _, item, version in batch])
    updates = []
    for each, item, version in batch:
        others = tuple(n for n in each.head.categories if not _is_mark(session, each, n))
        patch = {kind.labels: others} if others != each.head.categories else {}
        updates.append(Update(item, version, patch, None, clear_stamp=True))
    return session.port.update(kind, updates)


def _is_mark(session: Session, item: Marked, category: str) -> bool:
    """Whether a category is one of tracking, or what marks an item of ours that left scope."""
    if item.labelled and session.is_label(category):
        return True
    aside = session.policy.kind.archive_category
    return item.crm_id is not None and category.casefold() == aside.casefold()


def _removed(session: Session, archive: FolderRef) -> bool:
    """Whether the folder for what left scope is gone: it goes when it is empty."""
    try:
        return session.port.remove_folder(session.policy.kind, archive.id)
    except MailboxError as error:
        if error.sort is not Sort.INVALID:  # such as that Deleted Items has one of that name
            raise
        return False
