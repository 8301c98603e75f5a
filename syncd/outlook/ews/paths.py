"""Where a field sits in EWS: the path that names it, and its element in an item.

A kind's field map is compiled once into slots, in the order the schema wants (types.xsd).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import Enum, auto
from functools import cache

from lxml import etree

from syncd.model.fields import EwsProperty, FieldType, Indexed, Mailing, Named, Tag, Uri, Wording
from syncd.model.kinds import Kind
from syncd.model.values import Value
from syncd.model.wording import worded
from syncd.outlook import stamp
from syncd.outlook.ews.xml import Element, T
from syncd.outlook.texts import to_text

# ItemType and ContactItemType of types.xsd, as far as they can be set.
_ITEM = (
    "ItemClass", "Subject", "Sensitivity", "Body", "Categories", "Importance", "ReminderDueBy",
    "ReminderIsSet", "ReminderMinutesBeforeStart", "ExtendedProperty", "Culture",
)  # fmt: skip
_OWN: Mapping[str, tuple[str, ...]] = {
    "Contact": (
        "FileAs", "FileAsMapping", "DisplayName", "GivenName", "Initials", "MiddleName", "Nickname",
        "CompanyName", "EmailAddresses", "PhysicalAddresses", "PhoneNumbers", "AssistantName",
        "Birthday", "BusinessHomePage", "Children", "Companies", "Department", "Generation",
        "ImAddresses", "JobTitle", "Manager", "Mileage", "OfficeLocation", "PostalAddressIndex",
        "Profession", "SpouseName", "Surname", "WeddingAnniversary",
    ),
}  # fmt: skip
_BODY = "item:Body"
_PARTS = ("Street", "City", "State", "CountryOrRegion", "PostalCode")
_DICTIONARIES: Mapping[str, str] = {
    "contacts:EmailAddress": "EmailAddresses",
    "contacts:PhoneNumber": "PhoneNumbers",
    "contacts:ImAddress": "ImAddresses",
    **{f"contacts:PhysicalAddress:{part}": "PhysicalAddresses" for part in _PARTS},
}
_DISTINGUISHED_SETS: Mapping[str, str] = {  # DistinguishedPropertySetType
    "Address": "00062004-0000-0000-c000-000000000046",
    "Appointment": "00062002-0000-0000-c000-000000000046",
    "Common": "00062008-0000-0000-c000-000000000046",
    "Task": "00062003-0000-0000-c000-000000000046",
    "PublicStrings": "00020329-0000-0000-c000-000000000046",
    "InternetHeaders": "00020386-0000-0000-c000-000000000046",
    "Meeting": "6ed8da90-450b-101b-98da-00aa003f1305",
}


Path = Uri | Indexed | Tag | Named  # what a request can name

BUSINESS = "Business"
ADDRESSES = (BUSINESS, "Home", "Other")  # PhysicalAddressKeyType


class Form(Enum):
    """How a slot holds its value."""

    TEXT = auto()  # <GivenName>…</GivenName>
    BODY = auto()  # <Body BodyType="Text">…</Body>
    NAMES = auto()  # <Children><String>…</String></Children>
    ENTRY = auto()  # <PhoneNumbers><Entry Key="Pager">…</Entry></PhoneNumbers>
    PART = auto()  # <PhysicalAddresses><Entry Key="Home"><City>…</City></Entry></PhysicalAddresses>
    MAILING = auto()  # as PART, in the entry that <PostalAddressIndex>Home</…> names
    EXTENDED = auto()  # <ExtendedProperty><ExtendedFieldURI/><Value>…</Value></ExtendedProperty>


@dataclass(frozen=True, slots=True)
class Slot:
    """The place of one field in an item. `key` and `part` only where the form has them.

    With a `wording` it holds a text, whatever the field's type.
    """

    name: str
    type: FieldType
    property: Path
    form: Form
    tag: str
    key: str = ""
    part: str = ""
    wording: Wording | None = None

    def at(self, address: str) -> Slot:
        """The place in one item of a field whose form is MAILING: in the address it names."""
        where = Indexed(f"contacts:PhysicalAddress:{self.part}", address)
        return replace(self, form=Form.PART, property=where, key=address)

    def paths(self) -> tuple[Path, ...]:
        """What to ask for to read the field."""
        if self.form is not Form.MAILING:
            return (self.property,)
        return (POSTAL.property, *(self.at(each).property for each in ADDRESSES))


LINK = Slot("stamp:link", FieldType.TEXT, stamp.LINK, Form.EXTENDED, T + "ExtendedProperty")
KEY = Slot("stamp:key", FieldType.TEXT, stamp.KEY, Form.EXTENDED, T + "ExtendedProperty")
POSTAL = Slot(
    "mailing address", FieldType.TEXT,
    Uri("contacts:PostalAddressIndex"), Form.TEXT, T + "PostalAddressIndex",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Layout:
    """A kind as EWS holds it.

    `ordered` are the slots of fields, initial properties and stamp in the order of an item's
    elements, as they are in an item that is new. `mailing` are the fields in the mailing address.
    """

    item: str
    fields: Mapping[str, Slot]
    ordered: tuple[Slot, ...]
    match: tuple[Slot, ...]
    mailing: frozenset[str]


@cache
def layout(kind: Kind) -> Layout:
    """The layout of a kind. Raises ValueError when its map names what EWS cannot hold."""
    fields = {
        field.name: replace(slot(field.name, field.type, field.ews), wording=field.wording)
        for field in kind.fields
    }
    first = {each.name: slot(each.name, FieldType.TEXT, each.ews) for each in kind.initial}
    if fields.keys() & first.keys():
        raise ValueError(f"{kind.name}: a field and an initial property share a name")
    order = {T + name: place for place, name in enumerate(_ITEM + _OWN[kind.item_element])}
    mailing = frozenset(name for name, each in fields.items() if each.form is Form.MAILING)
    new = (each.at(BUSINESS) if name in mailing else each for name, each in fields.items())
    slots = (*first.values(), *new, LINK, KEY, *((POSTAL,) if mailing else ()))
    strange = [each.name for each in slots if each.tag not in order]
    if strange:
        raise ValueError(f"{kind.name}: EWS has no place for {strange[0]!r}")

    def rank(each: Slot) -> tuple[int, str, int]:
        return order[each.tag], each.key, _PARTS.index(each.part) if each.part else 0

    return Layout(
        item=T + kind.item_element,
        fields=fields,
        ordered=tuple(sorted(slots, key=rank)),
        match=tuple(each for name, each in fields.items() if name in kind.match.fields),
        mailing=mailing,
    )


def slot(name: str, kind: FieldType, prop: EwsProperty) -> Slot:
    """The slot of one property. Raises ValueError for a dictionary that EWS does not have."""
    if isinstance(prop, Tag | Named):
        return Slot(name, kind, prop, Form.EXTENDED, T + "ExtendedProperty")
    if isinstance(prop, Mailing):
        business = slot(name, kind, Indexed(f"contacts:PhysicalAddress:{prop.part}", BUSINESS))
        return replace(business, form=Form.MAILING)
    if isinstance(prop, Indexed):
        if prop.uri not in _DICTIONARIES:
            raise ValueError(f"EWS has no dictionary {prop.uri!r}")
        part = prop.uri.rpartition(":")[2] if prop.uri.count(":") == 2 else ""
        form = Form.PART if part else Form.ENTRY
        return Slot(name, kind, prop, form, T + _DICTIONARIES[prop.uri], prop.index, part)
    form = Form.NAMES if kind is FieldType.NAMES else Form.TEXT
    form = Form.BODY if prop.uri == _BODY else form
    return Slot(name, kind, prop, form, T + prop.uri.partition(":")[2])


def add_path(parent: Element, prop: Path) -> None:
    """Append the path that names a property."""
    if isinstance(prop, Uri):
        etree.SubElement(parent, T + "FieldURI", {"FieldURI": prop.uri})
    elif isinstance(prop, Indexed):
        where = {"FieldURI": prop.uri, "FieldIndex": prop.index}
        etree.SubElement(parent, T + "IndexedFieldURI", where)
    elif isinstance(prop, Tag):
        tag = {"PropertyTag": f"0x{prop.tag:04X}", "PropertyType": prop.type}
        etree.SubElement(parent, T + "ExtendedFieldURI", tag)
    else:
        number = {"PropertyId": str(prop.id)} if prop.id is not None else {}
        name = {"PropertyName": prop.name} if prop.name is not None else {}
        named = {"PropertySetId": prop.set_id, **name, **number, "PropertyType": prop.type}
        etree.SubElement(parent, T + "ExtendedFieldURI", named)


PropertyKey = tuple[str, str]


def property_key(prop: Tag | Named) -> PropertyKey:
    """What tells one MAPI property from another, however a server spells it."""
    if isinstance(prop, Tag):
        return "tag", str(prop.tag)
    return prop.set_id.lower(), str(prop.id) if prop.id is not None else f"'{prop.name}"


def key_of(path: Element) -> PropertyKey:
    """The key of an ExtendedFieldURI in an answer. Raises ValueError on a tag that is no number."""
    tag = path.get("PropertyTag")
    if tag is not None:
        return "tag", str(int(tag, 0))
    distinguished = path.get("DistinguishedPropertySetId")
    set_id = path.get("PropertySetId") or _DISTINGUISHED_SETS.get(distinguished or "", "")
    number = path.get("PropertyId")
    return set_id.lower(), number if number is not None else f"'{path.get('PropertyName')}"


def put(item: Element, place: Slot, value: Value) -> None:
    """Append a value to an item. Entries of one dictionary share its element.

    For that, values come in the order of `Layout.ordered`. Raises TypeError on a value that is
    not of the field's type.
    """
    if place.wording is not None:
        value = worded(place.type, place.wording, value)
    if place.form is Form.EXTENDED:
        holder = etree.SubElement(item, place.tag)
        add_path(holder, place.property)
        _fill(holder, place, value)
    elif place.form in (Form.ENTRY, Form.PART):
        entry = _entry(_last(item, place.tag), place)
        if place.form is Form.PART:
            entry = etree.SubElement(entry, T + place.part)
        entry.text = _text(place, value)
    elif place.form is Form.NAMES:
        _strings(etree.SubElement(item, place.tag), place, value)
    else:
        kind = {"BodyType": "Text"} if place.form is Form.BODY else None
        etree.SubElement(item, place.tag, kind).text = _text(place, value)


def _fill(holder: Element, place: Slot, value: Value) -> None:
    if isinstance(value, tuple):
        values = etree.SubElement(holder, T + "Values")
        for each in value:
            etree.SubElement(values, T + "Value").text = to_text(place.type, each)
    else:
        etree.SubElement(holder, T + "Value").text = _text(place, value)


def _strings(holder: Element, place: Slot, value: Value) -> None:
    for each in value if isinstance(value, tuple) else ():
        etree.SubElement(holder, T + "String").text = to_text(place.type, each)


def _text(place: Slot, value: Value) -> str:
    if not isinstance(value, str | date):
        raise TypeError(f"{place.name} takes one text or day")
    return to_text(place.type, value)


def _last(item: Element, tag: str) -> Element:
    return item[-1] if len(item) and item[-1].tag == tag else etree.SubElement(item, tag)


def _entry(dictionary: Element, place: Slot) -> Element:
    if place.form is Form.PART and len(dictionary) and dictionary[-1].get("Key") == place.key:
        return dictionary[-1]
    return etree.SubElement(dictionary, T + "Entry", {"Key": place.key})
