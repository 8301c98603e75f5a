"""Alerts: what somebody should look at, raised at the end of a run and over when its cause is gone.

One for each mailbox and cause, for as long as the cause lasts. One that was dismissed comes back
only when it gets worse, or anew.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    delete,
    func,
    insert,
    literal,
    literal_column,
    select,
    true,
    update,
)

from syncd.reconcile.breaker import Bounded
from syncd.reconcile.decide import Stand
from syncd.sync import catalogue
from syncd.sync.mailboxes import MailboxRow, MailboxState
from syncd.sync.report import Outcome, RunReport
from syncd.sync.tables import alert, conflict, held, mailbox, noticed, observed

FAILURES = 3  # in a row, before it is told: servers are restarted
ALIKE = 10  # items that fail for one reason
KEPT = timedelta(days=90)  # what is over


class Level(StrEnum):
    """How bad it is."""

    ERROR = "error"  # the mailbox is not in step, and will not be by itself
    WARNING = "warning"  # a part of it waits for a person
    INFO = "info"


class Code(StrEnum):
    """What is the matter. Stable: programs rely on the codes."""

    HELD = "held"
    FIRST_CONTACT = "first-contact"
    QUESTIONS = "questions"
    CONFLICTS = "conflicts"
    SUSPENDED = "suspended"
    FAILING = "failing"
    OUTAGE = "outage"
    QUARANTINED = "quarantined"
    LIKE_FAILURES = "like-failures"
    BROKEN_FILTER = "broken-filter"
    NO_FILTER = "no-filter"
    OTHER_INSTALLATION = "other-installation"  # rollout raises it, and ends it
    DIVERGENCE = "divergence"  # the audit raises these two, and ends them
    MISCOUNTED = "miscounted"
    CLAIM = "claim"  # the folder is not ours to serve: nothing is written


LEVELS: Mapping[Code, Level] = {
    Code.HELD: Level.WARNING,
    Code.FIRST_CONTACT: Level.INFO,
    Code.QUESTIONS: Level.WARNING,
    Code.CONFLICTS: Level.WARNING,
    Code.SUSPENDED: Level.ERROR,
    Code.FAILING: Level.ERROR,
    Code.OUTAGE: Level.ERROR,
    Code.QUARANTINED: Level.WARNING,
    Code.LIKE_FAILURES: Level.ERROR,
    Code.BROKEN_FILTER: Level.WARNING,
    Code.NO_FILTER: Level.WARNING,
    Code.OTHER_INSTALLATION: Level.WARNING,
    Code.DIVERGENCE: Level.WARNING,
    Code.MISCOUNTED: Level.WARNING,
    Code.CLAIM: Level.ERROR,
}
_NOT_OF_A_RUN = frozenset({Code.OTHER_INSTALLATION, Code.DIVERGENCE, Code.MISCOUNTED})
# What a run knows of that did not come to its end; of all else it says nothing new.
_OF_THE_RUN = (Code.SUSPENDED, Code.FAILING, Code.OUTAGE)


@dataclass(frozen=True, slots=True)
class Cause:
    """Something that is the matter now. `count`: how much of it; `details` are for its text."""

    code: Code
    count: int
    details: Mapping[str, object] = field(default_factory=dict)


def after_run(conn: Connection, row: MailboxRow, report: RunReport, at: datetime) -> None:
    """Raise, move and end the alerts of a mailbox by what a run has left behind."""
    if not row.alerted and _is_sound(report):
        return  # a cycle without anything to tell asks nothing
    known = conn.execute(_known(row.id)).all()
    open_: dict[Code, Row[Any]] = {Code(r.code): r for r in known if r.code is not None}
    whole = report.outcome is not Outcome.FAILED and not report.stopped
    causes = {each.code: each for each in _causes(conn, row, report, known[0].conflicts)}
    told = set(Code) - _NOT_OF_A_RUN if whole else set(_OF_THE_RUN)
    if report.stopped:
        told = set()
    for code in told:
        cause, before = causes.get(code), open_.get(code)
        if cause is None:
            if before is not None:
                _move(conn, before.id, {"over_at": at})
        elif before is None:
            _raise(conn, row.id, cause, at)
        else:
            _go_on(conn, before, cause, at)


def after_audit(
    conn: Connection, row: MailboxRow, found: Mapping[Code, Mapping[str, int]], at: datetime
) -> None:
    """Raise, move and end what audits tell: by code how much of each sort; nothing ends it."""
    known = conn.execute(_known(row.id)).all()
    open_: dict[Code, Row[Any]] = {Code(r.code): r for r in known if r.code is not None}
    for code, sorts in found.items():
        before, count = open_.get(code), sum(sorts.values())
        told = ", ".join(f"{name}: {n}" for name, n in sorted(sorts.items()))
        cause = Cause(code, count, {"sorts": told})
        if not count:
            if before is not None:
                _move(conn, before.id, {"over_at": at})
        elif before is None:
            _raise(conn, row.id, cause, at)
        else:
            _go_on(conn, before, cause, at)


def _is_sound(report: RunReport) -> bool:
    """Whether a run found nothing to decide, and nothing that waits or was set aside."""
    waits = report.first_contact or report.questions or report.lines or report.tally.failed
    counted = report.counters["held"] or report.counters["quarantined"]
    filters = report.broken_filters or report.without_filter or report.claim
    failed = report.outcome is Outcome.FAILED
    return not (waits or counted or filters or failed)


def others_suspended(conn: Connection, row: MailboxRow, error: str, at: datetime) -> None:
    """Raise it for mailboxes that were suspended together with another one: they do not run."""
    told = select(alert.c.mailbox_id).where(
        alert.c.code == Code.SUSPENDED, alert.c.over_at.is_(None), alert.c.mailbox_id.is_not(None)
    )
    query = select(mailbox.c.id).where(
        mailbox.c.state == MailboxState.SUSPENDED.value,
        mailbox.c.trouble == error,
        mailbox.c.id != row.id,
        mailbox.c.id.not_in(told),
    )
    for each in list(conn.scalars(query)):
        _raise(conn, each, Cause(Code.SUSPENDED, 1, {"error": error}), at)


def _known(mailbox_id: int) -> Any:  # noqa: ANN401 - a query of no fixed row
    """In one statement: the alerts that are not over, and how many conflicts are open."""
    open_: ColumnElement[str] = literal_column(
        "'open'"
    )  # as the index says it, else SQLite does not use it
    mine = (conflict.c.mailbox_id == mailbox_id) & (conflict.c.state == open_)
    conflicts = select(func.count()).select_from(conflict).where(mine).scalar_subquery()
    always = select(literal(1).label("one")).subquery()
    lasting = (alert.c.mailbox_id == mailbox_id) & alert.c.over_at.is_(None)
    return select(conflicts.label("conflicts"), alert).select_from(always.outerjoin(alert, lasting))


def _causes(
    conn: Connection, row: MailboxRow, report: RunReport, conflicts: int
) -> Iterator[Cause]:
    if report.outcome is Outcome.FAILED:
        yield from _of_failure(conn, row, report)
        return
    if report.claim is not None:
        yield Cause(Code.CLAIM, 1, {"finding": report.claim.value})
    if report.first_contact:
        yield Cause(Code.FIRST_CONTACT, 1)
    elif report.questions:
        yield Cause(Code.QUESTIONS, report.questions)
    if report.counters["held"]:
        verbs = _held(conn, row.id)
        if count := sum(verbs.values()):
            yield Cause(Code.HELD, count, {"verbs": verbs})
    if names := report.broken_filters:
        yield Cause(Code.BROKEN_FILTER, len(names), {"names": ", ".join(names)})
    if report.without_filter:
        yield Cause(Code.NO_FILTER, 1)
    if conflicts:
        yield Cause(Code.CONFLICTS, conflicts)
    if count := report.counters["quarantined"]:
        yield Cause(Code.QUARANTINED, count)
    if report.tally.failed or report.counters["quarantined"]:
        yield from _alike(conn, row.id)


def _of_failure(conn: Connection, row: MailboxRow, report: RunReport) -> Iterator[Cause]:
    state = conn.scalar(select(mailbox.c.state).where(mailbox.c.id == row.id))
    said = {"error": report.error or ""}
    if state == MailboxState.SUSPENDED.value:
        yield Cause(Code.SUSPENDED, 1, said)
    elif report.outage:
        yield Cause(Code.OUTAGE, report.outage, said)  # at once: it is nothing that passes unseen
    elif row.failures + 1 >= FAILURES and not report.throttled:
        yield Cause(Code.FAILING, row.failures + 1, said)


def _held(conn: Connection, mailbox_id: int) -> dict[str, int]:
    """How many are held and neither let go nor decided against, by what the breaker counts."""
    waits = held.c.approved_at.is_(None) & held.c.discarded_at.is_(None)
    query = select(held.c.verb, func.count()).where(held.c.mailbox_id == mailbox_id, waits)
    return {row[0]: row[1] for row in conn.execute(query.group_by(held.c.verb))}


def _alike(conn: Connection, mailbox_id: int) -> Iterator[Cause]:
    """Many items that fail for one reason are one failure."""
    errors: dict[str, int] = {}
    for table, undecided in ((observed, observed.c.unsettled), (noticed, true())):
        stands: ColumnElement[bool] = table.c.stand.in_([Stand.WAITING, Stand.QUARANTINED])
        mine = (table.c.mailbox_id == mailbox_id) & undecided & stands & table.c.error.is_not(None)
        query = select(table.c.error, func.count()).where(mine)
        for error, n in conn.execute(query.group_by(table.c.error)):
            errors[error] = errors.get(error, 0) + n
    if not errors:
        return
    worst = max(errors, key=lambda each: (errors[each], each))
    if errors[worst] >= ALIKE:
        yield Cause(Code.LIKE_FAILURES, errors[worst], {"error": worst})


# --- the rows ------------------------------------------------------------------------------------


def _raise(conn: Connection, mailbox_id: int, cause: Cause, at: datetime) -> None:
    old = (alert.c.mailbox_id == mailbox_id) & (alert.c.code == cause.code)
    conn.execute(delete(alert).where(old, alert.c.over_at < at - KEPT))
    conn.execute(
        insert(alert).values(
            mailbox_id=mailbox_id,
            code=cause.code.value,
            level=LEVELS[cause.code].value,
            details={**cause.details, "count": cause.count},
            raised_at=at,
            last_at=at,
        )
    )


def _go_on(conn: Connection, before: Row[Any], cause: Cause, at: datetime) -> None:
    """It lasts. One that was dismissed comes back when there is more than there was then."""
    dismissed = before.details.get("dismissed")
    values: dict[str, object] = {"last_at": at}
    details = {**cause.details, "count": cause.count}
    if before.dismissed_at is not None and dismissed is not None:
        if cause.count > dismissed:
            values["dismissed_at"] = None
        else:
            details["dismissed"] = dismissed
    _move(conn, before.id, {**values, "details": details})


def _move(conn: Connection, alert_id: int, values: Mapping[str, object]) -> None:
    conn.execute(update(alert).where(alert.c.id == alert_id).values(**values))


# --- looking -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert. It is open while it is neither over nor dismissed."""

    id: int
    mailbox: str | None
    code: Code
    level: Level
    details: Mapping[str, Any]
    raised_at: datetime
    last_at: datetime
    dismissed_at: datetime | None
    over_at: datetime | None
    suspended: bool = False  # its mailbox is, now
    probed: bool = False  # what was refused to its mailbox is tried once in a while

    @property
    def open(self) -> bool:
        """Whether somebody should look at it."""
        return self.over_at is None and self.dismissed_at is None

    def sentence(self, language: str) -> str:
        """What is the matter."""
        verbs = self.details.get("verbs", {})
        seen = "; ".join(
            catalogue.text(f"seen.{verb}", language, count=n) for verb, n in sorted(verbs.items())
        )
        count = self.details.get("count", self.details.get("items"))
        values = {
            "count": count,
            **{n: self.details.get(n, "") for n in ("error", "names", "sorts")},
        }
        if self.code is Code.CLAIM:
            values["found"] = catalogue.text(f"claim.{self.details['finding']}", language)
        return catalogue.text(f"alert.{self.code}", language, **values, verbs=seen)

    def likely(self, language: str) -> tuple[str, ...]:
        """Where that likely comes from, by what the breaker counts."""
        verbs = sorted(self.details.get("verbs", {}))
        return tuple(catalogue.text(f"likely.{Bounded(verb)}", language) for verb in verbs)

    def advice(self, language: str) -> str:
        """What to do about it."""
        if self.code is Code.SUSPENDED and not self.suspended:
            return catalogue.text("together.resumed", language)
        tried = self.code is Code.SUSPENDED and self.probed
        advice = "together.probed-alone" if tried else f"advice.{self.code}"
        return catalogue.text(advice, language, mailbox=self.mailbox or "MAILBOX")


