"""One run of one kind in one mailbox: observe, decide, journal, execute, settle.

A reader can follow one contact with a finger: the CRM's change feed and Outlook's changes become
observations (`observe`), these become cases (`gather`), cases become decisions (`reconcile`),
decisions are bounded (`guard`), applied to the CRM (`apply`) and to the mailbox (`execute`), and
what both sides then hold becomes the new images (`settling`).
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from sqlalchemy import Connection, select

from syncd.model.fields import Side
from syncd.model.policy import Track
from syncd.outlook.errors import Failure, MailboxError, Scope, Sort
from syncd.outlook.port import FolderRef
from syncd.reconcile.claim import Finding
from syncd.reconcile.decide import Decision, Stand, decide
from syncd.reconcile.facts import LinkState
from syncd.reconcile.reasons import Reason
from syncd.sync import (
    accounting,
    claims,
    doubles,
    guard,
    links,
    observe,
    oscillation,
    questions,
)
from syncd.sync.apply import apply, foreseen
from syncd.sync.execute import execute
from syncd.sync.first_contact import ContactState, may_go, proposal, propose
from syncd.sync.gather import gather
from syncd.sync.loading import stirred
from syncd.sync.outage import Outage, of_reading, wait_out
from syncd.sync.recover import recover
from syncd.sync.report import FOR_A_PERSON, Doubt, Outcome, RunReport, called, line
from syncd.sync.session import Session
from syncd.sync.settling import Task, postpone, refuse
from syncd.sync.tables import observed
from syncd.sync.work import Work


class Mode(StrEnum):
    """`SYNC` does it; `PLAN` decides everything and touches neither side."""

    SYNC = "sync"
    PLAN = "plan"


def run(session: Session, *, mode: Mode, report: RunReport) -> None:
    """Carry out one run and tell of it in `report`.

    Raises MailboxError for what concerns more than single items, after settling what was done.
    """
    there = _observe_outlook(session, report, create=mode is Mode.SYNC)
    observe.crm(session)
    in_doubt = recover(session)
    with session.read() as conn:
        state = session.state(conn)
    first = ContactState(state.contact_state)
    onboarding = first is not ContactState.DONE
    if first is ContactState.PROPOSED and mode is Mode.SYNC and not stirred(session):
        report.proposal = state.proposal  # nothing is new: the totals stand, and wait
        _tell(session, report)
        return
    whole = mode is Mode.PLAN or onboarding
    writing = mode is Mode.SYNC and first in (ContactState.APPROVED, ContactState.DONE)
    cases = gather(session, in_doubt, parked=whole, writing=writing)
    out = of_reading(session, cases)
    decided = _decide(session, cases, out)
    if whole:
        decided = foreseen(session, decided)
    report.in_doubt += [
        Doubt(called(session.policy.kind, work), work.waits, work.could_be)
        for work in cases
        if work.waits in accounting.QUESTIONS
    ]
    report.lines += [line(session.policy.kind, work, decision) for work, decision in decided]
    if onboarding:
        report.proposal = proposal(cases, decided)
    if onboarding and first is not ContactState.APPROVED and there and not may_go(session):
        propose(session, decided, report.proposal)
    elif mode is Mode.SYNC:
        try:
            if state.claim_found is not None or any(_touches(*each) for each in decided):
                _claim(session, approved=first is ContactState.APPROVED)
        except claims.NotOurs:
            _tell(session, report)  # what was decided is decided anew once the folder is ours
            return
        _carry_out(session, decided, onboarding=onboarding)
        if state.former_id is not None:
            _leave_former_folder(session)
        if onboarding:
            _offer_category(session, report)
    else:
        _show_held(session, decided, report, onboarding=onboarding)
        if not onboarding and any(decision.verbs for _, decision in decided):
            seen = claims.look(session)
            report.claim = seen.finding if seen.finding in claims.HOLDS else None
    _tell(session, report)
    if out is not None and mode is Mode.SYNC:
        raise out  # only now: what needs no reading was not kept waiting for it (P10)


def _touches(work: Work, decision: Decision) -> bool:
    """Whether a decision writes anything, or ends a tie: a restored mailbox has ended none."""
    link = work.case.link
    live = link is not None and link.state is LinkState.LIVE
    return bool(decision.verbs) or (live and decision.link_state not in (None, LinkState.LIVE))


def _claim(session: Session, *, approved: bool) -> None:
    """Before anything is written, on either side: that the folder is ours to serve (P1, P3).

    Raises NotOurs. Who let the first sync begin was shown what is there, and said so.
    """
    if approved:
        seen = claims.look(session)
        if seen.finding in (Finding.FORGOTTEN, Finding.GONE):
            claims.take_over(session, seen)
    claims.check(session)


def _tell(session: Session, report: RunReport) -> None:
    """How all of it stands now."""
    with session.read() as conn:
        state = session.state(conn)
        waits = accounting.waits_for(conn, session, FOR_A_PERSON)
    report.counters.update(state.counters)
    report.claim = report.claim or claims.held_for(state.claim_found)
    report.first_contact = state.contact_state != ContactState.DONE
    disputed = state.counters.get("conflicts", 0)
    report.for_a_person = bool(waits or disputed or report.claim)
    report.questions = sum(waits[each] for each in accounting.QUESTIONS)
    report.only_by_hand = waits[Reason.ONLY_BY_HAND]
    if session.tally.failed:
        report.outcome = Outcome.PARTIAL
    else:
        report.outcome = Outcome.STOPPED if report.for_a_person else Outcome.OK


def _observe_outlook(session: Session, report: RunReport, *, create: bool) -> bool:
    """Read the synced folder; one that is gone under its id is sought once more by its name.

    Whether there is one: before the first sync a plan may find that it is yet to be made.
    """
    state = session.ensure_state()
    another = state.folder_id is None or state.folder != session.policy.folder
    if another and state.former_id is not None:
        # One move after the other: what the first left behind would count as moved away (P5).
        report.folder_waits, another = True, False
    spec, moving = session.policy.folder, 0
    if another and state.folder_id is not None:
        with session.read() as conn:
            moving = links.live(conn, session.key)
    if moving and not session.moves:
        # The folder stays: what is in step there could not come along, and would count as moved
        # away, or be made twice.
        report.folder_stays, another = state.folder, False
        spec = state.folder
    if another:
        if moving and not create:
            report.moving = moving  # a plan looks at the folder that is served until then
        elif not _find_folder(session, spec, state.folder_id, create=create):
            return False
    try:
        observe.outlook(session)
    except MailboxError as error:
        if error.sort is not Sort.GONE or error.scope is not Scope.FOLDER:
            raise
        # A mailbox that was moved or restored has other ids, and a user may have made a folder
        # anew. What was in it is then missing: to be confirmed one by one, and bounded (P5, P8).
        _find_folder(session, spec, state.folder_id, create=False)
        with session.read() as conn:
            if session.state(conn).folder_id == state.folder_id:
                raise
        observe.outlook(session)
    return True


def _leave_former_folder(session: Session) -> None:
    """Once everything has moved, the folder that was served before is its user's like any other."""
    missing = session.mine(observed) & observed.c.missing_since.is_not(None)
    with session.read() as conn:
        former = session.state(conn).former_id
        if conn.execute(select(observed.c.remote_id).where(missing).limit(1)).first() is not None:
            return
    # First on the server: forgotten first, our claim would stay on a folder that is its user's. Cut
    # off in between, the next run takes off what is gone already.
    claims.leave(session, former)
    with session.write() as conn:
        session.set_state(conn, former_id=None)


