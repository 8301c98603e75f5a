"""What was asked of the server: counts by operation and the last requests."""

from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass

_KEPT = 500


@dataclass(frozen=True, slots=True)
class Seen:
    """One request; `status` is 0 when it was never answered."""

    operation: str
    account: str
    mailboxes: tuple[str, ...]
    status: int
    bytes_in: int
    bytes_out: int
    milliseconds: float
    at: str


class Requests:
    """Counts and the last requests, without the 401 that only ask for credentials.

    `parts` counts what is inside of batches, which are one request each.
    """

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.parts: Counter[str] = Counter()
        self._last: deque[Seen] = deque(maxlen=_KEPT)

    def add(self, seen: Seen) -> None:
        """Count a request."""
        self.counts[seen.operation] += 1
        self._last.append(seen)

    def reset(self) -> None:
        """Start again from zero."""
        self.counts.clear()
        self.parts.clear()
        self._last.clear()

    @property
    def total(self) -> int:
        """All requests since the last reset."""
        return self.counts.total()

    def __getitem__(self, operation: str) -> int:
        return self.counts[operation]

    def __iter__(self) -> Iterator[Seen]:
        return iter(list(self._last))

    def __len__(self) -> int:
        return len(self._last)
