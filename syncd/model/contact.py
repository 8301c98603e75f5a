"""The contact: its field map as one literal table.

Rows follow the reference product's contact map; the manual prints from here. Where EWS has no
element, the MAPI property of the same meaning carries the field ([MS-OXPROPS] names the numbers).
"""

from __future__ import annotations

from collections.abc import Mapping

from syncd.model.fields import (
    Direction,
    EwsProperty,
    Field,
    FieldType,
    Indexed,
    Named,
    Sphere,
    Tag,
    Uri,
)
from syncd.model.kinds import Initial, Kind, MatchBy
from syncd.model.normal import text
from syncd.model.values import Value

PSETID_ADDRESS = "00062004-0000-0000-c000-000000000046"

TEXT, LINES, NOTE = FieldType.TEXT, FieldType.LINES, FieldType.NOTE
EMAIL, PHONE, DATE, NAMES = FieldType.EMAIL, FieldType.PHONE, FieldType.DATE, FieldType.NAMES
OURS, THEIRS = Sphere.BUSINESS, Sphere.PERSONAL
BOTH, OFF = Direction.TWO_WAY, Direction.NONE


def _phone(label: str) -> Indexed:
    return Indexed("contacts:PhoneNumber", label)


def _mail(number: int) -> Indexed:
    return Indexed("contacts:EmailAddress", f"EmailAddress{number}")


def _place(part: str, which: str) -> Indexed:
    return Indexed(f"contacts:PhysicalAddress:{part}", which)


def _own(  # a field that is a group of its own, held in the column of its name
    name: str,
    label: str,
    kind: FieldType,
    ews: EwsProperty,
    graph: str,
    sphere: Sphere = OURS,
    direction: Direction = BOTH,
) -> Field:
    return Field(name, label, kind, (name,), ews, graph, name, direction, sphere)


def _name(name: str, label: str, ews: EwsProperty, graph: str) -> Field:
    return Field(name, label, TEXT, (name,), ews, graph, "name", BOTH, OURS, locked=True)


def _address(number: int, which: str, graph: str, sphere: Sphere) -> tuple[Field, ...]:
    group = f"address{number}"
    street = tuple(f"{group}_line{line}" for line in (1, 2, 3))
    rows = (
        ("line1", f"{which} street", LINES, street, "Street", "street"),
        ("city", f"{which} city", TEXT, (f"{group}_city",), "City", "city"),
        ("stateorprovince", f"{which} state", TEXT, (f"{group}_stateorprovince",), "State", "state"),
        ("postalcode", f"{which} postal code", TEXT, (f"{group}_postalcode",), "PostalCode", "postalCode"),
        ("country", f"{which} country", TEXT, (f"{group}_country",), "CountryOrRegion", "countryOrRegion"),
    )  # fmt: skip
    return tuple(
        Field(f"{group}_{name}", label, kind, crm, _place(ews, which), f"{graph}.{part}", group, BOTH, sphere)
        for name, label, kind, crm, ews, part in rows
    )  # fmt: skip


