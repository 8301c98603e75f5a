"""The address mode: the same kind, with its addresses in another place."""

from __future__ import annotations

import pytest

from syncd.model.addresses import kind_for
from syncd.model.contact import CONTACT
from syncd.model.fields import Direction, Mailing
from syncd.model.policy import Addresses, KindPolicy
from tests.toy import GADGET

ADDRESSES = ("address1", "address2", "address3")
PARTS = ["Street", "City", "State", "PostalCode", "CountryOrRegion"]


def test_three_is_the_map_as_it_is() -> None:
    """The default changes nothing."""
    assert kind_for(CONTACT, Addresses.THREE) is CONTACT


def test_mailing_only_moves_the_first_address() -> None:
    """Part by part; its group, its columns and its direction are the same."""
    kind = kind_for(CONTACT, Addresses.MAILING)
    fields = kind.groups["address1"].fields
    assert [each.ews for each in fields] == [Mailing(part) for part in PARTS]
    assert [each.label for each in fields][:2] == ["Mailing street", "Mailing city"]
    before = CONTACT.groups["address1"]
    assert [(each.name, each.crm) for each in fields] == [(f.name, f.crm) for f in before.fields]
    assert kind.groups["address1"].direction is before.direction


@pytest.mark.parametrize("group", ["address2", "address3"])
def test_the_others_take_no_part_whatever_the_policy_says(group: str) -> None:
    """Home and Other are locked: a policy that opens them for three addresses is no mistake."""
    kind = kind_for(CONTACT, Addresses.MAILING)
    policy = KindPolicy(kind, directions={group: Direction.TWO_WAY})
    assert policy.direction_of(kind.groups[group]) is Direction.NONE


def test_all_else_is_the_same() -> None:
    """Links and images carry over: the kind has the same name, fields and groups."""
    kind = kind_for(CONTACT, Addresses.MAILING)
    assert (kind.name, list(kind.by_name)) == (CONTACT.name, list(CONTACT.by_name))
    moved = {n for n, group in kind.groups.items() if group.place != CONTACT.groups[n].place}
    assert moved == {"address1"}
    assert {n for n, g in kind.groups.items() if g != CONTACT.groups[n]} == set(ADDRESSES)
    assert kind_for(GADGET, Addresses.MAILING) == GADGET