def _find_folder(session: Session, spec: str, known: str | None, *, create: bool) -> bool:
    """Find the synced folder by its name. Whether it is there, if none is known yet.

    Raises MailboxError when one was known, and there is none of its name any more.
    """
    found: FolderRef | None = session.port.folder(session.policy.kind, spec, create=create)
    if found is None and known is None:
        return False
    if found is None:
        raise MailboxError(Sort.GONE, Scope.FOLDER, "NoFolder", f"there is no folder {spec}")
    with session.read() as conn:
        another = known not in (None, found.id) and session.state(conn).folder != spec
    if another:
        claims.follow(session, found.id)
    with session.write() as conn:
        moved: dict[str, str | None] = {"cursor": None} if known not in (None, found.id) else {}
        if moved and session.state(conn).folder != spec:
            # What is in step there is not moved away by its user (P5): it is to come along.
            moved["former_id"] = session.state(conn).former_id or known
        session.set_state(conn, folder=spec, folder_id=found.id, **moved)
    return True


def _decide(
    session: Session, cases: Sequence[Work], out: Outage | None
) -> list[tuple[Work, Decision]]:
    rules = session.rules()
    decided: list[tuple[Work, Decision]] = []
    waiting: list[Work] = []
    for work in cases:
        if work.waits is not None:
            waiting.append(work)
            continue
        decision = doubles.decision() if work.double else decide(work.case, rules)
        decided.append((work, decision))
    if waiting:
        with session.write() as conn:
            for work in waiting:
                if out is not None and work.waits is Reason.RETRY and work.error == out.code:
                    wait_out(conn, session, work, Failure(out.sort, out.code, out.message))
                else:
                    _wait(session, conn, work)
    return oscillation.freeze(session, decided)


