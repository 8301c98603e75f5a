"""Prints the table of `faults.md`: what comes of each fault, in each phase.

The table is the one that the tests play (`tests/faults/matrix.py`), cell by cell, over the wire.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from types import ModuleType

Table = Callable[[Iterable[str], Iterable[Sequence[str]]], list[str]]

_MATRIX = Path(__file__).parents[1] / "tests" / "faults" / "matrix.py"


def fault_tables(table: Table) -> list[str]:
    """The table, under its heading: where the protocols differ, EWS comes first."""
    matrix = _matrix()
    phases = list(matrix.Phase)
    rows = [[each.name, *(_cell(*each.ends(phase)) for phase in phases)] for each in matrix.ROWS]
    return ["## The table", "", *table(["Fault", *phases], rows), ""]


def _cell(ews: str, graph: str) -> str:
    return str(ews) if ews == graph else f"EWS: {ews}; Graph: {graph}"


def _matrix() -> ModuleType:
    spec = importlib.util.spec_from_file_location("fault_matrix", _MATRIX)
    assert spec is not None  # noqa: S101 - it is beside us in the repository
    assert spec.loader is not None  # noqa: S101 - as above
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # where its dataclasses look for their names
    spec.loader.exec_module(module)
    return module
