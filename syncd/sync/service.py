"""The sync service: runs mailboxes under a lease, and keeps one failure from touching another."""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import structlog
from sqlalchemy import Connection, Engine, insert, update

from syncd.crm import database
from syncd.crm.access import Access
from syncd.crm.clock import StoreClock
from syncd.crm.records import STORED
from syncd.crm.stored import StoredKind
from syncd.model.kinds import Kind
from syncd.model.policy import KindPolicy, Track
from syncd.model.values import canonical
from syncd.outlook.errors import MailboxError, Scope, Sort
from syncd.outlook.port import Mailbox
from syncd.settings.configuration import Configuration, Journal
from syncd.settings.policies import MailboxPolicy, compile_policies
from syncd.sync import mailboxes, retention, snapshots
from syncd.sync.connect import Connector
from syncd.sync.mailboxes import Lease, MailboxProblem, MailboxRow, MailboxState, Misconfigured
from syncd.sync.report import Outcome, RunReport
from syncd.sync.rights import Rights
from syncd.sync.run import Mode, run
from syncd.sync.session import Progress, Session, Stopped, quiet
from syncd.sync.tables import mailbox as mailbox_table
from syncd.sync.tables import run as run_table
from syncd.sync.waking import Waker

log = structlog.get_logger("syncd")

JITTER = 0.1  # of the interval, either way, so that mailboxes do not fall into step
LONGEST_GAP = timedelta(hours=1)
KEEP = Journal().keep

Connect = Callable[[MailboxRow, MailboxPolicy], Mailbox]


