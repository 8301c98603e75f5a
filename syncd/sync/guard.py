"""The breaker at work (P8): what exceeds the limits is held before the first write of its sort.

An approval is bound to the held operations, item by item: record, verb and both versions. What
changed since is not what was approved, and is held anew.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Connection, CursorResult, Row, insert, select, update

from syncd.reconcile.breaker import BOUNDED, Bounded, bounded, tripped
from syncd.reconcile.decide import Decision, Stand, Verb
from syncd.reconcile.reasons import Reason
from syncd.sync import accounting, journal, links
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
        done: Counter[Bounded] = Counter()
        for verb, n in journal.executed(conn, session).items():
            if Verb(verb) in BOUNDED:
                done[BOUNDED[Verb(verb)]] += n
        approvals = _approvals(rows)
        asked = [(w, d) for w, d in decided if not _approved(approvals, w, d)]
        # Below these no share is asked for, and to count what is live costs by what there is.
        fewest = min(session.policy.limits.few, session.policy.limits.some + 1)
        live = links.live(conn, session.key) if len(asked) >= fewest else 0
    before = _held_before(rows)
    subjects = {work.subject for work, _ in asked}
    waiting = Counter(
        Bounded(r.verb) for r in rows if r.approved_at is None and r.subject not in subjects
    )
    over = tripped(
        [d for _, d in asked], session.policy.limits, live, done, waiting, onboarding=onboarding
    )
    # What is held stays held, whoever edits it meanwhile and however few are left: only a person
    # lets it go, or that there is nothing left to do.
    held = [
        (w, d, hit) for w, d in asked if (hit := bounded(d) & (over | before.get(w.subject, set())))
    ]
    keep = {id(w) for w, _, _ in held}
    return [(w, d) for w, d in decided if id(w) not in keep], held


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
                "reason": decision.reason.value,
                "at": session.clock(),
            }
            for work, decision, verbs in held
            for verb in sorted(verbs)
        ]
        conn.execute(insert(table), rows)
        for work, _, _ in held:
            postpone(conn, session, work, Stand.WAITING, Reason.HELD)


def approve(conn: Connection, mailbox_id: int, at: datetime) -> int:
    """Approve everything that is held for a mailbox; how many operations that is."""
    mine = (table.c.mailbox_id == mailbox_id) & table.c.approved_at.is_(None)
    done = conn.execute(update(table).where(mine).values(approved_at=at))
    for each in (observed, noticed):
        waits = (each.c.mailbox_id == mailbox_id) & (each.c.reason == Reason.HELD)
        conn.execute(update(each).where(waits).values(retry_at=None))
    return cast("CursorResult[Any]", done).rowcount


def mark_approved(session: Session, tasks: Sequence[Task]) -> None:
    """Note on each task whether a person approved it: such do not count against the day again."""
    with session.read() as conn:
        approvals = _approvals(_rows(conn, session))
    for task in tasks:
        task.approved = _approved(approvals, task.work, task.decision)


_Approvals = Mapping[tuple[str, int, str], set[str]]  # subject and versions: the verbs


def _approved(approvals: _Approvals, work: Work, decision: Decision) -> bool:
    """Whether a person approved just this: the same versions, and a verb that is still meant."""
    at = (work.subject, work.case.crm.version, work.case.item.version)
    return not approvals.get(at, set()).isdisjoint(bounded(decision))


def _rows(conn: Connection, session: Session) -> list[Row[Any]]:
    """What is or was held here, and is not carried out yet."""
    return list(conn.execute(select(table).where(session.mine(table))))


def _approvals(rows: Iterable[Row[Any]]) -> _Approvals:
    approvals: dict[tuple[str, int, str], set[str]] = {}
    for row in rows:
        if row.approved_at is not None:
            at = (row.subject, row.crm_version, row.remote_version)
            approvals.setdefault(at, set()).add(row.verb)
    return approvals


def _held_before(rows: Iterable[Row[Any]]) -> dict[str, set[Bounded]]:
    """By subject, the verbs that are held, or were approved for other versions than now."""
    before: dict[str, set[Bounded]] = defaultdict(set)
    for row in rows:
        before[row.subject].add(Bounded(row.verb))
    return before
