"""Every cell of the fault matrix, over the wire, on both protocols."""

from __future__ import annotations

import os
import random

import pytest
from sqlalchemy import Engine

from syncd.outlook.port import Backend
from syncd.sandbox.server import Sandbox
from tests.conftest import FULL
from tests.faults.matrix import ROWS, End, Phase, Row
from tests.faults.playing import play

AT_ONCE = 60  # cells of one run of CI; `make full` plays all of them
SEED = int(os.environ.get("SYNCD_MATRIX_SEED") or random.SystemRandom().randrange(10_000))

Cell = tuple[Row, Phase, Backend]

CELLS: tuple[Cell, ...] = tuple(
    (row, phase, backend) for row in ROWS for phase in Phase for backend in Backend
)


def drawn() -> list[Cell]:
    """The cells that are played: another sample each time, which its seed brings back."""
    return list(CELLS) if FULL else random.Random(SEED).sample(CELLS, AT_ONCE)  # noqa: S311


def _named(cell: Cell) -> str:
    row, phase, backend = cell
    return f"{row.name}-{phase}-{backend.value}"


@pytest.mark.parametrize("number", range(len(CELLS) if FULL else AT_ONCE))
def test_a_fault_ends_as_the_table_says(engine: Engine, box: Sandbox, number: int) -> None:
    """Nothing lost, nothing double, no hand but where the cell has one; and somebody is told.

    `play` compares both sides field by field once it is over. Repeat a sample with
    SYNCD_MATRIX_SEED.
    """
    row, phase, backend = cell = drawn()[number]
    where = f"{_named(cell)} (SYNCD_MATRIX_SEED={SEED})"
    played = play(engine, box, row, phase, backend)
    assert played.end is row.ends(phase)[backend is Backend.GRAPH], where
    assert played.silent == [], where
    quiet = (End.AT_ONCE, End.STARTS_OVER, End.NONE)
    assert played.told or played.end in quiet, where


def test_every_fault_strikes_somewhere() -> None:
    """A row of nothing but `n/a` would prove nothing."""
    for row in ROWS:
        ends = {end for phase in Phase for end in row.ends(phase)}
        assert ends != {End.NONE}, row.name
