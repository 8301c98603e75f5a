"""The mailing address over EWS: which one that is is looked up before it is written."""

from __future__ import annotations

import pytest

from syncd.model.addresses import mailing_only
from syncd.model.contact import CONTACT
from syncd.model.values import Value
from syncd.outlook.errors import Failure, MailboxError, Sort
from syncd.outlook.ews.mailbox import EwsMailbox
from syncd.outlook.port import Update
from syncd.sandbox.properties import ADDRESS_SET, mapi_named
from syncd.sandbox.server import Sandbox
from tests.outlook.desk import ADDRESS, EwsDesk, read

MAILING = mailing_only(CONTACT)
HOME: dict[str, Value] = {"address1_city": "Workton", "address2_city": "Hometown"}
POSTAL_ID = mapi_named(ADDRESS_SET, 0x8022, "Integer")  # PidLidPostalAddressId


@pytest.fixture
def desk(box: Sandbox, ews: EwsMailbox) -> EwsDesk:
    """A desk over EWS alone."""
    return EwsDesk(box, ews)


def at_home(desk: EwsDesk) -> Update:
    """An edit of an item whose mailing address is the home address."""
    item = desk.add(HOME)
    desk.name_mailing(item, "Home")
    version = read(desk, item, MAILING).head.version
    return Update(item, version, {"address1_city": "Newton"}, None)


@pytest.mark.parametrize(
    ("fields", "requests"), [({"jobtitle": "CEO"}, 1), ({"address1_city": "Newton"}, 2)]
)
def test_it_is_looked_up_only_where_it_is_to_be_written(
    desk: EwsDesk, fields: dict[str, Value], requests: int
) -> None:
    """One request more a batch, and none with three addresses."""
    item, before = at_home(desk).id, desk.mailbox.requests
    for kind, more in ((CONTACT, 1), (MAILING, requests)):
        version = read(desk, item, kind).head.version
        before = desk.mailbox.requests
        desk.mailbox.update(kind, [Update(item, version, fields, None)])
        assert desk.mailbox.requests == before + more


def test_one_that_could_not_be_looked_up_is_not_written(desk: EwsDesk, box: Sandbox) -> None:
    """P11: an address of the user's own would be overwritten. The item is tried again."""
    update = at_home(desk)
    box.faults.add("GetItem", "item_error", code="ErrorInternalServerError")
    (result,) = desk.mailbox.update(MAILING, [update])
    assert isinstance(result, Failure)
    assert result.sort is Sort.TRANSIENT
    assert {n: v for n, v in read(desk, update.id).record.fields.items() if n in HOME} == HOME


def test_a_look_that_fails_sends_nothing(desk: EwsDesk, box: Sandbox) -> None:
    """It only read: nothing is in doubt."""
    update = at_home(desk)
    box.faults.add("GetItem", "lost_answer")
    with pytest.raises(MailboxError) as caught:
        desk.mailbox.update(MAILING, [update])
    assert caught.value.sort is Sort.TRANSIENT
    assert box.requests["UpdateItem"] == 0


@pytest.mark.parametrize(
    ("number", "named"), [("0", ""), ("1", "Home"), ("2", "Business"), ("3", "Other")]
)
def test_outlook_and_ews_name_the_same_address(desk: EwsDesk, number: str, named: str) -> None:
    """Outlook keeps a number, EWS a word ([MS-OXOCNTC], PidLidPostalAddressId)."""
    item = desk.add({f"address{each}_city": f"City {each}" for each in (1, 2, 3)})
    desk.box.mailbox(ADDRESS).update(item, {POSTAL_ID: number})
    assert desk.mailing(item) == named
    group = {"Home": 2, "Other": 3}.get(named, 1)
    assert read(desk, item, MAILING).record.fields["address1_city"] == f"City {group}"
