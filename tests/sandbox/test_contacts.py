"""A contact comes back as it was written, but for what Exchange is known to normalise."""

import datetime as dt
from typing import Any

from exchangelib import Contact, DistributionList, ExtendedProperty, HTMLBody, Mailbox, Message
from exchangelib.indexed_properties import EmailAddress, PhoneNumber, PhysicalAddress
from exchangelib.items.contact import Contact as ContactItem
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from syncd.sandbox.mailbox import Mailbox as Inside
from syncd.sandbox.properties import mapi_named, mapi_tag, words
from syncd.sandbox.server import Sandbox
from tests.sandbox.conftest import ALICE, get_items, send, set_field, update

STAMP_SET = "c0ffee00-1111-2222-3333-444455556666"


class Stamp(ExtendedProperty):  # type: ignore[misc]  # exchangelib has no types
    """A named property of ours."""

    property_set_id = STAMP_SET
    property_name = "stamp"
    property_type = "String"


def whole_contact(account: Any) -> Any:
    """Return a contact with everything that a contact can have."""
    texts = words(
        "given_name surname middle_name nickname initials generation company_name job_title "
        "department manager assistant_name spouse_name profession office mileage file_as"
    )
    return Contact(
        account=account,
        folder=account.contacts,
        display_name="Dr. Ada Lovelace",
        **{name: f"{name} <&> Ä" for name in texts},
        business_homepage="https://example.test/?a=1&b=2",
        birthday=dt.date(1815, 12, 10),
        wedding_anniversary=dt.date(1835, 7, 8),
        children=["Byron", "Anne"],
        categories=["CRM", "Customers"],
        sensitivity="Private",
        postal_address_index="Business",
        body="line one\r\nline two",
        email_addresses=[
            EmailAddress(email=f"a{n}@example.test", label=f"EmailAddress{n}") for n in (1, 2, 3)
        ],
        phone_numbers=[
            PhoneNumber(label="BusinessPhone", phone_number="+1 555 0100"),
            PhoneNumber(label="MobilePhone", phone_number="+1 555 0101"),
        ],
        physical_addresses=[
            PhysicalAddress(
                label=label, street="1 Main St", city="Town", state="ST", country="UK", zipcode="Z"
            )
            for label in ("Business", "Home", "Other")
        ],
    )


def test_every_property_of_a_contact_comes_back(alice: Any) -> None:
    """What exchangelib writes is what exchangelib reads."""
    written = whole_contact(alice)
    written.save()
    read = alice.contacts.get(id=written.id, changekey=written.changekey)
    for name in words(
        "given_name surname middle_name nickname initials generation company_name job_title "
        "file_as "
        "department manager assistant_name spouse_name profession office mileage display_name "
        "business_homepage birthday wedding_anniversary children categories sensitivity body "
        "postal_address_index"
    ):
        assert getattr(read, name) == getattr(written, name), name
    assert {e.email for e in read.email_addresses} == {f"a{n}@example.test" for n in (1, 2, 3)}
    assert {(p.label, p.phone_number) for p in read.phone_numbers} == {
        ("BusinessPhone", "+1 555 0100"),
        ("MobilePhone", "+1 555 0101"),
    }
    assert {a.label for a in read.physical_addresses} == {"Business", "Home", "Other"}
    assert all(a.street == "1 Main St" and a.zipcode == "Z" for a in read.physical_addresses)
    assert read.complete_name.first_name == written.given_name
    assert read.complete_name.last_name == written.surname


TEXT = st.text(
    st.characters(min_codepoint=32, max_codepoint=0x2FFF, exclude_categories=["Cs", "Cc"]),
    min_size=1,
    max_size=30,
)
TEXT_FIELDS = words(
    "given_name surname nickname company_name job_title department manager assistant_name "
    "profession office"
)


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.dictionaries(st.sampled_from(TEXT_FIELDS), TEXT))
def test_any_text_comes_back(alice: Any, values: dict[str, str]) -> None:
    """Markup, quotes and foreign letters survive the way there and back."""
    made = Contact(account=alice, folder=alice.contacts, display_name="x", **values).save()
    read = alice.contacts.get(id=made.id, changekey=made.changekey)
    assert {name: getattr(read, name) for name in values} == values


