"""`syncd users consent`: a user agrees that their mailbox is read, or does not any more."""

from __future__ import annotations

import click

from syncd.cli import output
from syncd.cli.context import Context, pass_context


@click.command()
@click.argument("mailbox")
@click.option("--withdraw", is_flag=True, help="The user does not agree any more.")
@pass_context
def consent(context: Context, mailbox: str, *, withdraw: bool) -> None:
    """Write down that the user of MAILBOX agrees to its being read.

    Under a policy with consent = "user" nothing of it is read before. With --withdraw nothing is
    read any more, from this moment on.
    """
    from syncd.cli import mailboxes as served
    from syncd.model.policy import Consent
    from syncd.sync import mailboxes as known
    from syncd.sync import rollout

    undone = "Nothing was written down."
    with served.writing(context, undone) as conn:
        row = known.get(conn, mailbox)
        if withdraw:
            rollout.withdraw_consent(conn, row)
        else:
            rollout.consent(conn, row, context.clock())
        row = known.get(conn, mailbox)
    policy = context.configuration.policies.get(row.policy)
    asked = policy is not None and policy.consent is Consent.USER
    if not asked:
        output.tell(
            f"The policy {row.policy} does not ask for it: whether {row.address} is read is for "
            'the admin to say. It does with consent = "user".',
            err=True,
        )
    if not withdraw:
        output.tell(f"The user of {row.address} agrees that it is read.")
        if row.state in known.UNAPPROVED:
            verb = "test" if row.state is known.MailboxState.ADDED else "approve"
            output.tell(f"Go on with: syncd users {verb} {row.address}")
        return
    output.tell(f"The user of {row.address} does not agree any more.")
    if asked:
        output.tell("Nothing of it is read from now on, and nothing written.")
        output.tell(
            "What syncd put there, and its marks, stay until somebody takes them away: "
            f"syncd offboard {row.address} --keep"
        )
    else:
        output.tell(f"Leave it alone: syncd pause {row.address}")
