"""Life cycles as data: the states of an entity, their status reasons, and the ways between them.

Names are ours, in lower case; the numbers are what Dataverse exports for them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType


@dataclass(frozen=True)
class State:
    """One state.

    `reasons` are its status reasons with their numbers, the first being the default. `leads_to`
    are the states that a record may go on to; none makes it terminal. A record that is not
    `editable` is read-only.
    """

    name: str
    code: int
    reasons: Mapping[str, int]
    leads_to: tuple[str, ...]
    editable: bool

    @property
    def default(self) -> str:
        """The status reason of a record that is given none."""
        return next(iter(self.reasons))


@dataclass(frozen=True)
class States:
    """The states of one entity; `initial` is that of a new record."""

    states: tuple[State, ...]
    initial: str

    @cached_property
    def by_name(self) -> Mapping[str, State]:
        """The states by name."""
        return MappingProxyType({state.name: state for state in self.states})

    @cached_property
    def editable(self) -> frozenset[str]:
        """The states in which a record may be changed."""
        return frozenset(state.name for state in self.states if state.editable)

    def of_reason(self, reason: str) -> State | None:
        """The state that a status reason belongs to; `None` when there is no such reason."""
        return next((state for state in self.states if reason in state.reasons), None)


def _open(name: str, code: int, *leads_to: str, **reasons: int) -> State:
    return State(name, code, _reasons(reasons), leads_to, editable=True)


def _closed(name: str, code: int, *leads_to: str, **reasons: int) -> State:
    return State(name, code, _reasons(reasons), leads_to, editable=False)


def _reasons(numbers: Mapping[str, int]) -> Mapping[str, int]:
    return MappingProxyType({name.replace("_", " "): code for name, code in numbers.items()})


ACTIVE, INACTIVE, OPEN = "active", "inactive", "open"
QUALIFIED, DISQUALIFIED = "qualified", "disqualified"
WON, LOST = "won", "lost"
COMPLETED, CANCELED, SCHEDULED = "completed", "canceled", "scheduled"

# Accounts, contacts, notes: in use or not.
USE = States(
    (
        _open(ACTIVE, 0, INACTIVE, active=1),
        _closed(INACTIVE, 1, ACTIVE, inactive=2),
    ),
    ACTIVE,
)
LEAD = States(
    (
        _open(OPEN, 0, QUALIFIED, DISQUALIFIED, new=1, contacted=2),
        _closed(QUALIFIED, 1, OPEN, qualified=3),
        _closed(
            DISQUALIFIED, 2, OPEN, lost=4, cannot_contact=5, no_longer_interested=6, canceled=7
        ),
    ),
    OPEN,
)
OPPORTUNITY = States(
    (
        _open(OPEN, 0, WON, LOST, in_progress=1, on_hold=2),
        _closed(WON, 1, OPEN, won=3),
        _closed(LOST, 2, OPEN, canceled=4, out_sold=5),
    ),
    OPEN,
)
TASK = States(
    (
        _open(OPEN, 0, COMPLETED, CANCELED, not_started=2, in_progress=3, waiting=4, deferred=7),
        _closed(COMPLETED, 1, completed=5),
        _closed(CANCELED, 2, canceled=6),
    ),
    OPEN,
)
PHONE_CALL = States(
    (
        _open(OPEN, 0, COMPLETED, CANCELED, open=1),
        _closed(COMPLETED, 1, made=2, received=4),
        _closed(CANCELED, 2, canceled=3),
    ),
    OPEN,
)
APPOINTMENT = States(
    (
        _open(OPEN, 0, SCHEDULED, COMPLETED, CANCELED, free=1, tentative=2),
        _open(SCHEDULED, 3, OPEN, COMPLETED, CANCELED, busy=5, out_of_office=6),
        _closed(COMPLETED, 1, completed=3),
        _closed(CANCELED, 2, canceled=4),
    ),
    SCHEDULED,
)
EMAIL = States(
    (
        _open(OPEN, 0, COMPLETED, CANCELED, draft=1, failed=8),
        _closed(COMPLETED, 1, completed=2, sent=3, received=4, pending_send=6, sending=7),
        _closed(CANCELED, 2, canceled=5),
    ),
    OPEN,
)
