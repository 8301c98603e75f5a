"""UpdateItem: one property per change, a whole item or nothing, and nobody overwritten unseen."""

from typing import Any

import pytest
from exchangelib import Contact
from exchangelib.errors import ErrorIrresolvableConflict
from exchangelib.indexed_properties import EmailAddress, PhoneNumber
from exchangelib.items import ALWAYS_OVERWRITE, NEVER_OVERWRITE

from syncd.sandbox.mailbox import Mailbox
from syncd.sandbox.server import Sandbox
from tests.sandbox.conftest import send, set_field, update

NAME = set_field("contacts:GivenName", "<t:GivenName>New</t:GivenName>")


def test_exchangelib_sets_and_deletes_fields(alice: Any) -> None:
    """Named fields are set, None deletes, what was not named stays."""
    made = Contact(
        account=alice,
        folder=alice.contacts,
        display_name="x",
        given_name="Ada",
        job_title="Boss",
        nickname="Stays",
        email_addresses=[EmailAddress(email="a@example.test", label="EmailAddress1")],
        phone_numbers=[PhoneNumber(label="Pager", phone_number="1")],
    ).save()
    made.given_name, made.job_title, made.email_addresses = "Augusta", None, None
    made.phone_numbers = [PhoneNumber(label="CarPhone", phone_number="2")]
    made.save(update_fields=["given_name", "job_title", "email_addresses", "phone_numbers"])
    read = alice.contacts.get(id=made.id, changekey=made.changekey)
    assert (read.given_name, read.job_title, read.nickname) == ("Augusta", None, "Stays")
    assert read.email_addresses is None
    assert [(p.label, p.phone_number) for p in read.phone_numbers] == [("CarPhone", "2")]


def test_a_stale_change_key_is_a_conflict_unless_told_otherwise(
    alice: Any, mailbox: Mailbox
) -> None:
    """NeverOverwrite refuses, AlwaysOverwrite does not."""
    made = Contact(account=alice, folder=alice.contacts, display_name="x").save()
    mailbox.update(made.id, {"contacts:Nickname": "somebody else was here"})
    made.given_name = "late"
    with pytest.raises(ErrorIrresolvableConflict):
        made.save(update_fields=["given_name"], conflict_resolution=NEVER_OVERWRITE)
    assert "contacts:GivenName" not in mailbox.item(made.id).bag
    made.save(update_fields=["given_name"], conflict_resolution=ALWAYS_OVERWRITE)
    assert mailbox.item(made.id)["contacts:GivenName"] == "late"
    assert mailbox.item(made.id)["contacts:Nickname"] == "somebody else was here"


@pytest.mark.parametrize(
    ("how", "key", "code"),
    [
        ("NeverOverwrite", "current", "NoError"),
        ("NeverOverwrite", "stale", "ErrorIrresolvableConflict"),
        ("NeverOverwrite", "none", "ErrorChangeKeyRequiredForWriteOperations"),
        ("NeverOverwrite", "garbage", "ErrorInvalidChangeKey"),
        ("AutoResolve", "stale", "NoError"),
        ("AlwaysOverwrite", "stale", "NoError"),
        ("AlwaysOverwrite", "none", "NoError"),
    ],
)
def test_conflict_resolution(box: Sandbox, mailbox: Mailbox, how: str, key: str, code: str) -> None:
    """The three resolutions against the four sorts of change key."""
    first = mailbox.add("contacts", {"contacts:GivenName": "Old"})
    second = mailbox.update(first.id, {})
    keys = {"current": second.change_key, "stale": first.change_key, "none": None, "garbage": "abc"}
    assert send(box, update(first.id, keys[key], NAME, how=how)).codes == [code]
    expected = "New" if code == "NoError" else "Old"
    assert mailbox.item(first.id)["contacts:GivenName"] == expected


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (
            set_field("contacts:GivenName", "<t:GivenName>a</t:GivenName><t:Surname>b</t:Surname>"),
            "ErrorIncorrectUpdatePropertyCount",
        ),
        (set_field("contacts:GivenName", ""), "ErrorIncorrectUpdatePropertyCount"),
        (
            set_field("contacts:GivenName", "<t:Surname>b</t:Surname>"),
            "ErrorUpdatePropertyMismatch",
        ),
        (
            set_field("contacts:HasPicture", "<t:HasPicture>true</t:HasPicture>"),
            "ErrorInvalidPropertySet",
        ),
        (set_field("item:Size", "<t:Size>1</t:Size>"), "ErrorInvalidPropertySet"),
        (
            set_field("message:IsRead", "<t:GivenName>a</t:GivenName>"),
            "ErrorInvalidPropertyForOperation",
        ),
        (
            set_field(
                "contacts:GivenName", "<t:GivenName>a</t:GivenName>", verb="AppendToItemField"
            ),
            "ErrorInvalidPropertyAppend",
        ),
        (
            '<t:DeleteItemField><t:FieldURI FieldURI="item:LastModifiedTime"/></t:DeleteItemField>',
            "ErrorInvalidPropertyDelete",
        ),
        (
            (
                "<t:DeleteItemField><t:FieldURI "
                'FieldURI="contacts:EmailAddresses"/></t:DeleteItemField>'
            ),
            "ErrorInvalidPropertyDelete",
        ),
        (
            set_field("item:ItemClass", "<t:ItemClass>IPM.Note</t:ItemClass>"),
            "ErrorObjectTypeChanged",
        ),
    ],
)
def test_a_bad_change_changes_nothing(
    box: Sandbox, mailbox: Mailbox, change: str, code: str
) -> None:
    """The item is refused with Exchange's code; a good change beside the bad one is not done."""
    item = mailbox.add("contacts", {"contacts:GivenName": "Old"})
    good = set_field("contacts:Surname", "<t:Surname>New</t:Surname>")
    assert send(box, update(item.id, item.change_key, good, change)).codes == [code]
    assert mailbox.item(item.id) == item


