"""Folders as XML."""

from lxml import etree

from syncd.sandbox.ews.errors import schema_fault
from syncd.sandbox.ews.names import t
from syncd.sandbox.ews.paths import ExtendedPath, read_path
from syncd.sandbox.ews.reading import children, local
from syncd.sandbox.ews.text import escaped
from syncd.sandbox.ews.writing import RIGHTS
from syncd.sandbox.folders import Folder
from syncd.sandbox.mailbox import Mailbox
from syncd.sandbox.properties import Bag, words

_ELEMENTS = (
    ("IPF.Contact", "ContactsFolder"),
    ("IPF.Appointment", "CalendarFolder"),
    ("IPF.Task", "TasksFolder"),
)
_CLASSES = {element: folder_class for folder_class, element in _ELEMENTS} | {"Folder": "IPF.Note"}
_WITH_UNREAD = frozenset({"Folder", "TasksFolder"})
_DEFAULT = frozenset(
    words(
        "folder:DisplayName folder:TotalCount folder:ChildFolderCount folder:UnreadCount "
        "folder:DistinguishedFolderId"
    )
)


def element_of(folder: Folder) -> str:
    """Return the element that a folder of this class is."""
    for folder_class, element in _ELEMENTS:
        if folder.folder_class == folder_class or folder.folder_class.startswith(
            f"{folder_class}."
        ):
            return element
    return "Folder"


def new_class(element: etree._Element) -> str:
    """Return the class of a folder to be made: what it says, or what its element stands for."""
    return element.findtext(t("FolderClass")) or _CLASSES.get(local(element), "IPF.Note")


def folder_id_xml(folder: Folder) -> str:
    """Return a folder with nothing but its id."""
    element = element_of(folder)
    return (
        f'<t:{element}><t:FolderId Id="{folder.id}" ChangeKey="{folder.change_key}"/></t:{element}>'
    )


def folder_view(mailbox: Mailbox, folder: Folder) -> Bag:
    """Return what a query may ask of a folder."""
    return {
        **folder.bag,
        "folder:DisplayName": folder.name,
        "folder:FolderClass": folder.folder_class,
        "folder:TotalCount": str(len(mailbox.contents[folder.id])),
        "folder:ChildFolderCount": str(len(mailbox.children(folder))),
    }


class FolderShape:
    """The FolderShape of a request."""

    def __init__(self, element: etree._Element | None) -> None:
        if element is None:
            raise schema_fault("The element 'FolderShape' is missing.")
        self._base = element.findtext(t("BaseShape"), "IdOnly")
        self._uris: set[str] = set()
        self._extended: dict[str, ExtendedPath] = {}
        more = element.find(t("AdditionalProperties"))
        for child in children(more) if more is not None else ():
            path = read_path(child)
            if isinstance(path, ExtendedPath):
                self._extended[path.written] = path
            else:
                self._uris.add(path.uri)

    def _wants(self, uri: str) -> bool:
        if uri in self._uris or self._base == "AllProperties":
            return True
        return self._base == "Default" and uri in _DEFAULT

    def write(self, mailbox: Mailbox, folder: Folder) -> str:
        """Return a folder as XML."""
        element = element_of(folder)
        out = [f'<t:{element}><t:FolderId Id="{folder.id}" ChangeKey="{folder.change_key}"/>']
        parent = mailbox.folders.get(folder.parent_id)
        if parent is not None and self._wants("folder:ParentFolderId"):
            out.append(f'<t:ParentFolderId Id="{parent.id}" ChangeKey="{parent.change_key}"/>')
        if folder.folder_class and self._wants("folder:FolderClass"):
            out.append(f"<t:FolderClass>{escaped(folder.folder_class)}</t:FolderClass>")
        if self._wants("folder:DisplayName"):
            out.append(f"<t:DisplayName>{escaped(folder.name)}</t:DisplayName>")
        if self._wants("folder:TotalCount"):
            out.append(f"<t:TotalCount>{len(mailbox.contents[folder.id])}</t:TotalCount>")
        if self._wants("folder:ChildFolderCount"):
            out.append(f"<t:ChildFolderCount>{len(mailbox.children(folder))}</t:ChildFolderCount>")
        out.extend(_extended_xml(path, folder) for path in self._extended.values())
        if self._wants("folder:EffectiveRights"):
            out.append(RIGHTS.format(container="true"))
        if folder.distinguished and self._wants("folder:DistinguishedFolderId"):
            out.append(f"<t:DistinguishedFolderId>{folder.distinguished}</t:DistinguishedFolderId>")
        if element in _WITH_UNREAD and self._wants("folder:UnreadCount"):
            unread = sum(i.get("message:IsRead") == "false" for i in mailbox.items(folder))
            out.append(f"<t:UnreadCount>{unread}</t:UnreadCount>")
        out.append(f"</t:{element}>")
        return "".join(out)


def _extended_xml(path: ExtendedPath, folder: Folder) -> str:
    value = folder.bag.get(path.mapi_key)
    if isinstance(value, str):
        inside = f"<t:Value>{escaped(value)}</t:Value>"
    elif isinstance(value, list):
        values = "".join(f"<t:Value>{escaped(v)}</t:Value>" for v in value if isinstance(v, str))
        inside = f"<t:Values>{values}</t:Values>"
    else:
        return ""
    return f"<t:ExtendedProperty>{path.written}{inside}</t:ExtendedProperty>"
