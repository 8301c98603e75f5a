"""An application signs in with a secret, and is told as Entra tells it why it may not."""

from collections.abc import Callable
from typing import Any

from syncd.sandbox.identity.registry import Resource
from syncd.sandbox.server import Sandbox


def test_secret(box: Sandbox, sign_in: Callable[..., Any]) -> None:
    """The application that is there from the start has all roles for all mailboxes."""
    found = sign_in(box.entra.default.client_id, box.password)
    caller = box.entra.examine(f"Bearer {found['access_token']}", Resource.GRAPH)
    assert caller.roles == {"Contacts.ReadWrite", "MailboxSettings.ReadWrite"}
