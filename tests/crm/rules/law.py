"""The rules of the CRM side once more, typed off the reference semantics by hand.

Nothing here is taken from `syncd.model`: a table there that is wrong fails against this one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from syncd.model.values import Value

START, END = datetime(2026, 11, 2, 9, tzinfo=UTC), datetime(2026, 11, 2, 10, tzinfo=UTC)


@dataclass(frozen=True)
class State:
    """One state: Dataverse's number, its status reasons with theirs, where it leads."""

    name: str
    number: int
    reasons: Mapping[str, int]
    leads_to: tuple[str, ...]
    editable: bool


def _state(
    name: str, number: int, reasons: Mapping[str, int], *leads_to: str, editable: bool = True
) -> State:
    return State(name, number, reasons, leads_to, editable)


def _closed(name: str, number: int, reasons: Mapping[str, int], *leads_to: str) -> State:
    return _state(name, number, reasons, *leads_to, editable=False)


_USE = (
    _state("active", 0, {"active": 1}, "inactive"),
    _closed("inactive", 1, {"inactive": 2}, "active"),
)

# The first status reason of a state is its default; the first state is that of a new record,
# but for appointments, which are scheduled and busy.
STATES: Mapping[str, tuple[State, ...]] = {
    "lead": (
        _state("open", 0, {"new": 1, "contacted": 2}, "qualified", "disqualified"),
        _closed("qualified", 1, {"qualified": 3}, "open"),
        _closed(
            "disqualified",
            2,
            {"lost": 4, "cannot contact": 5, "no longer interested": 6, "canceled": 7},
            "open",
        ),
    ),
    "opportunity": (
        _state("open", 0, {"in progress": 1, "on hold": 2}, "won", "lost"),
        _closed("won", 1, {"won": 3}, "open"),
        _closed("lost", 2, {"canceled": 4, "out sold": 5}, "open"),
    ),
    "account": _USE,
    "contact": _USE,
    "note": _USE,
    "task": (
        _state(
            "open", 0, {"not started": 2, "in progress": 3, "waiting": 4, "deferred": 7},
            "completed", "canceled",
        ),
        _closed("completed", 1, {"completed": 5}),
        _closed("canceled", 2, {"canceled": 6}),
    ),
    "phone_call": (
        _state("open", 0, {"open": 1}, "completed", "canceled"),
        _closed("completed", 1, {"made": 2, "received": 4}),
        _closed("canceled", 2, {"canceled": 3}),
    ),
    "appointment": (
        _state("scheduled", 3, {"busy": 5, "out of office": 6}, "open", "completed", "canceled"),
        _state("open", 0, {"free": 1, "tentative": 2}, "scheduled", "completed", "canceled"),
        _closed("completed", 1, {"completed": 3}),
        _closed("canceled", 2, {"canceled": 4}),
    ),
    "email": (
        _state("open", 0, {"draft": 1, "failed": 8}, "completed", "canceled"),
        _closed(
            "completed",
            1,
            {"completed": 2, "sent": 3, "received": 4, "pending send": 6, "sending": 7},
        ),
        _closed("canceled", 2, {"canceled": 5}),
    ),
}  # fmt: skip

REQUIRED: Mapping[str, tuple[str, ...]] = {
    "lead": ("subject", "firstname", "lastname"),
    "opportunity": ("name", "customerid"),
    "account": ("name",),
    "contact": (),  # a mailbox knows people by an address alone
    "note": ("notetext",),
    "task": ("subject",),
    "phone_call": ("subject",),
    "appointment": ("subject", "scheduledstart", "scheduledend"),
    "email": (),  # a message may come without a subject
}

# A record with what is required of it, and no more.
SMALLEST: Mapping[str, Mapping[str, Value]] = {
    "lead": {"subject": "100 laptops", "firstname": "Robert", "lastname": "Lyon"},
    "opportunity": {"name": "100 laptops"},  # and a customer
    "account": {"name": "Contoso Ltd"},
    "contact": {"lastname": "Lyon"},
    "note": {"notetext": "Called back"},
    "task": {"subject": "Send the offer"},
    "phone_call": {"subject": "Ask for the budget"},
    "appointment": {"subject": "Demo", "scheduledstart": START, "scheduledend": END},
    "email": {"subject": "Your offer"},
}

# Of each entity a field that is content, and a value to change it to.
CONTENT: Mapping[str, tuple[str, Value]] = {
    "lead": ("companyname", "Northwind"),
    "opportunity": ("description", "They want it in blue"),
    "account": ("telephone1", "+1 555 0100"),
    "contact": ("jobtitle", "Buyer"),
    "note": ("subject", "Budget"),
    "task": ("description", "By courier"),
    "phone_call": ("phonenumber", "+1 555 0100"),
    "appointment": ("location", "Room 5"),
    "email": ("description", "Dear Sir"),
}

ACTIVITIES = ("task", "phone_call", "appointment", "email")


@dataclass(frozen=True)
class Reason:
    """One status reason of an entity."""

    entity: str
    state: State
    name: str
    number: int

    def __str__(self) -> str:
        return f"{self.entity}-{self.state.name}-{self.name}".replace(" ", "_")

    @property
    def default(self) -> bool:
        """Whether it is what its state has unless another one is given."""
        return next(iter(self.state.reasons)) == self.name


def reasons(*entities: str) -> Iterator[Reason]:
    """Every status reason of these entities, or of all."""
    for entity in entities or STATES:
        for state in STATES[entity]:
            for name, number in state.reasons.items():
                yield Reason(entity, state, name, number)


def may_become(one: Reason, other: Reason) -> bool:
    """Whether a record may go from one status reason to another one of its entity."""
    if one.state.name == other.state.name:
        return one.name == other.name or one.state.editable
    return other.state.name in one.state.leads_to


def closed(*, final: bool) -> Iterator[Reason]:
    """The default reasons of the states in which records are read-only: for good, or not."""
    return (r for r in reasons() if r.default and not r.state.editable
            and (not r.state.leads_to) is final)  # fmt: skip
