"""Known-bad engines: each is syncd with one thing patched, that some sync engine really does.

What is planted into the shell is in `safety.py` and `rules.py`; bugs of the planner are in
`simulation/test_planner.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

Patch = pytest.MonkeyPatch
Plant = Callable[[Patch], None]


@dataclass(frozen=True)
class Bug:
    """What is wrong, how it is planted, and the stories of which one must notice.

    `torn`: they are cut off at each moment, too.
    """

    plant: Plant
    stories: tuple[str, ...]
    torn: bool = False


BUGS: dict[str, Bug] = {}


def bug(*stories: str, torn: bool = False) -> Callable[[Plant], Plant]:
    """Enter a bug into the table, under the first line of what is said of it."""

    def enter(plant: Plant) -> Plant:
        name = (plant.__doc__ or "").splitlines()[0].rstrip(".")
        BUGS[name] = Bug(plant, stories, torn)
        return plant

    return enter


@contextmanager
def planted(plant: Plant) -> Iterator[None]:
    """Meanwhile the engine has a bug."""
    with pytest.MonkeyPatch.context() as patch:
        plant(patch)
        yield
