"""The world that is simulated: many mailboxes in memory, and the real store.

No clock and no random number of the machine takes part: the same seed is the same world.
"""

from __future__ import annotations

import random
import secrets
import shutil
import sqlite3
import sys
import tempfile
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog
from sqlalchemy import Engine

from syncd.crm import database
from syncd.crm.migration import upgrade
from syncd.crm.records import CONTACTS
from syncd.model.policy import KindPolicy
from syncd.outlook.port import Backend
from syncd.sync.service import SyncService
from tests import compiled
from tests.memory_mailbox import MemoryMailbox
from tests.simulation.faults import Awkward
from tests.sync.hands import MemoryHand
from tests.sync.world import Time, World

BACKENDS = ("ews", "graph", "mixed")
PAUSE = timedelta(seconds=1)  # between what people do
REQUEST = timedelta(milliseconds=200)
BEGINNING = datetime(2026, 1, 5, 9, tzinfo=UTC)
_IN_MEMORY = Path("/dev/shm")  # noqa: S108 - where files cost no disk


@dataclass
class VirtualTime(Time):
    """The time in a simulated world: it passes when something happens."""

    def __call__(self) -> datetime:
        """What time it is."""
        return BEGINNING + self.passed


@dataclass
class SimulatedWorld(World):
    """A world whose service draws its keys from the seed."""

    keys: Callable[[], uuid.UUID] = uuid.uuid4
    logged: list[str] = field(default_factory=list)

    def service(self) -> SyncService:
        """A service as a new process would have it."""
        service = super().service()
        service.new_key = self.keys
        return service


@dataclass(frozen=True)
class Store:
    """The file of a store, and a state of it to go back to."""

    path: Path
    engine: Engine

    @property
    def _kept(self) -> Path:
        return self.path.with_suffix(".kept")

    def keep(self) -> None:
        """What is committed now is on disk."""
        _copy(self.path, self._kept)

    def cut_power(self) -> None:
        """Everything since it was last on disk is gone."""
        _copy(self._kept, self.path)

    def held(self) -> bytes:
        """All bytes of it, also of what was deleted."""
        files = (self.path, self.path.with_name(f"{self.path.name}-wal"))
        return b"".join(each.read_bytes() for each in files if each.exists())


def _copy(source: Path, target: Path) -> None:
    with closing(sqlite3.connect(source)) as one, closing(sqlite3.connect(target)) as other:
        one.backup(other)


@contextmanager
def opened(
    mailboxes: int, backend: str, seed: str
) -> Iterator[tuple[SimulatedWorld, dict[str, Awkward], Store]]:
    """A world, its servers by address, and its store."""
    place = tempfile.mkdtemp(prefix="syncd-", dir=_IN_MEMORY if _IN_MEMORY.is_dir() else None)
    path = Path(place) / "syncd.db"
    shutil.copy(_empty(), path)
    engine = database.open_database(f"sqlite:///{path}")
    try:
        with _foreseeable(seed) as keys:
            world, servers = _world(engine, mailboxes, backend, keys)
            with _listening(world.logged):
                yield world, servers, Store(path, engine)
    finally:
        engine.dispose()
        shutil.rmtree(place, ignore_errors=True)


def _world(
    engine: Engine, mailboxes: int, backend: str, keys: Callable[[], uuid.UUID]
) -> tuple[SimulatedWorld, dict[str, Awkward]]:
    kind, time = CONTACTS.kind, VirtualTime()
    names = [f"user{number}@example.test" for number in range(mailboxes)]
    like = {"ews": (Backend.EWS,), "graph": (Backend.GRAPH,), "mixed": (Backend.EWS, Backend.GRAPH)}
    of = like[backend]
    servers = {each: Awkward(kind, time, of[n % len(of)]) for n, each in enumerate(names)}
    world = SimulatedWorld(
        engine,
        time,
        {each: MemoryHand(server) for each, server in servers.items()},
        lambda address: MemoryMailbox(servers[address], address),
        lambda: sum((server.counts for server in servers.values()), Counter[str]()),
        stored=CONTACTS,
        rules=KindPolicy(kind),
        keys=keys,
    )
    with database.write(engine) as conn:
        world.add_users(conn)
    return world, servers


@contextmanager
def _foreseeable(seed: str) -> Iterator[Callable[[], uuid.UUID]]:
    """Meanwhile, all that the engine draws by chance is drawn from the seed."""
    chance = random.Random(f"keys of {seed}")  # noqa: S311 - it is to be repeatable

    def key() -> uuid.UUID:
        return uuid.UUID(int=chance.getrandbits(128), version=4)

    real, token = uuid.uuid4, secrets.token_hex
    ours = [m for name, m in list(sys.modules.items()) if name.startswith("syncd.")]
    drawing = [each for each in ours if getattr(each, "uuid4", None) is real]
    spread = random.getstate()
    random.seed(f"spread of {seed}")
    for each in drawing:
        vars(each)["uuid4"] = key
    secrets.token_hex = lambda nbytes=None: chance.randbytes(nbytes or 32).hex()
    try:
        yield key
    finally:
        random.setstate(spread)
        secrets.token_hex = token
        for each in drawing:
            vars(each)["uuid4"] = real


@contextmanager
def _listening(logged: list[str]) -> Iterator[None]:
    """Meanwhile, what is logged is kept here and shown nowhere."""
    before = structlog.get_config()

    def keep(_: object, __: str, told: object) -> str:
        logged.append(repr(told))
        raise structlog.DropEvent

    structlog.configure(processors=[structlog.contextvars.merge_contextvars, keep])
    try:
        yield
    finally:
        structlog.configure(**before)


_EMPTY: list[Path] = []


def _empty() -> Path:
    """A migrated store without a row, made once in a process."""
    if not _EMPTY:
        compiled.share()
        place = _IN_MEMORY if _IN_MEMORY.is_dir() else None
        path = Path(tempfile.mkdtemp(prefix="syncd-empty-", dir=place)) / "empty.db"
        engine = database.open_database(f"sqlite:///{path}")
        upgrade(engine)
        engine.dispose()
        _EMPTY.append(path)
    return _EMPTY[0]
