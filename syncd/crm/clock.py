"""What time it is, for those who share a store: on a server all of them go by its clock."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, select

from syncd.crm.database import beside_others, utcnow


@dataclass
class StoreClock:
    """The time by the store. Of a file it is this machine's: nobody else has it.

    Leases end by it: machines whose clocks differ would take a mailbox from each other.
    """

    _ahead: timedelta = field(default=timedelta(), init=False)

    def __call__(self) -> datetime:
        """What time it is, by what was last asked."""
        return utcnow() + self._ahead

    def ask(self, conn: Connection) -> None:
        """Ask the store, which takes a look of its own and stays good for as long as clocks do."""
        if not beside_others(conn):
            return
        before = utcnow()
        theirs: datetime = conn.execute(select(func.clock_timestamp())).scalar_one()
        self._ahead = theirs - (before + (utcnow() - before) / 2)
