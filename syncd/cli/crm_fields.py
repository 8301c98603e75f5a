"""The options of a contact's fields, made from its field map, and the patch that they give."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, TypeVar

import click

from syncd.cli.errors import Problem
from syncd.model.contact import CONTACT
from syncd.model.fields import Field, FieldType
from syncd.model.values import Value

if TYPE_CHECKING:
    from sqlalchemy import Connection

ROLE, PARENT = "accountrolecode", "parentcustomerid"
F = TypeVar("F", bound=Callable[..., object])


def option_of(field: Field) -> str:
    """The option of a field, from its label: `--business-phone`."""
    words = field.label.lower().replace("e-mail", "email").replace("'s", "")
    return "--" + words.replace(" ", "-")


_ALIASES: Mapping[str, str] = {
    **{option_of(field).removeprefix("--"): field.name for field in CONTACT.fields},
    **{field.name: field.name for field in CONTACT.fields},  # a logical name means what it says
    "role": ROLE,
    ROLE: ROLE,
    "account": PARENT,
    PARENT: PARENT,
}


def field_options(function: F) -> F:
    """Give a command an option for each field, and --role, --account, --set."""
    for field in reversed(CONTACT.fields):
        many = field.type is FieldType.NAMES
        hint = {FieldType.DATE: "YYYY-MM-DD", FieldType.NAMES: "NAME"}.get(field.type, "TEXT")
        text = f"{field.label}; may be repeated." if many else f"{field.label}."
        function = click.option(
            option_of(field), field.name, multiple=many, metavar=hint, help=text
        )(function)
    for option in (
        click.option("--role", ROLE, metavar="TEXT", help="Role at the account."),
        click.option("--account", metavar="NAME", help="The account it belongs to: name or id."),
        click.option(
            "--set", "settings", multiple=True, metavar="FIELD=VALUE", help="By logical name."
        ),
    ):
        function = option(function)
    return function


def patch_of(
    conn: Connection,
    options: Mapping[str, object],
    settings: Sequence[str],
    cleared: Sequence[str],
    account: str | None,
    undone: str,
) -> dict[str, Value]:
    """What the options of a command say. Raises Problem, and NoSuchAccount."""
    from syncd.crm import accounts

    patch: dict[str, Value] = {}
    for name, given in options.items():
        if isinstance(given, tuple):
            if given:
                patch[name] = tuple(str(each) for each in given)
        elif given is not None:
            patch[name] = _value(name, str(given), undone)
    for setting in settings:
        name, equals, text = setting.partition("=")
        if not equals:
            raise Problem(
                f"--set {setting!r} has no '='.", undone, "Write it as --set FIELD=VALUE."
            )
        patch[_field_called(name, undone)] = _value(_field_called(name, undone), text, undone)
    emptied = {_field_called(name, undone) for name in cleared}
    if both := sorted(emptied & patch.keys()):
        raise Problem(
            f"{both[0]} is both given a value and cleared.", undone, "Give it one of the two."
        )
    patch |= dict.fromkeys(emptied)
    named = account if account is not None else patch.get(PARENT)
    if named is not None:
        patch[PARENT] = accounts.find(conn, str(named)).id
    return patch


def _field_called(name: str, undone: str) -> str:
    found = _ALIASES.get(name.strip().removeprefix("--").lower())
    if found is None:
        near = difflib.get_close_matches(name, _ALIASES, n=1)
        todo = (
            f"Did you mean {near[0]}?" if near else "See the fields: syncd crm contact edit --help"
        )
        raise Problem(f"A contact has no field {name!r}.", undone, todo)
    return found


def _value(name: str, text: str, undone: str) -> Value:
    kind = CONTACT.by_name[name].type if name in CONTACT.by_name else FieldType.TEXT
    if kind is FieldType.NAMES:
        return tuple(each.strip() for each in text.split(",") if each.strip())
    if kind is FieldType.DATE and text.strip():
        from syncd.crm.importing.report import BadRow
        from syncd.crm.importing.values import iso_day as day

        try:
            return day(name, text)
        except BadRow as error:
            raise Problem(f"{error}.", undone, "Write the day as 1970-12-31.") from error
    return text or None
