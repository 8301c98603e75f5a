"""The payload of each operation, element by element in the order of messages.xsd."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from lxml import etree

from syncd.model.fields import Named, Uri
from syncd.model.kinds import Kind
from syncd.model.values import Value, is_empty
from syncd.outlook.ews.paths import (
    BUSINESS,
    KEY,
    LINK,
    POSTAL,
    Form,
    Layout,
    Path,
    Slot,
    add_path,
    put,
)
from syncd.outlook.ews.xml import NSMAP, Element, M, T
from syncd.outlook.port import Creation, Move, Update

PAGE = 512  # the most that SyncFolderItems allows, and less than the 1,000 of Find

# A folder of one of these elements may not name its class itself (ErrorNoFolderClassOverride).
FOLDER_ELEMENTS = {
    "IPF.Contact": "ContactsFolder",
    "IPF.Task": "TasksFolder",
    "IPF.Appointment": "CalendarFolder",
}

FOLDER_PATHS = tuple(
    map(
        Uri,
        ("folder:FolderClass", "folder:DisplayName", "folder:ParentFolderId", "folder:TotalCount"),
    )
)


@dataclass(frozen=True, slots=True)
class Distinguished:
    """A folder by its role, whatever its name. `mailbox` where the account is not the mailbox."""

    name: str
    mailbox: str | None


FolderId = Distinguished | str


def sync_folder_items(folder: FolderId, cursor: str | None, paths: Iterable[Path]) -> Element:
    """One page of changes, by ids and these properties."""
    root = _root("SyncFolderItems")
    _shape(root, "ItemShape", paths)
    _folders(root, "SyncFolderId", [folder])
    if cursor is not None:
        etree.SubElement(root, M + "SyncState").text = cursor
    etree.SubElement(root, M + "MaxChangesReturned").text = str(PAGE)
    return root


def get_item(ids: Iterable[str], paths: Iterable[Path]) -> Element:
    """Items by id, with these properties; a body as what it is: HTML where it is formatted."""
    root = _root("GetItem")
    _shape(root, "ItemShape", paths)
    holder = etree.SubElement(root, M + "ItemIds")
    for each in ids:
        etree.SubElement(holder, T + "ItemId", {"Id": each})
    return root


def find_item(
    folders: Sequence[FolderId],
    by: Path,
    values: Sequence[str],
    paths: Iterable[Path],
    offset: int,
) -> Element:
    """The items of these folders in which a property has one of these values."""
    root = _root("FindItem", {"Traversal": "Shallow"})
    _shape(root, "ItemShape", paths)
    _view(root, "IndexedPageItemView", offset)
    restriction = etree.SubElement(root, M + "Restriction")
    either = restriction if len(values) == 1 else etree.SubElement(restriction, T + "Or")
    for value in values:
        equal = etree.SubElement(either, T + "IsEqualTo")
        add_path(equal, by)
        constant = etree.SubElement(equal, T + "FieldURIOrConstant")
        etree.SubElement(constant, T + "Constant", {"Value": value})
    _folders(root, "ParentFolderIds", folders)
    return root


def create_item(
    kind: Kind, layout: Layout, folder: FolderId, creations: Iterable[Creation]
) -> Element:
    """Items with their stamps, all in one call. Nothing is sent to anybody."""
    root = _root("CreateItem", {"MessageDisposition": "SaveOnly"})
    _folders(root, "SavedItemFolderId", [folder])
    items = etree.SubElement(root, M + "Items")
    for creation in creations:
        values: dict[str, Value] = {
            **creation.initial,
            **creation.fields,
            LINK.name: creation.stamp.link,
            KEY.name: creation.stamp.key,
        }
        if any(creation.fields.get(name) for name in layout.mailing):
            values[POSTAL.name] = BUSINESS
        item = etree.SubElement(items, layout.item)
        etree.SubElement(item, T + "ItemClass").text = kind.item_class
        for place in layout.ordered:
            value = values.get(place.name)
            if not is_empty(value):
                put(item, place, value)
    return root


def update_item(
    layout: Layout, updates: Iterable[Update], named: Mapping[str, str | None]
) -> Element:
    """Patches, each refused when its item is no longer at its version.

    `named` says by id which address an item names as mailing; where it names none, and is to have
    one, it is Business from now on.
    """
    modes = {"ConflictResolution": "NeverOverwrite", "MessageDisposition": "SaveOnly"}
    root = _root("UpdateItem", modes)
    holder = etree.SubElement(root, M + "ItemChanges")
    for update in updates:
        change = etree.SubElement(holder, T + "ItemChange")
        etree.SubElement(change, T + "ItemId", {"Id": update.id, "ChangeKey": update.version})
        changes = etree.SubElement(change, T + "Updates")
        stamp = update.stamp
        own: tuple[tuple[Slot, Value], ...] = ()
        if stamp is not None:
            own = ((LINK, stamp.link), (KEY, stamp.key))
        elif update.clear_stamp:
            own = ((LINK, None), (KEY, None))
        address = named.get(update.id)
        if address is None and any(update.patch.get(name) for name in layout.mailing):
            own = (*own, (POSTAL, BUSINESS))
        patch = ((layout.fields[name], value) for name, value in update.patch.items())
        for slot, value in (*own, *patch):
            place = slot.at(address or BUSINESS) if slot.form is Form.MAILING else slot
            verb = "DeleteItemField" if is_empty(value) else "SetItemField"
            field = etree.SubElement(changes, T + verb)
            add_path(field, place.property)
            if not is_empty(value):
                put(etree.SubElement(field, layout.item), place, value)
    return root


def move_item(moves: Iterable[Move], target: FolderId) -> Element:
    """Items into another folder; the answer tells their new ids."""
    root = _root("MoveItem")
    _folders(root, "ToFolderId", [target])
    holder = etree.SubElement(root, M + "ItemIds")
    for move in moves:
        etree.SubElement(holder, T + "ItemId", {"Id": move.id, "ChangeKey": move.version})
    etree.SubElement(root, M + "ReturnNewItemIds").text = "true"
    return root


def get_folder(folders: Iterable[FolderId], paths: Iterable[Path] = FOLDER_PATHS) -> Element:
    """Folders by id or role."""
    root = _root("GetFolder")
    _shape(root, "FolderShape", paths)
    _folders(root, "FolderIds", folders)
    return root


def find_folder(parent: FolderId, traversal: str, offset: int) -> Element:
    """One page of the folders below another: `Shallow` or `Deep`."""
    root = _root("FindFolder", {"Traversal": traversal})
    _shape(root, "FolderShape", FOLDER_PATHS)
    _view(root, "IndexedPageFolderView", offset)
    _folders(root, "ParentFolderIds", [parent])
    return root


def create_folder(parent: FolderId, folder_class: str, name: str) -> Element:
    """A new folder of a class."""
    root = _root("CreateFolder")
    _folders(root, "ParentFolderId", [parent])
    holder = etree.SubElement(root, M + "Folders")
    folder = etree.SubElement(holder, T + FOLDER_ELEMENTS.get(folder_class, "Folder"))
    if folder_class not in FOLDER_ELEMENTS:
        etree.SubElement(folder, T + "FolderClass").text = folder_class
    etree.SubElement(folder, T + "DisplayName").text = name
    return root


def update_folder(folder: str, element: str, prop: Named, value: str | None) -> Element:
    """One named property of a folder, set or with `None` deleted. `element` is what it is."""
    root = _root("UpdateFolder")
    change = etree.SubElement(etree.SubElement(root, M + "FolderChanges"), T + "FolderChange")
    etree.SubElement(change, T + "FolderId", {"Id": folder})
    verb = "DeleteFolderField" if value is None else "SetFolderField"
    field = etree.SubElement(etree.SubElement(change, T + "Updates"), T + verb)
    add_path(field, prop)
    if value is not None:
        holder = etree.SubElement(etree.SubElement(field, T + element), T + "ExtendedProperty")
        add_path(holder, prop)
        etree.SubElement(holder, T + "Value").text = value
    return root


def delete_folder(folder: FolderId) -> Element:
    """A folder into Deleted Items, from where its user can take it back."""
    root = _root("DeleteFolder", {"DeleteType": "MoveToDeletedItems"})
    _folders(root, "FolderIds", [folder])
    return root


def get_user_configuration(folder: FolderId, name: str) -> Element:
    """What a user configuration of a folder holds as XML."""
    root = _root("GetUserConfiguration")
    _configuration_name(root, M + "UserConfigurationName", folder, name)
    etree.SubElement(root, M + "UserConfigurationProperties").text = "XmlData"
    return root


def save_user_configuration(operation: str, folder: FolderId, name: str, xml: bytes) -> Element:
    """`CreateUserConfiguration`, or `UpdateUserConfiguration` of that property alone."""
    root = _root(operation)
    holder = etree.SubElement(root, M + "UserConfiguration")
    _configuration_name(holder, T + "UserConfigurationName", folder, name)
    etree.SubElement(holder, T + "XmlData").text = b64encode(xml).decode()
    return root


def _configuration_name(parent: Element, tag: str, folder: FolderId, name: str) -> None:
    _folder(etree.SubElement(parent, tag, {"Name": name}), folder)


def _root(operation: str, attributes: dict[str, str] | None = None) -> Element:
    return etree.Element(M + operation, attributes or {}, NSMAP)


def _shape(root: Element, name: str, paths: Iterable[Path]) -> None:
    shape = etree.SubElement(root, M + name)
    etree.SubElement(shape, T + "BaseShape").text = "IdOnly"
    if name == "ItemShape":
        etree.SubElement(shape, T + "BodyType").text = "Best"
    wanted = tuple(paths)
    if wanted:
        holder = etree.SubElement(shape, T + "AdditionalProperties")
        for path in wanted:
            add_path(holder, path)


def _view(root: Element, name: str, offset: int) -> None:
    where = {"MaxEntriesReturned": str(PAGE), "Offset": str(offset), "BasePoint": "Beginning"}
    etree.SubElement(root, M + name, where)


def _folders(root: Element, name: str, folders: Iterable[FolderId]) -> None:
    holder = etree.SubElement(root, M + name)
    for folder in folders:
        _folder(holder, folder)


def _folder(holder: Element, folder: FolderId) -> None:
    if isinstance(folder, str):
        etree.SubElement(holder, T + "FolderId", {"Id": folder})
        return
    known = etree.SubElement(holder, T + "DistinguishedFolderId", {"Id": folder.name})
    if folder.mailbox is not None:
        mailbox = etree.SubElement(known, T + "Mailbox")
        etree.SubElement(mailbox, T + "EmailAddress").text = folder.mailbox
