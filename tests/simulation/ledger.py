"""The ledger: what people wrote, and what became of it by their own hands.

It asks no table of ours.

Every value that somebody writes is its own: it carries a token that no other has. So wherever a
value went, it can be told.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from tests.memory_server import Thing

_NEVER = datetime(1, 1, 1, tzinfo=UTC)
TOKEN = re.compile(r"(?:v|qsecret|quntr|name)\d+x|(?<!\d)7\d{7}(?!\d)")
SECRET, UNTRACKED, OPEN, NAME = "qsecret", "quntr", "v", "name"

OUTSIDE = frozenset((UNTRACKED, SECRET))  # what its user keeps for themselves

Place = tuple[str, str]  # a mailbox, and what the item's name says


class Violation(Exception):
    """A promise that was broken."""


def tokens(value: object) -> frozenset[str]:
    """The tokens in a value, or in a mapping of them."""
    return frozenset(TOKEN.findall(repr(value).lower()))


def named(fields: Mapping[str, object]) -> str:
    """What a contact goes by, in all places; empty when its user emptied it."""
    found = re.findall(r"(?:name|qsecret|quntr)\d+x", str(fields.get("lastname") or "").lower())
    return found[0] if found else ""


def theirs(thing: Thing) -> object:
    """What syncd must not touch of an item that is its user's alone."""
    return replace(thing, version="", modified=_NEVER)


@dataclass(frozen=True, slots=True)
class Birth:
    """An item that its user made: in which mailbox, and of which sort (an opening of tokens)."""

    address: str
    sort: str


@dataclass
class Ledger:
    """Who wrote what, and what excuses that it is gone."""

    written: set[str] = field(default_factory=set)
    over: set[str] = field(default_factory=set)  # replaced, deleted or withdrawn by somebody
    at: dict[Place, set[str]] = field(default_factory=lambda: defaultdict(set))
    births: dict[str, Birth] = field(default_factory=dict)  # by what is jotted on them
    binned: set[Place] = field(default_factory=set)  # by what is jotted on them
    causes: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))  # by name
    taken: set[Place] = field(default_factory=set)  # by id: out of the folder, in this run
    copies: Counter[Place] = field(default_factory=Counter)
    thrown: set[Place] = field(default_factory=set)  # out of the folder, by their user, for good
    kept_out: dict[Place, object] = field(default_factory=dict)  # as its user left it, by id
    withdrawn: dict[Place, frozenset[str]] = field(default_factory=dict)  # by id: what goes
    shared: set[str] = field(default_factory=set)  # written once more by somebody else
    entered: set[Place] = field(default_factory=set)  # by hand, of whom the CRM had by an address
    apart: set[Place] = field(default_factory=set)  # of these, who are somebody else by now

    def wrote(
        self, patch: Mapping[str, object], held: Mapping[str, object], place: Place | None
    ) -> None:
        """Somebody replaced values that they saw by others."""
        new = tokens(patch)
        self.over |= tokens({name: held.get(name) for name in patch}) - new
        self.written |= new
        if place is not None:
            self.at[place] |= new
        if "emailaddress1" in patch and held:
            # By another address it may be somebody else of that name.
            self.set_apart(held)

    def ended(self, held: Mapping[str, object], why: str) -> None:
        """Somebody ended a record or an item, with what it held."""
        self.over |= tokens(held)
        self.caused(held, why)
        # Whom somebody had entered as well is a contact of its own then.
        self.set_apart(held)

    def set_apart(self, held: Mapping[str, object]) -> None:
        """Whom somebody entered by hand may be somebody else by now."""
        apart = {each for each in self.entered if each[1] == named(held)}
        self.copies.update(apart - self.apart)
        self.apart |= apart

    def caused(self, held: Mapping[str, object], why: str) -> None:
        """Somebody did what may end others' items or the record."""
        self.causes[named(held)].add(why)

    def copied(self, name: str) -> int:
        """How many copies anybody made of what goes by a name."""
        return sum(n for (_, of), n in self.copies.items() if of == name)

    def withdrew(self, address: str, held: Mapping[str, object]) -> None:
        """A user made an item private: what ever came from it goes.

        And, of a record that others were merged into, what came from this mailbox by their items.
        """
        self.ended(held, "private")
        merged = {name for name, causes in self.causes.items() if "merged" in causes}
        for name in {named(held), *merged}:
            self.over |= self.at[address, name]

    def merged_with_private(
        self, address: str, private: str, records: Sequence[Mapping[str, object]]
    ) -> None:
        """Two records are one now: what a user brought into either goes with their private item."""
        names = {named(each) for each in records}
        if private in names:
            for name in names:
                self.over |= self.at[address, name]

    def lost(self, present: Iterable[str]) -> set[str]:
        """What was written, is nowhere, and has no excuse."""
        return self.written - self.over - set(present)

    def at_name(self, held: Mapping[str, object]) -> set[str]:
        """What was ever written in any mailbox on items of this name."""
        name = named(held)
        return set().union(*(each for (_, n), each in self.at.items() if n == name))
