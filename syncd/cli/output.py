"""How commands print: tables for people, JSON for programs."""

from __future__ import annotations

import json
import shutil
import sys
import textwrap
from collections.abc import Sequence
from datetime import datetime

import click

_GAP = "  "  # between columns


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print a table: drawn on a terminal, else in plain columns. No cell is ever cut short."""
    cells = [[_cell(cell) for cell in row] for row in rows]
    if sys.stdout.isatty():
        _draw(title, columns, cells)
    else:
        _write(title, columns, cells)


def emit_json(data: object) -> None:
    """Print one JSON document. What JSON has no form for, such as a time, is printed as text."""
    click.echo(json.dumps(data, ensure_ascii=False, indent=2, default=str))


def tell(sentence: str, *, err: bool = False) -> None:
    """Print a sentence, or several. On a terminal no line breaks inside a word."""
    sentence = "\n".join(_safe(line, "\ufffd") for line in sentence.split("\n"))
    if (sys.stderr if err else sys.stdout).isatty():
        width = shutil.get_terminal_size().columns
        sentence = "\n".join(
            textwrap.fill(
                line, width, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False
            )
            for line in sentence.splitlines()
        )
    click.echo(sentence, err=err)


def plain(text: str) -> str:
    """A text as one line that cannot steer the terminal, with its blanks as they are."""
    return _safe(text, "\ufffd")


def moment(at: datetime | None) -> str:
    """A time as people read it, in this machine's time zone; empty for none."""
    return f"{at.astimezone():%Y-%m-%d %H:%M:%S}" if at else ""


def _cell(value: object) -> str:
    """A value as one line."""
    return "" if value is None else " ".join(_safe(f"{value}", " ").split())


def _safe(text: str, instead: str) -> str:
    """Names come from mailboxes: they may not steer the terminal."""
    return "".join(each if each.isprintable() else instead for each in text)


def _draw(title: str, columns: Sequence[str], cells: Sequence[Sequence[str]]) -> None:
    from rich.box import SIMPLE
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console()
    room = console.width - len(_GAP) * len(columns)
    if sum(_longest_words(columns, cells)) > room:
        # Too narrow for whole words. The longest are addresses, and these have a place to break.
        cells = [[cell.replace("@", "\n@") for cell in row] for row in cells]
    drawn = Table(
        title=title, title_justify="left", box=SIMPLE, show_edge=False, padding=(0, 1, 0, 0)
    )
    for column, width in zip(columns, _widths(columns, cells, room), strict=True):
        drawn.add_column(column, overflow="fold", width=width)
    for row in cells:
        drawn.add_row(*(Text(cell) for cell in row))
    console.print(drawn)
    console.print()


def _widths(columns: Sequence[str], cells: Sequence[Sequence[str]], room: int) -> list[int | None]:
    """How wide to draw each column: no word breaks, and what room is left goes where it helps.

    `None` where there is not even room for whole words.
    """
    widths = _longest_words(columns, cells)
    wanted = [
        max(_places(part) for line in (columns, *cells) for part in line[at].split("\n"))
        for at in range(len(columns))
    ]
    left = room - sum(widths)
    if left < 0:
        return [None] * len(columns)
    while left and any(width < want for width, want in zip(widths, wanted, strict=True)):
        tightest = max(range(len(columns)), key=lambda at: wanted[at] / max(widths[at], 1))
        widths[tightest] += 1
        left -= 1
    return [*widths]


def _longest_words(columns: Sequence[str], cells: Sequence[Sequence[str]]) -> list[int]:
    """How many places each column needs so that no word of it breaks."""
    return [
        max(_places(word) for line in (columns, *cells) for word in line[at].split() or [""])
        for at in range(len(columns))
    ]


def _places(text: str) -> int:
    from rich.cells import cell_len  # a Japanese character takes two

    return cell_len(text)


def _write(title: str, columns: Sequence[str], cells: Sequence[Sequence[str]]) -> None:
    lines = [list(columns), *cells]
    widths = [max(_places(line[column]) for line in lines) for column in range(len(columns))]
    click.echo(title)
    for line in lines:
        padded = (c + " " * (width - _places(c)) for c, width in zip(line, widths, strict=True))
        click.echo(_GAP.join(padded).rstrip())
