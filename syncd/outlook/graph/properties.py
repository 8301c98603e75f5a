"""MAPI properties as Graph names them: single-value and multi-value extended properties.

`String 0x3A1F` by tag; `String {set} Id 0x8062` or `String {set} Name X` by name. A server matches
them in any case and with or without braces, and answers with its own spelling.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache

from syncd.model.contact import PSETID_ADDRESS
from syncd.model.fields import Named
from syncd.outlook import stamp
from syncd.outlook.graph.session import Json

SINGLE, MULTI = "singleValueExtendedProperties", "multiValueExtendedProperties"

_GUID = r"\{?([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\}?"
_BY_TAG = re.compile(r"\w+\s+0x0*([0-9a-f]+)")
_BY_NAME = re.compile(rf"\w+\s+{_GUID}\s+(?:id\s+0x0*([0-9a-f]+)|name\s+(.+))")


def named(prop: Named) -> str:
    """How Graph names a property that has a set."""
    which = f"Name {prop.name}" if prop.id is None else f"Id 0x{prop.id:04X}"
    return f"{prop.type} {{{prop.set_id}}} {which}"


def in_address_set(number: int, kind: str = "String") -> str:
    """How Graph names one of the properties of contacts."""
    return named(Named(PSETID_ADDRESS, number, type=kind))


LINK, KEY, CLAIM = named(stamp.LINK), named(stamp.KEY), named(stamp.CLAIM)
CLASS = "String 0x001A"
SENSITIVITY = "Integer 0x0036"
NATIVE_BODY = "Integer 0x1016"  # PidTagNativeBody: 1 plain, 2 RTF, 3 HTML
HTML = "Binary 0x1013"  # PidTagHtml, in base64
POSTAL = in_address_set(0x8022, "Integer")  # PidLidPostalAddressId: 1 home, 2 business, 3 other
MAIL_TYPES: Mapping[str, str] = {  # PidLidEmail1AddressType and on: SMTP, or what is no e-mail
    "primaryEmailAddress": in_address_set(0x8082),
    "secondaryEmailAddress": in_address_set(0x8092),
    "tertiaryEmailAddress": in_address_set(0x80A2),
}
PHONES: Mapping[str, tuple[str, str]] = {  # what tells the position of each number of an array
    "businessPhones": ("String 0x3A08", "String 0x3A1B"),
    "homePhones": ("String 0x3A09", "String 0x3A2F"),
}


@lru_cache(maxsize=1024)
def key_of(name: str) -> str:
    """What tells one property from another, however it is spelled; its type does not."""
    bare = name.strip().lower()
    tag = _BY_TAG.fullmatch(bare)
    if tag:
        return f"0x{tag[1]}"
    found = _BY_NAME.fullmatch(bare)
    if found is None:
        return bare
    return f"{found[1]} 0x{found[2]}" if found[2] else f"{found[1]} '{found[3]}"


def held(item: Json) -> dict[str, str | tuple[str, ...] | None]:
    """The extended properties that an answer shows of an item, by key.

    Raises ValueError on what is no property.
    """
    found: dict[str, str | tuple[str, ...] | None] = {}
    for name in (SINGLE, MULTI):
        listed = item.get(name)
        if listed is None:
            continue
        if not isinstance(listed, list):
            raise ValueError("no list of properties")  # noqa: TRY004 - what is wrong is the answer
        for each in listed:
            id_ = each.get("id") if isinstance(each, dict) else None
            if not isinstance(id_, str):
                raise ValueError("a property without a name")  # noqa: TRY004 - as above
            value = each.get("value")
            if isinstance(value, list):
                found[key_of(id_)] = tuple(one for one in value if isinstance(one, str))
            else:
                found[key_of(id_)] = value if isinstance(value, str) else None
    return found


def one_of(names: Iterable[str]) -> str:
    """The filter for properties of these names, as in `$expand`."""
    return " or ".join(f"id eq {literal(name)}" for name in names)


def literal(text: str) -> str:
    """A text in a filter: in quotes, and those in it twice (OData 4.01, 5.1.1.14.1)."""
    return "'" + text.replace("'", "''") + "'"
