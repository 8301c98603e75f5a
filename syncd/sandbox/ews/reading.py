"""From the XML of an item to its properties."""

from collections.abc import Callable, Iterator

from lxml import etree

from syncd.sandbox.ews.errors import EwsError, schema_fault
from syncd.sandbox.ews.names import t
from syncd.sandbox.ews.paths import read_extended_property
from syncd.sandbox.ews.schema import Access, Field, Form
from syncd.sandbox.properties import Alias, Value, from_mapi

Pair = tuple[str, Value | None]


def local(element: etree._Element) -> str:
    """Return the name of an element without its namespace."""
    return str(element.tag).rpartition("}")[2]


def children(element: etree._Element) -> Iterator[etree._Element]:
    """Return the child elements; the parser has left comments and instructions out."""
    return iter(element)


def read_properties(element: etree._Element, fields: dict[str, Field]) -> dict[str, Value | None]:
    """Read an item of a CreateItem; `fields` are those of its kind, by element.

    Raises:
        EwsError: a property that a client cannot set, or a value it cannot have.

    """
    found: dict[str, Value | None] = {}
    for child in children(element):
        name = local(child)
        field = fields.get(name)
        if field is None or field.access is Access.READ:
            raise EwsError("ErrorInvalidPropertySet", f"Set action is invalid for property {name}.")
        found.update(READERS[field.form](child, field.uri))
    return found


def _text(element: etree._Element, uri: str) -> list[Pair]:
    return [(uri, element.text)]


def _strings(element: etree._Element, uri: str) -> list[Pair]:
    return [(uri, [child.text or "" for child in children(element)])]


def _body(element: etree._Element, uri: str) -> list[Pair]:
    kind = element.get("BodyType", "Text")
    return [(uri, element.text), (f"{uri}:Type", kind if element.text else None)]


def _entries(uri: str) -> Callable[[etree._Element, str], list[Pair]]:
    def read(element: etree._Element, _: str) -> list[Pair]:
        return [(f"{uri}:{_key(entry)}", entry.text) for entry in children(element)]

    return read


def _emails(element: etree._Element, _: str) -> list[Pair]:
    found: list[Pair] = []
    for entry in children(element):
        path = f"contacts:EmailAddress:{_key(entry)}"
        found.append((path, entry.text))
        found.append((f"{path}:Name", entry.get("Name") if entry.text else None))
        found.append((f"{path}:RoutingType", entry.get("RoutingType") if entry.text else None))
    return found


def _addresses(element: etree._Element, _: str) -> list[Pair]:
    return [
        (f"contacts:PhysicalAddress:{local(part)}:{_key(entry)}", part.text)
        for entry in children(element)
        for part in children(entry)
    ]


def _key(entry: etree._Element) -> str:
    key = entry.get("Key")
    if key is None:
        raise schema_fault("The required attribute 'Key' is missing.")
    return key


def _mailbox(element: etree._Element) -> dict[str, str]:
    return {local(child): child.text or "" for child in children(element) if child.text}


def _person(element: etree._Element, uri: str) -> list[Pair]:
    return [(uri, [_mailbox(child) for child in children(element)])]


def _members(element: etree._Element, uri: str) -> list[Pair]:
    found = [member.find(t("Mailbox")) for member in children(element)]
    return [(uri, [_mailbox(mailbox) for mailbox in found if mailbox is not None])]


def _extended(element: etree._Element, _: str) -> list[Pair]:
    path, value = read_extended_property(element)
    return [(path.key, aliased(path.alias, value))]


def aliased(alias: Alias | None, value: Value) -> Value:
    """Write a MAPI value as its other name wants it.

    Raises:
        EwsError: no such choice.

    """
    try:
        return from_mapi(alias, value) if alias else value
    except ValueError:
        raise EwsError("ErrorInvalidExtendedPropertyValue") from None


def _refused(element: etree._Element, _: str) -> list[Pair]:
    raise EwsError(
        "ErrorInvalidPropertySet", f"Set action is invalid for property {local(element)}."
    )


READERS: dict[Form, Callable[[etree._Element, str], list[Pair]]] = {
    Form.TEXT: _text,
    Form.STRINGS: _strings,
    Form.BODY: _body,
    Form.EMAILS: _emails,
    Form.ADDRESSES: _addresses,
    Form.PHONES: _entries("contacts:PhoneNumber"),
    Form.IMS: _entries("contacts:ImAddress"),
    Form.PERSON: _person,
    Form.PEOPLE: _person,
    Form.MEMBERS: _members,
    Form.EXTENDED: _extended,
    Form.TEXT_BODY: _refused,
    Form.ITEM_ID: _refused,
    Form.PARENT_ID: _refused,
    Form.COMPLETE_NAME: _refused,
    Form.RIGHTS: _refused,
}
