"""The breaker at work (P8): what exceeds the limits is held before the first write of its sort.

An approval is bound to the held operations, item by item: record, verb and both versions. What
changed since is not what was approved, and is held anew.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
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
    with session.read() as conn:
        rows = _rows(conn, session)
        decided = _without_unwanted(session, decided, rows)
        done: Counter[Bounded] = Counter()
        for verb, n in journal.executed(conn, session).items():
            if Verb(verb) in BOUNDED:
                done[BOUNDED[Verb(verb)]] += n
        approvals = _verdicts(rows, table.c.approved_at.name)
        asked = [
            (w, d)
            for w, d in decided
            if d.reason not in _TURNED and not bounded(d) <= _said(session, approvals, w, d)
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
    # lets it go, or that there is nothing left to do. An approval is of one sort, and of no other.
    held = []
    for work, decision in asked:
        stopped = over | before.get(work.subject, set()) | whole.get(work.cause or 0, frozenset())
        hit = (bounded(decision) & stopped) | _emptying(session, decision)
        if hit := hit - _said(session, approvals, work, decision):
            held.append((work, decision, hit))
    keep = {id(w) for w, _, _ in held}
    return [(w, d) for w, d in decided if id(w) not in keep], held


def _emptying(session: Session, decision: Decision) -> frozenset[Bounded]:
    """One edit in Outlook that empties much of a record waits by itself: phones do that."""
    much = emptied(decision) >= session.policy.limits.emptied
    return frozenset({Bounded.EMPTY}) if much else frozenset()


def _without_unwanted(session: Session, decided: Decided, rows: Iterable[Row[Any]]) -> Decided:
    """What a person decided against is turned around."""
    unwanted = _verdicts(rows, table.c.discarded_at.name)
    if not unwanted:
        return decided
    rules = session.rules()
    return [
        _turned(w, discard(d, w.case, rules, found=w.head is not None))
        if may_discard(d) and _said(session, unwanted, w, d)
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
        approved = _verdicts(_rows(conn, session), table.c.approved_at.name)
        whole = causes.held_by(conn, (w.cause for w, _, _ in held if w.cause is not None))
        accounting.drop_held(conn, session, (work.subject for work, _, _ in held))
        rows = []
        for work, decision, verbs in held:
            said = _said(session, approved, work, decision)
            for verb in sorted(verbs | said):
                of_cause = verb in whole.get(work.cause or 0, frozenset())
                row = _held_row(session, work, decision, verb)
                rows.append(
                    {
                        **row,
                        "cause": work.cause if of_cause else None,
                        "approved_at": session.clock() if verb in said else None,
                    }
                )
        conn.execute(insert(table), rows)
        for work, _, _ in held:
            postpone(conn, session, work, Stand.WAITING, Reason.HELD)


def _held_row(session: Session, work: Work, decision: Decision, verb: Bounded) -> dict[str, object]:
    return {
        **session.ours,
        "subject": work.subject,
        "verb": verb.value,
        "crm_version": work.case.crm.version,
        "remote_version": work.case.item.version,
        "name": line(session.policy.kind, work, decision).name,
        "reason": _why(session, decision).value,
        "at": session.clock(),
    }


def _why(session: Session, decision: Decision) -> Reason:
    return Reason.EMPTIED if _emptying(session, decision) else decision.reason


@dataclass(frozen=True, slots=True)
class Which:
    """What a person speaks of: these records and items, one sort, one cause; or simply all."""

    subjects: Sequence[str] | None = None
    verb: Bounded | None = None
    cause: int | None = None

    def where(self, mailbox_id: int) -> ColumnElement[bool]:
        """The rows that wait for this."""
        mine = (table.c.mailbox_id == mailbox_id) & table.c.approved_at.is_(None)
        mine &= table.c.discarded_at.is_(None)
        if self.subjects is not None:
            mine &= table.c.subject.in_(self.subjects)
        if self.verb is not None:
            mine &= table.c.verb == self.verb.value
        return mine if self.cause is None else mine & (table.c.cause == self.cause)


ALL = Which()


def approve(conn: Connection, mailbox_id: int, at: datetime, which: Which = ALL) -> int:
    """Approve what is held for a mailbox; how many operations it is."""
    return _judge(conn, which.where(mailbox_id), mailbox_id, approved_at=at)


def discard_held(conn: Connection, mailbox_id: int, at: datetime, which: Which = ALL) -> int:
    """Decide against what is held for a mailbox, but for what is private (P7); how many it is."""
    mine = which.where(mailbox_id) & (table.c.verb != Bounded.WITHDRAW)
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


def mark_approved(session: Session, tasks: Sequence[Task]) -> None:
    """Note on each task whether a person approved it: such do not count against the day again."""
    with session.read() as conn:
        approvals = _verdicts(_rows(conn, session), table.c.approved_at.name)
    for task in tasks:
        said = _said(session, approvals, task.work, task.decision)
        task.approved = task.decision.reason in _TURNED or bool(said)


# What becomes of what a person did not want, and what a person wants back.
_TURNED = (Reason.DISCARDED, Reason.PUT_BACK, Reason.RECREATED)
# Subject, versions and reason: the sorts that a person spoke of.
_Verdicts = Mapping[tuple[str, int, str, str], set[Bounded]]


def _said(
    session: Session, verdicts: _Verdicts, work: Work, decision: Decision
) -> frozenset[Bounded]:
    """What of a decision a person spoke of: of just this, for just this reason."""
    if not verdicts:
        return frozenset()
    case, why = work.case, _why(session, decision).value
    at = (work.subject, case.crm.version, case.item.version, why)
    return bounded(decision) & verdicts.get(at, set())


def _rows(conn: Connection, session: Session) -> list[Row[Any]]:
    """What is or was held here, and is not carried out yet."""
    return list(conn.execute(select(table).where(session.mine(table))))


def _verdicts(rows: Iterable[Row[Any]], column: str) -> _Verdicts:
    """What was approved, or decided against: where this column says when."""
    verdicts: dict[tuple[str, int, str, str], set[Bounded]] = defaultdict(set)
    for row in rows:
        if getattr(row, column) is not None:
            at = (row.subject, row.crm_version, row.remote_version, row.reason or "")
            verdicts[at].add(Bounded(row.verb))
    return verdicts


def _held_before(rows: Iterable[Row[Any]]) -> dict[str, set[Bounded]]:
    """By subject, the verbs that are held, or were approved for other versions than now."""
    before: dict[str, set[Bounded]] = defaultdict(set)
    for row in rows:
        before[row.subject].add(Bounded(row.verb))
    return before
