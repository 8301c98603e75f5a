"""The journal as a ledger: its entries, booked in order, account for all that syncd changed.

Both sides are looked at before and after a run; the entries of that run, applied to the first, must
give the second, and each must have found what it says that it found.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import select, text

from syncd.crm import database
from syncd.model.fields import FieldType
from syncd.model.kinds import Kind
from syncd.model.normal import normal
from syncd.model.values import Value, from_json
from syncd.reconcile.decide import Verb
from syncd.sync.snapshots import load
from syncd.sync.tables import mailbox, operation
from tests.memory_server import MemoryServer
from tests.scenarios.stage import FORMER, Run
from tests.scenarios.trouble import Overtaken
from tests.sync.world import World
from tests.sync.worlds import Memory

Fields = dict[str, Value]
_PUT = {Verb.MOVE_ITEM: FORMER, Verb.TRASH_ITEM: "deleteditems"}


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the journal that says that something was done."""

    key: str
    verb: Verb
    address: str
    crm_id: str
    remote_id: str
    before: Mapping[str, object]
    after: Mapping[str, object]
    done: bool = True

    def __str__(self) -> str:
        return f"{self.verb.value} of {self.crm_id} {self.remote_id} in {self.address}"


@dataclass
class Sides:
    """What both sides hold, by id; of an item also the folder that it is in."""

    kind: Kind
    records: dict[str, Fields] = field(default_factory=dict)
    items: dict[str, dict[str, Fields]] = field(default_factory=dict)
    folders: dict[tuple[str, str], str] = field(default_factory=dict)
    ties: dict[tuple[str, str], str] = field(default_factory=dict)  # of a record, to its item

    @classmethod
    def of(cls, memory: Memory) -> Sides:
        """Both sides as they stand."""
        world, servers = memory
        sides = cls(world.stored.kind)
        for crm_id, held in world.all_records().items():
            sides.records[crm_id] = sides.normal(held.record.fields)
        for address, server in servers.items():
            sides._look(address, server)
        with database.read(world.engine) as conn:
            names = {row.id: row.address for row in conn.execute(select(mailbox))}
        for each in world.links():
            sides.ties[names[each.mailbox_id], each.crm_id] = each.remote_id
        return sides

    def _look(self, address: str, server: MemoryServer) -> None:
        self.items[address] = {t.id: self.normal(t.fields) for t in server.things.values()}
        for each in server.things.values():
            self.folders[address, each.id] = server.folder(each.folder).name if each.folder not in (
                "contacts", "deleteditems",
            ) else each.folder  # fmt: skip

    def normal(self, fields: Mapping[str, Value]) -> Fields:
        """What is held that is not empty, as it is compared."""
        types = self.kind.by_name
        forms = {n: normal(types[n].type, v) for n, v in fields.items() if n in types}
        return {name: value for name, value in forms.items() if value is not None}


class Ledger:
    """Looks at both sides around each run, and books its entries."""

    def __init__(self, memory: Memory) -> None:
        self.memory = memory
        self.world: World = memory[0]
        self.booked = {each.key for each in self._entries()}

    def around(self, world: World, address: str, run_it: Run) -> None:
        """One run. Raises AssertionError when the journal does not account for it."""
        del address
        now = Sides.of(self.memory)
        run_it(world)
        after = Sides.of(self.memory)
        unbooked = [each for each in self._entries() if each.key not in self.booked]
        entries = [e for each in unbooked if (e := _happened(now, each, after)) is not None]
        self.booked |= {each.key for each in entries}
        self._book_by_hand(now)
        for each in entries:
            _book(now, each, after)
        withdrawn = self._withdrawn(entries)
        for crm_id in withdrawn:  # what was taken back is in no journal (P7)
            now.records.pop(crm_id, None)
            after.records.pop(crm_id, None)
        told = [str(each) for each in entries]
        assert now.records == after.records, ("the CRM differs from what was booked", told)
        assert now.items == after.items, ("Outlook differs from what was booked", told)
        assert now.folders == after.folders, ("an item is where nobody booked it", told)

    def _book_by_hand(self, now: Sides) -> None:
        """What a user saved in the middle of the run."""
        for address, server in self.memory[1].items():
            woe = server.meddle
            if isinstance(woe, Overtaken) and woe.over and not woe.booked:
                woe.booked = True
                item = now.items[address][woe.item]
                now.items[address][woe.item] = {**item, **now.normal(woe.fields)}

    def _withdrawn(self, entries: Iterable[Entry]) -> set[str]:
        ids = {each.crm_id for each in entries if each.verb is Verb.WITHDRAW}
        known = [self.world.record(each) for each in ids]
        return ids | {each.merged_into for each in known if each.merged_into}

    def _entries(self) -> list[Entry]:
        query = (
            select(operation, mailbox.c.address)
            .join(mailbox, mailbox.c.id == operation.c.mailbox_id)
            .where(operation.c.status.in_(["done", "intended", "in-doubt"]))
            .order_by(text("operation.rowid"))
        )
        with database.read(self.world.engine) as conn:
            rows: list[Any] = list(conn.execute(query))
            held = load(conn, {h for r in rows for h in (r.before, r.after) if h})
        return [
            Entry(
                row.key, Verb(row.verb), row.address, row.crm_id or "", row.remote_id or "",
                held[row.before] if row.before else {}, held[row.after] if row.after else {},
                row.status == "done",
            )
            for row in rows
        ]  # fmt: skip


