"""Items out of JSON.

Each item is looked at once. Whether it is private comes before everything else: of a private item
nothing but its head is ever taken (P7, P14).
"""

from __future__ import annotations

import binascii
from base64 import b64decode
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache, partial

from syncd.model.fields import FieldType
from syncd.model.kinds import Kind
from syncd.model.record import Record
from syncd.model.values import Value
from syncd.model.wording import meant
from syncd.outlook.formatted import is_formatted
from syncd.outlook.graph import properties
from syncd.outlook.graph.layout import BUSINESS, NAMED_BY, NOTES, Form, Layout, Slot, layout
from syncd.outlook.graph.properties import key_of
from syncd.outlook.graph.session import Json
from syncd.outlook.instants import modified
from syncd.outlook.port import Head, Item, Sensitivity, Stamp
from syncd.outlook.texts import MANY_LINES, from_text

Extended = Mapping[str, str | tuple[str, ...] | None]
Reader = Callable[[Json, Extended], Value]

_LINK, _KEY = key_of(properties.LINK), key_of(properties.KEY)
_CLASS, _SENSITIVITY = key_of(properties.CLASS), key_of(properties.SENSITIVITY)
_NATIVE_BODY, _HTML = key_of(properties.NATIVE_BODY), key_of(properties.HTML)
_POSTAL = key_of(properties.POSTAL)
_MARKS: Mapping[str, Sensitivity] = {  # PidTagSensitivity
    "0": Sensitivity.NORMAL,
    "1": Sensitivity.PERSONAL,
    "2": Sensitivity.PRIVATE,
    "3": Sensitivity.CONFIDENTIAL,
}
_PLAIN = ("0", "1")  # PidTagNativeBody: undefined, plain text


@dataclass(frozen=True, slots=True)
class Extractor:
    """Takes these fields of a kind out of items. Use `extractor` to make one."""

    kind: Kind
    readers: tuple[tuple[str, Reader], ...]
    notes: str  # the name of the field that holds them, if it is among these
    match: tuple[str, ...]

    def head(self, item: Json, known: Extended | None = None) -> Head:
        """The head of an item. Raises ValueError when it has no id, or holds what cannot be.

        `known` are its extended properties, where the answer does not show them.
        """
        extended = properties.held(item) if known is None else known
        values, _ = self._values(item, extended)
        return self._head(item, extended, values)

    def full(self, item: Json, known: Extended | None = None) -> Item:
        """An item in full. The record of a private item, or of one of another sort, is bare.

        `known` and what is raised are as with `head`.
        """
        extended = properties.held(item) if known is None else known
        values, guarded = self._values(item, extended)
        head = self._head(item, extended, values)
        own, wanted = head.item_class.lower(), self.kind.item_class.lower()
        if own != wanted and not own.startswith(f"{wanted}."):
            return Item(head, Record(self.kind, {}))
        return Item(head, Record(self.kind, values), guarded)

    def _values(self, item: Json, extended: Extended) -> tuple[dict[str, Value], frozenset[str]]:
        """The values, and which fields hold more than a value can say."""
        if _sensitivity(extended) is not Sensitivity.NORMAL:
            return {}, frozenset()
        values: dict[str, Value] = {}
        guarded: set[str] = set()
        for name, read in self.readers:
            try:
                values[name] = read(item, extended)
            except _MoreError:
                guarded.add(name)
        if self.notes in values and _is_more_than_text(extended):
            guarded.add(self.notes)
        return values, frozenset(guarded)

    def _head(self, item: Json, extended: Extended, values: Mapping[str, Value]) -> Head:
        id_, version = item.get("id"), item.get("changeKey")
        if not isinstance(id_, str) or not isinstance(version, str) or not id_:
            raise ValueError("an item without an id and a change key")
        return Head(
            id=id_,
            version=version,
            modified=modified(_text(item.get("lastModifiedDateTime"))),
            item_class=_mapi(extended, _CLASS) or self.kind.item_class,
            sensitivity=_sensitivity(extended),
            categories=_texts(item.get("categories")),
            stamp=Stamp.parse(_mapi(extended, _LINK), _mapi(extended, _KEY)),
            match={name: values.get(name) for name in self.match if values},
            folder=_text(item.get("parentFolderId")),
        )


@dataclass(frozen=True, slots=True)
class Compiled:
    """A kind as Graph holds it, and what takes its items apart: in full, and their heads."""

    place: Layout
    full: Extractor
    head: Extractor


@cache
def compiled(kind: Kind) -> Compiled:
    """The kind, compiled once. Raises ValueError when its map names what Graph cannot hold."""
    place = layout(kind)
    match = tuple(slot.name for slot in place.match)

    def taking(slots: Iterable[Slot]) -> Extractor:
        readers = {slot.name: _reader(slot) for slot in slots}
        notes = next((slot.name for slot in slots if slot.key == NOTES), "")
        return Extractor(kind, tuple(readers.items()), notes, match)

    return Compiled(place, taking(place.fields.values()), taking(place.match))


