"""Which mailboxes go with one sign-in: what refuses it to one of them refuses it to all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, or_, update

from syncd.outlook.errors import MailboxError, Scope, Sort
from syncd.settings.configuration import Configuration
from syncd.settings.server import Auth, Server
from syncd.sync.mailboxes import SERVED, MailboxRow, MailboxState
from syncd.sync.tables import mailbox as table

# What makes two servers be signed in to by the same application of Microsoft Entra.
_SAME = (
    "auth", "cloud", "authority", "tenant", "client_id", "certificate_file", "client_secret_file",
    "client_secret_env", "federated_token_file",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Account:
    """Who signs in to these servers. With a password, mailboxes may have one of their own."""

    servers: frozenset[str]
    by_password: bool = True
    of_user: bool = False  # each user signs in by themselves

    def is_shared_by(self, row: MailboxRow) -> bool:
        """Whether it signs in for this mailbox and for others."""
        own = row.username is not None or row.password_file is not None
        return not self.of_user and not (self.by_password and own)


def account_on(configuration: Configuration | None, name: str) -> Account:
    """Who signs in to the server of this name."""
    servers = configuration.servers if configuration is not None else {}
    server = servers.get(name)
    if server is None or server.by_password:
        return Account(frozenset({name}))
    if server.auth is Auth.DEVICE_CODE:
        return Account(frozenset({name}), by_password=False, of_user=True)
    same = (each for each, other in servers.items() if _identity(other) == _identity(server))
    return Account(frozenset(same), by_password=False)


def _identity(server: Server) -> Sequence[object]:
    return [getattr(server, key) for key in _SAME]


def suspend(
    conn: Connection,
    account: Account,
    policies: Mapping[str, Sequence[str]],
    trouble: str,
    probe_of: str | None,
) -> None:
    """Suspend all served mailboxes that an account signs in to, or may do so next.

    `policies` are the names of the servers of each; `probe_of` is whose sign-in is tried again.
    """
    for policy, servers in policies.items():
        elsewhere = [each for each in servers if each not in account.servers]
        if len(elsewhere) == len(servers):
            continue
        theirs = [table.c.policy == policy]
        theirs.append(or_(table.c.server.is_(None), table.c.server.not_in(elsewhere)))
        if account.by_password:
            theirs += [table.c.username.is_(None), table.c.password_file.is_(None)]
        conn.execute(
            update(table)
            .where(*theirs, table.c.state.in_([each.value for each in SERVED]))
            .values(state=MailboxState.SUSPENDED.value, trouble=trouble, probe_of=probe_of)
        )


_NOT_LET_IN = frozenset(
    {"ErrorAccessDenied", "AccessDenied", "accessDenied", "Authorization_RequestDenied", "http-403"}
)


def in_words(account: Account, row: MailboxRow, error: MailboxError) -> MailboxError:
    """The error as it stands for who signs in there: no application is let in for one user."""
    denied = error.sort is Sort.DENIED and error.scope is Scope.MAILBOX
    if not account.of_user or not denied or error.code not in _NOT_LET_IN:
        return error
    says = (
        f"who signed in for {row.address} is not let into this mailbox; let its own user sign in: "
        f"syncd login {row.address}"
    )
    return MailboxError(error.sort, error.scope, error.code, says, error.retry_after)
