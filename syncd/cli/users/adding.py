"""`syncd users add`: serve one more mailbox."""

from __future__ import annotations

from pathlib import Path

import click

from syncd.cli import output
from syncd.cli.context import Context, pass_context
from syncd.cli.users import sign_in


@click.command()
@click.argument("address")
@click.option("--policy", required=True, help="The policy of the configuration that applies.")
@click.option("--name", help="The user's name.")
@click.option("--username", help="Who signs in to this mailbox, if not the server's account.")
@sign_in.password_file_option
@click.option("--pending", is_flag=True, help="Do not sync it before it is tested and approved.")
@pass_context
def add(
    context: Context,
    address: str,
    policy: str,
    name: str | None,
    username: str | None,
    password_file: Path | None,
    *,
    pending: bool,
) -> None:
    """Serve the mailbox ADDRESS.

    A user that the CRM does not know yet is added to it. One that was removed comes back, with
    what was written down of it.
    """
    from syncd.cli import crm_store, mailboxes
    from syncd.crm import users
    from syncd.model.policy import Consent
    from syncd.sync import mailboxes as served
    from syncd.sync.mailboxes import MailboxState

    undone = f"{address} was not added."
    sign_in.known_policy(context, policy, undone)
    own = sign_in.found(password_file, undone)
    sign_in.complete(context, policy, username, own, undone)
    with crm_store.explained(undone), mailboxes.writing(context, undone) as conn:
        user = users.get(conn, address) or users.add(conn, address, name)
        served.installation(conn)
        row = served.add(
            conn, user.address, user.id, policy, context.clock(),
            username=username, password_file=own,
            state=MailboxState.ADDED if pending else MailboxState.APPROVED,
        )  # fmt: skip
    if sign_in.by_its_user(context, policy):
        output.tell(f"Its user has to sign in once: syncd login {row.address}")
    if context.configuration.policies[policy].consent is Consent.USER:
        output.tell(f"{row.address} is added. Nothing of it is read before its user agrees.")
        output.tell(f"When they do: syncd users consent {row.address}")
    elif pending:
        output.tell(f"{row.address} is added, and not synced before it is approved.")
        output.tell(f"Test it: syncd users test {row.address}")
    else:
        output.tell(f"{row.address} is served under the policy {policy}.")
        output.tell(f"See what its first sync would do: syncd onboard {row.address}")
