"""`syncd plan`: what a sync would do, with nothing touched on either side."""

from __future__ import annotations

from collections.abc import Sequence

import click

from syncd.cli import output
from syncd.cli.context import Context, pass_context
from syncd.cli.errors import Exit
from syncd.cli.progress import bar


@click.command(name="plan", short_help="Show what a sync would do, and do none of it.")
@click.argument("mailboxes", nargs=-1, metavar="[MAILBOX]...")
@click.option("--json", "as_json", is_flag=True, help="Print a list with one object a mailbox.")
@pass_context
def command(context: Context, mailboxes: Sequence[str], *, as_json: bool) -> int:
    """Show what a sync would do, and why. Neither Outlook nor the CRM is touched.

    syncd notes for itself what it has seen there: how the items stand and which server the mailbox
    is on, under other ids where it moved to another one; and the run (syncd runs list).

    Exit status: 0 nothing to do, 2 there is work, else as `syncd sync`.
    """
    from syncd.cli import mailboxes as served
    from syncd.cli import reporting
    from syncd.cli.sync import together_in
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
                "claim": r.claim.value if r.claim else None,
            }
            for r in reports
        ]
        output.emit_json(plans)
    else:
        together = together_in(context, reports)
        told = {address for each in together for address in each.mailboxes}
        for each in together:
            output.tell(each.sentence())
        for report in reports:
            if report.mailbox not in told:
                reporting.tell_plan(report)
    if any(report.outcome is Outcome.FAILED for report in reports):
        return served.exit_of(reports)
    return Exit.WORK if any(report.work for report in reports) else Exit.DONE
