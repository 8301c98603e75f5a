"""A failure that concerns more than single items: told, and kept to its scope (P10)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Engine

from syncd.crm import database
from syncd.outlook.errors import MailboxError, Scope, Sort
from syncd.settings.configuration import Configuration
from syncd.settings.policies import MailboxPolicy
from syncd.sync import account, alerts, chronicle, mailboxes, placing, probing
from syncd.sync.mailboxes import MailboxRow
from syncd.sync.outage import Outage
from syncd.sync.report import Outcome, RunReport


def contain(
    engine: Engine,
    configuration: Configuration | None,
    policies: Mapping[str, MailboxPolicy],
    row: MailboxRow,
    policy: MailboxPolicy,
    report: RunReport,
    error: MailboxError,
    now: datetime,
) -> None:
    """Tell of it in `report`, and suspend what must not be tried again by itself."""
    server = error.server if isinstance(error, placing.Unclear) else report.server
    server = server or policy.servers[0]
    refused = account.account_on(configuration, server)
    error = account.in_words(refused, row, error)
    report.outcome, report.error = Outcome.FAILED, str(error)
    report.todo = chronicle.todo(row, policy, server, error)
    report.retry_after = error.retry_after
    report.throttled = error.sort is Sort.THROTTLED
    report.unreachable = error.scope is Scope.SERVER
    report.outage = error.count if isinstance(error, Outage) else 0
    # Where there is one server alone, a person has to say where else the mailbox is.
    lost = error.sort is Sort.ELSEWHERE and len(policy.servers) == 1
    if not (error.sort is Sort.DENIED or lost) or row.state not in mailboxes.SERVED:
        return
    with database.write(engine, alone=True) as conn:
        if not mailboxes.suspend(conn, row.id, str(error)):
            return
        report.suspended = str(error)
        if error.scope is not Scope.CREDENTIAL:
            return
        again = not mailboxes.ends_with_a_sign_in(str(error))
        whose = probing.of(refused, row) if again else None
        if refused.is_shared_by(row):
            # A thousand more tries with a refused password lock the account.
            every = {each.name: each.servers for each in policies.values()}
            account.suspend(conn, refused, every, str(error), whose)
            alerts.others_suspended(conn, row, str(error), now)
        if whose is not None:
            probing.put_off(conn, row, whose, now)
