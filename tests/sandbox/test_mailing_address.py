"""The mailing address of a contact as a client meets it."""

from typing import Any

import pytest
from exchangelib import Contact

from syncd.sandbox.mailbox import Mailbox
from syncd.sandbox.server import Sandbox
from tests.sandbox.conftest import get_items, send, set_field, update

URI = "contacts:PostalAddressIndex"
PROPERTY = (
    '<t:ExtendedFieldURI DistinguishedPropertySetId="Address" PropertyId="32802" '
    'PropertyType="Integer"/>'
)


def test_none_is_named_until_somebody_names_one(alice: Any, box: Sandbox, mailbox: Mailbox) -> None:
    """`None` is the default, and what is left when the name is taken back."""
    item = Contact(account=alice, folder=alice.contacts, display_name="x").save()
    asked = get_items(item.id)
    assert send(box, asked).all("//t:PostalAddressIndex/text()") == ["None"]
    item.postal_address_index = "Other"
    item.save(update_fields=["postal_address_index"])
    assert send(box, asked).all("//t:PostalAddressIndex/text()") == ["Other"]
    mailbox.update(item.id, {URI: None})
    assert send(box, asked).all("//t:PostalAddressIndex/text()") == ["None"]


def test_it_is_a_number_under_its_mapi_name(box: Sandbox, mailbox: Mailbox) -> None:
    """0 none, 1 Home, 2 Business, 3 Other."""
    shape = (
        "<t:BaseShape>IdOnly</t:BaseShape><t:AdditionalProperties>"
        f"{PROPERTY}</t:AdditionalProperties>"
    )
    for name, number in (("Home", "1"), ("Business", "2"), ("Other", "3")):
        item = mailbox.add("contacts", {URI: name}, "IPM.Contact")
        assert send(box, get_items(item.id, shape=shape)).all("//t:Value/text()") == [number]


@pytest.mark.parametrize("word", ["Work", "home"])
def test_no_other_word_is_taken(box: Sandbox, mailbox: Mailbox, word: str) -> None:
    """With the schema at hand or without it."""
    item = mailbox.add("contacts", {"contacts:GivenName": "x"}, "IPM.Contact")
    inside = f"<t:PostalAddressIndex>{word}</t:PostalAddressIndex>"
    reply = send(box, update(item.id, item.change_key, set_field(URI, inside)))
    assert set(reply.codes) & {"ErrorSchemaValidation", "ErrorInvalidValueForProperty"}
