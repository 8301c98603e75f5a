"""The CRM side of a run: journalled, applied and settled in one transaction, so exactly once.

Decisions that write nothing anywhere (a deletion respected, an item excluded) are settled here too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import structlog
from sqlalchemy import Connection

from syncd.crm import records
from syncd.crm.errors import RecordError, StaleRecord
from syncd.crm.records import New, Update
from syncd.crm.stored import Stored
from syncd.model.fields import Side
from syncd.model.values import Value, to_json
from syncd.reconcile.decide import Case, Decision, Stand, Verb, pair
from syncd.reconcile.facts import CrmFacts, CrmPresence, LinkState
from syncd.reconcile.match import name_keys, unique_keys
from syncd.reconcile.reasons import Reason
from syncd.sync import duplicates, ending, journal, links, snapshots, withdraw
from syncd.sync.journal import Intent, Status
from syncd.sync.questions import Answer, Answered
from syncd.sync.session import Session, batches
from syncd.sync.settling import Settling, Task, postpone, refuse
from syncd.sync.work import Work

log = structlog.get_logger("syncd")

BATCH = 100


@dataclass(frozen=True, slots=True)
class Waits:
    """Why a creation waits, and for which records it is to be said which one it is."""

    reason: Reason
    candidates: tuple[str, ...] = ()


_ENDING = (Verb.DEACTIVATE_RECORD, Verb.DELETE_RECORD)
_LOCAL = {Verb.CREATE_RECORD, Verb.UPDATE_RECORD, Verb.UNLINK, Verb.WITHDRAW, *_ENDING}
_TO_OUTLOOK = (
    Verb.CREATE_ITEM,
    Verb.UPDATE_ITEM,
    Verb.MOVE_ITEM,
    Verb.TRASH_ITEM,
    Verb.RESTORE_ITEM,
)


def apply(session: Session, tasks: Sequence[Task]) -> list[Task]:
    """Carry out the CRM's part of these tasks; what is left for Outlook is returned."""
    left: list[Task] = []
    taken = {task.crm_id for task in tasks if task.crm_id}
    for batch in batches(tasks, BATCH):
        session.check_stop()
        # May be lost: record, tie, images and journal go together, and the observation that led to
        # them stays, or goes with its cursor. What is written to the mailbox for it comes after an
        # intent that is on disk, and so is then all that came before it.
        with session.write(alone=any(_reaches_out(task) for task in batch)) as conn:
            left.extend(_apply(conn, session, batch, taken))
            if any(task.decision.withdraws for task in batch):
                # Here, and not after it: a crash in between would leave what its user made private
                # in the store, where nothing refers to it any more (P7).
                snapshots.collect(conn)
    return left


def _reaches_out(task: Task) -> bool:
    """Whether a task goes by, or changes, what others may be writing just now.

    A creation looks for whom it would create twice (P3). A withdrawal changes what is known of the
    record in other mailboxes: no intent of theirs may come in between (P7). What ends a record
    takes others along.
    """
    reaching = {Verb.CREATE_RECORD, *_ENDING}
    return bool(reaching.intersection(task.decision.verbs)) or task.decision.withdraws


def _apply(
    conn: Connection, session: Session, batch: Sequence[Task], taken: set[str]
) -> list[Task]:
    settling = Settling(conn, session, session.state(conn).generation)
    claimed: set[str] = set()
    looked_up = (_checked(conn, session, task, claimed, taken) for task in batch)
    checked = [task for task in looked_up if task is not None]
    creating = [t for t in checked if Verb.CREATE_RECORD in t.decision.verbs]
    updating = [t for t in checked if Verb.UPDATE_RECORD in t.decision.verbs]
    refused = _create(conn, session, creating) | _update(conn, session, updating)
    refused |= ending.end(conn, session, [t for t in checked if _ends(t)])
    done = [t for t in checked if id(t) not in refused]
    _journal(conn, session, settling, [t for t in done if _LOCAL & set(t.decision.verbs)])
    left = []
    for task in done:
        if task.decision.withdraws:
            withdraw.withdraw(conn, session, task.crm_id, settling.snapshots)
        if task.decision.link_state is LinkState.RELEASED and Verb.UNLINK in task.decision.verbs:
            session.tally.links["released"] += 1
        if not _to_outlook(task):
            settling.task(task)
            kept = task.losers(Side.OUTLOOK)
            journal.keep_losers(conn, session, kept, settling.snapshots)
            continue
        left.append(task)
        if Verb.CREATE_RECORD in task.decision.verbs or Verb.UPDATE_RECORD in task.decision.verbs:
            # The CRM holds the value from here on: its link and images say so in this very
            # transaction. A crash before the item is written repeats that write, never this one.
            waiting = {g.group for g in task.decision.groups if Side.OUTLOOK in g.writes}
            settling.task(
                task, pending=frozenset(waiting), unsettled=Reason.RETRY, state=_meanwhile(task)
            )
    settling.flush()
    return left


