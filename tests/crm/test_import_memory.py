"""A file larger than memory is no matter: what is held of it at a time is bounded."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Callable, Iterator
from io import TextIOBase

import pytest

from syncd.crm.importing.csv_file import CsvFile
from syncd.crm.importing.json_file import json_rows
from syncd.crm.importing.report import BadRow, Raw
from syncd.crm.importing.text import MAX_LINE, lines
from syncd.crm.importing.vcard import card_rows

SIZE = 60 * 1024 * 1024  # characters
BOUND = 24 * 1024 * 1024  # bytes


class Endless(TextIOBase):
    """A text that is made while it is read."""

    def __init__(self, head: str, row: str, tail: str = "") -> None:
        self._left = head
        self._row, self._tail, self._size = row * (65_536 // len(row) + 1), tail, SIZE

    def read(self, size: int | None = -1, /) -> str:
        """The next characters."""
        wanted = size or 0
        while len(self._left) < wanted and self._size > 0:
            self._left += self._row
            self._size -= len(self._row)
            if self._size <= 0:
                self._left += self._tail
        given, self._left = self._left[:wanted], self._left[wanted:]
        return given

    def readline(self, size: int = -1, /) -> str:  # type: ignore[override]  # text, as its reader has it
        """The next line, or the beginning of a long one."""
        while "\n" not in self._left and self._size > 0 and len(self._left) < size:
            self._left += self.read(0) or self._row
            self._size -= len(self._row)
        end = min(self._left.find("\n") + 1 or len(self._left), size)
        given, self._left = self._left[:end], self._left[end:]
        return given


_CARD = "BEGIN:VCARD\nVERSION:3.0\nN:A\nNOTE:" + "x" * 4000 + "\nEND:VCARD\n"
_OBJECT = json.dumps({"kind": "contact", "description": "x" * 4000}) + ",\n"
_ROW = f"Ross,{'x' * 4000}\n"
_READERS: dict[str, Callable[[Endless], Iterator[Raw]]] = {
    "csv": lambda text: CsvFile(text).rows(),  # type: ignore[arg-type]  # a text for its reader
    "json": lambda text: json_rows(text),  # type: ignore[arg-type]  # a text for its reader
    "vcf": lambda text: card_rows(lines(text)),  # type: ignore[arg-type]  # a text for its reader
}
_TEXTS = {
    "csv": ("lastname,description\n", _ROW, ""),
    "json": ("[\n", _OBJECT, '{"kind": "contact"}]'),
    "vcf": ("", _CARD, ""),
    "csv with a quote that stays open": (
        "lastname,description\n",
        _ROW.replace("Ross", '"Ross'),
        "",
    ),
    "csv that is one line": ("lastname,description\n", "x" * 4000, ""),
    "json that is one text": ('[{"a": "', "x" * 4000, ""),
    "vcf with a photo without an end": ("BEGIN:VCARD\n", " " + "A" * 4000 + "\n", ""),
}


@pytest.mark.parametrize("name", _TEXTS)
def test_what_is_held_of_a_file_is_bounded(name: str) -> None:
    """Rows as they should be, and the worst that a file can do."""
    read = _READERS[name.split()[0]]
    good = 0
    tracemalloc.start()
    try:
        for raw in read(Endless(*_TEXTS[name])):
            good += not isinstance(raw.cells, BadRow)
            if not good and raw.line > 200:
                break  # a bad file is refused row by row: the first ones say how
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    many = good * 4000 > SIZE * 0.9
    assert many or len(name.split()) > 1
    assert peak < (BOUND if many else max(BOUND, 24 * MAX_LINE))
