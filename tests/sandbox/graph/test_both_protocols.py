"""One mailbox, two protocols: what one writes the other reads."""

from base64 import b64encode
from typing import Any

import pytest
from exchangelib import Contact
from exchangelib.indexed_properties import EmailAddress, PhoneNumber, PhysicalAddress

from syncd.sandbox.graph.contacts_json import FIELDS
from syncd.sandbox.mailbox import Mailbox
from syncd.sandbox.properties import PUBLIC_STRINGS, mapi_named
from syncd.sandbox.server import Sandbox
from tests.sandbox.conftest import connect
from tests.sandbox.graph.conftest import CONTACTS, LINK, Graph

GUID = "{00062004-0000-0000-c000-000000000046}"
SET = f"mapi:{GUID}"
IM = "contacts:ImAddress:ImAddress"
MAIL = "contacts:EmailAddress:EmailAddress"
HTML = "<p>a <b>bold</b> word</p>"
DAY = "1990-02-03T11:59:00Z"


def place(which: str) -> tuple[dict[str, str], dict[str, str]]:
    """An address in JSON and in a bag."""
    parts = {
        "street": ("Street", "1 Row\r\nYard"),
        "city": ("City", "Ware"),
        "state": ("State", "Herts"),
        "countryOrRegion": ("CountryOrRegion", "UK"),
        "postalCode": ("PostalCode", "SG12"),
    }
    body = {name: value for name, (_, value) in parts.items()}
    bag = {f"contacts:PhysicalAddress:{ews}:{which}": value for ews, value in parts.values()}
    return body, bag


def mails(*positions: int) -> dict[str, str]:
    """E-mail addresses in a bag."""
    keys = {n: f"{MAIL}{n}" for n in positions}
    names = {f"{key}:Name": f"N{n}" for n, key in keys.items()}
    return {key: f"{n}@x.test" for n, key in keys.items()} | names


def mail(position: int) -> dict[str, str]:
    """An e-mail address in JSON."""
    return {"name": f"N{position}", "address": f"{position}@x.test"}


def phones(*keys: str) -> dict[str, str]:
    """Phone numbers in a bag, from 1 on."""
    return {f"contacts:PhoneNumber:{key}": str(n) for n, key in enumerate(keys, 1)}


# name in JSON, value in JSON, properties in a bag
TABLE: tuple[tuple[str, Any, dict[str, Any]], ...] = (
    ("assistantName", "x", {"contacts:AssistantName": "x"}),
    ("birthday", "1990-02-03T11:59:00Z", {"contacts:Birthday": "1990-02-03T11:59:00Z"}),
    ("businessAddress", *place("Business")),
    ("businessHomePage", "http://x.test", {"contacts:BusinessHomePage": "http://x.test"}),
    ("businessPhones", ["1", "2"], phones("BusinessPhone", "BusinessPhone2")),
    ("categories", ["A", "B"], {"item:Categories": ["A", "B"]}),
    ("children", ["A", "B"], {"contacts:Children": ["A", "B"]}),
    ("companyName", "x", {"contacts:CompanyName": "x"}),
    ("department", "x", {"contacts:Department": "x"}),
    ("displayName", "x", {"contacts:DisplayName": "x"}),
    ("emailAddresses", [mail(1), mail(2), mail(3)], mails(1, 2, 3)),
    ("fileAs", "x", {"contacts:FileAs": "x"}),
    ("generation", "x", {"contacts:Generation": "x"}),
    ("givenName", "x", {"contacts:GivenName": "x"}),
    ("homeAddress", *place("Home")),
    ("homePhones", ["1", "2"], phones("HomePhone", "HomePhone2")),
    ("imAddresses", ["a", "b"], {f"{IM}1": "a", f"{IM}2": "b"}),
    ("initials", "x", {"contacts:Initials": "x"}),
    ("jobTitle", "x", {"contacts:JobTitle": "x"}),
    ("manager", "x", {"contacts:Manager": "x"}),
    ("middleName", "x", {"contacts:MiddleName": "x"}),
    ("mobilePhone", "1", phones("MobilePhone")),
    ("nickName", "x", {"contacts:Nickname": "x"}),
    ("officeLocation", "x", {"contacts:OfficeLocation": "x"}),
    ("otherAddress", *place("Other")),
    ("personalNotes", "a\r\nb", {"item:Body": "a\r\nb", "item:Body:Type": "Text"}),
    ("primaryEmailAddress", mail(1), mails(1)),
    ("profession", "x", {"contacts:Profession": "x"}),
    ("secondaryEmailAddress", mail(2), mails(2)),
    ("spouseName", "x", {"contacts:SpouseName": "x"}),
    ("surname", "x", {"contacts:Surname": "x"}),
    ("tertiaryEmailAddress", mail(3), mails(3)),
    ("title", "x", {"mapi:0x3a45:String": "x"}),
    ("yomiCompanyName", "x", {f"{SET}:0x802e:String": "x"}),
    ("yomiGivenName", "x", {f"{SET}:0x802c:String": "x"}),
    ("yomiSurname", "x", {f"{SET}:0x802d:String": "x"}),
)  # fmt: skip

