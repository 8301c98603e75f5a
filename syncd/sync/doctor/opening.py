"""How the checks reach what the rest of syncd reaches: by its own ways, and no others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from syncd.outlook.authentication.source import TokenSource
from syncd.outlook.port import Mailbox
from syncd.settings.policies import MailboxPolicy
from syncd.settings.server import Auth, Backend, Server
from syncd.sync.connect import Connector
from syncd.sync.doctor.wire import Address
from syncd.sync.mailboxes import MailboxRow, MailboxState


def addresses(section: Server) -> tuple[Address, ...]:
    """Where a server is asked, and where it is signed in to; the server itself first."""
    return (Address("endpoint", section.endpoint or ""),)


def is_own(row: MailboxRow) -> bool:
    """Whether a mailbox has a sign-in of its own."""
    return row.username is not None or row.password_file is not None


def is_of_user(section: Server) -> bool:
    """Whether users sign in by themselves, and no application."""
    return section.auth is Auth.DEVICE_CODE


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
