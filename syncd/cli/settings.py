"""`syncd settings`: what holds for a mailbox, where it comes from, and what its user sets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from syncd.cli import output
from syncd.cli.context import Context, pass_context
from syncd.cli.errors import Problem

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from syncd.settings.policies import Compiled
    from syncd.settings.showing import Setting
    from syncd.settings.user_layer import Refusal
    from syncd.sync.mailboxes import MailboxRow


@click.group(
    name="settings", short_help="What holds for a mailbox, and what its user set: show, set."
)
def command() -> None:
    """What holds for a mailbox, where each value comes from, and what its user sets.

    A value comes from the user, else from the policy, else from the organisation, else it is the
    default. A user sets what their policy opens (user_may), within its bounds.
    """


@command.command()
@click.argument("mailbox", required=False)
@click.option("--policy", help="Show a policy, for users who have set nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@pass_context
def show(context: Context, mailbox: str | None, policy: str | None, *, as_json: bool) -> None:
    """Show every setting of MAILBOX in force, its origin, and whether its user may change it."""
    from syncd.settings.showing import in_force

    compiled = asked_for(context, mailbox, policy)
    settings = list(in_force(compiled))
    if as_json:
        output.emit_json(_json(mailbox, compiled, settings))
        return
    rows = [[each.key, _shown(each.value), each.origin, _may(each)] for each in settings]
    title = f"Settings of {mailbox}, under the policy {compiled.policy.name}"
    if mailbox is None:
        title = f"Settings of the policy {compiled.policy.name}"
    output.table(title, ["Setting", "Value", "From", "Its user may set"], rows)
    for refused in compiled.refused:
        todo = f" ({refused.why.todo})" if refused.why.todo else ""
        output.tell(
            f"Set by its user and not in force: {refused.key} = {_shown(refused.value)}: "
            f"{refused.why.what}{todo}."
        )


@command.command(name="set")
@click.argument("mailbox")
@click.argument("key")
@click.argument("value")
@pass_context
def set_value(context: Context, mailbox: str, key: str, value: str) -> None:
    """Set KEY to VALUE for the user of MAILBOX, as far as their policy lets them.

    It holds from the next sync on, which starts as soon as may be.
    """
    from syncd.cli import mailboxes as served
    from syncd.settings.keys import known
    from syncd.settings.policies import policy_for
    from syncd.settings.user_layer import kept_as, refusal
    from syncd.sync import mailboxes, user_settings

    undone = f"The settings of {mailbox} were left as they were."
    found = known(key)
    typed = {"true": True, "false": False}.get(value, value)
    given: object = typed if found is not None and found.takes == "true or false" else value
    with served.writing(context, undone) as conn:
        row = mailboxes.get(conn, mailbox)
        policy = _policy(context, row).section
        why = refusal(row.policy, policy, key, given)
        if why is not None:
            raise _refused(why, undone, row)
        kept = kept_as(key)
        settings = {**user_settings.of(conn, row.id), kept: given}
        for refused in policy_for(context.configuration, row.policy, settings).refused:
            if refused.key == kept:
                raise _refused(refused.why, undone, row)
        user_settings.put(conn, row.id, kept, given, context.clock())
        mailboxes.make_due(conn, [row.id], context.clock())
    output.tell(f"{kept} is {_shown(given)} for {row.address} from the next sync on.")
    if kept != key:
        output.tell(f"{key} goes together with the rest of {kept}.")
    output.tell(f"See what that changes: syncd plan {row.address}")


@command.command()
@click.argument("mailbox")
@click.argument("key")
@pass_context
def unset(context: Context, mailbox: str, key: str) -> None:
    """Let what the user of MAILBOX set as KEY go: the policy's value holds again."""
    from syncd.cli import mailboxes as served
    from syncd.settings.keys import UnknownKey
    from syncd.settings.user_layer import kept_as
    from syncd.sync import mailboxes, user_settings

    undone = f"The settings of {mailbox} were left as they were."
    with served.writing(context, undone) as conn:
        row = mailboxes.get(conn, mailbox)
        settings = user_settings.of(conn, row.id)
        kept = key
        if key not in settings:  # one that is not known any more can be taken away, too
            try:
                kept = kept_as(key)
            except UnknownKey as unknown:
                raise Problem(
                    f"{_upper(unknown.what)}.", undone, f"{_upper(unknown.todo)}"
                ) from None
        if kept not in settings:
            theirs = ", ".join(sorted(settings)) or "nothing"
            raise Problem(
                f"The user of {row.address} has not set {kept!r}.",
                undone,
                f"What they have set: {theirs}.",
            )
        user_settings.remove(conn, row.id, kept)
        mailboxes.make_due(conn, [row.id], context.clock())
        compiled = _policy(context, row, conn)
    output.tell(f"{kept} is not set for {row.address} any more.")
    if kept in compiled.values:
        output.tell(
            f"It is {_shown(_plain(compiled.values[kept]))} now, by the {compiled.origins[kept]}."
            if compiled.origins[kept] != "default"
            else f"It is {_shown(_plain(compiled.values[kept]))} now, which is the default."
        )


