"""The check after the kills finds what is wrong: a good ending, doctored in one place at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import pytest
from sqlalchemy import Engine, text

from syncd.crm import database, users
from syncd.crm.api import Crm
from syncd.crm.feed import Actor, ActorKind
from syncd.sync import mailboxes
from syncd.sync.mailboxes import MailboxState
from tests.conftest import SQLITE
from tests.end_to_end.kills_boxes import KEY, Box, Seen
from tests.end_to_end.kills_check import faults
from tests.end_to_end.kills_edits import CRM, OUTLOOK, Edit, Ledger
from tests.end_to_end.kills_office import person

REP = "rep0@example.test"
ANN, BEA, AUNT = (person(REP, number) for number in range(3))


@dataclass
class Shelf:
    """A mailbox without a server."""

    items: list[Seen]
    deleted: list[Seen] = field(default_factory=list)

    def read(self, *, trash: bool = False) -> Sequence[Seen]:
        """What is there."""
        return self.deleted if trash else self.items

    def edit(self, item: Seen, name: str, value: str) -> None:
        """As a user would."""
        at = self.items.index(item)
        self.items[at] = replace(item, version="next", values={**item.values, name: value})

    def add(
        self, values: Mapping[str, str], *, category: str | None = None, private: bool = False
    ) -> None:
        """As a user would."""
        del category, private
        self.items.append(Seen(f"{len(self.items)}", "first", values))


@dataclass
class Ending:
    """How it ended."""

    engine: Engine
    shelf: Shelf
    ledger: Ledger
    ids: dict[str, str]

    def found(self) -> list[str]:
        """What speaks against it."""
        boxes: Mapping[str, Box] = {REP: self.shelf}
        return faults(self.engine, boxes, self.ledger)

    @property
    def crm(self) -> Crm:
        """The CRM."""
        return Crm(self.engine, Actor(ActorKind.USER, "office"))

    def execute(self, statement: str) -> None:
        """Tamper with the store."""
        with database.write(self.engine) as conn:
            conn.execute(text(statement))


@pytest.fixture
def ending(engine: Engine) -> Ending:
    """All went well: two contacts in step, one of them edited, and the rep's aunt."""
    with database.write(engine) as conn:
        user = users.add(conn, REP).id
        row = mailboxes.add(conn, REP, user, "sales", database.utcnow())
        mailboxes.set_state(conn, row.id, MailboxState.LIVE)
    made = Ending(engine, Shelf([]), Ledger(), {})
    for each in (ANN, BEA):
        made.ids[each[KEY]] = made.crm.create("contact", each, owner=user).id
        made.ledger.owners[each[KEY]], made.ledger.first[each[KEY]] = REP, each
        made.shelf.add(each)
    made.shelf.add(AUNT)
    made.ledger.apart[REP] = {AUNT[KEY]: made.shelf.items[2]}
    made.crm.edit("contact", made.ids[ANN[KEY]], {"jobtitle": "Boss"})
    made.shelf.edit(made.shelf.items[0], "jobtitle", "Boss")
    made.ledger.edits.append(Edit(OUTLOOK, ANN[KEY], "jobtitle", "Boss"))
    return made


def _lose_everywhere(ending: Ending) -> None:
    ending.ledger.edits.append(Edit(OUTLOOK, BEA[KEY], "department", "Sales"))


def _lose_to_the_other_side(ending: Ending) -> None:
    ending.ledger.edits.append(Edit(CRM, ANN[KEY], "jobtitle", "CEO"))


DOCTORED: dict[str, Callable[[Ending], object]] = {
    "2 times in rep0": lambda e: e.shelf.add(ANN),
    "0 times in rep0": lambda e: e.shelf.items.pop(1),
    "1 times in rep0": lambda e: e.shelf.add({**ANN, KEY: "stranger@example.test"}),
    "2 times in the CRM": lambda e: e.crm.create(
        "contact", BEA, owner=e.crm.get("contact", e.ids[BEA[KEY]]).owner_id
    ),
    "0 times in the CRM": lambda e: e.crm.delete("contact", e.ids[BEA[KEY]]),
    "in Deleted Items": lambda e: e.shelf.deleted.append(e.shelf.items[0]),
    "'Else' in rep0": lambda e: e.shelf.edit(e.shelf.items[1], "nickname", "Else"),
    "nobody edited it": lambda e: e.crm.edit("contact", e.ids[BEA[KEY]], {"nickname": "Else"}),
    "and the last edits were": _lose_everywhere,
    "'CEO' of crm is lost": _lose_to_the_other_side,
    "was touched": lambda e: e.shelf.edit(e.shelf.items[2], "nickname", "Else"),
    "1 mailboxes that are not live": lambda e: e.execute("update mailbox set state = 'suspended'"),
    "1 mailboxes that fail": lambda e: e.execute("update mailbox set failures = 1"),
}


@pytest.mark.parametrize("kept_in", [SQLITE], indirect=True)
def test_a_good_ending_passes(ending: Ending) -> None:
    """What all of it is meant to end in."""
    assert ending.found() == []


@pytest.mark.parametrize("kept_in", [SQLITE], indirect=True)
@pytest.mark.parametrize("said", DOCTORED)
def test_a_doctored_one_fails(ending: Ending, said: str) -> None:
    """One thing off, and it is named."""
    DOCTORED[said](ending)
    assert any(said in fault for fault in ending.found()), ending.found()
