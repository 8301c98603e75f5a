"""What an import reads, and what it did."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from syncd.model.values import Value


class UnreadableFile(Exception):
    """The file is none that can be imported; nothing of it was. The text is a clause."""


class BadRow(Exception):
    """A row cannot be imported; the text is the reason, as a clause."""


@dataclass(frozen=True, slots=True)
class Row:
    """One object of a file, understood. `line` is where it begins, the first being 1.

    `kind` is `user`, `account` or `contact`. `owner` is an address. `account` is the id or the
    name of one that must exist; `companyname` of a contact of a vCard may have one made.
    """

    line: int
    kind: str
    fields: Mapping[str, Value]
    owner: str | None = None
    account: str | None = None
    id: str | None = None
    may_create_account: bool = False


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that stayed out: where, and why."""

    file: str
    line: int
    reason: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Reading:
    """A file as it was read.

    `bad`: line and reason of the rows that make no sense. `left_out`: content that has no place in
    the store, and how often.
    """

    rows: list[Row] = field(default_factory=list)
    bad: list[tuple[int, str]] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Report:
    """What an import did.

    `created`: how many of each kind, the accounts made for a company included; `new_accounts`: the
    names of those. Nothing was created when `refused`.
    """

    file: str
    created: Mapping[str, int]
    new_accounts: tuple[str, ...]
    rejected: tuple[Rejected, ...]
    left_out: Mapping[str, int]
    refused: bool = False
