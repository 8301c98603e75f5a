"""How the checks reach what the rest of syncd reaches: by its own ways, and no others."""

from __future__ import annotations

from datetime import UTC, datetime

from syncd.outlook.authentication.clouds import ENDPOINTS, Cloud
from syncd.outlook.authentication.source import TokenSource
from syncd.outlook.port import Mailbox
from syncd.settings.configuration import Configuration
from syncd.settings.server import Auth, Backend, Server
from syncd.sync.connect import Connector
from syncd.sync.doctor.wire import Address
from syncd.sync.mailboxes import MailboxRow, MailboxState


def addresses(section: Server) -> tuple[Address, ...]:
    """Where a server is asked, and where it is signed in to; the server itself first.

    A managed identity is signed in to at the machine itself, which has no certificate to look at.
    None, where autodiscover is to find the server by the domain of each mailbox.
    """
    cloud = ENDPOINTS[Cloud(section.cloud.value)]
    if section.by_password:
        written = {"endpoint": section.endpoint, "autodiscover": section.autodiscover}
        return tuple(Address(key, url) for key, url in written.items() if url)
    online = cloud.graph if is_graph(section) else cloud.ews
    found = [Address("endpoint" if section.endpoint else "cloud", section.endpoint or online)]
    if section.auth is not Auth.MANAGED_IDENTITY:
        key = "authority" if section.authority else "cloud"
        authority = Address(key, section.authority or cloud.authority)
        if (authority.host, authority.port) != (found[0].host, found[0].port):
            found.append(authority)
    return tuple(found)


def tokens(configuration: Configuration, section: Server, address: str) -> TokenSource:
    """Where the tokens of a server come from. Raises SecretMissing. Nothing is sent yet."""
    return Connector(configuration).tokens(section, address)


def open_here(configuration: Configuration, server: str, row: MailboxRow) -> Mailbox:
    """A mailbox, opened on this server. Raises Misconfigured, MailboxError. Nothing is sent yet."""
    return Connector(configuration).open_on(server, row)


def is_own(row: MailboxRow) -> bool:
    """Whether a mailbox has a sign-in of its own."""
    return row.username is not None or row.password_file is not None


def is_of_user(section: Server) -> bool:
    """Whether users sign in by themselves, and no application."""
    return section.auth is Auth.DEVICE_CODE


def each_signs_in(section: Server) -> bool:
    """Whether a server has no sign-in of its own, and each mailbox has one."""
    return is_of_user(section) or (section.by_password and section.username is None)


def is_graph(section: Server) -> bool:
    """Whether a server is asked over Graph."""
    return section.backend is Backend.GRAPH


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
