"""The mailbox side of a run: journal, request, read back, settle; one batch after the other.

A batch is what one transaction journals and one settles. It takes as many requests as it must.

Nothing is repeated here. What is refused or unanswered goes back to be observed and decided again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from sqlalchemy import Connection

from syncd.crm import records
from syncd.model.fields import Side
from syncd.model.record import Record
from syncd.model.values import Value, to_json
from syncd.outlook.errors import Failure, MailboxError, Sort
from syncd.outlook.port import Item, Written
from syncd.reconcile.decide import Stand, Verb
from syncd.reconcile.facts import Origin
from syncd.reconcile.images import known
from syncd.reconcile.reasons import Reason
from syncd.sync import claims, journal
from syncd.sync.failing import LIVELOCK, failed, waits_out
from syncd.sync.journal import Intent, Status
from syncd.sync.lots import UNANSWERED, alone_at_fault, in_lots, set_apart
from syncd.sync.outage import Alone, Streak
from syncd.sync.requests import REQUESTS, Attempt
from syncd.sync.session import Session, batches
from syncd.sync.settling import Settling, Task, postpone
from syncd.sync.throttling import is_throttled, stop_if_throttled

JOURNALLED = 100  # writes of a batch

Done = tuple[Attempt, Written | Failure]

# RESTORE comes first: what follows needs the item in the folder. The destructive ones come last:
# a run that breaks off has then added and changed, and removed nothing.
_ORDER = (
    Verb.RESTORE_ITEM,
    Verb.CREATE_ITEM,
    Verb.UPDATE_ITEM,
    Verb.MOVE_ITEM,
    Verb.TRASH_ITEM,
)


def execute(session: Session, tasks: Sequence[Task]) -> None:
    """Carry out the mailbox's part of these tasks.

    Raises MailboxError when a whole batch failed; what was done until then is settled. What failed
    before goes last: whatever it fails of, it does not keep the others waiting (P10).
    """
    streak = Streak()
    total = sum(1 for task in tasks for verb in task.decision.verbs if verb in _ORDER)
    done = 0
    if total:
        claims.advance(session)
    for verb in _ORDER:
        wanted = [task for task in tasks if verb in task.decision.verbs]
        wanted.sort(key=lambda task: task.work.failed_before is not None)
        for batch in batches(wanted, JOURNALLED):
            session.check_stop()
            trouble = streak.trouble
            _batch(session, verb, [_attempt(session, task) for task in batch], streak)
            done += len(batch)
            session.progress(f"{session.mailbox.address}: writing", done, total)
            if streak.trouble is not trouble:
                break  # a mailbox that is full takes no more; to delete from it may make room
    streak.end()


def _attempt(session: Session, task: Task) -> Attempt:
    return Attempt(task, str(session.new_key()))


def _batch(session: Session, verb: Verb, attempts: Sequence[Attempt], streak: Streak) -> None:
    with session.write(durable=True) as conn:
        attempts = set_apart(conn, session, _still_meant(conn, session, attempts))
        # Intent before request, and on disk: after a crash or a power cut the request may have been
        # carried out, and this row is what finds it again. The other order could create an item
        # nobody knows of (P3). A crash in between repeats the look, and loses nothing.
        settling = Settling(conn, session, 0)
        intents = [_intent(session, verb, each) for each in attempts]
        journal.intend(conn, session, intents, settling.snapshots)
        if verb in _LOSING:
            for each in attempts:
                lost = each.task.losers(Side.OUTLOOK)
                journal.keep_losers(conn, session, lost, settling.snapshots, key=each.key)
        settling.flush()
    _send(session, verb, list(in_lots(session, attempts)), streak)


def _send(session: Session, verb: Verb, lots: Sequence[list[Attempt]], streak: Streak) -> None:
    """Send what is journalled, one request after the other, and settle it in one transaction.

    A request that fails leaves just its own writes in doubt: what came before is settled, and what
    comes after was not tried.
    """
    done: list[Done] = []
    alone: list[Alone] = []
    unanswered = 0
    for number, lot in enumerate(lots, 1):
        left = [each for later in lots[number:] for each in later]
        try:
            # A request that starts late is in doubt from then on, and not since its journalling.
            session.keep_lease(partial(journal.start_now, session=session, keys=_keys(lot)))
            answers = REQUESTS[verb](session, lot)
        except MailboxError as error:
            own = alone_at_fault(lot, error)
            if own is not None and unanswered < UNANSWERED:
                unanswered += 1
                alone.append((lot[0].task.work, own))
                done.append((lot[0], own))
                continue
            _not_tried(session, left)
            if error.sort is not Sort.INVALID:
                _note_failed_batch(session, lot, error)
                _settle(session, verb, done, streak, alone)
                raise
            # Not on disk yet when the power fails: in doubt then, sought, and found not done.
            with session.write() as conn:
                refused = [(each.key, None, error.code) for each in lot]
                journal.conclude(conn, session, Status.FAILED, refused)
            _settle(session, verb, done, streak, alone)
            _refused_whole(session, verb, lot, error, streak)
            if left:
                _batch(session, verb, [_attempt(session, each.task) for each in left], streak)
            return
        unanswered = 0
        done += zip(lot, answers, strict=True)
        if left and (session.stop.is_set() or is_throttled(answers)):
            _not_tried(session, left)
            _settle(session, verb, done, streak, alone)
            session.check_stop()
            return
    _settle(session, verb, done, streak, alone)


def _keys(lot: Sequence[Attempt]) -> list[str]:
    return [each.key for each in lot]


# The verbs that overwrite values, and those that take an item with an edit in it away.
_LOSING = (Verb.CREATE_ITEM, Verb.UPDATE_ITEM, Verb.MOVE_ITEM, Verb.TRASH_ITEM)


def _still_meant(
    conn: Connection, session: Session, attempts: Sequence[Attempt]
) -> Sequence[Attempt]:
    """Those whose record is as it was when they were decided; the others are decided anew.

    What was withdrawn since (P7), or edited, is not written into anybody's Outlook.
    """
    ids = {each.task.crm_id for each in attempts if each.task.crm_id}
    now = records.versions(conn, session.stored, ids)
    meant = []
    for each in attempts:
        task = each.task
        if task.crm_id and task.crm_version and now.get(task.crm_id) != task.crm_version:
            postpone(conn, session, task.work, Stand.WAITING, Reason.EDITED_MEANWHILE)
        elif each.task.work.tried < LIVELOCK or not waits_out(conn, session, each):
            meant.append(each)
    return meant


def _refused_whole(
    session: Session, verb: Verb, attempts: Sequence[Attempt], error: MailboxError, streak: Streak
) -> None:
    """The request was refused as such, with nothing done: the item it is about is found by halves.

    One bad item does not stop its mailbox (P10).
    """
    if len(attempts) == 1:
        alone = Failure(Sort.INVALID, error.code, error.message)
        _settle(session, verb, [(attempts[0], alone)], streak)
        return
    for half in batches(attempts, (len(attempts) + 1) // 2):
        _batch(session, verb, [_attempt(session, each.task) for each in half], streak)


def _not_tried(session: Session, attempts: Sequence[Attempt]) -> None:
    """Nothing was sent of these: they stay to be decided, as if they had not been journalled."""
    if attempts:
        # May be lost: then they are looked for, not found, and tried again.
        with session.write() as conn:
            not_tried = [(each.key, None, Sort.NOT_TRIED.value) for each in attempts]
            journal.conclude(conn, session, Status.FAILED, not_tried)


def _note_failed_batch(session: Session, attempts: Sequence[Attempt], error: MailboxError) -> None:
    in_doubt = error.sort is Sort.IN_DOUBT
    status = Status.IN_DOUBT if in_doubt else Status.FAILED
    reason = Reason.IN_DOUBT if in_doubt else Reason.RETRY
    # May be lost: an intent that is open is in doubt whatever it says.
    with session.write() as conn:
        journal.conclude(conn, session, status, [(a.key, None, error.code) for a in attempts])
        for each in attempts:
            postpone(conn, session, each.task.work, Stand.WAITING, reason, error=error.code)


def _settle(
    session: Session,
    verb: Verb,
    done: Sequence[Done],
    streak: Streak,
    alone: Sequence[Alone] = (),
) -> None:
    if not done:
        return
    streak.take((attempt.task.work, result) for attempt, result in done)
    written = [(attempt, result) for attempt, result in done if isinstance(result, Written)]
    # Settle after request, and it may be lost: the intent is on disk and is open, so that recovery
    # finds what was written by its key. The other order would call done what never happened.
    read, trouble = _read_back(session, verb, [result for _, result in written])
    with session.write() as conn:
        settling = Settling(conn, session, session.state(conn).generation)
        outage = streak.outage(conn, session)
        not_theirs = {*outage, *streak.unproven(conn, session, alone)}
        for attempt, result in done:
            if isinstance(result, Failure):
                failed(settling, attempt, result, not_theirs)
        streak.note(conn, session, outage, [result for _, result in done])
        withdrawn = journal.withdrawn_meanwhile(conn, [attempt.key for attempt, _ in written])
        for attempt, result in written:
            attempt.task.withdrawn = frozenset(withdrawn.get(attempt.key, ()))
            _written(session, settling, verb, attempt, result, read.get(result.id))
        carried_out = [(attempt.key, result.id, None) for attempt, result in written]
        journal.conclude(conn, session, Status.DONE, carried_out)
        _let_go(conn, session, settling, verb, [attempt.task for attempt, _ in written])
        settling.flush()
    if written:
        _count(session, verb, [attempt.task for attempt, _ in written])
    if trouble is not None and trouble.sort in (Sort.DENIED, Sort.THROTTLED):
        raise trouble  # only now: what was written is known to be, whatever is not to be read
    stop_if_throttled(result for _, result in done)
    streak.stop_if_out()


def _let_go(
    conn: Connection, session: Session, settling: Settling, verb: Verb, tasks: Sequence[Task]
) -> None:
    """Write down as done which links were let go: it is with the last write to their item."""
    intents = [
        Intent(
            key=str(session.new_key()),
            verb=Verb.UNLINK,
            reason=task.decision.reason,
            crm_id=task.crm_id,
            remote_id=task.remote_id,
            before={},
            after={},
            counted=not task.approved,
        )
        for task in tasks
        if Verb.UNLINK in task.decision.verbs and _last(task) is verb
    ]
    journal.intend(conn, session, intents, settling.snapshots, status=Status.DONE)


def _last(task: Task) -> Verb | None:
    """The last write to a task's item."""
    return next((verb for verb in reversed(_ORDER) if verb in task.decision.verbs), None)


