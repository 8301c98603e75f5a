"""The options of an entity's fields, made from its attributes, and the patch that they give."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

import click

from syncd.cli.crm.desk import Desk
from syncd.cli.crm.references import pointed
from syncd.cli.crm.sorts import SORTS, Sort
from syncd.cli.crm.values import typed
from syncd.cli.errors import Problem
from syncd.model.fields import Attribute, Field, FieldType
from syncd.model.values import Value

F = TypeVar("F", bound=Callable[..., object])

_METAVARS: Mapping[FieldType, str] = {
    FieldType.DATE: "YYYY-MM-DD",
    FieldType.MOMENT: "TIME",
    FieldType.MONEY: "AMOUNT",
    FieldType.WHOLE: "NUMBER",
    FieldType.NAMES: "NAME",
    FieldType.CHOICE: "WORD",
    FieldType.REFERENCE: "RECORD",
}


def option_of(field: Attribute) -> str:
    """The option of a field, from its label: `--business-phone`; of a custom one from its name."""
    if isinstance(field, Field) and field.wording is not None:
        return f"--{field.name.replace('_', '-')}"
    words = field.label.lower().replace("e-mail", "email").replace("'s", "")
    return "--" + words.replace(" ", "-")


def options_of(sort: Sort, field: Attribute) -> tuple[str, ...]:
    """The options that say a field: its own, and a short one where that is given."""
    short = sort.short.get(field.name)
    return (option_of(field), short) if short else (option_of(field),)


def field_options(sort: Sort) -> Callable[[F], F]:
    """Give a command an option for each field of an entity, and --set."""

    def with_options(function: F) -> F:
        function = click.option(
            "--set", "settings", multiple=True, metavar="FIELD=VALUE", help="By logical name."
        )(function)
        for field in reversed(sort.attributes):
            function = _option(sort, field)(function)
        return function

    return with_options


def _option(sort: Sort, field: Attribute) -> Callable[[F], F]:
    own, *short = options_of(sort, field)
    if field.type is FieldType.FLAG:
        no = "--no-" + own.removeprefix("--")
        text = f"{field.label}, or not."
        return click.option(f"{own}/{no}", field.name, default=None, help=text)
    many = field.type is FieldType.NAMES
    metavar = _METAVARS.get(field.type, "TEXT")
    if len(field.refers) == 1:
        metavar = SORTS[field.refers[0]].metavar
    names = (*short, own)
    return click.option(*names, field.name, multiple=many, metavar=metavar, help=_help(field))


def _help(field: Attribute) -> str:
    text = field.label
    if field.type is FieldType.CHOICE:
        text += f": {', '.join(each.name for each in field.options)}"
    if field.type is FieldType.MOMENT:
        text += ', in local time, such as "2026-12-31 14:00"'
    if field.type is FieldType.REFERENCE:
        *others, last = (SORTS[each].one for each in field.refers)
        text += f": {', '.join(others)} or {last}" if others else f": {last}"
        text += ", by name or id"
    if field.type is FieldType.NAMES:
        text += "; may be repeated"
    return f"{text}. Required." if field.required else f"{text}."


def field_called(sort: Sort, name: str, undone: str) -> str:
    """The logical name of a field that is named by it, or by its option. Raises Problem."""
    known = _names(sort)
    found = known.get(name.strip().removeprefix("--").lower())
    if found is None:
        near = difflib.get_close_matches(name.lower(), known, n=1)
        see = f"See the fields: syncd crm {sort.command} edit --help"
        todo = f"Did you mean {near[0]}?" if near else see
        raise Problem(f"{sort.one[:1].upper()}{sort.one[1:]} has no field {name!r}.", undone, todo)
    return found


def _names(sort: Sort) -> dict[str, str]:
    by_option = {
        option.removeprefix("--"): field.name
        for field in sort.attributes
        for option in options_of(sort, field)
    }
    # A logical name means what it says, whatever option is spelt alike.
    return by_option | {field.name: field.name for field in sort.attributes}


def patch_of(
    desk: Desk,
    sort: Sort,
    options: Mapping[str, object],
    settings: Sequence[str],
    cleared: Sequence[str],
    undone: str,
) -> dict[str, Value]:
    """What the options of a command say. Raises Problem."""
    patch: dict[str, Value] = {}
    for name, given in options.items():
        field = sort.by_name[name]
        if isinstance(given, tuple):
            if given:
                patch[name] = tuple(str(each) for each in given)
        elif isinstance(given, bool):
            patch[name] = given
        elif given is not None:
            patch[name] = _value(desk, field, option_of(field), str(given), undone)
    for setting in settings:
        name, equals, text = setting.partition("=")
        if not equals:
            raise Problem(
                f"--set {setting!r} has no '='.", undone, "Write it as --set FIELD=VALUE."
            )
        field = sort.by_name[field_called(sort, name, undone)]
        patch[field.name] = _value(desk, field, f"--set {name}", text, undone)
    emptied = {field_called(sort, name, undone) for name in cleared}
    if both := sorted(emptied & patch.keys()):
        raise Problem(
            f"{both[0]} is both given a value and cleared.", undone, "Give it one of the two."
        )
    return patch | dict.fromkeys(emptied)


def _value(desk: Desk, field: Attribute, option: str, text: str, undone: str) -> Value:
    if field.type is FieldType.REFERENCE and text.strip():
        return pointed(desk, field, text, undone)
    return typed(field, option, text, undone)
