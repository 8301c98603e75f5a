"""Making a failing history short: steps are left out as long as it still fails in the same way."""

from __future__ import annotations

import re
import traceback
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from tests.simulation.history import History, Step
from tests.simulation.ledger import Violation
from tests.simulation.play import Play

MOST = 400  # plays

T = TypeVar("T")


def what_breaks(play: Play) -> str:
    """How a play ends: empty, the promise that it breaks, or what syncd raised (P10)."""
    try:
        play.run()
    except Violation as violation:
        return str(violation)
    except Exception as error:  # noqa: BLE001 - whatever it is, it breaks P10
        frame = traceback.extract_tb(error.__traceback__)[-1]
        return f"P10: {type(error).__name__}: {error} at {frame.filename}:{frame.lineno}"
    return ""


def shrunk(history: History) -> tuple[History, str]:
    """A short history that fails like this one, and how; itself when it does not fail."""
    why = what_breaks(Play(history))
    if not why:
        return history, ""
    sort, left = _sort(why), MOST

    def fails(steps: Sequence[Step]) -> bool:
        nonlocal left
        left -= 1
        return left > 0 and _sort(what_breaks(Play(replace(history, steps=tuple(steps))))) == sort

    steps = _least(history.steps, fails)
    for number, step in enumerate(steps):
        if step.moments:
            before, after = steps[:number], steps[number + 1 :]

            def fewer(moments: Sequence[Step], step: Step = step) -> bool:
                return fails([*before, replace(step, moments=tuple(moments)), *after])  # noqa: B023

            moments = () if fewer(()) else _least(step.moments, fewer)
            steps = [*before, replace(step, moments=tuple(moments)), *after]
    short = replace(history, steps=tuple(steps))
    return short, what_breaks(Play(short))


def _sort(why: str) -> str:
    """A violation without what is in it by chance."""
    return re.sub(r"\W|\d", "", why[:14])


def _least(items: Sequence[T], fails: Callable[[Sequence[T]], bool]) -> list[T]:
    """Delta debugging: leave out ever smaller parts."""
    kept, size = list(items), max(1, len(items) // 2)
    while True:
        at = 0
        while at < len(kept):
            fewer = [*kept[:at], *kept[at + size :]]
            if fails(fewer):
                kept = fewer
            else:
                at += size
        if size == 1:
            return kept
        size //= 2
