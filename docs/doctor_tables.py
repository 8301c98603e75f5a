"""Prints the tables of `doctor.md`: what is looked at, what may be found, and why Entra refuses."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence

from syncd.outlook.authentication.refusals import CODES, ERRORS
from syncd.sync.doctor.catalogue import INSTALLATION, MAILBOX, SERVER
from syncd.sync.doctor.causes import CAUSES
from syncd.sync.doctor.finding import Bar, Cause, Level

Table = Callable[[Iterable[str], Iterable[Sequence[str]]], list[str]]

_EXITS = {Bar.CONFIGURATION: "4", Bar.NETWORK: "5", Bar.OTHER: "1"}


def doctor_tables(table: Table) -> list[str]:
    """The tables, under their headings."""
    checks = [(each.name, each.on, each.needs, each.looks_at) for each in INSTALLATION]
    checks += [(each.name, each.on, each.needs, each.looks_at) for each in SERVER]
    checks += [(each.name, each.on, each.needs, each.looks_at) for each in MAILBOX]
    rows = [
        [f"`{name}`", on.value, looks_at, ", ".join(f"`{need}`" for need in needs)]
        for name, on, needs, looks_at in checks
    ]
    lines = ["## What is looked at, in this order", ""]
    lines += [*table(["Check", "Of each", "Looks at whether", "Needs"], rows), ""]
    lines += ["## What may be found", ""]
    lines += ["*Ends with* is the exit status; a warning and what is well end with 0.", ""]
    for name, *_ in checks:
        lines += [f"### {name}", "", *table(_HEADS, _causes(name)), ""]
    refusals = [
        [f"`AADSTS{code}`", _shown(each.says), _shown(each.todo)] for code, each in CODES.items()
    ]
    refusals += [
        [f"`{code}`", _shown(each.says), _shown(each.todo)] for code, each in ERRORS.items()
    ]
    lines += ["### Why Entra refuses a sign-in", ""]
    lines += [*table(["Code", "What it means", "What to do"], refusals), ""]
    return lines


_HEADS = ["Code", "Level", "Ends with", "What is found", "What follows", "What to do"]


def _causes(check: str) -> Iterator[list[str]]:
    for code, cause in CAUSES[check].items():
        ends = _EXITS[cause.bar] if cause.level is Level.FAILURE else "0"
        what, follows = _shown(cause.what), _shown(cause.follows)
        yield [f"`{code}`", cause.level.value, ends, what, follows, _todo(cause)]


def _todo(cause: Cause) -> str:
    """The steps, and each line to type."""
    typed = [f"`{_shown(line)}`" for line in cause.type]
    return " ".join([_shown(cause.steps), *typed]).strip()


def _shown(text: str) -> str:
    """A text with its places to fill in as a person types them, in a cell of a table."""
    named = re.sub(r"\{(\w+)(?:!r)?\}", lambda hole: hole[1].upper(), text)
    return named.replace("{{", "{").replace("}}", "}").replace("|", "\\|")
