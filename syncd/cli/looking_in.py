"""Looking into a mailbox while a command is typed: read, shown, and not kept."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from syncd.cli.context import Context
from syncd.cli.errors import Exit, Problem

if TYPE_CHECKING:
    from syncd.outlook.port import Mailbox


@contextmanager
def looking(context: Context, address: str, undone: str) -> Iterator[Mailbox]:
    """A mailbox, opened to be read. Raises Problem on what keeps it from being read."""
    from syncd.cli import mailboxes

    service = mailboxes.service(context)
    with (
        mailboxes.explained(undone),
        explained(address, undone),
        service.looking(address) as (_, port),
    ):
        yield port


@contextmanager
def explained(address: str, undone: str) -> Iterator[None]:
    """What a server refuses, as a Problem."""
    from syncd.outlook.errors import MailboxError, Scope

    try:
        yield
    except MailboxError as error:
        away = error.scope is Scope.SERVER
        raise Problem(
            f"{address} cannot be read now: {error}.",
            undone,
            "Type it again once the server answers." if away
            else f"See how the mailbox stands: syncd status {address}",
            Exit.UNREACHABLE if away else Exit.FAILED,
        ) from error  # fmt: skip
