"""How a kind is kept: which columns hold which field. Kinds are data, the verbs know none."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property, lru_cache
from operator import itemgetter
from typing import cast

from sqlalchemy import ColumnElement, Connection, FromClause, Table

from syncd.crm.errors import InvalidValue, RecordError
from syncd.crm.feed import Actor
from syncd.crm.tables import ACTIVE
from syncd.model.fields import Field, FieldType
from syncd.model.kinds import Kind
from syncd.model.record import Record
from syncd.model.values import Value

MAX_TEXT = 32_768  # characters of a value
MAX_NOTE = 1_048_576  # characters of a free text
MAX_NAMES = 1_000  # elements of a set

_LINE_END = re.compile(r"\r\n?|\n")
_OTHER_BYTES = re.compile("[\udc80-\udcff]")  # how Python keeps what it could not decode
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")  # PostgreSQL keeps no NUL, UTF-8 no lone surrogate

Row = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Origin:
    """When the value of a field group was authored, and in which mailbox (`None`: in the CRM)."""

    at: datetime
    mailbox: str | None


@dataclass(frozen=True, slots=True)
class Stored:
    """One record as the CRM holds it.

    `record` has every mapped field. `extras` are the other settable columns, such as
    `accountrolecode`. `origins` has the groups that ever held a value. A deleted record keeps its
    values.
    """

    id: str
    record: Record
    version: int
    owner_id: str
    active: bool
    deleted: bool
    origins: Mapping[str, Origin]
    merged_into: str | None
    extras: Mapping[str, Value]
    created_at: datetime
    modified_at: datetime


@dataclass(frozen=True, slots=True)
class Draft:
    """A write on its way into columns: the patch, the row it meets (`None`: a new one), who."""

    patch: Mapping[str, Value]
    before: Row | None
    actor: Actor


@dataclass(frozen=True)
class StoredKind:
    """How a kind is kept.

    `source` and `columns` are what is selected: the table, and what is joined to it. `extras` are
    settable columns that the map does not name. `assemble` makes the fields of a selected row;
    `disassemble` makes a batch of patches into what they change of their rows: table columns, and
    joined columns that follow from them; or an error in the place of a patch that cannot be.
    """

    kind: Kind
    table: Table
    source: FromClause
    columns: tuple[ColumnElement[object], ...]
    extras: Mapping[str, FieldType]
    assemble: Callable[[Row], dict[str, Value]]
    disassemble: Callable[[Connection, Sequence[Draft]], list[dict[str, object] | RecordError]]

    @cached_property
    def table_columns(self) -> tuple[str, ...]:
        """The names of the columns that the table itself has."""
        return tuple(column.name for column in self.table.columns)

    @cached_property
    def blank(self) -> Row:
        """A selected row with nothing in it."""
        return {column.key or "": None for column in self.columns}

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Everything that a patch may name: the fields in the order of the map, then the extras."""
        mapped = tuple(self.kind.by_name)
        return mapped + tuple(name for name in self.extras if name not in self.kind.by_name)

    def type_of(self, name: str) -> FieldType | None:
        """The type of a field or an extra; `None` when there is none of this name."""
        field = self.kind.by_name.get(name)
        return field.type if field else self.extras.get(name)

    def names_of(self, columns: Iterable[str]) -> tuple[str, ...]:
        """The fields and extras that live in any of these columns."""
        changed = {name for column in columns for name in self._kept_in.get(column, ())}
        return tuple(name for name in self.names if name in changed)

    @cached_property
    def _kept_in(self) -> Mapping[str, tuple[str, ...]]:
        """Column → the fields and extras that live in it."""
        kept: dict[str, tuple[str, ...]] = {extra: (extra,) for extra in self.extras}
        for field in self.kind.fields:
            for column in field.crm:
                kept[column] = (*kept.get(column, ()), field.name)
        return kept

    def stored(self, row: Row, fields: Mapping[str, Value] | None = None) -> Stored:
        """The record in a selected row. `fields`: what it assembles to, where that is known."""
        made = cast("Mapping[str, tuple[str, str | None]]", row["origins"])
        return Stored(
            id=cast(str, row["id"]),
            record=Record(self.kind, self.assemble(row) if fields is None else fields),
            version=cast(int, row["version"]),
            owner_id=cast(str, row["owner_id"]),
            active=row["statecode"] == ACTIVE,
            deleted=row["deleted_at"] is not None,
            origins={group: _origin(at, mailbox) for group, (at, mailbox) in made.items()},
            merged_into=cast("str | None", row["merged_into"]),
            extras={name: value_of(kind, row[name]) for name, kind in self.extras.items()},
            created_at=cast(datetime, row["created_at"]),
            modified_at=cast(datetime, row["modified_at"]),
        )


@lru_cache(maxsize=4096)  # the groups of a record mostly share one origin
def _origin(at: str, mailbox: str | None) -> Origin:
    return Origin(datetime.fromisoformat(at), mailbox)


