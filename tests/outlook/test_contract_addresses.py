"""The laws of the port about the mailing address, for a kind that has it. Every backend keeps them.

Its user names it: Business, Home or Other. Such a kind has the CRM's first address there.
"""

from __future__ import annotations

import pytest

from syncd.model.addresses import mailing_only
from syncd.model.contact import CONTACT
from syncd.model.values import Value
from syncd.outlook.errors import Failure, Sort
from syncd.outlook.port import Update, Written
from tests.outlook.desk import Desk, create, read, stamp

MAILING = mailing_only(CONTACT)
STREETS: dict[str, Value] = {
    "address1_line1": "Work St 1", "address1_city": "Workton",
    "address2_line1": "Home St 2\nrear", "address2_country": "Homeland",
    "address3_line1": "Other St 3", "address3_postalcode": "33333",
}  # fmt: skip
NAMED = {"": "address1", "Business": "address1", "Home": "address2", "Other": "address3"}


def first(desk: Desk, item: str) -> dict[str, Value]:
    """What the first address holds of an item, as a kind with a mailing address has it."""
    fields = read(desk, item, MAILING).record.fields
    return {n[9:]: value for n, value in fields.items() if n.startswith("address1_") and value}


def kept(group: str, fields: dict[str, Value]) -> dict[str, Value]:
    """What one address holds."""
    return {n[9:]: value for n, value in fields.items() if n.startswith(f"{group}_") and value}


def patch(desk: Desk, item: str, version: str, /, **fields: Value) -> Written | Failure:
    """Patch one item."""
    change = Update(item, version, fields, stamp("1", "key-2"))
    (result,) = desk.mailbox.update(MAILING, [change])
    return result


@pytest.mark.parametrize("named", sorted(NAMED))
def test_the_first_address_is_the_one_that_is_named(desk: Desk, named: str) -> None:
    """Business where none is; the other kind reads all three as ever."""
    item = desk.add(STREETS)
    desk.name_mailing(item, named)
    assert first(desk, item) == kept(NAMED[named], STREETS)
    three = read(desk, item).record.fields
    assert {n: v for n, v in three.items() if n.startswith("address") and v} == STREETS


@pytest.mark.parametrize("named", sorted(NAMED))
def test_only_the_address_that_is_named_is_written(desk: Desk, named: str) -> None:
    """P11: the user's other addresses stay; what is named stays named, and Business is by us."""
    item = desk.add(STREETS)
    desk.name_mailing(item, named)
    version = read(desk, item, MAILING).head.version
    assert isinstance(
        patch(desk, item, version, address1_line1="New St", address1_city=None, jobtitle="CEO"),
        Written,
    )
    fields = dict(read(desk, item).record.fields)
    for group in ("address1", "address2", "address3"):
        changed = {"line1": "New St", "city": None} if group == NAMED[named] else {}
        wanted = {**kept(group, STREETS), **changed}
        assert kept(group, fields) == {name: value for name, value in wanted.items() if value}
    assert fields["jobtitle"] == "CEO"
    assert desk.mailing(item) == (named or "Business")


def test_a_new_item_has_its_mailing_address_in_business(desk: Desk) -> None:
    """And says so; one without an address says nothing."""
    made = create(desk, "1", {"firstname": "Ann", "address1_city": "Workton"}, MAILING)
    bare = create(desk, "2", {"firstname": "Bob"}, MAILING)
    assert read(desk, made.id).record.fields["address1_city"] == "Workton"
    assert (desk.mailing(made.id), desk.mailing(bare.id)) == ("Business", "")


def test_emptying_an_address_names_none(desk: Desk) -> None:
    """There is nothing to name."""
    item = desk.add(STREETS)
    version = read(desk, item, MAILING).head.version
    patch(desk, item, version, address1_line1=None, address1_city=None)
    assert (first(desk, item), desk.mailing(item)) == ({}, "")


def test_an_address_that_was_named_meanwhile_is_not_written(desk: Desk) -> None:
    """What was read is not what is there: refused as any other edit is, and nothing is lost."""
    item = desk.add(STREETS)
    version = read(desk, item, MAILING).head.version
    desk.name_mailing(item, "Home")
    result = patch(desk, item, version, address1_city="Elsewhere")
    assert isinstance(result, Failure)
    assert result.sort is Sort.PRECONDITION
    assert first(desk, item) == kept("address2", STREETS)


def test_one_item_of_a_batch_fails_alone(desk: Desk) -> None:
    """Each result is in its place, whether its mailing address was to be written or not."""
    gone, plain, named = (desk.add(STREETS) for _ in range(3))
    desk.name_mailing(named, "Other")
    versions = {each: read(desk, each, MAILING).head.version for each in (gone, plain, named)}
    desk.delete(gone)
    results = desk.mailbox.update(
        MAILING,
        [
            Update(gone, versions[gone], {"address1_city": "New"}, None),
            Update(plain, versions[plain], {"jobtitle": "CEO"}, None),
            Update(named, versions[named], {"address1_city": "New"}, None),
        ],
    )
    assert [each.id if isinstance(each, Written) else each.sort for each in results] == [
        Sort.GONE, plain, named,
    ]  # fmt: skip
    assert read(desk, named).record.fields["address3_city"] == "New"


def test_the_other_two_take_no_part() -> None:
    """Their direction is none, whatever the policy says of them; the kind is the same by name."""
    assert MAILING.name == CONTACT.name
    assert MAILING.by_name.keys() == CONTACT.by_name.keys()
    for name in ("address2", "address3"):
        assert (MAILING.groups[name].direction.value, MAILING.groups[name].locked) == ("none", True)
    same = CONTACT.groups.keys() - {"address1", "address2", "address3"}
    assert all(MAILING.groups[name] == CONTACT.groups[name] for name in same)
