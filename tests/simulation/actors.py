"""What people do, in the CRM and in their mailboxes. Each act tells the ledger."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TypeVar

from syncd.crm.errors import CrmError
from syncd.model.contact import CONTACT
from syncd.model.fields import Field, FieldType
from syncd.model.values import Value
from syncd.outlook.port import Sensitivity
from tests.memory_server import TRASH, MemoryServer, Thing
from tests.simulation.admin import Admin
from tests.simulation.history import Step
from tests.simulation.ledger import (
    NAME,
    OPEN,
    OUTSIDE,
    SECRET,
    UNTRACKED,
    Birth,
    Ledger,
    named,
    theirs,
    tokens,
)
from tests.simulation.world_of import SimulatedWorld
from tests.sync import desk

T = TypeVar("T")

_NOT_EDITED = frozenset((
    "categories", "governmentid", "companyname", "firstname", "lastname", "salutation",
    "middlename", "suffix",
))  # fmt: skip
EDITED = tuple(each for each in CONTACT.fields if each.name not in _NOT_EDITED)
LABEL, OTHER_LABEL, FORMER = "CRM", "Family", CONTACT.archive_category
AWAY = "Privat"


@dataclass
class Actors:
    """Everybody in a world."""

    world: SimulatedWorld
    servers: Mapping[str, MemoryServer]
    ledger: Ledger
    known: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))  # by a whole run
    _number: int = 0

    def __post_init__(self) -> None:
        self.admin = Admin(self.world, self.servers, self.ledger)

    def do(self, step: Step) -> str:
        """One step; what came of it, for the trace."""
        chance = random.Random(step.pick)  # noqa: S311 - it is to be repeatable
        addresses = list(self.servers)
        address = addresses[step.who % len(addresses)]
        act: Callable[[str, random.Random], str] | None = self.admin.act(step.do)
        try:
            return (act or getattr(self, f"_{step.do.replace(' ', '_')}"))(address, chance)
        except CrmError as error:  # the CRM has rules of its own
            return type(error).__name__

    # --- the CRM ---------------------------------------------------------------------------------

    def _crm_new(self, address: str, chance: random.Random) -> str:
        fields = {**self._values(chance, OPEN, 4), **self._name(NAME)}
        crm_id = self.world.new(address, **fields)
        self.ledger.wrote(fields, {}, None)
        return crm_id

    def _crm_change(self, _: str, chance: random.Random) -> str:
        crm_id, held = self._record(chance)
        if not crm_id:
            return ""
        patch = self._patch(chance, OPEN)
        self.world.change(crm_id, **patch)
        self.ledger.wrote(patch, held, None)
        return f"{crm_id} {patch}"

    def _crm_assign(self, address: str, chance: random.Random) -> str:
        crm_id, held = self._record(chance)
        if crm_id:
            self.world.assign(crm_id, address)
            self.ledger.caused(held, "assigned")
        return f"{crm_id} to {address}"

    def _crm_state(self, _: str, chance: random.Random) -> str:
        crm_id, held = self._record(chance)
        active = chance.random() < 0.6
        if crm_id:
            self.world.set_active(crm_id, active=active)
            self.ledger.caused(held, "state")
        return f"{crm_id} {active}"

    def _crm_sweep(self, address: str, chance: random.Random) -> str:
        """All that a user has goes at once: to somebody else, or altogether."""
        ends, owner = chance.random() < 0.5, self.world.users[address]
        to = chance.choice(list(self.servers))
        for crm_id, each in self.world.all_records().items():
            if each.owner_id != owner:
                continue
            if ends:
                self.world.remove(crm_id)
                self.ledger.ended(each.record.fields, "deleted in the CRM")
            else:
                self.world.assign(crm_id, to)
                self.ledger.caused(each.record.fields, "assigned")
        return "all deleted" if ends else f"all to {to}"

    def _crm_delete(self, _: str, chance: random.Random) -> str:
        crm_id, held = self._record(chance)
        if crm_id:
            self.world.remove(crm_id)
            self.ledger.ended(held, "deleted in the CRM")
        return crm_id

    def _crm_merge(self, _: str, chance: random.Random) -> str:
        (one, held), (other, gone) = self._record(chance), self._record(chance)
        if not one or one == other:
            return ""
        desk.merge(self.world, one, other)
        self.ledger.caused(held, "merged")
        self.ledger.ended(gone, "merged")
        for address, item in self.ledger.withdrawn:  # which syncd may not have seen yet
            thing = self.servers[address].things.get(item)
            if thing is not None:
                self.ledger.merged_with_private(address, named(thing.fields), (held, gone))
        self.ledger.over |= {*self.ledger.at_name(held)}
        return f"{one} <- {other}"

    def _record(self, chance: random.Random) -> tuple[str, Mapping[str, Value]]:
        every = self.world.all_records()
        crm_id = _one(chance, sorted(every, key=lambda each: named(every[each].record.fields)))
        return (crm_id, every[crm_id].record.fields) if crm_id else ("", {})

    # --- in a mailbox ----------------------------------------------------------------------------

    def _add(self, address: str, chance: random.Random) -> str:
        sort = chance.choice((NAME, NAME, UNTRACKED, SECRET))
        fields = {**self._values(chance, OPEN if sort == NAME else sort, 4), **self._name(sort)}
        if sort == SECRET or (sort == NAME and chance.random() < 0.8):
            fields["categories"] = (LABEL,)
        kept = Sensitivity.PRIVATE if sort == SECRET else Sensitivity.NORMAL
        item = self._born_as(address, fields, sort, kept)
        self.ledger.wrote(fields, {}, (address, named(fields)))
        return self._left(address, item)

    def _born_as(
        self,
        address: str,
        fields: Mapping[str, Value],
        sort: str,
        kept: Sensitivity = Sensitivity.NORMAL,
    ) -> str:
        """A new item, which is known again by what is jotted on it."""
        server, jotted = self.servers[address], f"jot-{self._number}"
        item = server.add(fields, sensitivity=kept)
        server.jot(item, jotted)
        self.ledger.births[jotted] = Birth(address, sort)
        return item

    def _add_known(self, address: str, chance: random.Random) -> str:
        """A user enters and tracks whom the CRM has by the same address, and they have not (P3)."""
        mine = {named(each.fields) for each in self.servers[address].things.values()}
        every = self.world.all_records()
        among = [
            crm_id for crm_id, each in every.items()
            if each.active and each.owner_id != self.world.users[address]
            and named(each.record.fields) not in mine
        ]  # fmt: skip
        among.sort(key=lambda each: named(every[each].record.fields))
        crm_id = _one(chance, among)
        if crm_id is None:
            return ""
        held = dict(every[crm_id].record.fields)
        if not held.get("emailaddress1"):
            held["emailaddress1"] = self._value(CONTACT.by_name["emailaddress1"], OPEN)
            self.world.change(crm_id, emailaddress1=held["emailaddress1"])
            self.ledger.wrote({"emailaddress1": held["emailaddress1"]}, {}, None)
        same = {name: held[name] for name in ("firstname", "lastname", "emailaddress1")}
        own = {n: v for n, v in self._values(chance, OPEN, 3).items() if n not in same}
        place = address, named(same)
        item = self._born_as(address, {**own, **same, "categories": (LABEL,)}, NAME)
        self.ledger.wrote(own, {}, place)
        self.ledger.shared |= tokens(same)
        self.ledger.thrown.discard(place)
        self.ledger.entered.add(place)
        if self._says_otherwise(same):
            self.ledger.set_apart(same)
        return f"{self._left(address, item)} as {crm_id}"

    def _says_otherwise(self, same: Mapping[str, Value]) -> bool:
        """Whether somebody's edit gives them another address, and is on its way to the CRM."""
        things = (each for server in self.servers.values() for each in server.things.values())
        said = {t.fields.get("emailaddress1") for t in things if named(t.fields) == named(same)}
        return not said <= {None, same["emailaddress1"]}

    def _edit(self, address: str, chance: random.Random) -> str:
        thing = self._thing(address, chance)
        if thing is None:
            return ""
        patch, place = self._patch(chance, self._sort(thing)), (address, named(thing.fields))
        self._theirs(address, thing)
        self.servers[address].edit(thing.id, patch)
        self.ledger.wrote(patch, thing.fields, place)
        # What stays beside it in a group, whoever wrote that, they have said with it.
        groups = {CONTACT.by_name[name].group for name in patch}
        beside = {
            n: v for n, v in thing.fields.items()
            if n not in patch and CONTACT.by_name[n].group in groups
        }  # fmt: skip
        self.ledger.shared |= tokens(beside) - self.ledger.at[place]
        return f"{self._left(address, thing.id)} {patch}"

    def _private(self, address: str, chance: random.Random) -> str:
        thing, server = self._thing(address, chance), self.servers[address]
        if thing is None or self._born(thing) in OUTSIDE:
            return ""
        self._theirs(address, thing)
        if thing.sensitivity is Sensitivity.NORMAL:
            server.mark(thing.id, Sensitivity.PRIVATE)
            self.ledger.withdrew(address, thing.fields)
            place = address, named(thing.fields)
            # What they are called others may have entered, too.
            gone = {each for each in self.ledger.at[place] if not each.startswith(NAME)}
            self.ledger.withdrawn[address, thing.id] = frozenset(gone)
            return f"{thing.id} private"
        self.ledger.withdrawn.pop((address, thing.id), None)
        secret = {name: None for name, v in thing.fields.items() if SECRET in repr(v).lower()}
        server.edit(thing.id, secret)
        server.mark(thing.id, Sensitivity.NORMAL)
        self.ledger.over |= self.ledger.at_name(thing.fields)
        labels = thing.fields.get("categories") or ()
        if isinstance(labels, tuple) and LABEL in labels:
            # Where its record is gone they enter it anew, with all that it shows (P14).
            self.ledger.shared |= tokens(thing.fields)
        return f"{thing.id} normal"

    def _label(self, address: str, chance: random.Random) -> str:
        thing = self._thing(address, chance)
        if thing is None or self._born(thing) == UNTRACKED:
            return ""
        held = thing.fields.get("categories") or ()
        assert isinstance(held, tuple)
        which = LABEL if chance.random() < 0.7 else OTHER_LABEL
        labels = tuple(x for x in held if x != which) if which in held else (*held, which)
        self._theirs(address, thing)
        self.servers[address].edit(thing.id, {"categories": labels or None})
        self.ledger.caused(thing.fields, "label")
        return f"{self._left(address, thing.id)} {labels}"

    def _delete(self, address: str, chance: random.Random) -> str:
        thing, server = self._thing(address, chance), self.servers[address]
        if thing is None:
            return ""
        self.ledger.taken.add((address, thing.id))
        if thing.jotted:
            self.ledger.binned.add((address, thing.jotted))
        self.ledger.kept_out.pop((address, thing.id), None)
        self.ledger.caused(thing.fields, "deleted in Outlook")
        place, labels = (address, named(thing.fields)), thing.fields.get("categories")
        aside = isinstance(labels, tuple) and FORMER in labels
        known = thing.id in self.known[address] and address not in self.admin.restored
        of_two = self._is_doubled(address, thing)  # one of which they leave there
        if known and not aside and not of_two and not self.ledger.copies[place]:
            self.ledger.thrown.add(place)
        if chance.random() < 0.4:
            server.delete(thing.id)
            self.ledger.ended(thing.fields, "deleted in Outlook")
            return f"{thing.id} for good"
        return f"{thing.id} -> {self._left(address, server.to_trash(thing.id))}"

    def _move_away(self, address: str, chance: random.Random) -> str:
        thing, server = self._thing(address, chance), self.servers[address]
        if thing is None:
            return ""
        self.ledger.taken.add((address, thing.id))
        folder = server.named(AWAY) or server.add_folder(AWAY)
        self.ledger.kept_out.pop((address, thing.id), None)
        self.ledger.caused(thing.fields, "moved")
        return f"{thing.id} -> {self._left(address, server.move(thing.id, folder))}"

    def _move_back(self, address: str, chance: random.Random) -> str:
        server = self.servers[address]
        folder = server.named(chance.choice((AWAY, AWAY, TRASH, "Former CRM contacts")))
        thing = self._thing(address, chance, folder) if folder else None
        if thing is None:
            return ""
        self.ledger.kept_out.pop((address, thing.id), None)
        self.ledger.caused(thing.fields, "moved")
        self.ledger.copies[address, named(thing.fields)] += 1
        self.ledger.thrown.discard((address, named(thing.fields)))
        return f"{thing.id} -> {self._left(address, server.move(thing.id, 'contacts'))}"

    def _copy(self, address: str, chance: random.Random) -> str:
        thing = self._thing(address, chance)
        if thing is None:
            return ""
        self.ledger.copies[address, named(thing.fields)] += 1
        self.ledger.thrown.discard((address, named(thing.fields)))
        self.ledger.caused(thing.fields, "copied")
        return self._left(address, self.servers[address].copy(thing.id))

    def _bump(self, address: str, chance: random.Random) -> str:
        """The version of an item moves for nothing."""
        thing = self._thing(address, chance)
        if thing is not None:
            self._theirs(address, thing)
            self.servers[address].edit(thing.id, {})
            return self._left(address, thing.id)
        return ""

    def _repeat(self, address: str, chance: random.Random) -> str:
        """The server tells once more of an item that nobody touched."""
        thing, server = self._thing(address, chance), self.servers[address]
        if thing is not None:
            server.folder(thing.folder).log.append((next(server._numbers), thing.id))
        return thing.id if thing else ""

    def _thing(self, address: str, chance: random.Random, folder: str = "contacts") -> Thing | None:
        return _one(chance, self.servers[address].inside(folder))

    def _left(self, address: str, item: str) -> str:
        """The user is done with an item: what is theirs alone stays so (P14)."""
        thing = self.servers[address].things[item]
        if self._born(thing) in OUTSIDE:
            self.ledger.kept_out[address, item] = theirs(thing)
        return item

    def _theirs(self, address: str, thing: Thing) -> None:
        """What a write that came too late doubled is put right only while nobody touched it."""
        if thing.id in self.servers[address].belated:
            self.ledger.copies[address, named(thing.fields)] += 1
            self.ledger.thrown.discard((address, named(thing.fields)))

    def _is_doubled(self, address: str, thing: Thing) -> bool:
        """Whether a write that came too late lies beside it, or is it, and is not put right yet."""
        server, name = self.servers[address], named(thing.fields)
        two = [each for each in server.inside("contacts") if named(each.fields) == name]
        return len(two) > 1 and any(each.id in server.belated for each in two)

    def _born(self, thing: Thing) -> str:
        birth = self.ledger.births.get(thing.jotted or "")
        return birth.sort if birth else NAME

    def _sort(self, thing: Thing) -> str:
        if thing.sensitivity is not Sensitivity.NORMAL:
            return SECRET
        return UNTRACKED if self._born(thing) == UNTRACKED else OPEN

    # --- values ----------------------------------------------------------------------------------

    def _name(self, sort: str) -> dict[str, Value]:
        self._number += 1
        return {"firstname": f"{sort}{self._number}x", "lastname": f"{sort}{self._number}x"}

    def _values(self, chance: random.Random, sort: str, most: int) -> dict[str, Value]:
        fields = [each for each in EDITED if sort == OPEN or each.type not in _BARE]
        return {
            each.name: self._value(each, sort)
            for each in chance.sample(fields, chance.randint(1, most))
        }

    def _patch(self, chance: random.Random, sort: str) -> dict[str, Value]:
        values = self._values(chance, sort, 3)
        return {name: None if chance.random() < 0.25 else value for name, value in values.items()}

    def _value(self, of: Field, sort: str) -> Value:
        self._number += 1
        number = self._number
        match of.type:
            case FieldType.EMAIL:
                return f"{sort}{number}x@example.test"
            case FieldType.PHONE:
                return f"+49 40 7{number:07d}"
            case FieldType.DATE:
                return date(1950, 1, 1) + timedelta(days=number)
            case FieldType.NAMES:
                return (f"{sort}{number}x",)
            case FieldType.LINES:
                return f"{sort}{number}x Street\nfloor {number}"
            case FieldType.NOTE:
                return f"{sort}{number}x\nnote"
        return f"{sort}{number}x"


_BARE = (FieldType.PHONE, FieldType.DATE)  # no room for a canary


def _one(chance: random.Random, among: Sequence[T]) -> T | None:
    return chance.choice(among) if among else None
