"""Who takes part in an activity, and as what."""

from __future__ import annotations

import pytest

from syncd.crm.errors import InvalidValue, NoSuchRecord
from syncd.crm.parties import Party
from syncd.model.entities import PARTY_ROLES
from tests.crm.rules.desk import Desk
from tests.crm.rules.law import ACTIVITIES

# Dataverse's numbers; resources, customers and chats take no part in what we keep.
NUMBERS = {
    "sender": 1, "to": 2, "cc": 3, "bcc": 4, "required": 5, "optional": 6, "organizer": 7,
    "regarding": 8, "owner": 9,
}  # fmt: skip
# activity → the parts in it, and who plays the first of them if nobody is named
PARTS = {
    "email": ("sender", "to", "cc", "bcc"),
    "appointment": ("organizer", "required", "optional"),
    "phone_call": ("sender", "to"),
    "task": (),
}
SINGLE = ("sender", "organizer")
EACH = [(entity, role) for entity in PARTS for role in NUMBERS]


def test_the_parts_have_the_numbers_of_the_reference() -> None:
    """So an export needs no translation."""
    assert PARTY_ROLES == NUMBERS
    assert PARTS.keys() == set(ACTIVITIES)


@pytest.mark.parametrize(("entity", "role"), EACH)
def test_who_may_play_which_part(desk: Desk, entity: str, role: str) -> None:
    """Any part of its sort of activity, and no other; owner and regarding are never given."""
    party = Party(role, address="robert@contoso.com")
    made = desk.make(entity)
    if role in PARTS[entity]:
        desk.crm.set_parties(entity, made.id, [party])
        assert desk.parties_of(made) == [party]
        assert party in desk.parties_of(desk.make(entity, parties=[party]))
        return
    before = desk.parties_of(made)
    with pytest.raises(InvalidValue):
        desk.crm.set_parties(entity, made.id, [party])
    with pytest.raises(InvalidValue):
        desk.make(entity, parties=[party])
    assert desk.parties_of(made) == before


@pytest.mark.parametrize(("entity", "role"), [each for each in EACH if each[1] in PARTS[each[0]]])
def test_one_leads_and_many_follow(desk: Desk, entity: str, role: str) -> None:
    """One sender, one organizer; of the others as many as there are, each once."""
    two = [Party(role, address="a@contoso.com"), Party(role, address="b@contoso.com")]
    made = desk.make(entity)
    if role in SINGLE:
        with pytest.raises(InvalidValue):
            desk.crm.set_parties(entity, made.id, two)
        return
    desk.crm.set_parties(entity, made.id, [*two, two[0]])
    assert desk.parties_of(made) == two


@pytest.mark.parametrize("target", ["user", "contact", "account", "lead"])
def test_who_takes_part_is_somebody(desk: Desk, target: str) -> None:
    """A user, a contact, an account, a lead that is there; or a bare address."""
    some = desk.ann.id if target == "user" else desk.make(target).id
    made = desk.make("email")
    desk.crm.set_parties("email", made.id, [Party("to", f"{target}:{some}")])
    assert desk.parties_of(made) == [Party("to", f"{target}:{some}")]
    for nobody in (f"{target}:nobody", f"{target}:", "task:1", some):
        with pytest.raises((NoSuchRecord, InvalidValue)):
            desk.crm.set_parties("email", made.id, [Party("to", nobody)])
    with pytest.raises(InvalidValue):
        desk.crm.set_parties("email", made.id, [Party("to")])
    if target != "user":
        desk.crm.delete(target, some)
        with pytest.raises(NoSuchRecord):
            desk.crm.set_parties("email", made.id, [Party("to", f"{target}:{some}")])


@pytest.mark.parametrize("entity", ACTIVITIES)
def test_owner_and_regarding_follow_from_the_activity(desk: Desk, entity: str) -> None:
    """They are parties without being kept as such: assigned, it has another owner."""
    about = f"account:{desk.make('account').id}"
    made = desk.make(entity, regardingobjectid=about)
    desk.crm.assign(entity, made.id, desk.bob.id)
    found = desk.crm.parties([desk.now(made)])[made.id]
    kept = [each for each in found if each.role in ("regarding", "owner")]
    assert kept == [Party("regarding", about), Party("owner", f"user:{desk.bob.id}")]
    desk.crm.edit(entity, made.id, {"regardingobjectid": None})
    found = desk.crm.parties([desk.now(made)])[made.id]
    assert all(each.role != "regarding" for each in found)


@pytest.mark.parametrize(
    ("entity", "direction", "leader"),
    [
        ("email", "outgoing", "sender"), ("email", None, "sender"), ("email", "incoming", None),
        ("phone_call", "outgoing", "sender"), ("phone_call", "incoming", None),
        ("appointment", None, "organizer"), ("task", None, None),
    ],
)  # fmt: skip
def test_its_owner_leads_unless_somebody_else_does(
    desk: Desk, entity: str, direction: str | None, leader: str | None
) -> None:
    """Who enters a call has made it, and who plans a meeting invites to it."""
    given = {"directioncode": direction} if direction else {}
    own = [Party(leader, f"user:{desk.bob.id}")] if leader else []
    assert desk.parties_of(desk.make(entity, desk.bob, **given)) == own
    if leader:
        other = Party(leader, address="robert@contoso.com")
        made = desk.make(entity, desk.bob, parties=[other], **given)
        assert desk.parties_of(made) == [other]


def test_a_change_of_parties_is_a_change_of_the_activity(desk: Desk) -> None:
    """It has a version and a line; the same parties once more have none."""
    party = Party("required", address="robert@contoso.com")
    made, start = desk.make("appointment"), desk.latest()
    for _ in range(2):
        desk.crm.set_parties("appointment", made.id, [party])
    assert [line.fields for line in desk.lines(made, start)] == [("parties",)]
    assert desk.now(made).version == made.version + 1


def test_who_is_refused_changes_nothing(desk: Desk) -> None:
    """An activity is made with all its parties, or not at all."""
    start = desk.latest()
    with pytest.raises(NoSuchRecord):
        desk.make("email", parties=[Party("to", "contact:nobody")])
    assert desk.latest() == start
    assert desk.crm.search("email") == (0, [])
