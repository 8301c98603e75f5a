"""The account of a company that a card names: made on import, and on import alone."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, select

from syncd.crm import records
from syncd.crm.entities import ACCOUNTS
from syncd.crm.feed import Actor
from syncd.crm.importing.report import Report
from syncd.crm.records import New
from syncd.crm.rows import chunks
from syncd.crm.stored import Stored
from syncd.crm.tables import account
from syncd.model.normal import text as one_line
from syncd.model.states import ACTIVE


class Provider:
    """Makes the accounts of a batch that there are not yet."""

    def __init__(self, conn: Connection, actor: Actor, at: datetime, report: Report) -> None:
        self._conn, self._actor, self._at, self._report = conn, actor, at, report
        self._wanted: dict[str, str] = {}

    def want(self, company: str | None, owner_id: str) -> None:
        """Ask for the account of a company, and say who owns it if it is to be made."""
        name = one_line(company or "")
        if name:
            self._wanted.setdefault(name, owner_id)

    def provide(self) -> None:
        """Make what is missing."""
        there = called(self._conn, self._wanted)
        news = [New({"name": n}, owner) for n, owner in self._wanted.items() if n not in there]
        made = records.create_many(self._conn, ACCOUNTS, news, actor=self._actor, at=self._at)
        for each in made:
            if isinstance(each, Stored):
                self._report.created[ACCOUNTS.entity] += 1
                self._report.new_accounts.append(str(each.record.fields["name"]))


def called(conn: Connection, names: Iterable[str]) -> set[str]:
    """Which of these names active accounts have."""
    here = ACCOUNTS.alive & (account.c.statecode == ACTIVE)
    found: set[str] = set()
    for chunk in chunks(filter(None, names)):
        found.update(conn.scalars(select(account.c.name).where(account.c.name.in_(chunk), here)))
    return found
