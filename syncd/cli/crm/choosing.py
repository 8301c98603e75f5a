"""`--where`: records that are meant by a filter, for lists and for verbs that take many at once.

What is done to many is one transaction: all of it, or nothing. Before that it is told how many
records are meant, and `--yes` goes on.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from syncd.cli.crm.desk import Desk
from syncd.cli.crm.printing import records_json, titled
from syncd.cli.crm.references import named
from syncd.cli.crm.sorts import Sort, counted
from syncd.cli.errors import Exit, Problem
from syncd.cli.output import emit_json, tell

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement

    from syncd.crm.cascades import Deed
    from syncd.crm.stored import Stored

FIRST = 5  # records that are named before it goes on
LANGUAGE = "See what a filter can say: docs/filters.md"

Act = Callable[[Desk, "Stored"], "Stored"]


def where_option(function: Callable[..., None]) -> Callable[..., None]:
    """`--where`, for a list."""
    text = "Only those that a filter finds, such as \"statecode eq 'active'\" (docs/filters.md)."
    return click.option("--where", metavar="FILTER", help=text)(function)


def chosen_records(sort: Sort) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """A record by its name, or many by `--where`; and `--yes`, unless the verb has it already."""
    text = (
        f"All {sort.schema.plural} that a filter finds (docs/filters.md); "
        "they are counted first, and --yes goes on."
    )
    argument = click.argument("reference", metavar=f"[{sort.metavar}]", required=False)
    option = click.option("--where", metavar="FILTER", help=text)
    return lambda function: argument(option(function))


def condition_of(desk: Desk, sort: Sort, text: str, undone: str) -> ColumnElement[bool]:
    """The condition of what a filter finds. Raises Problem on what is not understood."""
    from syncd.crm.custom import stored_of
    from syncd.settings.filters import Filter, FilterError

    try:
        found = Filter.parse(text, stored_of(desk.context.engine(), sort.entity))
    except FilterError as error:
        what = f"--where: {error.what}, at character {error.at + 1}."
        todo = error.suggestion
        raise Problem(what, undone, f"{todo[:1].upper()}{todo[1:]}" if todo else LANGUAGE) from None
    if found.is_personal and desk.acting is None:
        what = "--where: @me, @myteams and @shared are of a user, and none is named."
        raise Problem(what, undone, "Name one: syncd crm --as ADDRESS …")
    hidden = desk.crm.hidden_among(found.reads, sort.entity)
    if hidden:
        what = f"--where: {desk.acting} may not read {', '.join(hidden)}."
        raise Problem(what, undone, "See the rules: syncd crm access list")
    me = desk.crm.actor.user_id or ""
    return found.where(me, today=desk.context.clock().date())


def one_or_many(desk: Desk, sort: Sort, reference: str | None, where: str | None) -> Stored | None:
    """The record that is named, or `None` where a filter chooses. Raises Problem on both."""
    if where is None and reference is not None:
        return named(desk, sort, reference)
    if where is not None and reference is None:
        return None
    what = "Both a record and --where are given." if reference else "No record is named."
    todo = f"Name {sort.one}, or choose many by --where FILTER."
    raise Problem(what, "Nothing was changed.", todo)


def act_on_many(
    desk: Desk,
    sort: Sort,
    where: str,
    act: Act,
    did: str,
    *,
    yes: bool,
    as_json: bool,
    deed: Deed | None = None,
) -> None:
    """Do something to all that a filter finds, together. Raises Problem, unless `yes`.

    `deed`: what takes other records along, which are counted, too.
    """
    undone = f"Nothing was {did.lower()}."
    condition = condition_of(desk, sort, where, undone)
    if not yes:
        total, found = desk.crm.search(sort.entity, where=condition)
        if total:
            raise _asked(desk, sort, found, undone, deed, as_json=as_json)
    made: list[Stored] = []
    with desk.crm.together() as crm:
        within = Desk(desk.context, desk.acting)
        within.crm = crm
        _, found = crm.search(sort.entity, where=condition)
        for each in found:
            # What another one took along when it was deleted is done already.
            if deed is None or crm.find(sort.entity, each.id):
                made += [act(within, each)]
    versions = {each.id: each.version for each in found}
    changed = [each for each in made if each.version != versions[each.id]]
    if as_json:
        emit_json({"done": True, "found": len(found), "changed": [each.id for each in changed]})
        return
    same = len(made) - len(changed)
    more = f" {same:,} stayed as {'it was' if same == 1 else 'they were'}." if same else ""
    tell(f"{did} {sort.counted(len(found) - same)}.{more}")


def _asked(
    desk: Desk,
    sort: Sort,
    found: Sequence[Stored],
    undone: str,
    deed: Deed | None,
    *,
    as_json: bool,
) -> Problem:
    """The problem of many, for a person; for programs, printed first."""
    taken = _taken_along(desk, sort, found, deed) if deed else {}
    if as_json:
        first = records_json(desk, found[:FIRST])
        data = {"done": False, "found": len(found), "first": first, "takes_along": taken}
        emit_json(data)
    names = ", ".join(titled(each) for each in found[:FIRST])
    rest = len(found) - FIRST
    more = f" and {rest:,} more" if rest > 0 else ""
    along = f" They take along {counted(taken)}." if taken else ""
    what = f"This means {sort.counted(len(found))}: {names}{more}.{along}"
    return Problem(what, undone, f"To go on, type:\n  {_again(desk)}", Exit.HELD)


def _taken_along(desk: Desk, sort: Sort, found: Sequence[Stored], deed: Deed) -> dict[str, int]:
    along: dict[str, set[str]] = {}
    for each in found:
        for entity, ids in desk.crm.taken_along(sort.entity, each.id, deed).items():
            along.setdefault(entity, set()).update(ids)
    along.get(sort.entity, set()).difference_update(each.id for each in found)
    return {entity: len(ids) for entity, ids in along.items() if ids}


def _again(desk: Desk) -> str:
    """What was typed, with --yes."""
    ctx = click.get_current_context()
    words = ["syncd", "crm", *desk.acting_words, *ctx.command_path.split()[-2:]]
    for param in ctx.command.params:
        if ctx.get_parameter_source(param.name or "") is not ParameterSource.COMMANDLINE:
            continue
        value = ctx.params[param.name or ""]
        for each in value if isinstance(value, tuple) else [value]:
            if isinstance(each, bool):
                words.append(param.opts[0] if each else param.secondary_opts[0])
            else:
                words += [param.opts[-1], str(each)]
    return shlex.join([*words, "--yes"])
