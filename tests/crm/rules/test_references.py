"""What may stand behind what: parents, customers, what an activity is about."""

from __future__ import annotations

import pytest
from sqlalchemy.exc import IntegrityError

from syncd.crm.entities import ENTITIES
from syncd.crm.errors import CrmError, InvalidValue, NoSuchAccount, NoSuchRecord
from tests.crm.rules.desk import Desk

ABOUT = ("lead", "account", "contact", "opportunity")

# entity, field → what it may refer to; with several, the entity is said: "account:ID".
ONE = {
    ("contact", "parentcustomerid"): "account",
    ("contact", "originatingleadid"): "lead",
    ("account", "parentaccountid"): "account",
    ("account", "originatingleadid"): "lead",
    ("account", "primarycontactid"): "contact",
    ("lead", "parentaccountid"): "account",
    ("lead", "parentcontactid"): "contact",
    ("lead", "qualifyingopportunityid"): "opportunity",
    ("opportunity", "parentcontactid"): "contact",
    ("opportunity", "originatingleadid"): "lead",
}
ANY = {
    ("opportunity", "customerid"): ("account", "contact"),
    ("task", "regardingobjectid"): ABOUT,
    ("phone_call", "regardingobjectid"): ABOUT,
    ("appointment", "regardingobjectid"): ABOUT,
    ("email", "regardingobjectid"): ABOUT,
    ("note", "objectid"): ABOUT,
}
FREE = [key for key in ONE if key != ("account", "primarycontactid")]  # that one has a rule more
ALLOWED = [(*key, target) for key, targets in ANY.items() for target in targets]
FORBIDDEN = [
    (*key, target) for key, targets in ANY.items() for target in ENTITIES if target not in targets
]


@pytest.mark.parametrize(("entity", "field"), FREE)
def test_a_reference_is_to_a_live_record_of_its_entity(desk: Desk, entity: str, field: str) -> None:
    """Given when made or later; never to what is not there, was deleted, or is something else."""
    target = desk.make(ONE[entity, field])
    assert desk.make(entity, **{field: target.id}).values[field] == target.id
    made = desk.make(entity)
    assert desk.crm.edit(entity, made.id, {field: target.id}).values[field] == target.id
    assert desk.crm.edit(entity, made.id, {field: None}).values[field] is None
    before = desk.now(made)
    desk.crm.delete(ONE[entity, field], target.id)
    other = desk.make("lead" if ONE[entity, field] != "lead" else "account")
    for wrong in (target.id, other.id, "nobody", "a:b"):
        with pytest.raises((NoSuchRecord, NoSuchAccount)):
            desk.crm.edit(entity, made.id, {field: wrong})
        with pytest.raises((NoSuchRecord, NoSuchAccount)):
            desk.make(entity, **{field: wrong})
    assert desk.now(made) == before


@pytest.mark.parametrize(("entity", "field", "target"), ALLOWED)
def test_what_it_may_be_about(desk: Desk, entity: str, field: str, target: str) -> None:
    """Given when made or later, one at a time; never what was deleted or is not there."""
    about = desk.make(target)
    pointing = f"{target}:{about.id}"
    assert desk.make(entity, **{field: pointing}).values[field] == pointing
    other = desk.make("contact" if target != "contact" else "account")
    elsewhere = f"{'contact' if target != 'contact' else 'account'}:{other.id}"
    made = desk.make(entity, **{field: elsewhere})
    assert desk.crm.edit(entity, made.id, {field: pointing}).values[field] == pointing
    free = desk.make(entity)
    desk.crm.delete(target, about.id)
    for wrong in (pointing, f"{target}:nobody"):
        with pytest.raises(NoSuchRecord):
            desk.crm.edit(entity, free.id, {field: wrong})
        with pytest.raises(NoSuchRecord):
            desk.make(entity, **{field: wrong})
    assert desk.now(free) == free


@pytest.mark.parametrize(("entity", "field", "target"), FORBIDDEN)
def test_what_it_may_not_be_about(desk: Desk, entity: str, field: str, target: str) -> None:
    """It is refused, and not taken for an emptied field: what it was about stays."""
    account = f"account:{desk.make('account').id}"
    made = desk.make(entity, **{field: account})
    wrong = desk.make(target)
    for value in (f"{target}:{wrong.id}", wrong.id, f"{target}:", "account:"):
        with pytest.raises(InvalidValue):
            desk.crm.edit(entity, made.id, {field: value})
        with pytest.raises(InvalidValue):
            desk.make(entity, **{field: value})
    assert desk.now(made) == made


def test_a_contact_is_no_parent(desk: Desk) -> None:
    """Contacts belong to accounts, not to one another; accounts do not belong to contacts."""
    one, other = desk.make("contact"), desk.make("contact")
    for entity, held, field in (
        ("contact", other, "parentcustomerid"),
        ("account", desk.make("account"), "parentaccountid"),
    ):
        with pytest.raises(CrmError):
            desk.crm.edit(entity, held.id, {field: one.id})
        assert desk.value(held, field) is None


COLUMNS = {
    ("opportunity", "customerid"): "customer_{}_id",
    ("task", "regardingobjectid"): "regarding_{}_id",
    ("phone_call", "regardingobjectid"): "regarding_{}_id",
    ("appointment", "regardingobjectid"): "regarding_{}_id",
    ("email", "regardingobjectid"): "regarding_{}_id",
    ("note", "objectid"): "regarding_{}_id",
}


@pytest.mark.parametrize(("entity", "field", "target"), ALLOWED)
def test_the_database_keeps_one_at_most(desk: Desk, entity: str, field: str, target: str) -> None:
    """A second one beside it is refused, whoever writes it."""
    other = next(each for each in ANY[entity, field] if each != target)
    made = desk.make(entity, **{field: f"{target}:{desk.make(target).id}"})
    column = COLUMNS[entity, field].format(other)
    with pytest.raises(IntegrityError, match="one record at most"):
        desk.overwrite(made, **{column: desk.make(other).id})
    assert desk.now(made) == made


@pytest.mark.parametrize("entity", ENTITIES)
def test_an_owner_is_a_user(desk: Desk, entity: str) -> None:
    """Nobody else owns a record, not even in SQL."""
    made = desk.make(entity)
    with pytest.raises(CrmError):
        desk.crm.assign(entity, made.id, "nobody")
    with pytest.raises(IntegrityError):
        desk.overwrite(made, owner_id="nobody")
