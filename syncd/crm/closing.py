"""The end of an opportunity: won or lost."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy import Connection

from syncd.crm import lifecycle, records
from syncd.crm.entities import OPPORTUNITIES
from syncd.crm.errors import NotOpen, RuleBroken
from syncd.crm.feed import Actor
from syncd.crm.rows import live, rows_of
from syncd.crm.stored import Stored
from syncd.model.states import OPEN, WON
from syncd.model.values import Value


def close(
    conn: Connection,
    opportunity_id: str,
    state: str,
    reason: str | None,
    value: Decimal | None,
    actor: Actor,
    at: datetime,
    *,
    expected: int | None = None,
) -> Stored:
    """Close an open opportunity, today; a won one at `value`, or at what it was estimated at.

    `reason` is a status reason of `state`. Raises NotOpen, RuleBroken, NoSuchRecord, StaleRecord,
    NotAllowed.
    """
    rows = rows_of(conn, OPPORTUNITIES, [opportunity_id], lock=True)
    found = OPPORTUNITIES.stored(live(OPPORTUNITIES, rows, opportunity_id, expected))
    if found.statecode != OPEN:
        raise NotOpen("opportunity", opportunity_id, found.statecode)
    reasons = OPPORTUNITIES.states.by_name[state].reasons
    status = reason or next(iter(reasons))
    if status not in reasons:
        raise RuleBroken(f"an opportunity is {state} as one of: {', '.join(reasons)}")
    known = found.record.fields
    closing: dict[str, Value] = {"actualclosedate": at.date(), "actualvalue": None}
    if state == WON:
        entered = known["actualvalue"] if value is None else value
        closing["actualvalue"] = known["estimatedvalue"] if entered is None else entered
    records.update(conn, OPPORTUNITIES, opportunity_id, closing, expected=None, actor=actor, at=at)
    return lifecycle.set_status(conn, OPPORTUNITIES, opportunity_id, status, actor, at)
