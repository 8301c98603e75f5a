"""`syncd onboard`: the first contact with a mailbox. It is shown, then a person lets it go."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from syncd.cli import output
from syncd.cli.context import Context, pass_context
from syncd.cli.errors import Exit
from syncd.cli.progress import bar

if TYPE_CHECKING:
    from syncd.sync.report import RunReport

FIRST = 20  # that are named of each


@click.command(name="onboard", short_help="Show the first sync of a mailbox, and let it go.")
@click.argument("mailbox")
@click.option("--approve", is_flag=True, help="Carry it out.")
@click.option("--all", "everybody", is_flag=True, help=f"More than the first {FIRST} of each.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@pass_context
def command(
    context: Context, mailbox: str, *, approve: bool, everybody: bool, as_json: bool
) -> int:
    """Show what the first sync of MAILBOX would do; with --approve, do it.

    By name: who is on both sides, who it is not clear of, and who would be created where.

    Exit status: 0 done or nothing to do, 3 waits for approval, else as `syncd sync`.
    """
    from syncd.cli import mailboxes as served
    from syncd.cli import reporting
    from syncd.cli.sync import sync
    from syncd.sync import first_contact

    row = served.chosen(context, [mailbox])[0]
    if not approve:
        return _show(context, row.address, everybody=everybody, as_json=as_json)
    with served.reading(context) as conn:
        looked_at = first_contact.looked_at(conn, row.id)
    if not looked_at:  # the first look and the approval in one go
        report = _look(context, row.address)
        failed = report.outcome.value == "failed"
        if not as_json:
            _tell(report, everybody=everybody)
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


def _show(context: Context, address: str, *, everybody: bool, as_json: bool) -> int:
    from syncd.cli import mailboxes as served

    report = _look(context, address)
    if as_json:
        work = [each.to_json() for each in report.work]
        doubtful = [each.to_json() for each in report.in_doubt]
        output.emit_json(
            {
                **report.to_json(), "proposal": report.proposal, "work": work,
                "doubtful": doubtful,
            }
        )  # fmt: skip
    else:
        _tell(report, everybody=everybody)
        if report.first_contact and report.work:
            output.tell("Nothing was written yet, on either side.")
            output.tell(f"Let it go: syncd onboard {address} --approve")
    if report.outcome.value == "failed":
        return served.exit_of([report])
    return Exit.HELD if report.first_contact and report.work else Exit.DONE


def _tell(report: RunReport, *, everybody: bool) -> None:
    from syncd.cli import reporting

    if report.error is not None or not report.first_contact:
        reporting.tell_plan(report)
        if report.error is None:
            output.tell(f"{report.mailbox} was taken in already; the above is its next sync.")
        return
    _tell_names(report, everybody=everybody)
    totals = report.proposal
    rows = [[label, totals.get(name, 0)] for name, label in _TOTALS]
    rows.append(["Outlook items that stay as they are, and out of the CRM", _alone(report)])
    output.table(f"{report.mailbox}: the first sync", ["", "How many"], rows)


def _tell_names(report: RunReport, *, everybody: bool) -> None:
    """The proposal by name: pairs, doubts, what would be created on either side, and the rest."""
    from syncd.cli.language import sentence
    from syncd.cli.reporting import few, fields, told

    limit = None if everybody else FIRST
    work = sorted(report.work, key=lambda each: each.name.casefold())
    created = {
        side: [each for each in work if f"create-{side}" in each.verbs]
        for side in ("item", "record")
    }
    pairs = [
        each
        for each in sorted(report.lines, key=lambda each: each.name.casefold())
        if each.reason.value in _PAIRED and each not in (*created["item"], *created["record"])
    ]
    rest = [each for each in work if each not in (*pairs, *created["item"], *created["record"])]
    _some(
        "On both sides already, and tied to each other",
        ["Who", "Replaced in Outlook, and kept aside", "Added to the CRM", "Stays different"],
        [[e.name, few(e.kept), few(e.to_crm), few(e.stays)] for e in pairs],
        limit,
    )
    doubts = sorted(report.in_doubt, key=lambda each: each.name.casefold())
    _some(
        "Not clear who it is: waits for an answer, once the first sync is done",
        ["In the CRM", "In Outlook could be", "Why"],
        [[e.name, few(e.could_be), sentence(e.reason)] for e in doubts],
        limit,
    )
    _some("Would be created in Outlook", ["Who"], [[e.name] for e in created["item"]], limit)
    _some("Would be created in the CRM", ["Who"], [[e.name] for e in created["record"]], limit)
    columns = ["Who", "What", "Fields", "Why"]
    told_rest = [[e.name, told(e), fields(e), sentence(e.reason)] for e in rest]
    _some("Besides", columns, told_rest, limit)


def _some(
    title: str, columns: Sequence[str], rows: Sequence[Sequence[object]], limit: int | None
) -> None:
    """A table of the first rows, and how many more there are; none where there is none."""
    if not rows:
        return
    output.table(f"{title} ({len(rows)})", columns, rows[:limit])
    if limit is not None and len(rows) > limit:
        output.tell(f"… and {len(rows) - limit} more; see everybody with --all or --json")


_PAIRED = ("adopted", "stamp-found", "duplicate-linked", "answered")
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
