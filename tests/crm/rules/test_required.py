"""What every record of an entity must have."""

from __future__ import annotations

import pytest
from sqlalchemy.exc import IntegrityError

from syncd.crm.entities import ENTITIES
from syncd.crm.errors import MissingValue
from syncd.model.fields import FieldType
from syncd.model.values import Value
from tests.crm.rules.desk import Desk
from tests.crm.rules.law import REQUIRED, SMALLEST

EACH = [(entity, name) for entity, names in REQUIRED.items() for name in names]
EACH_TEXT = [
    (entity, name)
    for entity, name in EACH
    if ENTITIES[entity].type_of(name) not in (FieldType.MOMENT, FieldType.REFERENCE)
]


def test_nothing_else_is_required(desk: Desk) -> None:
    """A record with just that is one; so are a contact and a message with nothing."""
    assert REQUIRED.keys() == ENTITIES.keys()
    for entity in SMALLEST:
        needed = {n: v for n, v in desk.smallest(entity).items() if n in REQUIRED[entity]}
        made = desk.crm.create(entity, needed, owner=desk.ann.id)
        assert {n for n, v in made.record.fields.items() if v is not None} == set(needed)


@pytest.mark.parametrize("empty", [None, "", " \t\n"], ids=["none", "empty", "blank"])
@pytest.mark.parametrize(("entity", "name"), EACH_TEXT)
def test_an_empty_text_is_none(desk: Desk, entity: str, name: str, empty: Value) -> None:
    """Whoever makes or changes a record, no blank stands for what is required."""
    with pytest.raises(MissingValue) as refusal:
        desk.make(entity, **{name: empty})
    assert refusal.value.field == name
    made = desk.make(entity)
    with pytest.raises(MissingValue) as refusal:
        desk.crm.edit(entity, made.id, {name: empty})
    assert refusal.value.field == name
    assert desk.now(made) == made


@pytest.mark.parametrize(("entity", "name"), EACH)
def test_what_is_required_is_there(desk: Desk, entity: str, name: str) -> None:
    """It can be left out of no record, emptied in none, and undo leaves none without it."""
    without = {n: value for n, value in desk.smallest(entity).items() if n != name}
    with pytest.raises(MissingValue) as refusal:
        desk.crm.create(entity, without, owner=desk.ann.id)
    assert refusal.value.field == name
    made = desk.make(entity)
    for crm in (desk.crm, desk.undoing()):
        with pytest.raises(MissingValue):
            crm.edit(entity, made.id, {name: None})
    assert desk.now(made) == made


@pytest.mark.parametrize(("entity", "name"), EACH)
def test_the_database_itself_wants_it(desk: Desk, entity: str, name: str) -> None:
    """Not even a statement of SQL takes it away."""
    made = desk.make(entity)
    columns = ENTITIES[entity].kind.by_name[name].crm
    with pytest.raises(IntegrityError, match=r"required|NOT NULL|not-null"):
        desk.overwrite(made, **dict.fromkeys(columns))
    with pytest.raises(IntegrityError, match=r"required|NOT NULL|not-null"):
        desk.insert(entity, **dict.fromkeys(columns))
    assert desk.now(made) == made


@pytest.mark.parametrize("empty", ["", "  "], ids=["empty", "blank"])
@pytest.mark.parametrize(("entity", "name"), EACH_TEXT)
def test_the_database_itself_takes_no_blank_for_it(
    desk: Desk, entity: str, name: str, empty: str
) -> None:
    """A blank says as little in SQL as elsewhere."""
    made = desk.make(entity)
    with pytest.raises(IntegrityError, match=f"{name} is required"):
        desk.overwrite(made, **{name: empty})