_LEFT_ALONE = (
    Reason.LEFT_SCOPE,
    Reason.AT_REST,
    Reason.REMEMBERED,
    Reason.IGNORED,
    Reason.NEVER,
)


def _wait(session: Session, conn: Connection, work: Work) -> None:
    assert work.waits is not None  # noqa: S101 - only such cases come here
    if work.waits in _LEFT_ALONE:
        accounting.drop_held(conn, session, [work.subject])
        questions.settle(conn, session, [work.subject])
        if work.remote_id is not None:
            accounting.set_observed(
                conn, session, work.remote_id, Stand.EXCLUDED, work.waits, unsettled=False
            )
        accounting.drop_noticed(conn, session, [work.crm_id or ""])
    elif work.waits is Reason.RETRY:
        refuse(conn, session, work, Reason.RETRY, work.error or "")
    else:
        postpone(conn, session, work, Stand.WAITING, work.waits, error=work.error)


def _carry_out(
    session: Session, decided: Sequence[tuple[Work, Decision]], *, onboarding: bool
) -> None:
    free, held = guard.divide(session, decided, onboarding=onboarding)
    guard.hold(session, held)
    tasks = [Task.of(work, decision) for work, decision in free]
    if onboarding:
        for task in tasks:
            task.approved = True  # who approved the onboarding saw how much it writes
        with session.write() as conn:
            # Before the first write: what a broken-off onboarding has left in the mailbox is no
            # reason to ask again. May be lost: the intent of that write is on disk after it, or no
            # write was made.
            session.set_state(conn, contact_state=ContactState.APPROVED.value)
    else:
        guard.mark_approved(session, tasks)
    settleable = [task for task in tasks if task.decision.stand is not Stand.WAITING]
    _keep_waiting(session, [task for task in tasks if task.decision.stand is Stand.WAITING])
    left = apply(session, settleable)
    execute(session, left)  # after the CRM: a value that is replaced in Outlook is kept by then
    if left:
        observe.outlook(session)  # drain: our own writes come back here, and are known (P4)
    if onboarding:
        with session.write() as conn:
            session.set_state(conn, contact_state=ContactState.DONE.value, proposal=None)


def _offer_category(session: Session, report: RunReport) -> None:
    """Have the category of tracking in Outlook's list, where the server lets us put it there."""
    policy = session.policy
    tracks = policy.track is Track.CATEGORY and policy.direction.speaks(Side.OUTLOOK)
    if tracks and not session.port.offer_category(policy.track_category):
        report.category_missing = policy.track_category


def _keep_waiting(session: Session, tasks: Sequence[Task]) -> None:
    if tasks:
        with session.write() as conn:
            for task in tasks:
                postpone(conn, session, task.work, Stand.WAITING, task.decision.reason)


def _show_held(
    session: Session,
    decided: Sequence[tuple[Work, Decision]],
    report: RunReport,
    *,
    onboarding: bool,
) -> None:
    """In a plan: say what the breaker would hold back."""
    _, held = guard.divide(session, decided, onboarding=onboarding)
    report.would_hold = len(held)