def _read_back(
    session: Session, verb: Verb, written: Sequence[Written]
) -> tuple[dict[str, Item], MailboxError | None]:
    """What the written items hold now, and what was in the way of reading the others.

    What cannot be read is settled as it was sent, and taken up by the next run.

    An answer that shows the item is its read-back; the others are read.
    """
    if verb not in (Verb.CREATE_ITEM, Verb.UPDATE_ITEM):
        return {}, None
    shown = {each.id: each.item for each in written if each.item is not None}
    ids = [each.id for each in written if each.item is None]
    if not ids:
        return shown, None
    try:
        found = session.port.read(session.policy.kind, ids)
    except MailboxError as error:
        return shown, error
    return shown | {each.head.id: each for each in found if isinstance(each, Item)}, None


def _written(
    session: Session,
    settling: Settling,
    verb: Verb,
    attempt: Attempt,
    result: Written,
    item: Item | None,
) -> None:
    task = attempt.task
    sent = _as_sent(session, task)
    task.remote_id, task.remote_version = result.id, result.version
    if verb in (Verb.MOVE_ITEM, Verb.TRASH_ITEM):
        settling.task(task, in_folder=False)
        return
    if verb is Verb.RESTORE_ITEM:
        if Verb.UPDATE_ITEM not in task.decision.verbs:
            if task.item is None:
                # Brought back unseen, and maybe edited while it was away: at no version that is
                # known, so that the next run reads it.
                task.remote_version = ""
            settling.task(task)
        return
    if item is not None and item.head.version == result.version and not session.private(item.head):
        task.item = item.record
        settling.task(task, head=item.head)
        return
    # Somebody edited between the write and the read: the image is what was sent, and what was
    # read is an observation for the next run.
    task.item = sent
    if item is None:
        # It could not be read: at no version that is known, so that its coming back with the drain
        # is no echo, and the next run reads it.
        task.remote_version = ""
    settling.task(task, head=item.head if item else None, unsettled=Reason.EDITED_MEANWHILE)


