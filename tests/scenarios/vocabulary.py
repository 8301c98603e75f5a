"""The words of a step: who can do what, and what has to be said of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.scenarios.reading import REPS, Step

if TYPE_CHECKING:
    from tests.scenarios.stage import Stage

Act = Callable[["Stage", Step], None]


@dataclass(frozen=True, slots=True)
class Verb:
    """One thing that somebody can do.

    `needs` must be said and `may` can be. `fields`: the fields of a contact can be, too. `open`:
    anything can, and the act itself looks whether it means something.
    """

    act: Act
    needs: tuple[str, ...]
    may: tuple[str, ...]
    fields: bool
    open: bool


VERBS: dict[tuple[str, str], Verb] = {}


def role_of(who: str) -> str | None:
    """In which role somebody acts: every rep is a rep, the others are who they are."""
    if who in REPS:
        return "rep"
    return who if any(role == who for role, _ in VERBS) else None


def verb(
    role: str,
    does: str,
    needs: str = "",
    may: str = "",
    *,
    fields: bool = False,
    anything: bool = False,
) -> Callable[[Act], Act]:
    """Enter a verb into the vocabulary."""

    def enter(act: Act) -> Act:
        VERBS[role, does] = Verb(act, tuple(needs.split()), tuple(may.split()), fields, anything)
        return act

    return enter
