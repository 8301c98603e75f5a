"""`syncd onboard`: the first contact with a mailbox. It is shown, then a person lets it go."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from syncd.cli import output
from syncd.cli.context import Context, pass_context
from syncd.cli.errors import Exit
from syncd.cli.progress import bar

if TYPE_CHECKING:
    from syncd.sync.report import RunReport


@click.command(name="onboard", short_help="Show the first sync of a mailbox, and let it go.")
@click.argument("mailbox")
@click.option("--approve", is_flag=True, help="Carry it out.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@pass_context
def command(context: Context, mailbox: str, *, approve: bool, as_json: bool) -> int:
    """Show what the first sync of MAILBOX would do; with --approve, do it.

    Exit status: 0 done or nothing to do, 3 waits for approval, else as `syncd sync`.
    """
    from syncd.cli import mailboxes as served
    from syncd.cli import reporting
    from syncd.cli.sync import sync
    from syncd.sync import first_contact

    row = served.chosen(context, [mailbox])[0]
    if not approve:
        return _show(context, row.address, as_json=as_json)
    with served.reading(context) as conn:
        looked_at = first_contact.looked_at(conn, row.id)
    if not looked_at:  # the first look and the approval in one go
        report = _look(context, row.address)
        failed = report.outcome.value == "failed"
        if not as_json:
            _tell(report)
        elif failed:
            output.emit_json([report.to_json()])
        if failed:
            return served.exit_of([report])
    with served.writing(context, "Nothing was approved.") as conn:
        first_contact.approve(conn, row.id)
    reports = sync(context, [row.address])
    if as_json:
        output.emit_json([report.to_json() for report in reports])
    else:
        reporting.tell_runs(reports)
    return served.exit_of(reports)


def _look(context: Context, address: str) -> RunReport:
    """What the first sync would do, with nothing touched."""
    from syncd.cli import mailboxes as served
    from syncd.daemon.logging import configure_logging
    from syncd.sync.run import Mode

    configuration = context.configuration
    configure_logging(configuration.log, quiet=True, custom=configuration.custom_names)
    service = served.service(context)
    with served.explained(), bar() as service.progress:
        return service.run(address, cause="onboard", mode=Mode.PLAN)


def _show(context: Context, address: str, *, as_json: bool) -> int:
    from syncd.cli import mailboxes as served

    report = _look(context, address)
    if as_json:
        work = [each.to_json() for each in report.work]
        output.emit_json({**report.to_json(), "proposal": report.proposal, "work": work})
    else:
        _tell(report)
        if report.first_contact and report.work:
            output.tell("Nothing was written yet, on either side.")
            output.tell(f"Let it go: syncd onboard {address} --approve")
    if report.outcome.value == "failed":
        return served.exit_of([report])
    return Exit.HELD if report.first_contact and report.work else Exit.DONE


def _tell(report: RunReport) -> None:
    from syncd.cli import reporting
    from syncd.cli.language import sentence

    reporting.tell_plan(report)
    if report.error is not None:
        return
    if not report.first_contact:
        output.tell(f"{report.mailbox} was taken in already; the above is its next sync.")
        return
    if report.in_doubt:
        doubts = [[name, sentence(why)] for name, why in sorted(report.in_doubt)]
        output.table(f"{report.mailbox}: who waits", ["Who", "Why"], doubts)
    totals = report.proposal
    rows = [[label, totals.get(name, 0)] for name, label in _TOTALS]
    rows.append(["Outlook items that stay as they are, and out of the CRM", _alone(report)])
    output.table(f"{report.mailbox}: the first sync", ["", "How many"], rows)


_TOTALS = (
    ("pairs", "CRM contacts that are in Outlook already, and are tied to them"),
    ("values_kept", "… values in Outlook that the CRM's replace; each is kept aside"),
    ("update_in_crm", "… CRM contacts that gain a value from Outlook"),
    ("create_in_outlook", "CRM contacts that are created in Outlook"),
    ("create_in_crm", "Outlook items their owner tracked, that are created in the CRM"),
    ("doubtful", "CRM contacts of which it is not clear who they are in Outlook, and wait"),
    ("bound", "… since that one belongs to another installation, or to a record that is gone"),
)


def _alone(report: RunReport) -> int:
    return report.counters["excluded"]
