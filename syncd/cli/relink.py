"""`syncd relink`: what belongs together is found out anew; nothing is deleted."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from syncd.cli import output
from syncd.cli.context import Context, pass_context
from syncd.cli.errors import Exit, Problem

if TYPE_CHECKING:
    from syncd.sync.relinking import Found
    from syncd.sync.report import RunReport
    from syncd.sync.session import Session

UNDONE = "Nothing was changed."

_ROWS = (
    ("tied", "in Outlook and the CRM, and known to belong together"),
    ("lost", "in Outlook, that say which CRM contact they are: tied to it again"),
    ("copies", "copies of one of these: left alone"),
    ("strange", "in Outlook, that say they are a contact which the CRM has no more: left alone"),
    ("foreign", "in Outlook, that belong to another installation of syncd: left alone"),
    ("missing", "in step before, and in no folder of this mailbox: they come back"),
    ("bare", "CRM contacts that no item in Outlook says it is: matched, else created"),
)


@click.command(name="relink", short_help="Find out anew what belongs together.")
@click.argument("mailbox")
@click.option("--yes", is_flag=True, help="Do it.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@pass_context
def command(context: Context, mailbox: str, *, yes: bool, as_json: bool) -> int:
    """Find out anew which contacts in the Outlook of MAILBOX are which in the CRM.

    For when the store was restored from a backup, or lost; when the mailbox was; and when another
    syncd has served it. What syncd wrote into Outlook says whose it is. Nothing is deleted on
    either side; where both differ, the value that is replaced is kept.
    Without --yes it is shown what is found, and nothing is done.
    """
    from syncd.cli import mailboxes
    from syncd.daemon.logging import configure_logging
    from syncd.sync import relinking
    from syncd.sync.report import Outcome

    with mailboxes.reading(context, UNDONE) as conn:
        (row,) = mailboxes.named(conn, mailbox)
    seen: list[Found] = []

    def act(session: Session, *, report: RunReport) -> None:
        seen.append(relinking.relink(session) if yes else relinking.look(session))
        report.outcome = Outcome.OK

    configure_logging(context.configuration.log, quiet=True)
    with mailboxes.explained(UNDONE):
        report = mailboxes.service(context).visit(row.address, "relink", act)
    if report.error:
        todo = report.todo or "Type it again in a moment."
        what = f"{row.address}: {report.error}."
        raise Problem(what, UNDONE, todo, mailboxes.exit_of([report]))
    if yes:
        with mailboxes.writing(context, UNDONE) as conn:
            from syncd.sync.mailboxes import make_due

            make_due(conn, [row.id], mailboxes.now(conn))
    found = relinking.together(seen)
    if as_json:
        output.emit_json({"mailbox": row.address, "done": yes, **asdict(found)})
    else:
        _tell(row.address, found, yes=yes)
    work = found.lost or found.bare or found.missing or found.claim
    return Exit.DONE if yes or not work else Exit.WORK


def _tell(address: str, found: Found, *, yes: bool) -> None:
    from syncd.cli.language import language
    from syncd.sync import catalogue

    counts = asdict(found)
    if found.claim is not None:
        output.tell(f"{address}: {catalogue.text(f'claim.{found.claim}', language())}")
    rows = [[label, counts[name]] for name, label in _ROWS if counts[name]]
    output.table(f"{address}: what belongs together", ["", "How many"], rows)
    if found.anew:
        output.tell("Nothing is known of this mailbox any more: its first sync is shown again.")
    if yes and found.claim is not None:
        output.tell("From now on this syncd serves the mailbox; another one that did is told so.")
    if not yes:
        output.tell("Nothing was done yet.")
        output.tell(f"Do it: syncd relink {address} --yes")
    elif found.anew:
        output.tell(f"See what the sync would do: syncd onboard {address}")
    else:
        output.tell(f"See what the sync would do: syncd plan {address}")
