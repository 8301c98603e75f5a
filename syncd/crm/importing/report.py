"""What an import reads, and what it did."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from syncd.model.values import Value

NAMED = 1_000  # rejects, and other remarks, that a report lists one by one; all are counted
SHOWN = 5  # records that a preview shows


class UnreadableFile(Exception):
    """The file is none that can be imported; nothing of it was. The text is a clause.

    `todo` is a whole sentence: what to type or do next.
    """

    def __init__(self, what: str, todo: str = "") -> None:
        super().__init__(what)
        self.todo = todo


class BadRow(Exception):
    """A row cannot be imported: the reason, as a clause, and the row, if nothing else holds it."""

    def __init__(self, reason: str, text: str = "") -> None:
        super().__init__(reason)
        self.text = text


class Private(Exception):
    """The row is marked private by its owner, and stays where it is (P7)."""


@dataclass(frozen=True, slots=True)
class Raw:
    """One row as it stands in the file. `line` is where it begins, the first being 1.

    `cells` is what it says by the names that the file uses; a BadRow if it makes no sense.
    `original` is what a file of rejects gives back: cells, an object, or the text of a card.
    """

    line: int
    cells: Mapping[str, object] | BadRow
    original: object


@dataclass(frozen=True, slots=True)
class Link:
    """Another record, as a row names it: by id, by a key of the same source, or by its name.

    `entity` is which sort it is, where the row says so.
    """

    text: str
    entity: str | None = None


@dataclass(frozen=True, slots=True)
class Party:
    """Somebody who takes part in an activity, as a row names them."""

    role: str
    who: Link | None = None
    address: str | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One row, understood.

    `kind` is `user` or an entity. `owner` is an address, an id or a name. `links` are fields that
    refer to other records. `key` is what the record is known as where it comes from. `version` and
    `as_of` say which state of our own record the file was made from. `companyname` of a row that
    `may_create_account` may have an account made.
    """

    line: int
    kind: str
    fields: Mapping[str, Value]
    owner: str | None = None
    id: str | None = None
    key: str | None = None
    links: Mapping[str, Link] = field(default_factory=dict)
    status: str | None = None
    created_at: datetime | None = None
    version: int | None = None
    as_of: datetime | None = None
    parties: tuple[Party, ...] | None = None
    may_create_account: bool = False
    original: object = None


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that stayed out, or a part of one: where, and why."""

    file: str
    line: int
    reason: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Shown:
    """One record as a preview shows it: what would be done with it, and what it would hold."""

    line: int
    kind: str
    deed: str
    values: Mapping[str, Value]


@dataclass(slots=True)
class Report:
    """What an import did, or, of a preview, would do.

    Counts are by kind. `created` includes the accounts made for a company; `new_accounts` are the
    names of those. `unchanged` were there as the file has them; `deleted` were in the CRM once and
    are not brought back; `private` stayed out as marked private. `kept` says where the CRM's own
    value stayed, for it was changed there. `left_out` is content that has no place, and how often.
    Nothing was written when `refused`.
    """

    file: str
    created: Counter[str] = field(default_factory=Counter)
    updated: Counter[str] = field(default_factory=Counter)
    unchanged: Counter[str] = field(default_factory=Counter)
    deleted: Counter[str] = field(default_factory=Counter)
    private: int = 0
    new_accounts: list[str] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    rejects: int = 0
    kept: list[Rejected] = field(default_factory=list)
    keeps: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    warnings: list[str] = field(default_factory=list)
    shown: list[Shown] = field(default_factory=list)
    rejects_file: str | None = None
    refused: bool = False

    def reject(self, line: int, reason: str, file: str | None = None) -> None:
        """Count a row that stays out."""
        self.rejects += 1
        if len(self.rejected) < NAMED:
            self.rejected.append(Rejected(file or self.file, line, _readable(reason)))

    def keep(self, line: int, reason: str, file: str | None = None) -> None:
        """Count a value that the CRM keeps."""
        self.keeps += 1
        if len(self.kept) < NAMED:
            self.kept.append(Rejected(file or self.file, line, _readable(reason)))

    def warn(self, sentence: str) -> None:
        """Say something once."""
        if sentence not in self.warnings and len(self.warnings) < NAMED:
            self.warnings.append(sentence)

    def show(self, line: int, kind: str, deed: str, values: Mapping[str, Value]) -> None:
        """Remember the first few records."""
        if len(self.shown) < SHOWN:
            self.shown.append(Shown(line, kind, deed, values))


def _readable(text: str) -> str:
    """The reason as a person may read it, whatever bytes the file had."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
