"""`syncd users remove`: forget mailboxes that are not served any more."""

from __future__ import annotations

import click

from syncd.cli import output
from syncd.cli.context import Context, pass_context
from syncd.cli.errors import Problem
from syncd.cli.users import sign_in


@click.command()
@click.argument("mailbox")
@click.option("--forget", is_flag=True, help="Also what was done there: it cannot be read again.")
@click.option(
    "--leave-marks",
    is_flag=True,
    help="Although items are in step: the mailbox is gone, or may keep the marks of syncd.",
)
@pass_context
def remove(context: Context, mailbox: str, *, forget: bool, leave_marks: bool) -> None:
    """Serve MAILBOX no more, and forget what is known of its items.

    Nothing in Outlook or the CRM is touched. What was done there, and the values that were
    replaced, can still be read (syncd runs) unless they are to be forgotten, too. Refused while
    items are in step: `syncd offboard` takes the marks out of them first.
    """
    from syncd.cli import mailboxes as served
    from syncd.sync import mailboxes as known
    from syncd.sync import rollout

    undone = f"{mailbox} was left as it is."
    with served.writing(context, undone) as conn:
        row = known.find(conn, mailbox)
        if row is None or (row.state is known.MailboxState.REMOVED and not forget):
            row = known.get(conn, mailbox)  # says what to type
        items = rollout.in_step(conn, row.id)
        if items and not leave_marks:
            raise Problem(
                f"{items} items of {row.address} are in step, and carry a mark of syncd.",
                undone,
                f"Take the marks away first: syncd offboard {row.address} --keep (or --remove). "
                "If the mailbox is gone: --leave-marks",
            )
        if forget:
            rollout.forget(conn, row)
        else:
            rollout.remove(conn, row)
    if forget:
        output.tell(f"{row.address} is removed, and nothing of it is known any more.")
    else:
        output.tell(f"{row.address} is removed. What was done there: syncd runs list {row.address}")
    if sign_in.by_its_user(context, row.policy):
        output.tell(f"If its user signed in, forget that, too: syncd login {row.address} --remove")
    if items:
        output.tell("The marks of syncd are still on its items.")
