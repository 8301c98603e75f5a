"""The contact's field map, row by row, and the name an item is listed under."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from syncd.model.contact import CONTACT, PSETID_ADDRESS, display_name, file_as
from syncd.model.fields import Direction, Field, Indexed, Named, Sphere, Tag, Uri
from syncd.model.kinds import Initial
from syncd.model.policy import KindPolicy
from syncd.model.values import Value

# The reference product's map, and what it leaves out: field (of its CRM column) | type | Outlook,
# over EWS | Outlook, over Graph | group | whose business | locked, or the direction if not two-way
MAP = """
salutation     | text  | 0x3A45            | title           | name | business | locked
firstname      | text  | GivenName         | givenName       | name | business | locked
middlename     | text  | MiddleName        | middleName      | name | business | locked
lastname       | text  | Surname           | surname         | name | business | locked
suffix         | text  | Generation        | generation      | name | business | locked
jobtitle       | text  | JobTitle          | jobTitle        | -    | business |
companyname    | text  | CompanyName       | companyName     | -    | business | locked
department     | text  | Department        | department      | -    | business |
emailaddress1  | email | EmailAddress1     | primaryEmailAddress.address | - | business |
emailaddress2  | email | EmailAddress2     | secondaryEmailAddress.address | - | personal |
emailaddress3  | email | EmailAddress3     | tertiaryEmailAddress.address | - | personal |
telephone1     | phone | BusinessPhone     | businessPhones[0] | -  | business |
business2      | phone | BusinessPhone2    | businessPhones[1] | -  | business |
telephone2     | phone | HomePhone         | homePhones[0]   | -    | personal |
home2          | phone | HomePhone2        | homePhones[1]   | -    | personal |
mobilephone    | phone | MobilePhone       | mobilePhone     | -    | business |
telephone3     | phone | OtherTelephone    | 0x3A1F          | -    | personal |
pager          | phone | Pager             | 0x3A21          | -    | business |
fax            | phone | BusinessFax       | 0x3A24          | -    | business |
callback       | phone | Callback          | 0x3A02          | -    | business |
company        | phone | CompanyMainPhone  | 0x3A57          | -    | business |
assistantname  | text  | AssistantName     | assistantName   | -    | business |
assistantphone | phone | AssistantPhone    | 0x3A2E          | -    | business |
managername    | text  | Manager           | manager         | -    | business |
address1_line1           | lines | Business Street          | businessAddress.street          | address1 | business |
address1_city            | text  | Business City            | businessAddress.city            | address1 | business |
address1_stateorprovince | text  | Business State           | businessAddress.state           | address1 | business |
address1_postalcode      | text  | Business PostalCode      | businessAddress.postalCode      | address1 | business |
address1_country         | text  | Business CountryOrRegion | businessAddress.countryOrRegion | address1 | business |
address2_line1           | lines | Home Street              | homeAddress.street              | address2 | personal |
address2_city            | text  | Home City                | homeAddress.city                | address2 | personal |
address2_stateorprovince | text  | Home State               | homeAddress.state               | address2 | personal |
address2_postalcode      | text  | Home PostalCode          | homeAddress.postalCode          | address2 | personal |
address2_country         | text  | Home CountryOrRegion     | homeAddress.countryOrRegion     | address2 | personal |
address3_line1           | lines | Other Street             | otherAddress.street             | address3 | personal |
address3_city            | text  | Other City               | otherAddress.city               | address3 | personal |
address3_stateorprovince | text  | Other State              | otherAddress.state              | address3 | personal |
address3_postalcode      | text  | Other PostalCode         | otherAddress.postalCode         | address3 | personal |
address3_country         | text  | Other CountryOrRegion    | otherAddress.countryOrRegion    | address3 | personal |
birthdate      | date  | Birthday          | birthday        | -    | personal |
anniversary    | date  | WeddingAnniversary | 0x3A41         | -    | personal |
spousesname    | text  | SpouseName        | spouseName      | -    | personal |
childrensnames | names | Children          | children        | -    | personal |
nickname       | text  | Nickname          | nickName        | -    | personal |
governmentid   | text  | 0x3A07            | 0x3A07          | -    | personal | none
ftpsiteurl     | text  | 0x3A4C            | 0x3A4C          | -    | business |
websiteurl     | text  | 0x3A51            | businessHomePage | -   | business |
imaddress      | text  | ImAddress1        | 0x8062          | -    | personal |
description    | note  | Body              | personalNotes   | -    | personal |
yomifirstname  | text  | 0x802C            | yomiGivenName   | -    | business |
yomilastname   | text  | 0x802D            | yomiSurname     | -    | business |
categories     | names | Categories        | categories      | -    | personal | locked none
"""  # noqa: E501 - a row is a line

MAPPED: tuple[Field | Initial, ...] = (*CONTACT.fields, *CONTACT.initial)
ROWS = [tuple(cell.strip() for cell in line.split("|")) for line in MAP.strip().splitlines()]


def ews_of(field: Field) -> str:
    """An EWS property, as the table here writes it."""
    match field.ews:
        case Uri(uri):
            return uri.partition(":")[2]
        case Indexed(uri, index) if "PhysicalAddress" in uri:
            return f"{index} {uri.rpartition(':')[2]}"
        case Indexed(_, index):
            return index
        case Tag(tag) | Named(_, tag):
            return f"0x{tag:04X}"
    raise AssertionError(field)


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_the_map_has_the_row(row: tuple[str, ...]) -> None:
    """Every row of the reference's map is there, with its type, places, group and rules."""
    name, kind, ews, graph, group, sphere, rules = row
    field = CONTACT.by_name[name]
    assert (field.type, ews_of(field)) == (kind, ews)
    assert field.graph.split(" ")[-1] == graph
    assert field.group == (name if group == "-" else group)
    assert (field.sphere, field.locked) == (Sphere(sphere), "locked" in rules)
    assert field.direction is (Direction.NONE if "none" in rules else Direction.TWO_WAY)


