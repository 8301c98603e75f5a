"""Who takes part in an activity, for `any` and `all`.

Beside those who were named, the owner and what it is regarding take part in each activity. They
follow from its own columns and have no rows (`syncd.crm.parties`): the body of the lambda is asked
of them by these columns.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlalchemy import FromClause, and_, exists, not_, or_, select

from syncd.crm.stored import StoredKind
from syncd.crm.tables import activity_party
from syncd.model.entities import PARTY_TARGETS
from syncd.model.kinds import Schema
from syncd.settings.filter_fields import FilterField
from syncd.settings.filter_operators import Column, Condition, Held, certain, every, some
from syncd.settings.filter_people import closed

COLLECTION = "activity_parties"  # and, as Dataverse has it, `appointment_activity_parties`

Body = Callable[["Row"], Condition]


@dataclass(frozen=True)
class Row:
    """One who takes part: what each column of `activity_party` holds of them."""

    columns: Mapping[str, Column]

    def held(self, field: FilterField) -> Held:
        """What is held in a field of it."""
        return Held(field, tuple(self.columns[name] for name in field.columns))


def any_of(
    stored: StoredKind[Schema], body: Body, *, says_who: bool, never_null: bool
) -> Condition:
    """Somebody takes part of whom the body holds.

    What the body is known to say lets an index find the activities: `says_who`, of a party in any
    case; `never_null`, and so the owner's column can stand by itself.
    """
    rows = activity_party.alias()
    said = body(_named(rows))
    mine = stored.table.c.id
    found: Condition
    if says_who:
        found = mine.in_(closed(select(rows.c.activity_id).where(said), rows))
    else:
        found = exists(closed(select(rows.c.id).where(rows.c.activity_id == mine, said), rows))
    owner, regarding = body(_owner(stored)), body(_regarding(stored))
    if not never_null:
        owner, regarding = certain(owner), certain(regarding)
    return some(found, owner, every(_is_regarding(stored), regarding))


def all_of(stored: StoredKind[Schema], body: Body) -> Condition:
    """The body holds of everybody who takes part."""
    rows = activity_party.alias()
    other = and_(rows.c.activity_id == stored.table.c.id, not_(certain(body(_named(rows)))))
    nobody = not_(exists(closed(select(rows.c.id).where(other), rows)))
    regarding = some(not_(_is_regarding(stored)), certain(body(_regarding(stored))))
    return every(nobody, certain(body(_owner(stored))), regarding)


def _named(rows: FromClause) -> Row:
    return Row({column.name: column for column in rows.c})


def _owner(stored: StoredKind[Schema]) -> Row:
    return Row({**_NOBODY, "role": "owner", "user_id": stored.table.c.owner_id})


def _regarding(stored: StoredKind[Schema]) -> Row:
    held = {
        f"{entity}_id": stored.table.c[column]
        for column, entity in _regarding_columns(stored).items()
        if entity in PARTY_TARGETS
    }
    return Row({**_NOBODY, "role": "regarding", **held})


def _is_regarding(stored: StoredKind[Schema]) -> Condition:
    return or_(*(stored.table.c[each].is_not(None) for each in _regarding_columns(stored)))


def _regarding_columns(stored: StoredKind[Schema]) -> Mapping[str, str]:
    field = stored.kind.by_name["regardingobjectid"]
    return dict(zip(field.crm, field.refers, strict=True))


_NOBODY: Mapping[str, Column] = {
    **dict.fromkeys(f"{target}_id" for target in PARTY_TARGETS),
    "address": None,
    "name": None,
}
