"""`syncd approve`: let go what was held."""

from __future__ import annotations

import click

from syncd.cli import output
from syncd.cli.context import Context, pass_context


@click.command(name="approve", short_help="Let go what was held.")
@click.argument("mailbox")
@pass_context
def command(context: Context, mailbox: str) -> None:
    """Let go exactly what is held in MAILBOX now; its next sync carries it out.

    A contact that changes until then is not what was approved, and is looked at anew.
    """
    from syncd.cli import mailboxes
    from syncd.sync import guard
    from syncd.sync.mailboxes import get, make_due

    with mailboxes.writing(context, "Nothing was approved.") as conn:
        row = get(conn, mailbox)
        count = guard.approve(conn, row.id, context.clock())
        make_due(conn, [row.id], context.clock())
    if count:
        output.tell(f"Approved: {count}. Carry it out now with: syncd sync {row.address}")
    else:
        output.tell(f"Nothing is held in {row.address}.")