@dataclass
class SyncService:
    """Runs mailboxes. `connect` opens a mailbox; `policies` are the compiled ones by name.

    `keep` is for how long the journal keeps what was done.
    """

    engine: Engine
    policies: Mapping[str, MailboxPolicy]
    connect: Connect
    clock: Callable[[], datetime] = database.utcnow
    stored: Mapping[str, StoredKind[Kind]] = field(default_factory=lambda: STORED)
    new_key: Callable[[], UUID] = uuid4
    progress: Progress = quiet
    keep: timedelta = KEEP
    _waker: Waker = field(init=False)

    def __post_init__(self) -> None:
        self._waker = Waker(self.engine, self.stored, self.clock)

    def begin(self) -> None:
        """See to it that a shorter interval holds at once, and name what cannot be served."""
        with database.write(self.engine, alone=True) as conn:
            self._set_clock(conn)
            for name, policy in self.policies.items():
                mailboxes.bring_forward(conn, name, self.clock() + policy.interval)
            lost = [row.id for row in mailboxes.every(conn) if row.policy not in self.policies]
        if lost:
            log.warning("the configuration lacks the policy of these mailboxes", mailboxes=lost)

    def reconfigure(self, configuration: Configuration) -> None:
        """Go by another configuration from the next run on; what runs ends under the old one."""
        self.policies, self.connect = compile_policies(configuration), Connector(configuration)
        self.keep = configuration.journal.keep
        self.begin()

    def due(self, limit: int) -> Sequence[str]:
        """The addresses of mailboxes that are due now and that nobody runs."""
        self._waker.wake()
        with database.read(self.engine) as conn:
            self._set_clock(conn)
            return mailboxes.due(conn, self.clock(), self.policies, limit)

    def run(
        self,
        address: str,
        *,
        cause: str = "schedule",
        stop: threading.Event | None = None,
        mode: Mode = Mode.SYNC,
        run_id: str | None = None,
    ) -> RunReport:
        """Run one mailbox and tell how it went; whatever of it fails is told, not raised (P10).

        Raises MailboxProblem when there is no such mailbox.
        """
        with database.read(self.engine) as conn:
            self._set_clock(conn)
            row = mailboxes.get(conn, address)
        report = RunReport(row.address, run_id or uuid4().hex[:12])
        with structlog.contextvars.bound_contextvars(run=report.run, mailbox=row.id):
            try:
                policy = self._policy(row)
                lease = self._take(row)
            except MailboxProblem as problem:
                report.failed(problem)
            else:
                self._run(row, policy, lease, report, cause, stop or threading.Event(), mode)
            _log(report)
        return report

    def _run(
        self,
        row: MailboxRow,
        policy: MailboxPolicy,
        lease: Lease,
        report: RunReport,
        cause: str,
        stop: threading.Event,
        mode: Mode,
    ) -> None:
        begun = time.monotonic()
        try:
            with database.write(self.engine) as conn:
                installation = mailboxes.installation(conn)
                access = Access.of(conn, row.user_id)
                self._note_start(conn, row, report, cause)
            port = self.connect(row, policy)
            try:
                today = self.clock().date()
                for scoped in policy.kinds.values():
                    rights = Rights(access, self.stored[scoped.policy.kind.name])
                    narrowed = rights.narrowed(scoped.policy)
                    session = Session(
                        engine=self.engine,
                        port=port,
                        mailbox=row,
                        installation=installation,
                        policy=narrowed,
                        stored=rights.stored,
                        rights=rights,
                        where=rights.within(scoped.filter.where(row.user_id, today=today)),
                        rules_text=_rules_text(narrowed, scoped.filter.text, rights),
                        run_id=report.run,
                        lease=lease,
                        clock=self.clock,
                        stop=stop,
                        new_key=self.new_key,
                        tally=report.tally,
                        progress=self.progress,
                    )
                    run(session, mode, report)
            finally:
                report.requests = port.requests
                port.close()
        except MailboxError as error:
            self._failed(row, policy, report, error)
        except Stopped:
            report.outcome, report.stopped = Outcome.PARTIAL, True
            report.error = "syncd was stopped; the rest is for the next run"
        except MailboxProblem as problem:
            report.failed(problem)
        finally:
            report.seconds = time.monotonic() - begun
            self._finish(row, policy, report, lease, mode)

    def _take(self, row: MailboxRow) -> Lease:
        """The lease of a mailbox that is to be run. Raises MailboxProblem when it may not be."""
        if row.state not in mailboxes.SERVED:
            raise MailboxProblem(
                row.state.value + (f": {row.trouble}" if row.trouble else ""),
                f"Let it go on with: syncd resume {row.address}",
            )
        with database.write(self.engine) as conn:
            lease = mailboxes.acquire(conn, row.id, self.clock())
        if lease is None:
            until = row.lease_until or self.clock()
            raise MailboxProblem(
                "it is being synced by another process",
                "Try again when that is done; if it was killed, its claim ends by itself at "
                f"{until.astimezone():%H:%M:%S}.",
            )
        return lease

    def _set_clock(self, conn: Connection) -> None:
        """Go by the store's clock: a lease is worth what all who ask for it agree on."""
        if isinstance(self.clock, StoreClock):
            self.clock.ask(conn)

    def tidy(self) -> None:
        """Delete what is old, and what nothing refers to. Reads whole tables: once a day."""
        removed = retention.forget_old(self.engine, self.clock() - self.keep)
        with database.write(self.engine, alone=True) as conn:
            count = snapshots.collect(conn)
        log.info("tidied", snapshots=count, **removed)

    def _policy(self, row: MailboxRow) -> MailboxPolicy:
        policy = self.policies.get(row.policy)
        if policy is None:
            raise Misconfigured(
                f"it has the policy {row.policy!r}, which the configuration lacks",
                f"Give it one: syncd users change {row.address} --policy NAME",
            )
        if not policy.kinds:
            raise Misconfigured(
                f"its policy {row.policy!r} names no kind of record, so there is nothing to sync",
                "See what it lacks: syncd config validate",
            )
        return policy

    def _note_start(self, conn: Connection, row: MailboxRow, report: RunReport, cause: str) -> None:
        report.started = True
        # Whoever holds the lease is alone: a run that did not end was cut off with its process.
        cut_off = (run_table.c.mailbox_id == row.id) & run_table.c.outcome.is_(None)
        conn.execute(
            update(run_table)
            .where(cut_off)
            .values(outcome=Outcome.FAILED.value, error="the process ended in the middle of it")
        )
        conn.execute(
            insert(run_table).values(
                id=report.run, mailbox_id=row.id, cause=cause, started=self.clock()
            )
        )

    def _failed(
        self, row: MailboxRow, policy: MailboxPolicy, report: RunReport, error: MailboxError
    ) -> None:
        """A failure that concerns more than single items: told, and kept to its scope (P10)."""
        report.outcome, report.error = Outcome.FAILED, str(error)
        report.todo = _todo(row, policy, error)
        report.retry_after = error.retry_after
        report.unreachable = error.scope is Scope.SERVER
        if error.sort is not Sort.DENIED:
            return
        with database.write(self.engine, alone=True) as conn:
            mailboxes.set_state(conn, row.id, MailboxState.SUSPENDED, str(error))
            if error.scope is Scope.CREDENTIAL and row.username is None:
                # A thousand more tries with a refused password lock the account.
                sharing = [p.name for p in self.policies.values() if p.server == policy.server]
                conn.execute(
                    update(mailbox_table)
                    .where(mailbox_table.c.policy.in_(sharing), mailbox_table.c.username.is_(None))
                    .where(mailbox_table.c.state.in_([s.value for s in mailboxes.SERVED]))
                    .values(state=MailboxState.SUSPENDED.value, trouble=str(error))
                )

    def _finish(
        self,
        row: MailboxRow,
        policy: MailboxPolicy,
        report: RunReport,
        lease: Lease,
        mode: Mode,
    ) -> None:
        now = self.clock()
        if report.error:  # it was cut short, and has not told how all of it stands
            with database.read(self.engine) as conn:
                report.counters = mailboxes.counters(conn, row.id)
        failed = report.outcome is Outcome.FAILED
        synced = not failed and not report.stopped and not report.first_contact
        with database.write(self.engine) as conn:
            done = {
                "ended": now,
                "outcome": report.outcome.value,
                "counts": report.counts(),
                "requests": report.requests,
                "error": report.error,
            }
            conn.execute(update(run_table).where(run_table.c.id == report.run).values(**done))
            # Who lost the lease says nothing of the mailbox: another process runs it now.
            if mailboxes.release(conn, lease) and mode is Mode.SYNC:
                due_at = now + self._gap(row, policy, report)
                mailboxes.finish(
                    conn, row.id, due_at=due_at, failed=failed, trouble=report.error,
                    success=now if synced else None,
                )  # fmt: skip
                if synced:
                    mailboxes.go_live(conn, row.id)

    def _gap(self, row: MailboxRow, policy: MailboxPolicy, report: RunReport) -> timedelta:
        """Until the next run: the interval, longer after failures, never before the server asks."""
        gap = policy.interval
        if report.outcome is Outcome.FAILED:
            gap = min(max(LONGEST_GAP, gap), gap * 2 ** min(row.failures, 10))
        gap *= 1 + random.uniform(-JITTER, JITTER)  # noqa: S311 - spreads load, keeps no secret
        return max(gap, timedelta(seconds=report.retry_after or 0))