# id, value, key in a bag, value in a bag
EXTENDED = (
    ("Integer 0x36", "2", "item:Sensitivity", "Private"),
    ("String 0x1a", "IPM.Contact.CRM", "item:ItemClass", "IPM.Contact.CRM"),
    ("String 0x3a24", "1", "contacts:PhoneNumber:BusinessFax", "1"),
    ("SystemTime 0x3a41", DAY, "contacts:WeddingAnniversary", DAY),
    (f"String {GUID} Id 0x8082", "EX", f"{MAIL}1:RoutingType", "EX"),
    (f"String {GUID} Id 0x8062", "im", f"{IM}1", "im"),
    (f"Integer {GUID} Id 0x8022", "2", "contacts:PostalAddressIndex", "Business"),
    ("String 0x3a07", "x", "mapi:0x3a07:String", "x"),
    (f"Boolean {GUID} Name Ours", "true", f"{SET}:Ours:Boolean", "true"),
)


def test_the_table_has_every_property() -> None:
    """None is left out of what follows."""
    assert [name for name, _, _ in TABLE] == [field.name for field in FIELDS]


def test_graph_reads_what_ews_wrote(graph: Graph, mailbox: Mailbox) -> None:
    """Every property by itself; nothing set is null, or empty."""
    for name, value, bag in TABLE:
        item = mailbox.add("contacts", bag)
        shown = graph.get(f"/contacts/{item.id.replace('+', '-').replace('/', '_')}")
        assert shown[name] == value, name
    empty = graph.get(f"{CONTACTS}?$top=1&$skip=0&$filter=displayName eq 'none'")
    assert empty["value"] == []


def test_ews_reads_what_graph_wrote_and_what_it_took_away(graph: Graph, mailbox: Mailbox) -> None:
    """Every property by itself, made, changed from nothing, and cleared."""
    for name, value, bag in TABLE:
        made = graph.post(CONTACTS, {name: value})
        item = mailbox.items()[-1]
        assert {key: item.get(key) for key in bag} == bag, name
        nothing: list[str] | None = [] if isinstance(value, list) else None
        cleared = graph.patch(f"/contacts/{made['id']}", {name: nothing})
        left = mailbox.items()[-1].bag.keys() & bag.keys()
        assert left == set(), name
        assert cleared[name] in (None, [], {}), name
        graph.patch(f"/contacts/{made['id']}", {name: value})
        item = mailbox.items()[-1]
        assert {key: item.get(key) for key in bag} == bag, name


def test_extended_properties_are_the_same_ones(graph: Graph, mailbox: Mailbox) -> None:
    """By Graph under an id, by EWS as elements of their own."""
    for written, value, key, kept in EXTENDED:
        mine = [{"id": written, "value": value}]
        mail_first = {
            "primaryEmailAddress": {"address": "a"},
            "singleValueExtendedProperties": mine,
        }
        made = graph.post(CONTACTS, mail_first)
        assert mailbox.items()[-1].get(key) == kept, written
        mailbox.update(mailbox.items()[-1].id, {key: kept})
        expand = f"$expand=singleValueExtendedProperties($filter=id eq '{written}')"
        shown = graph.get(f"/contacts/{made['id']}?$select=id&{expand}")
        assert shown["singleValueExtendedProperties"] == mine


