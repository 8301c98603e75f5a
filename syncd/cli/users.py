"""`syncd users`: whose mailboxes are served, and under which policy."""

from __future__ import annotations

from pathlib import Path

import click

from syncd.cli import output
from syncd.cli.context import Context, pass_context
from syncd.cli.errors import Problem


@click.group(name="users", short_help="Whose mailboxes are served: show, add, change.")
def command() -> None:
    """Whose mailboxes are served, and under which policy.

    One user has one mailbox, and one policy.
    """


_password_file = click.option(
    "--password-file",
    type=click.Path(path_type=Path),
    help="The file with this mailbox's own password, as its only line.",
)


@command.command()
@click.argument("address")
@click.option("--policy", required=True, help="The policy of the configuration that applies.")
@click.option("--name", help="The user's name.")
@click.option("--username", help="Who signs in to this mailbox, if not the server's account.")
@_password_file
@pass_context
def add(
    context: Context,
    address: str,
    policy: str,
    name: str | None,
    username: str | None,
    password_file: Path | None,
) -> None:
    """Serve the mailbox ADDRESS.

    A user that the CRM does not know yet is added to it.
    """
    from syncd.cli import crm_store, mailboxes
    from syncd.crm import users
    from syncd.sync import mailboxes as served

    undone = f"{address} was not added."
    _known_policy(context, policy, undone)
    own = _found(password_file, undone)
    _complete(context, policy, username, own, undone)
    with crm_store.explained(undone), mailboxes.writing(context, undone) as conn:
        user = users.get(conn, address) or users.add(conn, address, name)
        served.installation(conn)
        row = served.add(
            conn, user.address, user.id, policy, context.clock(),
            username=username, password_file=own,
        )  # fmt: skip
    output.tell(f"{row.address} is served under the policy {policy}.")
    output.tell(f"See what its first sync would do: syncd onboard {row.address}")


@command.command()
@click.argument("address")
@click.option("--policy", help="The policy that applies from now on, on the same server.")
@click.option("--username", help="Who signs in to this mailbox from now on.")
@_password_file
@click.option("--server-account", is_flag=True, help="The server's account signs in.")
@pass_context
def change(
    context: Context,
    address: str,
    policy: str | None,
    username: str | None,
    password_file: Path | None,
    *,
    server_account: bool,
) -> None:
    """Change under which policy the mailbox ADDRESS is served, or who signs in to it.

    What a new policy changes is shown by `syncd plan` before the next sync does it.
    """
    from syncd.cli import mailboxes
    from syncd.sync import mailboxes as served

    undone = f"{address} was left as it was."
    if server_account and (username or password_file):
        raise click.UsageError("--server-account goes without --username and --password-file.")
    changes: dict[str, str | None] = {}
    if server_account:
        changes |= {"username": None, "password_file": None}
    if username:
        changes["username"] = username
    if password_file:
        changes["password_file"] = _found(password_file, undone)
    if policy:
        _known_policy(context, policy, undone)
        changes["policy"] = policy
    if not changes:
        raise click.UsageError("Nothing to change. See: syncd users change --help")
    with mailboxes.writing(context, undone) as conn:
        row = served.get(conn, address)
        if policy:
            _same_server(context, row.policy, policy, undone)
        if changes.keys() & {"username", "password_file"}:
            now = {"username": row.username, "password_file": row.password_file, **changes}
            _known_policy(context, policy or row.policy, undone)
            own = (now["username"], now["password_file"])
            _complete(context, policy or row.policy, *own, undone)
        served.change(conn, row.id, changes)
    asleep = row.state in (served.MailboxState.PAUSED, served.MailboxState.SUSPENDED)
    todo = "Let it go on" if asleep else "See what a sync would do now"
    output.tell(
        f"{row.address} was changed. {todo}: syncd {'resume' if asleep else 'plan'} {row.address}"
    )


def _found(password_file: Path | None, undone: str) -> str | None:
    """The path of a password file, from wherever syncd is started. Raises Problem without one."""
    if password_file is None:
        return None
    if not password_file.is_file():
        raise Problem(
            f"There is no file {password_file}.",
            undone,
            f"Write the password into it, as its only line; then: chmod 600 {password_file}",
        )
    if password_file.stat().st_mode & 0o077:
        output.tell(
            f"Others than its owner may read {password_file}. Type: chmod 600 {password_file}",
            err=True,
        )
    return str(password_file.absolute())


def _complete(
    context: Context, policy: str, username: str | None, password_file: str | None, undone: str
) -> None:
    """A name without its password would sign in with that of the server's account."""
    configuration = context.configuration
    server = configuration.servers[configuration.policies[policy].server]
    theirs = server.password_file is not None or server.password_env is not None
    if password_file is None and (username is not None or not theirs):
        raise Problem(
            "The mailbox needs a password of its own."
            if username
            else f"The server of the policy {policy} has no account that signs in for all.",
            undone,
            "Name who signs in, and the file with the password: --username U --password-file F",
        )


def _same_server(context: Context, old: str, new: str, undone: str) -> None:
    """On another server none of what is known of the mailbox's items holds."""
    policies = context.configuration.policies
    if old in policies and policies[old].server != policies[new].server:
        raise Problem(
            f"The policy {new} is for the server {policies[new].server}; "
            f"the mailbox is on {policies[old].server}.",
            undone,
            f"Name a policy of the server {policies[old].server}.",
        )


def _known_policy(context: Context, policy: str, undone: str) -> None:
    import difflib

    known = context.configuration.policies
    if policy in known:
        return
    near = difflib.get_close_matches(policy, known, n=1)
    hint = f"Did you mean {near[0]!r}?" if near else f"There are: {', '.join(sorted(known))}."
    raise Problem(f"The configuration has no policy {policy!r}.", undone, hint)


@command.command(name="list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@pass_context
def list_users(context: Context, *, as_json: bool) -> None:
    """Show all users, and whether their mailboxes are served."""
    from syncd.cli import mailboxes
    from syncd.cli.status import in_words
    from syncd.crm import users
    from syncd.sync import mailboxes as served

    with mailboxes.reading(context) as conn:
        rows = {row.user_id: row for row in served.every(conn)}
        found = users.every(conn)
    served_as = [(user, rows.get(user.id)) for user in found]
    if as_json:
        output.emit_json(
            [
                {
                    "number": row.id if row else None,  # as the log names it
                    "address": user.address,
                    "name": user.name,
                    "policy": row.policy if row else None,
                    "state": row.state.value if row else None,
                }
                for user, row in served_as
            ]
        )
    elif not found:
        output.tell("There are no users yet. Add one: syncd users add ADDRESS --policy NAME")
    else:
        cells = [
            [row.id, user.address, user.name, row.policy, in_words(row.state)]
            if row
            else ["–", user.address, user.name, "–", "–"]
            for user, row in served_as
        ]
        output.table("Users", ["No.", "Address", "Name", "Policy", "State"], cells)
