"""One run at work: the mailbox is opened where it is, and what it is taken for is done there."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Engine

from syncd.crm import database
from syncd.crm.access import Access
from syncd.crm.stored import StoredKind
from syncd.model.kinds import Kind
from syncd.outlook.errors import MailboxError, Sort
from syncd.outlook.port import Mailbox
from syncd.settings.policies import MailboxPolicy, ScopedKind
from syncd.sync import moving, placing
from syncd.sync.causes import Counting
from syncd.sync.errand import Errand
from syncd.sync.leases import Lease
from syncd.sync.mailboxes import Installation, MailboxRow
from syncd.sync.placing import Connect, Place
from syncd.sync.report import RunReport
from syncd.sync.ruling import Ruling, ruling
from syncd.sync.session import Progress, Session


@dataclass
class Serving:
    """What one run of one mailbox works with, whichever server that is on."""

    engine: Engine
    connect: Connect
    stored: Mapping[str, StoredKind[Kind]]
    clock: Callable[[], datetime]
    new_key: Callable[[], UUID]
    progress: Progress
    counting: Callable[[Ruling], Counting]
    installation: Installation
    access: Access
    policy: MailboxPolicy
    lease: Lease
    report: RunReport
    errand: Errand
    stop: threading.Event

    def run(self, row: MailboxRow) -> None:
        """Do the errand; where the mailbox has left its server, on the one that it is on now.

        Raises MailboxError, MailboxProblem, Stopped.
        """
        place = placing.place(row, self.policy, self.connect, left=self._count)
        try:
            self._run_on(place, row)
        except MailboxError as error:
            if error.sort is not Sort.ELSEWHERE or len(self.policy.servers) == 1:
                raise
            with database.write(self.engine) as conn:
                placing.forget(conn, row)
            if self.report.lines:  # it left in the middle of the run: the next one looks for it
                raise
            said = {place.server: error}
            place = placing.place(row, self.policy, self.connect, not_on=said, left=self._count)
            self._run_on(place, row)

    def _count(self, port: Mailbox) -> None:
        self.report.requests += port.requests
        self.report.subrequests += port.subrequests

    def _run_on(self, place: Place, row: MailboxRow) -> None:
        report = self.report
        report.server = place.server
        try:
            row = placing.known(self.engine, row, place, self.policy)
            for kind, scoped in self.policy.kinds.items():
                session, rules = self._session(place, row, kind, scoped)
                row = session.mailbox = moving.follow(session, self.stored)
                report.broken_filters += rules.broken
                report.without_filter |= rules.without_filter
                try:
                    self.errand.act(session, report=report)
                finally:
                    self.lease = session.lease  # how far it was prolonged, for the next kind
        finally:
            self._count(place.port)
            place.port.close()

    def _session(
        self, place: Place, row: MailboxRow, kind: str, scoped: ScopedKind
    ) -> tuple[Session, Ruling]:
        with database.read(self.engine) as conn:
            today = self.clock().date()
            rules = ruling(conn, row, scoped, self.access, self.stored[kind], today)
        session = Session(
            engine=self.engine,
            port=place.port,
            mailbox=row,
            installation=self.installation,
            policy=rules.policy,
            stored=rules.rights.stored,
            rights=rules.rights,
            where=rules.where,
            excluded=rules.excluded,
            unsure=rules.unsure,
            blind=rules.blind,
            rules_text=rules.text,
            run_id=self.report.run,
            lease=self.lease,
            clock=self.clock,
            stop=self.stop,
            new_key=self.new_key,
            tally=self.report.tally,
            progress=self.progress,
            counting=self.counting(rules),
        )
        return session, rules
