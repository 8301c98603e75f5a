"""Listing a folder anew, page by page, with nothing stored."""

from __future__ import annotations

from collections.abc import Iterator

from syncd.model.kinds import Kind
from syncd.outlook.port import Head, Mailbox


def heads(port: Mailbox, kind: Kind, folder_id: str) -> Iterator[Head]:
    """The heads of everything in a folder. Raises MailboxError when it cannot be read (P5)."""
    cursor, last = None, False
    while not last:
        page = port.changes(kind, folder_id, cursor)
        yield from page.seen
        cursor, last = page.cursor, page.last
