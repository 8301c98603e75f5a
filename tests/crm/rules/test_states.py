"""The states of every entity: their numbers, their defaults, and the ways between them."""

from __future__ import annotations

import pytest
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError

from syncd.crm import lifecycle
from syncd.crm.database import write
from syncd.crm.entities import ENTITIES
from syncd.crm.errors import InvalidValue, RuleBroken, WrongState
from syncd.crm.feed import Verb
from tests.crm.conftest import BY_HAND, LATER
from tests.crm.rules.desk import Desk
from tests.crm.rules.law import STATES, Reason, may_become, reasons

ALL = list(reasons())


def test_the_states_are_those_of_the_reference() -> None:
    """Names, Dataverse's numbers, status reasons in order, ways, and what may be edited."""
    kept = {
        entity: {
            (s.name, s.code, tuple(s.reasons.items()), frozenset(s.leads_to), s.editable)
            for s in stored.states.states
        }
        for entity, stored in ENTITIES.items()
    }
    assert kept == {
        entity: {
            (s.name, s.number, tuple(s.reasons.items()), frozenset(s.leads_to), s.editable)
            for s in states
        }
        for entity, states in STATES.items()
    }


@pytest.mark.parametrize("entity", STATES)
def test_a_new_record_is_in_its_first_state(desk: Desk, entity: str) -> None:
    """Open, active, or scheduled; with that state's default reason."""
    made, first = desk.make(entity), STATES[entity][0]
    assert (made.statecode, made.statuscode) == (first.name, next(iter(first.reasons)))
    assert made.active


@pytest.mark.parametrize("reason", ALL, ids=str)
def test_a_status_reason_brings_its_state(desk: Desk, reason: Reason) -> None:
    """A record may come from elsewhere in any state; it is active where that can be edited."""
    made = desk.make(reason.entity, status=reason.name)
    assert (made.statecode, made.statuscode) == (reason.state.name, reason.name)
    assert made.active is reason.state.editable


@pytest.mark.parametrize("entity", STATES)
def test_there_is_no_other_status_reason(desk: Desk, entity: str) -> None:
    """Neither in a new record, nor later."""
    made = desk.make(entity)
    with pytest.raises(InvalidValue):
        desk.make(entity, status="sleeping")
    with pytest.raises(InvalidValue):
        desk.crm.set_status(entity, made.id, "sleeping")
    assert desk.now(made) == made


@pytest.mark.parametrize("before", ALL, ids=str)
def test_a_state_leads_where_the_table_says(desk: Desk, before: Reason) -> None:
    """Every way from one status reason to another is open, or refused with nothing written."""
    stored = ENTITIES[before.entity]
    for after in reasons(before.entity):
        made, start = desk.make(before.entity, status=before.name), desk.latest()
        try:
            with write(desk.crm.engine) as conn:
                lifecycle.set_status(conn, stored, made.id, after.name, BY_HAND, LATER)
        except WrongState:
            assert not may_become(before, after), after
            assert desk.now(made) == made
            continue
        assert may_become(before, after), after
        now = desk.now(made)
        assert (now.statecode, now.statuscode) == (after.state.name, after.name)
        assert desk.verbs(start, made) == [_verbs(before, after)], after


def _verbs(before: Reason, after: Reason) -> list[Verb]:
    if before.name == after.name and before.state.name == after.state.name:
        return []
    if before.state.editable is after.state.editable:
        return [Verb.UPDATE]
    return [Verb.ACTIVATE if after.state.editable else Verb.DEACTIVATE]


@pytest.mark.parametrize("before", ALL, ids=str)
def test_the_database_knows_the_ways_too(desk: Desk, before: Reason) -> None:
    """The same table holds for a statement of SQL, and a reason goes with its own state only."""
    made = desk.make(before.entity, status=before.name)
    wrong = []
    for state in STATES[before.entity]:
        for after in reasons(before.entity):
            belongs = after.state.name == state.name
            passed = _passes(desk, before.entity, made.id, state.name, after.name)
            if passed is not (belongs and may_become(before, after)):
                wrong.append((state.name, after.name, passed))
    assert wrong == []


def _passes(desk: Desk, entity: str, record: str, state: str, status: str) -> bool:
    """Whether the database lets a record be in this state; it is not, afterwards."""
    table = ENTITIES[entity].table
    change = update(table).where(table.c.id == record)
    with write(desk.crm.engine) as conn:
        trial = conn.begin_nested()
        try:
            conn.execute(change.values(statecode=state, statuscode=status))
        except IntegrityError:
            trial.rollback()
            return False
        trial.rollback()
        return True


@pytest.mark.parametrize(
    ("entity", "status"),
    [(r.entity, r.name) for r in reasons("lead", "opportunity") if not r.state.editable],
)
def test_a_sale_is_not_closed_by_its_status(desk: Desk, entity: str, status: str) -> None:
    """A lead is qualified or disqualified, an opportunity won or lost: there is more to it."""
    made = desk.make(entity)
    with pytest.raises(RuleBroken):
        desk.crm.set_status(entity, made.id, status)
    assert desk.now(made) == made


@pytest.mark.parametrize("entity", ["lead", "opportunity", "task", "phone_call", "email",
                                    "appointment"])  # fmt: skip
def test_what_is_open_is_not_deactivated(desk: Desk, entity: str) -> None:
    """It is closed by what comes of it: deactivating does not finish a meeting."""
    made = desk.make(entity)
    with pytest.raises(RuleBroken):
        desk.crm.deactivate(entity, made.id)
    assert desk.now(made) == made


@pytest.mark.parametrize("reason", [r for r in ALL if r.state.editable], ids=str)
def test_reactivating_what_is_in_use_changes_nothing(desk: Desk, reason: Reason) -> None:
    """A lead that was contacted is no new one for it, and a meeting no free hour."""
    made, start = desk.make(reason.entity, status=reason.name), desk.latest()
    assert desk.crm.reactivate(reason.entity, made.id) == made
    assert desk.lines(made, start) == []
