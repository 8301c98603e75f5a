"""Tearing a run: the moments at which it can be cut off, and how syncd goes on from them.

What outlives a process is what it has committed and what its requests have done; so there is a
moment after each commit, which is also the one before the next request, and one after each write
to the mailbox, of which no answer was seen.
"""

from __future__ import annotations

import copy
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy import Connection, select

from syncd.crm import database
from syncd.crm.tables import crm_change
from syncd.sync.mailboxes import MailboxState
from syncd.sync.session import Session
from syncd.sync.tables import conflict, held, mailbox_kind
from tests.memory_mailbox import MemoryMailbox
from tests.memory_server import Effect, Meddle, MemoryServer
from tests.sync.hands import MemoryHand
from tests.sync.world import WRITES, World
from tests.sync.worlds import Memory

ROUNDS = 8
LEASE_OVER, SECOND_LOOK = 4, 11  # minutes

Keep = Callable[[str], None]


@dataclass
class Watched:
    """A server whose writes are told of once they are done."""

    inner: Meddle
    keep: Keep

    def __call__(self, call: str, effect: Effect) -> object:
        """One request."""
        try:
            return self.inner(call, effect)
        finally:
            if call in WRITES:
                self.keep(call)


@contextmanager
def watched(servers: Mapping[str, MemoryServer], keep: Keep) -> Iterator[None]:
    """Meanwhile, `keep` is called at each moment at which what outlives the process changed."""
    write = Session.write

    @contextmanager
    def telling(self: Session, **begun: bool) -> Iterator[Connection]:
        with write(self, **begun) as conn:
            yield conn
        keep("commit")

    before = {each: server.meddle for each, server in servers.items()}
    Session.write = telling  # type: ignore[method-assign]
    for address, server in servers.items():
        server.meddle = Watched(before[address], keep)
    try:
        yield
    finally:
        Session.write = write  # type: ignore[method-assign]
        for address, server in servers.items():
            server.meddle = before[address]


def branch(world: World, servers: Mapping[str, MemoryServer], path: Path) -> Memory:
    """The same world once more, in a store of its own: what is done in one is not in the other."""
    stands, begins = str(world.engine.url.database), str(path)
    with closing(sqlite3.connect(stands)) as conn, closing(sqlite3.connect(begins)) as twin_conn:
        twin_conn.execute("pragma journal_mode = off")
        twin_conn.execute("pragma synchronous = off")
        conn.backup(twin_conn)
    time, twins = copy.deepcopy((world.time, dict(servers)))
    engine = database.open_database(f"sqlite:///{path}")
    twin = replace(
        world,
        engine=engine,
        time=time,
        hands={each: MemoryHand(server) for each, server in twins.items()},
        connect=lambda address: MemoryMailbox(twins[address], address),
        counted=lambda: sum((server.counts for server in twins.values()), Counter[str]()),
        reports=[],
    )
    return twin, twins


def let_go(torn: Memory) -> Memory:
    """A twin made at such a moment, with nobody watching its servers."""
    for server in torn[1].values():
        if isinstance(server.meddle, Watched):
            server.meddle = server.meddle.inner
    return torn


def durable(memory: Memory) -> int:
    """A number for all that outlives the process, but for who holds the lease."""
    world, servers = memory
    told: list[object] = [world.rows()]
    with database.read(world.engine) as conn:
        told += [list(conn.execute(select(each))) for each in (mailbox_kind, conflict, held)]
        told.append(list(conn.scalars(select(crm_change.c.number))))
    told += [sorted((t.id, t.version) for t in each.things.values()) for each in servers.values()]
    return hash(repr(told))


def resumed(world: World, addresses: Sequence[str]) -> None:
    """A new process goes on once the lease has run out, until nothing is left to do (P2, P10).

    Between its rounds time passes: removals are looked at twice.
    """
    world.pass_time(minutes=LEASE_OVER)
    for address in addresses:
        world.sync(address)
    for _ in range(ROUNDS):
        world.pass_time(minutes=SECOND_LOOK)
        worked = [_worked(world, each) for each in addresses]
        if not any(worked):
            break
    else:
        raise AssertionError(f"something is left to do after {ROUNDS} rounds: {world.counts}")
    for address in addresses:
        if world.state(address).state is MailboxState.LIVE:
            world.accounted(address)


def _worked(world: World, address: str) -> bool:
    """Whether a run of a mailbox finds anything to do."""
    before = world.rows()
    world.sync(address)
    proposed = world.contact_state(address) == "proposed"  # it shows the totals anew each time
    return bool(world.writes) or (not proposed and world.rows() != before)


def picture(memory: Memory) -> dict[str, object]:
    """All that either side holds, without ids; and what was kept of what lost."""
    world, servers = memory

    def shown(server: MemoryServer) -> list[str]:
        names = {each.id: each.path for each in server.folders()}
        return sorted(
            f"{names.get(t.folder, t.folder)}: {t.sensitivity} {sorted(t.fields.items())}"
            for t in server.things.values()
        )

    held_by = {each: shown(server) for each, server in servers.items()}
    crm = [
        f"{each.owner_id} {each.statecode} {sorted(world.crm(i).items())}"
        for i, each in world.all_records().items()
    ]
    return {
        **held_by,
        "crm": sorted(crm),
        "links": sorted(f"{each.mailbox_id} {each.origin} {each.state}" for each in world.links()),
        "kept": sorted(set(world.kept_losers())),  # twice is as good as once
    }
