"""Normal forms: what a value is *compared* by. What is written is always the value as it stands.

Each form is idempotent, and an empty value is `None` (empty = absent).
"""

from __future__ import annotations

import hmac
import re
import unicodedata
from collections.abc import Callable, Mapping
from functools import lru_cache

from syncd.model.fields import FieldType, Group
from syncd.model.values import Value, canonical, to_json

_SPACES = re.compile(r"\s+")
_LINE_END = re.compile(r"\r\n?|[\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
_DIALLING_NOISE = re.compile(r"[\s().\-/\u2010-\u2015\u00a0]+")


def text(value: str) -> str | None:
    """One line: composed characters, runs of white space folded to one blank."""
    if value.isascii() and value.isprintable() and "  " not in value:
        return value.strip() or None  # there is nothing to compose or to fold
    return _SPACES.sub(" ", unicodedata.normalize("NFC", value)).strip() or None


def lines(value: str) -> str | None:
    """Several lines: one sort of line end, no blanks ending a line, no empty lines around."""
    composed = _LINE_END.sub("\n", unicodedata.normalize("NFC", value))
    return "\n".join(line.rstrip() for line in composed.split("\n")).strip() or None


def email(value: str) -> str | None:
    """An address in lower case: no server in use tells addresses apart by case.

    Not case folded: weiss@ and weiß@ are two addresses.
    """
    bare = text(value)
    return bare and unicodedata.normalize("NFC", bare.lower())


@lru_cache(maxsize=65536)
def phone(value: str) -> str | None:
    """What is dialled: E.164 with extension for international numbers, else the bare digits."""
    form, last = _dialled(value), None
    while form != last:  # what looks like no number may, without its noise, be one
        form, last = _dialled(form or ""), form
    return form


def _dialled(value: str) -> str | None:
    bare = text(value)
    if bare is None:
        return None
    if bare.startswith(("+", "tel:+")):
        import phonenumbers  # here: it takes long, and most commands compare no number

        try:
            number = phonenumbers.parse(bare)
        except phonenumbers.NumberParseException:
            pass
        else:
            dialled = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
            return f"{dialled};ext={number.extension}" if number.extension else dialled
    return text(_DIALLING_NOISE.sub("", bare).lower())


def names(value: tuple[str, ...]) -> tuple[str, ...] | None:
    """A set: each name as one line, without repeats, sorted."""
    return tuple(sorted({name for each in value if (name := text(each))})) or None


_TEXT_FORMS: Mapping[FieldType, Callable[[str], str | None]] = {
    FieldType.TEXT: text,
    FieldType.LINES: lines,
    FieldType.NOTE: lines,
    FieldType.EMAIL: email,
    FieldType.PHONE: phone,
    FieldType.CHOICE: text,
    FieldType.REFERENCE: text,
}


def normal(kind: FieldType, value: Value) -> Value:
    """The normal form of a value of this type."""
    if isinstance(value, tuple):
        return names(value)
    if not isinstance(value, str):
        return value
    form = _TEXT_FORMS.get(kind)
    return form(value) if form else value


def same(kind: FieldType, one: Value, two: Value) -> bool:
    """Whether two values of this type have the same normal form, found as cheaply as can be."""
    if one == two:
        return True
    if one is None or two is None:
        filled = two if one is None else one
        # Whatever the form, a letter or digit stays: no number is parsed to know that it is one.
        if isinstance(filled, str) and any(map(str.isalnum, filled)):
            return False
    return normal(kind, one) == normal(kind, two)


def normal_group(group: Group, values: Mapping[str, Value]) -> dict[str, Value]:
    """The normal form of a whole group; a field that `values` does not name counts as empty."""
    return {field.name: normal(field.type, values.get(field.name)) for field in group.fields}


def keyed_hash(key: bytes, *parts: str) -> str:
    """A hash that tells nobody without the key what was hashed (P14). Hexadecimal, 128 bit."""
    return hmac.digest(key, "\x1f".join(parts).encode(), "sha256").hex()[:32]


def group_digest(key: bytes, group: Group, values: Mapping[str, Value]) -> str:
    """The keyed hash of a group's normal form, to know a change without keeping the content."""
    form = {name: to_json(value) for name, value in normal_group(group, values).items()}
    return keyed_hash(key, group.name, canonical(form))
