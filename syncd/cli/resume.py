"""`syncd resume`: go on with mailboxes that were paused or suspended."""

from __future__ import annotations

from collections.abc import Sequence

import click

from syncd.cli import output
from syncd.cli.context import Context, pass_context


@click.command(name="resume", short_help="Go on with a paused mailbox.")
@click.argument("mailboxes", nargs=-1, metavar="[MAILBOX]...")
@click.option("--all", "every", is_flag=True, help="All that are paused or suspended.")
@pass_context
def command(context: Context, mailboxes: Sequence[str], *, every: bool) -> None:
    """Go on with mailboxes that were paused, or suspended after a refused sign-in.

    What the server refused there, and was set aside, is tried again.
    """
    from syncd.cli import mailboxes as served
    from syncd.sync.mailboxes import MailboxState, get, resume
    from syncd.sync.mailboxes import every as all_of

    with served.writing(context, "Nothing was resumed.") as conn:
        if every == bool(mailboxes):
            raise click.UsageError("Name the mailboxes, or type --all.")
        resting = (MailboxState.PAUSED, MailboxState.SUSPENDED)
        found = all_of(conn) if every else [get(conn, each) for each in mailboxes]
        rows = [row for row in found if not every or row.state in resting]
        for row in rows:
            resume(conn, row, context.clock())
    if every and not rows:
        output.tell("No mailbox is paused or suspended.")
    elif every and len(rows) > 1:
        output.tell(f"{len(rows)} mailboxes go on. Sync them now with: syncd sync")
        return
    for row in rows:
        output.tell(f"{row.address} goes on. Sync it now with: syncd sync {row.address}")
