"""`syncd users approve`: let tested mailboxes be synced."""

from __future__ import annotations

from collections.abc import Sequence

import click

from syncd.cli import output
from syncd.cli.context import Context, pass_context


@click.command()
@click.argument("mailboxes", nargs=-1, required=True, metavar="MAILBOX...")
@click.option("--untested", is_flag=True, help="Also what was never tested.")
@click.option(
    "--take-over", is_flag=True, help="Also where another installation of syncd has marked items."
)
@pass_context
def approve(context: Context, mailboxes: Sequence[str], *, untested: bool, take_over: bool) -> None:
    """Let tested mailboxes be synced. All of those that are named, or none.

    Items that another installation has marked stay as they are, and out of the sync.
    """
    from syncd.cli import mailboxes as served
    from syncd.sync import mailboxes as known
    from syncd.sync import rollout

    with served.writing(context, "Nothing was approved.") as conn:
        rows = [known.get(conn, each) for each in mailboxes]
        fresh = {
            row.address: rollout.approve(
                conn, row, context.clock(), untested=untested, take_over=take_over
            )
            for row in rows
        }
    for row in rows:
        if fresh[row.address]:
            output.tell(f"{row.address} is approved.")
            output.tell(f"See what its first sync would do: syncd onboard {row.address}")
        else:
            output.tell(f"{row.address} was approved already.")
