"""What makes no sense is refused: an end before the start, more than all of a task."""

from __future__ import annotations

import pytest

from syncd.crm import access
from syncd.crm.access import Level, Rule
from syncd.crm.cascades import Deed
from syncd.crm.database import write
from syncd.crm.errors import InvalidValue, NoSuchRecord
from tests.crm.rules.desk import Desk
from tests.crm.rules.law import END, START


def test_an_appointment_does_not_end_before_it_starts(desk: Desk) -> None:
    """Neither made so nor changed so; it may take no time at all."""
    with pytest.raises(InvalidValue, match="does not end before it starts"):
        desk.make("appointment", scheduledstart=END, scheduledend=START)
    made = desk.make("appointment", scheduledstart=START, scheduledend=START)
    with pytest.raises(InvalidValue, match="does not end before it starts"):
        desk.crm.edit("appointment", made.id, {"scheduledstart": END})
    assert desk.now(made) == made


@pytest.mark.parametrize("percent", [-1, 101])
def test_nobody_does_more_than_all_of_a_task(desk: Desk, percent: int) -> None:
    """Or less than nothing."""
    with pytest.raises(InvalidValue, match="is not between 0 and 100"):
        desk.make("task", percentcomplete=percent)


def test_who_may_not_read_a_record_is_told_nothing_around_it(desk: Desk) -> None:
    """Neither whom it is shared with, nor what hangs on it, nor who takes part in it."""
    task, firm = desk.make("task"), desk.make("account")
    with write(desk.crm.engine) as conn:
        for entity in ("task", "account"):
            access.put(conn, Rule(entity, Level.OWN, Level.OWN))
    stranger = desk.by(desk.bob)
    assert stranger.parties([desk.now(task)]) == {}
    with pytest.raises(NoSuchRecord):
        stranger.shares("account", firm.id)
    with pytest.raises(NoSuchRecord):
        stranger.taken_along("account", firm.id, Deed.DELETE)
