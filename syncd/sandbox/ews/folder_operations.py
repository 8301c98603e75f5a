"""GetFolder, FindFolder, CreateFolder, UpdateFolder, MoveFolder, DeleteFolder."""

from lxml import etree

from syncd.sandbox.ews.answers import each
from syncd.sandbox.ews.context import Context
from syncd.sandbox.ews.errors import EwsError, schema_fault
from syncd.sandbox.ews.folder_xml import FolderShape, folder_id_xml, folder_view, new_class
from syncd.sandbox.ews.names import m, t
from syncd.sandbox.ews.paging import read_page
from syncd.sandbox.ews.paths import PATHS, ExtendedPath, read_extended_property, read_path
from syncd.sandbox.ews.reading import children, local
from syncd.sandbox.ews.restriction import restriction_of
from syncd.sandbox.folders import Folder
from syncd.sandbox.mailbox import FolderExistsError, Mailbox, ProtectedFolderError
from syncd.sandbox.properties import Value

_NONE = "<m:Folders/>"


def part(request: etree._Element, name: str) -> etree._Element:
    """Return a required part of a request."""
    found = request.find(m(name))
    if found is None:
        raise schema_fault(f"The element '{name}' is missing.")
    return found


def get_folder(context: Context, request: etree._Element) -> str:
    """Return folders in the shape asked for."""
    shape = FolderShape(request.find(m("FolderShape")))

    def one(element: etree._Element) -> str:
        mailbox, folder = context.folder(element)
        return f"<m:Folders>{shape.write(mailbox, folder)}</m:Folders>"

    return each(context, "GetFolder", children(part(request, "FolderIds")), one, _NONE)


def find_folder(context: Context, request: etree._Element) -> str:
    """Return what is below folders: their children, or with Deep everything."""
    shape = FolderShape(request.find(m("FolderShape")))
    deep = request.get("Traversal") == "Deep"
    page = read_page(request, "IndexedPageFolderView")
    wanted = restriction_of(request, m("Restriction"))

    def one(element: etree._Element) -> str:
        mailbox, folder = context.folder(element)
        below = _below(mailbox, folder, deep=deep)
        found = [f for f in below if wanted is None or wanted(folder_view(mailbox, f))]
        shown, attributes = page.cut(found)
        inside = "".join(shape.write(mailbox, each_folder) for each_folder in shown)
        return f"<m:RootFolder {attributes}><t:Folders>{inside}</t:Folders></m:RootFolder>"

    return each(context, "FindFolder", children(part(request, "ParentFolderIds")), one)


def _below(mailbox: Mailbox, folder: Folder, *, deep: bool) -> list[Folder]:
    found = []
    for child in mailbox.children(folder):
        found.append(child)
        if deep:
            found.extend(_below(mailbox, child, deep=True))
    return found


def create_folder(context: Context, request: etree._Element) -> str:
    """Make folders."""
    parent = request.find(m("ParentFolderId"))

    def one(element: etree._Element) -> str:
        try:
            mailbox, above = context.target(parent)
        except EwsError as error:
            code = (
                "ErrorParentFolderNotFound" if error.code == "ErrorFolderNotFound" else error.code
            )
            raise EwsError(code) from None
        name = element.findtext(t("DisplayName")) or ""
        if not name:
            raise EwsError("ErrorRequiredPropertyMissing", "A folder needs a display name.")
        bag = {}
        for extended in element.findall(t("ExtendedProperty")):
            path, value = read_extended_property(extended)
            bag[path.mapi_key] = value
        try:
            made = mailbox.add_folder(above, name, new_class(element), bag)
        except FolderExistsError:
            raise EwsError("ErrorFolderExists") from None
        return f"<m:Folders>{folder_id_xml(made)}</m:Folders>"

    return each(context, "CreateFolder", children(part(request, "Folders")), one, _NONE)


def update_folder(context: Context, request: etree._Element) -> str:
    """Rename folders and set or delete their extended properties."""

    def one(change: etree._Element) -> str:
        mailbox, folder = context.target(change)
        key = next(children(change)).get("ChangeKey")
        if key is not None and key != folder.change_key:
            raise EwsError("ErrorStaleObject")
        name: str | None = None
        changes: dict[str, Value | None] = {}
        updates = change.find(t("Updates"))
        for update in children(updates) if updates is not None else ():
            parts = list(children(update))
            path = read_path(parts[0])
            if isinstance(path, ExtendedPath):
                changes[path.mapi_key] = _folder_value(update, parts)
            elif path.uri == "folder:DisplayName" and local(update) == "SetFolderField":
                name = parts[1].findtext(t("DisplayName"))
            else:
                raise EwsError("ErrorInvalidPropertySet")
        try:
            kept = mailbox.update_folder(folder, name, changes)
        except FolderExistsError:
            raise EwsError("ErrorFolderExists") from None
        return f"<m:Folders>{folder_id_xml(kept)}</m:Folders>"

    return each(context, "UpdateFolder", children(part(request, "FolderChanges")), one, _NONE)


def _folder_value(update: etree._Element, parts: list[etree._Element]) -> Value | None:
    if local(update) == "DeleteFolderField":
        return None
    if local(update) != "SetFolderField":
        raise EwsError("ErrorInvalidPropertyAppend")
    set_to = [child for child in children(parts[1]) if child.tag not in PATHS]
    if len(set_to) != 1 or set_to[0].tag != t("ExtendedProperty"):
        raise EwsError("ErrorIncorrectUpdatePropertyCount")
    return read_extended_property(set_to[0])[1]


def move_folder(context: Context, request: etree._Element) -> str:
    """Put folders below another."""

    def one(element: etree._Element) -> str:
        mailbox, folder = context.folder(element)
        try:
            target_mailbox, above = context.target(request.find(m("ToFolderId")))
        except EwsError as error:
            code = "ErrorToFolderNotFound" if error.code == "ErrorFolderNotFound" else error.code
            raise EwsError(code) from None
        if target_mailbox is not mailbox:
            raise EwsError("ErrorCrossMailboxMoveCopy")
        return f"<m:Folders>{folder_id_xml(_moved(mailbox, folder, above))}</m:Folders>"

    return each(context, "MoveFolder", children(part(request, "FolderIds")), one, _NONE)


def _moved(mailbox: Mailbox, folder: Folder, above: Folder) -> Folder:
    if above.id == folder.id or above in _below(mailbox, folder, deep=True):
        raise EwsError("ErrorMoveCopyFailed")
    try:
        return mailbox.move_folder(folder, above)
    except ProtectedFolderError:
        raise EwsError("ErrorMoveDistinguishedFolder") from None
    except FolderExistsError:
        raise EwsError("ErrorFolderExists") from None


def delete_folder(context: Context, request: etree._Element) -> str:
    """Remove folders, or move them to Deleted Items."""
    to_deleted = request.get("DeleteType") == "MoveToDeletedItems"

    def one(element: etree._Element) -> str:
        mailbox, folder = context.folder(element)
        if folder.distinguished:
            raise EwsError("ErrorDeleteDistinguishedFolder")
        if to_deleted:
            _moved(mailbox, folder, mailbox.folder("deleteditems"))
        else:
            mailbox.delete_folder(folder)
        return ""

    return each(context, "DeleteFolder", children(part(request, "FolderIds")), one)
