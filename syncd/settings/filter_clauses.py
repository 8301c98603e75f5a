"""A filter, clause by clause, as it comes out for one record.

Each part of the tree is compiled as the whole filter is, and asked of the store: what is shown can
never disagree with what is decided.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Any

from odata_query import ast
from odata_query.roundtrip import AstToODataVisitor
from sqlalchemy import ColumnElement, Connection, case, func, literal, select

from syncd.crm.stored import StoredKind
from syncd.model.kinds import Schema
from syncd.settings.filter_fields import USER, FilterField, columns_in, fields_of
from syncd.settings.filter_people import Me
from syncd.settings.filters import Filter

_AT_ONCE = 100  # columns of one query


class Joint(StrEnum):
    """How a clause is made: of others, or of a field and a value."""

    AND = "and"
    OR = "or"
    NOT = "not"
    LEAF = "leaf"


@dataclass(frozen=True, slots=True)
class Clause:
    """One part of a filter: what it says, and whether it holds for the record.

    A leaf that names one field has its `field` and the `value` that the record has there; `owner`
    says that the value is a user's id.
    """

    text: str
    joint: Joint
    holds: bool = False
    parts: tuple[Clause, ...] = ()
    field: str | None = None
    value: Any = None
    owner: bool = False

    def failing(self) -> Iterator[Clause]:
        """The smallest parts that keep a record out; none where the clause holds."""
        if self.holds:
            return
        if self.joint in (Joint.AND, Joint.OR):
            for each in self.parts:
                yield from each.failing()
        else:
            yield self

    def deciding(self) -> Iterator[Clause]:
        """The smallest parts that make it hold; none where it does not."""
        if not self.holds:
            return
        if self.joint in (Joint.AND, Joint.OR):
            for each in self.parts:
                yield from each.deciding()
        else:
            yield self

    def to_json(self) -> dict[str, object]:
        """The clause for programs."""
        told: dict[str, object] = {"clause": self.text, "joint": self.joint, "holds": self.holds}
        if self.field:
            told |= {"field": self.field, "value": self.value}
        return told | ({"parts": [each.to_json() for each in self.parts]} if self.parts else {})


def clauses(conn: Connection, filter_: Filter, me: Me, record_id: str, *, today: date) -> Clause:
    """How a filter comes out for one record, and the user whose id is `me`, on a day."""
    stored = filter_.stored
    fields = fields_of(stored)
    nodes: list[tuple[ast._Node, FilterField | None]] = []
    shape = _shaped(filter_.tree, fields, nodes)
    asked: list[ColumnElement[Any]] = []
    for node, field in nodes:
        asked += [
            case((filter_.condition(node, me, today=today), literal(1)), else_=literal(0)),
            _value(stored, field) if field is not None else literal(None),
        ]
    answers = _ask(conn, stored, record_id, asked)
    return _answered(shape, nodes, iter(zip(answers[::2], answers[1::2], strict=True)))


def _shaped(
    node: ast._Node,
    fields: Mapping[str, FilterField],
    nodes: list[tuple[ast._Node, FilterField | None]],
) -> Clause:
    """The clause without its answers; what is to be asked is added to `nodes`, in order."""
    field = None
    match node:
        case ast.BoolOp(op=op):
            joint = Joint.AND if isinstance(op, ast.And) else Joint.OR
            inner = list(_flat(node, type(op)))
        case ast.UnaryOp(op=ast.Not()):
            joint, inner = Joint.NOT, [node.operand]
        case _:
            joint, inner, field = Joint.LEAF, [], _field_of(node, fields)
    nodes.append((node, field))
    parts = tuple(_shaped(each, fields, nodes) for each in inner)
    return Clause(_Said().visit(node), joint, parts=parts, field=field.name if field else None)


def _answered(
    shape: Clause,
    nodes: Sequence[tuple[ast._Node, FilterField | None]],
    answers: Iterator[tuple[Any, Any]],
) -> Clause:
    of_owner = {f.name for _, f in nodes if f is not None and f.refers == (USER,)}
    holds, value = next(answers)
    parts = tuple(_answered(each, nodes, answers) for each in shape.parts)
    return replace(
        shape, holds=bool(holds), value=value, parts=parts, owner=shape.field in of_owner
    )


def _flat(node: ast._Node, op: type[ast._Node]) -> Iterator[ast._Node]:
    """`a and b and c` as three, where the parser makes it pairs of pairs."""
    if isinstance(node, ast.BoolOp) and isinstance(node.op, op):
        yield from _flat(node.left, op)
        yield from _flat(node.right, op)
    else:
        yield node


def _field_of(node: ast._Node, fields: Mapping[str, FilterField]) -> FilterField | None:
    """The only field that a leaf names, if there is just one."""
    sides: list[ast._Node] = []
    match node:
        case ast.Compare():
            sides = [node.left, node.right]
        case ast.Call():
            sides = list(node.args)
    inner = [arg for each in sides for arg in (each.args if isinstance(each, ast.Call) else [each])]
    named = [fields[name] for each in inner if (name := _name_of(each)) in fields]
    return named[0] if len(named) == 1 else None


def _name_of(node: ast._Node) -> str:
    match node:
        case ast.Identifier(name=name, namespace=()):
            return str(name)
    return ""


def _value(stored: StoredKind[Schema], field: FilterField) -> ColumnElement[Any]:
    """What a record has in a field; a reference may have a column for each sort of record."""
    columns = columns_in(stored, field, stored.table)
    return columns[0] if len(columns) == 1 else func.coalesce(*columns)


class _Said(AstToODataVisitor):
    """A part of a filter as it was written, more or less."""

    def visit_String(self, node: ast.String) -> str:  # noqa: N802 - the visitor's name
        """A text, its quotes doubled as in the filter."""
        return "'" + node.val.replace("'", "''") + "'"


def _ask(
    conn: Connection,
    stored: StoredKind[Schema],
    record_id: str,
    asked: Sequence[ColumnElement[Any]],
) -> list[Any]:
    found: list[Any] = []
    for at in range(0, len(asked), _AT_ONCE):
        some = [each.label(f"c{n}") for n, each in enumerate(asked[at : at + _AT_ONCE])]
        query = select(*some).select_from(stored.source).where(stored.table.c.id == record_id)
        row = conn.execute(query).one_or_none()
        found += list(row) if row is not None else [0] * len(some)
    return found
