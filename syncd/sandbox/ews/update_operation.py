"""UpdateItem: the three kinds of field change under the three ways to resolve a conflict."""

from lxml import etree

from syncd.sandbox.ews.answers import each
from syncd.sandbox.ews.context import Context
from syncd.sandbox.ews.errors import EwsError, schema_fault
from syncd.sandbox.ews.folder_operations import part
from syncd.sandbox.ews.item_operations import NO_ITEMS, with_id
from syncd.sandbox.ews.names import t
from syncd.sandbox.ews.paths import ExtendedPath, FieldPath, Path, read_extended_property, read_path
from syncd.sandbox.ews.reading import READERS, Pair, aliased, children, local
from syncd.sandbox.ews.schema import (
    BY_ELEMENT,
    BY_URI,
    INDEXED,
    INDEXED_ELEMENTS,
    Access,
    Field,
    Form,
    element_for,
)
from syncd.sandbox.mailbox import Item
from syncd.sandbox.properties import Value

_RESOLUTIONS = frozenset({"NeverOverwrite", "AutoResolve", "AlwaysOverwrite"})
_APPENDABLE = frozenset({Form.BODY, Form.STRINGS, Form.PEOPLE})
_UNDELETABLE = frozenset({"item:ItemClass"})


def update_item(context: Context, request: etree._Element) -> str:
    """Change items; each one wholly or not at all."""
    resolution = request.get("ConflictResolution", "")
    if resolution not in _RESOLUTIONS:
        raise schema_fault("The required attribute 'ConflictResolution' is missing or invalid.")

    def one(change: etree._Element) -> str:
        subject = next(children(change), None)
        if subject is None:
            raise schema_fault("The element 'ItemChange' has no item id.")
        mailbox, item = context.item(subject)
        key = subject.get("ChangeKey")
        if resolution == "NeverOverwrite":
            if key is None:
                raise EwsError("ErrorChangeKeyRequiredForWriteOperations")
            if key != item.change_key:
                raise EwsError("ErrorIrresolvableConflict")
        try:
            updated = mailbox.update(item.id, read_updates(change.find(t("Updates")), item))
        except ValueError:
            raise EwsError("ErrorInvalidValueForProperty") from None
        return with_id(updated) + "<m:ConflictResults><t:Count>0</t:Count></m:ConflictResults>"

    changes = children(part(request, "ItemChanges"))
    return each(context, "UpdateItem", changes, one, NO_ITEMS)


def read_updates(updates: etree._Element | None, item: Item) -> dict[str, Value | None]:
    """Return what the field changes make of the bag of an item.

    Raises:
        EwsError: one of them cannot be; then none of them is done.

    """
    kind = element_for(item.item_class)
    changes: dict[str, Value | None] = {}
    for update in children(updates) if updates is not None else ():
        parts = list(children(update))
        path = read_path(parts[0])
        match local(update):
            case "SetItemField":
                changes.update(_set(path, _only_property(parts), kind))
            case "DeleteItemField":
                changes.update(dict.fromkeys(_deleted(path, kind)))
            case "AppendToItemField":
                changes.update(_appended(path, _only_property(parts), kind, item))
            case other:
                raise schema_fault(f"The element '{other}' is no change description.")
    item_class = changes.get("item:ItemClass")
    if isinstance(item_class, str) and element_for(item_class) != kind:
        raise EwsError("ErrorObjectTypeChanged")
    return changes


def _only_property(parts: list[etree._Element]) -> etree._Element:
    holder = parts[1] if len(parts) == 2 else None
    inside = list(children(holder)) if holder is not None else []
    if len(inside) != 1:
        raise EwsError("ErrorIncorrectUpdatePropertyCount")
    return inside[0]


def _set(path: Path, element: etree._Element, kind: str) -> list[Pair]:
    if isinstance(path, ExtendedPath):
        return [_set_extended(path, element)]
    field = _field(path, kind, "ErrorInvalidPropertySet")
    if field.element != local(element):
        raise EwsError("ErrorUpdatePropertyMismatch")
    pairs = READERS[field.form](element, field.uri)
    if path.index:
        named = [key for key, _ in pairs if not key.endswith((":Name", ":RoutingType"))]
        if len(named) != 1:
            raise EwsError("ErrorIncorrectUpdatePropertyCount")
        if named[0] != path.key:
            raise EwsError("ErrorUpdatePropertyMismatch")
    return pairs


def _set_extended(path: ExtendedPath, element: etree._Element) -> Pair:
    if local(element) != "ExtendedProperty":
        raise EwsError("ErrorUpdatePropertyMismatch")
    written, value = read_extended_property(element)
    if written.mapi_key != path.mapi_key:
        raise EwsError("ErrorUpdatePropertyMismatch")
    _refuse_read_only(path.key)
    return path.key, aliased(path.alias, value)


_READ_ONLY = frozenset(
    field.uri
    for fields in BY_URI.values()
    for field in fields.values()
    if field.access is Access.READ
)


def _refuse_read_only(key: str) -> None:
    if key in _READ_ONLY:
        raise EwsError("ErrorInvalidPropertySet")


def _field(path: FieldPath, kind: str, refused: str) -> Field:
    if path.index:
        field = BY_ELEMENT[kind].get(INDEXED_ELEMENTS.get(path.uri, ""))
    else:
        field = BY_URI[kind].get(path.uri)
    if field is None:
        raise EwsError("ErrorInvalidPropertyForOperation")
    if field.access is Access.READ or (field.form in INDEXED) != bool(path.index):
        raise EwsError(refused)
    return field


def _deleted(path: Path, kind: str) -> list[str]:
    if isinstance(path, ExtendedPath):
        if path.key in _READ_ONLY or path.key in _UNDELETABLE:
            raise EwsError("ErrorInvalidPropertyDelete")
        return [path.key]
    field = _field(path, kind, "ErrorInvalidPropertyDelete")
    if field.uri in _UNDELETABLE:
        raise EwsError("ErrorInvalidPropertyDelete")
    if field.form is Form.EMAILS:
        return [path.key, f"{path.key}:Name", f"{path.key}:RoutingType"]
    if field.form is Form.BODY:
        return [path.key, f"{path.key}:Type"]
    return [path.key]


def _appended(path: Path, element: etree._Element, kind: str, item: Item) -> list[Pair]:
    if isinstance(path, ExtendedPath):
        raise EwsError("ErrorInvalidPropertyAppend")
    field = _field(path, kind, "ErrorInvalidPropertyAppend")
    if field.form not in _APPENDABLE:
        raise EwsError("ErrorInvalidPropertyAppend")
    (key, more), *others = _set(path, element, kind)
    before = item.bag.get(key)
    if isinstance(before, list) and isinstance(more, list):
        return [(key, [*before, *more])]
    if isinstance(before, str) and isinstance(more, str):
        return [(key, before + more)]
    return [(key, more), *others]
