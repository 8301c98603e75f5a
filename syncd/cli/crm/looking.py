"""`list`, `show` and `tree`: looking at records."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, TypeVar, cast

import click

from syncd.cli.crm.choosing import condition_of, where_option
from syncd.cli.crm.desk import Desk, as_json, pass_desk
from syncd.cli.crm.fields import options_of
from syncd.cli.crm.printing import listed, record_json, records_json, shown, titled
from syncd.cli.crm.references import named, pointed
from syncd.cli.crm.sorts import Sort
from syncd.cli.output import emit_json, tell

if TYPE_CHECKING:
    from syncd.crm.stored import Stored
    from syncd.crm.tree import Branch

F = TypeVar("F", bound=Callable[..., object])

SHOWN = 100  # records that a list shows by default
NOTHING = "Nothing was shown."


def list_(sort: Sort) -> click.Command:
    """The verb that lists records."""
    plural = sort.schema.plural

    @click.command("list", help=f"List {plural} by {'title' if sort.activity else 'name'}.")
    @click.option("--owner", metavar="ADDRESS", help="Only those of one owner.")
    @click.option(
        "--state",
        type=click.Choice([each.name for each in sort.states.states], case_sensitive=False),
        help="Only those in one state.",
    )
    @click.option("--search", metavar="TEXT", help=_searched(sort))
    @where_option
    @_narrow(sort)
    @click.option(
        "--limit", type=click.IntRange(min=0), help=f"At most this many (0: all) [{SHOWN}]."
    )
    @as_json
    @pass_desk
    def command(
        desk: Desk,
        /,
        *,
        owner: str | None,
        state: str | None,
        search: str | None,
        where: str | None,
        limit: int | None,
        as_json: bool,
        narrow: str | None = None,
    ) -> None:
        most = limit if limit is not None else 0 if as_json else SHOWN
        with desk.explained(NOTHING):
            pointing = {}
            if sort.narrow and narrow is not None:
                field = sort.by_name[sort.narrow]
                pointing = {sort.narrow: pointed(desk, field, narrow, NOTHING)}
            total, found = desk.crm.search(
                sort.entity,
                text=search,
                owner=desk.user_id(owner) if owner else None,
                state=state,
                pointing=pointing,
                where=condition_of(desk, sort, where, NOTHING) if where is not None else None,
                limit=most or None,
            )
            if as_json:
                emit_json(records_json(desk, found))
                return
            if found:
                listed(desk, sort, found)
            more = f" {len(found)} are shown; --limit 0 shows all." if len(found) < total else ""
            tell(f"{sort.counted(total)}.{more}")

    return command


def _searched(sort: Sort) -> str:
    parts = "a name, e-mail address or company"
    if sort.entity == "lead":
        parts = "a topic, a name, e-mail address or company"
    if sort.activity or sort.entity == "note":
        parts = "a subject" if sort.activity else "a title"
    return f"Part of {parts}."


def _narrow(sort: Sort) -> Callable[[F], F]:
    if sort.narrow is None:
        return lambda function: function
    field = sort.by_name[sort.narrow]
    names = options_of(sort, field)
    text = f"Only those of one {field.label.lower()}, by name or id."
    if "regarding" in field.label.lower():
        text = "Only those about one record, by name or id."
    return click.option(*names, "narrow", metavar="RECORD", help=text)


def show(sort: Sort) -> click.Command:
    """The verb that shows one record."""

    @click.command("show", help=f"Show one {sort.word}.")
    @click.argument("reference", metavar=sort.metavar)
    @as_json
    @pass_desk
    def command(desk: Desk, /, *, reference: str, as_json: bool) -> None:
        with desk.explained(NOTHING):
            found = named(desk, sort, reference)
            if as_json:
                emit_json(record_json(desk, found))
            else:
                shown(desk, sort, found)

    return command


def tree(sort: Sort) -> click.Command:
    """The verb that shows an account with its contacts and all accounts below it."""

    @click.command("tree", help="Show an account, its contacts and the accounts below it.")
    @click.argument("reference", metavar=sort.metavar)
    @as_json
    @pass_desk
    def command(desk: Desk, /, *, reference: str, as_json: bool) -> None:
        with desk.explained(NOTHING):
            branch = desk.crm.tree(named(desk, sort, reference).id)
            if as_json:
                emit_json(_branch_json(desk, branch))
                return
            tell(_line(desk, branch.account))
            for line in _below(desk, branch, ""):
                tell(line)

    return command


def _branch_json(desk: Desk, branch: Branch) -> dict[str, object]:
    return {
        **record_json(desk, branch.account),
        "contacts": records_json(desk, branch.contacts),
        "accounts": [_branch_json(desk, each) for each in branch.below],
    }


def _below(desk: Desk, branch: Branch, indent: str) -> Iterator[str]:
    hanging: list[Stored | Branch] = [*branch.contacts, *branch.below]
    for each in hanging:
        last = each is hanging[-1]
        corner, rest = ("└─ ", "   ") if last else ("├─ ", "│  ")
        account = getattr(each, "account", None)
        if account is None:
            yield f"{indent}{corner}{_line(desk, cast('Stored', each))}"
        else:
            yield f"{indent}{corner}{_line(desk, account)}"
            yield from _below(desk, cast("Branch", each), indent + rest)


def _line(desk: Desk, found: Stored) -> str:
    facts = [str(found.record.fields.get("jobtitle") or "")]
    facts += [found.statecode] if found.statecode != "active" else []
    facts += [desk.users.get(found.owner_id, "")]
    return f"{titled(found)} ({', '.join(each for each in facts if each)})  {found.id[:8]}"
