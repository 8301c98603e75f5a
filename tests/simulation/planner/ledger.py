"""What people wrote, and what became of it: kept beside the planner, and knowing none of it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from syncd.model.values import Value

_TOKEN = re.compile(r"w\d+x")


class Violation(AssertionError):
    """A promise that was broken."""


def tokens(values: Mapping[str, Value] | None) -> set[str]:
    """What people wrote that is in these values."""
    return set(_TOKEN.findall(repr(dict(values or {}))))


@dataclass
class Ledger:
    """Every value that somebody wrote is a token, which is in no other value.

    One that a person replaced, seeing it, is `over`. What went with what they threw away, or
    belongs to an item that they made private, is `thrown`: it may be there or not. Any other must
    be found at the end (P1).
    """

    written: dict[str, str] = field(default_factory=dict)
    over: set[str] = field(default_factory=set)
    thrown: set[str] = field(default_factory=set)
    kept: set[str] = field(default_factory=set)
    secret: set[str] = field(default_factory=set)  # of an item that was private from the start
    causes: set[tuple[int, str]] = field(default_factory=set)  # what a person did to which pair
    _count: int = 0

    def word(self, where: str, *, secret: bool = False) -> str:
        """A value that nobody wrote before."""
        self._count += 1
        word = f"w{self._count}x"
        self.written[word] = where
        if secret:
            self.secret.add(word)
        return word

    def throw(self, values: Mapping[str, Value] | None) -> None:
        """A person threw these values away, or takes them back."""
        self.thrown |= tokens(values)

    def begin_anew(self, values: Mapping[str, Value] | None) -> None:
        """A person made a new record of what a deleted one had replaced elsewhere."""
        again = self.over & tokens(values)
        self.over -= again
        self.thrown |= again

    def keep(self, values: Mapping[str, Value]) -> None:
        """A loser was kept."""
        self.kept |= tokens(values)

    def did(self, number: int, what: str) -> None:
        """A person did something to a pair that may cause more than an edit."""
        self.causes.add((number, what))

    def has(self, number: int, *what: str) -> bool:
        """Whether a person did any of this."""
        return any((number, each) in self.causes for each in what)

    def check(self, held: Iterable[Mapping[str, Value] | None]) -> None:
        """Whatever was written and not replaced is held somewhere, or was kept (P1)."""
        there = set(self.kept)
        for values in held:
            there |= tokens(values)
        lost = self.written.keys() - self.over - self.thrown - self.secret - there
        if lost:
            told = ", ".join(f"{each} ({self.written[each]})" for each in sorted(lost))
            raise Violation(f"P1: lost {told}")
