"""Every cell of the fault matrix, over the wire, on both protocols."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine

from syncd.outlook.port import Backend
from syncd.sandbox.server import Sandbox
from tests.conftest import FULL, drawn
from tests.faults.matrix import ROWS, End, Phase, Row
from tests.faults.playing import play

AT_ONCE = 50  # cells of one run of CI; `make full` plays all of them

Cell = tuple[Row, Phase, Backend]

CELLS: tuple[Cell, ...] = tuple(
    (row, phase, backend) for row in ROWS for phase in Phase for backend in Backend
)


def _named(cell: Cell) -> str:
    row, phase, backend = cell
    return f"{row.name}-{phase}-{backend.value}"


def played() -> list[Cell]:
    """The cells that are played: of each row one, and some more; others for another seed."""
    if FULL:
        return list(CELLS)
    strike = [cell for cell in CELLS if _end(cell) is not End.NONE]
    strike.sort(key=lambda each: drawn(_named(each)))
    firsts = {row.name: (row, *where) for row, *where in reversed(strike)}
    chosen = [cell for cell in strike if firsts[cell[0].name] == cell]
    return [*chosen, *(cell for cell in strike if cell not in chosen)][:AT_ONCE]


def _end(cell: Cell) -> End:
    row, phase, backend = cell
    return row.ends(phase)[backend is Backend.GRAPH]


@pytest.mark.parametrize("cell", played(), ids=_named)
def test_a_fault_ends_as_the_table_says(engine: Engine, box: Sandbox, cell: Cell) -> None:
    """Nothing lost, nothing double, no hand but where the cell has one; and `status` tells of it.

    `play` compares both sides field by field once it is over.
    """
    row, phase, backend = cell
    seen = play(engine, box, row, phase, backend)
    assert seen.end is _end(cell), seen
    assert seen.silent == []
    quiet = (End.AT_ONCE, End.STARTS_OVER, End.NONE)
    assert seen.told or seen.end in quiet


def test_every_fault_strikes_somewhere() -> None:
    """A row of nothing but `n/a` would prove nothing; nor would one that is never played."""
    assert {row.name for row, _, _ in played()} == {row.name for row in ROWS}
    for row in ROWS:
        ends = {end for phase in Phase for end in row.ends(phase)}
        assert ends != {End.NONE}, row.name