def _ends(task: Task) -> bool:
    return not set(_ENDING).isdisjoint(task.decision.verbs)


def _to_outlook(task: Task) -> bool:
    return any(verb in _TO_OUTLOOK for verb in task.decision.verbs)


def _meanwhile(task: Task) -> LinkState | None:
    """The state of a link while its item is yet to be written: it moves with the last write.

    Else what leaves scope would rest in the folder, and what comes back would be live in the
    archive, if the run ended here.
    """
    link = task.work.case.link
    return link.state if link is not None and link.crm_id == task.crm_id else None


def foreseen(
    session: Session, decided: Sequence[tuple[Work, Decision]]
) -> list[tuple[Work, Decision]]:
    """What `apply` would find of these decisions, with nothing written: for a plan."""
    taken = {work.crm_id for work, _ in decided if work.crm_id}
    claimed: set[str] = set()
    found: list[tuple[Work, Decision]] = []
    with session.read() as conn:
        for work, decision in decided:
            task = _looked_up(conn, session, Task.of(work, decision), claimed, taken)
            if isinstance(task, Task):
                found.append((task.work, task.decision))
            else:
                found.append((work, Decision(task.reason, Stand.WAITING)))
    return found


def _checked(
    conn: Connection, session: Session, task: Task, claimed: set[str], taken: set[str]
) -> Task | None:
    """The task, after a look in the CRM for whom it would create twice; `None` if it is to wait."""
    found = _looked_up(conn, session, task, claimed, taken)
    if isinstance(found, Task):
        return found
    asked = replace(task.work, candidates=found.candidates)
    postpone(conn, session, asked, Stand.WAITING, found.reason)
    return None


def _looked_up(
    conn: Connection, session: Session, task: Task, claimed: set[str], taken: set[str]
) -> Task | Waits:
    """The task, tied to the record that it would make twice if there is one; or why it waits (P3).

    `claimed` is what the creations of this batch go by: a second item about the same person waits
    until the first one is a record. `taken` are the records that this run has to do with already: a
    second item about one of them waits until the first one is linked.
    """
    if Verb.CREATE_RECORD not in task.decision.verbs or task.item is None:
        return task
    kind, values = session.policy.kind, task.item.fields
    keys = unique_keys(kind, values) | name_keys(kind, values)
    if keys & claimed:
        return Waits(Reason.RETRY)
    answer = task.work.answer
    if answer is not None and answer.answer is Answer.CREATE:
        claimed |= keys
        return task
    known = duplicates.find(conn, session, task.item)
    chosen = _chosen(conn, session, answer)
    found = chosen or known.same
    if known.doubtful and chosen is None:
        return Waits(Reason.DOUBTFUL_MATCH, tuple(known.doubtful))
    if found is None:
        claimed |= keys
        if known.unseen:
            task.decision = replace(task.decision, reason=Reason.DUPLICATE_UNSEEN)
            task.beside = tuple(known.unseen)
        return task
    if links.by_crm(conn, session.key, [found.id]):
        return Waits(Reason.LINKED_HERE, (found.id,))
    if not found.active:  # somebody deactivated it: a person says what is meant
        return Waits(Reason.DOUBTFUL_MATCH, (found.id,))
    if found.id in taken:
        return Waits(Reason.RETRY)
    taken.add(found.id)
    origins = {group: origin.at for group, origin in found.origins.items()}
    writable = found.id in session.rights.writable_among(conn, {found.id: found})
    crm = CrmFacts(CrmPresence.IN_SCOPE, found.record, found.version, origins, writable)
    case = Case(crm, task.work.case.item, None)
    decision = pair(case, session.rules(), Reason.DUPLICATE_LINKED)
    work = Work(case, found.id, task.work.remote_id, head=task.work.head)
    return Task.of(work, decision)


