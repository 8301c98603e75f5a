"""`syncd verify`: prove that both sides agree."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

import click

from syncd.cli import output
from syncd.cli.context import Context, pass_context
from syncd.cli.errors import Exit
from syncd.cli.progress import bar
from syncd.cli.reporting import not_ours

if TYPE_CHECKING:
    from syncd.sync.report import RunReport
    from syncd.sync.verify import Finding

BROKE_OFF = "The verification broke off there, and nothing was changed."


@click.command(name="verify", short_help="Prove that both sides agree; neither is changed.")
@click.argument("mailboxes", nargs=-1, metavar="[MAILBOX]...")
@click.option("--json", "as_json", is_flag=True, help="Print a list with one object a mailbox.")
@pass_context
def command(context: Context, mailboxes: Sequence[str], *, as_json: bool) -> int:
    """Read both sides in full, and hold them against each other. Neither is changed.

    Exit status: 0 everything agrees or is apart by a rule, 3 something waits, 5 the server cannot
    be reached, 6 something is not as it should be, or could not be verified.
    """
    from syncd.cli import mailboxes as served

    rows = served.chosen(context, mailboxes)
    seen = verified(context, [row.address for row in rows])
    status, told = Exit.DONE, []
    for report, findings in seen:
        wrong = [each for each in findings if not each.waits]
        waiting = len(findings) - len(wrong)
        if report.unreachable:
            status = max(status, Exit.UNREACHABLE)
        elif report.error or wrong:
            status = Exit.DIVERGED
        elif waiting:
            status = max(status, Exit.HELD)
        told.append(
            {
                "mailbox": report.mailbox,
                "error": report.error,
                "waiting": waiting,
                "findings": [each.to_json() for each in wrong],
            }
        )
        if not as_json:
            _tell(report, wrong, waiting)
    if as_json:
        output.emit_json(told)
    return status


def verified(
    context: Context, addresses: Sequence[str]
) -> list[tuple[RunReport, Sequence[Finding]]]:
    """Verify these mailboxes, one after the other, showing progress on a terminal."""
    from syncd.cli import mailboxes as served
    from syncd.daemon.logging import configure_logging
    from syncd.sync.verify import verify

    configuration = context.configuration
    configure_logging(configuration.log, quiet=True, custom=configuration.custom_names)
    service = served.service(context)
    seen: list[tuple[RunReport, Sequence[Finding]]] = []
    with served.explained(BROKE_OFF), bar() as service.progress:
        for address in addresses:
            findings: list[Finding] = []
            report = service.visit(address, "verify", partial(verify, findings=findings))
            seen.append((report, findings))
    return seen


def _tell(report: RunReport, wrong: Sequence[Finding], waiting: int) -> None:
    from syncd.sync.verify import NEVER_SYNCED

    address = report.mailbox
    if report.error:
        said = f"it could not be verified: {report.error}. {report.todo or ''}"
        output.tell(f"{address}: {said}".strip())
        return
    if report.claim is not None:
        said = f"it was not held against the CRM. {not_ours(address, report.claim)}"
        output.tell(f"{address}: {said}")
        return
    if any(each.sort == NEVER_SYNCED for each in wrong):
        output.tell(f"{address}: it was not synced yet. Begin with: syncd onboard {address}")
        return
    if wrong:
        rows = [[each.sort, each.name, each.id] for each in wrong]
        output.table(address, ["What", "Who", "Id"], rows)
        output.tell(
            f"{address}: {len(wrong)} not as they should be; nothing was changed. "
            f"Find out why: syncd explain, then: syncd sync {address}"
        )
    if waiting:
        them = "waits" if waiting == 1 else "wait"
        output.tell(
            f"{address}: {waiting} {them}: for the next sync; for a person, see: syncd held "
            f"{address}; or for a server that fails, see: syncd quarantine list {address}"
        )
    if not wrong and not waiting:
        output.tell(f"{address}: both sides agree.")
