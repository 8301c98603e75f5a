"""`syncd users change`: another policy, another sign-in, another address."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from syncd.cli import output
from syncd.cli.context import Context, pass_context
from syncd.cli.users import sign_in

if TYPE_CHECKING:
    from syncd.sync.mailboxes import MailboxRow


@click.command()
@click.argument("address")
@click.option("--policy", help="The policy that applies from now on.")
@click.option("--username", help="Who signs in to this mailbox from now on.")
@sign_in.password_file_option
@click.option("--server-account", is_flag=True, help="The server's account signs in.")
@click.option("--address", "renamed", help="The mailbox has this address from now on.")
@pass_context
def change(
    context: Context,
    address: str,
    policy: str | None,
    username: str | None,
    password_file: Path | None,
    renamed: str | None,
    *,
    server_account: bool,
) -> None:
    """Change under which policy the mailbox ADDRESS is served, or who signs in to it.

    What a new policy changes is shown by `syncd plan` before the next sync does it. With --address
    it is the same mailbox, renamed: what is in step stays so, and the new address is to be tested
    and approved before the next sync.
    """
    from syncd.cli import crm_store, mailboxes
    from syncd.sync import mailboxes as served
    from syncd.sync import rollout

    undone = f"{address} was left as it was."
    if server_account and (username or password_file):
        raise click.UsageError("--server-account goes without --username and --password-file.")
    changes: dict[str, str | None] = {}
    if server_account:
        changes |= {"username": None, "password_file": None}
    if username:
        changes["username"] = username
    if password_file:
        changes["password_file"] = sign_in.found(password_file, undone)
    if policy:
        sign_in.known_policy(context, policy, undone)
        changes["policy"] = policy
    if not changes and not renamed:
        raise click.UsageError("Nothing to change. See: syncd users change --help")
    with crm_store.explained(undone), mailboxes.writing(context, undone) as conn:
        row = served.get(conn, address)
        if policy:
            sign_in.same_server(context, row, policy, undone)
        wanted = policy or row.policy
        _check_sign_in(context, row, wanted, changes, undone)
        if changes:
            served.change(conn, row.id, changes)
        if renamed:
            rollout.readdress(conn, row, renamed)
            row = served.get(conn, renamed)
    if (policy or renamed) and sign_in.by_its_user(context, wanted):
        output.tell(f"Its user has to sign in once: syncd login {row.address}")
    _tell_what_is_next(row)


def _check_sign_in(
    context: Context,
    row: MailboxRow,
    policy: str,
    changes: Mapping[str, str | None],
    undone: str,
) -> None:
    """Raises Problem where nobody could sign in under the policy, with what is changed."""
    asked = bool(changes.keys() & {"username", "password_file"})
    if not asked and "policy" not in changes:
        return
    sign_in.known_policy(context, policy, undone)
    # What it has of a server on premises is kept, in case that it comes back to it.
    if asked or sign_in.takes_password(context, policy):
        username = changes.get("username", row.username)
        own = changes.get("password_file", row.password_file)
        sign_in.complete(context, policy, username, own, undone)


def _tell_what_is_next(row: MailboxRow) -> None:
    from syncd.sync import mailboxes as served

    if row.state in served.UNAPPROVED:
        output.tell(f"{row.address} was changed, and is to be approved before it is synced.")
        output.tell(f"Go on with: syncd users test {row.address}")
        return
    asleep = row.state in (served.MailboxState.PAUSED, served.MailboxState.SUSPENDED)
    todo = "Let it go on" if asleep else "See what a sync would do now"
    output.tell(
        f"{row.address} was changed. {todo}: syncd {'resume' if asleep else 'plan'} {row.address}"
    )
