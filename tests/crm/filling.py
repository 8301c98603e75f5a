"""Filling a store with very many contacts, by plain rows: for query plans and for measuring.

Rows are as the store's own writes make them, but for lines in the feed of each: one in ten has one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from uuid import UUID

from sqlalchemy import Engine, insert, text

from syncd.crm.database import write
from syncd.crm.tables import account, activity, contact, crm_change, duplicate_key, external_key
from syncd.crm.tables import user as users
from syncd.model.likeness import keys

AT = datetime(2026, 1, 1, tzinfo=UTC)
BY = "import:filling"
BATCH = 10_000
OF_ONE_ACCOUNT = 5
Rows = Iterator[dict[str, object]]


@dataclass(frozen=True)
class Filling:
    """How much: `contacts` in all; `mine` of them are the first user's, the rest its colleagues'.

    `findable`: with the keys by which they are found when somebody enters them again.
    """

    contacts: int
    mine: int
    colleagues: int = 20
    findable: bool = True

    @property
    def me(self) -> str:
        """The id of the user who owns `mine`."""
        return _id(1, 0)

    def owner(self, number: int) -> str:
        """Whose a contact is: mine are spread over the whole table, as years would."""
        every = self.contacts // self.mine
        if number % every == 0 and number // every < self.mine:
            return self.me
        return _id(1, 1 + number % self.colleagues)

    def account(self, number: int) -> str:
        """The account of a contact."""
        return _id(2, number // OF_ONE_ACCOUNT)

    def contact(self, number: int) -> str:
        """The id of a contact, by its number from 0."""
        return _id(3, number)

    def fill(self, engine: Engine) -> None:
        """Write it all."""
        tables = {
            users: self._users(), account: self._accounts(), contact: self._contacts(),
            activity: self._tasks(), external_key: self._external_keys(),
            duplicate_key: self._keys() if self.findable else iter(()), crm_change: self._lines(),
        }  # fmt: skip
        with write(engine) as conn:
            for table, rows in tables.items():
                while batch := list(islice(rows, BATCH)):
                    conn.execute(insert(table), batch)
        if engine.dialect.name == "postgresql":  # there it comes by itself, some time later
            with write(engine) as conn:
                conn.execute(text("ANALYZE"))

    def _users(self) -> Rows:
        for number in range(1 + self.colleagues):
            yield {"id": _id(1, number), "address": f"user{number}@contoso.com"}

    def _accounts(self) -> Rows:
        for number in range(-(-self.contacts // OF_ONE_ACCOUNT)):
            parent = _id(2, number - number % 10) if number % 10 else None
            own = {"name": f"Company {number}", "parentaccountid": parent}
            yield _record(self.account(number * OF_ONE_ACCOUNT), _id(1, 1), own)

    def _contacts(self) -> Rows:
        for number in range(self.contacts):
            own = {**person(number), "parentcustomerid": self.account(number)}
            yield _record(self.contact(number), self.owner(number), own, inactive=number % 97 == 96)

    def _tasks(self) -> Rows:
        for number in range(0, self.contacts, 10):
            own = {"kind": "task", "subject": "Call", "regarding_contact_id": self.contact(number)}
            made = _record(_id(4, number), self.owner(number), own)
            yield {**made, "statecode": "open", "statuscode": "not started"}

    def _external_keys(self) -> Rows:
        for number in range(0, self.contacts, 10):
            held = {"record_id": self.contact(number), "entity": "contact"}
            yield {**held, "source": "d365", "key": f"{number:08}"}

    def _keys(self) -> Rows:
        for number in range(self.contacts):
            for key in sorted(keys(person(number))):
                yield {"entity": "contact", "key": key, "record_id": self.contact(number)}

    def _lines(self) -> Rows:
        for number in range(0, self.contacts, 10):
            yield {
                "kind": "contact", "record_id": self.contact(number), "verb": "create",
                "changed_fields": ["lastname"], "actor_kind": "import", "actor_name": "filling",
                "at": AT,
            }  # fmt: skip


def person(number: int) -> dict[str, str]:
    """Somebody; names are as many as people, or those who share a start would be everybody."""
    first, last = _word(number * 7919 + 5), _word(number * 104_729 + 11)
    return {
        "firstname": first,
        "lastname": last,
        "emailaddress1": f"{first}.{last}.{number}@company{number // OF_ONE_ACCOUNT}.example",
        "telephone1": f"+1 555 {number:07}",
    }


def _word(number: int) -> str:
    """Six letters."""
    return "".join(chr(ord("a") + number // 26**place % 26) for place in range(6)).capitalize()


def _record(
    record: str, owner: str, own: Mapping[str, object], *, inactive: bool = False
) -> dict[str, object]:
    state = "inactive" if inactive else "active"
    return {
        "id": record, "owner_id": owner, **own, "statecode": state, "statuscode": state,
        "version": 1, "origins": {}, "created_at": AT, "created_by": BY, "modified_at": AT,
        "modified_by": BY,
    }  # fmt: skip


def _id(sort: int, number: int) -> str:
    """An id that looks as random as ours do: neighbours in time are none in the index."""
    mixed = (number * 0x9E3779B97F4A7C15 + sort) % (1 << 64)
    return str(UUID(int=(mixed << 64) | (sort << 48) | number))
