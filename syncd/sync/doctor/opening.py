"""How the checks reach what the rest of syncd reaches: by its own ways, and no others."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from syncd.outlook.authentication.source import TokenSource
from syncd.outlook.port import Mailbox
from syncd.settings.configuration import Configuration, Server
from syncd.settings.policies import MailboxPolicy
from syncd.sync.connect import Connector
from syncd.sync.doctor.wire import Address
from syncd.sync.mailboxes import MailboxRow, MailboxState


def addresses(section: Server) -> tuple[Address, ...]:
    """Where a server is asked, and where it is signed in to; the server itself first."""
    return (Address("endpoint", section.endpoint),)


def servers_of(policy: MailboxPolicy) -> tuple[str, ...]:
    """The servers that a policy names."""
    return (policy.server,)


def tokens(configuration: Configuration, server: str) -> TokenSource | None:
    """Where the tokens of a server come from; `None` where it takes a password."""
    del configuration, server
    return None


def open_here(
    configuration: Configuration, server: str, row: MailboxRow, policy: MailboxPolicy | None
) -> Mailbox:
    """A mailbox, opened on this server. Raises Misconfigured, MailboxError. Nothing is sent yet."""
    here = replace(policy, server=server) if policy is not None else _nobodys(server)
    return Connector(configuration)(row, here)


def stranger(address: str, policy: str) -> MailboxRow:
    """A mailbox that the store does not know, as if it did."""
    return MailboxRow(
        id=0,
        address=address,
        user_id="",
        policy=policy,
        username=None,
        password_file=None,
        state=MailboxState.ADDED,
        trouble=None,
        due=datetime.now(UTC),
        failures=0,
        last_success=None,
        lease_until=None,
    )


def _nobodys(server: str) -> MailboxPolicy:
    """A policy that names nothing but a server, for mailboxes that no policy is for."""
    from datetime import timedelta

    return MailboxPolicy("", server, timedelta(minutes=5), {})