def test_answers_to_writes_carry_only_ids(box: Sandbox, mailbox: Inside) -> None:
    """CreateItem and UpdateItem answer id and change key, nothing else."""
    create = (
        '<m:CreateItem MessageDisposition="SaveOnly"><m:SavedItemFolderId>'
        '<t:DistinguishedFolderId Id="contacts"/>'
        "</m:SavedItemFolderId><m:Items><t:Contact><t:GivenName>Ada</t:GivenName></t:Contact>"
        "</m:Items></m:CreateItem>"
    )
    made = send(box, create)
    assert [child.tag.split("}")[1] for child in made.all("//t:Contact/*")] == ["ItemId"]
    item = mailbox.items()[0]
    assert made.all("//t:ItemId/@Id") == [item.id]
    body = update(
        item.id, item.change_key, set_field("contacts:Surname", "<t:Surname>L</t:Surname>")
    )
    changed = send(box, body)
    assert [child.tag.split("}")[1] for child in changed.all("//t:Contact/*")] == ["ItemId"]
    assert changed.all("//m:ConflictResults/t:Count/text()") == ["0"]
    assert mailbox.items()[0].change_key != item.change_key


def test_the_server_works_out_what_was_not_set(alice: Any, mailbox: Inside) -> None:
    """Display name, file-as by mapping, name of an e-mail address, defaults."""
    mailbox.add(
        "contacts",
        {
            "contacts:GivenName": "Ada",
            "contacts:Surname": "Lovelace",
            "contacts:FileAsMapping": "LastCommaFirst",
            "contacts:EmailAddress:EmailAddress1": " ada@example.test ",
            mapi_tag(0x3A45): "Dr.",
        },
    )
    read = alice.contacts.all()[0]
    assert (read.display_name, read.file_as) == ("Dr. Ada Lovelace", "Lovelace, Ada")
    assert read.complete_name.title == "Dr."
    assert read.email_addresses[0].email == "ada@example.test"
    assert (read.sensitivity, read.importance, read.has_attachments) == ("Normal", "Normal", False)


def test_values_come_back_normalised(alice: Any, mailbox: Inside) -> None:
    """Line ends become CR LF, dates 11:59 UTC, doubled categories one, empty texts nothing."""
    made = Contact(
        account=alice,
        folder=alice.contacts,
        display_name="x",
        body="one\ntwo",
        birthday=dt.date(2000, 2, 29),
        categories=["CRM", "crm"],
        company_name="",
    ).save()
    bag = mailbox.item(made.id).bag
    assert bag["item:Body"] == "one\r\ntwo"
    assert bag["contacts:Birthday"] == "2000-02-29T11:59:00Z"
    assert bag["item:Categories"] == ["CRM"]
    assert "contacts:CompanyName" not in bag


def test_a_mapi_name_and_an_element_are_one_value(box: Sandbox, mailbox: Inside) -> None:
    """PR_BUSINESS_TELEPHONE_NUMBER is the business telephone, PR_SENSITIVITY the sensitivity."""
    item = mailbox.add(
        "contacts",
        {mapi_tag(0x3A08): "+1 555", mapi_tag(0x0036, "Integer"): "2", mapi_tag(0x3A17): "Boss"},
    )
    assert item["contacts:PhoneNumber:BusinessPhone"] == "+1 555"
    assert item["item:Sensitivity"] == "Private"
    paths = "".join(
        f'<t:ExtendedFieldURI PropertyTag="{tag}" PropertyType="{kind}"/>'
        for tag, kind in (("0x3A08", "String"), ("0x36", "Integer"), ("0x3008", "SystemTime"))
    )
    shape = (
        f"<t:BaseShape>IdOnly</t:BaseShape><t:AdditionalProperties>{paths}</t:AdditionalProperties>"
    )
    reply = send(box, get_items(item.id, shape=shape))
    assert reply.all("//t:ExtendedProperty/t:Value/text()") == ["+1 555", "2", item.modified]


def test_named_properties_of_all_kinds_are_kept(box: Sandbox, mailbox: Inside) -> None:
    """By name, by number, in a distinguished set, with several values."""
    fields = [
        (f'PropertySetId="{STAMP_SET}" PropertyName="stamp" PropertyType="String"', "a &lt; b"),
        ('DistinguishedPropertySetId="Address" PropertyId="32812" PropertyType="String"', "Yomi"),
        ('DistinguishedPropertySetId="Common" PropertyId="34051" PropertyType="Boolean"', "true"),
    ]
    values = "".join(
        f"<t:ExtendedProperty><t:ExtendedFieldURI "
        f"{uri}/><t:Value>{value}</t:Value></t:ExtendedProperty>"
        for uri, value in fields
    )
    several = f'PropertySetId="{STAMP_SET}" PropertyName="list" PropertyType="StringArray"'
    values += (
        f"<t:ExtendedProperty><t:ExtendedFieldURI {several}/><t:Values><t:Value>1</t:Value>"
        "<t:Value>2</t:Value></t:Values></t:ExtendedProperty>"
    )
    made = send(
        box, f"<m:CreateItem><m:Items><t:Contact>{values}</t:Contact></m:Items></m:CreateItem>"
    )
    assert made.codes == ["NoError"]
    bag = mailbox.items()[0].bag
    assert bag[mapi_named(STAMP_SET, "stamp")] == "a < b"
    assert bag[mapi_named(STAMP_SET, "list", "StringArray")] == ["1", "2"]
    wanted = "".join(f"<t:ExtendedFieldURI {uri}/>" for uri in (*(u for u, _ in fields), several))
    shape = (
        "<t:BaseShape>IdOnly</t:BaseShape>"
        f"<t:AdditionalProperties>{wanted}</t:AdditionalProperties>"
    )
    read = send(box, get_items(mailbox.items()[0].id, shape=shape))
    assert read.all("//t:Value/text()") == ["a < b", "Yomi", "true", "1", "2"]


