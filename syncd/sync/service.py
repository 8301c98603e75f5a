"""The sync service: runs mailboxes under a lease, and keeps one failure from touching another."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID, uuid4

import structlog
from sqlalchemy import Connection, Engine

from syncd.crm import database
from syncd.crm.access import Access
from syncd.crm.clock import StoreClock
from syncd.crm.custom import declare, kinds_of
from syncd.crm.records import STORED
from syncd.crm.stored import StoredKind
from syncd.model.kinds import Kind
from syncd.outlook.errors import MailboxError
from syncd.outlook.port import Mailbox
from syncd.settings.configuration import Audit, Configuration, Journal
from syncd.settings.policies import MailboxPolicy, compile_policies, policy_for
from syncd.sync import (
    audit,
    chronicle,
    due,
    finishing,
    leases,
    mailboxes,
    placing,
    probing,
    retention,
    rollout,
    scoping,
    snapshots,
    user_filters,
    user_settings,
)
from syncd.sync.causes import Counting
from syncd.sync.connect import Connector
from syncd.sync.containing import contain
from syncd.sync.due import Served
from syncd.sync.errand import Act, Errand
from syncd.sync.leases import Lease
from syncd.sync.mailboxes import MailboxProblem, MailboxRow, Misconfigured, StoreTrouble
from syncd.sync.placing import Connect, Place
from syncd.sync.report import Outcome, RunReport
from syncd.sync.ruling import Ruling
from syncd.sync.run import Mode, run
from syncd.sync.serving import Serving
from syncd.sync.session import Progress, Stopped, quiet
from syncd.sync.waking import Waker

log = structlog.get_logger("syncd")

UNTIL_PUT_RIGHT = timedelta(minutes=5)  # of a mailbox whose policy says nothing of it
KEEP = Journal().keep
AUDITS = Audit()


@dataclass
class SyncService:
    """Runs mailboxes. `connect` opens one on a server; `policies` are the compiled ones by name.

    `keep` is for how long the journal keeps what was done; `audits`: how much is looked at again.
    """

    engine: Engine
    policies: Mapping[str, MailboxPolicy]
    connect: Connect
    clock: Callable[[], datetime] = database.utcnow
    stored: Mapping[str, StoredKind[Kind]] = field(default_factory=lambda: STORED)
    new_key: Callable[[], UUID] = uuid4
    progress: Progress = quiet
    keep: timedelta = KEEP
    audits: Audit = AUDITS
    configuration: Configuration | None = None  # for what users set; without one they set nothing
    _waker: Waker = field(init=False)

    def __post_init__(self) -> None:
        # What another configuration changes is asked for each time.
        self._waker = Waker(self.engine, lambda: self.stored, self.clock, lambda: self.policies)

    def begin(self) -> None:
        """See to it that a shorter interval holds at once, and name what cannot be served."""
        with database.write(self.engine, alone=True) as conn:
            self._set_clock(conn)
            leases.free_the_dead(conn)
            for name, policy in self.policies.items():
                due.bring_forward(conn, name, self.clock() + policy.interval)
            due.bring_audits_forward(conn, self.clock() + self.audits.every)
            rows = mailboxes.every(conn)
        if lost := [row.id for row in rows if row.policy not in self.policies]:
            log.warning("the configuration lacks the policy of these mailboxes", mailboxes=lost)
        of_nothing = self.policies.keys() - set(self._served().policies)
        if idle := [row.id for row in rows if row.policy in of_nothing]:
            log.warning("the policy of these mailboxes names no kind of record", mailboxes=idle)

    def reconfigure(self, configuration: Configuration) -> None:
        """Go by another configuration from the next run on; what runs ends under the old one."""
        declare(self.engine, configuration.custom)
        self.stored = kinds_of(self.engine)
        self.policies = compile_policies(configuration)
        self.connect = Connector(configuration).open_on
        self.configuration = configuration
        self.keep, self.audits = configuration.journal.keep, configuration.audit
        self.begin()

    def due(self, limit: int) -> Sequence[str]:
        """The addresses of mailboxes that are due now and that nobody runs."""
        self._waker.wake()
        with database.read(self.engine) as conn:
            self._set_clock(conn)
            found = due.due(conn, self.clock(), self._served(), limit)
            died = leases.held_by_the_dead(conn)
            refused = probing.waiting(conn, self.clock(), self._served())
        if refused:
            with database.write(self.engine, alone=True) as conn:
                # With the next look it is due, as any other.
                probing.begin(conn, self.clock(), self._served())
        if died:
            with database.write(self.engine, alone=True) as conn:
                leases.free_the_dead(conn)
        return found

    def _served(self) -> Served:
        return Served.of(self.policies.values())

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

        Raises MailboxProblem when there is no such mailbox; and one of `database.UNUSABLE` when the
        store is in such trouble that not even the end of the run can be noted.
        """
        errand = Errand(cause, partial(run, mode=mode), mode is Mode.SYNC, self._may_run)
        return self._send(address, errand, stop, run_id)

    def leave(self, address: str, act: Act) -> RunReport:
        """Do something in a mailbox that is about to leave, in whatever state it is.

        As a run it is told of, journalled, and alone. Raises MailboxProblem as `run` does.
        """
        errand = Errand("offboard", act, schedules=False, admits=lambda _row, _policy: None)
        return self._send(address, errand)

    def visit(self, address: str, cause: str, act: Act) -> RunReport:
        """Do something in a mailbox that is served, beside its syncs and never during one.

        As a run it is told of, and journalled. Raises MailboxProblem as `run` does.
        """
        return self._send(address, Errand(cause, act, schedules=False, admits=self._may_run))

    def audits_due(self, limit: int) -> Sequence[str]:
        """The addresses of mailboxes whose audit is due and that nobody runs."""
        if not self.audits.items:
            return []
        with database.read(self.engine) as conn:
            self._set_clock(conn)
            return due.audits_due(conn, self.clock(), self._served(), limit)

    def audit(
        self,
        address: str,
        *,
        stop: threading.Event | None = None,
        run_id: str | None = None,
    ) -> RunReport:
        """Look again at the next links of a mailbox, as many and as often as the settings say.

        It writes to neither side. Raises MailboxProblem when there is no such mailbox.
        """
        act, every = partial(audit.audit, items=self.audits.items), self.audits.every
        errand = Errand(audit.CAUSE, act, schedules=False, admits=self._may_run, again=every)
        return self._send(address, errand, stop, run_id)

    @contextmanager
    def looking(self, address: str) -> Iterator[tuple[MailboxPolicy, Mailbox]]:
        """A mailbox opened to be read, in whatever state it is; nothing of it is stored.

        Raises MailboxProblem when there is none, its user has not agreed to it, or its items go by
        other ids than those that are kept.
        """
        with self.trying(address) as (row, policy, place):
            if row.backend not in (None, place.port.backend):
                raise MailboxProblem(
                    f"it is on the server {place.server} now, and was not synced there yet",
                    f"Sync it first: syncd sync {row.address}",
                )
            yield policy, place.port

    @contextmanager
    def trying(self, address: str) -> Iterator[tuple[MailboxRow, MailboxPolicy, Place]]:
        """As `looking`, wherever the mailbox is: what is kept of it may go by other ids."""
        with database.read(self.engine) as conn:
            row = mailboxes.get(conn, address)
            settings = user_settings.of(conn, row.id)
        policy = self._policy(row, settings)
        rollout.require_consent(row, policy.consent)
        place = placing.place(row, policy, self.connect, sure=True)
        try:
            yield row, policy, place
        finally:
            place.port.close()

    def _send(
        self,
        address: str,
        errand: Errand,
        stop: threading.Event | None = None,
        run_id: str | None = None,
    ) -> RunReport:
        with database.read(self.engine) as conn:
            self._set_clock(conn)
            row = mailboxes.get(conn, address)
            settings = user_settings.of(conn, row.id)
        report = RunReport(row.address, run_id or uuid4().hex[:12])
        with structlog.contextvars.bound_contextvars(run=report.run, mailbox=row.id):
            try:
                policy = self._policy(row, settings)
                lease = self._take(row, policy, errand)
            except MailboxProblem as problem:
                report.failed(problem)
                if isinstance(problem, Misconfigured):
                    self._put_off(row, errand)
                with database.read(self.engine) as conn:  # as it stands, though nothing is done
                    report.counters = mailboxes.counters(conn, row.id)
                chronicle.log(report)
            else:
                try:
                    self._run(row, policy, lease, report, errand, stop or threading.Event())
                finally:
                    chronicle.log(report)  # whatever the store did to its end
        return report

    def _run(
        self,
        row: MailboxRow,
        policy: MailboxPolicy,
        lease: Lease,
        report: RunReport,
        errand: Errand,
        stop: threading.Event,
    ) -> None:
        begun = time.monotonic()
        broken: Exception | None = None
        try:
            with database.write(self.engine) as conn:
                installation = mailboxes.installation(conn)
                access = Access.of(conn, row.user_id)
                chronicle.begin(conn, row, report, errand.cause, self.clock())
                for kind, scoped in policy.kinds.items():
                    user_filters.ensure(conn, row.id, kind, scoped.templates, self.clock())
            Serving(
                self.engine,
                self.connect,
                self.stored,
                self.clock,
                self.new_key,
                self.progress,
                self._counting,
                installation,
                access,
                policy,
                lease,
                report,
                errand,
                stop,
            ).run(row)
        except MailboxError as error:
            contain(
                self.engine, self.configuration, self.policies, row, policy, report, error,
                self.clock(),
            )  # fmt: skip
        except Stopped:
            report.outcome, report.stopped = Outcome.PARTIAL, True
            report.error = "syncd was stopped; the rest is for the next run"
        except MailboxProblem as problem:
            report.failed(problem)
        except database.UNUSABLE as error:
            # Nothing was sent since: each write is announced in the store before it goes out.
            log.warning("the store failed in the middle of a run", cause=database.cause_of(error))
            report.failed(StoreTrouble(row, error))
            broken = error
        finally:
            report.seconds = time.monotonic() - begun
            unnoted = finishing.finish(
                self.engine, row, policy, report, lease, errand, self.clock()
            )
        if unnoted is not None:
            raise broken or unnoted

    @staticmethod
    def _may_run(row: MailboxRow, policy: MailboxPolicy) -> None:
        """Whether a mailbox is served, and its user agrees. Raises MailboxProblem."""
        if row.state in mailboxes.UNAPPROVED:
            raise mailboxes.not_approved(row)
        if row.state not in mailboxes.SERVED:
            raise mailboxes.Resting(row)
        rollout.require_consent(row, policy.consent)

    def _take(self, row: MailboxRow, policy: MailboxPolicy, errand: Errand) -> Lease:
        """The lease of a mailbox that is to be run. Raises MailboxProblem when it may not be."""
        errand.admits(row, policy)
        with database.write(self.engine) as conn:
            lease = leases.acquire(conn, row.id, self.clock())
            # Once more, as it stands under the lease: its user may have said no just now.
            errand.admits(mailboxes.get(conn, row.address), policy)
            if lease is not None and errand.again is not None:
                # First: one that fails, and be it at the door, is not tried again at once.
                due.audit_again(conn, row.id, self.clock() + errand.again)
        if lease is None:
            until = row.lease_until or self.clock()
            raise MailboxProblem(
                "it is being synced by another process",
                "Try again when that is done; if it was killed, that ends by itself at "
                f"{until.astimezone():%H:%M:%S}.",
            )
        return lease

    def _put_off(self, row: MailboxRow, errand: Errand) -> None:
        """See to it that what nobody can do as it is configured is not due again at once."""
        policy, now = self.policies.get(row.policy), self.clock()
        with database.write(self.engine) as conn:
            if errand.schedules:
                wait = policy.interval if policy is not None else UNTIL_PUT_RIGHT
                due.put_off(conn, row.id, now, now + wait)
            if errand.again is not None:
                due.audit_again(conn, row.id, now + errand.again)

    def _set_clock(self, conn: Connection) -> None:
        """Go by the store's clock: a lease is worth what all who ask for it agree on."""
        if isinstance(self.clock, StoreClock):
            self.clock.ask(conn)

    def tidy(self) -> None:
        """Delete what is old, and what nothing refers to. Reads whole tables: once a day.

        And let each mailbox's next run ask for all that belongs in it, not for what changed alone.
        """
        removed = retention.forget_old(self.engine, self.clock() - self.keep)
        with database.write(self.engine, alone=True) as conn:
            count = snapshots.collect(conn)
            mailboxes.audit_scopes(conn)
        log.info("tidied", snapshots=count, **removed)

    def _counting(self, rules: Ruling) -> Counting:
        """How what concerns all mailboxes is counted."""
        stored, policies = rules.rights.stored, self.policies
        return Counting(
            stored,
            lambda conn: scoping.of_all(conn, policies, stored),
            self.clock().date(),
            rules.policy.limits.cause,
        )

    def _policy(self, row: MailboxRow, settings: Mapping[str, object]) -> MailboxPolicy:
        """What holds for a mailbox, with what its user has set."""
        policy, configuration = self.policies.get(row.policy), self.configuration
        if policy is not None and configuration is not None and settings:
            policy = policy_for(configuration, row.policy, settings).policy
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


def open_service(configuration: Configuration, engine: Engine) -> SyncService:
    """The service of a configuration, over its store."""
    declare(engine, configuration.custom)
    return SyncService(
        engine,
        compile_policies(configuration),
        Connector(configuration).open_on,
        StoreClock(),
        kinds_of(engine),
        keep=configuration.journal.keep,
        audits=configuration.audit,
        configuration=configuration,
    )