def _happened(now: Sides, entry: Entry, after: Sides) -> Entry | None:
    """An entry as it is to be booked. One in doubt is, when its effect is there to be seen."""
    if entry.done:
        return entry
    had, has = now.items[entry.address], after.items[entry.address]
    new = next((each for each in has if each not in had), "")
    match entry.verb:
        case Verb.CREATE_ITEM:
            return replace(entry, remote_id=new) if new else None
        case Verb.UPDATE_ITEM:
            same = had.get(entry.remote_id) == has.get(entry.remote_id)
            return None if same else entry
        case _ if entry.remote_id in has:  # where it keeps its id
            item = (entry.address, entry.remote_id)
            return entry if now.folders[item] != after.folders[item] else None
        case _:
            return replace(entry, remote_id=new)


def _book(now: Sides, entry: Entry, after: Sides) -> None:
    match entry.verb:
        case Verb.UNLINK | Verb.WITHDRAW | Verb.DEACTIVATE_RECORD:
            return
        case Verb.DELETE_RECORD:
            assert now.records.pop(entry.crm_id, None), f"{entry}: there is no such record"
        case Verb.CREATE_RECORD:
            assert entry.crm_id not in now.records, f"{entry}: it was there"
            now.records[entry.crm_id] = {}
            _write(now, now.records[entry.crm_id], entry)
        case Verb.UPDATE_RECORD:
            assert entry.crm_id in now.records, f"{entry}: there is no such record"
            _write(now, now.records[entry.crm_id], entry)
        case Verb.CREATE_ITEM:
            items = now.items[entry.address]
            assert entry.remote_id not in items, f"{entry}: it was there"
            items[entry.remote_id] = {}
            where = after.folders.get((entry.address, entry.remote_id), "")
            now.folders[entry.address, entry.remote_id] = where
            _write(now, items[entry.remote_id], entry)
        case Verb.UPDATE_ITEM:
            item = now.items[entry.address].get(entry.remote_id)
            assert item is not None, f"{entry}: there is no such item"
            _write(now, item, entry)
        case Verb.MOVE_ITEM | Verb.TRASH_ITEM | Verb.RESTORE_ITEM:
            _shift(now, entry, after)
        case _:
            raise AssertionError(f"{entry}: nobody knows how to book it")
    now.ties[entry.address, entry.crm_id] = entry.remote_id


def _shift(now: Sides, entry: Entry, after: Sides) -> None:
    """A move gives the item another id: it is the one that the record was tied to."""
    items, old = now.items[entry.address], now.ties.get((entry.address, entry.crm_id), "")
    if old not in items:  # its user had moved it since: it is one that is not there any more
        has = after.items[entry.address]
        gone = [each for each in items if each not in has]
        alike = (each for each in gone if items[each] == has.get(entry.remote_id))
        old = next(alike, gone[0] if gone else "")
    assert old in items, f"{entry}: what was moved is not known"
    items[entry.remote_id] = items.pop(old)
    del now.folders[entry.address, old]
    back = after.folders.get((entry.address, entry.remote_id), "")
    now.folders[entry.address, entry.remote_id] = _PUT.get(entry.verb, back)


def _write(now: Sides, held: Fields, entry: Entry) -> None:
    types = now.kind.by_name
    for name, value in entry.before.items():
        found, said = held.get(name), _normal(types[name].type, value)
        assert found == said, f"{entry}: {name} was {found!r}, and the journal says {said!r}"
    for name, value in entry.after.items():
        written = _normal(types[name].type, value)
        if written is None:
            held.pop(name, None)
        else:
            held[name] = written


def _normal(of_type: FieldType, value: object) -> Value:
    return normal(of_type, from_json(of_type, value))
