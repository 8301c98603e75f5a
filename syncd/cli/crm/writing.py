"""`new` and `edit`, for every entity."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeVar, cast

import click

from syncd.cli.crm.alike import found_json, refused, tell_alike
from syncd.cli.crm.choosing import act_on_many, chosen_records, one_or_many
from syncd.cli.crm.desk import Desk, as_json, pass_desk, yes_for_many
from syncd.cli.crm.fields import field_options, option_of, patch_of
from syncd.cli.crm.printing import done, record_json
from syncd.cli.crm.sorts import Sort
from syncd.cli.crm.taking_part import parties_of, party_options, taken_out
from syncd.cli.crm.values import chosen
from syncd.cli.errors import Problem
from syncd.cli.output import emit_json
from syncd.model.values import Value

if TYPE_CHECKING:
    from syncd.crm.parties import Party
    from syncd.crm.stored import Stored

F = TypeVar("F", bound=Callable[..., object])


def new(sort: Sort) -> click.Command:
    """The verb that creates a record."""
    undone = f"No {sort.word} was created."
    # What has been done already is entered as such; leads and sales come to their ends by verbs.
    reasons = _all_reasons(sort) if sort.activity else sort.open_reasons

    @click.command("new", help=f"Create {sort.one}.{_MORE.get(sort.entity, '')}")
    @_name_argument(sort)
    @field_options(sort)
    @party_options(sort)
    @click.option("--owner", metavar="ADDRESS", help="Who owns it. Required without --as.")
    @_status_option(reasons)
    @_unless_like_option(sort)
    @as_json
    @pass_desk
    def command(desk: Desk, /, *, as_json: bool, owner: str | None, **options: object) -> None:
        called = cast("str | None", options.pop("called", None))
        unless_like = bool(options.pop("unless_like", False))
        status = _reason(options, reasons, undone)
        taking_part = taken_out(options)
        with desk.explained(undone):
            patch = _new_patch(desk, sort, options, called, undone)
            if owner is None and desk.acting is None:
                raise Problem("Nobody is named as its owner.", undone, "Name one: --owner ADDRESS")
            from syncd.crm.errors import DuplicatesFound

            try:
                made = desk.crm.create(
                    sort.entity,
                    patch,
                    owner=desk.user_id(owner or desk.acting or ""),
                    parties=parties_of(desk, taking_part, undone),
                    status=status,
                    unless_like=unless_like,
                )
            except DuplicatesFound as error:
                todo = "Take one of them; or leave out --unless-like, and create it beside them."
                raise refused(desk, error, undone, todo, as_json=as_json) from error
            _tell_new(desk, sort, made, as_json=as_json)

    return command


_MORE = {
    "account": " Its name is typed as NAME, or as --name.",
    "lead": " What is known of the contact or the account that it names need not be typed again.",
}


def edit(sort: Sort) -> click.Command:
    """The verb that changes a record."""
    undone = "Nothing was changed."

    @click.command("edit", help=f"Change fields of {sort.one}.")
    @chosen_records(sort)
    @field_options(sort)
    @party_options(sort)
    @click.option("--clear", multiple=True, metavar="FIELD", help="Empty a field; may be repeated.")
    @_status_option(sort.open_reasons)
    @yes_for_many
    @as_json
    @pass_desk
    def command(
        desk: Desk,
        /,
        *,
        reference: str | None,
        where: str | None,
        yes: bool,
        as_json: bool,
        clear: tuple[str, ...],
        **options: object,
    ) -> None:
        status = _reason(options, sort.open_reasons, undone)
        given = taken_out(options)
        emptied = {each for each in map(_folded, clear) if each in sort.parties}
        settings = cast("tuple[str, ...]", options.pop("settings"))
        with desk.explained(undone):
            before = one_or_many(desk, sort, reference, where)
            fields = [each for each in clear if _folded(each) not in emptied]
            patch = patch_of(desk, sort, options, settings, fields, undone)
            if not patch and not given and not emptied and status is None:
                todo = f"See what can be changed: syncd crm {sort.command} edit --help"
                raise Problem("Nothing is said to be changed.", undone, todo)

            def act(desk: Desk, each: Stored) -> Stored:
                return desk.crm.edit(
                    sort.entity, each.id, patch,
                    expected=each.version, status=status,
                    parties=_parties(desk, sort, each, given, emptied, undone),
                )  # fmt: skip

            if before is None:
                act_on_many(desk, sort, where or "", act, "Changed", yes=yes, as_json=as_json)
                return
            made = act(desk, before)
            word = "Changed" if made.version != before.version else "Unchanged:"
            done(desk, word, made, as_json=as_json)

    return command


def _name_argument(sort: Sort) -> Callable[[F], F]:
    if sort.entity != "account":
        return _as_it_is
    return click.argument("called", metavar="[NAME]", required=False)


def _unless_like_option(sort: Sort) -> Callable[[F], F]:
    if not sort.keyed:
        return _as_it_is
    text = "Create nothing if it is probably there already."
    return click.option("--unless-like", is_flag=True, help=text)


def _status_option(reasons: Sequence[str]) -> Callable[[F], F]:
    if len(reasons) < 2:  # there is nothing to choose
        return _as_it_is
    return click.option("--status", metavar="WORD", help=f"Status: {', '.join(reasons)}.")


def _as_it_is(function: F) -> F:
    return function


def _all_reasons(sort: Sort) -> tuple[str, ...]:
    return tuple(reason for each in sort.states.states for reason in each.reasons)


def _reason(options: dict[str, object], reasons: tuple[str, ...], undone: str) -> str | None:
    text = cast("str | None", options.pop("status", None))
    return None if text is None else chosen("--status", text, reasons, undone)


def _folded(name: str) -> str:
    return name.strip().lower().removeprefix("--")


def _new_patch(
    desk: Desk, sort: Sort, options: dict[str, object], called: str | None, undone: str
) -> dict[str, Value]:
    settings = cast("tuple[str, ...]", options.pop("settings"))
    patch = patch_of(desk, sort, options, settings, (), undone)
    if called is not None:
        if patch.get("name", called) != called:
            raise Problem("Two names are typed.", undone, "Type one: NAME, or --name NAME.")
        patch["name"] = called
    if not any(patch.values()):
        wanted = [each for each in sort.attributes if each.required] or sort.attributes[:1]
        names = ", ".join(map(option_of, wanted))
        if sort.entity == "contact":
            names = "--first-name, --last-name"
        todo = f"Give at least: {names}" if sort.entity != "contact" else f"Give a name: {names}."
        raise Problem(f"The {sort.word} is empty.", undone, todo)
    return patch


def _parties(
    desk: Desk,
    sort: Sort,
    before: Stored,
    given: dict[str, tuple[str, ...]],
    emptied: set[str],
    undone: str,
) -> list[Party] | None:
    """Who takes part from now on; `None` when nothing is said of it. Other parts stay."""
    replaced = given.keys() | emptied
    if not replaced:
        return None
    held = desk.crm.parties([before])[before.id]
    others = [p for p in held if p.role in sort.parties and p.role not in replaced]
    return [*others, *parties_of(desk, given, undone)]


def _tell_new(desk: Desk, sort: Sort, made: Stored, *, as_json: bool) -> None:
    found = desk.crm.like(sort.entity, made.values) if sort.keyed else []
    alike = [each for each in found if each.record.id != made.id]
    if not as_json:
        done(desk, "Created", made, as_json=False)
        if alike:
            tell_alike(desk, sort, made, alike)
        return
    data = record_json(desk, desk.crm.seen(made))
    emit_json(data | {"like": [found_json(each) for each in alike]} if sort.keyed else data)
