"""What the database refuses by itself, and what it lets pass, whoever writes."""

from __future__ import annotations

import pytest
from sqlalchemy.exc import IntegrityError

from syncd.crm.entities import ENTITIES
from tests.crm.conftest import BY_UNDO, NOON
from tests.crm.rules.desk import Desk
from tests.crm.rules.law import ACTIVITIES, CONTENT, STATES, Reason, closed, reasons

CLOSED = [*closed(final=False), *closed(final=True)]


@pytest.mark.parametrize("entity", STATES)
def test_no_row_is_in_a_state_that_there_is_not(desk: Desk, entity: str) -> None:
    """New or changed; and no reason stands beside another state than its own."""
    made = desk.make(entity)
    pairs = [(state.name, r.name) for state in STATES[entity] for r in reasons(entity)
             if r.state.name != state.name]  # fmt: skip
    for state, status in [("asleep", None), ("asleep", made.statuscode), *pairs,
                          (made.statecode, "asleep")]:  # fmt: skip
        with pytest.raises(IntegrityError, match="no such state"):
            desk.overwrite(made, statecode=state, statuscode=status)
        with pytest.raises(IntegrityError, match="no such state"):
            desk.insert(entity, statecode=state, statuscode=status)
    assert desk.now(made) == made


@pytest.mark.parametrize("reason", CLOSED, ids=str)
def test_no_content_of_what_is_closed_is_changed(desk: Desk, reason: Reason) -> None:
    """Not from a value to another, not to nothing, not from nothing."""
    name, value = CONTENT[reason.entity]
    full = desk.make(reason.entity, status=reason.name, **{name: value})
    empty = desk.make(reason.entity, status=reason.name)
    for held, now in ((full, f"{value}!"), (full, None), (empty, value)):
        with pytest.raises(IntegrityError, match="read-only"):
            desk.overwrite(held, **{name: now})
    assert (desk.now(full), desk.now(empty)) == (full, empty)


@pytest.mark.parametrize("reason", CLOSED, ids=str)
def test_no_reference_is_put_into_what_is_closed(desk: Desk, reason: Reason) -> None:
    """It may only lose those it has, or see them follow a merge."""
    for column, entity in ENTITIES[reason.entity].pointers.items():
        if column.startswith("customer_"):
            continue  # that one is there from the beginning
        one, two = desk.make(entity), desk.make(entity)
        held = desk.make(reason.entity, status=reason.name)
        with pytest.raises(IntegrityError, match="read-only"):
            desk.overwrite(held, **{column: one.id})
        desk.overwrite(held, modified_by=str(BY_UNDO), **{column: one.id})
        desk.overwrite(held, modified_by="user:admin", **{column: two.id})
        desk.overwrite(held, **{column: None})


@pytest.mark.parametrize("reason", CLOSED, ids=str)
def test_bookkeeping_passes(desk: Desk, reason: Reason) -> None:
    """Owner, version, times, the end of a record: none of it is content."""
    held = desk.make(reason.entity, status=reason.name)
    desk.overwrite(held, owner_id=desk.bob.id)
    desk.overwrite(held, version=7, modified_at=NOON, modified_by="user:admin")
    desk.overwrite(held, deleted_at=NOON, merged_into="somebody")
    assert desk.now(held).values == held.values


@pytest.mark.parametrize("reason", CLOSED, ids=str)
def test_undo_passes(desk: Desk, reason: Reason) -> None:
    """What is withdrawn is withdrawn from closed records, too (P7)."""
    name, value = CONTENT[reason.entity]
    held = desk.make(reason.entity, status=reason.name, **{name: value})
    desk.overwrite(held, modified_by=str(BY_UNDO), **{name: None})
    assert desk.value(held, name) is None


@pytest.mark.parametrize("reason", [r for r in CLOSED if r.state.leads_to], ids=str)
def test_reactivating_may_come_with_content(desk: Desk, reason: Reason) -> None:
    """What is opened by a statement is open for it."""
    name, value = CONTENT[reason.entity]
    held = desk.make(reason.entity, status=reason.name)
    first = STATES[reason.entity][0]
    desk.overwrite(
        held, statecode=first.name, statuscode=next(iter(first.reasons)), **{name: value}
    )
    assert desk.value(held, name) == value


@pytest.mark.parametrize("reason", CLOSED, ids=str)
def test_a_state_has_its_status_reason(desk: Desk, reason: Reason) -> None:
    """None is not one of them."""
    with pytest.raises(IntegrityError, match="no such state and status reason"):
        desk.insert(reason.entity, statecode=reason.state.name, statuscode=None)


@pytest.mark.parametrize("entity", ACTIVITIES)
def test_an_activity_stays_what_it_is(desk: Desk, entity: str) -> None:
    """No call becomes a task, and there is no other sort."""
    made = desk.make(entity)
    for other in (*ACTIVITIES, "letter"):
        if other != entity:
            with pytest.raises(IntegrityError, match="activity"):
                desk.overwrite(made, kind=other)
    with pytest.raises(IntegrityError, match="no such activity"):
        desk.insert(entity, kind="letter")
    assert desk.now(made) == made
