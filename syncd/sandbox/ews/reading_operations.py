"""FindItem and SyncFolderItems: how a client looks around."""

from lxml import etree

from syncd.sandbox import ids
from syncd.sandbox.changelog import Report
from syncd.sandbox.ews.answers import each, failure, response, strike, success
from syncd.sandbox.ews.context import Context
from syncd.sandbox.ews.errors import EwsError, schema_fault
from syncd.sandbox.ews.folder_operations import part
from syncd.sandbox.ews.names import m
from syncd.sandbox.ews.paging import read_page
from syncd.sandbox.ews.reading import children
from syncd.sandbox.ews.restriction import restriction_of, sorted_items
from syncd.sandbox.ews.shapes import Depth, ItemShape
from syncd.sandbox.faults import FaultKind
from syncd.sandbox.folders import Folder
from syncd.sandbox.lying import indexed, shown_of, told
from syncd.sandbox.mailbox import Mailbox

_MAX_CHANGES = 512
_OTHER_VIEWS = (
    "FractionalPageItemView",
    "SeekToConditionPageItemView",
    "CalendarView",
    "ContactsView",
)
_GROUPS = ("GroupBy", "DistinguishedGroupBy")


def find_item(context: Context, request: etree._Element) -> str:
    """Search folders; one message per folder."""
    shape = ItemShape(request.find(m("ItemShape")), Depth.NO_BODY)
    page = read_page(request, "IndexedPageItemView")
    wanted = restriction_of(request, m("Restriction"))
    order = request.find(m("SortOrder"))
    traversal = request.get("Traversal")

    def one(element: etree._Element) -> str:
        mailbox, folder = context.folder(element)
        if any(request.find(m(name)) is not None for name in (*_OTHER_VIEWS, *_GROUPS)):
            raise EwsError("ErrorInvalidOperation", "The sandbox has no such view.")
        if request.find(m("QueryString")) is not None:
            raise EwsError("ErrorContentIndexingNotEnabled")
        items = (
            []
            if traversal == "Associated"
            else mailbox.items(_searched(mailbox, folder, traversal))
        )
        if wanted is not None:
            items = indexed(items, mailbox.clock, context.kinds)
        found = [
            item for item in shown_of(items, context.kinds) if wanted is None or wanted(item.view)
        ]
        shown, attributes = page.cut(sorted_items(found, order))
        inside = "".join([shape.write(item, mailbox) for item in shown])
        return f"<m:RootFolder {attributes}><t:Items>{inside}</t:Items></m:RootFolder>"

    return each(context, "FindItem", children(part(request, "ParentFolderIds")), one)


def _searched(mailbox: Mailbox, folder: Folder, traversal: str | None) -> Folder:
    # Since Exchange 2010 the soft-deleted items of all folders are in the recoverable items.
    return mailbox.folder("recoverableitemsdeletions") if traversal == "SoftDeleted" else folder


def convert_id(context: Context, request: etree._Element) -> str:
    """Refuse to convert: the sandbox has ids of one format. Clients ask it for the version."""

    def one(element: etree._Element) -> str:
        try:
            ids.parse_id(element.get("Id", ""))
        except ids.MalformedIdError:
            raise EwsError("ErrorInvalidIdMalformed") from None
        raise EwsError("ErrorUnsupportedTypeForConversion")

    return each(context, "ConvertId", children(part(request, "SourceIds")), one)


def sync_folder_items(context: Context, request: etree._Element) -> str:
    """Return what changed in a folder since a sync state, newest first, never with bodies."""
    shape = ItemShape(request.find(m("ItemShape")), Depth.NO_BODY)
    limit = _limit(request.findtext(m("MaxChangesReturned")))
    ignored = request.find(m("Ignore"))
    ignore = (
        {element.get("Id", "") for element in children(ignored)} if ignored is not None else set()
    )
    operation = "SyncFolderItems"
    if any(fault.fault is FaultKind.BARE_SYNC_ERROR for fault in context.faults):
        return response(operation, [failure(operation, EwsError("ErrorInvalidSyncStateData"))])
    try:
        strike(context)
        mailbox, folder = _folder(context, request)
        position = _position(context, request, mailbox, folder)
    except EwsError as error:
        rest = "<m:SyncState/><m:IncludesLastItemInRange>true</m:IncludesLastItemInRange>"
        return response(operation, [failure(operation, error, rest)])
    page = mailbox.logs[folder.id].page(position, limit, ignore)
    changes = []
    for report, item_id in told(page.changes, context.kinds):
        if report is Report.DELETE:
            inside = f'<t:ItemId Id="{item_id}"/>'
        else:
            inside = shape.write(mailbox.item(item_id), mailbox)
        changes.append(f"<t:{report.value}>{inside}</t:{report.value}>")
    state = ids.sync_state(mailbox.guid, folder.number, page.position)
    last = "true" if page.complete else "false"
    answer = (
        f""
        f"<m:SyncState>{state}</m:SyncState><m:IncludesLastItemInRange>{last}</m:IncludesLastItemInRange>"
        f"<m:Changes>{''.join(changes)}</m:Changes>"
    )
    return response(operation, [success(operation, answer)])


def _limit(text: str | None) -> int:
    limit = int(text) if text is not None and text.strip().isdigit() else 0
    if not 1 <= limit <= _MAX_CHANGES:
        raise schema_fault(f"The 'MaxChangesReturned' element is invalid: '{text}'.")
    return limit


def _folder(context: Context, request: etree._Element) -> tuple[Mailbox, Folder]:
    try:
        return context.target(request.find(m("SyncFolderId")))
    except EwsError as error:
        code = "ErrorSyncFolderNotFound" if error.code == "ErrorFolderNotFound" else error.code
        raise EwsError(code) from None


def _position(
    context: Context, request: etree._Element, mailbox: Mailbox, folder: Folder
) -> ids.Position:
    state = request.findtext(m("SyncState"))
    if not state:
        return ids.Position()
    if any(fault.fault is FaultKind.INVALID_SYNC_STATE for fault in context.faults):
        raise EwsError("ErrorInvalidSyncStateData")
    try:
        return ids.parse_sync_state(state, mailbox.guid, folder.number)
    except ids.MalformedSyncStateError:
        raise EwsError("ErrorInvalidSyncStateData") from None
