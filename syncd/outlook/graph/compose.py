"""What is sent to make an item, or to change one: the body of a POST or a PATCH.

Graph replaces addresses and arrays as a whole, closes up holes in arrays, and makes up a new
display name where a part of a name changes: so a PATCH is composed from the item as it is at the
version that is to be changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from syncd.model.fields import FieldType
from syncd.model.values import Value, is_empty
from syncd.model.wording import worded
from syncd.outlook.graph import properties
from syncd.outlook.graph.extract import Extended, mailing_address
from syncd.outlook.graph.layout import (
    BUSINESS,
    DISPLAY_NAME,
    NOTES,
    PARTS,
    Form,
    Layout,
    Slot,
)
from syncd.outlook.graph.properties import MULTI, PHONES, SINGLE, key_of
from syncd.outlook.graph.session import Json
from syncd.outlook.port import Creation, Stamp, Update
from syncd.outlook.texts import to_text

_BUSINESS_INDEX = "2"  # of POSTAL
_NATIVE_BODY = key_of(properties.NATIVE_BODY)

Known = dict[str, str | tuple[str, ...] | None]


@dataclass(slots=True)
class Composed:
    """A body, and what will be known of the item once it was taken.

    `known` are the extended properties that the item has then, by key. `shown`: the answer shows
    every field that was written, so that none is to be read back.
    """

    body: dict[str, object] = field(default_factory=dict)
    known: Known = field(default_factory=dict)
    shown: bool = True
    single: dict[str, str | None] = field(default_factory=dict)
    multi: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def mark(self, name: str, value: str | None) -> None:
        """Write an extended property of our own, which is known as soon as it was taken."""
        self.single[name] = value
        self.known[key_of(name)] = value

    def hold(self, name: str, value: str | None) -> None:
        """Write a field into an extended property, which no answer to a write shows."""
        self.mark(name, value)
        self.shown = False

    def close(self) -> Composed:
        """Put the extended properties into the body."""
        if self.single:
            pairs = [{"id": name, "value": value} for name, value in self.single.items()]
            self.body[SINGLE] = pairs
        if self.multi:
            self.body[MULTI] = [{"id": n, "value": list(each)} for n, each in self.multi.items()]
        return self


def new_item(place: Layout, creation: Creation) -> Composed:
    """The body that makes an item, with its stamp, all in one."""
    made = Composed(known={key_of(properties.SENSITIVITY): "0"})
    for name, said in creation.initial.items():
        if said:
            made.body[place.initial[name]] = to_text(FieldType.TEXT, said)
    fields = {name: value for name, value in creation.fields.items() if not is_empty(value)}
    _put(made, place, fields, {}, {})
    _stamp(made, creation.stamp)
    return made.close()


def changed(place: Layout, update: Update, item: Json) -> Composed:
    """The body that changes an item, which is as it was read at the update's version.

    Raises ValueError when what was read cannot be.
    """
    extended = properties.held(item)
    made = Composed(known=dict(extended))
    _put(made, place, update.patch, item, extended)
    if update.stamp is not None:
        _stamp(made, update.stamp)
    elif update.clear_stamp:
        made.mark(properties.LINK, None)
        made.mark(properties.KEY, None)
    named = item.get(DISPLAY_NAME)
    if named:  # else the server makes one up from the parts of the name
        made.body.setdefault(DISPLAY_NAME, named)
    return made.close()


def answered(made: Composed, body: Json) -> Known:
    """The extended properties of an item that was written.

    As they were read at the version that it was written to, which If-Match vouches for; what was
    written of them; and the positions of phone numbers that the answer tells.
    """
    positions: Known = {}
    for key, names in PHONES.items():
        numbers = body.get(key)
        if key in made.body and isinstance(numbers, list):
            for index, name in enumerate(names):
                said = numbers[index] if index < len(numbers) else None
                positions[key_of(name)] = said if isinstance(said, str) else None
    return {**made.known, **positions}


def _stamp(made: Composed, stamp: Stamp) -> None:
    made.mark(properties.LINK, stamp.link)
    made.mark(properties.KEY, stamp.key)


def _put(
    made: Composed, place: Layout, fields: Mapping[str, Value], item: Json, extended: Extended
) -> None:
    named = mailing_address(extended)
    addresses: dict[str, dict[str, str | None]] = {}
    phones: dict[str, dict[int, str | None]] = {}
    for name, value in fields.items():
        slot = place.fields[name]
        if slot.form is Form.TEXT:
            made.body[slot.key] = _text(slot, value)
            if slot.key == NOTES:  # what is written so is plain text
                made.known[_NATIVE_BODY] = "1"
        elif slot.form is Form.PART:
            addresses.setdefault(slot.key, {})[slot.part] = _text(slot, value)
        elif slot.form is Form.MAILING:
            addresses.setdefault(named or BUSINESS, {})[slot.part] = _text(slot, value)
        elif slot.form is Form.PHONE:
            phones.setdefault(slot.key, {})[slot.index] = _text(slot, value)
        else:
            _put_alone(made, slot, value, item)
    for key, parts in addresses.items():
        made.body[key] = _address(parts, item.get(key))
    for key, numbers in phones.items():
        _phones(made, key, numbers, extended)
    if named is None and any(fields.get(name) for name in place.mailing):
        made.mark(properties.POSTAL, _BUSINESS_INDEX)


def _put_alone(made: Composed, slot: Slot, value: Value, item: Json) -> None:
    """Put names, an e-mail address, or what is in an extended property."""
    match slot.form:
        case Form.NAMES:
            made.body[slot.key] = list(_texts(slot, value))
        case Form.EMAIL:
            made.body[slot.key] = _email(_text(slot, value), item.get(slot.key))
        case Form.SEVERAL:
            made.multi[slot.key] = _texts(slot, value)
            made.shown = False
        case _:
            made.hold(slot.key, _text(slot, value))


def _email(address: str | None, now: object) -> Json | None:
    """An address, under the name that it has: it is its user's, unless it repeats the address."""
    if address is None:
        return None
    before = now if isinstance(now, dict) else {}
    name = before.get("name")
    if not name or name == before.get("address"):
        return {"address": address}
    return {"address": address, "name": name}


def _address(parts: Mapping[str, str | None], now: object) -> Json | None:
    """A whole address, in which these parts change; `None` where nothing is left of it."""
    before = now if isinstance(now, dict) else {}
    whole = {part: parts.get(part, before.get(part)) or None for part in PARTS}
    return whole if any(whole.values()) else None


def _phones(
    made: Composed, key: str, numbers: Mapping[int, str | None], extended: Extended
) -> None:
    """The numbers of an array; where one is missing before another, each in its own property."""
    names = PHONES[key]
    now = {place: extended.get(key_of(name)) or None for place, name in enumerate(names)}
    whole = [now[place] if place not in numbers else numbers[place] for place in now]
    kept = [number for number in whole if number]
    if whole[: len(kept)] == kept:
        made.body[key] = kept
        return
    for place, number in numbers.items():
        made.hold(names[place], number)


def _text(slot: Slot, value: Value) -> str | None:
    """The text of one value. Raises TypeError on a value that is not of the field's type."""
    if value is None or value == "":
        return None
    if slot.wording is not None:
        value = worded(slot.type, slot.wording, value)
    if not isinstance(value, str | date):
        raise TypeError(f"{slot.name} takes one text or day")
    return to_text(slot.type, value)


def _texts(slot: Slot, value: Value) -> tuple[str, ...]:
    if is_empty(value):
        return ()
    if not isinstance(value, tuple):
        raise TypeError(f"{slot.name} takes names")
    return tuple(to_text(slot.type, each) for each in value)
