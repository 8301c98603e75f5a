"""How an entity is kept: which columns hold which field. Entities are data, the verbs know none."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property, lru_cache
from operator import itemgetter
from typing import Generic, TypeVar, cast

from sqlalchemy import ColumnElement, Connection, FromClause, Table, and_, true

from syncd.crm.errors import RecordError
from syncd.crm.feed import Actor
from syncd.crm.tables import CUSTOM
from syncd.model.fields import Attribute, Field, FieldType
from syncd.model.kinds import Schema
from syncd.model.record import Record
from syncd.model.states import ACTIVE, USE, States
from syncd.model.values import Value

S = TypeVar("S", bound=Schema)
S_co = TypeVar("S_co", bound=Schema, covariant=True)

_LINE_END = re.compile(r"\r\n?|\n")

Row = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Origin:
    """When the value of a field group was authored, and in which mailbox (`None`: in the CRM)."""

    at: datetime
    mailbox: str | None


@dataclass(frozen=True, slots=True)
class Stored:
    """One record as the CRM holds it.

    `record` has every field. `extras` are the other settable columns, such as `accountrolecode`.
    `active` says that it may be changed: it is in use, or open. `origins` has the groups that ever
    held a value. A deleted record keeps its values.
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
    statecode: str = ACTIVE
    statuscode: str = ACTIVE
    created_by: str | None = None
    modified_by: str | None = None

    @property
    def values(self) -> dict[str, Value]:
        """Every field and every extra."""
        return {**self.record.fields, **self.extras}

    @property
    def name(self) -> str:
        """What it is called; empty when it has no name."""
        return self.record.kind.called(self.record.fields)

    def without(self, names: Collection[str]) -> Stored:
        """The record, as one who may not read these fields sees it: they are not there."""
        if not names:
            return self
        fields = {n: value for n, value in self.record.fields.items() if n not in names}
        extras = {n: value for n, value in self.extras.items() if n not in names}
        return replace(self, record=Record(self.record.kind, fields), extras=extras)


@dataclass(frozen=True, slots=True)
class Draft:
    """A write on its way into columns: the patch, the row it meets (`None`: a new one), who."""

    patch: Mapping[str, Value]
    before: Row | None
    actor: Actor


@dataclass(frozen=True, slots=True)
class Written:
    """What a write did to one record: the row before (`None`: created), after, what differs."""

    before: Row | None
    row: Row
    names: tuple[str, ...]


Assemble = Callable[[Row], dict[str, Value]]
Disassemble = Callable[[Connection, Sequence[Draft]], list["dict[str, object] | RecordError"]]


@dataclass(frozen=True)
class StoredKind(Generic[S_co]):
    """How an entity is kept.

    `source` and `columns` are what is selected: the table, and what is joined to it. `extras` are
    settable columns that its fields do not name. `assemble` makes the fields of a selected row;
    `disassemble` makes a batch of patches into what they change of their rows: table columns, and
    joined columns that follow from them; or an error in the place of a patch that cannot be.
    `constants` are columns that all its records, and only they, have in common in their table.
    `keyed`: kept findable by what people and companies are recognised by. `extra_pointers`: the
    entities that extras refer to. `custom`: those of its fields that share one column, which holds
    the values of custom fields that no configuration names any more, too.
    """

    kind: S_co
    table: Table
    source: FromClause
    columns: tuple[ColumnElement[object], ...]
    extras: Mapping[str, FieldType]
    assemble: Assemble
    disassemble: Disassemble
    states: States = USE
    constants: Mapping[str, object] = field(default_factory=dict)
    keyed: bool = False
    extra_pointers: Mapping[str, str] = field(default_factory=dict)
    custom: tuple[Field, ...] = ()

    @property
    def entity(self) -> str:
        """The name of the entity."""
        return self.kind.name

    @cached_property
    def mine(self) -> ColumnElement[bool]:
        """The rows of its table that are its records, the deleted ones included."""
        return and_(true(), *(self.table.c[name] == v for name, v in self.constants.items()))

    @cached_property
    def alive(self) -> ColumnElement[bool]:
        """The rows of its table that are its records and are not deleted."""
        return and_(self.table.c.deleted_at.is_(None), self.mine)

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
        """Everything that a patch may name: the fields in order, then the extras."""
        mapped = tuple(self.kind.by_name)
        return mapped + tuple(name for name in self.extras if name not in self.kind.by_name)

    def type_of(self, name: str) -> FieldType | None:
        """The type of a field or an extra; `None` when there is none of this name."""
        found = self.kind.by_name.get(name)
        return found.type if found else self.extras.get(name)

    def names_of(
        self, columns: Iterable[str], before: Row | None = None, after: Row | None = None
    ) -> tuple[str, ...]:
        """The fields and extras that live in any of these columns; custom ones if they differ."""
        changed = {name for column in columns for name in self._kept_in.get(column, ())}
        if self.custom:
            was, now = (_custom_in(row) for row in (before, after))
            changed |= {f.name for f in self.custom if was.get(f.name) != now.get(f.name)}
        return tuple(name for name in self.names if name in changed)

    def group_of(self, name: str) -> str | None:
        """The group whose origin is kept for a field; `None` for an extra."""
        found = self.kind.by_name.get(name)
        return found.group if isinstance(found, Field) else name if found else None

    @cached_property
    def pointers(self) -> Mapping[str, str]:
        """Column → the entity whose record it points to."""
        fields = (each for each in self.kind.fields if each.type is FieldType.REFERENCE)
        own = {c: e for each in fields for c, e in zip(each.crm, each.refers, strict=True)}
        return {**own, **self.extra_pointers}

    @cached_property
    def content(self) -> tuple[str, ...]:
        """The table's columns that fields and extras live in."""
        return tuple(n for n in self.table_columns if n in self._kept_in or n == CUSTOM)

    @cached_property
    def _kept_in(self) -> Mapping[str, tuple[str, ...]]:
        """Column → the fields and extras that live in it."""
        kept: dict[str, tuple[str, ...]] = {extra: (extra,) for extra in self.extras}
        for each in self.kind.fields:
            for column in each.crm:
                kept[column] = (*kept.get(column, ()), each.name)
        return kept

    def stored(self, row: Row, fields: Mapping[str, Value] | None = None) -> Stored:
        """The record in a selected row. `fields`: what it assembles to, where that is known."""
        made = cast("Mapping[str, tuple[str, str | None]]", row["origins"])
        state = cast(str, row["statecode"])
        return Stored(
            id=cast(str, row["id"]),
            record=Record(self.kind, self.assemble(row) if fields is None else fields),
            version=cast(int, row["version"]),
            owner_id=cast(str, row["owner_id"]),
            active=state in self.states.editable,
            deleted=row["deleted_at"] is not None,
            origins={group: _origin(at, mailbox) for group, (at, mailbox) in made.items()},
            merged_into=cast("str | None", row["merged_into"]),
            extras={name: value_of(kind, row[name]) for name, kind in self.extras.items()},
            created_at=cast(datetime, row["created_at"]),
            modified_at=cast(datetime, row["modified_at"]),
            statecode=state,
            statuscode=cast(str, row["statuscode"]),
            created_by=cast("str | None", row["created_by"]),
            modified_by=cast("str | None", row["modified_by"]),
        )


