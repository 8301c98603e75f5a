"""The breaker at work (P8): what exceeds the limits is held before the first write of its sort.

An approval is bound to the held operations, item by item: record, verb and both versions. What
changed since is not what was approved, and is held anew.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, cast

from sqlalchemy import ColumnElement, Connection, CursorResult, Row, insert, select, update

from syncd.reconcile.breaker import BOUNDED, Bounded, bounded, emptied, tripped
from syncd.reconcile.decide import Decision, Stand, Verb
from syncd.reconcile.discard import discard, may_discard
from syncd.reconcile.reasons import Reason
from syncd.sync import accounting, causes, journal, links, questions
from syncd.sync.report import line
from syncd.sync.session import Session
from syncd.sync.settling import Task, postpone
from syncd.sync.tables import held as table
from syncd.sync.tables import noticed, observed
from syncd.sync.work import Work

Decided = Sequence[tuple[Work, Decision]]
Held = list[tuple[Work, Decision, frozenset[Bounded]]]


def divide(
    session: Session, decided: Decided, *, onboarding: bool
) -> tuple[list[tuple[Work, Decision]], Held]:
    """What may be carried out, and what is held with the verbs that hold it."""
    if not any(d.verbs or d.groups for _, d in decided):
        return list(decided), []
    decided = _without_unwanted(session, decided)
    with session.read() as conn:
        rows = _rows(conn, session)
        done: Counter[Bounded] = Counter()
        for verb, n in journal.executed(conn, session).items():
            if Verb(verb) in BOUNDED:
                done[BOUNDED[Verb(verb)]] += n
        approvals = _verdicts(rows, table.c.approved_at.name)
        asked = [
            (w, d) for w, d in decided if d.reason not in _TURNED and not _meant(approvals, w, d)
        ]
        # Below these no share is asked for, and to count what is live costs by what there is.
        fewest = min(session.policy.limits.few, session.policy.limits.some + 1)
        whole = causes.held_by(conn, (w.cause for w, _ in asked if w.cause is not None))
        live = links.live(conn, session.key) if len(asked) >= fewest else 0
    before = _held_before(rows)
    subjects = {work.subject for work, _ in asked}
    waiting = Counter(
        Bounded(r.verb)
        for r in rows
        if r.approved_at is None and r.discarded_at is None and r.subject not in subjects
    )
    over = tripped(
        [d for _, d in asked], session.policy.limits, live, done, waiting, onboarding=onboarding
    )
    # What is held stays held, whoever edits it meanwhile and however few are left: only a person
    # lets it go, or that there is nothing left to do.
    held = [
        (w, d, hit)
        for w, d in asked
        if (
            hit := (
                bounded(d)
                & (over | before.get(w.subject, set()) | whole.get(w.cause or 0, frozenset()))
            )
            | _emptying(session, d)
        )
    ]
    keep = {id(w) for w, _, _ in held}
    return [(w, d) for w, d in decided if id(w) not in keep], held


def _emptying(session: Session, decision: Decision) -> frozenset[Bounded]:
    """One edit in Outlook that empties much of a record waits by itself: phones do that."""
    much = emptied(decision) >= session.policy.limits.emptied
    return frozenset({Bounded.EMPTY}) if much else frozenset()


def _without_unwanted(session: Session, decided: Decided) -> Decided:
    """What a person decided against is turned around."""
    with session.read() as conn:
        unwanted = _verdicts(_rows(conn, session), table.c.discarded_at.name)
    if not unwanted:
        return decided
    rules = session.rules()
    return [
        _turned(w, discard(d, w.case, rules, found=w.head is not None))
        if may_discard(d) and _meant(unwanted, w, d)
        else (w, d)
        for w, d in decided
    ]


def _turned(work: Work, instead: Decision) -> tuple[Work, Decision]:
    """What is to be moved back is moved from where it was found."""
    if instead.reason is not Reason.PUT_BACK or work.head is None:
        return work, instead
    item = replace(work.case.item, id=work.head.id, version=work.head.version)
    return replace(work, case=replace(work.case, item=item)), instead


def hold(session: Session, held: Held) -> None:
    """Write down what is held, and let it wait."""
    if not held:
        return
    with session.write() as conn:
        accounting.drop_held(conn, session, (work.subject for work, _, _ in held))
        rows = [
            {
                **session.ours,
                "subject": work.subject,
                "verb": verb.value,
                "crm_version": work.case.crm.version,
                "remote_version": work.case.item.version,
                "name": line(session.policy.kind, work, decision).name,
                "reason": _why(session, decision).value,
                "at": session.clock(),
                "cause": work.cause,
            }
            for work, decision, verbs in held
            for verb in sorted(verbs)
        ]
        conn.execute(insert(table), rows)
        for work, _, _ in held:
            postpone(conn, session, work, Stand.WAITING, Reason.HELD)


def _why(session: Session, decision: Decision) -> Reason:
    return Reason.EMPTIED if _emptying(session, decision) else decision.reason


def approve(
    conn: Connection, mailbox_id: int, at: datetime, subjects: Sequence[str] | None = None
) -> int:
    """Approve what is held for a mailbox, all or of these subjects; how many operations it is."""
    return _judge(conn, _undecided(mailbox_id, subjects), mailbox_id, approved_at=at)


def discard_held(
    conn: Connection, mailbox_id: int, at: datetime, subjects: Sequence[str] | None = None
) -> int:
    """Decide against what is held for a mailbox, but for what is private (P7); how many it is."""
    mine = _undecided(mailbox_id, subjects) & (table.c.verb != Bounded.WITHDRAW)
    for row in conn.execute(select(table).where(mine, table.c.verb == Bounded.CREATE)).all():
        version = str(row.crm_version) if row.crm_version else row.remote_version
        questions.leave_alone(conn, mailbox_id, row.kind, row.subject, version, at)
    return _judge(conn, mine, mailbox_id, discarded_at=at)


def _judge(
    conn: Connection, mine: ColumnElement[bool], mailbox_id: int, **verdict: datetime
) -> int:
    done = conn.execute(update(table).where(mine).values(**verdict))
    for each in (observed, noticed):
        waits = (each.c.mailbox_id == mailbox_id) & (each.c.reason == Reason.HELD)
        conn.execute(update(each).where(waits).values(retry_at=None))
    return cast("CursorResult[Any]", done).rowcount


def _undecided(mailbox_id: int, subjects: Sequence[str] | None) -> ColumnElement[bool]:
    mine = table.c.mailbox_id == mailbox_id
    mine &= table.c.approved_at.is_(None) & table.c.discarded_at.is_(None)
    return mine if subjects is None else mine & table.c.subject.in_(subjects)


def mark_approved(session: Session, tasks: Sequence[Task]) -> None:
    """Note on each task whether a person approved it: such do not count against the day again."""
    with session.read() as conn:
        approvals = _verdicts(_rows(conn, session), table.c.approved_at.name)
    for task in tasks:
        turned = task.decision.reason in _TURNED
        task.approved = turned or _meant(approvals, task.work, task.decision)


_TURNED = (Reason.DISCARDED, Reason.PUT_BACK)  # what becomes of what a person did not want
_Verdicts = Mapping[tuple[str, int, str], set[str]]  # subject and versions: the verbs


def _meant(verdicts: _Verdicts, work: Work, decision: Decision) -> bool:
    """Whether a person spoke of just this: the same versions, and a verb that is still meant."""
    at = (work.subject, work.case.crm.version, work.case.item.version)
    return not verdicts.get(at, set()).isdisjoint(bounded(decision))


def _rows(conn: Connection, session: Session) -> list[Row[Any]]:
    """What is or was held here, and is not carried out yet."""
    return list(conn.execute(select(table).where(session.mine(table))))


def _verdicts(rows: Iterable[Row[Any]], column: str) -> _Verdicts:
    """What was approved, or decided against: where this column says when."""
    verdicts: dict[tuple[str, int, str], set[str]] = {}
    for row in rows:
        if getattr(row, column) is not None:
            at = (row.subject, row.crm_version, row.remote_version)
            verdicts.setdefault(at, set()).add(row.verb)
    return verdicts


def _held_before(rows: Iterable[Row[Any]]) -> dict[str, set[Bounded]]:
    """By subject, the verbs that are held, or were approved for other versions than now."""
    before: dict[str, set[Bounded]] = defaultdict(set)
    for row in rows:
        before[row.subject].add(Bounded(row.verb))
    return before
