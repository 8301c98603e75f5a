"""`syncd crm`: the CRM by hand. A group of verbs for each entity, and a few of their own."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from importlib import import_module

import click

from syncd.cli.crm.desk import ACTING
from syncd.cli.crm.ending import (
    cancel,
    complete,
    deactivate,
    disqualify,
    lose,
    reactivate,
    reopen,
    win,
)
from syncd.cli.crm.looking import list_, show, tree
from syncd.cli.crm.moving import assign, delete, merge, share, unshare
from syncd.cli.crm.qualifying import qualify
from syncd.cli.crm.sorts import SORTS, Sort, sort_of
from syncd.cli.crm.writing import edit, new

_VERBS: Mapping[str, Callable[[Sort], click.Command]] = {
    "new": new,
    "edit": edit,
    "list": list_,
    "show": show,
    "tree": tree,
    "qualify": qualify,
    "disqualify": disqualify,
    "win": win,
    "lose": lose,
    "complete": complete,
    "cancel": cancel,
    "deactivate": deactivate,
    "reactivate": reactivate,
    "reopen": reopen,
    "assign": assign,
    "share": share,
    "unshare": unshare,
    "merge": merge,
    "delete": delete,
}

# verb → where it is, and what it is for
_OTHERS: Mapping[str, tuple[str, str]] = {
    "duplicates": ("syncd.cli.crm.alike:duplicates", "List what seems to be there twice."),
    "history": (
        "syncd.cli.crm.history:history",
        "Show what was done to a record, and who did it.",
    ),
    "team": ("syncd.cli.crm.rights:team", "Look after the teams of users."),
    "access": ("syncd.cli.crm.rights:access", "Say who may read or change what."),
    "import": ("syncd.cli.crm_import:command", "Take in what other programs export."),
    "export": ("syncd.cli.crm_export:command", "Write records into a file."),
}


class _Group(click.Group):
    """A group that keeps the order of its verbs, and says what was probably meant."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The verbs as they were added: in the order of a record's life."""
        del ctx
        return list(self.commands)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The verb that was typed, or the one that was probably meant, as a usage error."""
        name = args[0] if args else ""
        if name and not name.startswith("-") and self.get_command(ctx, name) is None:
            known = self.list_commands(ctx)
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"Did you mean {near[0]!r}?" if near else f"There are {', '.join(known)}."
            raise click.UsageError(
                f"There is no command {name!r} in {ctx.command_path}. {hint}", ctx
            )
        return super().resolve_command(ctx, args)


class _Crm(_Group):
    """The groups of all entities, each made when it is typed, and the verbs beside them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The entities in the order of a sale, then the other verbs."""
        del ctx
        return [*(each.command for each in SORTS.values()), *_OTHERS]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The group of an entity, or a verb; `None` when there is none of this name."""
        del ctx
        sort = SORTS.get(cmd_name.replace("-", "_"))
        if sort is not None:
            return _group_of(sort_of(sort.entity))
        if cmd_name not in _OTHERS:
            return None
        module, _, attribute = _OTHERS[cmd_name][0].partition(":")
        found: click.Command = getattr(import_module(module), attribute)
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The commands for `--help`, out of the tables: none is made for it."""
        del ctx
        with formatter.section("Records"):
            formatter.write_dl([(each.command, each.about) for each in SORTS.values()])
        with formatter.section("More"):
            formatter.write_dl([(verb, about) for verb, (_, about) in _OTHERS.items()])


def _group_of(sort: Sort) -> click.Group:
    help_ = (
        f"{sort.about}\n\n{sort.one[:1].upper()}{sort.one[1:]} is named by its id, the beginning "
        f"of its id (6 characters or more), or its {sort.called}."
    )
    group = _Group(sort.command, help=help_, short_help=sort.about)
    for verb in sort.verbs:
        group.add_command(_VERBS[verb](sort))
    return group


@click.group("crm", cls=_Crm)
@click.option(
    "--as", "acting", metavar="ADDRESS", help="Act for this user: within what the user may do."
)
@click.pass_context
def command(ctx: click.Context, /, *, acting: str | None) -> None:
    """Look after the CRM: leads, accounts, contacts, opportunities, activities.

    Whoever types here acts for the organisation, and may do everything; --as tries what the rules
    let a user do. Records are named by id, by the beginning of one, by name or e-mail address;
    where several sorts are possible, "contact:Kim Lee" says which. With --json every command
    prints JSON.
    """
    ctx.meta[ACTING] = acting
