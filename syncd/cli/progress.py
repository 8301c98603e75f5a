"""A bar for long work, on a terminal only."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

LONG_WORK = 200  # steps; below that a bar would only flash

Show = Callable[[str, int, int], None]  # what is done, how much of it, of how much in all


def _nothing(what: str, done: int, total: int) -> None:
    del what, done, total


@contextmanager
def bar() -> Iterator[Show]:
    """What to tell of progress; every sort of work has a bar of its own."""
    if not sys.stderr.isatty():
        yield _nothing
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bars:
        tasks = {}

        def show(what: str, done: int, total: int) -> None:
            if total < LONG_WORK:
                return
            if what not in tasks:
                tasks[what] = bars.add_task(what, total=total)
            bars.update(tasks[what], completed=done, total=total)

        yield show