def _custom_in(row: Row | None) -> Mapping[str, object]:
    return cast("Mapping[str, object] | None", row[CUSTOM] if row else None) or {}


@lru_cache(maxsize=4096)  # the groups of a record mostly share one origin
def _origin(at: str, mailbox: str | None) -> Origin:
    return Origin(datetime.fromisoformat(at), mailbox)


def plain(
    kind: S,
    table: Table,
    extras: Mapping[str, FieldType] | None = None,
    *,
    states: States = USE,
    constants: Mapping[str, object] | None = None,
    disassemble: Disassemble | None = None,
    keyed: bool = False,
) -> StoredKind[S]:
    """An entity whose fields are just the columns of `table`: one each, or several of one value.

    Raises ValueError when its fields ask for more than that.
    """
    odd = [
        f.name
        for f in kind.fields
        if len(f.crm) != 1 and f.type not in (FieldType.LINES, FieldType.REFERENCE)
    ]
    if odd:
        raise ValueError(f"{kind.name}.{odd[0]} has several columns and is not lines")

    def straight(_: Connection, drafts: Sequence[Draft]) -> list[dict[str, object] | RecordError]:
        return [columns_of(kind, draft.patch) for draft in drafts]

    return StoredKind(
        kind,
        table,
        table,
        tuple(cast("Iterable[ColumnElement[object]]", table.columns)),
        extras or {},
        reader(kind.fields),
        disassemble or straight,
        states,
        constants or {},
        keyed,
    )


def reader(fields: Iterable[Attribute]) -> Callable[[Row], dict[str, Value]]:
    """What reads these fields out of a row, each by its `crm` columns."""
    fields = tuple(fields)
    straight = [(f.name, f.crm[0]) for f in fields if len(f.crm) == 1]
    sets = [(f.name, f.crm[0]) for f in fields if f.type is FieldType.NAMES]
    several = [f for f in fields if len(f.crm) > 1]
    lines = [(f.name, f.crm) for f in several if f.type is FieldType.LINES]
    references = [(f.name, f.crm, f.refers) for f in several if f.type is FieldType.REFERENCE]
    names = tuple(name for name, _ in straight)
    pick = _picker([column for _, column in straight])

    def assemble(row: Row) -> dict[str, Value]:
        values = dict(zip(names, pick(row), strict=True))
        for name, column in sets:
            values[name] = value_of(FieldType.NAMES, row[column])
        for name, columns in lines:
            values[name] = joined(columns, row)
        for name, columns, refers in references:
            values[name] = referred(columns, refers, row)
        return values

    return assemble


def _picker(columns: Sequence[str]) -> Callable[[Row], tuple[Value, ...]]:
    """What picks these columns out of a row: every record that is read passes here."""
    if len(columns) < 2:  # itemgetter makes no tuple of one
        return lambda row: tuple(cast(Value, row[column]) for column in columns)
    return cast("Callable[[Row], tuple[Value, ...]]", itemgetter(*columns))


def columns_of(kind: Schema, patch: Mapping[str, Value]) -> dict[str, object]:
    """The columns of a patch, and what to put into them. What the map does not name is an extra."""
    columns: dict[str, object] = {}
    for name, value in patch.items():
        field = kind.by_name.get(name)
        if field is None or len(field.crm) == 1:
            column = name if field is None else field.crm[0]
            columns[column] = list(value) if isinstance(value, tuple) else value
        elif field.type is FieldType.REFERENCE:
            entity, _, record_id = cast(str, value or "").partition(":")
            parts = [record_id if each == entity else None for each in field.refers]
            columns.update(zip(field.crm, parts, strict=True))
        else:
            parts = split(cast("str | None", value), len(field.crm))
            columns.update(zip(field.crm, parts, strict=True))
    return columns


def referred(columns: Sequence[str], refers: Sequence[str], row: Row) -> str | None:
    """A reference that one of several columns holds: `account:ID`."""
    for column, entity in zip(columns, refers, strict=True):
        if row[column] is not None:
            return f"{entity}:{row[column]}"
    return None


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