def plain(kind: Kind, table: Table, extras: Mapping[str, FieldType] | None = None) -> StoredKind:
    """A kind whose fields are just the columns of `table`: one each, or several lines of one text.

    Raises ValueError when the map asks for more than that.
    """
    odd = [f.name for f in kind.fields if len(f.crm) != 1 and f.type is not FieldType.LINES]
    if odd:
        raise ValueError(f"{kind.name}.{odd[0]} has several columns and is not lines")

    def disassemble(
        _: Connection, drafts: Sequence[Draft]
    ) -> list[dict[str, object] | RecordError]:
        return [columns_of(kind, draft.patch) for draft in drafts]

    columns = tuple(cast("Iterable[ColumnElement[object]]", table.columns))
    return StoredKind(kind, table, table, columns, extras or {}, reader(kind.fields), disassemble)


def reader(fields: Iterable[Field]) -> Callable[[Row], dict[str, Value]]:
    """What reads these fields out of a row, each by its `crm` columns."""
    fields = tuple(fields)
    straight = [(f.name, f.crm[0]) for f in fields if len(f.crm) == 1]
    sets = [(f.name, f.crm[0]) for f in fields if f.type is FieldType.NAMES]
    lines = [(f.name, f.crm) for f in fields if len(f.crm) > 1]
    names = tuple(name for name, _ in straight)
    pick = _picker([column for _, column in straight])

    def assemble(row: Row) -> dict[str, Value]:
        values = dict(zip(names, pick(row), strict=True))
        for name, column in sets:
            values[name] = value_of(FieldType.NAMES, row[column])
        for name, columns in lines:
            values[name] = joined(columns, row)
        return values

    return assemble


def _picker(columns: Sequence[str]) -> Callable[[Row], tuple[Value, ...]]:
    """What picks these columns out of a row: every record that is read passes here."""
    if len(columns) < 2:  # itemgetter makes no tuple of one
        return lambda row: tuple(cast(Value, row[column]) for column in columns)
    return cast("Callable[[Row], tuple[Value, ...]]", itemgetter(*columns))


def columns_of(kind: Kind, patch: Mapping[str, Value]) -> dict[str, object]:
    """The columns of a patch, and what to put into them. What the map does not name is an extra."""
    columns: dict[str, object] = {}
    for name, value in patch.items():
        field = kind.by_name.get(name)
        if field is None or len(field.crm) == 1:
            column = name if field is None else field.crm[0]
            columns[column] = list(value) if isinstance(value, tuple) else value
        else:
            parts = split(cast("str | None", value), len(field.crm))
            columns.update(zip(field.crm, parts, strict=True))
    return columns


def value_of(kind: FieldType, held: object) -> Value:
    """The value that a column holds."""
    if kind is FieldType.NAMES:
        return tuple(cast("list[str]", held)) if held else None
    return cast(Value, held)


def split(text: str | None, parts: int) -> list[str | None]:
    """A text over `parts` columns: a line in each, and all lines that are left in the last."""
    lines = _LINE_END.split(text) if text else []
    while lines and not lines[-1].strip():
        lines.pop()
    lines[parts - 1 :] = ["\n".join(lines[parts - 1 :])] if len(lines) >= parts else []
    return [line or None for line in lines] + [None] * (parts - len(lines))


def joined(columns: Sequence[str], row: Row) -> str | None:
    """The text that `split` took apart into these columns."""
    lines = [str(row[column] or "") for column in columns]
    while lines and not lines[-1]:
        lines.pop()
    return "\n".join(lines) or None


def checked(stored: StoredKind, patch: Mapping[str, Value]) -> dict[str, Value]:
    """The patch with every empty value as `None`. Raises InvalidValue on what cannot be stored."""
    return {name: _checked(name, stored.type_of(name), value) for name, value in patch.items()}


def checked_text(name: str, text: object, limit: int) -> str | None:
    """A text that can be stored, `None` for an empty one. Raises InvalidValue."""
    if not isinstance(text, str):
        raise InvalidValue(name, "not a text")
    if len(text) > limit:
        raise InvalidValue(name, f"longer than {limit:,} characters")
    if _OTHER_BYTES.search(text):
        raise InvalidValue(name, "is not UTF-8; save the file as UTF-8")
    if _UNSTORABLE.search(text):
        raise InvalidValue(name, "has characters that no text may have (such as NUL)")
    return text if text and not text.isspace() else None


def _checked(name: str, kind: FieldType | None, value: Value) -> Value:
    if kind is None:
        raise InvalidValue(name, "there is no such field")
    if value is None:
        return None
    if kind is FieldType.DATE:
        if not isinstance(value, date) or isinstance(value, datetime):
            raise InvalidValue(name, "not a day")
        return value
    if kind is not FieldType.NAMES:
        return checked_text(name, value, MAX_NOTE if kind is FieldType.NOTE else MAX_TEXT)
    if not isinstance(value, tuple):
        raise InvalidValue(name, "not a list of names")
    if len(value) > MAX_NAMES:
        raise InvalidValue(name, f"more than {MAX_NAMES:,} names")
    return tuple(filter(None, (checked_text(name, each, MAX_TEXT) for each in value))) or None
