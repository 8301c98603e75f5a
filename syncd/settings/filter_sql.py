"""The meaning of a filter: from the tree of a `$filter` to a condition of SQLAlchemy.

OData's comparisons know only true and false, of a null too; its functions of a null are null.
Text is compared as it stands, case included. What is not here is refused, never guessed at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from odata_query import ast
from sqlalchemy import ColumnElement, false, not_, select, true

from syncd.crm.entities import ENTITIES
from syncd.crm.stored import StoredKind
from syncd.model.entities import PARTIES
from syncd.model.kinds import Schema
from syncd.settings.filter_aliases import ME, MY_TEAMS, SHARED
from syncd.settings.filter_error import FilterError
from syncd.settings.filter_fields import (
    PARTY_FIELDS,
    USER,
    Compared,
    FilterField,
    Step,
    columns_in,
    fields_of,
    steps_of,
)
from syncd.settings.filter_operators import (
    FLIPPED,
    FUNCTIONS,
    ORDERED,
    Condition,
    Held,
    called,
    compared,
    every,
    is_one_of,
    some,
)
from syncd.settings.filter_parties import COLLECTION, Row, all_of, any_of
from syncd.settings.filter_people import closed, colleagues, shared_with
from syncd.settings.filter_values import Id, Values
from syncd.settings.mistakes import did_you_mean

__all__ = ["FUNCTIONS", "LOWER", "ToSql"]

LOWER = "tolower"

_LITERALS = (
    ast.String, ast.Null, ast.Boolean, ast.Integer, ast.Float, ast.Date, ast.DateTime, ast.GUID,
)  # fmt: skip
_EQ_NE_IN = "use eq, ne or in"


@dataclass(frozen=True)
class ToSql:
    """Compiles the tree of one filter. Raises FilterError.

    `around` are the rows of the `any` and `all` that a part of it stands in, by their variable.
    `read` collects the fields that it names, each as (entity, field).
    """

    stored: StoredKind[Schema]
    values: Values
    around: Mapping[str, Row] = field(default_factory=dict)
    read: set[tuple[str, str]] = field(default_factory=set)

    @cached_property
    def _fields(self) -> Mapping[str, FilterField]:
        return fields_of(self.stored)

    @cached_property
    def _steps(self) -> Mapping[str, Step]:
        return steps_of(self.stored)

    # --- conditions ----------------------------------------------------------------------------

    def condition(self, node: ast._Node) -> Condition:
        """The condition that a tree says."""
        match node:
            case ast.BoolOp(op=ast.And()):
                return every(*(self.condition(each) for each in _joined(node, ast.And)))
            case ast.BoolOp():
                return some(*(self.condition(each) for each in _joined(node, ast.Or)))
            case ast.UnaryOp(op=ast.Not()):
                return not_(self.condition(node.operand))
            case ast.Compare():
                return self._comparison(node)
            case ast.Call():
                return self._call(node)
            case ast.CollectionLambda():
                return self._lambda(node)
            case ast.Boolean():
                return true() if node.py_val else false()
            case ast.Identifier(name=name) if name == SHARED:
                table = self.stored.table
                return table.c.id.in_(shared_with(self.values.me, self.stored.entity))
            case ast.Identifier(name=name) if name == MY_TEAMS:
                raise self._refusal(node, "this is no condition", "write owner in @myteams")
            case ast.Identifier() | ast.Attribute() if self._is_flag(node):
                todo = f"write {_shown(node)} eq true"
                raise self._refusal(node, "this is no condition", todo)
            case _:
                raise self._refusal(node, "this is no condition", "compare it, by eq, ne or in")

    def _comparison(self, node: ast.Compare) -> Condition:
        left, right = node.left, node.right
        comparator: type[ast._Node] = type(node.comparator)
        if isinstance(left, ast.UnaryOp):
            raise self._refusal(left, "not belongs to what follows at once", "write not (… eq …)")
        if isinstance(left, _LITERALS) and comparator is not ast.In:
            left, right, comparator = right, left, FLIPPED[comparator]
        held = self._held(left)
        match comparator:
            case ast.Eq:
                return self._equal(held, [right])
            case ast.NotEq:
                return not_(self._equal(held, [right]))
            case ast.In:
                return self._among(held, right)
        if held.field.compared not in ORDERED:
            what = f"{held.field.name} is a {held.field.compared}, which has no order"
            raise self._refusal(node, what, _EQ_NE_IN)
        if isinstance(right, ast.Null):
            raise self._refusal(right, "nothing is greater or less than null", "use eq or ne")
        return compared(held, comparator, self.values.of(held.field, right))

    def _equal(self, held: Held, nodes: Sequence[ast._Node]) -> Condition:
        """Equal to one of these values, or null where one of them is null."""
        known = [self.values.of(held.field, n) for n in nodes if not isinstance(n, ast.Null)]
        found = [is_one_of(held, known)] if known else []
        if len(known) < len(nodes):
            found.append(held.is_null())
        return some(*found)

    def _among(self, held: Held, node: ast._Node) -> Condition:
        """Equal to one of a list, in which a set stands for all that are in it."""
        if not isinstance(node, ast.List):
            raise self._refusal(node, "this is no list", "write in ('one', 'two')")
        sets = [each for each in node.val if _named(each) in (MY_TEAMS, SHARED)]
        others = [each for each in node.val if _named(each) not in (MY_TEAMS, SHARED)]
        found = [self._in_set(held, each) for each in sets]
        return some(*found, *([self._equal(held, others)] if others else []))

    def _in_set(self, held: Held, node: ast._Node) -> Condition:
        me, refers = self.values.me, held.field.refers
        pairs = list(zip(held.columns, refers, strict=True)) if refers else []
        if _named(node) == MY_TEAMS and USER in refers:
            column = held.columns[refers.index(USER)]
            if not isinstance(column, ColumnElement):
                return false()
            team = held.definite(column, column.in_(colleagues(me)))
            return some(is_one_of(held, [Id(me, USER)]), team)
        if _named(node) == SHARED and refers and refers != (USER,):
            return some(
                *(
                    held.definite(column, column.in_(shared_with(me, entity)))
                    for column, entity in pairs
                    if isinstance(column, ColumnElement) and entity != USER
                ),
            )
        todo = "write owner in @myteams"
        if _named(node) == SHARED:
            todo = "write @shared by itself, joined to the rest by and, or"
        raise self._refusal(node, f"{held.field.name} is never in {_named(node)}", todo)

    def _call(self, node: ast.Call) -> Condition:
        name = ".".join([*node.func.namespace, node.func.name])
        if name == LOWER:
            raise self._refusal(node, "this is no condition", "compare it, by eq, ne or in")
        if name not in FUNCTIONS:
            known = [*FUNCTIONS, LOWER]
            raise self._refusal(node, f"{name} is not supported", did_you_mean(name, known))
        held, part = self._held(node.args[0]), node.args[1]
        if held.field.compared is not Compared.TEXT:
            what = f"{name} is for text, and {held.field.name} is none"
            raise self._refusal(node, what, _EQ_NE_IN)
        if not isinstance(part, ast.String):
            todo = "write it in single quotes: 'text'"
            raise self._refusal(part, f"{name} looks for a text", todo)
        return called(name, held, self.values.text(held.field, part))

    def _lambda(self, node: ast.CollectionLambda) -> Condition:
        name = _shown(node.owner)
        if self.stored.entity not in PARTIES:
            what = f"{self.stored.kind.plural} have no field {name!r}"
            raise self._refusal(node, what, "any and all are for the parties of activities")
        if name not in (COLLECTION, f"{self.stored.entity.replace('_', '')}_{COLLECTION}"):
            raise self._refusal(node, f"there are no {name!r}", did_you_mean(name, [COLLECTION]))
        self.read.add((self.stored.entity, "parties"))
        inner = node.lambda_
        if inner is None:
            return true()  # the owner always takes part
        variable = inner.identifier.name

        def body(row: Row) -> Condition:
            within = replace(self, around={**self.around, variable: row})
            return within.condition(inner.expression)

        if isinstance(node.operator, ast.All):
            return all_of(self.stored, body)
        return any_of(
            self.stored,
            body,
            says_who=_says_who(inner.expression, variable),
            never_null=not _calls(inner.expression),
        )

    # --- fields --------------------------------------------------------------------------------

    def _held(self, node: ast._Node) -> Held:
        match node:
            case ast.Identifier(name=name, namespace=()) if name in self.around:
                raise self._refusal(node, "a field is missing here", f"write {name}/partyid")
            case ast.Identifier(name=name, namespace=()):
                return self._own(node, name)
            case ast.Attribute(owner=ast.Identifier(name=owner), attr=name):
                if owner in self.around:
                    return self._of_party(node, self.around[owner], name)
                return self._beyond(node, owner, name)
            case ast.Attribute():
                todo = "write one step, such as parentaccount/name"
                raise self._refusal(node, "a filter goes one step from a record", todo)
            case ast.Call(func=ast.Identifier(name=name)) if name == LOWER:
                held = self._held(node.args[0])
                if held.field.compared is not Compared.TEXT:
                    what = f"{LOWER} is for text, and {held.field.name} is none"
                    raise self._refusal(node, what)
                return held.lower()
            case ast.Call(func=ast.Identifier(name=name)):
                near = did_you_mean(name, [*FUNCTIONS, LOWER])
                raise self._refusal(node, f"{name} is not supported here", near)
        raise self._refusal(node, "a field is missing here", "write one left of eq, ne or in")

    def _own(self, node: ast._Node, name: str) -> Held:
        found = self._known(node, self.stored, name, lambda: [*self._fields, *self._steps])
        return Held(found, columns_in(self.stored, found, self.stored.table))

    def _beyond(self, node: ast._Node, owner: str, name: str) -> Held:
        """A field of the record that this one refers to.

        A scalar subquery and no join: a record without the relation is a record still.
        """
        step = self._steps.get(owner)
        if step is None:
            ways = {f"{each}/{name}": each for each in self._steps}
            what = f"{self.stored.kind.plural} have no field {f'{owner}/{name}'!r}"
            raise self._refusal(node, what, did_you_mean(f"{owner}/{name}", ways))
        other = ENTITIES[step.entity]
        found = self._known(node, other, name, lambda: fields_of(other))
        rows = other.table.alias()
        columns = tuple(
            closed(select(column).where(rows.c.id == self.stored.table.c[step.column]), rows)
            .scalar_subquery()
            for column in columns_in(other, found, rows)
        )  # fmt: skip
        return Held(found, columns, nested=True)

    def _of_party(self, node: ast._Node, row: Row, name: str) -> Held:
        if name not in PARTY_FIELDS:
            what = f"who takes part has no field {name!r}"
            raise self._refusal(node, what, did_you_mean(name, PARTY_FIELDS))
        return row.held(PARTY_FIELDS[name])

    def _known(
        self,
        node: ast._Node,
        stored: StoredKind[Schema],
        name: str,
        names: Callable[[], Iterable[str]],
    ) -> FilterField:
        fields = self._fields if stored is self.stored else fields_of(stored)
        # Dataverse's Web API names a reference so: _ownerid_value
        plain = name.removeprefix("_").removesuffix("_value") if name.startswith("_") else name
        if plain not in fields:
            shown = _ALSO_KNOWN.get(name, name)
            what = f"{stored.kind.plural} have no field {name!r}"
            if plain in self._steps and stored is self.stored:
                raise self._refusal(node, what, f"write {plain}/…, with a field of it")
            raise self._refusal(node, what, did_you_mean(shown, names()))
        self.read.add((stored.entity, plain))
        return fields[plain]

    def _is_flag(self, node: ast._Node) -> bool:
        return self._held(node).field.compared is Compared.FLAG

    def _refusal(self, node: object, what: str, suggestion: str | None = None) -> FilterError:
        return self.values.refusal(node, what, suggestion)


# What people call these fields elsewhere.
_ALSO_KNOWN = {ME: "owner", "state": "statecode", "status": "statuscode"}


def _named(node: ast._Node) -> str | None:
    return node.name if isinstance(node, ast.Identifier) else None


def _shown(node: ast._Node) -> str:
    """A field as it was written."""
    match node:
        case ast.Identifier():
            return node.name
        case ast.Attribute(owner=owner, attr=attr):
            return f"{_shown(owner)}/{attr}"
    return "this"


def _joined(node: ast._Node, by: type[ast._Node]) -> Iterator[ast._Node]:
    """What is joined by one word, without a step into each `and` of many: they hang to the left."""
    right: list[ast._Node] = []
    while isinstance(node, ast.BoolOp) and isinstance(node.op, by):
        right.append(node.right)
        node = node.left
    yield node
    yield from reversed(right)


def _says_who(node: ast._Node, variable: str) -> bool:
    """Whether what is said of a party says, in any case, who it is."""
    for each in _joined(node, ast.And):
        match each:
            case ast.Compare(
                comparator=ast.Eq() | ast.In(),
                left=ast.Attribute(owner=ast.Identifier(name=name), attr="partyid"),
                right=right,
            ) if name == variable and not isinstance(right, ast.Null):
                return True
    return False


def _calls(node: object) -> bool:
    """Whether a function is called, which is null of a null."""
    if isinstance(node, ast.Call):
        return node.func.name in FUNCTIONS
    inner = node if isinstance(node, list) else list(getattr(node, "__dict__", {}).values())
    return any(_calls(each) for each in inner)
