"""What is closed is read-only: an activity for good, anything else until it is reactivated."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from syncd.crm.entities import ENTITIES
from syncd.crm.errors import NotOpen, ReadOnly, WrongState
from syncd.crm.feed import Verb
from syncd.crm.parties import Party
from syncd.crm.stored import Stored
from tests.crm.conftest import BY_UNDO
from tests.crm.rules.desk import Desk
from tests.crm.rules.law import ACTIVITIES, CONTENT, REQUIRED, Reason, closed, reasons

FOR_NOW, FOR_GOOD = list(closed(final=False)), list(closed(final=True))
OPEN_AGAIN = {
    reason.entity: reason.name for reason in reasons() if reason.default and reason.state.editable
    and reason.state.name in ("open", "active")
}  # fmt: skip


@pytest.mark.parametrize("reason", FOR_NOW + FOR_GOOD, ids=str)
def test_no_field_of_a_closed_record_changes(desk: Desk, reason: Reason) -> None:
    """Whichever it is, emptied or filled; the error says whether there is a way back."""
    name, value = CONTENT[reason.entity]
    made, start = desk.make(reason.entity, status=reason.name, **{name: value}), desk.latest()
    for patch in ({name: f"{value}!"}, {name: None}):
        with pytest.raises(ReadOnly) as refusal:
            desk.crm.edit(reason.entity, made.id, patch)
        assert refusal.value.way_back is (reason in FOR_NOW)
    assert desk.now(made) == made
    assert desk.lines(made, start) == []


@pytest.mark.parametrize("reason", FOR_NOW + FOR_GOOD, ids=str)
def test_an_edit_that_changes_nothing_is_none(desk: Desk, reason: Reason) -> None:
    """A closed record may be told what it says already."""
    name, value = CONTENT[reason.entity]
    made = desk.make(reason.entity, status=reason.name, **{name: value})
    assert desk.crm.edit(reason.entity, made.id, {name: value}) == made


@pytest.mark.parametrize("reason", FOR_NOW, ids=str)
def test_reactivated_it_is_as_it_was(desk: Desk, reason: Reason) -> None:
    """It comes back with all it held, and may be edited again."""
    name, value = CONTENT[reason.entity]
    made, start = desk.make(reason.entity, status=reason.name), desk.latest()
    again = desk.crm.reactivate(reason.entity, made.id)
    assert again.active
    assert again.statuscode == OPEN_AGAIN[reason.entity]
    assert again.values == made.values
    assert desk.crm.edit(reason.entity, made.id, {name: value}).values[name] == value
    assert desk.verbs(start, made) == [[Verb.ACTIVATE, Verb.UPDATE]]


@pytest.mark.parametrize("reason", FOR_GOOD, ids=str)
def test_a_finished_activity_is_never_opened_again(desk: Desk, reason: Reason) -> None:
    """Neither reactivated nor given another status, completed once more nor called off."""
    made = desk.make(reason.entity, status=reason.name)
    with pytest.raises(WrongState):
        desk.crm.reactivate(reason.entity, made.id)
    for other in reasons(reason.entity):
        if other.name != reason.name:
            with pytest.raises(WrongState):
                desk.crm.set_status(reason.entity, made.id, other.name)
    assert desk.now(made) == made


@pytest.mark.parametrize("reason", FOR_GOOD, ids=str)
def test_who_took_part_in_a_finished_activity_is_settled(desk: Desk, reason: Reason) -> None:
    """Its parties are part of it."""
    made = desk.make(reason.entity, status=reason.name)
    with pytest.raises(ReadOnly):
        desk.crm.set_parties(reason.entity, made.id, [])


@pytest.mark.parametrize("entity", ACTIVITIES)
def test_finishing_says_when_and_how_much(desk: Desk, entity: str) -> None:
    """Completed now, unless somebody said when; a task wholly."""
    made = desk.make(entity)
    done = desk.crm.complete(entity, made.id)
    assert done.statecode == "completed"
    names = ENTITIES[entity].kind.by_name
    if "actualend" in names:
        assert done.record.fields["actualend"] == desk.crm.clock()
    if "percentcomplete" in names:
        assert done.record.fields["percentcomplete"] == 100
    called_off = desk.make(entity)
    assert desk.crm.cancel(entity, called_off.id).statecode == "canceled"


@pytest.mark.parametrize(
    ("entity", "direction", "status"),
    [
        ("phone_call", "outgoing", "made"), ("phone_call", "incoming", "received"),
        ("phone_call", None, "made"), ("email", "outgoing", "sent"),
        ("email", "incoming", "received"), ("email", None, "completed"),
    ],
)  # fmt: skip
def test_how_it_was_finished_follows_from_its_direction(
    desk: Desk, entity: str, direction: str | None, status: str
) -> None:
    """A call is made or received, a message sent or received."""
    made = desk.make(entity, directioncode=direction)
    assert desk.crm.complete(entity, made.id).statuscode == status


def test_what_is_won_is_not_lost_as_well(desk: Desk) -> None:
    """An opportunity ends once; reactivated, it may end otherwise."""
    won = desk.make("opportunity")
    desk.crm.win(won.id)
    for closing in (desk.crm.win, desk.crm.lose):
        with pytest.raises(NotOpen):
            closing(won.id)
    desk.crm.reactivate("opportunity", won.id)
    assert desk.crm.lose(won.id, reason="out sold").statuscode == "out sold"


BOOKKEEPING: dict[str, Callable[[Desk, Stored], object]] = {
    "assigned": lambda desk, held: desk.crm.assign(held.record.kind.name, held.id, desk.bob.id),
    "shared": lambda desk, held: desk.crm.share(held.record.kind.name, held.id, desk.bob.id),
    "deleted": lambda desk, held: desk.crm.delete(held.record.kind.name, held.id),
}


@pytest.mark.parametrize("deed", BOOKKEEPING)
@pytest.mark.parametrize("reason", FOR_NOW + FOR_GOOD, ids=str)
def test_bookkeeping_passes(desk: Desk, reason: Reason, deed: str) -> None:
    """Whose a closed record is, who sees it, and whether it is there, is not its content."""
    made, start = desk.make(reason.entity, status=reason.name), desk.latest()
    BOOKKEEPING[deed](desk, made)
    assert len(desk.lines(made, start)) == 1
    assert desk.now(made).values == made.values


@pytest.mark.parametrize("reason", FOR_NOW + FOR_GOOD, ids=str)
def test_undo_passes(desk: Desk, reason: Reason) -> None:
    """What is withdrawn is withdrawn from closed records, too (P7)."""
    name, value = CONTENT[reason.entity]
    made = desk.make(reason.entity, status=reason.name, **{name: value})
    undone = desk.undoing().edit(reason.entity, made.id, {name: None})
    assert undone.values[name] is None
    assert undone.modified_by == str(BY_UNDO)


@pytest.mark.parametrize("reason", [r for r in FOR_NOW if r.entity == "contact"], ids=str)
def test_a_closed_contact_leaves_with_what_it_points_to(desk: Desk, reason: Reason) -> None:
    """A reference goes when what it points to goes: closed records are no exception."""
    lead = desk.make("lead")
    made = desk.make(reason.entity, status=reason.name, originatingleadid=lead.id)
    desk.crm.delete("lead", lead.id)
    assert desk.value(made, "originatingleadid") is None


def test_parties_of_finished_activities_keep_their_names(desk: Desk) -> None:
    """Who is deleted stays in what was finished, by address and name."""
    person = desk.make("contact", firstname="Robert", emailaddress1="robert@contoso.com")
    call = desk.make("phone_call", parties=[Party("to", f"contact:{person.id}")])
    desk.crm.complete("phone_call", call.id)
    desk.crm.delete("contact", person.id)
    assert Party("to", None, "robert@contoso.com", "Robert Lyon") in desk.parties_of(call)


def test_each_entity_has_content_to_try() -> None:
    """The table of this file leaves nothing out, and names nothing that is required."""
    assert CONTENT.keys() == ENTITIES.keys()
    assert all(name not in REQUIRED[entity] for entity, (name, _) in CONTENT.items())
