"""What a mailbox was found to be able to do: asked of its server once, and kept with it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from sqlalchemy import Engine

from syncd.crm import database
from syncd.model.kinds import Kind
from syncd.outlook.port import Mailbox
from syncd.sync import mailboxes
from syncd.sync.mailboxes import MailboxRow


def ensure_moves(
    engine: Engine, row: MailboxRow, port: Mailbox, kinds: Iterable[Kind]
) -> MailboxRow:
    """The mailbox with the answer to whether its items can be moved; asked where it is not known.

    Raises MailboxError when the server does not say: nothing is decided about a mailbox then.
    """
    if row.moves is not None:
        return row
    moves = all(port.can_move(kind) for kind in kinds)
    with database.write(engine) as conn:
        mailboxes.set_moves(conn, row.id, moves=moves)
    return replace(row, moves=moves)
