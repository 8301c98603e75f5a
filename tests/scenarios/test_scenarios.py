"""Every scenario file, played four ways.

To its expected end; with the journal booked beside it; once more, with nothing left to do; and torn
at moments of its runs, to go on from there.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from zlib import crc32

import pytest
from sqlalchemy import Engine

from syncd.outlook.port import Backend
from syncd.sandbox.server import Sandbox
from tests.conftest import FULL, SQLITE, drawn
from tests.sandbox.graph.description import watch
from tests.scenarios import expecting, reading
from tests.scenarios.ledger import Ledger
from tests.scenarios.reading import MANY, Crash, Scenario
from tests.scenarios.stage import Run, Stage, nested
from tests.scenarios.trouble import well_again
from tests.sync import tearing
from tests.sync.tearing import LEASE_OVER
from tests.sync.world import ALICE, BOB, World
from tests.sync.worlds import Memory, memory_world, sandbox_world

WATCHED = 100  # exchanges of a story over Graph that are held against its description
TORN = 4  # one of so many stories is torn
WIRED = 3  # and played over the wire
THIN = 4  # where not all moments of a story are tried: how much further on each next one is

pytestmark = pytest.mark.parametrize("kept_in", [SQLITE], indirect=True)


def wired() -> list[Path]:
    """The files that are played over the wire: all but those that say why not."""
    return [path for path in reading.every() if not reading.read(path).only_in_memory]


def differs(scenario: Scenario) -> bool:
    """Whether a story is torn where nothing can be moved, too: where other writes are made there.

    Not one of hundreds, which takes long and tells no more.
    """
    many = any(each.get(MANY, 1) > 100 for each in scenario.start.crm.values())
    leaves = {"deactivates", "brings back"} & {each.does for each in scenario.steps}
    return bool(scenario.on or "former" in scenario.expected or leaves) and not many


def on_the_wire() -> list[tuple[Path, Backend]]:
    """Stories over one of both protocols, as the seed says; over both where it differs there."""
    both = tuple(Backend)
    found = []
    for path in wired():
        also = FULL or differs(reading.read(path))
        chosen = drawn(path.stem) % (WIRED * len(both))  # beyond both: over none
        found += [(path, each) for n, each in enumerate(both) if also or n == chosen]
    return found


def is_torn(path: Path, scenario: Scenario, backend: Backend) -> bool:
    """Whether a story is torn there: all that ask for it, and a sample of the others."""
    if scenario.crash is not Crash.ALL and not FULL and drawn("torn", path.stem) % TORN:
        return False
    return backend is Backend.EWS or differs(scenario)


BACKENDS = pytest.mark.parametrize("backend", list(Backend), ids=str)
FILES = pytest.mark.parametrize("path", reading.every(), ids=lambda path: path.stem)


@BACKENDS
@FILES
def test_in_memory(path: Path, backend: Backend, engine: Engine, tmp_path: Path) -> None:
    """It ends as expected, the journal accounts for it (P1), and all is settled (P2, P4, P9).

    Cut off on the way, syncd goes on and comes to the same end (P3, P10).
    """
    memory = memory_world(engine, backend=backend)
    stage = Stage(reading.read(path).on_backend(backend), *memory)
    stage.around = ledger = Ledger(memory).around
    with awaiting(stage):
        stage.begin()
        if is_torn(path, stage.scenario, backend):
            stage.around = nested(ledger, Torn(stage, memory, tmp_path).around)
        stage.go_through()
        expecting.check(stage)


@pytest.mark.parametrize(
    ("path", "backend"), on_the_wire(), ids=lambda each: getattr(each, "stem", str(each))
)
def test_over_the_wire(path: Path, backend: Backend, engine: Engine) -> None:
    """It ends in the same way against an Exchange on loopback, and all is settled there."""
    scenario = reading.read(path).on_backend(backend)
    root = os.environ.get("SYNCD_SCHEMAS")
    with Sandbox(users=[ALICE, BOB], validate=Path(root) / "ews" if root else None) as box:
        complaints = watch(box, WATCHED)
        stage = Stage(scenario, sandbox_world(engine, box, backend), box=box)
        with awaiting(stage):
            stage.play()
            expecting.check(stage)
        assert not box.invalid_responses
        assert not complaints


@contextmanager
def awaiting(stage: Stage) -> Iterator[None]:
    """A scenario that awaits something fails until that is there, and then says so."""
    awaits = stage.scenario.awaits
    if not awaits:
        yield
        return
    with pytest.raises(AssertionError):
        yield
    pytest.xfail(awaits)


@dataclass
class Torn:
    """A scenario whose runs are torn, with a folder for the worlds that go on from there.

    A sample is of moments that lie ever further apart, so that a story may be long.
    """

    stage: Stage
    memory: Memory
    folder: Path
    _twins: Iterator[int] = field(default_factory=itertools.count)
    _met: int = 0
    _next: float = 0

    def around(self, world: World, address: str, run_it: Run) -> None:
        """A run, and what comes of it from moments at which what outlives a process changed.

        What a person typed and was not answered, they type once more.
        """
        known = {tearing.durable(self.memory)}
        moments: list[tuple[str, Memory]] = []

        def keep(event: str) -> None:
            if self._wanted() and (now := tearing.durable(self.memory)) not in known:
                known.add(now)
                moments.append((event, self._twin()))

        with tearing.watched(self.memory[1], keep):
            run_it(world)
        if not moments:
            return
        wanted = self._gone_on(self._twin())
        for event, torn in moments:
            well_again(torn)[0].pass_time(minutes=LEASE_OVER)
            run_it(torn[0])
            assert self._gone_on(torn) == wanted, f"{address}, torn after a {event}"

    def _wanted(self) -> bool:
        """Whether the moment is one of those that are tried; the first one differs by story."""
        self._met += 1
        if FULL or self.stage.scenario.crash is Crash.ALL:
            return True
        if not self._next:
            self._next = 2 + crc32(self.stage.scenario.name.encode()) % 11
        if self._met < self._next:
            return False
        self._next = 1 + self._next * THIN
        return True

    def _twin(self) -> Memory:
        path = self.folder / f"{next(self._twins)}.db"
        return tearing.let_go(tearing.branch(*self.memory, path))

    def _gone_on(self, memory: Memory) -> dict[str, object]:
        """What it comes to from here, with the server well again and nobody doing anything."""
        world, _ = well_again(memory)
        tearing.resumed(world, self.stage.users)
        found = tearing.picture(memory)
        world.engine.dispose()
        for file in self.folder.glob(f"{Path(str(world.engine.url.database)).name}*"):
            file.unlink()
        return found
