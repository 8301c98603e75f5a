"""The meaning of a filter: from the tree of a `$filter` to a condition of SQLAlchemy.

OData's comparisons know only true and false, of a null too; its functions of a null are null.
Text is compared as it stands, case included. What is not here is refused, never guessed at.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from odata_query import ast
from sqlalchemy import ColumnElement, and_, false, func, not_, or_, select, true

from syncd.crm.tables import user
from syncd.crm.users import key_of
from syncd.model.states import ACTIVE, INACTIVE
from syncd.settings.filter_error import FilterError, Positions
from syncd.settings.filter_fields import Compared, FilterField
from syncd.settings.mistakes import did_you_mean

ME = "_me"  # stands for `@me` in the tree

Condition = ColumnElement[bool]
Text = ColumnElement[Any]  # a nullable text column, or what stands for one
Value = ColumnElement[str] | str | date

_LITERALS = (ast.String, ast.Null, ast.Boolean, ast.Integer, ast.Float, ast.Date, ast.GUID)


# No LIKE: it ignores case on SQLite. These mean the same on every database, for empty parts too.
def _contains(text: Text, part: str) -> Condition:
    return func.replace(text, part, "") != text if part else func.length(text) >= 0


def _starts(text: Text, part: str) -> Condition:
    return func.substr(text, 1, len(part)) == part


def _ends(text: Text, part: str) -> Condition:
    return func.substr(text, func.length(text) - len(part) + 1) == part


FUNCTIONS: Mapping[str, Callable[[Text, str], Condition]] = {
    "contains": _contains,
    "startswith": _starts,
    "endswith": _ends,
}


@dataclass(frozen=True)
class ToSql:
    """Compiles the tree of one filter for the user with the id `me`. Raises FilterError."""

    kind: str  # its plural, for messages
    fields: Mapping[str, FilterField]
    me: str
    positions: Positions

    def condition(self, node: ast._Node) -> Condition:
        """The condition that a tree says."""
        match node:
            case ast.BoolOp(op=ast.And()):
                return and_(self.condition(node.left), self.condition(node.right))
            case ast.BoolOp():
                return or_(self.condition(node.left), self.condition(node.right))
            case ast.UnaryOp(op=ast.Not()):
                return not_(self.condition(node.operand))
            case ast.Compare():
                return self._comparison(node)
            case ast.Call():
                return self._call(node)
            case ast.Boolean():
                return true() if node.py_val else false()
            case _:
                raise self._refusal(node, "this is no condition", "compare it, by eq, ne or in")

    def _comparison(self, node: ast.Compare) -> Condition:
        left, right = node.left, node.right
        if isinstance(left, ast.UnaryOp):
            raise self._refusal(left, "not belongs to what follows at once", "write not (… eq …)")
        if isinstance(left, _LITERALS):
            left, right = right, left
        match node.comparator:
            case ast.Eq():
                return self._equal(self._field(left), right)
            case ast.NotEq():
                return not_(self._equal(self._field(left), right))
            case ast.In() if isinstance(right, ast.List):
                field = self._field(left)
                return or_(*(self._equal(field, each) for each in right.val))
            case _:
                raise self._refusal(node, "this comparison is not supported", "use eq, ne or in")

    def _equal(self, field: FilterField, node: ast._Node) -> Condition:
        if isinstance(node, ast.Null):
            return field.column.is_(None)
        # Never null itself, so that `ne` and `not` see a null as OData does: it equals no value.
        return and_(field.column.is_not(None), field.column == self._value(field, node))

    def _value(self, field: FilterField, node: ast._Node) -> Value:
        match field.compared, node:
            case Compared.OWNER, ast.Identifier(name=name) if name == ME:
                return self.me
            case Compared.OWNER, ast.String(val=address):
                of_address = select(user.c.id).where(user.c.address == key_of(address))
                return func.coalesce(of_address.scalar_subquery(), "")
            case Compared.OWNER, ast.GUID(val=id_):
                return id_.lower()
            case Compared.OWNER, _:
                raise self._refusal(node, "this is no user", "write @me, or an address in quotes")
            case Compared.STATE, ast.String(val=state) if state in {ACTIVE, INACTIVE}:
                return state
            case Compared.STATE, _:
                raise self._refusal(node, "this is no state", f"write '{ACTIVE}' or '{INACTIVE}'")
            case Compared.DAY, ast.Date():
                return self._day(node)
            case Compared.DAY, _:
                raise self._refusal(
                    node, f"{field.name} is a day", "write it like 2026-01-31, unquoted"
                )
            case _, ast.String(val=text):
                return text
            case _, ast.Identifier(name=name) if name == ME:
                raise self._refusal(
                    node, "@me is a user, and only owner can be one", "write owner eq @me"
                )
        raise self._refusal(
            node, f"{field.name} is text", "write the text in single quotes: 'text'"
        )

    def _day(self, node: ast.Date) -> date:
        try:
            return node.py_val
        except ValueError:
            raise self._refusal(node, f"there is no day {node.val}") from None

    def _call(self, node: ast.Call) -> Condition:
        name = ".".join([*node.func.namespace, node.func.name])
        if name not in FUNCTIONS:
            raise self._refusal(node, f"{name} is not supported", did_you_mean(name, FUNCTIONS))
        field, part = self._field(node.args[0]), node.args[1]
        if field.compared is not Compared.TEXT:
            raise self._refusal(
                node, f"{name} is for text, and {field.name} is none", "use eq, ne or in"
            )
        if not isinstance(part, ast.String):
            raise self._refusal(
                part, f"{name} looks for a text", "write it in single quotes: 'text'"
            )
        return FUNCTIONS[name](field.column, part.val)

    def _field(self, node: ast._Node) -> FilterField:
        match node:
            case ast.Identifier(name=name, namespace=()):
                pass
            case ast.Attribute(owner=ast.Identifier(name=owner), attr=attr):
                name = f"{owner}/{attr}"
            case _:
                raise self._refusal(
                    node, "a field is missing here", "write one left of eq, ne or in"
                )
        if name not in self.fields:
            shown = "@me" if name == ME else name
            suggestion = did_you_mean(_also_known.get(name, name), self.fields)
            raise self._refusal(node, f"{self.kind} have no field {shown!r}", suggestion)
        return self.fields[name]

    def _refusal(self, node: ast._Node, what: str, suggestion: str | None = None) -> FilterError:
        return FilterError(self.positions.of(node), what, suggestion)


# What admins know these fields by elsewhere.
_also_known = {
    ME: "owner",
    "ownerid": "owner",
    "_ownerid_value": "owner",
    "state": "statecode",
    "account/name": "parentaccount/name",
    "parentcustomerid_account/name": "parentaccount/name",
}
