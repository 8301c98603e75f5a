"""The text of a file, a bounded piece at a time: its encoding, and how far it is read."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BufferedIOBase, TextIOWrapper
from pathlib import Path
from typing import BinaryIO, TextIO, cast

from syncd.crm.importing.report import BadRow, UnreadableFile

MAX_LINE = 4 * 1024 * 1024  # characters; a longer one is not a line of anything
PIECE = 64 * 1024

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
GUESSED = "cp1252"  # what Outlook and Excel write where the language is a Western one


@dataclass(frozen=True, slots=True)
class Encoding:
    """What a file is read as; `guessed` when nothing in it says so."""

    name: str
    guessed: bool = False


def encoding_of(path: Path, stated: str | None, *, guess: bool) -> Encoding:
    """How to read a file: by its mark, else as stated, else UTF-8.

    Where that it is not, and a `guess` may be made, the Western one. Raises UnreadableFile.
    """
    if stated is not None:
        try:
            codecs.lookup(stated)
        except LookupError:
            raise UnreadableFile(
                f"there is no encoding {stated!r}", "Name another one: --encoding cp1252"
            ) from None
    with path.open("rb") as file:
        head = file.read(4)
        found = next((name for mark, name in _MARKS if head.startswith(mark)), None)
        if found:
            return Encoding(found)
        if stated or not guess:
            return Encoding(stated or "utf-8")
        file.seek(0)
        decoder = codecs.getincrementaldecoder("utf-8")()
        try:
            while piece := file.read(PIECE * 16):
                decoder.decode(piece)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return Encoding(GUESSED, guessed=True)
    return Encoding("utf-8")


class _Telling(BufferedIOBase):
    """A file that tells how much of it was read."""

    def __init__(self, file: BinaryIO, progress: Callable[[int], None]) -> None:
        self._file, self._progress, self._read = file, progress, 0

    def readable(self) -> bool:
        return True

    def read1(self, size: int = -1, /) -> bytes:
        data = self._file.read(PIECE if size < 0 else size)
        self._read += len(data)
        self._progress(self._read)
        return data

    def read(self, size: int | None = -1, /) -> bytes:
        return self.read1(-1 if size is None else size)


@contextmanager
def opened(
    path: Path, encoding: Encoding, progress: Callable[[int], None] = lambda _: None
) -> Iterator[TextIO]:
    """The text, its line ends as they are. What cannot be decoded stays visible as such.

    It is refused with the row that it is in; no letter is guessed.
    """
    wide = encoding.name.startswith("utf-1") or encoding.name.startswith("utf-3")
    errors = "surrogatepass" if wide else "surrogateescape"
    with (
        path.open("rb") as file,
        TextIOWrapper(
            cast("BinaryIO", _Telling(file, progress)), encoding.name, errors, newline=""
        ) as text,
    ):
        yield text


def lines(text: TextIO) -> Iterator[str | BadRow]:
    """The lines with their ends. In the place of one that is none, a BadRow that ends the file."""
    try:
        while line := text.readline(MAX_LINE):
            if len(line) >= MAX_LINE and line[-1] not in "\r\n":
                yield BadRow("a line is longer than anything here may be; the rest was not read")
                return
            yield line
    except UnicodeDecodeError as error:
        yield BadRow(f"the file cannot be read as {error.encoding} from here on: {error.reason}")
