"""The limit of requests in ten minutes that a mailbox has, for each application."""

from collections import defaultdict, deque

from syncd.sandbox.clock import Clock
from syncd.sandbox.graph.errors import GraphError

_WINDOW = 600


class Limit:
    """Counts by the sandbox's clock; `most` of None is no limit. What is refused is not counted."""

    def __init__(self, most: int | None, clock: Clock) -> None:
        self._most = most
        self._clock = clock
        self._seen: defaultdict[str, deque[int]] = defaultdict(deque)

    def count(self, address: str) -> None:
        """Count a request.

        Raises:
            GraphError: it is one too many.

        """
        if self._most is None:
            return
        seen, now = self._seen[address.lower()], self._clock.seconds()
        while seen and seen[0] <= now - _WINDOW:
            seen.popleft()
        if len(seen) >= self._most:
            wait = str(seen[0] + _WINDOW - now)
            raise GraphError("ApplicationThrottled", "", (("Retry-After", wait),))
        seen.append(now)
