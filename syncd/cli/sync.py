"""`syncd sync`: bring mailboxes in step now."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from syncd.cli import output
from syncd.cli.context import Context, pass_context

if TYPE_CHECKING:
    from syncd.sync.report import RunReport
    from syncd.sync.service import SyncService


LONG_WORK = 50  # writes; below that a bar would only flash


@click.command(name="sync", short_help="Bring mailboxes in step now.")
@click.argument("mailboxes", nargs=-1, metavar="[MAILBOX]...")
@click.option("--json", "as_json", is_flag=True, help="Print a list with one object a mailbox.")
@pass_context
def command(context: Context, mailboxes: Sequence[str], *, as_json: bool) -> int:
    """Bring the named mailboxes in step now; all that are served when none is named.

    Exit status: 0 done, 1 some items failed, 3 something is held for a person, 5 the server cannot
    be reached.
    """
    from syncd.cli import mailboxes as served
    from syncd.cli import reporting

    reports = sync(context, [row.address for row in served.chosen(context, mailboxes)])
    if as_json:
        output.emit_json([report.to_json() for report in reports])
    else:
        reporting.tell_runs(reports)
    return served.exit_of(reports)


def sync(context: Context, addresses: Sequence[str]) -> list[RunReport]:
    """Run these mailboxes, one after the other, showing progress on a terminal."""
    from syncd.cli import mailboxes as served
    from syncd.daemon.logging import configure_logging

    configure_logging(context.configuration.log, quiet=True)
    service = served.service(context)
    with served.explained(), _progress(service):
        return [service.run(address, cause="command") for address in addresses]


@contextmanager
def _progress(service: SyncService) -> Iterator[None]:
    """A bar for long work, on a terminal only."""
    if not sys.stderr.isatty():
        yield
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        tasks = {}

        def show(mailbox: str, done: int, total: int) -> None:
            if total < LONG_WORK:
                return
            if mailbox not in tasks:
                tasks[mailbox] = bar.add_task(mailbox, total=total)
            bar.update(tasks[mailbox], completed=done, total=total)

        service.progress = show
        yield
