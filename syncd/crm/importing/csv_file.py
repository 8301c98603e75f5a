"""CSV as Excel, Outlook and Dynamics write it: a record at a time, whatever the file's size.

A record that makes no sense is given up alone: a quote that is never closed costs the line that it
is in, not the rest of the file.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from typing import TextIO

from syncd.crm.importing.report import BadRow, Raw, UnreadableFile
from syncd.crm.importing.text import lines

DELIMITERS = (",", ";", "\t")
REASON = "syncd_reason"  # the column that a file of rejects adds, and an import ignores
MAX_RECORD = 4 * 1024 * 1024  # characters
MAX_FIELD = 2 * 1024 * 1024
MAX_LINES = 20_000  # of one record

_QUOTED = re.compile(r'"(?:[^"]|"")*"(?!")')  # not the first two of three: they are a quote
_NEUTRALISED = re.compile(r"'(?=[=+\-@\t\r'])")


def neutralised(text: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r", "'") and text else text


def restored(text: str) -> str:
    """What `neutralised` was given."""
    return text[1:] if _NEUTRALISED.match(text) else text


class CsvFile:
    """One CSV file, open: its header, and then its records."""

    def __init__(self, text: TextIO) -> None:
        csv.field_size_limit(MAX_FIELD)
        self._lines = lines(text)
        self._again: list[str] = []  # lines that were read too far
        self._number = 0
        self.delimiter = ","
        self.header: list[str] = []
        self.header = self._header()

    def rows(self) -> Iterator[Raw]:
        """The records, each with the line that it begins at."""
        width, header = len(self.header), self.header
        for line, cells in self._records():
            if isinstance(cells, BadRow):
                yield Raw(line, cells, cells.text)
                continue
            if len(cells) > width and not any(cells[width:]):
                cells = cells[:width]
            if len(cells) != width:
                reason = f"it has {len(cells)} cells, where the header has {width}"
                yield Raw(line, BadRow(reason), cells)
                continue
            yield Raw(line, dict(zip(header, cells, strict=True)), cells)

    def _header(self) -> list[str]:
        first = self._next()
        while isinstance(first, str) and not first.strip():
            first = self._next()
        if first is None:
            raise UnreadableFile("it is empty", "Export it again, with its header line.")
        if isinstance(first, BadRow):
            raise UnreadableFile(str(first), "Export it again.")
        if first.lower().startswith("sep=") and len(first.strip()) == 5:  # how Excel is told
            self.delimiter = first[4]
        else:
            self._again.append(first)
            self._number -= 1
            self.delimiter = max(DELIMITERS, key=lambda d: len(_cells(first, d) or ()))
        _, header = next(self._records(), (1, BadRow("it is empty")))
        if isinstance(header, BadRow):
            raise UnreadableFile(f"its header makes no sense: {header}", "Export it again.")
        names = [_heading(name) for name in header]
        while names and not names[-1]:
            names.pop()
        doubled = next((n for n in names if n and names.count(n) > 1), None)
        if doubled:
            raise UnreadableFile(
                f"two of its columns are called {doubled!r}", "Rename or remove one of them."
            )
        return names

    def _next(self) -> str | BadRow | None:
        self._number += 1
        return self._again.pop() if self._again else next(self._lines, None)

    def _records(self) -> Iterator[tuple[int, list[str] | BadRow]]:
        delimiter = self.delimiter
        while (line := self._next()) is not None:
            begun = self._number
            if isinstance(line, BadRow):
                yield begun, line
                return
            if '"' not in line:
                bare = line.rstrip("\r\n")
                if bare.strip(delimiter + " "):
                    yield begun, bare.split(delimiter)
                continue
            cells = _cells(line, delimiter) if line.count('"') % 2 == 0 else None
            yield begun, cells if cells is not None else self._long(line, delimiter)

    def _long(self, first: str, delimiter: str) -> list[str] | BadRow:
        """A record that goes on over several lines."""
        taken, size, record = [first], len(first), first
        while _is_open(record, delimiter):
            # Only a line with a quote in it can close what is open: all others are just taken.
            more: list[str] = []
            while True:
                line = self._next()
                if line is None or isinstance(line, BadRow):
                    return self._give_up(taken)
                taken.append(line)
                more.append(line)
                size += len(line)
                if size > MAX_RECORD or len(taken) > MAX_LINES:
                    return self._give_up(taken)
                if '"' in line:
                    break
            record += "".join(more)
        cells = _cells(record, delimiter)
        if len(taken) > 1 and len(cells or ()) != len(self.header or cells or ()):
            return self._give_up(taken)  # it was closed by a quote that belongs to another row
        if cells is None:
            return BadRow("a quote is in a place where none may be", record)
        return cells

    def _give_up(self, taken: list[str]) -> BadRow:
        """Refuse the first line, and take the others as lines of their own."""
        rest = taken[1:]
        self._again.extend(reversed(rest))
        self._number -= len(rest)
        return BadRow("a quote is opened and never closed", taken[0])


def _cells(record: str, delimiter: str) -> list[str] | None:
    """The cells of a whole record; `None` when its quotes make no sense."""
    try:
        found = list(csv.reader([record], delimiter=delimiter, strict=True))
    except csv.Error:
        return None
    return found[0] if len(found) == 1 else None


def _is_open(record: str, delimiter: str) -> bool:
    """Whether a quoted cell goes on beyond the end. A quote inside of a bare cell opens nothing."""
    at, end = 0, len(record)
    while at < end:
        if record[at] == '"':
            closed = _QUOTED.match(record, at)
            if closed is None:
                return True
            at = closed.end()
        following = record.find(delimiter, at)
        if following < 0:
            return False
        at = following + 1
    return False


def _heading(name: str) -> str:
    return " ".join(restored(name).replace("\ufeff", "").split())


def told(cells: Mapping[str, object]) -> dict[str, str]:
    """The cells that say something, by header."""
    return {
        name: restored(text)
        for name, text in cells.items()
        if name and isinstance(text, str) and text and not text.isspace()
    }
