"""What people do meanwhile, on both sides and by hand, and the ledger in which it is written down.

Each value is typed once in the whole of it, so that where one is found says who typed it.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count

from sqlalchemy import select

from syncd.crm import database
from syncd.crm.tables import contact
from tests.end_to_end.kills_boxes import EDITED, KEY, Box, Seen
from tests.end_to_end.kills_office import Office, person

CRM, OUTLOOK = "crm", "outlook"
LABEL = "CRM"  # the category by which a rep puts a contact into the CRM
WEIGHTS = {"edit_outlook": 5, "edit_crm": 5, "both": 2, "add_outlook": 1, "add_crm": 1}


@dataclass(frozen=True)
class Edit:
    """A field of one contact, as somebody changed it on one side."""

    side: str
    key: str
    field: str
    value: str


@dataclass
class Ledger:
    """Who should be where, and all that was typed, in its order."""

    owners: dict[str, str] = field(default_factory=dict)  # of each contact: in whose mailbox it is
    first: dict[str, Mapping[str, str]] = field(default_factory=dict)  # what each began with
    edits: list[Edit] = field(default_factory=list)
    apart: dict[str, dict[str, Seen]] = field(default_factory=dict)  # a rep's own, by mailbox

    def of(self, key: str, name: str) -> list[Edit]:
        """All edits of one field, in their order."""
        return [each for each in self.edits if (each.key, each.field) == (key, name)]


class People:
    """Reps at their Outlook, and the back office in the CRM."""

    def __init__(self, office: Office, boxes: Mapping[str, Box], seed: int, contacts: int) -> None:
        self._office = office
        self._boxes = boxes
        self._random = random.Random(seed)  # noqa: S311
        self._numbers = count(contacts)
        self._words = count(1)
        self._seen: dict[str, list[Seen]] = {}
        self.ledger = Ledger()
        for owner in office.addresses:
            for number in range(contacts):
                self._expect(owner, person(owner, number))
        with database.read(office.engine) as conn:
            rows = conn.execute(select(contact.c[KEY], contact.c.id))
            self._ids: dict[str, str] = {row[0]: row[1] for row in rows}

    def look(self) -> None:
        """See what is in the mailboxes: what an item says is as old as the last look."""
        self._seen = {address: list(box.read()) for address, box in self._boxes.items()}

    def keep_apart(self) -> None:
        """In each mailbox where there is something by now: a private contact, and a rep's own."""
        for address, box in self._boxes.items():
            if address in self.ledger.apart or not self._seen.get(address):
                continue
            rep = address.partition("@")[0]
            for number, private in enumerate((True, False)):
                held = person(address, 0) | {
                    "firstname": f"Aunt{number}", KEY: f"aunt{number}.{rep}@friends.test",
                }  # fmt: skip
                box.add(held, private=private)
            found = {each.key: each for each in box.read() if each.key.startswith("aunt")}
            assert len(found) == 2
            self.ledger.apart[address] = found

    def act(self) -> None:
        """Somebody does something."""
        acts = {
            "edit_outlook": self._edit_outlook,
            "edit_crm": self._edit_crm,
            "both": self._both,
            "add_outlook": self._add_outlook,
            "add_crm": self._add_crm,
        }
        (which,) = self._random.choices(list(WEIGHTS), list(WEIGHTS.values()))
        acts[which]()

    def _edit_outlook(self, key: str | None = None, name: str | None = None) -> None:
        there = [
            (address, each)
            for address, found in self._seen.items()
            for each in found
            if self.ledger.owners.get(each.key) == address and key in (None, each.key)
        ]
        if not there:
            return
        address, item = self._random.choice(there)
        edit = self._edit(OUTLOOK, item.key, name)
        self._boxes[address].edit(item, edit.field, edit.value)
        self.ledger.edits.append(edit)

    def _edit_crm(self, key: str | None = None, name: str | None = None) -> None:
        edit = self._edit(CRM, key or self._random.choice(sorted(self._ids)), name)
        self._office.crm.edit("contact", self._ids[edit.key], {edit.field: edit.value})
        self.ledger.edits.append(edit)

    def _both(self) -> None:
        """The same field of the same contact, at both ends at once."""
        key, name = self._random.choice(sorted(self._ids)), self._random.choice(EDITED)
        both = [self._edit_crm, self._edit_outlook]
        self._random.shuffle(both)
        for act in both:
            act(key, name)

    def _add_outlook(self) -> None:
        owner, values = self._new()
        self._boxes[owner].add(values, category=LABEL)
        self._expect(owner, values)

    def _add_crm(self) -> None:
        owner, values = self._new()
        made = self._office.crm.create("contact", values, owner=self._office.users[owner])
        self._expect(owner, values)
        self._ids[values[KEY]] = made.id

    def _new(self) -> tuple[str, dict[str, str]]:
        owner = self._random.choice(list(self._office.addresses))
        return owner, person(owner, next(self._numbers))

    def _expect(self, owner: str, values: Mapping[str, str]) -> None:
        self.ledger.owners[values[KEY]] = owner
        self.ledger.first[values[KEY]] = values

    def _edit(self, side: str, key: str, name: str | None) -> Edit:
        name = name or self._random.choice(EDITED)
        return Edit(side, key, name, f"{name} typed {next(self._words):06} in {side}")
