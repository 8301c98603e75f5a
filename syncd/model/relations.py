"""How records hang together, and what happens to the one when something is done to the other.

One literal table: for each reference that a record can hold, what an action on the record it
points to does to the record that holds it. Source: the reference product's cascades; where those
take along what nobody can want (assigning a finished meeting), ours stops short.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from syncd.model.entities import SUBJECTS


class Cascade(StrEnum):
    """What becomes of the record that holds a reference."""

    ALL = "with it"  # the same is done to it
    OPEN = "if open"  # the same is done to it unless it is closed
    UNLINK = "unlinked"  # it loses the reference, and stays
    NONE = "stays"  # it stays as it is


@dataclass(frozen=True, slots=True)
class Relation:
    """One reference: records of `entity` point with `field` to a record of `target`."""

    entity: str
    field: str
    target: str
    assign: Cascade
    share: Cascade
    delete: Cascade


ALL, OPEN, UNLINK, NONE = Cascade.ALL, Cascade.OPEN, Cascade.UNLINK, Cascade.NONE
_ABOUT = (
    ("task", "regardingobjectid"),
    ("phone_call", "regardingobjectid"),
    ("appointment", "regardingobjectid"),
    ("email", "regardingobjectid"),
    ("note", "objectid"),
)

# entity, field → target: assigned, shared, deleted. Merging re-points every one of them.
RELATIONS: tuple[Relation, ...] = (
    Relation("contact", "parentcustomerid", "account", ALL, ALL, ALL),
    Relation("account", "parentaccountid", "account", ALL, ALL, UNLINK),
    Relation("account", "primarycontactid", "contact", NONE, NONE, UNLINK),
    Relation("opportunity", "customerid", "account", OPEN, ALL, ALL),
    Relation("opportunity", "customerid", "contact", OPEN, ALL, ALL),
    Relation("opportunity", "parentcontactid", "contact", NONE, NONE, UNLINK),
    Relation("lead", "parentaccountid", "account", NONE, NONE, UNLINK),
    Relation("lead", "parentcontactid", "contact", NONE, NONE, UNLINK),
    Relation("lead", "qualifyingopportunityid", "opportunity", NONE, NONE, UNLINK),
    Relation("account", "originatingleadid", "lead", NONE, NONE, UNLINK),
    Relation("contact", "originatingleadid", "lead", NONE, NONE, UNLINK),
    Relation("opportunity", "originatingleadid", "lead", NONE, NONE, UNLINK),
    *(
        Relation(entity, field, target, OPEN, ALL, ALL)
        for entity, field in _ABOUT
        for target in SUBJECTS
    ),
)


def pointing_at(target: str) -> tuple[Relation, ...]:
    """The references that records may hold to one of this entity."""
    return tuple(each for each in RELATIONS if each.target == target)