def test_append_adds_to_what_is_there(box: Sandbox, mailbox: Mailbox) -> None:
    """A body grows, a list of children grows."""
    item = mailbox.add("contacts", {"item:Body": "one", "contacts:Children": ["A"]})
    changes = (
        set_field("item:Body", '<t:Body BodyType="Text">two</t:Body>', verb="AppendToItemField"),
        set_field(
            "contacts:Children",
            "<t:Children><t:String>B</t:String></t:Children>",
            verb="AppendToItemField",
        ),
    )
    assert send(box, update(item.id, item.change_key, *changes)).codes == ["NoError"]
    assert mailbox.item(item.id)["item:Body"] == "onetwo"
    assert mailbox.item(item.id)["contacts:Children"] == ["A", "B"]


def test_an_address_is_changed_part_by_part(box: Sandbox, mailbox: Mailbox) -> None:
    """One part is set, another deleted, the third stays."""
    street, city, zipcode = (
        f"contacts:PhysicalAddress:{p}:Home" for p in ("Street", "City", "PostalCode")
    )
    item = mailbox.add("contacts", {street: "old", city: "gone", zipcode: "stays"})
    changes = (
        (
            '<t:SetItemField><t:IndexedFieldURI FieldURI="contacts:PhysicalAddress:Street" '
            'FieldIndex="Home"/>'
            '<t:Contact><t:PhysicalAddresses><t:Entry Key="Home"><t:Street>new</t:Street></t:Entry>'
            "</t:PhysicalAddresses></t:Contact></t:SetItemField>"
        ),
        (
            '<t:DeleteItemField><t:IndexedFieldURI FieldURI="contacts:PhysicalAddress:City" '
            'FieldIndex="Home"/>'
            "</t:DeleteItemField>"
        ),
    )
    assert send(box, update(item.id, item.change_key, *changes)).codes == ["NoError"]
    read = mailbox.item(item.id)
    assert (read.get(street), read.get(city), read.get(zipcode)) == ("new", None, "stays")


def test_every_update_makes_a_new_version(box: Sandbox, mailbox: Mailbox) -> None:
    """Also one that changes no value: Exchange does not compare."""
    item = mailbox.add("contacts", {"contacts:GivenName": "New"})
    box.clock.advance(60)
    send(box, update(item.id, item.change_key, NAME))
    after = mailbox.item(item.id)
    assert after.change_key != item.change_key
    assert after.modified > item.modified
    assert (after.id, after.created) == (item.id, item.created)


def test_ids_that_name_nothing(box: Sandbox, mailbox: Mailbox) -> None:
    """Malformed, gone, of a folder: each has its own code."""
    gone = mailbox.add("contacts", {})
    mailbox.delete(gone.id)
    folder = mailbox.folder("contacts").id
    codes = [
        send(box, update(text, gone.change_key, NAME)).codes
        for text in ("garbage", gone.id, folder)
    ]
    assert codes == [
        ["ErrorInvalidIdMalformed"],
        ["ErrorItemNotFound"],
        ["ErrorCannotUseFolderIdForItemId"],
    ]
