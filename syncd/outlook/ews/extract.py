"""Items and folders out of an answer.

Each item is looked at once. Whether it is private comes before everything else: of a private item
nothing but its head is ever taken (P7, P14).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from syncd.model.fields import FieldType, Named, Tag, Uri
from syncd.model.kinds import Kind
from syncd.model.record import Record
from syncd.model.values import Value
from syncd.model.wording import meant
from syncd.outlook import stamp
from syncd.outlook.ews.paths import (
    ADDRESSES,
    BUSINESS,
    POSTAL,
    Form,
    Layout,
    Path,
    PropertyKey,
    Slot,
    key_of,
    property_key,
)
from syncd.outlook.ews.xml import Element, T
from syncd.outlook.formatted import is_formatted
from syncd.outlook.instants import modified
from syncd.outlook.port import Head, Item, Sensitivity, Stamp
from syncd.outlook.texts import MANY_LINES, from_text

HEAD_PATHS: tuple[Path, ...] = (
    Uri("item:ItemClass"),
    Uri("item:Sensitivity"),
    Uri("item:LastModifiedTime"),
    Uri("item:Categories"),
    stamp.LINK,
    stamp.KEY,
)
PARENT = Uri("item:ParentFolderId")

_EXTENDED, _ITEM_ID, _PARENT = T + "ExtendedProperty", T + "ItemId", T + "ParentFolderId"
_CLASS, _SENSITIVITY, _CATEGORIES = T + "ItemClass", T + "Sensitivity", T + "Categories"
_PHYSICAL = T + "PhysicalAddresses"
_MODIFIED, _STRING, _VALUE = T + "LastModifiedTime", T + "String", T + "Value"
_LINK, _KEY = property_key(stamp.LINK), property_key(stamp.KEY)
_SENSITIVITIES = {each.value.capitalize(): each for each in Sensitivity}

_BODY, _TEXT_BODY = T + "Body", T + "TextBody"
# What a custom field holds that is, say, no number: left as it is. No text of XML is this one.
_NONE_OF_ITS_TYPE = "\x00"

_Elements = Mapping[str, Element]
_Extended = Mapping[PropertyKey, Element]


@dataclass(frozen=True, slots=True)
class Extractor:
    """Takes these fields of a kind out of items. Use `extractor` to make one."""

    kind: Kind
    item: str
    empty: Mapping[str, Value]
    match: tuple[str, ...]
    single: Mapping[str, Slot]  # by tag
    entries: Mapping[str, Mapping[str, Slot]]  # by tag, by key
    parts: Mapping[str, Mapping[tuple[str, str], Slot]]  # by tag, by key and tag of the part
    mailing: Mapping[str, Slot]  # by tag of the part
    extended: Mapping[PropertyKey, Slot]
    body: Slot | None

    def head(self, item: Element) -> Head:
        """The head of an item. Raises ValueError when the item has no id."""
        elements, extended = _apart(item)
        values, _ = self._values(elements, extended)
        return self._head(elements, extended, values)

    def full(self, item: Element) -> Item:
        """An item in full. The record of a private item, or of one of another sort, is bare.

        Raises ValueError when the item has no id or holds a day that is none.
        """
        elements, extended = _apart(item)
        values, guarded = self._values(elements, extended)
        head = self._head(elements, extended, values)
        if item.tag != self.item:
            return Item(head, Record(self.kind, {}))
        return Item(head, Record(self.kind, values), guarded)

    def _values(
        self, elements: _Elements, extended: _Extended
    ) -> tuple[dict[str, Value], frozenset[str]]:
        """The values, and which fields hold more than a value can say."""
        if _sensitivity(elements) is not Sensitivity.NORMAL:
            return {}, frozenset()
        values = dict(self.empty)
        guarded: set[str] = set()
        for tag, element in elements.items():
            slot = self.single.get(tag)
            if slot is not None:
                values[slot.name] = _one(slot, element)
            elif tag in self.entries or tag in self.parts:
                values.update(self._entries(tag, element))
                guarded.update(self._no_addresses(tag, element))
        if self.mailing:
            values.update(self._mailing(elements))
        for name, holder in extended.items():
            slot = self.extended.get(name)
            if slot is not None:
                values[slot.name] = _property(slot, holder)
        guarded.update(name for name, value in values.items() if value == _NONE_OF_ITS_TYPE)
        for each in guarded:
            del values[each]
        if self.body is not None:
            guarded.update(self._read_body(self.body, elements, values))
        return values, frozenset(guarded)

    def _entries(self, tag: str, dictionary: Element) -> Iterator[tuple[str, Value]]:
        whole, parts = self.entries.get(tag, {}), self.parts.get(tag, {})
        for entry in dictionary:
            key = entry.get("Key", "")
            if key in whole:
                yield whole[key].name, _read(whole[key], entry.text)
            for part in entry:
                slot = parts.get((key, part.tag))
                if slot is not None:
                    yield slot.name, _read(slot, part.text)

    def _mailing(self, elements: _Elements) -> Iterator[tuple[str, Value]]:
        named = _mailing_address(elements) or BUSINESS
        for entry in elements.get(_PHYSICAL, ()):
            if entry.get("Key") == named:
                found = ((self.mailing.get(part.tag), part.text) for part in entry)
                yield from ((s.name, from_text(s.type, text)) for s, text in found if s)

    def _no_addresses(self, tag: str, dictionary: Element) -> Iterator[str]:
        """The e-mail fields that hold something else: a fax, a colleague of the address list."""
        whole = self.entries.get(tag, {})
        for entry in dictionary:
            slot = whole.get(entry.get("Key", ""))
            if slot is not None and slot.type is FieldType.EMAIL and entry.text:
                routing = entry.get("RoutingType") or "SMTP"
                if routing.upper() != "SMTP" or "@" not in entry.text:
                    yield slot.name

    def _read_body(
        self, slot: Slot, elements: _Elements, values: dict[str, Value]
    ) -> Iterator[str]:
        """Put the text of the body among the values; its field's name when it is formatted."""
        body, shown = elements.get(_BODY), elements.get(_TEXT_BODY)
        html = body is not None and body.get("BodyType") == "HTML"
        plain = shown if shown is not None or html else body
        if plain is not None:
            values[slot.name] = from_text(slot.type, plain.text)
        elif html:
            del values[slot.name]
            yield slot.name
        if html and body is not None and is_formatted(body.text or ""):
            yield slot.name

    def _head(self, elements: _Elements, extended: _Extended, values: Mapping[str, Value]) -> Head:
        id_, version = _id(elements.get(_ITEM_ID))
        parent = elements.get(_PARENT)
        return Head(
            id=id_,
            version=version,
            modified=modified(_text(elements, _MODIFIED)),
            item_class=_text(elements, _CLASS) or "",
            sensitivity=_sensitivity(elements),
            categories=tuple(each.text or "" for each in elements.get(_CATEGORIES, ())),
            stamp=Stamp.parse(_mapi(extended, _LINK), _mapi(extended, _KEY)),
            match={name: values.get(name) for name in self.match if values},
            folder=parent.get("Id") if parent is not None else None,
        )