def asked_for(context: Context, mailbox: str | None, policy: str | None) -> Compiled:
    """What holds for a mailbox, or for a policy that is named. Raises Problem."""
    from syncd.cli import mailboxes as served
    from syncd.settings.policies import policy_for
    from syncd.sync import mailboxes

    if (mailbox is None) is (policy is None):
        raise click.UsageError("Name a mailbox, or a policy with --policy.")
    if policy is not None:
        known_policy(context, policy)
        return policy_for(context.configuration, policy)
    with served.reading(context) as conn:
        return _policy(context, mailboxes.get(conn, mailbox or ""), conn)


def known_policy(context: Context, policy: str) -> None:
    """Raises Problem when the configuration has no policy of this name."""
    from syncd.settings.mistakes import did_you_mean

    known = context.configuration.policies
    if policy not in known:
        hint = did_you_mean(policy, known) or "write a section [policies.NAME]"
        raise Problem(
            f"The configuration has no policy {policy!r}.", "Nothing was shown.", f"{_upper(hint)}"
        )


def _policy(context: Context, row: MailboxRow, conn: Connection | None = None) -> Compiled:
    """What holds for a mailbox; without a connection, as if its user had set nothing."""
    from syncd.settings.policies import policy_for
    from syncd.sync import user_settings

    if row.policy not in context.configuration.policies:
        raise Problem(
            f"{row.address} has the policy {row.policy!r}, which the configuration lacks.",
            "Nothing was shown and nothing was changed.",
            f"Give it one: syncd users change {row.address} --policy NAME",
        )
    settings = user_settings.of(conn, row.id) if conn is not None else {}
    return policy_for(context.configuration, row.policy, settings)


def _refused(why: Refusal, undone: str, row: MailboxRow) -> Problem:
    todo = why.todo or f"See what may be set: syncd settings show {row.address}"
    return Problem(f"{_upper(why.what)}.", undone, f"{_upper(todo)}")


def _upper(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}" if text.split(maxsplit=1)[0].isalpha() else text


def _plain(value: object) -> object:
    from syncd.settings.allowed import plain

    return plain(value)


def _shown(value: object) -> str:
    from syncd.settings.allowed import plain_text

    return "–" if value is None else plain_text(value)


def _may(each: Setting) -> str:
    if not each.open:
        return "no"
    return f"yes: {each.within}" if each.within else "yes"


def _json(mailbox: str | None, compiled: Compiled, settings: list[Setting]) -> object:
    from dataclasses import asdict

    return {
        "mailbox": mailbox,
        "policy": compiled.policy.name,
        "settings": [asdict(each) for each in settings],
        "refused": [
            {"key": each.key, "value": each.value, "why": each.why.what, "todo": each.why.todo}
            for each in compiled.refused
        ],
    }
