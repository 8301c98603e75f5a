"""Extended properties, of one value or several: how Graph names them, their values as texts."""

import base64
import binascii
import re
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from syncd.sandbox.ews.writing import plain
from syncd.sandbox.graph.errors import GraphError, no_conversion
from syncd.sandbox.properties import ALIASES, Value, mapi_named, mapi_tag, to_mapi, words
from syncd.sandbox.values import text, time_text

SINGLE, MULTI = "singleValueExtendedProperties", "multiValueExtendedProperties"

_SEVERAL = "StringArray"
_TYPES = {
    name.lower(): name
    for name in words(
        "Binary Boolean CLSID Currency Double Float Integer Long Short String StringArray "
        "SystemTime"
    )
}
_ID = re.compile(
    r"(?P<type>\w+)\s+(?:(?P<tag>0x[0-9a-f]{1,4})|"
    r"\{?(?P<set>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\}?\s+"
    r"(?:name\s+(?P<name>.+)|id\s+(?P<number>0x[0-9a-f]{1,8})))",
    re.IGNORECASE,
)
_INTEGERS = frozenset({"Integer", "Long", "Short", "Currency"})
_FLOATS = frozenset({"Double", "Float"})

# What shows that a body is formatted: its native kind, and itself in HTML.
NATIVE_BODY = mapi_tag(0x1016, "Integer")
_HTML = mapi_tag(0x1013, "Binary")
_PLAIN_BODY = mapi_tag(0x1000)
_NATIVE = {"Text": "1", "HTML": "3"}


@dataclass(frozen=True, slots=True)
class Named:
    """A property: its name as the server spells it, its key in a bag, its type."""

    spelled: str
    mapi_key: str
    kind: str

    @property
    def key(self) -> str:
        """The key in a property bag."""
        alias = ALIASES.get(self.mapi_key)
        return alias.key if alias else self.mapi_key

    @property
    def several(self) -> bool:
        """Whether it holds several values."""
        return self.kind == _SEVERAL


@lru_cache(maxsize=1024)
def read_name(written: str) -> Named:
    """Read the id of a property, in any case, with or without braces.

    Raises:
        GraphError: it names none.

    """
    found = _ID.fullmatch(written.strip())
    kind = _TYPES.get(found["type"].lower()) if found else None
    if found is None or kind is None:
        raise GraphError("ErrorInvalidProperty", f"The property id '{written}' is invalid.")
    if found["tag"]:
        tag = int(found["tag"], 16)
        if tag >= 0x8000:  # where named properties begin
            raise GraphError(
                "ErrorInvalidProperty", f"The property id '{written}' is invalid: it has no tag."
            )
        return Named(f"{kind} 0x{tag:x}", mapi_tag(tag, kind), kind)
    guid = found["set"].lower()
    if found["name"]:
        return Named(
            f"{kind} {{{guid}}} Name {found['name']}", mapi_named(guid, found["name"], kind), kind
        )
    number = int(found["number"], 16)
    return Named(f"{kind} {{{guid}}} Id 0x{number:x}", mapi_named(guid, number, kind), kind)


def value_of(view: Mapping[str, Value], name: Named) -> str | None:
    """Return what a property of an item holds, None where it is not set."""
    alias = ALIASES.get(name.mapi_key)
    value = view.get(alias.key if alias else name.mapi_key)
    if value is None:
        return _of_body(view, name.mapi_key)
    if alias is not None:
        value = to_mapi(alias, value)
    return value if isinstance(value, str) else None


def _of_body(view: Mapping[str, Value], key: str) -> str | None:
    body, kind = text(view, "item:Body"), text(view, "item:Body:Type") or "Text"
    if not body:
        return None
    if key == NATIVE_BODY:
        return _NATIVE.get(kind)
    if key == _HTML and kind == "HTML":
        return base64.b64encode(body.encode()).decode()
    if key == _PLAIN_BODY:
        return plain(body) if kind == "HTML" else body
    return None


def values_of(view: Mapping[str, Value], name: Named) -> list[str]:
    """Return what a property of several values holds."""
    held = view.get(name.key, [])
    return [each for each in held if isinstance(each, str)] if isinstance(held, list) else []


def shown(view: Mapping[str, Value], wanted: Iterable[Named]) -> dict[str, list[dict[str, Any]]]:
    """Return those of the properties that an item has, as JSON: those of one value, of several."""
    made: dict[str, list[dict[str, Any]]] = {SINGLE: [], MULTI: []}
    for name in wanted:
        value = values_of(view, name) or None if name.several else value_of(view, name)
        if value is not None:
            made[MULTI if name.several else SINGLE].append({"id": name.spelled, "value": value})
    return {name: found for name, found in made.items() if found}


def read_values(given: Any, *, several: bool) -> dict[str, Value | None]:  # noqa: ANN401  # it is what a client sent
    """Read the properties of a body; one of null, or of no values, is to be taken away.

    Raises:
        GraphError: a name that is none, or a value that is not of its type.

    """
    kind = f"microsoft.graph.{'multi' if several else 'single'}ValueLegacyExtendedProperty"
    if not isinstance(given, list):
        raise no_conversion(given, f"Collection({kind})")
    changes: dict[str, Value | None] = {}
    for each in given:
        if not isinstance(each, dict) or not isinstance(each.get("id"), str):
            raise no_conversion(each, kind)
        name, value = read_name(each["id"]), each.get("value")
        if name.several is not several:
            raise GraphError("ErrorInvalidProperty", f"'{name.spelled}' is none of these.")
        # Under its MAPI name: the mailbox knows what else it is called.
        changes[name.mapi_key] = _several(value) if several else _one(name, value)
    return changes


def _one(name: Named, value: object) -> str | None:
    if value is not None and not isinstance(value, str):
        raise no_conversion(value, "Edm.String")
    return None if value is None else _checked(name, value)


def _several(value: object) -> list[str] | None:
    if value is not None and not (
        isinstance(value, list) and all(isinstance(each, str) for each in value)
    ):
        raise no_conversion(value, "Collection(Edm.String)")
    return value or None


def _checked(name: Named, value: str) -> str:
    try:
        if name.kind in _INTEGERS:
            return str(int(value))
        if name.kind in _FLOATS:
            return str(float(value))
        if name.kind == "SystemTime":
            return time_text(value)
        if name.kind == "CLSID":
            return str(uuid.UUID(value))
        if name.kind == "Boolean":
            return {"true": "true", "false": "false"}[value.lower()]
        if name.kind == "Binary":
            base64.b64decode(value, validate=True)
    except (ValueError, KeyError, binascii.Error):
        raise GraphError(
            "ErrorInvalidExtendedPropertyValue",
            f"The value of the extended property '{name.spelled}' is not of its type.",
        ) from None
    return value