@pytest.mark.parametrize(
    ("kind", "body", "native", "notes"),
    [("Text", "plain", "1", "plain"), ("HTML", HTML, "3", "a bold word")],
)
def test_formatted_notes_show_that_they_are(
    graph: Graph, mailbox: Mailbox, kind: str, body: str, native: str, notes: str
) -> None:
    """`personalNotes` is their text; what they are by nature is an extended property."""
    item = mailbox.add("contacts", {"item:Body": body, "item:Body:Type": kind})
    wanted = "id eq 'Integer 0x1016' or id eq 'Binary 0x1013'"
    ask = f"$expand=singleValueExtendedProperties($filter={wanted})"
    shown = graph.get(f"{CONTACTS}?{ask}")["value"][0]
    assert shown["personalNotes"] == notes
    html = [{"id": "Binary 0x1013", "value": b64encode(HTML.encode()).decode()}]
    natural = {"id": "Integer 0x1016", "value": native}
    assert shown["singleValueExtendedProperties"] == [natural, *(html if kind == "HTML" else [])]
    assert item.get("item:Body:Type") == kind


def test_a_contact_of_exchangelib_is_a_contact_of_graph(box: Sandbox, graph: Graph) -> None:
    """By a real client of each: the same values, and one change key."""
    account = connect(box)
    made = Contact(
        account=account,
        folder=account.contacts,
        display_name="Ada Lovelace",
        given_name="Ada",
        surname="Lovelace",
        email_addresses=[EmailAddress(label="EmailAddress2", email="ada@x.test")],
        phone_numbers=[PhoneNumber(label="BusinessPhone2", phone_number="2")],
        physical_addresses=[PhysicalAddress(label="Home", city="Ware")],
        body="notes",
    ).save()
    seen = graph.get(CONTACTS)["value"][0]
    assert seen["changeKey"] == made.changekey
    assert seen["secondaryEmailAddress"] == {"name": "ada@x.test", "address": "ada@x.test"}
    assert (seen["businessPhones"], seen["homeAddress"]) == (["2"], {"city": "Ware"})
    assert (seen["personalNotes"], seen["displayName"]) == ("notes", "Ada Lovelace")

    kept = graph.patch(f"/contacts/{seen['id']}", {"surname": "King", "children": ["Byron"]})
    again = next(iter(account.contacts.all()))
    assert (again.surname, list(again.children)) == ("King", ["Byron"])
    assert again.changekey == kept["changeKey"]


def test_a_property_of_several_values_is_the_same_one(graph: Graph, mailbox: Mailbox) -> None:
    """It is expanded beside those of one value, and taken away by no values."""
    name, key = "StringArray {00020329-0000-0000-c000-000000000046} Name Teams (own)", "Teams (own)"
    many = [{"id": name, "value": ["Red", "Blue"]}]
    made = graph.post(CONTACTS, {"givenName": "Ann", "multiValueExtendedProperties": many})
    (item,) = mailbox.items()
    held = mapi_named(PUBLIC_STRINGS, key, "StringArray")
    assert item[held] == ["Red", "Blue"]
    one = f"singleValueExtendedProperties($filter=id eq '{LINK}')"
    several = f"multiValueExtendedProperties($filter=id eq '{name}')"
    shown = graph.get(f"/contacts/{made['id']}?$select=id&$expand={one},{several}")
    assert shown["multiValueExtendedProperties"] == many
    graph.patch(
        f"/contacts/{made['id']}", {"multiValueExtendedProperties": [{"id": name, "value": []}]}
    )
    assert held not in mailbox.items()[0].bag
    for wrong in (one.replace(LINK, name), several.replace(name, LINK), f"{one} {several}"):
        assert graph.call("GET", f"/contacts?$expand={wrong}").status_code == 400
