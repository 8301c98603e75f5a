"""Custom fields: what an admin adds to a field map, and the places in Outlook that are free for it.

Numbers are those of [MS-OXPROPS]. Nothing here is in the map of the contact.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from syncd.model.contact import PSETID_ADDRESS
from syncd.model.fields import (
    Direction,
    EwsProperty,
    Field,
    FieldType,
    Indexed,
    Mailing,
    Named,
    Option,
    Sphere,
    Style,
    Tag,
    Uri,
    Wording,
)
from syncd.model.kinds import Kind
from syncd.model.wording import NO, YES

PS_PUBLIC_STRINGS = "00020329-0000-0000-c000-000000000046"
PSETID_COMMON = "00062008-0000-0000-c000-000000000046"
STAMPS = "5f0b9c1e-7d43-4a86-9e1b-2c6a8f3d4e70"  # syncd's own property set: no place for a field

# The types that a custom field may have.
TYPES = (
    FieldType.TEXT, FieldType.LINES, FieldType.NOTE, FieldType.PHONE, FieldType.EMAIL,
    FieldType.DATE, FieldType.WHOLE, FieldType.FLAG, FieldType.CHOICE, FieldType.NAMES,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Place:
    """Where in Outlook a custom field is: its EWS property, its Graph property."""

    ews: EwsProperty
    graph: str


def _named(set_id: str, number: int) -> Place:
    return Place(Named(set_id, number), f"String {{{set_id}}} Id 0x{number:04X}")


def _tag(number: int) -> Place:
    return Place(Tag(number), f"String 0x{number:04X}")


def _phone(label: str, number: int) -> Place:
    return Place(Indexed("contacts:PhoneNumber", label), f"String 0x{number:04X}")


# The fields of an Outlook contact that no field of ours uses, by the name an admin writes.
FREE: Mapping[str, Place] = {
    "User1": _named(PSETID_ADDRESS, 0x804F),
    "User2": _named(PSETID_ADDRESS, 0x8050),
    "User3": _named(PSETID_ADDRESS, 0x8051),
    "User4": _named(PSETID_ADDRESS, 0x8052),
    "Profession": Place(Uri("contacts:Profession"), "profession"),
    "Office": Place(Uri("contacts:OfficeLocation"), "officeLocation"),
    "Location": _tag(0x3A0D),
    "Hobbies": _tag(0x3A43),
    "Language": _tag(0x3A0C),
    "ReferredBy": _tag(0x3A47),
    "Account": _tag(0x3A00),
    "CustomerId": _tag(0x3A4A),
    "OrganizationalId": _tag(0x3A10),
    "ComputerNetworkName": _tag(0x3A49),
    "Billing": _named(PSETID_COMMON, 0x8535),
    "Mileage": _named(PSETID_COMMON, 0x8534),
    "CarPhone": _phone("CarPhone", 0x3A1E),
    "HomeFax": _phone("HomeFax", 0x3A25),
    "OtherFax": _phone("OtherFax", 0x3A23),
    "PrimaryPhone": _phone("PrimaryPhone", 0x3A1A),
    "RadioPhone": _phone("RadioPhone", 0x3A1D),
    "Isdn": _phone("Isdn", 0x3A2D),
    "Telex": _phone("Telex", 0x3A2C),
    "TtyTddPhone": _phone("TtyTddPhone", 0x3A4B),
}

_GUID = r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}"
_PROPERTY = re.compile(rf"(?:\{{({_GUID})\}}/)?([^/{{}}\s][^/{{}}]*)")
_NUMBER = re.compile(r"0x[0-9A-Fa-f]{4}")


def property_place(written: str, kind: FieldType) -> Place | None:
    """A named property, as `name`, `{guid}/name` or `{guid}/0x8123`; `None` when it is neither."""
    found = _PROPERTY.fullmatch(written)
    if found is None or written != written.strip():
        return None
    set_id, name = (found[1] or PS_PUBLIC_STRINGS).lower(), found[2]
    of = "StringArray" if kind is FieldType.NAMES else "String"
    if found[1] and _NUMBER.fullmatch(name):
        number = int(name, 16)
        return Place(Named(set_id, number, type=of), f"{of} {{{set_id}}} Id 0x{number:04X}")
    return Place(Named(set_id, name=name, type=of), f"{of} {{{set_id}}} Name {name}")


def address(prop: EwsProperty) -> tuple[str, ...]:
    """What is equal of two properties that are one and the same in a mailbox."""
    match prop:
        case Uri(uri):
            return ("uri", uri)
        case Indexed(uri, index):
            return ("indexed", uri, index)
        case Tag(tag):
            return ("tag", f"{tag:04X}")
        case Mailing(part):
            return ("mailing", part)
        case Named(set_id, number, name):
            return ("named", set_id.lower(), f"'{name}" if number is None else f"{number:04X}")


def wording_of(
    kind: FieldType, options: tuple[str, ...], style: Style, words: Mapping[str, str]
) -> Wording:
    """The wording of a field: a choice and a flag have a word for each of their values."""
    values = options if kind is FieldType.CHOICE else (YES, NO) if kind is FieldType.FLAG else ()
    return Wording(style, tuple((each, words.get(each, each)) for each in values))


def custom_field(
    name: str,
    label: str,
    kind: FieldType,
    place: Place,
    *,
    direction: Direction = Direction.TWO_WAY,
    sphere: Sphere = Sphere.BUSINESS,
    options: tuple[str, ...] = (),
    wording: Wording | None = None,
) -> Field:
    """A custom field: a group of its own."""
    return Field(
        name, label, kind, (), place.ews, place.graph, name, direction, sphere,
        options=tuple(map(Option, options)),
        wording=wording or wording_of(kind, options, Style.PLAIN, {}),
    )  # fmt: skip


@lru_cache(maxsize=64)
def with_fields(kind: Kind, fields: tuple[Field, ...]) -> Kind:
    """A kind with custom fields after those of its map."""
    return replace(kind, fields=(*kind.fields, *fields)) if fields else kind


def mapped(fields: tuple[Field, ...]) -> dict[str, str]:
    """What each custom field is mapped to, in a text that changes when that does."""
    return {
        each.name: repr((each.type.value, address(each.ews), each.wording, each.options))
        for each in fields
        if each.wording is not None
    }
