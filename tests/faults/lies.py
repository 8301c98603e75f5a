"""Whether a lie of the sandbox changed anything: one that did not proves nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from syncd.sandbox import lying
from syncd.sandbox.ews import reading_operations
from syncd.sandbox.faults import FaultKind
from syncd.sandbox.graph import contacts, delta

# What an answer goes through before it is told. Each takes it first, and the faults in force last.
_ANSWERS = {
    "told": (reading_operations, delta),
    "indexed": (reading_operations, contacts),
    "shown_of": (reading_operations, contacts),
}
_VALUES = {"_in_capitals": FaultKind.NORMALISED, "_cut_off": FaultKind.TRUNCATED}
SEEN = frozenset(
    (
        FaultKind.EMPTY_FOLDER,
        FaultKind.REORDERED,
        FaultKind.REPEATED,
        FaultKind.LAGGING_INDEX,
        *_VALUES.values(),
    )
)


@contextmanager
def overheard() -> Iterator[set[FaultKind]]:
    """Meanwhile it is noted which of these made an answer, or what was kept, another one."""
    effective: set[FaultKind] = set()

    def answers(right: Callable[..., Any]) -> Callable[..., Any]:
        def told(said: Any, *more: Any) -> Any:
            true, kinds = list(said), more[-1]
            answer = right(true, *more)
            if list(answer) != true:
                effective.update(kinds.keys() & SEEN)
            return answer

        return told

    def values(right: Callable[[str, Any], Any], kind: FaultKind) -> Callable[[str, Any], Any]:
        def kept(key: str, value: Any) -> Any:
            held = right(key, value)
            if held != value:
                effective.add(kind)
            return held

        return kept

    with pytest.MonkeyPatch.context() as patch:
        for name, modules in _ANSWERS.items():
            for module in modules:
                patch.setattr(module, name, answers(getattr(module, name)))
        for name, kind in _VALUES.items():
            patch.setattr(lying, name, values(getattr(lying, name), kind))
        yield effective
