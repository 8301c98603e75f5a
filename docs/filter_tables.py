"""Prints the tables of `filters.md`, the manual's page on filters, from the code."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from syncd.crm.entities import ENTITIES
from syncd.crm.stored import StoredKind
from syncd.model.entities import PARTIES
from syncd.model.kinds import Schema
from syncd.settings.filter_aliases import ALIASES
from syncd.settings.filter_fields import (
    PARTY_FIELDS,
    USER,
    Compared,
    FilterField,
    fields_of,
    steps_of,
)
from syncd.settings.filter_operators import FUNCTIONS
from syncd.settings.filter_sql import LOWER

Table = Callable[[Iterable[str], Iterable[Sequence[str]]], list[str]]


def filter_tables(table: Table) -> list[str]:
    """The aliases, the functions, the fields of each entity, the fields of who takes part."""
    lines = ["## Aliases", ""]
    lines += table(["Alias", "Stands for"], ([f"`{a}`", text] for a, text in ALIASES.items()))
    functions = [[f"`{each}`", "two texts", "yes or no"] for each in FUNCTIONS]
    functions += [[f"`{LOWER}`", "a text", "a text"]]
    lines += ["", "## Functions", "", *table(["Function", "Of", "Gives"], functions)]
    for stored in ENTITIES.values():
        lines += ["", f"## Fields of {stored.kind.plural}", ""]
        lines += table(["Field", "Compared with"], _rows(fields_of(stored)))
        further = _further(stored)
        lines += ["", *further] if further else []
    lines += ["", "## Fields of who takes part", ""]
    lines += [*table(["Field", "Compared with"], _rows(PARTY_FIELDS)), ""]
    return lines


def _rows(fields: Mapping[str, FilterField]) -> Iterator[list[str]]:
    for each in fields.values():
        yield [f"`{each.name}`", _compared(each)]


def _compared(field: FilterField) -> str:
    if field.compared is Compared.CHOICE:
        if field.numbered:
            return ", ".join(f"`'{n}'` ({codes[0]})" for n, codes in field.options.items())
        return ", ".join(f"`'{each}'`" for each in field.options)
    if field.compared is Compared.RECORD:
        return ", ".join("a user" if each == USER else _word(each) for each in field.refers)
    return field.compared.value


def _further(stored: StoredKind[Schema]) -> list[str]:
    ways: dict[tuple[str, str], list[str]] = {}
    for step in steps_of(stored).values():
        ways.setdefault((step.column, step.entity), []).append(f"`{step.name}/…`")
    lines = [f"- to its {_word(entity)}: {' or '.join(n)}" for (_, entity), n in ways.items()]
    if stored.entity in PARTIES:
        lines.append(
            "- to who takes part: `activity_parties/any(p: …)`, `activity_parties/all(p: …)`"
        )
    return lines


def _word(entity: str) -> str:
    return "e-mail" if entity == "email" else entity.replace("_", " ")
