"""How commands print: tables for people, JSON for programs."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Sequence

import click

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]+")


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print a table: drawn on a terminal, else in plain columns. No cell is ever cut short."""
    cells = [[_clean(cell) for cell in row] for row in rows]
    if sys.stdout.isatty():
        _draw(title, columns, cells)
    else:
        _write(title, columns, cells)


def emit_json(data: object) -> None:
    """Print one JSON document. What JSON has no form for, such as a time, is printed as text."""
    click.echo(json.dumps(data, ensure_ascii=False, indent=2, default=str))


def _clean(cell: object) -> str:
    """A cell as one line. Names come from mailboxes: they may not steer the terminal."""
    return "" if cell is None else _CONTROL.sub(" ", f"{cell}").strip()


def _draw(title: str, columns: Sequence[str], cells: Sequence[Sequence[str]]) -> None:
    from rich.box import SIMPLE
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    drawn = Table(title=title, title_justify="left", box=SIMPLE, pad_edge=False)
    for column in columns:
        drawn.add_column(column, overflow="fold")
    for row in cells:
        drawn.add_row(*(Text(cell) for cell in row))
    Console().print(drawn)


def _write(title: str, columns: Sequence[str], cells: Sequence[Sequence[str]]) -> None:
    from rich.cells import cell_len  # a Japanese character takes two places

    lines = [list(columns), *cells]
    widths = [max(cell_len(line[column]) for line in lines) for column in range(len(columns))]
    click.echo(title)
    for line in lines:
        padded = (c + " " * (width - cell_len(c)) for c, width in zip(line, widths, strict=True))
        click.echo("  ".join(padded).rstrip())
