"""`syncd doctor`: what keeps syncd from its mailboxes, and what to do about it."""

from __future__ import annotations

import shutil
import sys
import textwrap
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import click

from syncd.cli import output
from syncd.cli.context import Context, pass_context
from syncd.cli.errors import Exit, Problem

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from syncd.settings.configuration import Configuration
    from syncd.sync.doctor.finding import Finding

_WIDEST = 80
_MARGIN = " " * 11  # under the level, which is the first column


@click.command(short_help="Find out what keeps syncd from its mailboxes, and what to do.")
@click.argument("mailboxes", nargs=-1, metavar="[MAILBOX]...")
@click.option("--server", metavar="NAME", help="Only this server of the configuration.")
@click.option(
    "--outside", metavar="ADDRESS", help="A mailbox that syncd must not reach: see that it cannot."
)
@click.option(
    "--write", is_flag=True, help="Make a contact, change it and delete it, in each mailbox."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@pass_context
def command(
    context: Context,
    mailboxes: Sequence[str],
    *,
    server: str | None,
    outside: str | None,
    write: bool,
    as_json: bool,
) -> int:
    """Look over the configuration, the servers, and all mailboxes that are served, or those named.

    Says of each what is well, what is not, what follows for syncd, and what to type or click.
    Nothing is written, but with --write. A check is left out where one that it needs has failed.

    Exit status: 0 nothing failed (there may be warnings), 1 something did, 4 the configuration is
    to be mended, 5 a server cannot be reached.
    """
    from syncd.cli.mailboxes import explained
    from syncd.crm.users import is_address
    from syncd.daemon.logging import configure_logging
    from syncd.settings.configuration import Log
    from syncd.sync.doctor.examine import examine
    from syncd.sync.doctor.patients import Installation, Wanted

    if outside is not None and outside in mailboxes:
        raise Problem(
            f"{outside} cannot be outside, and looked into.",
            "Nothing was looked at.",
            "Name a mailbox that syncd has no business in: syncd doctor --outside ADDRESS",
        )
    for address in (*mailboxes, *([outside] if outside is not None else [])):
        if not is_address(address):
            raise Problem(
                f"{address!r} is not an e-mail address.",
                "Nothing was looked at.",
                "Name a mailbox by its address; a server: syncd doctor --server NAME",
            )
    configure_logging(Log(), quiet=True)
    here = Installation(
        context.path,
        Wanted(mailboxes, server, outside, write),
        lambda configuration: _store(context, configuration),
        context.clock,
    )
    found: list[Finding] = []
    where = None
    with explained("Nothing more was looked at."):
        for each in examine(here):
            found.append(each)
            if as_json:
                continue
            if where != (each.server, each.mailbox):
                if where is not None:
                    click.echo("")
                where = (each.server, each.mailbox)
                _head(each)
            _tell(each)
    status = exit_of(found)
    if as_json:
        output.emit_json(_json(found, status))
    else:
        _sum_up(found)
    return status


def _store(context: Context, configuration: Configuration) -> Engine:
    """The store, brought up to this program's tables. Raises StoreClosed."""
    from syncd.cli.opening import open_store
    from syncd.sync.doctor.patients import StoreClosed

    del context
    try:
        return open_store(configuration)
    except Problem as problem:
        raise StoreClosed(problem.what, problem.todo) from None


def exit_of(found: Iterable[Finding]) -> Exit:
    """How the command ends: by the gravest failure. A warning is none."""
    from syncd.sync.doctor.finding import Bar

    bars = {each.bar for each in found if each.failed}
    if Bar.CONFIGURATION in bars:
        return Exit.USAGE
    if Bar.NETWORK in bars:
        return Exit.UNREACHABLE
    return Exit.FAILED if bars else Exit.DONE


def _head(each: Finding) -> None:
    """Whom the next lines are about."""
    if each.mailbox and each.server:
        said = f"Mailbox {each.mailbox} on server {each.server}"
    elif each.server:
        said = f"Server {each.server}"
    else:
        said = f"Mailbox {each.mailbox}" if each.mailbox else "This installation"
    click.echo(output.plain(said))


def _tell(each: Finding) -> None:
    """A finding: its level and words, what follows, what to do, and each line to type, whole."""
    _prose(f"{each.level.value:<8} ", f"{each.check}: {each.what}")
    if each.follows:
        _prose("", each.follows)
    if each.steps:
        _prose("", f"To do: {each.steps}")
    for line in each.type:
        click.echo(f"{_MARGIN}  {output.plain(line)}")  # a line to copy is never broken


def _prose(lead: str, text: str) -> None:
    width = min(shutil.get_terminal_size().columns, _WIDEST) if sys.stdout.isatty() else _WIDEST
    click.echo(
        textwrap.fill(
            output.plain(text),
            width,
            initial_indent=f"  {lead}" if lead else _MARGIN,
            subsequent_indent=_MARGIN,
            break_long_words=False,
            break_on_hyphens=False,
        )
    )


def _sum_up(found: Sequence[Finding]) -> None:
    from syncd.sync.doctor.finding import Level

    counts = {level: sum(each.level is level for each in found) for level in Level}
    click.echo("")
    output.tell(
        f"{counts[Level.OK]} well, {_counted(counts[Level.WARNING], 'warning')}, "
        f"{_counted(counts[Level.FAILURE], 'failure')}, {counts[Level.SKIPPED]} not looked at."
    )


def _counted(number: int, what: str) -> str:
    return f"{number} {what}" + ("" if number == 1 else "s")


def _json(found: Sequence[Finding], status: Exit) -> dict[str, object]:
    return {
        "ok": status is Exit.DONE,
        "exit": status.value,
        "findings": [
            {
                "check": each.check,
                "server": each.server or None,
                "mailbox": each.mailbox or None,
                "level": each.level.value,
                "code": each.code,
                "what": each.what,
                "follows": each.follows or None,
                "todo": each.steps or None,
                "type": list(each.type),
                "detail": each.detail or None,
            }
            for each in found
        ],
    }
