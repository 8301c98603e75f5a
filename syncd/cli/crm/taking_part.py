"""Who takes part in an activity, as it is typed: `--to "Kim Lee"`, `--cc kim@contoso.test`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from email.utils import parseaddr
from typing import TYPE_CHECKING, TypeVar

import click

from syncd.cli.crm.desk import Desk
from syncd.cli.crm.references import candidates, described
from syncd.cli.crm.sorts import SORTS, Sort
from syncd.cli.errors import Problem
from syncd.model.entities import PARTY_TARGETS, SINGLE_PARTIES

if TYPE_CHECKING:
    from syncd.crm.parties import Party

F = TypeVar("F", bound=Callable[..., object])

PREFIX = "party_"  # of the parameters of these options
_RECORDS = tuple(SORTS[each] for each in PARTY_TARGETS if each != "user")
_BARE = "address:"  # what follows is kept as it is, whoever has that address


def party_options(sort: Sort) -> Callable[[F], F]:
    """Give a command an option for each part that somebody can take."""

    def with_options(function: F) -> F:
        for role in reversed(sort.parties):
            several = "" if role in SINGLE_PARTIES else "; may be repeated"
            text = f"{part_called(role)}: a record, a user or an e-mail address{several}."
            function = click.option(
                f"--{role}", f"{PREFIX}{role}", multiple=True, metavar="WHO", help=text
            )(function)
        return function

    return with_options


def part_called(role: str) -> str:
    """A part that somebody takes, as people call it: `Required attendee`."""
    attendee = " attendee" if role in ("required", "optional") else ""
    return f"{role.capitalize()}{attendee}"


def taken_out(options: dict[str, object]) -> dict[str, tuple[str, ...]]:
    """The parts that were typed, out of the options of a command, by role."""
    given: dict[str, tuple[str, ...]] = {}
    for name in [each for each in options if each.startswith(PREFIX)]:
        typed = options.pop(name)
        if isinstance(typed, tuple) and typed:
            given[name.removeprefix(PREFIX)] = tuple(str(each) for each in typed)
    return given


def parties_of(desk: Desk, given: Mapping[str, tuple[str, ...]], undone: str) -> list[Party]:
    """Who is meant, one by one. Raises Problem."""
    return [_party(desk, role, each, undone) for role, many in given.items() for each in many]


def _party(desk: Desk, role: str, text: str, undone: str) -> Party:
    from syncd.crm.parties import Party

    if text.lower().startswith(_BARE):
        return Party(role, address=text[len(_BARE) :].strip())
    name, address = parseaddr(text) if text.rstrip().endswith(">") else ("", text.strip())
    user = next((i for i, a in desk.users.items() if a == _user_called(address)), None)
    if user is not None:
        return Party(role, f"user:{user}")
    found = candidates(desk, _RECORDS, address)
    if "@" in address and ":" not in address:
        # One person is often a lead, too, and then a contact: the first sort that has them counts.
        first = found[0].record.kind.name if found else ""
        found = [each for each in found if each.record.kind.name == first]
        if not found:
            return Party(role, address=address, name=name or None)
    if len(found) > 1 and len(used := [each for each in found if each.active]) == 1:
        found = used
    if len(found) == 1:
        return Party(role, f"{found[0].record.kind.name}:{found[0].id}")
    if found:
        lines = "".join(f"\n  {described(desk, each, kind=True)}" for each in found)
        raise Problem(
            f"--{role}: {text!r} may be several:{lines}",
            undone,
            f'Name one of them as SORT:ID, or keep the address alone: "{_BARE}ADDRESS"',
        )
    raise Problem(
        f"--{role}: there is no user, contact, account or lead {text!r}.",
        undone,
        "Name a user by address, a record by name or id, or write an e-mail address.",
    )


def _user_called(address: str) -> str:
    return address.removeprefix("user:").strip().lower()
