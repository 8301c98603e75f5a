"""What the daemon asks of the sync."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Protocol


class SyncService(Protocol):
    """Knows which mailboxes are due, and runs one."""

    def due(self, limit: int) -> Sequence[str]:
        """The addresses of at most `limit` mailboxes that are due and not being run."""
        ...

    def begin(self) -> None:
        """Look at what has changed while nothing ran, before anything does."""
        ...

    def run(self, address: str, *, cause: str, stop: threading.Event, run_id: str) -> object:
        """Run one cycle of a mailbox, and set when it is due next. Returns when it is over.

        Contains its own failures. Once `stop` is set it finishes the batch at hand and returns.
        """
        ...

    def audits_due(self, limit: int) -> Sequence[str]:
        """As `due`, for the audit: at most `limit`, none of them due to be synced itself."""
        ...

    def audit(self, address: str, *, stop: threading.Event, run_id: str) -> object:
        """Look again at some of a mailbox, and set when it is audited next. As `run` ends."""
        ...

    def tidy(self) -> None:
        """Clean up behind past runs. Slow enough to be asked for only once a day."""
        ...
