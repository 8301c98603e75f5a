"""The server's clock: whole seconds, UTC, and never backwards unless someone sets it."""

import time
from datetime import UTC, datetime


class Clock:
    """Wall clock plus an offset that tests and the control endpoint move."""

    def __init__(self, offset: float = 0.0) -> None:
        self._offset = offset
        self._last = 0
        self._written = (0, "")
        self.lead = 0  # seconds by which it is wrong, for as long as one request takes

    @property
    def offset(self) -> float:
        """Seconds between this clock and the machine's."""
        return self._offset

    def advance(self, seconds: float) -> None:
        """Move the clock by `seconds`; a negative number is the only way it ever goes back."""
        self._offset += seconds
        self._last = int(time.time() + self._offset)

    def seconds(self) -> int:
        """Return seconds since 1970, never less than before, whatever the machine's clock does."""
        self._last = max(self._last, int(time.time() + self._offset))
        return self._last + self.lead

    def now(self) -> str:
        """The time as EWS writes it: `2026-11-23T09:30:00Z`."""
        seconds = self.seconds()
        if self._written[0] != seconds:
            when = datetime.fromtimestamp(seconds, UTC)
            self._written = (seconds, when.strftime("%Y-%m-%dT%H:%M:%SZ"))
        return self._written[1]