# name, label in Outlook, type, EWS property, Graph property, sphere, direction
FIELDS: tuple[Field, ...] = (
    _name("salutation", "Title", Tag(0x3A45), "title"),
    _name("firstname", "First name", Uri("contacts:GivenName"), "givenName"),
    _name("middlename", "Middle name", Uri("contacts:MiddleName"), "middleName"),
    _name("lastname", "Last name", Uri("contacts:Surname"), "surname"),
    _name("suffix", "Suffix", Uri("contacts:Generation"), "generation"),
    _own("jobtitle", "Job title", TEXT, Uri("contacts:JobTitle"), "jobTitle"),
    Field("companyname", "Company", TEXT, ("parentcustomerid", "companyname"), Uri("contacts:CompanyName"), "companyName", "companyname", locked=True),
    _own("department", "Department", TEXT, Uri("contacts:Department"), "department"),
    _own("emailaddress1", "E-mail", EMAIL, _mail(1), "primaryEmailAddress.address"),
    _own("emailaddress2", "E-mail 2", EMAIL, _mail(2), "secondaryEmailAddress.address", THEIRS),
    _own("emailaddress3", "E-mail 3", EMAIL, _mail(3), "tertiaryEmailAddress.address", THEIRS),
    _own("telephone1", "Business phone", PHONE, _phone("BusinessPhone"), "businessPhones[0]"),
    _own("business2", "Business phone 2", PHONE, _phone("BusinessPhone2"), "businessPhones[1]"),
    _own("telephone2", "Home phone", PHONE, _phone("HomePhone"), "homePhones[0]", THEIRS),
    _own("home2", "Home phone 2", PHONE, _phone("HomePhone2"), "homePhones[1]", THEIRS),
    _own("mobilephone", "Mobile phone", PHONE, _phone("MobilePhone"), "mobilePhone"),
    _own("telephone3", "Other phone", PHONE, _phone("OtherTelephone"), "String 0x3A1F", THEIRS),
    _own("pager", "Pager", PHONE, _phone("Pager"), "String 0x3A21"),
    _own("fax", "Business fax", PHONE, _phone("BusinessFax"), "String 0x3A24"),
    _own("callback", "Callback", PHONE, _phone("Callback"), "String 0x3A02"),
    _own("company", "Company main phone", PHONE, _phone("CompanyMainPhone"), "String 0x3A57"),
    _own("assistantname", "Assistant's name", TEXT, Uri("contacts:AssistantName"), "assistantName"),
    _own("assistantphone", "Assistant's phone", PHONE, _phone("AssistantPhone"), "String 0x3A2E"),
    _own("managername", "Manager's name", TEXT, Uri("contacts:Manager"), "manager"),
    *_address(1, "Business", "businessAddress", OURS),
    *_address(2, "Home", "homeAddress", THEIRS),
    *_address(3, "Other", "otherAddress", THEIRS),
    _own("birthdate", "Birthday", DATE, Uri("contacts:Birthday"), "birthday", THEIRS),
    _own("anniversary", "Anniversary", DATE, Uri("contacts:WeddingAnniversary"), "SystemTime 0x3A41", THEIRS),
    _own("spousesname", "Spouse or partner", TEXT, Uri("contacts:SpouseName"), "spouseName", THEIRS),
    _own("childrensnames", "Children", NAMES, Uri("contacts:Children"), "children", THEIRS),
    _own("nickname", "Nickname", TEXT, Uri("contacts:Nickname"), "nickName", THEIRS),
    _own("governmentid", "Government ID", TEXT, Tag(0x3A07), "String 0x3A07", THEIRS, OFF),
    _own("ftpsiteurl", "FTP site", TEXT, Tag(0x3A4C), "String 0x3A4C"),
    # contacts:BusinessHomePage is an xs:anyURI: one value that is none would refuse a whole batch.
    _own("websiteurl", "Web page", TEXT, Tag(0x3A51), "businessHomePage"),
    _own("imaddress", "IM address", TEXT, Indexed("contacts:ImAddress", "ImAddress1"), f"String {{{PSETID_ADDRESS}}} Id 0x8062", THEIRS),
    _own("description", "Notes", NOTE, Uri("item:Body"), "personalNotes", THEIRS),
    _own("yomifirstname", "Yomi first name", TEXT, Named(PSETID_ADDRESS, 0x802C), "yomiGivenName"),
    _own("yomilastname", "Yomi last name", TEXT, Named(PSETID_ADDRESS, 0x802D), "yomiSurname"),
    Field("categories", "Categories", NAMES, ("categories",), Uri("item:Categories"), "categories", "categories", OFF, THEIRS, locked=True),
)  # fmt: skip


def display_name(values: Mapping[str, Value]) -> str | None:
    """The name as spoken, else the company, else the address: "Ann van Dyk"."""
    spoken = _joined(values, "firstname", "middlename", "lastname", "suffix")
    return spoken or _joined(values, "companyname") or _joined(values, "emailaddress1") or None


def file_as(values: Mapping[str, Value]) -> str | None:
    """The name as Outlook files it: "van Dyk, Ann"; else as `display_name`."""
    given = _joined(values, "firstname", "middlename")
    last = _joined(values, "lastname", "suffix")
    return f"{last}, {given}" if last and given else display_name(values)


def _joined(values: Mapping[str, Value], *parts: str) -> str:
    return text(" ".join(str(values[part]) for part in parts if values.get(part))) or ""


CONTACT = Kind(
    name="contact",
    plural="contacts",
    fields=FIELDS,
    initial=(
        Initial("fileas", Uri("contacts:FileAs"), "fileAs", file_as),
        Initial("displayname", Uri("contacts:DisplayName"), "displayName", display_name),
    ),
    match=MatchBy(
        unique=("emailaddress1", "emailaddress2", "emailaddress3"),
        name=("firstname", "lastname"),
        support=("telephone1", "mobilephone", "companyname"),
    ),
    item_class="IPM.Contact",
    item_element="Contact",
    folder_class="IPF.Contact",
    distinguished="contacts",
    archive_folder="Former CRM contacts",
    archive_category="Former CRM contact",
    labels="categories",
    company="companyname",
    locks={
        "name": "without a name a contact is nobody",
        "companyname": "the company goes both ways, or takes no part at all: company = false",
        "categories": "they are the user's own; syncd sets only the one that tracks",
    },
)
