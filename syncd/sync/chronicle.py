"""What is kept of runs, and said of them: their beginning and end, and when the next one is."""

from __future__ import annotations

import logging
import random
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Connection, insert, update

from syncd.outlook.errors import MailboxError, Scope, Sort
from syncd.settings.policies import MailboxPolicy
from syncd.sync import placing
from syncd.sync.mailboxes import PROBED, SERVED, MailboxRow, ends_with_a_sign_in
from syncd.sync.report import Outcome, RunReport
from syncd.sync.tables import run as table

JITTER = 0.1  # of the interval, either way, so that mailboxes do not fall into step
MOST_SPREAD = 30.0  # seconds, after a pause that a server asked for
LONGEST_GAP = timedelta(hours=1)

_LOG = structlog.get_logger("syncd")


def begin(conn: Connection, row: MailboxRow, report: RunReport, cause: str, at: datetime) -> None:
    """A run begins."""
    report.started = True
    # Whoever holds the lease is alone: a run that did not end was cut off with its process.
    cut_off = (table.c.mailbox_id == row.id) & table.c.outcome.is_(None)
    told = {"outcome": Outcome.FAILED.value, "error": "the process ended in the middle of it"}
    conn.execute(update(table).where(cut_off).values(**told))
    begun = {"id": report.run, "mailbox_id": row.id, "cause": cause, "started": at}
    conn.execute(insert(table).values(**begun))


def end(conn: Connection, report: RunReport, at: datetime) -> None:
    """A run has ended."""
    done = {
        "ended": at,
        "outcome": report.outcome.value,
        "counts": report.counts(),
        "requests": report.requests,
        "subrequests": report.subrequests,
        "error": report.error,
    }
    conn.execute(update(table).where(table.c.id == report.run).values(**done))


def gap(row: MailboxRow, policy: MailboxPolicy, report: RunReport) -> timedelta:
    """Until the next run: the interval, longer after failures, never before the server asks.

    A server that asked for a pause is well: its mailbox goes on as soon as that is over.
    """
    if report.throttled and report.retry_after:
        spread = min(report.retry_after * JITTER, MOST_SPREAD)
        return timedelta(seconds=report.retry_after + random.uniform(0, spread))  # noqa: S311
    found = policy.interval
    if report.outcome is Outcome.FAILED:
        found = min(max(LONGEST_GAP, found), found * 2 ** min(row.failures, 10))
    found *= 1 + random.uniform(-JITTER, JITTER)  # noqa: S311 - spreads load, keeps no secret
    return max(found, timedelta(seconds=report.retry_after or 0))


def todo(row: MailboxRow, policy: MailboxPolicy, server: str, error: MailboxError) -> str:
    """What a person is to do about a failure on a server; mostly nothing."""
    # Whoever reads this typed a command: it is not known here whether the daemon runs.
    again = (
        f"Try again later: syncd sync {row.address}; where syncd run runs, it does so by itself."
    )
    if error.sort is Sort.ELSEWHERE and len(policy.servers) == 1:
        return placing.only(row, policy)
    if error.sort is Sort.DENIED and ends_with_a_sign_in(error.message):
        return "Then it goes on by itself."
    if error.sort is Sort.DENIED:
        probed = error.scope is Scope.CREDENTIAL and row.state in SERVED
        tried = f". {PROBED}" if probed else ""
        return f"Put that right, then: syncd resume {row.address}{tried}"
    if error.scope is Scope.SERVER and error.sort is not Sort.THROTTLED:
        return f"{again} Check [servers.{server}] if it lasts."
    if error.scope is Scope.FOLDER and error.sort is Sort.GONE:
        return "Bring the folder back, or name another one in the policy."
    return again


def log(report: RunReport) -> None:
    """One line a run; one that fails says why."""
    sound = report.outcome in (Outcome.OK, Outcome.STOPPED)
    _LOG.log(
        logging.INFO if sound else logging.WARNING,
        "run ended" if report.started else "run refused",
        outcome=report.outcome.value,
        requests=report.requests,
        **({"subrequests": report.subrequests} if report.subrequests else {}),
        seconds=round(report.seconds, 3),
        outlook=dict(report.tally.outlook),
        crm=dict(report.tally.crm),
        **({"error": report.error} if report.error else {}),
        **_flat(report),
    )


def _flat(report: RunReport) -> dict[str, int]:
    names = ("in_step", "excluded", "quarantined", "waiting", "held")
    return {name: report.counters[name] for name in names}
