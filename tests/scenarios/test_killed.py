"""Every scenario file, with syncd killed in each of its runs, which ends as if it had not been.

By the port, beside what `test_scenarios` tears: with all that was written settled from the journal
alone; and killed at steps that a seed says, over the wire and on PostgreSQL, too. A step is a
commit, a request that is about to be sent, or an answer that was received. Where the power fails,
what was committed and is not on disk is gone, too, on either database.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import Engine

from syncd.crm import database, users
from syncd.crm.database import open_database
from syncd.outlook.port import Backend
from syncd.sandbox.server import Sandbox
from tests.conftest import FULL, POSTGRESQL, SEED, SQLITE, drawn
from tests.postgres import Postgres, own
from tests.power import UNWRITTEN, PostgresPower, Power, SqlitePower
from tests.scenarios import expecting, reading
from tests.scenarios.ledger import Ledger
from tests.scenarios.reading import Crash
from tests.scenarios.stage import Around, Run, Stage, nested
from tests.scenarios.test_scenarios import BACKENDS, awaiting, differs, wired
from tests.scenarios.trouble import well_again
from tests.sync import tearing
from tests.sync.dying import Life, surviving
from tests.sync.tearing import LEASE_OVER
from tests.sync.world import ALICE, BOB, World
from tests.sync.worlds import Memory, memory_world, sandbox_world

MOST = 10_000  # steps of a run
LIVES = 5  # of one run, of which the last may settle: an adoption is repeated until it is
NEAR, FAR = 6, 24  # steps that a run may make before it is killed: each makes six, many make 24
SAMPLE = 12  # one of so many stories is killed over the wire, and on PostgreSQL
POWERLESS = 4  # one of so many meets a power cut
SERVERLESS = 24  # and one of so many one of PostgreSQL's server, which costs a new start
UNSETTLED = 3  # one of so many is settled from the journal alone
APART = 3  # steps between two after which the power fails


def sample(paths: list[Path], salt: str, one_of: int = SAMPLE) -> list[Path]:
    """The stories that are played so: another choice for another seed."""
    return [each for each in paths if FULL or not drawn(salt, each.stem) % one_of]


def torn_everywhere() -> list[Path]:
    """The stories in which no step is left out."""
    return [each for each in reading.every() if FULL or reading.read(each).crash is Crash.ALL]


def skip_what_ews_says(stage: Stage, backend: Backend) -> None:
    """A story that says the same over Graph is played over EWS alone, but in `make full`."""
    if backend is Backend.GRAPH and not (FULL or differs(stage.scenario)):
        pytest.skip("as over EWS")


def killing(lives: Callable[[], Life]) -> Around:
    """A run that is killed, and begun again when the lease has run out, until one gets through."""

    def around(world: World, address: str, run_it: Run) -> None:
        for number in range(1, LIVES + 1):
            life = lives() if number < LIVES else Life()
            if surviving(world, life, partial(run_it, world)):
                return
            world.pass_time(minutes=LEASE_OVER)
        raise AssertionError(f"the run of {address} does not get on")

    return around


class AtRandom:
    """Each run is killed once, at a step that the seed says; the first one surely."""

    def __init__(self, stage: Stage, salt: str, power: Power | None = None) -> None:
        self._random = Random(f"{SEED} {salt} {stage.scenario.name}")  # noqa: S311 - to be repeated
        self._power = power
        self.killed = 0  # so often
        print(f"killed by SYNCD_SEED={SEED}")  # noqa: T201 - shown when it fails

    def __call__(self, world: World, address: str, run_it: Run) -> None:
        """One run."""
        far = FAR if self.killed else NEAR
        life = Life(until=self._random.randint(1, far), power=self._power)
        lives = iter((life, Life()))
        killing(lambda: next(lives))(world, address, run_it)
        self.killed += life.dead


@pytest.mark.parametrize("kept_in", [SQLITE], indirect=True)
@BACKENDS
@pytest.mark.parametrize(
    "path", sample(reading.every(), "settle", UNSETTLED), ids=lambda path: path.stem
)
def test_settle_thrown_away(path: Path, backend: Backend, engine: Engine) -> None:
    """Nothing is settled but by recovery, from the journal: the same end (P3, P10)."""
    memory = memory_world(engine, backend=backend)
    stage = Stage(reading.read(path).on_backend(backend), *memory)
    skip_what_ews_says(stage, backend)
    ledger = Ledger(memory)
    kill = killing(lambda: Life(settles=False))
    stage.around = nested(ledger.around, kill)
    with awaiting(stage):
        stage.play()
        expecting.check(stage)


@pytest.mark.parametrize("kept_in", [SQLITE], indirect=True)
@BACKENDS
@pytest.mark.parametrize(
    "path", sample(reading.every(), "power", POWERLESS), ids=lambda path: path.stem
)
def test_power_cut(path: Path, backend: Backend, engine: Engine) -> None:
    """Killed by a power cut, which takes along all that was not on disk: the same end (P3, P10)."""
    memory = memory_world(engine, backend=backend)
    stage = Stage(reading.read(path).on_backend(backend), *memory)
    skip_what_ews_says(stage, backend)
    chance = AtRandom(stage, "power", SqlitePower())
    stage.around = nested(Ledger(memory).around, chance)
    with awaiting(stage):
        stage.play()
        expecting.check(stage)
    assert chance.killed


def cut_anywhere(memory: Memory, users: Sequence[str], folder: Path, steps: range) -> Around:
    """Each run meets a power cut after these of its steps, each in a world of its own.

    The journal accounts for all that was changed by it, and by the one that went on from there.
    What a person typed and was not answered, they type once more.
    """

    def gone_on(torn: Memory) -> dict[str, object]:
        tearing.resumed(well_again(torn)[0], users)
        found = tearing.picture(torn)
        torn[0].engine.dispose()
        return found

    def lives(life: Life, twin: Memory, run_it: Run, world: World) -> None:
        if not surviving(world, life, partial(run_it, world)):
            well_again(twin)[0].pass_time(minutes=LEASE_OVER)
            run_it(world)

    def around(world: World, address: str, run_it: Run) -> None:
        ends: list[dict[str, object]] = []
        for until in steps:
            twin = tearing.branch(*memory, folder / "cut.db")
            life = Life(until=until, power=SqlitePower())
            Ledger(twin).around(twin[0], address, partial(lives, life, twin, run_it))
            if not life.dead:
                twin[0].engine.dispose()
                break
            ends.append(gone_on(twin))
        run_it(world)
        wanted = gone_on(tearing.branch(*memory, folder / "whole.db"))
        for until, end in zip(steps, ends, strict=False):
            assert end == wanted, f"{address}: the power failed after step {until}"

    return around


@pytest.mark.parametrize("kept_in", [SQLITE], indirect=True)
@pytest.mark.parametrize("backend", list(Backend) if FULL else [Backend.EWS], ids=str)
@pytest.mark.parametrize("path", torn_everywhere(), ids=lambda path: path.stem)
def test_power_cut_after_each_step(
    path: Path, backend: Backend, engine: Engine, tmp_path: Path
) -> None:
    """The power fails after step 1, 2, … of each run: each time it comes to the same end (P3).

    `make test` leaves two of three steps out, as the seed says.
    """
    first = 1 if FULL else 1 + drawn("cut", path.stem) % APART
    steps = range(first, MOST, 1 if FULL else APART)
    memory = memory_world(engine, backend=backend)
    stage = Stage(reading.read(path).on_backend(backend), *memory)
    stage.around = cut_anywhere(memory, stage.users, tmp_path, steps)
    with awaiting(stage):
        stage.play()
        expecting.check(stage)


ON_ONE_SERVER = pytest.mark.xdist_group("power")  # that which is cut off is one for them all


@pytest.fixture(scope="module")
def powered() -> Iterator[tuple[Postgres, PostgresPower]]:
    """A PostgreSQL whose power can be cut, and that."""
    with own(**UNWRITTEN) as server:
        power = PostgresPower(server)
        yield Postgres(server.url), power
        power.let_go()
        assert power.lost  # a cut that takes nothing along is none


@pytest.fixture
def cut_off(powered: tuple[Postgres, PostgresPower]) -> Iterator[tuple[Engine, PostgresPower]]:
    """An empty store on it."""
    server, power = powered
    url = server.migrated()
    engine = open_database(url)
    yield engine, power
    engine.dispose()
    server.drop(url)


@ON_ONE_SERVER
def test_what_a_power_cut_takes_from_postgresql(cut_off: tuple[Engine, PostgresPower]) -> None:
    """What was committed as durable is there; what was committed after it and was not, is gone."""
    engine, power = cut_off
    for durable, name in ((False, "ann"), (True, "ben"), (False, "cy"), (False, "dee")):
        with database.write(engine, durable=durable) as conn:
            users.add(conn, f"{name}@contoso.com")
    power.cut(engine)
    with database.read(engine) as conn:
        assert [each.address for each in users.every(conn)] == [
            "ann@contoso.com",
            "ben@contoso.com",
        ]


@ON_ONE_SERVER
@BACKENDS
@pytest.mark.parametrize(
    "path", sample(reading.every(), "power of postgresql", SERVERLESS), ids=lambda path: path.stem
)
def test_power_cut_on_postgresql(
    path: Path, backend: Backend, cut_off: tuple[Engine, PostgresPower]
) -> None:
    """The database server loses its power at steps that the seed says: the same end (P3, P10)."""
    engine, power = cut_off
    memory = memory_world(engine, backend=backend)
    stage = Stage(reading.read(path).on_backend(backend), *memory)
    skip_what_ews_says(stage, backend)
    stage.around = chance = AtRandom(stage, "power", power)
    with awaiting(stage):
        stage.play()
        expecting.check(stage)
    assert chance.killed


@pytest.mark.parametrize("kept_in", [POSTGRESQL], indirect=True)
@BACKENDS
@pytest.mark.parametrize("path", sample(reading.every(), "store"), ids=lambda path: path.stem)
def test_killed_on_postgresql(path: Path, backend: Backend, engine: Engine) -> None:
    """Killed at steps that the seed says, it goes on by itself (P10)."""
    memory = memory_world(engine, backend=backend)
    stage = Stage(reading.read(path).on_backend(backend), *memory)
    stage.around = chance = AtRandom(stage, "store")
    with awaiting(stage):
        stage.play()
        expecting.check(stage)
    assert chance.killed


@pytest.mark.parametrize("kept_in", [SQLITE], indirect=True)
@BACKENDS
@pytest.mark.parametrize("path", sample(wired(), "wire"), ids=lambda path: path.stem)
def test_killed_over_the_wire(path: Path, backend: Backend, engine: Engine) -> None:
    """Killed at steps that the seed says, against an Exchange on loopback (P10)."""
    with Sandbox(users=[ALICE, BOB]) as box:
        world = sandbox_world(engine, box, backend)
        stage = Stage(reading.read(path).on_backend(backend), world, box=box)
        stage.around = chance = AtRandom(stage, "wire")
        with awaiting(stage):
            stage.play()
            expecting.check(stage)
        assert chance.killed
