"""What the policy and the sign-in of a mailbox must be, before it is added or changed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from syncd.cli import output
from syncd.cli.context import Context
from syncd.cli.errors import Problem

if TYPE_CHECKING:
    from syncd.settings.server import Server
    from syncd.sync.mailboxes import MailboxRow

password_file_option = click.option(
    "--password-file",
    type=click.Path(path_type=Path),
    help="The file with this mailbox's own password, as its only line.",
)


def found(password_file: Path | None, undone: str) -> str | None:
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


def complete(
    context: Context, policy: str, username: str | None, password_file: str | None, undone: str
) -> None:
    """A name without its password would sign in with that of the server's account.

    Where an application of Microsoft Entra signs in, there is neither.
    """
    servers = [each for _, each in servers_of(context, policy) if each.by_password]
    given = username is not None or password_file is not None
    if given and not servers:
        raise Problem(
            f"The policy {policy} is for Microsoft Entra, which takes no password from syncd.",
            undone,
            "Leave out --username and --password-file.",
        )
    theirs = all(
        each.password_file is not None or each.password_env is not None for each in servers
    )
    if password_file is None and (username is not None or not theirs):
        raise Problem(
            "The mailbox needs a password of its own."
            if username
            else f"A server of the policy {policy} has no account that signs in for all.",
            undone,
            "Name who signs in, and the file with the password: --username U --password-file F",
        )


def servers_of(context: Context, policy: str) -> list[tuple[str, Server]]:
    """The servers that a mailbox under a policy may be on, with their names; of no policy none."""
    configuration = context.configuration
    known = configuration.policies.get(policy)
    named = known.servers if known is not None else ()
    return [(each, configuration.servers[each]) for each in named]


def takes_password(context: Context, policy: str) -> bool:
    """Whether one of the servers under a policy is signed in to with a password."""
    return any(each.by_password for _, each in servers_of(context, policy))


def by_its_user(context: Context, policy: str) -> bool:
    """Whether the user of a mailbox under a policy has to sign in."""
    return any(each.auth.value == "device-code" for _, each in servers_of(context, policy))


def same_server(context: Context, row: MailboxRow, new: str, undone: str) -> None:
    """On another server of the same protocol nothing that is known of the mailbox's items holds.

    On one of another protocol what is known goes on under the ids that the items have there.
    """
    configuration = context.configuration
    if row.policy not in configuration.policies:
        return
    before, after = (configuration.policies[each].servers for each in (row.policy, new))
    now = (row.server,) if row.server in before else before
    spoken = {configuration.servers[each].backend.value for each in now}
    if not set(now) & set(after) and spoken == {
        configuration.servers[each].backend.value for each in after
    }:
        raise Problem(
            f"The policy {new} is for the server {', '.join(after)}; "
            f"the mailbox is on {', '.join(now)}.",
            undone,
            f"Name a policy of the server {', '.join(now)}.",
        )


def known_policy(context: Context, policy: str, undone: str) -> None:
    """Raises Problem where the configuration has no such policy."""
    import difflib

    known = context.configuration.policies
    if policy in known:
        return
    near = difflib.get_close_matches(policy, known, n=1)
    hint = f"Did you mean {near[0]!r}?" if near else f"There are: {', '.join(sorted(known))}."
    raise Problem(f"The configuration has no policy {policy!r}.", undone, hint)
