"""An engine that is wrong in one way is found out: what the stories are worth."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Engine

from syncd.crm.database import open_database
from syncd.outlook.port import Backend
from syncd.sync.session import Session
from tests.conftest import SQLITE
from tests.planted import rules, safety
from tests.planted.table import BUGS, Bug, planted
from tests.scenarios import expecting, reading
from tests.scenarios.ledger import Ledger
from tests.scenarios.reading import Crash, ScenarioError
from tests.scenarios.stage import Stage, nested
from tests.scenarios.test_scenarios import Torn
from tests.sync.worlds import Memory, memory_world

STORIES = {path.stem: path for path in reading.every()}

ENTERED = (rules, safety)  # what they plant is in `BUGS` once they are imported


class Theatre:
    """Where stories are played, each in a store of its own."""

    def __init__(self, empty: Path, folder: Path) -> None:
        self._empty = empty
        self._folder = folder
        self._numbers = itertools.count()

    def plays(self, story: str, *, torn: bool) -> None:
        """Play a story; raises what goes wrong in it."""
        path = self._folder / f"play-{next(self._numbers)}.db"
        shutil.copy(self._empty, path)
        engine = open_database(f"sqlite:///{path}")
        try:
            self._play(memory_world(engine), story, torn=torn)
        finally:
            engine.dispose()

    def _play(self, memory: Memory, story: str, *, torn: bool) -> None:
        scenario = reading.read(STORIES[story]).on_backend(Backend.EWS)
        stage = Stage(replace(scenario, crash=Crash.ALL), *memory)
        stage.around = ledger = Ledger(memory).around
        stage.begin()
        if torn:
            stage.around = nested(ledger, Torn(stage, memory, self._folder).around)
        stage.go_through()
        expecting.check(stage)


@pytest.fixture
def theatre(empty_database: Path, tmp_path: Path) -> Theatre:
    """A place to play."""
    return Theatre(empty_database, tmp_path)


@pytest.mark.parametrize("bug", BUGS.values(), ids=BUGS)
def test_it_is_found(bug: Bug, theatre: Theatre) -> None:
    """One of the stories named goes wrong, and goes right without the bug (`test_scenarios`)."""
    with planted(bug.plant):
        for story in bug.stories:
            try:
                theatre.plays(story, torn=bug.torn)
            except (AssertionError, ScenarioError):
                return
    pytest.fail(f"none of {bug.stories} noticed it")


def _at_once(engine: Engine) -> int:
    """How many items there are once two processes have served a mailbox at the same time."""
    world, _ = memory_world(engine)
    world.new(firstname="Ann", lastname="Lee")
    begun: list[str] = []
    write = Session.write

    @contextmanager
    def another_first(self: Session, *, durable: bool = False, **more: bool) -> Iterator[object]:
        if durable and not begun:
            begun.append("the other one")
            world.sync()
        with write(self, durable=durable, **more) as conn:
            yield conn

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Session, "write", another_first)
        world.sync()
    world.sync()
    return len(world.items())


@pytest.mark.parametrize("kept_in", [SQLITE], indirect=True)
def test_the_lease_is_worth_something(engine: Engine) -> None:
    """Two processes at once make one item; where there is no lease they make two (P3)."""
    assert _at_once(engine) == 1


@pytest.mark.parametrize("kept_in", [SQLITE], indirect=True)
def test_without_a_lease_it_is_found(engine: Engine) -> None:
    """The same with the lease forgotten."""
    with planted(safety.forgets_the_lease):
        assert _at_once(engine) > 1
