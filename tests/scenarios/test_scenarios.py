"""Every scenario file, played four ways.

To its expected end; with the journal booked beside it; once more, with nothing left to do; and torn
at every moment of every run, to go on from there.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from syncd.sandbox.server import Sandbox
from tests.conftest import SQLITE
from tests.memory_server import run
from tests.scenarios import acts, expecting, reading
from tests.scenarios.ledger import Ledger
from tests.scenarios.reading import Crash, Scenario
from tests.scenarios.stage import ADDRESSES, Stage
from tests.sync import tearing
from tests.sync.world import ALICE, BOB, Memory, branch, memory_world, sandbox_world

TORN = []
SAMPLE = 6  # of the moments of one step, where not all are tried

assert acts  # the vocabulary is complete with it

pytestmark = pytest.mark.parametrize("kept_in", [SQLITE], indirect=True)


def _cases() -> Iterator[object]:
    """The files. One that awaits something fails until that is there, and then says so."""
    for path in reading.every():
        awaits = reading.read(path).awaits
        marks = [pytest.mark.xfail(reason=awaits, strict=True)] if awaits else []
        yield pytest.param(path, id=path.stem, marks=marks)


each_scenario = pytest.mark.parametrize("path", list(_cases()))


@each_scenario
def test_in_memory(path: Path, engine: Engine) -> None:
    """It ends as expected, the journal accounts for it (P1), and all is settled (P2, P4, P9)."""
    memory = memory_world(engine)
    stage = Stage(reading.read(path), *memory)
    stage.around = Ledger(memory).around
    stage.play()
    expecting.check(stage)


@each_scenario
def test_over_the_wire(path: Path, engine: Engine) -> None:
    """It ends in the same way against an Exchange that speaks EWS, and all is settled there."""
    scenario = reading.read(path)
    if scenario.only_in_memory:
        pytest.skip(scenario.only_in_memory)
    root = os.environ.get("SYNCD_SCHEMAS")
    with Sandbox(users=[ALICE, BOB], validate=Path(root) / "ews" if root else None) as box:
        stage = Stage(scenario, sandbox_world(engine, box), box=box)
        stage.play()
        expecting.check(stage)
        assert not box.invalid_responses


@each_scenario
def test_torn_anywhere(path: Path, engine: Engine, tmp_path: Path) -> None:
    """Cut off at any moment of any run, syncd goes on and comes to the same end (P3, P10)."""
    stage = Stage(reading.read(path), *(memory := memory_world(engine)))
    stage.begin()
    for step in stage.scenario.steps:
        _torn(stage, memory, tmp_path, step, lambda step=step: stage.do(step))
    _torn(stage, memory, tmp_path, "the end", stage.settle)


def _torn(
    stage: Stage, memory: Memory, folder: Path, step: object, do: Callable[[], object]
) -> None:
    """Do a step, and go on from each moment at which what outlives a process changed."""
    numbers = itertools.count()
    known = {tearing.durable(memory)}
    moments: list[tuple[str, Memory]] = []

    def twin() -> Memory:
        return tearing.let_go(branch(*memory, folder / f"{next(numbers)}.db"))

    def keep(what: str) -> None:
        if (now := tearing.durable(memory)) not in known:
            known.add(now)
            moments.append((what, twin()))

    with tearing.watched(memory[1], keep):
        do()
    if not moments:
        return
    wanted = _gone_on(stage, twin())
    stride = 1 if stage.scenario.crash is Crash.ALL else max(1, len(moments) // SAMPLE)
    for number, (what, torn) in enumerate(moments):
        if number % stride == 0:
            assert _gone_on(stage, torn) == wanted, f"{step}, torn after its {what} ({number})"
        torn[0].engine.dispose()
    TORN.append((stage.scenario.name, str(step), len(moments)))


def _gone_on(stage: Stage, memory: Memory) -> dict[str, object]:
    """What it comes to from here, with the server well again and nobody doing anything."""
    world, servers = memory
    for server in servers.values():
        server.meddle = run
    tearing.resumed(world, stage.users)
    return tearing.picture(memory)
