"""What a transaction is begun as, for the databases that begin it."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

BUSY_SECONDS = 30  # how long a writer waits for the one before it
BEGUN = "syncd_begun"  # the execution option that says what a transaction is begun as


@dataclass(frozen=True, slots=True)
class Begun:
    """A reader or a writer.

    `durable`: on disk before its commit returns. `alone`: the only writer from its first moment to
    its commit; on SQLite each one is.
    """

    writes: bool
    durable: bool = False
    alone: bool = False


def begun_as(conn: Connection) -> Begun:
    """What the transaction of a connection is begun as: a writer, unless it says otherwise."""
    begun: Begun = conn.get_execution_options().get(BEGUN, Begun(writes=True))
    return begun
