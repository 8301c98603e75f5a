"""`syncd pause`: leave mailboxes alone."""

from __future__ import annotations

from collections.abc import Sequence

import click

from syncd.cli import output
from syncd.cli.context import Context, pass_context


@click.command(name="pause", short_help="Leave a mailbox alone until it is resumed.")
@click.argument("mailboxes", nargs=-1, required=True, metavar="MAILBOX...")
@pass_context
def command(context: Context, mailboxes: Sequence[str]) -> None:
    """Leave mailboxes alone until they are resumed. A run that is under way ends first."""
    from syncd.cli import mailboxes as served
    from syncd.sync import rollout
    from syncd.sync.mailboxes import get

    with served.writing(context, "Nothing was paused.") as conn:
        rows = [get(conn, each) for each in mailboxes]
        for row in rows:
            rollout.pause(conn, row)
    for row in rows:
        output.tell(f"{row.address} is paused. Go on with: syncd resume {row.address}")