def test_the_map_has_no_other_row() -> None:
    """In the order of the reference, so that the manual prints it so."""
    assert [field.name for field in CONTACT.fields] == [row[0] for row in ROWS]


def test_crm_columns() -> None:
    """A field is in the column of its name; a street takes three, and a company two."""
    for field in CONTACT.fields:
        if field.name.endswith("_line1"):
            group = field.name.removesuffix("_line1")
            assert field.crm == tuple(f"{group}_line{line}" for line in (1, 2, 3))
        elif field.name == "companyname":
            assert field.crm == ("parentcustomerid", "companyname")
        else:
            assert field.crm == (field.name,)
    columns = [column for field in CONTACT.fields for column in field.crm]
    assert len(columns) == len(set(columns))


def test_nothing_is_mapped_twice() -> None:
    """Names, labels, and the places on both protocols are each one field's alone."""
    for column in (
        [field.name for field in CONTACT.fields],
        [field.label for field in CONTACT.fields],
        [each.ews for each in MAPPED],
        [each.graph for each in MAPPED],
    ):
        assert len(column) == len(set(column))


def test_a_group_is_of_one_rule() -> None:
    """The fields of a group share direction, sphere and lock; a set is a group of its own."""
    for group in CONTACT.groups.values():
        for field in group.fields:
            assert (field.direction, field.sphere, field.locked) == (
                group.direction,
                group.sphere,
                group.locked,
            )
        assert len(group.fields) == 1 or not any(f.type == "names" for f in group.fields)


def test_a_bad_map_is_refused() -> None:
    """Fields of one group under two rules are a mistake, said at once."""
    name = CONTACT.by_name["firstname"]
    odd = Field("odd", "Odd", name.type, ("odd",), Tag(1), "odd", "name")
    kind = replace(CONTACT, fields=(name, odd))
    with pytest.raises(ValueError, match="'name' do not share"):
        _ = kind.groups


def test_locked_rows_obey_no_policy() -> None:
    """A locked group keeps the map's direction; any other takes the policy's."""
    wished = dict.fromkeys(CONTACT.groups, Direction.TO_CRM)
    policy = KindPolicy(CONTACT, directions=wished)
    for group in CONTACT.groups.values():
        expected = group.direction if group.locked else Direction.TO_CRM
        assert policy.direction_of(group) is expected


@pytest.mark.parametrize(
    ("kind", "group", "together"),
    [
        ("two-way", "two-way", "two-way"),
        ("two-way", "to-crm", "to-crm"),
        ("to-outlook", "two-way", "to-outlook"),
        ("to-outlook", "to-crm", "none"),
        ("none", "two-way", "none"),
        ("to-crm", "to-crm", "to-crm"),
    ],
)
def test_a_kinds_direction_bounds_every_group(kind: str, group: str, together: str) -> None:
    """A side may speak where kind and group both let it."""
    policy = KindPolicy(CONTACT, Direction(kind), {"jobtitle": Direction(group)})
    assert policy.direction_of(CONTACT.groups["jobtitle"]) is Direction(together)