def extractor(kind: Kind, layout: Layout, names: Iterable[str]) -> Extractor:
    """The extractor of these fields, which include those that the kind is matched by."""
    slots = [layout.fields[name] for name in names]
    single = {s.tag: s for s in slots if s.form in (Form.TEXT, Form.NAMES)}
    body = next((slot for slot in slots if slot.form is Form.BODY), None)
    entries: dict[str, dict[str, Slot]] = {}
    parts: dict[str, dict[tuple[str, str], Slot]] = {}
    mailing = {T + s.part: s for s in slots if s.form is Form.MAILING}
    extended: dict[PropertyKey, Slot] = {}
    for slot in slots:
        if slot.form is Form.ENTRY:
            entries.setdefault(slot.tag, {})[slot.key] = slot
        elif slot.form is Form.PART:
            parts.setdefault(slot.tag, {})[slot.key, T + slot.part] = slot
        elif isinstance(slot.property, Tag | Named):
            extended[property_key(slot.property)] = slot
    empty = dict.fromkeys(slot.name for slot in slots)
    match = tuple(slot.name for slot in layout.match)
    return Extractor(
        kind, layout.item, empty, match, single, entries, parts, mailing, extended, body
    )


def full_paths(layout: Layout) -> list[Path]:
    """What to ask for to read items in full: of a body what it is, and what it says."""
    own = dict.fromkeys(path for slot in layout.fields.values() for path in slot.paths())
    bodies = any(slot.form is Form.BODY for slot in layout.fields.values())
    return [*HEAD_PATHS, PARENT, *own, *([Uri("item:TextBody")] if bodies else [])]


def mailing_address(item: Element) -> str | None:
    """Which address an item names as its mailing address: Business, Home, Other, or none."""
    return _mailing_address(_apart(item)[0])


def _mailing_address(elements: _Elements) -> str | None:
    named = _text(elements, POSTAL.tag)
    return named if named in ADDRESSES else None


def written(item: Element | None) -> tuple[str, str] | None:
    """The id and change key that a write answered for an item; `None` when it named none."""
    element = item.find(_ITEM_ID) if item is not None else None
    if element is None or not element.get("Id") or not element.get("ChangeKey"):
        return None
    return _id(element)


def _apart(item: Element) -> tuple[dict[str, Element], dict[PropertyKey, Element]]:
    elements: dict[str, Element] = {}
    extended: dict[PropertyKey, Element] = {}
    for child in item:
        tag = child.tag
        if tag == _EXTENDED:
            extended[key_of(child[0])] = child
        else:
            elements[tag] = child
    return elements, extended


def _sensitivity(elements: _Elements) -> Sensitivity:
    """How an item is marked. What is not marked is normal; a mark of unknown name is private."""
    mark = _text(elements, _SENSITIVITY) or "Normal"
    return _SENSITIVITIES.get(mark, Sensitivity.PRIVATE)


def _id(element: Element | None) -> tuple[str, str]:
    if element is None or not element.get("Id"):
        raise ValueError("an item without an id")
    return element.get("Id", ""), element.get("ChangeKey", "")


def _text(elements: _Elements, tag: str) -> str | None:
    element = elements.get(tag)
    return element.text if element is not None else None


def _mapi(extended: _Extended, key: PropertyKey) -> str | None:
    holder = extended.get(key)
    return holder.findtext(_VALUE) if holder is not None else None


def _one(slot: Slot, element: Element) -> Value:
    if slot.form is Form.NAMES:
        return tuple(each.text for each in element if each.tag == _STRING and each.text) or None
    return _read(slot, element.text)


def _property(slot: Slot, holder: Element) -> Value:
    many = holder.find(T + "Values")
    if many is not None:
        return tuple(each.text for each in many if each.text) or None
    return _read(slot, holder.findtext(_VALUE))


def _read(slot: Slot, text: str | None) -> Value:
    if slot.wording is None:
        return from_text(slot.type, text)
    many = slot.type if slot.type in MANY_LINES else FieldType.TEXT
    try:
        return meant(slot.type, slot.wording, str(from_text(many, text) or ""))
    except ValueError:
        return _NONE_OF_ITS_TYPE
