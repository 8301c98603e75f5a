"""What is looked over: the installation, one server of it, one mailbox on that server."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path

from sqlalchemy import Engine

from syncd.crm import database
from syncd.crm.clock import StoreClock
from syncd.model.policy import Consent
from syncd.outlook.port import Backend, Mailbox
from syncd.settings.configuration import Configuration
from syncd.settings.policies import MailboxPolicy, compile_policies
from syncd.settings.server import Server
from syncd.sync import mailboxes
from syncd.sync.doctor import opening
from syncd.sync.doctor.wire import Address
from syncd.sync.mailboxes import MailboxRow

SOON = timedelta(days=30)  # how long before its end a certificate is warned of


class StoreClosed(Exception):
    """The store cannot be opened. `what` and `todo` are sentences for a person."""

    def __init__(self, what: str, todo: str) -> None:
        super().__init__(what)
        self.what = what
        self.todo = todo


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody asked to have looked at."""

    mailboxes: Sequence[str] = ()
    server: str | None = None
    outside: str | None = None
    write: bool = False


@dataclass
class Installation:
    """The file and the store. The check of each fills in what it has opened.

    `open_store` raises StoreClosed. `clock` is this machine's.
    """

    path: Path
    wanted: Wanted
    open_store: Callable[[Configuration], Engine]
    clock: Callable[[], datetime]
    configuration: Configuration | None = None
    engine: Engine | None = None
    served: Sequence[MailboxRow] = ()

    def servers(self) -> Iterator[ServerPatient]:
        """The servers to look at: the one named, else all that a mailbox or a policy needs."""
        if self.configuration is None:
            return
        for name, section in self.configuration.servers.items():
            if self.wanted.server in (None, name):
                patient = ServerPatient(self, name, section)
                if self.wanted.server == name or not self._names_others(patient):
                    yield patient

    def may_be_on(self, row: MailboxRow) -> tuple[str, ...]:
        """The servers that the policy of a mailbox names."""
        policies = compile_policies(self.configuration) if self.configuration else {}
        policy = policies.get(row.policy)
        return policy.servers if policy is not None else ()

    def strangers(self) -> list[str]:
        """The mailboxes that were named, and are not served."""
        known = {row.address for row in self.served}
        named = dict.fromkeys(each.strip().lower() for each in self.wanted.mailboxes)
        return [each for each in named if each not in known]

    def _names_others(self, server: ServerPatient) -> bool:
        """Whether mailboxes were named, and none of them is this server's."""
        return bool(self.wanted.mailboxes) and not server.mailboxes()


@dataclass
class ServerPatient:
    """One server of the configuration, and the mailboxes to look at there."""

    installation: Installation
    name: str
    section: Server
    token: str | None = None  # of the sign-in, once it was made
    principal: str = "PRINCIPALID"  # of the application in this tenant, as its token says

    @property
    def configuration(self) -> Configuration:
        """The configuration that it stands in."""
        assert self.installation.configuration is not None  # noqa: S101 - it was taken out of it
        return self.installation.configuration

    @property
    def backend(self) -> Backend:
        """The protocol that it speaks."""
        return Backend(self.section.backend.value)

    @property
    def wanted(self) -> Wanted:
        """What somebody asked to have looked at."""
        return self.installation.wanted

    @cached_property
    def addresses(self) -> tuple[Address, ...]:
        """Where it is asked, and where it is signed in to; the server itself first."""
        return opening.addresses(self.section)

    @property
    def where(self) -> str:
        """Where it is, in words."""
        return self.addresses[0].url if self.addresses else "what autodiscover finds"

    @cached_property
    def policies(self) -> dict[str, MailboxPolicy]:
        """The policies that name it."""
        every = compile_policies(self.configuration)
        return {n: each for n, each in every.items() if self.name in each.servers}

    def mailboxes(self) -> list[MailboxPatient]:
        """The mailboxes to look at here: those named, else all that this server serves."""
        served = {row.address: row for row in self.installation.served}
        strangers = self.installation.strangers()
        if not self.wanted.mailboxes:
            return [MailboxPatient(self, row) for row in served.values() if self._serves(row)]
        found = []
        for address in dict.fromkeys(each.strip().lower() for each in self.wanted.mailboxes):
            row = served.get(address)
            if row is not None and self._serves(row):
                found.append(MailboxPatient(self, row))
            elif address in strangers:
                found.append(self.stranger(address))
        return found

    def elsewhere(self) -> dict[str, str]:
        """The mailboxes that were named with this server, and those that serve them instead."""
        wanted = {each.strip().lower() for each in self.wanted.mailboxes}
        if self.wanted.server != self.name:
            return {}
        return {
            row.address: row.server or ", ".join(self.installation.may_be_on(row)) or "no server"
            for row in self.installation.served
            if row.address in wanted and not self._serves(row)
        }

    def stranger(self, address: str) -> MailboxPatient:
        """A mailbox that is not served, to be looked at as if it were."""
        policy = next(iter(self.policies), "")
        return MailboxPatient(self, opening.stranger(address, policy))

    def outsider(self) -> list[MailboxPatient]:
        """The mailbox that is to be closed to syncd, where one was named."""
        outside = self.wanted.outside
        if outside is None:
            return []
        return [replace(self.stranger(outside.strip().lower()), outside=True)]

    def _serves(self, row: MailboxRow) -> bool:
        """Whether a mailbox was found to be here, or may be."""
        if row.server is not None:
            return row.server == self.name
        return row.policy in self.policies

    def now(self) -> datetime:
        """What time it is by this machine."""
        return self.installation.clock()

    def store_time(self) -> datetime | None:
        """What time it is by the store; `None` where that is this machine's clock."""
        engine = self.installation.engine
        if engine is None or engine.dialect.name == "sqlite":
            return None
        clock = StoreClock()
        with database.read(engine) as conn:
            clock.ask(conn)
        return clock()


@dataclass
class MailboxPatient:
    """One mailbox on one server."""

    server: ServerPatient
    row: MailboxRow
    outside: bool = False  # asked for only to see that it is closed

    @property
    def address(self) -> str:
        """The address that names it."""
        return self.row.address

    @property
    def policy(self) -> MailboxPolicy | None:
        """What holds for it; `None` for one that no policy of this server is for."""
        return self.server.policies.get(self.row.policy)

    @property
    def is_asked(self) -> bool:
        """Whether its user has still to agree that it is read."""
        asks = self.policy is not None and self.policy.consent is Consent.USER
        return asks and not self.outside and self.row.consented_at is None

    @property
    def is_sought(self) -> bool:
        """Whether it may be on another server: its policy names one, or nobody serves it yet."""
        if self.row.address in self.server.installation.strangers() and not self.outside:
            return self.server.wanted.server is None and len(self.server.configuration.servers) > 1
        return self.policy is not None and len(self.policy.servers) > 1

    @contextmanager
    def open(self) -> Iterator[Mailbox]:
        """The mailbox, opened here whatever else serves it. Raises Misconfigured, MailboxError."""
        port = opening.open_here(self.server.configuration, self.server.name, self.row)
        try:
            yield port
        finally:
            port.close()


def served_by(engine: Engine) -> Sequence[MailboxRow]:
    """The mailboxes that are served."""
    with database.read(engine) as conn:
        return mailboxes.every(conn)
