"""JSON: a list of objects with `kind`, `owner` and Dataverse logical names.

`{"kind": "contact", "owner": "ann@contoso.com", "firstname": "Kim", "telephone1": "555-0100"}`
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from uuid import UUID

from syncd.crm.contacts import CONTACTS, PARENT
from syncd.crm.importing.report import BadRow, Reading, Row, UnreadableFile
from syncd.model.fields import FieldType
from syncd.model.values import Value

_SPACE = re.compile(r"[\s,]*")
_NEXT_OBJECT = re.compile(r"\}\s*,?\s*(?=\{)")
_NAME_SEPARATOR = re.compile(r"[,;\n]")

ID_KEYS = {"contact": "contactid", "account": "accountid", "user": "systemuserid"}
_COMMON = {"kind", "owner"}
_USER = {"internalemailaddress", "fullname"}
_ACCOUNT = {"name"}

# column → (field, its position among the columns of the field)
_COLUMNS: Mapping[str, tuple[str, int]] = {
    column: (field.name, position)
    for field in CONTACTS.kind.fields
    for position, column in enumerate(field.crm)
    if column != PARENT
}
_CONTACT = {*_COLUMNS, *CONTACTS.extras}


def read_json(text: str) -> Reading:
    """The rows of a JSON file. Raises UnreadableFile when it holds no list."""
    reading = Reading()
    for line, found in _objects(text):
        try:
            reading.rows.append(_row(line, found))
        except BadRow as error:
            reading.bad.append((line, str(error)))
    return reading


def _objects(text: str) -> Iterator[tuple[int, object]]:
    """The elements of the list, each with its line; a BadRow in the place of what is no JSON."""
    start = _skip(text, 0)
    if text[start : start + 1] != "[":
        raise UnreadableFile("it is not a JSON list of objects")
    decoder = json.JSONDecoder(object_pairs_hook=_once)
    line, counted = 1, 0
    at = _skip(text, start + 1)
    while at < len(text) and text[at] != "]":
        line, counted = line + text.count("\n", counted, at), at
        found: object
        try:
            found, end = decoder.raw_decode(text, at)
        except json.JSONDecodeError as error:
            found = BadRow(f"not JSON: {error.msg} (line {error.lineno}, column {error.colno})")
            end = _resume(text, error.pos)
        except RecursionError:
            found, end = BadRow("not JSON that can be read: nested too deeply"), len(text)
        yield line, found
        at = _skip(text, end)
    if at >= len(text):
        yield line, BadRow("the list has no end: the file seems to be cut off")
    elif text[at + 1 :].strip():
        yield line + text.count("\n", counted, at), BadRow("there is more text after the list")


def _skip(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match else at


def _resume(text: str, at: int) -> int:
    """Where the next object begins after a mistake at `at`; the end of the list when none does."""
    following = _NEXT_OBJECT.search(text, at)
    if following:
        return following.end()
    closing = text.rfind("]", at)
    return closing if closing >= 0 else len(text)


def _once(pairs: list[tuple[str, object]]) -> object:
    """An object; a BadRow when it names a key twice, for which of them counts is anyone's guess."""
    found = dict(pairs)
    if len(found) == len(pairs):
        return found
    names = [name for name, _ in pairs]
    return BadRow(f"{next(name for name in names if names.count(name) > 1)!r} is given twice")


def _row(line: int, found: object) -> Row:
    if isinstance(found, BadRow):
        raise found
    if not isinstance(found, dict):
        raise BadRow("not an object")
    kind = found.get("kind")
    reader = _READERS.get(kind) if isinstance(kind, str) else None
    if reader is None or not isinstance(kind, str):
        known = ", ".join(sorted(_READERS))
        raise BadRow("there is no kind" if kind is None else f"unknown kind {kind!r} ({known})")
    record_id = _id(found, ID_KEYS[kind])
    row = reader(line, found)
    owner = _text(found, "owner")
    return Row(line, kind, row.fields, owner, row.account, record_id)


def _user(line: int, found: Mapping[str, object]) -> Row:
    _known(found, _USER | {ID_KEYS["user"]})
    names = {"address": "internalemailaddress", "name": "fullname"}
    return Row(line, "user", {ours: _text(found, theirs) for ours, theirs in names.items()})


def _account(line: int, found: Mapping[str, object]) -> Row:
    _known(found, _ACCOUNT | {ID_KEYS["account"]})
    return Row(line, "account", {"name": _text(found, "name")})


def _contact(line: int, found: Mapping[str, object]) -> Row:
    _known(found, _CONTACT | {ID_KEYS["contact"]})
    fields: dict[str, Value] = {}
    parts: dict[str, dict[int, str]] = {}
    for key in found:
        if key in _COLUMNS:
            name, position = _COLUMNS[key]
            field = CONTACTS.kind.by_name[name]
            if field.type is FieldType.LINES:
                parts.setdefault(name, {})[position] = _text(found, key) or ""
            else:
                fields[name] = _value(found, key, field.type)
        elif key in CONTACTS.extras and key != PARENT:
            fields[key] = _text(found, key)
    for name, lines in parts.items():
        given = [lines.get(position, "") for position in range(max(lines) + 1)]
        fields[name] = "\n".join(given).rstrip("\n") or None
    return Row(line, "contact", fields, account=_text(found, PARENT))


_READERS: Mapping[str, Callable[[int, Mapping[str, object]], Row]] = {
    "user": _user,
    "account": _account,
    "contact": _contact,
}


def _known(found: Mapping[str, object], allowed: Iterable[str]) -> None:
    names = {*allowed, *_COMMON}
    for key in found:
        if key not in names:
            near = difflib.get_close_matches(key, names, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise BadRow(f"unknown key {key!r}{hint}")


def _id(found: Mapping[str, object], key: str) -> str | None:
    given = _text(found, key)
    if given is None:
        return None
    try:
        return str(UUID(given))
    except ValueError:
        raise BadRow(f"{key}: {given!r} is not a UUID") from None


def _text(found: Mapping[str, object], key: str) -> str | None:
    value = found.get(key)
    if value is not None and not isinstance(value, str):
        raise BadRow(f"{key}: not a text but {_json_type(value)}")
    return value


def _value(found: Mapping[str, object], key: str, kind: FieldType) -> Value:
    value = found[key]
    if kind is FieldType.NAMES:
        if isinstance(value, list) and all(isinstance(each, str) for each in value):
            return tuple(value)
        text = _text(found, key) or ""
        return tuple(name.strip() for name in _NAME_SEPARATOR.split(text) if name.strip())
    text = _text(found, key) or ""
    return day(key, text) if kind is FieldType.DATE else text


def day(name: str, text: str) -> date | None:
    """A day written as 1970-12-31. Raises BadRow on anything else."""
    if not text.strip():
        return None
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise BadRow(f"{name}: {text!r} is not a day written as 1970-12-31") from None


def _json_type(value: object) -> str:
    names: Mapping[type, str] = {bool: "true or false", list: "a list", dict: "an object"}
    return names.get(type(value), "a number")