def open_service(configuration: Configuration, engine: Engine) -> SyncService:
    """The service of a configuration, over its store."""
    policies = compile_policies(configuration)
    keep = configuration.journal.keep
    return SyncService(engine, policies, Connector(configuration), StoreClock(), keep=keep)


def _rules_text(policy: KindPolicy, filter_text: str, rights: Rights) -> str:
    """What links were made under; when it changes, what it bears on is decided anew."""
    said: dict[str, object] = {
        "folder": policy.folder,
        "filter": filter_text,
        "track": policy.track_category if policy.track is Track.CATEGORY else policy.track,
        "directions": {n: policy.direction_of(g) for n, g in policy.kind.groups.items()},
        "map": {n: g.place for n, g in policy.kind.groups.items()},
    }
    if rights.limited:
        said |= {
            "access": rights.access.digest(policy.kind.name),
            "creates": policy.creates,
        }
    return canonical(said)


def _todo(row: MailboxRow, policy: MailboxPolicy, error: MailboxError) -> str:
    """What a person is to do about a failure; mostly nothing."""
    if error.sort is Sort.DENIED:
        return f"Put that right, then: syncd resume {row.address}"
    if error.scope is Scope.SERVER and error.sort is not Sort.THROTTLED:
        return f"syncd tries again by itself; check [servers.{policy.server}] if it lasts."
    if error.scope is Scope.FOLDER and error.sort is Sort.GONE:
        return "Bring the folder back, or name another one in the policy."
    return "syncd tries again by itself."


def _log(report: RunReport) -> None:
    """One line a run; one that fails says why."""
    sound = report.outcome in (Outcome.OK, Outcome.STOPPED)
    log.log(
        logging.INFO if sound else logging.WARNING,
        "run ended" if report.started else "run refused",
        outcome=report.outcome.value,
        requests=report.requests,
        seconds=round(report.seconds, 3),
        outlook=dict(report.tally.outlook),
        crm=dict(report.tally.crm),
        **({"error": report.error} if report.error else {}),
        **_flat(report),
    )


def _flat(report: RunReport) -> dict[str, int]:
    names = ("in_step", "excluded", "quarantined", "waiting", "held")
    return {name: report.counters[name] for name in names}
