"""`syncd filters`: which records of the CRM belong in a user's Outlook."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from syncd.cli import output
from syncd.cli.context import Context, pass_context
from syncd.cli.errors import Exit, Problem

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from syncd.settings.policies import MailboxPolicy, ScopedKind
    from syncd.sync.effect import Effect
    from syncd.sync.mailboxes import MailboxRow
    from syncd.sync.user_filters import UserFilter

KIND = "contact"  # the only one so far that goes by filters
SHOWN = 5  # names of those that come or go


@click.group(name="filters", short_help="Which records belong in a user's Outlook.")
def command() -> None:
    """Which records of the CRM belong in a user's Outlook.

    What any filter includes belongs there, but for what one excludes. The filters of the policy
    hold for all of its users; a user's own were copied from the policy's templates, and are that
    user's from then on. The language: docs/filters.md.
    """


@command.command(name="list")
@click.argument("mailbox")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@pass_context
def list_filters(context: Context, mailbox: str, *, as_json: bool) -> None:
    """Show the filters of MAILBOX: those of its policy, and its user's own."""
    from syncd.cli import mailboxes
    from syncd.crm.custom import kinds_of
    from syncd.sync import scoping, user_filters
    from syncd.sync.mailboxes import get

    stored = kinds_of(context.engine())[KIND]
    with mailboxes.writing(context, "Nothing was shown.") as conn:
        row = get(conn, mailbox)
        scoped = _scoped(context, row)
        user_filters.ensure(conn, row.id, KIND, scoped.templates, context.clock())
        own = user_filters.of(conn, row.id, KIND)
    rows = [
        ["policy", each.name, _does(each.exclude), "on", each.filter.text] for each in scoped.system
    ]
    for each in own:
        state = "on" if each.active else "off"
        if scoping.understood(each.text, stored) is None:
            state = "broken" if each.active else "off, broken"
        rows.append(["user", each.name, _does(each.excludes), state, each.text])
    if as_json:
        names = ("of", "name", "does", "state", "where")
        output.emit_json([dict(zip(names, each, strict=True)) for each in rows])
        return
    output.table(f"Filters of {row.address}", ["Of", "Name", "Does", "Is", "Where"], rows)
    if any(each[3] == "broken" for each in rows):
        output.tell(
            "What is broken names something that is not there any more: what it lets in or keeps "
            f"out waits. Put it right: syncd filters edit {row.address} NAME WHERE"
        )
    elif not any(each[2] == "include" and each[3] == "on" for each in rows):
        output.tell(
            "No filter includes anything: nothing of the CRM goes to this Outlook, and what is "
            "there stays."
        )


_mailbox, _name = click.argument("mailbox"), click.argument("name")
_yes = click.option("--yes", is_flag=True, help="Do it, whatever leaves this Outlook by it.")


@command.command()
@_mailbox
@_name
@click.argument("where")
@click.option("--exclude", is_flag=True, help="Keep out what it finds, whatever includes it.")
@_yes
@pass_context
def add(context: Context, mailbox: str, name: str, where: str, *, exclude: bool, yes: bool) -> None:
    """Add a filter NAME to MAILBOX: WHERE is an OData $filter, such as "owner eq @me"."""

    def change(conn: Connection, row: MailboxRow, own: dict[str, UserFilter]) -> None:
        from syncd.sync import user_filters
        from syncd.sync.user_filters import UserFilter

        if name in own:
            raise Problem(
                f"{row.address} has a filter {name!r} already.",
                "Nothing was changed.",
                f'Change it with: syncd filters edit {row.address} "{name}" "{where}"',
            )
        _check(context, conn, row, where)
        made = UserFilter(name, where, excludes=exclude, active=True, template=None)
        user_filters.put(conn, row.id, KIND, made, context.clock())

    _changed(context, mailbox, change, yes=yes)


@command.command()
@_mailbox
@_name
@click.argument("where")
@_yes
@pass_context
def edit(context: Context, mailbox: str, name: str, where: str, *, yes: bool) -> None:
    """Let the filter NAME of MAILBOX say WHERE from here on."""

    def change(conn: Connection, row: MailboxRow, own: dict[str, UserFilter]) -> None:
        from dataclasses import replace

        from syncd.sync import user_filters

        _check(context, conn, row, where)
        new = replace(_known(row, own, name), text=where)
        user_filters.put(conn, row.id, KIND, new, context.clock())

    _changed(context, mailbox, change, yes=yes)


def _switch(context: Context, mailbox: str, name: str, *, active: bool, yes: bool) -> None:
    def change(conn: Connection, row: MailboxRow, own: dict[str, UserFilter]) -> None:
        from syncd.sync import user_filters

        _known(row, own, name)
        user_filters.switch(conn, row.id, KIND, name, active=active)

    _changed(context, mailbox, change, yes=yes)


@command.command()
@_mailbox
@_name
@_yes
@pass_context
def on(context: Context, mailbox: str, name: str, *, yes: bool) -> None:
    """Turn the filter NAME of MAILBOX on."""
    _switch(context, mailbox, name, active=True, yes=yes)


