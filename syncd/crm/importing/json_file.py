"""JSON: a list of objects, or one object a line; read an object at a time.

A page of the Dataverse Web API, `{"value": [...]}`, is a list, too.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import TextIO

from syncd.crm.importing.report import BadRow, Raw, UnreadableFile
from syncd.crm.importing.text import PIECE, lines

MAX_OBJECT = 4 * 1024 * 1024  # characters

_SPACE = re.compile(r"[\s,]*")
_NEXT_OBJECT = re.compile(r"\}\s*,?\s*(?=\{)")
_PAGE = re.compile(r'\s*\{(?:\s*"@[^"]*"\s*:\s*(?:"[^"]*"|[^",\[\{]*)\s*,)*\s*"value"\s*:\s*(?=\[)')
_TODO = "Export it as JSON: a list of objects, [{…}, {…}], or one object a line (.jsonl)."


def json_rows(text: TextIO) -> Iterator[Raw]:
    """The elements of the list, each with its line. Raises UnreadableFile when it is no list."""
    window = _Window(text)
    page = _PAGE.match(window.text)
    window.take(page.end() if page else 0)
    window.skip()
    if not window.text.startswith("["):
        raise UnreadableFile("it is not a JSON list of objects", _TODO)
    window.take(1)
    window.skip()
    while window.text and not window.text.startswith("]"):
        line = window.line
        yield _raw(line, window.element())
        window.skip()
    if not window.text:
        yield _raw(window.line, BadRow("the list has no end: the file seems to be cut off"))
        return
    window.take(1)
    window.skip()
    if window.text and not page:
        yield _raw(window.line, BadRow("there is more text after the list"))


def json_line_rows(text: TextIO) -> Iterator[Raw]:
    """The objects of a file that has one a line."""
    for number, line in enumerate(lines(text), start=1):
        if isinstance(line, BadRow):
            yield _raw(number, line)
        elif line.strip():
            try:
                yield _raw(number, _DECODER.decode(line.strip()))
            except json.JSONDecodeError as error:
                yield _raw(number, BadRow(f"not JSON: {error.msg} (column {error.colno})"), line)
            except RecursionError:
                yield _raw(number, BadRow("not JSON that can be read: nested too deeply"))


class _Window:
    """The part of the text that is looked at; what was taken is gone."""

    def __init__(self, text: TextIO) -> None:
        self._file = text
        self.text = ""
        self.line = 1
        self._more()

    def take(self, size: int) -> str:
        """Go on by so many characters."""
        taken, self.text = self.text[:size], self.text[size:]
        self.line += taken.count("\n")
        return taken

    def skip(self) -> None:
        """Go on to what is no white space and no comma."""
        while True:
            match = _SPACE.match(self.text)
            self.take(match.end() if match else 0)
            if self.text or not self._more():
                return

    def element(self) -> object:
        """The element that begins here; a BadRow in the place of what is no JSON."""
        while True:
            try:
                found, end = _DECODER.raw_decode(self.text)
            except json.JSONDecodeError as error:
                cut = error.pos + 64 >= len(self.text) or error.msg.startswith("Unterminated")
                if cut and len(self.text) < MAX_OBJECT and self._more(len(self.text)):
                    continue
                line = self.line + self.text.count("\n", 0, error.pos)
                what = f"not JSON: {error.msg} (line {line}, column {error.colno})"
                self._resume(error.pos)
                return BadRow(what)
            except RecursionError:
                self.take(len(self.text))
                while self._more():
                    self.take(len(self.text))
                return BadRow("not JSON that can be read: nested too deeply")
            if end == len(self.text) and self._more():
                continue  # a number may go on
            self.take(end)
            return found

    def _resume(self, at: int) -> None:
        """Go on to where the next object begins; to the end of the list when none does."""
        self.take(at)
        while True:
            following = _NEXT_OBJECT.search(self.text)
            if following:
                self.take(following.end())
                return
            tail = 256 if len(self.text) > 256 else 0
            if tail:
                self.take(len(self.text) - tail)
            if not self._more():
                closing = self.text.rfind("]")
                self.take(closing if closing >= 0 else len(self.text))
                return

    def _more(self, size: int = 0) -> bool:
        """Read on: by as much as there is, so that a long object is tried a few times only."""
        try:
            read = self._file.read(max(PIECE, size))
        except UnicodeDecodeError:
            return False
        self.text += read
        return bool(read)


def _once(pairs: list[tuple[str, object]]) -> object:
    """An object; a BadRow when it names a key twice, for which of them counts is anyone's guess."""
    found = dict(pairs)
    if len(found) == len(pairs):
        return found
    names = [name for name, _ in pairs]
    return BadRow(f"{next(name for name in names if names.count(name) > 1)!r} is given twice")


_DECODER = json.JSONDecoder(object_pairs_hook=_once)


def _raw(line: int, found: object, original: object = None) -> Raw:
    if isinstance(found, BadRow):
        return Raw(line, found, original)
    if not isinstance(found, dict):
        return Raw(line, BadRow("not an object"), found)
    return Raw(line, found, found)