def _as_sent(session: Session, task: Task) -> Record:
    base = dict(task.item.fields) if task.item is not None else _imaged(task)
    return Record(session.policy.kind, {**base, **task.decision.patch(Side.OUTLOOK)})


def _imaged(task: Task) -> dict[str, Value]:
    link = task.work.case.link
    return known(link.images.get(Side.OUTLOOK, {})) if link else {}


def _count(session: Session, verb: Verb, tasks: Sequence[Task]) -> None:
    tally = session.tally
    tally.wrote(verb, len(tasks))
    for task in tasks:
        if task.decision.origin in (Origin.ADOPTED, Origin.TRACKED):
            tally.links["adopted"] += task.decision.origin is Origin.ADOPTED
        if verb is Verb.MOVE_ITEM:
            tally.links["released"] += 1


def _intent(session: Session, verb: Verb, attempt: Attempt) -> Intent:
    task = attempt.task
    moves = verb in (Verb.MOVE_ITEM, Verb.TRASH_ITEM, Verb.RESTORE_ITEM)
    patch = {} if moves else task.decision.patch(Side.OUTLOOK)
    old = {} if verb is Verb.CREATE_ITEM else _before(session, task, patch)
    return Intent(
        key=attempt.key,
        verb=verb,
        reason=task.decision.reason,
        crm_id=task.crm_id,
        remote_id=task.remote_id or None,
        before=old,
        after={name: to_json(value) for name, value in patch.items()},
        precondition=task.remote_version or None,
        counted=not task.approved,
    )


def _before(session: Session, task: Task, patch: Mapping[str, Value]) -> dict[str, object]:
    """What the patch replaces; nothing of what another user has withdrawn (P7)."""
    known = task.item.fields if task.item is not None else _imaged(task)
    kept = {group.group for group in task.decision.groups if group.loser}
    link, fields = task.work.case.link, session.policy.kind.by_name
    withdrawn = {
        name
        for name, mark in (link.marks.items() if link else ())
        if mark.reason is Reason.MADE_PRIVATE and name not in kept
    }
    return {n: to_json(known.get(n)) for n in patch if fields[n].group not in withdrawn}