@command.command()
@_mailbox
@_name
@_yes
@pass_context
def off(context: Context, mailbox: str, name: str, *, yes: bool) -> None:
    """Turn the filter NAME of MAILBOX off."""
    _switch(context, mailbox, name, active=False, yes=yes)


@command.command()
@_mailbox
@_name
@_yes
@pass_context
def delete(context: Context, mailbox: str, name: str, *, yes: bool) -> None:
    """Delete the filter NAME of MAILBOX."""

    def change(conn: Connection, row: MailboxRow, own: dict[str, UserFilter]) -> None:
        from syncd.sync import user_filters

        _known(row, own, name)
        user_filters.remove(conn, row.id, KIND, [name])

    _changed(context, mailbox, change, yes=yes)


@command.command()
@_mailbox
@_yes
@pass_context
def reset(context: Context, mailbox: str, *, yes: bool) -> None:
    """Replace the filters of MAILBOX's user by copies of the policy's templates."""

    def change(conn: Connection, row: MailboxRow, own: dict[str, UserFilter]) -> None:
        from syncd.sync import user_filters

        del own
        templates = _scoped(context, row).templates
        user_filters.reset(conn, row.id, KIND, templates, context.clock())

    _changed(context, mailbox, change, yes=yes)


Change = Callable[["Connection", "MailboxRow", "dict[str, UserFilter]"], None]


def _changed(context: Context, mailbox: str, change: Change, *, yes: bool) -> None:
    """Make a change, and show who comes and who goes by it; who goes needs `--yes`."""
    from syncd.cli import mailboxes
    from syncd.crm import database, records
    from syncd.crm.custom import kinds_of
    from syncd.sync import effect, user_filters
    from syncd.sync.mailboxes import get, make_due

    undone = "No filter was changed."
    stored = kinds_of(context.engine())[KIND]
    store = context.engine()
    with mailboxes.explained(undone), database.write(store, durable=True, alone=True) as conn:
        row = get(conn, mailbox)
        scoped = _scoped(context, row)
        user_filters.ensure(conn, row.id, KIND, scoped.templates, context.clock())
        change(conn, row, {each.name: each for each in user_filters.of(conn, row.id, KIND)})
        found = effect.effect(conn, row, scoped, stored, context.clock().date())
        named = records.read(conn, stored, [*found.gains[:SHOWN], *found.loses[:SHOWN]])
        names = {each.id: each.name for each in named.values()}
        _show(found, names)
        if found.loses and not yes:
            raise Problem(
                f"{len(found.loses)} would leave the Outlook of {row.address}.",
                undone,
                "If that is meant, type the same with --yes.",
                Exit.HELD,
            )
        make_due(conn, [row.id], context.clock())
    output.tell(f"It holds from the next sync on. Now: syncd sync {row.address}")


def _show(found: Effect, names: dict[str, str]) -> None:
    for what, ids in (("come into this Outlook", found.gains), ("leave it", found.loses)):
        shown = ", ".join(names.get(each, "") or "(no name)" for each in ids[:SHOWN])
        more = f" and {len(ids) - SHOWN} more" if len(ids) > SHOWN else ""
        output.tell(f"{len(ids)} {what}{f': {shown}{more}' if ids else ''}.")
    output.tell(f"{found.stays} stay.")


def _known(row: MailboxRow, own: dict[str, UserFilter], name: str) -> UserFilter:
    if name in own:
        return own[name]
    raise Problem(
        f"The user of {row.address} has no filter {name!r}.",
        "No filter was changed.",
        f"See them with: syncd filters list {row.address}",
    )


def _check(context: Context, conn: Connection, row: MailboxRow, where: str) -> None:
    """Whether a filter is understood, and asks for nothing that its user may not read."""
    from syncd.crm.access import Access
    from syncd.crm.custom import kinds_of
    from syncd.settings.filters import Filter, FilterError

    undone = "No filter was changed."
    try:
        parsed = Filter.parse(where, kinds_of(context.engine())[KIND])
    except FilterError as error:
        pointer = f"\n  {where}\n  {' ' * error.at}^"
        raise Problem(
            f"The filter is not understood, {error}.{pointer}",
            undone,
            _sentence(error.suggestion or "See docs/filters.md"),
        ) from None
    access = Access.of(conn, row.user_id)
    hidden = sorted(f for kind, f in parsed.reads if f in access.unreadable_fields(kind))
    if hidden:
        raise Problem(
            f"The filter asks for {', '.join(hidden)}, which its user may not read.",
            undone,
            "Leave that out, or see: syncd crm access list",
        )


def _sentence(text: str) -> str:
    return text if text.endswith(("?", ".")) else f"{text}."


def _scoped(context: Context, row: MailboxRow) -> ScopedKind:
    from syncd.settings.policies import compile_policies

    policies: dict[str, MailboxPolicy] = dict(compile_policies(context.configuration))
    policy = policies.get(row.policy)
    if policy is not None and KIND in policy.kinds:
        return policy.kinds[KIND]
    raise Problem(
        f"The policy {row.policy!r} of {row.address} does not sync contacts.",
        "No filter was changed.",
        "See the policies with: syncd config validate",
    )


def _does(excludes: bool) -> str:  # noqa: FBT001 - this is what is said
    return "exclude" if excludes else "include"
