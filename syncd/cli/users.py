"""`syncd users`: whose mailboxes are served, and under which policy."""

from __future__ import annotations

from pathlib import Path

import click

from syncd.cli.context import Context, pass_context
from syncd.cli.errors import Problem


@click.group(name="users", short_help="Show and add the users whose mailboxes are served.")
def command() -> None:
    """Whose mailboxes are served, and under which policy.

    One user has one mailbox, and one policy.
    """


@command.command()
@click.argument("address")
@click.option("--policy", required=True, help="The policy of the configuration that applies.")
@click.option("--name", help="The user's name.")
@click.option("--username", help="Who signs in to this mailbox, if not the server's account.")
@click.option(
    "--password-file",
    type=click.Path(path_type=Path),
    help="The file with this mailbox's own password, as its only line.",
)
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
    if password_file is not None and not password_file.is_file():
        raise Problem(
            f"There is no file {password_file}.",
            undone,
            f"Write the password into it, as its only line; then: chmod 600 {password_file}",
        )
    with crm_store.explained(undone), mailboxes.writing(context, undone) as conn:
        user = users.get(conn, address) or users.add(conn, address, name)
        served.installation(conn)
        row = served.add(
            conn,
            user.address,
            user.id,
            policy,
            context.clock(),
            username=username,
            password_file=str(password_file.absolute()) if password_file else None,
        )
    click.echo(f"{row.address} is served under the policy {policy}.")
    click.echo(f"See what its first sync would do: syncd onboard {row.address}")


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
    from syncd.cli import mailboxes, output
    from syncd.crm import users
    from syncd.sync import mailboxes as served

    with mailboxes.reading(context) as conn:
        rows = {row.user_id: row for row in served.every(conn)}
        found = users.every(conn)
    told = [
        {
            "address": user.address,
            "name": user.name,
            "policy": rows[user.id].policy if user.id in rows else None,
            "state": rows[user.id].state.value if user.id in rows else None,
        }
        for user in found
    ]
    if as_json:
        output.emit_json(told)
    elif not told:
        click.echo("There are no users yet. Add one: syncd users add ADDRESS --policy NAME")
    else:
        cells = [[u["address"], u["name"], u["policy"] or "–", u["state"] or "–"] for u in told]
        output.table("Users", ["Address", "Name", "Policy", "Mailbox"], cells)
