"""Mistakes in a configuration file. All of them are reported at once."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Mistake:
    """One thing that is wrong: where (`policies.sales.interval`), what, and what would be right.

    `path` is empty when the file as a whole is meant; `line` counts from 1.
    """

    path: str
    message: str
    suggestion: str | None = None
    line: int | None = None

    def __str__(self) -> str:
        where = ", ".join(part for part in (self.line and f"line {self.line}", self.path) if part)
        said = f"{where}: {self.message}" if where else self.message
        return f"{said} ({self.suggestion})" if self.suggestion else said


class BadConfiguration(Exception):
    """The configuration file cannot be used. `mistakes` holds every mistake found in it."""

    def __init__(self, file: Path, mistakes: Iterable[Mistake]) -> None:
        self.file = file
        self.mistakes = tuple(mistakes)
        super().__init__("\n".join(f"{file}: {mistake}" for mistake in self.mistakes))


def closest(word: str, words: Iterable[str]) -> str | None:
    """The one of `words` that was probably meant, or `None`."""
    by_folded = {each.casefold(): each for each in words}
    found = difflib.get_close_matches(word.casefold(), by_folded, n=1, cutoff=0.6)
    return by_folded[found[0]] if found else None


def did_you_mean(word: str, words: Iterable[str]) -> str | None:
    """`did you mean 'interval'?`, or all the words there are when none comes close."""
    known = list(words)
    near = closest(word, known)
    if near is not None:
        return f"did you mean {near!r}?"
    return f"known: {', '.join(known)}" if known else None
