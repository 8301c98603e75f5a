"""CPU and wall time of something, and the best of several."""

from __future__ import annotations

import gc
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass
class Cost:
    """What something took, in seconds; `cpu` of this process alone."""

    cpu: float = 0.0
    wall: float = 0.0
    requests: int = 0

    def __add__(self, other: Cost) -> Cost:
        return Cost(self.cpu + other.cpu, self.wall + other.wall, self.requests + other.requests)


@contextmanager
def measured() -> Iterator[Cost]:
    """Measure what is done inside."""
    gc.collect()
    cost = Cost()
    cpu, wall = time.process_time(), time.perf_counter()
    yield cost
    cost.cpu, cost.wall = time.process_time() - cpu, time.perf_counter() - wall


def best(costs: Iterable[Cost]) -> Cost:
    """The least of each: whatever is more is the machine's noise."""
    seen = list(costs)
    return Cost(
        min(each.cpu for each in seen),
        min(each.wall for each in seen),
        min(each.requests for each in seen),
    )
