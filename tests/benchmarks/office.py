"""An office: a store with contacts of one user, and syncd between it and the user's mailbox."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from sqlalchemy import Engine, select

from syncd.crm import database, records, users
from syncd.crm.migration import upgrade
from syncd.crm.records import CONTACTS, Actor, ActorKind, New, Update
from syncd.model.contact import CONTACT
from syncd.model.policy import KindPolicy, Limits
from syncd.outlook.port import Item, Mailbox
from syncd.outlook.port import Update as ItemUpdate
from syncd.settings.filters import Filter
from syncd.settings.policies import MailboxPolicy, NamedFilter, ScopedKind
from syncd.sync import mailboxes
from syncd.sync.report import RunReport
from syncd.sync.service import SyncService
from syncd.sync.tables import link
from tests.benchmarks import people

Opener = Callable[[str], Mailbox]  # of the mailbox with an address

_MINE = "owner eq @me and statecode eq 'active'"
_FREE = Limits(most=10**6, some=10**6, share=1.0, few=10**6, daily=10**6)  # nothing is held
_BY_HAND = Actor(ActorKind.USER, "admin")


def _policies(number: int) -> Mapping[str, MailboxPolicy]:
    """The policy of the office, and others beside it."""
    texts = [_MINE, *(f"department eq 'Unit {n}' and owner eq @me" for n in range(1, number // 2))]
    system = tuple(
        NamedFilter(f"filter{n}", Filter.parse(text, CONTACTS), exclude=bool(n % 2))
        for n, text in enumerate(texts)
    )
    scoped = ScopedKind(KindPolicy(CONTACT, limits=_FREE), system)
    names = ["sales", *(f"other{n}" for n in range(1, number))]
    return {
        name: MailboxPolicy(name, ("office",), timedelta(minutes=5), {CONTACT.name: scoped})
        for name in names
    }


@dataclass(frozen=True)
class Office:
    """One user with contacts in the CRM and a mailbox."""

    engine: Engine
    service: SyncService
    opener: Opener
    address: str

    @classmethod
    def open(cls, folder: Path, opener: Opener, address: str, size: int, rules: int = 1) -> Office:
        """A new store on disk with `size` contacts, none of them synced yet.

        `rules` is how many policies there are, and half as many filters each has.
        """
        engine = database.open_database(f"sqlite:///{folder}/{address}.db")
        upgrade(engine)
        now = database.utcnow()
        with database.write(engine) as conn:
            user = users.add(conn, address)
            mailboxes.add(conn, address, user.id, "sales", now)
        for at in range(0, size, 500):
            news = [New(people.contact(n), user.id) for n in range(at, min(size, at + 500))]
            with database.write(engine) as conn:
                records.create_many(conn, CONTACTS, news, actor=_BY_HAND, at=now)
        service = SyncService(engine, _policies(rules), lambda _, row: opener(row.address))
        return cls(engine, service, opener, address)

    def sync(self) -> RunReport:
        """One run. Raises AssertionError unless it went well."""
        report = self.service.run(self.address, cause="benchmark")
        assert report.outcome == "ok", report.error
        return report

    def linked(self, size: int) -> list[tuple[str, str]]:
        """CRM id and item id of `size` contacts."""
        query = select(link.c.crm_id, link.c.remote_id).order_by(link.c.id).limit(size)
        with database.read(self.engine) as conn:
            return [(row.crm_id, row.remote_id) for row in conn.execute(query)]

    def edit_crm(self, ids: Iterable[str], word: str = "Director") -> None:
        """Somebody edits these records."""
        updates = [Update(each, {"jobtitle": f"{word} {n}"}) for n, each in enumerate(ids)]
        with database.write(self.engine) as conn:
            records.update_many(conn, CONTACTS, updates, actor=_BY_HAND, at=database.utcnow())

    def edit_outlook(self, ids: Iterable[str], word: str = "Unit") -> None:
        """The user edits these items."""
        with closing(self.opener(self.address)) as box:
            found = [each for each in box.read(CONTACT, list(ids)) if isinstance(each, Item)]
            edits = [
                ItemUpdate(each.head.id, each.head.version, {"department": f"{word} {n}"}, None)
                for n, each in enumerate(found)
            ]
            batch = box.capabilities.write_batch
            for at in range(0, len(edits), batch):
                box.update(CONTACT, edits[at : at + batch])
