"""CreateItem, GetItem, DeleteItem, MoveItem, CopyItem."""

from lxml import etree

from syncd.sandbox.ews.answers import each
from syncd.sandbox.ews.context import Context
from syncd.sandbox.ews.errors import EwsError, schema_fault
from syncd.sandbox.ews.folder_operations import part
from syncd.sandbox.ews.names import m
from syncd.sandbox.ews.reading import children, local, read_properties
from syncd.sandbox.ews.schema import BY_ELEMENT, CLASS_OF, element_for
from syncd.sandbox.ews.shapes import Depth, ItemShape
from syncd.sandbox.ews.writing import id_xml
from syncd.sandbox.folders import Folder
from syncd.sandbox.mailbox import Item, Mailbox
from syncd.sandbox.properties import Value

NO_ITEMS = "<m:Items/>"
_HOME = {
    "Contact": "contacts",
    "DistributionList": "contacts",
    "Message": "drafts",
    "Item": "inbox",
}


def with_id(item: Item) -> str:
    """Return the answer to a write: the id and the change key, nothing else."""
    element = element_for(item.item_class)
    return f"<m:Items><t:{element}>{id_xml(item)}</t:{element}></m:Items>"


def create_item(context: Context, request: etree._Element) -> str:
    """Make items. Nothing is ever sent: a message is saved."""
    target = request.find(m("SavedItemFolderId"))
    disposition = request.get("MessageDisposition")

    def one(element: etree._Element) -> str:
        kind = local(element)
        if kind not in BY_ELEMENT:
            raise EwsError(
                "ErrorInvalidItemForOperationCreateItem", f"The sandbox keeps no {kind}."
            )
        if kind == "Message" and disposition is None:
            raise EwsError("ErrorMessageDispositionRequired")
        if kind == "Message" and disposition != "SaveOnly":
            raise EwsError("ErrorMessageSubmissionBlocked", "The sandbox sends nothing.")
        mailbox, folder = _destination(context, target, kind)
        if kind in {"Contact", "DistributionList"} and not _for_contacts(folder):
            raise EwsError("ErrorCannotCreateContactInNonContactFolder")
        bag = read_properties(element, BY_ELEMENT[kind])
        item_class = bag.setdefault("item:ItemClass", CLASS_OF[kind])
        if not isinstance(item_class, str) or element_for(item_class) != kind:
            raise EwsError("ErrorObjectTypeChanged")
        return with_id(_added(mailbox, folder, bag))

    return each(context, "CreateItem", children(part(request, "Items")), one, NO_ITEMS)


def _added(mailbox: Mailbox, folder: Folder, bag: dict[str, Value | None]) -> Item:
    kept = {key: value for key, value in bag.items() if value is not None}
    try:
        return mailbox.add(folder, kept)
    except ValueError:
        raise EwsError("ErrorInvalidValueForProperty") from None


def _destination(
    context: Context, target: etree._Element | None, kind: str
) -> tuple[Mailbox, Folder]:
    if target is not None:
        return context.target(target)
    if context.own is None:
        raise EwsError("ErrorMissingEmailAddress")
    return context.own, context.own.folder(_HOME[kind])


def _for_contacts(folder: Folder) -> bool:
    return folder.folder_class.split(".")[:2] == ["IPF", "Contact"]


def get_item(context: Context, request: etree._Element) -> str:
    """Return items in the shape asked for."""
    shape = ItemShape(request.find(m("ItemShape")), Depth.WHOLE)

    def one(element: etree._Element) -> str:
        mailbox, item = context.item(element)
        return f"<m:Items>{shape.write(item, mailbox)}</m:Items>"

    return each(context, "GetItem", children(part(request, "ItemIds")), one, NO_ITEMS)


def delete_item(context: Context, request: etree._Element) -> str:
    """Delete items: for good, into the recoverable items, or into Deleted Items."""
    how = request.get("DeleteType")
    if how not in {"HardDelete", "SoftDelete", "MoveToDeletedItems"}:
        raise schema_fault("The required attribute 'DeleteType' is missing or invalid.")

    def one(element: etree._Element) -> str:
        mailbox, item = context.item(element)
        deleted = mailbox.folder("deleteditems")
        if how == "HardDelete":
            mailbox.delete(item.id)
        elif how == "MoveToDeletedItems" and item.folder_id != deleted.id:
            mailbox.move(item.id, deleted)
        else:
            mailbox.move(item.id, "recoverableitemsdeletions")
        return ""

    return each(context, "DeleteItem", children(part(request, "ItemIds")), one)


def move_item(context: Context, request: etree._Element) -> str:
    """Move items; the answer holds their new ids."""
    return _transfer(context, request, "MoveItem")


def copy_item(context: Context, request: etree._Element) -> str:
    """Copy items with all their properties; the answer holds the ids of the copies."""
    return _transfer(context, request, "CopyItem")


def _transfer(context: Context, request: etree._Element, operation: str) -> str:
    target = request.find(m("ToFolderId"))
    tell = request.findtext(m("ReturnNewItemIds"), "true").strip() in {"true", "1"}

    def one(element: etree._Element) -> str:
        mailbox, item = context.item(element)
        try:
            target_mailbox, folder = context.target(target)
        except EwsError as error:
            code = "ErrorToFolderNotFound" if error.code == "ErrorFolderNotFound" else error.code
            raise EwsError(code) from None
        if target_mailbox is not mailbox:
            raise EwsError("ErrorCrossMailboxMoveCopy")
        transfer = mailbox.move if operation == "MoveItem" else mailbox.copy
        result = transfer(item.id, folder)
        return with_id(result) if tell else NO_ITEMS

    return each(context, operation, children(part(request, "ItemIds")), one, NO_ITEMS)