def mailing_address(extended: Extended) -> str | None:
    """Which address an item names as its mailing address; `None` where it names none."""
    return NAMED_BY.get(_mapi(extended, _POSTAL) or "")


class _MoreError(Exception):
    """A field holds what its value cannot say: a fax for an address, a word for a number."""


def _reader(slot: Slot) -> Reader:
    """What reads a field: made once, since it is done for every field of every item."""
    return _READERS[slot.form](slot)


def _meaning(slot: Slot) -> Callable[[str | None], Value]:
    return partial(from_text, slot.type) if slot.wording is None else partial(_read, slot)


def _of_text(slot: Slot) -> Reader:
    key, meaning = slot.key, _meaning(slot)

    def read(item: Json, _: Extended) -> Value:
        found = item.get(key)
        return meaning(_text(found)) if found is not None else None

    return read


def _of_part(slot: Slot) -> Reader:
    key, part, meaning = slot.key, slot.part, _meaning(slot)

    def read(item: Json, _: Extended) -> Value:
        found = _part(item, key, part)
        return meaning(found) if found is not None else None

    return read


def _of_property(slot: Slot) -> Reader:
    key, meaning = slot.extended, _meaning(slot)
    return lambda _, extended: meaning(_mapi(extended, key)) if key in extended else None


def _of_properties(slot: Slot) -> Reader:
    key = slot.extended
    return lambda _, extended: tuple(each for each in extended.get(key) or () if each) or None


def _of_names(slot: Slot) -> Reader:
    key = slot.key
    return lambda item, _: tuple(each for each in _texts(item.get(key)) if each) or None


def _of_mailing(slot: Slot) -> Reader:
    return lambda item, extended: _read(
        slot, _part(item, mailing_address(extended) or BUSINESS, slot.part)
    )


def _of_email(slot: Slot) -> Reader:
    return lambda item, extended: _email(slot, _part(item, slot.key, slot.part), extended)


_READERS: Mapping[Form, Callable[[Slot], Reader]] = {
    Form.TEXT: _of_text,
    Form.NAMES: _of_names,
    Form.EMAIL: _of_email,
    Form.PHONE: _of_property,
    Form.PART: _of_part,
    Form.MAILING: _of_mailing,
    Form.EXTENDED: _of_property,
    Form.SEVERAL: _of_properties,
}


def _part(item: Json, key: str, part: str) -> str | None:
    found = item.get(key)
    return _text(_object(found).get(part)) if found is not None else None


def _email(slot: Slot, address: str | None, extended: Extended) -> Value:
    """An e-mail address. Raises _MoreError for a fax, or a colleague of the address list."""
    routing = _mapi(extended, slot.extended) or "SMTP"
    if address and (routing.upper() != "SMTP" or "@" not in address):
        raise _MoreError
    return _read(slot, address)


def _read(slot: Slot, text: str | None) -> Value:
    if not text:
        return None
    if slot.wording is None:
        return from_text(slot.type, text)
    many = slot.type if slot.type in MANY_LINES else FieldType.TEXT
    try:
        return meant(slot.type, slot.wording, str(from_text(many, text) or ""))
    except ValueError:
        raise _MoreError from None


def _is_more_than_text(extended: Extended) -> bool:
    """Whether the notes would lose something as plain text.

    By its HTML, as over EWS. Where there is none to be had, whatever was not written as plain text
    may be formatted.
    """
    native = _mapi(extended, _NATIVE_BODY) or _PLAIN[0]
    html = _mapi(extended, _HTML)
    if not html:
        return native not in _PLAIN
    if native == "1":
        return False
    try:
        # In whatever code page: what is looked for is ASCII in all of them.
        return is_formatted(b64decode(html, validate=True).decode("latin-1"))
    except binascii.Error:
        return True


def _sensitivity(extended: Extended) -> Sensitivity:
    """How an item is marked. What is not marked is normal; an unknown mark is private."""
    mark = _mapi(extended, _SENSITIVITY)
    return _MARKS.get(mark, Sensitivity.PRIVATE) if mark else Sensitivity.NORMAL


def _mapi(extended: Extended, key: str) -> str | None:
    value = extended.get(key)
    return value if isinstance(value, str) else None


def _text(value: object) -> str | None:
    """A text of an answer. Raises ValueError where it is something else."""
    if value is not None and not isinstance(value, str):
        raise ValueError("no text")
    return value


def _texts(value: object) -> tuple[str, ...]:
    if value is None:
        return ()
    if not isinstance(value, list):
        raise ValueError("no list of texts")  # noqa: TRY004 - what is wrong is the answer
    return tuple(_text(each) or "" for each in value)


def _object(value: object) -> Json:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise ValueError("no object")  # noqa: TRY004 - what is wrong is the answer
    return value