def test_what_it_is_matched_by_is_mapped() -> None:
    """Matching, labels and the rest of a kind name fields that the map has."""
    assert CONTACT.by_name.keys() >= CONTACT.match.fields | {CONTACT.labels}


# --- how Outlook lists it ------------------------------------------------------------------------

# salutation, first, middle, last, suffix; company; address | file as | display name
NAMES = """
- Ann - van_Dyk - ; - ; -              | van Dyk, Ann          | Ann van Dyk
- Ann M. van_Dyk - ; - ; -             | van Dyk, Ann M.       | Ann M. van Dyk
Dr. Ann - van_Dyk Jr. ; Acme ; a@b.example | van Dyk Jr., Ann  | Ann van Dyk Jr.
- Ann - - - ; Acme ; -                 | Ann                   | Ann
- - - van_Dyk - ; Acme ; -             | van Dyk               | van Dyk
- - - - - ; Acme ; a@b.example         | Acme                  | Acme
- - - - - ; - ; a@b.example            | a@b.example           | a@b.example
Dr. - - - - ; - ; -                    | -                     | -
- - - - - ; - ; -                      | -                     | -
- __Ann - _van__Dyk - ; - ; -          | van Dyk, Ann          | Ann van Dyk
- - - _ - ; Acme ; -                   | Acme                  | Acme
"""


@pytest.mark.parametrize("line", NAMES.strip().splitlines())
def test_how_outlook_lists_it(line: str) -> None:
    """By last name, then first; without a name by company, without that by address."""
    given, filed, shown = (part.strip() for part in line.split("|"))
    name, company, address = (part.split() for part in given.split(";"))
    keys = ("salutation", "firstname", "middlename", "lastname", "suffix")
    words = zip((*keys, "companyname", "emailaddress1"), (*name, *company, *address), strict=True)
    values: Mapping[str, Value] = {
        key: None if word == "-" else word.replace("_", " ") for key, word in words
    }
    assert file_as(values) == (None if filed == "-" else filed)
    assert display_name(values) == (None if shown == "-" else shown)


def test_both_are_set_on_create_only() -> None:
    """They are no fields: syncd writes them once, and then they are the rep's."""
    assert [(each.ews, each.graph) for each in CONTACT.initial] == [
        (Uri("contacts:FileAs"), "fileAs"),
        (Uri("contacts:DisplayName"), "displayName"),
    ]
    assert not {each.name for each in CONTACT.initial} & CONTACT.by_name.keys()


# --- the published descriptions of both protocols ------------------------------------------------


@pytest.fixture
def schemas() -> Path:
    """The published schemas, which are not ours to ship."""
    if not (where := os.environ.get("SYNCD_SCHEMAS")):
        pytest.skip("SYNCD_SCHEMAS does not say where the published schemas are")
    return Path(where)


def test_ews_knows_every_property(schemas: Path) -> None:
    """Every field URI, dictionary and key of the map is one of types.xsd."""
    known = set(re.findall(r'enumeration value="([^"]+)"', (schemas / "ews/types.xsd").read_text()))
    for each in MAPPED:
        match each.ews:
            case Uri(uri):
                assert uri in known
            case Indexed(uri, index):
                assert {uri, index} <= known
            case Named(set_id):
                assert set_id == PSETID_ADDRESS


def test_graph_knows_every_property(schemas: Path) -> None:
    """Every Graph property is one of microsoft.graph.contact, or an extended property by tag."""
    text = (schemas / "graph/graph-subset.json").read_text()
    parts = json.loads(text)["components"]["schemas"]

    def properties(name: str) -> dict[str, object]:
        found: dict[str, object] = {}
        for part in parts[name].get("allOf", [parts[name]]):
            if "$ref" in part:
                found |= properties(part["$ref"].rpartition("/")[2])
            found |= part.get("properties", {})
        return found

    known = properties("microsoft.graph.contact")
    inner = properties("microsoft.graph.physicalAddress") | properties(
        "microsoft.graph.emailAddress"
    )
    for each in MAPPED:
        extended = re.fullmatch(
            rf"(String|SystemTime) (?:{{{PSETID_ADDRESS}}} Id )?(0x[0-9A-F]{{4}})", each.graph
        )
        if extended is None:
            outer, _, part = each.graph.partition(".")
            assert re.sub(r"\[\d\]", "", outer) in known
            assert not part or part in inner
        elif isinstance(each.ews, Tag):
            assert int(extended[2], 16) == each.ews.tag
