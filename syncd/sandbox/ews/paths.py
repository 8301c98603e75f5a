"""The three ways in which a request names a property."""

import re
import uuid
from dataclasses import dataclass

from lxml import etree

from syncd.sandbox.ews.errors import EwsError, schema_fault
from syncd.sandbox.ews.names import t
from syncd.sandbox.ews.schema import INDEXED_ELEMENTS
from syncd.sandbox.ews.text import escaped
from syncd.sandbox.properties import ALIASES, PROPERTY_SETS, Alias, Value, mapi_named, mapi_tag
from syncd.sandbox.values import time_text

FIELD_URI = t("FieldURI")
INDEXED_FIELD_URI = t("IndexedFieldURI")
EXTENDED_FIELD_URI = t("ExtendedFieldURI")
PATHS = frozenset({FIELD_URI, INDEXED_FIELD_URI, EXTENDED_FIELD_URI})

_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\Z")
_UNSUPPORTED = frozenset({"Error", "Null", "Object", "ObjectArray"})
_INTEGERS = frozenset({"Integer", "Long", "Short", "Currency"})
_FLOATS = frozenset({"Double", "Float", "ApplicationTime"})
_ATTRIBUTES = (
    "DistinguishedPropertySetId",
    "PropertySetId",
    "PropertyTag",
    "PropertyName",
    "PropertyId",
    "PropertyType",
)


@dataclass(frozen=True, slots=True)
class FieldPath:
    """A property, or with an index one entry of it."""

    uri: str
    index: str = ""

    @property
    def key(self) -> str:
        """The key in a property bag."""
        return f"{self.uri}:{self.index}" if self.index else self.uri


@dataclass(frozen=True, slots=True)
class ExtendedPath:
    """A MAPI property; `written` is the element as it goes back to the client."""

    mapi_key: str
    kind: str
    written: str

    @property
    def alias(self) -> Alias | None:
        """The other name of the value, if it has one."""
        return ALIASES.get(self.mapi_key)

    @property
    def key(self) -> str:
        """The key in a property bag."""
        alias = ALIASES.get(self.mapi_key)
        return alias.key if alias else self.mapi_key


Path = FieldPath | ExtendedPath


def read_path(element: etree._Element) -> Path:
    """Read a FieldURI, an IndexedFieldURI or an ExtendedFieldURI.

    Raises:
        EwsError: an extended property that cannot be.
        SoapFaultError: not a path.

    """
    if element.tag == FIELD_URI:
        return FieldPath(element.get("FieldURI", ""))
    if element.tag == INDEXED_FIELD_URI:
        uri, index = element.get("FieldURI", ""), element.get("FieldIndex", "")
        if uri not in INDEXED_ELEMENTS and not uri.startswith(("item:", "distributionlist:")):
            raise schema_fault(f"The 'FieldURI' attribute is invalid: '{uri}'.")
        return FieldPath(uri, index)
    if element.tag == EXTENDED_FIELD_URI:
        return _extended(element)
    raise schema_fault(f"The element '{etree.QName(element).localname}' is no path.")


def _extended(element: etree._Element) -> ExtendedPath:
    given = {name: value for name in _ATTRIBUTES if (value := element.get(name)) is not None}
    kind = given.get("PropertyType", "")
    if kind in _UNSUPPORTED:
        raise EwsError("ErrorUnsupportedMapiPropertyType")
    key = _tagged(given, kind) if "PropertyTag" in given else _named(given, kind)
    if "PropertySetId" in given:
        given["PropertySetId"] = given["PropertySetId"].lower()
    inside = " ".join(f'{name}="{escaped(value)}"' for name, value in given.items())
    return ExtendedPath(key, kind, f"<t:ExtendedFieldURI {inside}/>")


def _tagged(given: dict[str, str], kind: str) -> str:
    if set(given) != {"PropertyTag", "PropertyType"}:
        raise EwsError("ErrorInvalidExtendedProperty")
    try:
        tag = int(given["PropertyTag"], 0)
    except ValueError:
        raise schema_fault(
            f"The 'PropertyTag' attribute is invalid: '{given['PropertyTag']}'."
        ) from None
    if tag >= 0x8000:
        raise EwsError("ErrorNoPropertyTagForCustomProperties")
    given["PropertyTag"] = f"0x{tag:x}"
    return mapi_tag(tag, kind)


def _named(given: dict[str, str], kind: str) -> str:
    distinguished, property_set = (
        given.get("DistinguishedPropertySetId"),
        given.get("PropertySetId"),
    )
    name, number = given.get("PropertyName"), given.get("PropertyId")
    if (distinguished is None) == (property_set is None) or (name is None) == (number is None):
        raise EwsError("ErrorInvalidExtendedProperty")
    if property_set is not None and not _GUID.match(property_set):
        raise schema_fault(f"The 'PropertySetId' attribute is invalid: '{property_set}'.")
    guid = property_set or PROPERTY_SETS.get(distinguished or "")
    if guid is None:
        raise schema_fault(
            f"The 'DistinguishedPropertySetId' attribute is invalid: '{distinguished}'."
        )
    return mapi_named(guid, name if name is not None else int(number or "0", 0), kind)


def read_extended_property(element: etree._Element) -> tuple[ExtendedPath, Value]:
    """Read an ExtendedProperty: its path and its value.

    Raises:
        EwsError: the value is not one of its type.

    """
    uri = element.find(EXTENDED_FIELD_URI)
    if uri is None:
        raise schema_fault("The element 'ExtendedProperty' has no 'ExtendedFieldURI'.")
    path = _extended(uri)
    single, several = element.find(t("Value")), element.find(t("Values"))
    if path.kind.endswith("Array"):
        if several is None:
            raise EwsError("ErrorInvalidExtendedPropertyValue")
        kind = path.kind.removesuffix("Array")
        return path, [_checked(kind, value.text or "") for value in several]
    if single is None:
        raise EwsError("ErrorInvalidExtendedPropertyValue")
    return path, _checked(path.kind, single.text or "")


def _checked(kind: str, text: str) -> str:
    """Return a value in the one way the server writes it."""
    try:
        if kind in _INTEGERS:
            return str(int(text))
        if kind in _FLOATS:
            return text if float(text) is not None else ""
        if kind == "SystemTime":
            return time_text(text)
        if kind == "CLSID":
            return str(uuid.UUID(text))
        if kind == "Boolean":
            return {"true": "true", "1": "true", "false": "false", "0": "false"}[
                text.strip().lower()
            ]
    except (ValueError, KeyError):
        raise EwsError("ErrorInvalidExtendedPropertyValue") from None
    return text