def _chosen(conn: Connection, session: Session, answer: Answered | None) -> Stored | None:
    """The record that a person said an item is about, if it is there and its user may read it."""
    if answer is None or answer.answer is not Answer.LINK or answer.chosen is None:
        return None
    held = records.read(conn, session.stored, [answer.chosen]).get(answer.chosen)
    readable = session.rights.readable_among(conn, [answer.chosen])
    return held if held is not None and not held.deleted and readable else None


def _create(conn: Connection, session: Session, tasks: Sequence[Task]) -> set[int]:
    refused: set[int] = set()
    news = [
        New(_filled(t.decision), session.mailbox.user_id, t.work.case.item.modified) for t in tasks
    ]
    made = records.create_many(conn, session.stored, news, actor=session.actor, at=session.clock())
    for task, outcome in zip(tasks, made, strict=True):
        link = task.work.case.link
        if isinstance(outcome, RecordError):
            refused.add(id(task))
            refuse(conn, session, task.work, Reason.REFUSED, str(outcome))
            continue
        if link is not None and link.state is not LinkState.COPY:
            links.repoint(conn, session.key, link.crm_id, outcome.id)
        task.crm_id, task.crm, task.crm_version = outcome.id, outcome.record, outcome.version
        session.tally.crm["created"] += 1
        if task.beside:
            log.warning(
                "made a record beside one that its user may not read",
                record=outcome.id, like=list(task.beside),
            )  # fmt: skip
    return refused


def _filled(decision: Decision) -> Mapping[str, Value]:
    return {name: value for name, value in decision.patch(Side.CRM).items() if value is not None}


def _update(conn: Connection, session: Session, tasks: Sequence[Task]) -> set[int]:
    refused: set[int] = set()
    updates = [
        Update(
            t.crm_id, t.decision.patch(Side.CRM), t.work.case.crm.version, t.work.case.item.modified
        )
        for t in tasks
    ]
    outcomes = records.update_many(
        conn, session.stored, updates, actor=session.actor, at=session.clock()
    )
    for task, outcome in zip(tasks, outcomes, strict=True):
        if isinstance(outcome, StaleRecord):
            refused.add(id(task))
            postpone(conn, session, task.work, Stand.WAITING, Reason.EDITED_MEANWHILE)
        elif isinstance(outcome, RecordError):
            refused.add(id(task))
            refuse(conn, session, task.work, Reason.REFUSED, str(outcome))
        else:
            task.crm, task.crm_version = outcome.record, outcome.version
            session.tally.crm["updated"] += 1
    return refused


def _journal(conn: Connection, session: Session, settling: Settling, tasks: Sequence[Task]) -> None:
    """Write down what this transaction does, as done: it is, or the transaction is not."""
    intents = [
        _intent(session, task, verb)
        for task in tasks
        for verb in task.decision.verbs
        if verb in _LOCAL and (verb is not Verb.UNLINK or not _to_outlook(task))
    ]
    journal.intend(conn, session, intents, settling.snapshots, status=Status.DONE)
    kept = [each for task in tasks for each in task.losers(Side.CRM)]
    journal.keep_losers(conn, session, kept, settling.snapshots)


def _intent(session: Session, task: Task, verb: Verb) -> Intent:
    before, link = task.work.case.crm.record, task.work.case.link
    patch = {} if verb is Verb.UNLINK else task.decision.patch(Side.CRM)
    if verb is Verb.DELETE_RECORD and before is not None:
        patch = {name: None for name, value in before.fields.items() if value is not None}
    created = verb is Verb.CREATE_RECORD
    old = {} if before is None or created else {n: to_json(before.fields.get(n)) for n in patch}
    return Intent(
        key=str(session.new_key()),
        verb=verb,
        reason=task.decision.reason,
        crm_id=task.crm_id,
        remote_id=task.remote_id,
        before=old,
        after={n: to_json(v) for n, v in patch.items() if v is not None or not created},
        # Of a record that an item is tracked as anew: what it was tracked as before.
        precondition=link.crm_id
        if created and link and link.state is not LinkState.COPY
        else str(task.work.case.crm.version),
        counted=not task.approved,
        remark=f"like {', '.join(task.beside)}" if created and task.beside else None,
    )
