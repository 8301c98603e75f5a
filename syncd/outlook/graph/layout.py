"""Where a field sits in Graph: its property of a contact, or the extended property that holds it.

A kind's field map is compiled once into slots, and into what a request selects and expands.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import Enum, auto
from functools import cache
from urllib.parse import quote

from syncd.model.addresses import MAILING
from syncd.model.fields import FieldType, Wording
from syncd.model.kinds import Kind
from syncd.outlook.graph import properties
from syncd.outlook.graph.properties import MAIL_TYPES, MULTI, PHONES, SINGLE, one_of

BUSINESS = "businessAddress"
NAMED_BY: Mapping[str, str] = {"1": "homeAddress", "2": BUSINESS, "3": "otherAddress"}
ADDRESSES = tuple(NAMED_BY.values())
PARTS = ("street", "city", "state", "countryOrRegion", "postalCode")
NOTES = "personalNotes"
DISPLAY_NAME = "displayName"

LONGEST_QUERY = 6000  # characters of what a request expands; a URL of 16 kB is more than enough

_INDEXED = re.compile(r"(\w+)\[([0-9])\]")
_HEAD = ("id", "changeKey", "lastModifiedDateTime", "categories", "parentFolderId")
_IDENTITY = ("id", "changeKey")
_HEAD_EXTENDED = (
    properties.CLASS,
    properties.SENSITIVITY,
    properties.LINK,
    properties.KEY,
)


class Form(Enum):
    """How a slot holds its value."""

    TEXT = auto()  # "givenName": "…"
    NAMES = auto()  # "children": ["…"]
    EMAIL = auto()  # "primaryEmailAddress": {"address": "…"}
    PHONE = auto()  # one position of "businessPhones": ["…", "…"]
    PART = auto()  # "homeAddress": {"city": "…"}
    MAILING = auto()  # as PART, in the address that the item names as its mailing address
    EXTENDED = auto()  # {"id": "String 0x3A1F", "value": "…"}
    SEVERAL = auto()  # {"id": "StringArray {…} Name X", "value": ["…"]}


@dataclass(frozen=True, slots=True)
class Slot:
    """The place of one field: the property `key`, or a `part` of it.

    `extended` is the key of the extended property that holds it, or tells its position. With a
    `wording` it holds a text, whatever the field's type.
    """

    name: str
    type: FieldType
    form: Form
    key: str
    part: str = ""
    index: int = 0
    extended: str = ""
    wording: Wording | None = None

    def selected(self) -> tuple[str, ...]:
        """The properties to ask for to read the field."""
        if self.form in (Form.PHONE, Form.EXTENDED, Form.SEVERAL):
            return ()
        return ADDRESSES if self.form is Form.MAILING else (self.key,)

    def expanded(self) -> tuple[str, ...]:
        """The extended properties to ask for to read the field."""
        if self.form is Form.EMAIL:
            return (MAIL_TYPES[self.key],) if self.key in MAIL_TYPES else ()
        if self.form is Form.PHONE:
            return (PHONES[self.key][self.index],)
        if self.form is Form.MAILING:
            return (properties.POSTAL,)
        if self.key == NOTES:
            return (properties.NATIVE_BODY, properties.HTML)
        return (self.key,) if self.form is Form.EXTENDED else ()


@dataclass(frozen=True, slots=True)
class Layout:
    """A kind as Graph holds it.

    `initial` are the properties that are set once. `head` and `full` are the queries that read as
    much of an item; a full one is several where one would be too long.
    """

    fields: Mapping[str, Slot]
    initial: Mapping[str, str]
    match: tuple[Slot, ...]
    mailing: frozenset[str]
    head: str
    full: tuple[str, ...]


@cache
def layout(kind: Kind) -> Layout:
    """The layout of a kind. Raises ValueError when its map names what Graph cannot hold."""
    fields = {
        each.name: replace(slot(each.name, each.type, each.graph), wording=each.wording)
        for each in kind.fields
    }
    match = tuple(each for name, each in fields.items() if name in kind.match.fields)
    head = _queries(match)
    if len(head) != 1:
        raise ValueError(f"{kind.name} is matched by more than one request can ask for")
    return Layout(
        fields=fields,
        initial={each.name: each.graph for each in kind.initial},
        match=match,
        mailing=frozenset(name for name, each in fields.items() if each.form is Form.MAILING),
        head=head[0],
        full=_queries(fields.values()),
    )


def slot(name: str, kind: FieldType, where: str) -> Slot:
    """The slot of one property. Raises ValueError for one that Graph does not have."""
    if " " in where:
        form = Form.SEVERAL if where.startswith("StringArray ") else Form.EXTENDED
        return Slot(name, kind, form, where, extended=properties.key_of(where))
    indexed = _INDEXED.fullmatch(where)
    if indexed:
        key, index = indexed[1], int(indexed[2])
        if key not in PHONES or index >= len(PHONES[key]):
            raise ValueError(f"{name}: Graph has no {where!r}")
        position = properties.key_of(PHONES[key][index])
        return Slot(name, kind, Form.PHONE, key, index=index, extended=position)
    key, dot, part = where.partition(".")
    if not dot:
        return Slot(name, kind, Form.NAMES if kind is FieldType.NAMES else Form.TEXT, key)
    if part == "address":
        types = MAIL_TYPES.get(key, "")
        return Slot(name, kind, Form.EMAIL, key, part, extended=properties.key_of(types))
    if part not in PARTS or key not in (MAILING, *ADDRESSES):
        raise ValueError(f"{name}: Graph has no {where!r}")
    return Slot(name, kind, Form.MAILING if key == MAILING else Form.PART, key, part)


def _queries(slots: Iterable[Slot]) -> tuple[str, ...]:
    """What to ask for to read heads with these fields: one query, or more where it is too long."""
    every = tuple(slots)
    own = dict.fromkeys((*_HEAD, DISPLAY_NAME, *(key for each in every for key in each.selected())))
    single = tuple(
        dict.fromkeys((*_HEAD_EXTENDED, *(name for each in every for name in each.expanded())))
    )
    multi = tuple(each.key for each in every if each.form is Form.SEVERAL)
    lots = _split(single)
    return tuple(
        _query(_IDENTITY if number else own, lot, multi if lot is lots[-1] else ())
        for number, lot in enumerate(lots)
    )


def _split(names: tuple[str, ...]) -> list[tuple[str, ...]]:
    """The names in as few lots as fit into a query each."""
    lots: list[tuple[str, ...]] = [()]
    for name in names:
        if lots[-1] and len(_encoded(one_of((*lots[-1], name)))) > LONGEST_QUERY:
            lots.append(())
        lots[-1] = (*lots[-1], name)
    return lots


def _query(own: Iterable[str], single: tuple[str, ...], multi: tuple[str, ...]) -> str:
    expand = [f"{SINGLE}($filter={one_of(single)})"]
    if multi:
        expand.append(f"{MULTI}($filter={one_of(multi)})")
    return f"$select={','.join(own)}&$expand={_encoded(','.join(expand))}"


def _encoded(text: str) -> str:
    return quote(text, safe="$(),='/:")
