"""One round: the same calls by syncd's adapter, by a whole first sync, and by a bare client."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar
from uuid import UUID

from syncd.model.contact import CONTACT
from syncd.model.values import Value
from syncd.outlook.port import Creation, Item, Stamp, Update, Written
from tests.benchmarks import people
from tests.benchmarks.exchange import Exchange
from tests.benchmarks.measure import Cost, measured
from tests.benchmarks.office import Office, Opener

CREATE, READ, CHANGES, UPDATE, FIRST_SYNC = (
    "create, and know what was made",
    "read",
    "list changes",
    "update four fields",
    "a whole first sync",
)
# A bare client takes as long for each of many as for each of few: fewer will do for it.
BARE_MOST = 800
EDITED = 300  # contacts that are updated in a round

Costs = Mapping[str, Cost]
T = TypeVar("T")


@dataclass(frozen=True)
class Round:
    """What each way cost, by operation."""

    ours: Costs
    bare: Costs


def addresses(number: int) -> tuple[str, str, str]:
    """The mailboxes of one round."""
    return (
        f"ours{number}@example.test", f"bare{number}@example.test", f"sync{number}@example.test",
    )  # fmt: skip


class Bare(Protocol):
    """The same calls without syncd. What `create` answers is what the others take."""

    def create(self, fields: Sequence[Mapping[str, Value]]) -> Sequence[Any]:
        """Create items; what names them."""

    def read(self, ids: Sequence[Any]) -> Sequence[Any]:
        """Read items in full."""

    def changes(self) -> int:
        """List all changes from the start; how many."""

    def update(self, items: Sequence[Any], edits: Sequence[Mapping[str, Value]]) -> None:
        """Write edits to items that were read."""

    def close(self) -> None:
        """Give back the connection."""


@dataclass(frozen=True)
class Ways:
    """How mailboxes are reached: by syncd's adapter, and by a bare client.

    `reads_back`: what was created has to be read, since its answer does not show it.
    """

    client: str
    ours: Opener
    bare: Callable[[str], Bare]
    reads_back: bool


def take(exchange: Exchange, ways: Ways, number: int, size: int) -> Round:
    """One round over `size` contacts, in mailboxes of its own; each way goes first in turn."""
    to_ours, to_bare, to_sync = addresses(number)

    def mine() -> Costs:
        return {**_ours(exchange, ways, to_ours, size), **_sync(exchange, ways, to_sync, size)}

    def theirs() -> Costs:
        return _bare(exchange, ways, to_bare, min(size, BARE_MOST))

    if number % 2 == 0:
        ours = mine()
        return Round(ours, theirs())
    bare = theirs()
    return Round(mine(), bare)


def _ours(exchange: Exchange, ways: Ways, address: str, size: int) -> Costs:
    with closing(ways.ours(address)) as box:
        folder = box.folder(CONTACT, "default", create=True)
        assert folder is not None
        batch = box.capabilities.write_batch

        contacts = [people.contact(n) for n in range(size)]
        stamps = [_stamp(n) for n in range(size)]

        def create() -> list[Written]:
            made: list[Written] = []
            for at in range(0, size, batch):
                some = slice(at, at + batch)
                creations = list(map(_creation, contacts[some], stamps[some]))
                found = box.create(CONTACT, folder.id, creations)
                made += [each for each in found if isinstance(each, Written)]
            return made

        made, creating = _timed(exchange, create)
        assert ways.reads_back is any(each.item is None for each in made)
        read, reading = _timed(exchange, lambda: box.read(CONTACT, [each.id for each in made]))
        items = [each for each in read if isinstance(each, Item)]
        assert len(items) == size

        def changes() -> int:
            seen, cursor = 0, None
            while True:
                page = box.changes(CONTACT, folder.id, cursor)
                seen, cursor = seen + len(page.seen), page.cursor
                if page.last:
                    return seen

        with closing(ways.ours(address)) as other:  # one that knows nothing of what was made
            box = other
            seen, listing = _timed(exchange, changes)
            assert seen == size
            edited = items[:EDITED]
            edits = [people.edit(n) for n in range(len(edited))]

            def update() -> None:
                for at in range(0, len(edited), batch):
                    some = slice(at, at + batch)
                    updates = list(map(_update, edited[some], edits[some], stamps[some]))
                    answers = box.update(CONTACT, updates)
                    assert all(isinstance(each, Written) for each in answers)

            _, updating = _timed(exchange, update)
    made_known = creating + reading if ways.reads_back else creating
    return {CREATE: made_known, READ: reading, CHANGES: listing, UPDATE: updating}


def _bare(exchange: Exchange, ways: Ways, address: str, size: int) -> Costs:
    with closing(ways.bare(address)) as box:
        nobody, looking = _timed(exchange, box.changes)  # what a first sync asks first
        assert nobody == 0
        contacts = [people.contact(n) for n in range(size)]
        ids, creating = _timed(exchange, lambda: box.create(contacts))
        items, reading = _timed(exchange, lambda: box.read(ids))
        assert len(items) == size
        seen, listing = _timed(exchange, box.changes)
        assert seen == size
        edited = items[:EDITED]
        edits = [people.edit(n) for n in range(len(edited))]
        _, updating = _timed(exchange, lambda: box.update(edited, edits))
    made_known = creating + reading if ways.reads_back else creating
    return {
        CREATE: made_known,
        READ: reading,
        CHANGES: listing,
        UPDATE: updating,
        FIRST_SYNC: looking + made_known + listing,
    }


def _sync(exchange: Exchange, ways: Ways, address: str, size: int) -> Costs:
    with tempfile.TemporaryDirectory() as folder:
        office = Office.open(Path(folder), ways.ours, address, size)
        report, cost = _timed(exchange, office.sync)
        assert report.counters["in_step"] == size, report.counters
        office.engine.dispose()
    return {FIRST_SYNC: cost}


def _timed(exchange: Exchange, action: Callable[[], T]) -> tuple[T, Cost]:
    exchange.reset()
    with measured() as cost:
        result = action()
    cost.requests = exchange.requests()
    return result, cost


def _creation(values: Mapping[str, Value], stamp: Stamp) -> Creation:
    first = {each.name: text for each in CONTACT.initial if (text := each.compose(values))}
    return Creation(values, first, stamp)


def _update(item: Item, edit: Mapping[str, Value], stamp: Stamp) -> Update:
    return Update(item.head.id, item.head.version, edit, stamp)


def _stamp(number: int) -> Stamp:
    return Stamp("benchmark", CONTACT.name, str(UUID(int=number)), str(UUID(int=number)))