_ORDER = {level: at for at, level in enumerate(Level)}


def every(conn: Connection, *, closed: bool = False) -> list[Alert]:
    """The open alerts, the worst first; with `closed` those that are over or dismissed, too."""
    query = select(alert, mailbox.c.address, mailbox.c.state, mailbox.c.probe_at).outerjoin(
        mailbox, mailbox.c.id == alert.c.mailbox_id
    )
    if not closed:
        query = query.where(alert.c.over_at.is_(None), alert.c.dismissed_at.is_(None))
    found = [
        Alert(
            row.id,
            row.address,
            Code(row.code),
            Level(row.level),
            row.details,
            row.raised_at,
            row.last_at,
            row.dismissed_at,
            row.over_at,
            row.state == MailboxState.SUSPENDED.value,
            row.probe_at is not None,
        )
        for row in conn.execute(query)
    ]
    return sorted(found, key=lambda each: (_ORDER[each.level], each.mailbox or "", each.id))


def dismiss(
    conn: Connection, at: datetime, *, alert_id: int | None = None, mailbox_id: int | None = None
) -> int:
    """Put open alerts away: the one of this id, those of a mailbox, or all. How many there were."""
    query = select(alert.c.id, alert.c.details).where(
        alert.c.over_at.is_(None), alert.c.dismissed_at.is_(None)
    )
    if alert_id is not None:
        query = query.where(alert.c.id == alert_id)
    if mailbox_id is not None:
        query = query.where(alert.c.mailbox_id == mailbox_id)
    rows = conn.execute(query).all()
    for row in rows:
        details = {**row.details, "dismissed": row.details.get("count", 0)}
        _move(conn, row.id, {"dismissed_at": at, "details": details})
    return len(rows)


def counted(conn: Connection) -> Mapping[int, int]:
    """How many alerts are open, by mailbox."""
    query = select(alert.c.mailbox_id, func.count()).where(
        alert.c.over_at.is_(None), alert.c.dismissed_at.is_(None), alert.c.mailbox_id.is_not(None)
    )
    return {row[0]: row[1] for row in conn.execute(query.group_by(alert.c.mailbox_id))}
