"""One thing to decide, on its way through a run."""

from __future__ import annotations

from dataclasses import dataclass

from syncd.outlook.port import Head
from syncd.reconcile.decide import Case
from syncd.reconcile.facts import LinkState
from syncd.reconcile.reasons import Reason
from syncd.sync.questions import Answered


@dataclass(frozen=True)
class Work:
    """One case with what its execution needs beside the facts."""

    case: Case
    crm_id: str | None
    remote_id: str | None  # of the observed row the case came from, if any
    waits: Reason | None = None  # nothing can be decided yet, and why
    error: str | None = None
    head: Head | None = None
    noticed: bool = False
    double: bool = False  # what an unanswered request left behind
    could_be: tuple[str, ...] = ()  # by name, to be told and never stored (P14)
    candidates: tuple[str, ...] = ()  # of the other side, where a person is to say which
    answer: Answered | None = None  # what a person said when asked
    cause: int | None = None  # the change that it follows from, where that one is held
    failed_before: str | None = None  # of what it failed when it was tried the last time
    tried: int = 0  # in vain so far

    @property
    def subject(self) -> str:
        """What the case is held and approved by: its record, else its item."""
        return self.crm_id or self.remote_id or ""

    @property
    def is_copy(self) -> bool:
        """Whether it is about a copy of the item of a record."""
        return self.case.link is not None and self.case.link.state is LinkState.COPY

    @property
    def subjects(self) -> tuple[str, ...]:
        """What it may have been held as: by its item, when it had no record yet."""
        return tuple(each for each in (self.crm_id, self.remote_id) if each)
