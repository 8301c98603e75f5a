"""`syncd plan`: what a sync would do, with nothing touched on either side."""

from __future__ import annotations

from collections.abc import Sequence

import click

from syncd.cli import output
from syncd.cli.context import Context, pass_context
from syncd.cli.errors import Exit
from syncd.cli.progress import bar


@click.command(name="plan", short_help="Show what a sync would do, and do nothing.")
@click.argument("mailboxes", nargs=-1, metavar="[MAILBOX]...")
@click.option("--json", "as_json", is_flag=True, help="Print a list with one object a mailbox.")
@pass_context
def command(context: Context, mailboxes: Sequence[str], *, as_json: bool) -> int:
    """Show what a sync would do, and why. Neither Outlook nor the CRM is touched.

    Exit status: 0 nothing to do, 2 there is work, else as `syncd sync`.
    """
    from syncd.cli import mailboxes as served
    from syncd.cli import reporting
    from syncd.daemon.logging import configure_logging
    from syncd.sync.report import Outcome
    from syncd.sync.run import Mode

    rows = served.chosen(context, mailboxes)
    configuration = context.configuration
    configure_logging(configuration.log, quiet=True, custom=configuration.custom_names)
    service = served.service(context)
    with served.explained(), bar() as service.progress:
        reports = [service.run(row.address, cause="plan", mode=Mode.PLAN) for row in rows]
    if as_json:
        plans = [
            {
                "mailbox": r.mailbox,
                "error": r.error,
                "work": [w.to_json() for w in r.work],
                "apart": [line.to_json() for line in r.lines if line.apart],
                "by_hand": [e.to_json() for e in r.lines if e.reason == "only-by-hand"],
                "would_hold": r.would_hold,
            }
            for r in reports
        ]
        output.emit_json(plans)
    else:
        for report in reports:
            reporting.tell_plan(report)
    if any(report.outcome is Outcome.FAILED for report in reports):
        return served.exit_of(reports)
    return Exit.WORK if any(report.work for report in reports) else Exit.DONE
