"""The core is pure, and knows no kind: what the linter cannot see of it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2] / "syncd"
CORE = sorted([*(ROOT / "model").rglob("*.py"), *(ROOT / "reconcile").rglob("*.py")])
DOCTOR = ROOT / "sync" / "doctor"  # it looks at set-ups, and names the rights that they grant
SYNC = [path for path in (ROOT / "sync").rglob("*.py") if not path.is_relative_to(DOCTOR)]
ENGINE = sorted([*(ROOT / "reconcile").glob("*.py"), *SYNC])

PURE = {
    "__future__", "collections", "dataclasses", "datetime", "decimal", "enum", "functools",
    "hashlib", "hmac", "itertools", "json", "phonenumbers", "rapidfuzz",
    "re", "types", "typing", "unicodedata", "syncd",
}  # fmt: skip
READS_A_CLOCK = {"now", "utcnow", "today", "time", "monotonic", "perf_counter"}
DOES_IO = {"open", "print", "input", "exec", "eval", "__import__", "breakpoint"}


def tree(path: Path) -> ast.Module:
    """A module, parsed."""
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def imported(module: ast.Module) -> Iterator[str]:
    """What a module imports, by the names of modules."""
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


@pytest.mark.parametrize("path", CORE, ids=lambda p: f"{p.parent.name}/{p.stem}")
def test_the_core_imports_nothing_impure(path: Path) -> None:
    """Nothing that reads, writes, waits or draws; of syncd only the core itself."""
    for name in imported(tree(path)):
        assert name.partition(".")[0] in PURE, name
        if name.startswith("syncd"):
            below = "model" if path.is_relative_to(ROOT / "model") else "(model|reconcile)"
            assert re.match(rf"syncd\.{below}\.", name), name


@pytest.mark.parametrize("path", CORE, ids=lambda p: f"{p.parent.name}/{p.stem}")
def test_the_core_calls_nothing_impure(path: Path) -> None:
    """No clock, no I/O, no state of the module: the same facts give the same decision."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call):
            called = node.func
            if isinstance(called, ast.Name):
                assert called.id not in DOES_IO | READS_A_CLOCK, ast.unparse(node)
            if isinstance(called, ast.Attribute):
                assert called.attr not in READS_A_CLOCK, ast.unparse(node)
        assert not isinstance(node, ast.Global | ast.Nonlocal | ast.AsyncFunctionDef | ast.Await)


def words(module: ast.Module) -> Iterator[tuple[int, str]]:
    """Identifiers and texts of a module, without docstrings."""
    docs = {
        id(node.body[0].value)
        for node in ast.walk(module)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(module):
        line = getattr(node, "lineno", 0)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs:
            yield line, node.value
        for field in ("id", "attr", "name", "arg", "module"):
            if isinstance(word := getattr(node, field, None), str):
                yield line, word


KINDS = re.compile(r"contact|appointment|meeting|task\b|phone_?call|e-?mail\b", re.IGNORECASE)
# The first contact is with a mailbox (DESIGN section 5); a task is a case on its way.
NO_KIND = re.compile(r"first[ _-]?contact|contact_?state|\btasks?\b", re.IGNORECASE)


@pytest.mark.parametrize("path", ENGINE, ids=lambda p: f"{p.parent.name}/{p.stem}")
def test_the_engine_names_no_kind(path: Path) -> None:
    """Kinds are data: the engine would sync gadgets, and its tests let it."""
    named = [
        f"{path.name}:{line}: {word}"
        for line, word in words(tree(path))
        if KINDS.search(NO_KIND.sub("", word))
    ]
    assert named == []
