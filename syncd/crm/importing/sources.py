"""One file as rows of the sorts it holds, gone through as often as the import needs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TextIO

from syncd.crm.entities import ENTITIES
from syncd.crm.importing.csv_file import CsvFile, restored
from syncd.crm.importing.json_file import json_line_rows, json_rows
from syncd.crm.importing.names import ORDER, USER, Entities, kind_of
from syncd.crm.importing.recognising import Recognised, recognised
from syncd.crm.importing.report import BadRow, Raw, Row, UnreadableFile
from syncd.crm.importing.text import Encoding, encoding_of, lines, opened
from syncd.crm.importing.understanding import Understanding, Unknown
from syncd.crm.importing.values import Manner
from syncd.crm.importing.vcard import card_rows, contact_of

CSV, JSON, JSON_LINES, VCARD = "csv", "json", "jsonl", "vcf"
_FORMATS = {
    ".csv": CSV, ".tsv": CSV, ".json": JSON, ".jsonl": JSON_LINES, ".ndjson": JSON_LINES,
    ".vcf": VCARD, ".vcard": VCARD,
}  # fmt: skip


@dataclass
class Source:
    """One file. `kind` is what its rows are, where it or a person says so.

    `entities` are those of the store that it goes into, with their custom fields.
    """

    path: Path
    manner: Manner
    left_out: Counter[str]
    stated_kind: str | None = None
    stated_encoding: str | None = None
    key: str | None = None
    unknown: Unknown | None = None
    entities: Entities = field(default_factory=lambda: ENTITIES)
    translate: Callable[[str, Raw], Raw] = field(default=lambda _, raw: raw)
    _known: dict[str, Understanding] = field(default_factory=dict)

    @cached_property
    def format(self) -> str:
        """What sort of file it is: by its name, else by how it begins. Raises UnreadableFile."""
        named = _FORMATS.get(self.path.suffix.lower())
        if named:
            return named
        with opened(self.path, encoding_of(self.path, self.stated_encoding, guess=False)) as text:
            start = text.read(64).lstrip()[:11].upper()
        if start.startswith(("[", "{")):
            return JSON
        if start == "BEGIN:VCARD":
            return VCARD
        raise UnreadableFile(
            "it is neither CSV (.csv), JSON (.json, .jsonl) nor vCard (.vcf)",
            "Export it as one of these, and name it so.",
        )

    @cached_property
    def encoding(self) -> Encoding:
        """How it is read. Raises UnreadableFile."""
        return encoding_of(self.path, self.stated_encoding, guess=self.format == CSV)

    @cached_property
    def size(self) -> int:
        """How large it is."""
        return self.path.stat().st_size

    @cached_property
    def header(self) -> list[str]:
        """The header of a CSV file, as it stands."""
        with opened(self.path, self.encoding) as text:
            return CsvFile(text).header

    @cached_property
    def delimiter(self) -> str:
        """What stands between the cells of a CSV file."""
        with opened(self.path, self.encoding) as text:
            return CsvFile(text).delimiter

    @cached_property
    def kinds(self) -> tuple[str, ...] | None:
        """What its rows may be; `None` where each says it. Raises UnreadableFile."""
        if self.format == VCARD:
            if self.stated_kind not in (None, "contact"):
                raise UnreadableFile("a vCard is a contact", "Leave out --kind.")
            return ("contact",)
        if self.format == CSV:
            if self.key and self.key not in self.header:
                raise UnreadableFile(
                    f"it has no column {self.key!r}", "Name one of its columns with --key."
                )
            return None if self._meaning.kind is None else (self._meaning.kind,)
        return None

    def rows(self, progress: Callable[[int], None] = lambda _: None) -> Iterator[Raw]:
        """The rows as they stand. Raises UnreadableFile."""
        with opened(self.path, self.encoding, progress) as text:
            yield from self._read(text)

    def kind_of(self, raw: Raw) -> str:
        """What a row is. Raises BadRow."""
        if isinstance(raw.cells, BadRow):
            raise raw.cells
        if self.kinds:
            return self.kinds[0]
        said = next((v for n, v in raw.cells.items() if n.lower() == "kind"), None) or None
        if said is None and self.stated_kind:
            return self.stated_kind
        kind = kind_of(said) if isinstance(said, str) else None
        if kind is None:
            known = ", ".join(sorted(ORDER))
            raise BadRow(
                "there is no kind; name it in the row, or with --kind"
                if said is None
                else f"unknown kind {str(said)[:40]!r} ({known})"
            )
        return kind

    def understood(self, kind: str, raw: Raw) -> Row:
        """What a row says. Raises BadRow, and Private."""
        if self.format == VCARD:
            return contact_of(raw, self.left_out, self.entities["contact"])
        how = self._known.get(kind)
        if how is None:
            how = self._known[kind] = self._understanding(kind)
        return how.row(self.translate(kind, raw))

    def _understanding(self, kind: str) -> Understanding:
        csv = self.format == CSV
        unknown = self.unknown or (Unknown.COUNT if csv else Unknown.REFUSE)
        headings = dict(self._meaning.headings) if csv and self.unknown is None else None
        return Understanding(
            kind, headings, self.manner, unknown, self.left_out, self.key, self.entities
        )

    @cached_property
    def _meaning(self) -> Recognised:
        if self.unknown is not None:  # another CRM's own names: told by the name of the file
            return Recognised(self.stated_kind or USER, {})
        return recognised(self.header, self.stated_kind, self.entities)

    def _read(self, text: TextIO) -> Iterator[Raw]:
        match self.format:
            case "csv":
                for raw in CsvFile(text).rows():
                    if isinstance(raw.cells, BadRow):
                        yield raw
                        continue
                    cells = {n: restored(str(c)) for n, c in raw.cells.items() if c and n}
                    yield Raw(raw.line, cells, raw.original)
            case "json":
                yield from json_rows(text)
            case "jsonl":
                yield from json_line_rows(text)
            case _:
                yield from card_rows(lines(text))
