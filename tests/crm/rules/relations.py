"""What becomes of a record when that is assigned, shared or deleted that it points to.

Typed off the reference semantics by hand, as `law` is: one line for each reference.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from syncd.crm.stored import Stored
from syncd.model.values import Value

ALONG, IF_OPEN, UNLINKED, STAYS = "goes along", "goes along if open", "unlinked", "stays"
ABOUT = ("lead", "account", "contact", "opportunity")


@dataclass(frozen=True)
class Row:
    """Records of `entity` that point with `field` to a `target`, and what of it."""

    entity: str
    field: str
    target: str
    assigned: str
    shared: str
    deleted: str
    several: bool = False  # the field may point to several entities

    def __str__(self) -> str:
        return f"{self.entity}.{self.field}-{self.target}"

    def values(self, target: Stored) -> dict[str, Value]:
        """What a record that points there is made with."""
        return {self.field: f"{self.target}:{target.id}" if self.several else target.id}


def _about(entity: str, field: str) -> Iterator[Row]:
    return (Row(entity, field, target, IF_OPEN, ALONG, ALONG, several=True) for target in ABOUT)


ROWS = (
    Row("contact", "parentcustomerid", "account", ALONG, ALONG, ALONG),
    Row("account", "parentaccountid", "account", ALONG, ALONG, UNLINKED),
    Row("account", "primarycontactid", "contact", STAYS, STAYS, UNLINKED),
    Row("opportunity", "customerid", "account", IF_OPEN, ALONG, ALONG, several=True),
    Row("opportunity", "customerid", "contact", IF_OPEN, ALONG, ALONG, several=True),
    Row("opportunity", "parentcontactid", "contact", STAYS, STAYS, UNLINKED),
    Row("lead", "parentaccountid", "account", STAYS, STAYS, UNLINKED),
    Row("lead", "parentcontactid", "contact", STAYS, STAYS, UNLINKED),
    Row("lead", "qualifyingopportunityid", "opportunity", STAYS, STAYS, UNLINKED),
    Row("account", "originatingleadid", "lead", STAYS, STAYS, UNLINKED),
    Row("contact", "originatingleadid", "lead", STAYS, STAYS, UNLINKED),
    Row("opportunity", "originatingleadid", "lead", STAYS, STAYS, UNLINKED),
    *_about("task", "regardingobjectid"),
    *_about("phone_call", "regardingobjectid"),
    *_about("appointment", "regardingobjectid"),
    *_about("email", "regardingobjectid"),
    *_about("note", "objectid"),
)
