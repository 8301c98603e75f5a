"""`syncd sync`: bring mailboxes in step now."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from syncd.cli import output
from syncd.cli.context import Context, pass_context
from syncd.cli.progress import bar

if TYPE_CHECKING:
    from syncd.sync.report import RunReport
    from syncd.sync.suspended import Together


BROKE_OFF = "The sync broke off there. What was done before stands: syncd runs list"


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
        reporting.tell_runs(reports, together_in(context, reports))
    return served.exit_of(reports)


def sync(context: Context, addresses: Sequence[str]) -> list[RunReport]:
    """Run these mailboxes, one after the other, showing progress on a terminal."""
    from syncd.cli import mailboxes as served
    from syncd.daemon.logging import configure_logging
    from syncd.sync.finishing import BY_HAND

    configuration = context.configuration
    configure_logging(configuration.log, quiet=True, custom=configuration.custom_names)
    service = served.service(context)
    with served.explained(BROKE_OFF), bar() as service.progress:
        return [service.run(address, cause=BY_HAND) for address in addresses]


def together_in(context: Context, reports: Sequence[RunReport]) -> list[Together]:
    """What is told once for several of these: they are suspended for one reason."""
    from syncd.cli import mailboxes as served

    asleep = {report.mailbox for report in reports if report.suspended}
    if len(asleep) < 2:
        return []
    with served.reading(context) as conn:
        found = served.suspended_together(context, conn)
    return [each for each in found if len(each.mailboxes & asleep) > 1]