def test_a_registered_property_works_in_exchangelib(alice: Any) -> None:
    """Write a stamp in the create, find by it, read it."""
    ContactItem.register("syncd_test_stamp", Stamp)
    try:
        for value in ("one", "two"):
            contact = Contact(account=alice, folder=alice.contacts, display_name=value)
            contact.syncd_test_stamp = value
            contact.save()
        found = list(alice.contacts.filter(syncd_test_stamp="two"))
        assert [(c.display_name, c.syncd_test_stamp) for c in found] == [("two", "two")]
    finally:
        ContactItem.deregister("syncd_test_stamp")


def test_other_classes_are_kept_as_what_they_are(alice: Any, mailbox: Inside) -> None:
    """A distribution list, a message and an item of an unknown class stay themselves."""
    DistributionList(account=alice, folder=alice.contacts, display_name="Team").save()
    Message(
        account=alice,
        folder=alice.drafts,
        subject="Hello",
        body=HTMLBody("<p>Hi</p>"),
        to_recipients=[Mailbox(email_address="bob@example.test")],
    ).save()
    mailbox.add("contacts", {"item:Subject": "?"}, item_class="IPM.Unheard.Of")
    assert [i.item_class for i in mailbox.items()] == ["IPM.DistList", "IPM.Unheard.Of"]
    draft = alice.drafts.all()[0]
    assert (draft.subject, draft.body, draft.to_recipients[0].email_address) == (
        "Hello",
        "<p>Hi</p>",
        "bob@example.test",
    )
    assert {type(i).__name__ for i in alice.contacts.all()} == {"DistributionList", "Item"}


def test_what_real_exchange_refuses_is_refused(box: Sandbox) -> None:
    """Each item of a batch answers for itself, in order."""
    contacts = (
        "<t:Contact><t:GivenName>fine</t:GivenName></t:Contact>",
        "<t:Contact><t:HasPicture>true</t:HasPicture></t:Contact>",
        "<t:Contact><t:ItemClass>IPM.Note</t:ItemClass></t:Contact>",
        (
            '<t:Contact><t:ExtendedProperty><t:ExtendedFieldURI PropertyTag="0x8001" '
            'PropertyType="String"/>'
            "<t:Value>x</t:Value></t:ExtendedProperty></t:Contact>"
        ),
        (
            '<t:Contact><t:ExtendedProperty><t:ExtendedFieldURI PropertyTag="0x3a08" '
            'PropertyName="x" '
            'PropertyType="String"/><t:Value>x</t:Value></t:ExtendedProperty></t:Contact>'
        ),
        (
            '<t:Contact><t:ExtendedProperty><t:ExtendedFieldURI PropertyTag="0x3fff" '
            'PropertyType="Integer"/>'
            "<t:Value>x</t:Value></t:ExtendedProperty></t:Contact>"
        ),
        "<t:Contact><t:GivenName>fine, too</t:GivenName></t:Contact>",
    )
    reply = send(box, f"<m:CreateItem><m:Items>{''.join(contacts)}</m:Items></m:CreateItem>")
    assert reply.codes == [
        "NoError",
        "ErrorInvalidPropertySet",
        "ErrorObjectTypeChanged",
        "ErrorNoPropertyTagForCustomProperties",
        "ErrorInvalidExtendedProperty",
        "ErrorInvalidExtendedPropertyValue",
        "NoError",
    ]
    assert len(box.mailbox(ALICE).items()) == 2


def test_a_contact_is_made_only_where_contacts_belong(box: Sandbox) -> None:
    """Not in the inbox."""
    body = (
        "<m:CreateItem><m:SavedItemFolderId><t:DistinguishedFolderId "
        'Id="inbox"/></m:SavedItemFolderId>'
        "<m:Items><t:Contact/></m:Items></m:CreateItem>"
    )
    assert send(box, body).codes == ["ErrorCannotCreateContactInNonContactFolder"]
