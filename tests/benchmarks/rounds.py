"""One round: the same calls by syncd's adapter, by a whole first sync, and by bare exchangelib."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar
from uuid import UUID

from syncd.model.contact import CONTACT
from syncd.outlook.ews.mailbox import BATCH, open_ews
from syncd.outlook.ews.session import EwsServer
from syncd.outlook.ews.sign_in import Basic
from syncd.outlook.port import Creation, Item, Stamp, Update, Written
from tests.benchmarks import people
from tests.benchmarks.bare import BareMailbox
from tests.benchmarks.exchange import ACCOUNT, PASSWORD, Exchange
from tests.benchmarks.measure import Cost, measured
from tests.benchmarks.office import Office

CREATE, READ, CHANGES, UPDATE, FIRST_SYNC = (
    "create, and read back",
    "read",
    "list changes",
    "update four fields",
    "a whole first sync",
)
# exchangelib takes long, and as long for each of many as for each of few: fewer will do for it.
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


def take(exchange: Exchange, number: int, size: int, *, ours_first: bool) -> Round:
    """One round over `size` contacts, in mailboxes of its own."""
    to_ours, to_bare, to_sync = addresses(number)
    server = EwsServer(exchange.endpoint, Basic(ACCOUNT, PASSWORD))

    def mine() -> Costs:
        return {**_ours(exchange, server, to_ours, size), **_sync(exchange, server, to_sync, size)}

    def theirs() -> Costs:
        return _bare(exchange, to_bare, min(size, BARE_MOST))

    if ours_first:
        ours = mine()
        return Round(ours, theirs())
    bare = theirs()
    return Round(mine(), bare)


def _ours(exchange: Exchange, server: EwsServer, address: str, size: int) -> Costs:
    with closing(open_ews(server, address)) as box:
        folder = box.folder(CONTACT, "default", create=True)
        assert folder is not None

        def create() -> list[Written]:
            made: list[Written] = []
            for at in range(0, size, BATCH):
                creations = [_creation(n) for n in range(at, min(size, at + BATCH))]
                found = box.create(CONTACT, folder.id, creations)
                made += [each for each in found if isinstance(each, Written)]
            return made

        made, creating = _timed(exchange, create)
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

        seen, listing = _timed(exchange, changes)
        assert seen == size
        edited = items[:EDITED]

        def update() -> None:
            for at in range(0, len(edited), BATCH):
                some = enumerate(edited[at : at + BATCH], at)
                answers = box.update(CONTACT, [_update(each, n) for n, each in some])
                assert all(isinstance(each, Written) for each in answers)

        _, updating = _timed(exchange, update)
    return {CREATE: creating + reading, READ: reading, CHANGES: listing, UPDATE: updating}


def _bare(exchange: Exchange, address: str, size: int) -> Costs:
    with closing(BareMailbox(exchange.endpoint, ACCOUNT, PASSWORD, address)) as box:
        nobody, looking = _timed(exchange, box.changes)  # what a first sync asks first
        assert nobody == 0
        ids, creating = _timed(
            exchange, lambda: box.create([people.contact(n) for n in range(size)])
        )
        items, reading = _timed(exchange, lambda: box.read(ids))
        assert len(items) == size
        seen, listing = _timed(exchange, box.changes)
        assert seen == size
        edited = items[:EDITED]
        edits = [people.edit(n) for n in range(len(edited))]
        _, updating = _timed(exchange, lambda: box.update(edited, edits))
    return {
        CREATE: creating + reading,
        READ: reading,
        CHANGES: listing,
        UPDATE: updating,
        FIRST_SYNC: looking + creating + reading + listing,
    }


def _sync(exchange: Exchange, server: EwsServer, address: str, size: int) -> Costs:
    with tempfile.TemporaryDirectory() as folder:
        office = Office.open(Path(folder), server, address, size)
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


def _creation(number: int) -> Creation:
    values = people.contact(number)
    first = {each.name: text for each in CONTACT.initial if (text := each.compose(values))}
    return Creation(values, first, _stamp(number))


def _update(item: Item, number: int) -> Update:
    return Update(item.head.id, item.head.version, people.edit(number), _stamp(number))


def _stamp(number: int) -> Stamp:
    return Stamp("benchmark", CONTACT.name, str(UUID(int=number)), str(UUID(int=number)))
