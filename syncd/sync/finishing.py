"""The end of a run is noted: how it went, when the next one is, and that the mailbox is free."""

from __future__ import annotations

from datetime import datetime

import structlog
from sqlalchemy import Engine

from syncd.crm import database
from syncd.settings.policies import MailboxPolicy
from syncd.sync import alerts, chronicle, leases, mailboxes, probing
from syncd.sync.errand import Errand
from syncd.sync.leases import Lease
from syncd.sync.mailboxes import MailboxRow, StoreTrouble
from syncd.sync.report import Outcome, RunReport

log = structlog.get_logger("syncd")

BY_HAND = "command"  # the cause of a run that somebody typed


def finish(
    engine: Engine,
    row: MailboxRow,
    policy: MailboxPolicy,
    report: RunReport,
    lease: Lease,
    errand: Errand,
    now: datetime,
) -> Exception | None:
    """Note the end of a run. The error for which that cannot be done: it hides no other one.

    The lease then ends by itself, and the next run tells that this one was cut off.
    """
    try:
        _note(engine, row, policy, report, lease, errand, now)
    except database.UNUSABLE as error:
        log.warning("the end of a run cannot be noted", cause=database.cause_of(error))
        if not report.error:
            report.failed(StoreTrouble(row, error))
        return error
    return None


def _note(
    engine: Engine,
    row: MailboxRow,
    policy: MailboxPolicy,
    report: RunReport,
    lease: Lease,
    errand: Errand,
    now: datetime,
) -> None:
    if report.error:  # it was cut short, and has not told how all of it stands
        with database.read(engine) as conn:
            report.counters = mailboxes.counters(conn, row.id)
    failed = report.outcome is Outcome.FAILED
    held = report.first_contact or report.claim is not None
    synced = not failed and not report.stopped and not held
    with database.write(engine) as conn:
        chronicle.end(conn, report, now)
        # Who lost the lease says nothing of the mailbox: another process runs it now. Nor does a
        # store that was restarted: the mailbox is as due as it was, and has not failed.
        if leases.release(conn, lease) and errand.schedules and not report.forgotten:
            alerts.after_run(conn, row, report, now)
            due_at = now + chronicle.gap(row, policy, report)
            if failed and errand.cause == BY_HAND and not report.retry_after and row.due > now:
                due_at = min(due_at, row.due)  # who tries in between puts off nothing
            mailboxes.finish(
                conn, row.id, due_at=due_at, failed=failed, throttled=report.throttled,
                trouble=report.error, success=now if synced else None,
            )  # fmt: skip
            if synced:
                mailboxes.go_live(conn, row.id)
            if not failed and not report.stopped:
                probing.passed(conn, row, now)
