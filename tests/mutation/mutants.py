"""What can be changed in a source file, one place at a time: the mutants of a module."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_COMPARED: Mapping[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Lt: ast.LtE, ast.LtE: ast.Lt,
    ast.Gt: ast.GtE, ast.GtE: ast.Gt,
}  # fmt: skip
_COMBINED: Mapping[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult,
    ast.BitOr: ast.BitAnd, ast.BitAnd: ast.BitOr,
}  # fmt: skip
Members = Mapping[str, Sequence[str]]  # of the enumerations, by name


@dataclass(frozen=True)
class Mutant:
    """One change: `before` → `after` in a line of a file, and the module as it would be then."""

    file: Path
    line: int
    before: str
    after: str
    source: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.before}  →  {self.after}"


def enumerations(files: Sequence[Path]) -> Members:
    """The members of every enumeration that is declared in these files."""
    found: dict[str, list[str]] = {}
    for file in files:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef) and any("Enum" in ast.unparse(b) for b in node.bases):
                targets = (each.targets[0] for each in node.body if isinstance(each, ast.Assign))
                found[node.name] = [each.id for each in targets if isinstance(each, ast.Name)]
    return found


def mutants(file: Path, members: Members) -> Iterator[Mutant]:
    """All mutants of a file, in the order of its lines."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    places = sorted(_places(tree), key=lambda node: (node.lineno, node.col_offset))
    number = {id(node): at for at, node in enumerate(ast.walk(tree))}
    for node in places:
        for after in _changes(node, members):
            changed = copy.deepcopy(tree)
            there = next(n for at, n in enumerate(ast.walk(changed)) if at == number[id(node)])
            _Swap(there, after).visit(changed)
            source = ast.unparse(ast.fix_missing_locations(changed))
            yield Mutant(file, node.lineno, _said(node), _said(after), source)


def _said(node: ast.AST) -> str:
    return " ".join(ast.unparse(node).split())[:110]


class _Swap(ast.NodeTransformer):
    def __init__(self, old: ast.AST, new: ast.AST) -> None:
        self._old, self._new = old, new

    def visit(self, node: ast.AST) -> ast.AST:
        """The new one in the place of the old one."""
        return self._new if node is self._old else self.generic_visit(node)


def _places(tree: ast.AST) -> Iterator[ast.expr | ast.stmt]:
    """Every node that runs: annotations do not, nor do declared enumerations and texts."""
    for name, value in ast.iter_fields(tree):
        if name in ("annotation", "returns", "decorator_list", "bases"):
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.ClassDef) and any("Enum" in _said(b) for b in child.bases):
                continue
            if isinstance(child, ast.keyword) and child.arg == "strict":  # of zip: it asserts only
                continue
            if isinstance(child, ast.expr | ast.stmt):
                yield child
            if isinstance(child, ast.AST):
                yield from _places(child)


def _changes(node: ast.expr | ast.stmt, members: Members) -> Iterator[ast.AST]:
    yield from _of_condition(node)
    match node:
        case ast.BinOp(left, operator, right) if type(operator) in _COMBINED:
            yield ast.BinOp(left, _COMBINED[type(operator)](), right)
        case ast.Constant(bool(value)):
            yield ast.Constant(not value)
        case ast.Constant(int(number)):
            yield ast.Constant(number + 1)
        case ast.Attribute(ast.Name(name), member) if member in members.get(name, ()):
            others = members[name]
            following = others[(others.index(member) + 1) % len(others)]
            if following != member:
                yield ast.Attribute(ast.Name(name), following)
        case ast.Return(value) if value is not None and not isinstance(value, ast.Constant):
            yield ast.Return(ast.Constant(None))
        case ast.Expr(ast.Call()) | ast.AugAssign():
            yield ast.Pass()
        case ast.Continue():
            yield ast.Break()


def _of_condition(node: ast.expr | ast.stmt) -> Iterator[ast.AST]:
    match node:
        case ast.Compare(left, [operator], [right]) if type(operator) in _COMPARED:
            yield ast.Compare(left, [_COMPARED[type(operator)]()], [right])
        case ast.BoolOp(operator, values):
            yield ast.BoolOp(ast.Or() if isinstance(operator, ast.And) else ast.And(), values)
            yield from (_without(node, each) for each in values)
        case ast.UnaryOp(ast.Not(), operand):
            yield operand
        case ast.If(test, body, orelse) if isinstance(test, ast.Name | ast.Attribute | ast.Call):
            yield ast.If(ast.UnaryOp(ast.Not(), test), body, orelse)
        case ast.IfExp(test, body, orelse):
            yield ast.IfExp(test, orelse, body)


def _without(node: ast.BoolOp, value: ast.expr) -> ast.expr:
    """A condition with one of its parts gone."""
    rest = [each for each in node.values if each is not value]
    return rest[0] if len(rest) == 1 else ast.BoolOp(node.op, rest)
