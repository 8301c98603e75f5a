"""The rows that stayed out, in a file of their own: to be put right there and imported from there.

It has the format of the file that they come from, and says of each why; an import ignores that.
"""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TextIO

from syncd.crm.importing.csv_file import REASON, neutralised, restored
from syncd.crm.importing.sources import CSV, JSON, JSON_LINES, Source
from syncd.crm.importing.vcard_lines import REASON as CARD_REASON


class Rejects:
    """The file of one source; made when there is something to put into it, its owner's to read."""

    def __init__(self, source: Source, path: Path | None) -> None:
        self._source = source
        self._stated = path
        self.path: Path | None = None
        self._file: TextIO | None = None
        self._csv: Any = None
        self._count = 0

    def put(self, reason: str, original: object) -> None:
        """Add a row. What cannot be told apart from another encoding is kept as it can be read."""
        if original in (None, ""):
            return
        file = self._file or self._open()
        reason = _writable(" ".join(reason.split()))
        if self._source.format == CSV:
            cells = original if isinstance(original, list) else [original]
            said_again = (neutralised(restored(str(each).strip("\r\n"))) for each in cells)
            self._csv.writerow([reason, *map(_writable, said_again)])
        elif self._source.format in (JSON, JSON_LINES):
            said = dict(original) if isinstance(original, Mapping) else {"value": original}
            text = json.dumps({**said, REASON: reason}, ensure_ascii=True, default=str)
            lead = "" if self._source.format == JSON_LINES else ",\n" if self._count else ""
            file.write(lead + text + ("\n" if self._source.format == JSON_LINES else ""))
        else:
            file.write(f"BEGIN:VCARD\r\n{CARD_REASON}:{_escaped(reason)}\r\n")
            body = _writable(str(original)).replace("\n", "\r\n")
            file.write(f"{body}\r\nEND:VCARD\r\n")
        self._count += 1

    def close(self) -> None:
        """Finish the file, if there is one."""
        if self._file is not None:
            if self._source.format == JSON:
                self._file.write("\n]\n")
            self._file.close()

    def _open(self) -> TextIO:
        self.path, descriptor = _new(
            self._stated or _beside(self._source.path, self._source.format)
        )
        file = self._file = os.fdopen(descriptor, "w", encoding="utf-8", newline="")
        if self._source.format == CSV:
            self._csv = csv.writer(file, delimiter=self._source.delimiter, lineterminator="\r\n")
            self._csv.writerow([REASON, *self._source.header])
        elif self._source.format == JSON:
            file.write("[\n")
        return file


def _beside(path: Path, sort: str) -> Path:
    return path.with_name(f"{path.stem}.rejects.{sort}")


def _new(path: Path) -> tuple[Path, int]:
    """A file that was not there: one that somebody may be correcting is never overwritten."""
    for number in range(1, 10_000):
        free = path if number == 1 else path.with_name(f"{path.stem}-{number}{path.suffix}")
        try:
            return free, os.open(free, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        except FileExistsError:
            continue
    raise FileExistsError(path)


def _writable(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace(",", "\\,").replace(";", "\\;")
