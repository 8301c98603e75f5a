"""How much may be asked of one mailbox: Graph's limits, kept before they are met.

An application may have four requests at once in a mailbox, and 10,000 in ten minutes; each part of
a batch counts ("Outlook service limits"). What would go beyond is refused here, unsent, as Graph
would refuse it: nobody sleeps. One gate a mailbox, for all threads of the process.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from syncd.outlook.errors import MailboxError, Scope, Sort

AT_ONCE = 4
LIMIT = 10_000
WINDOW = 600.0  # seconds
_SOON = 1.0  # seconds until another request has probably ended


class Gate:
    """The gate of one mailbox. `clock` is monotonic, in seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._sent: deque[tuple[float, int]] = deque()
        self._used = 0
        self._open = 0
        self._until = 0.0

    @property
    def share(self) -> float:
        """How much of what may be asked in ten minutes is used: 0 to 1."""
        with self._lock:
            self._forget(self._clock())
            return self._used / LIMIT

    def hold(self, seconds: float) -> None:
        """Let nothing through for so long: the server asked for it."""
        with self._lock:
            self._until = max(self._until, self._clock() + seconds)

    @contextmanager
    def passing(self, weight: int) -> Iterator[None]:
        """Let a request of so many parts through. Raises MailboxError when it may not be sent."""
        self._enter(weight)
        try:
            yield
        finally:
            with self._lock:
                self._open -= 1

    def _enter(self, weight: int) -> None:
        with self._lock:
            now = self._clock()
            self._forget(now)
            if now < self._until:
                raise _closed("paused", "Graph asked for a pause", self._until - now)
            if self._open >= AT_ONCE:
                raise _closed("busy", f"{AT_ONCE} requests are under way", _SOON)
            if self._used + weight > LIMIT:
                says = f"{LIMIT:,} requests in ten minutes are all that Graph allows"
                raise _closed("used-up", says, self._room_for(weight, now))
            self._open += 1
            self._used += weight
            self._sent.append((now, weight))

    def _forget(self, now: float) -> None:
        while self._sent and self._sent[0][0] <= now - WINDOW:
            self._used -= self._sent.popleft()[1]

    def _room_for(self, weight: int, now: float) -> float:
        """How long until there is room for so many."""
        over = self._used + weight - LIMIT
        for when, count in self._sent:
            over -= count
            if over <= 0:
                return when + WINDOW - now
        return WINDOW


def _closed(code: str, why: str, pause: float) -> MailboxError:
    says = f"{why} in this mailbox; nothing was sent, and it goes on after a pause"
    return MailboxError(Sort.THROTTLED, Scope.MAILBOX, code, says, pause)


_GATES: dict[tuple[str, str], Gate] = {}
_REGISTRY = threading.Lock()


def gate_of(server: str, address: str) -> Gate:
    """The one gate of a mailbox at a server."""
    with _REGISTRY:
        return _GATES.setdefault((server.lower(), address.lower()), Gate())
