"""Operations on contacts."""

from syncd.sandbox.graph import identifiers
from syncd.sandbox.graph.asked import Reply
from syncd.sandbox.graph.contacts_json import read_contact
from syncd.sandbox.graph.context import DEFAULT, Context, heed_etag, is_for_contacts
from syncd.sandbox.graph.errors import GraphError, malformed, no_conversion, no_segment
from syncd.sandbox.graph.filter import read_filter
from syncd.sandbox.graph.showing import Shape, listed, read_shape
from syncd.sandbox.lying import indexed, shown_of
from syncd.sandbox.mailbox import Item
from syncd.sandbox.properties import Value

_WHOLE = Shape()
_TRASH, _BEYOND = "deleteditems", "recoverableitemsdeletions"


def list_contacts(context: Context) -> Reply:
    """Return one page of the contacts in a folder."""
    asked, folder = context.asked, context.folder()
    shape = read_shape(asked)
    if asked.option("$orderby") is not None or asked.option("$search") is not None:
        raise GraphError("ErrorInvalidUrlQuery", "This order or search is not supported.")
    found = shown_of(context.contacts(folder), context.kinds)
    wanted = asked.option("$filter")
    if wanted is not None:
        found = indexed(found, context.mailbox.clock, context.kinds)
        test = read_filter(wanted)
        found = [item for item in found if test(item)]
    where = context.metadata("contacts")
    return Reply(200, listed(asked, where, found, lambda item: shape.show(context, item)))


def get_contact(context: Context) -> Reply:
    """Return a contact."""
    shape = read_shape(context.asked)
    return _answered(context, context.contact(), 200, shape)


def create_contact(context: Context) -> Reply:
    """Make a contact."""
    folder, body = context.folder(), context.asked.json()
    changes = read_contact(body)
    bag: dict[str, Value] = {key: value for key, value in changes.items() if value is not None}
    if "contacts:FileAs" not in bag:
        bag["contacts:FileAsMapping"] = "LastCommaFirst"
    try:
        made = context.mailbox.add(folder, bag)
    except ValueError as error:
        raise no_conversion(error, "the type of its property") from None
    return _answered(context, made, 201, _WHOLE)


def update_contact(context: Context) -> Reply:
    """Change those properties of a contact that are given."""
    item, changes = context.contact(), read_contact(context.asked.json())
    if context.switches.if_match:
        heed_etag(context, item)
    try:
        updated = context.mailbox.update(item.id, changes)
    except ValueError as error:
        raise no_conversion(error, "the type of its property") from None
    return _answered(context, updated, 200, _WHOLE)


def delete_contact(context: Context) -> Reply:
    """Move a contact to Deleted Items, and from there out of sight."""
    item = context.contact()
    heed_etag(context, item)
    trash = context.mailbox.folder(_TRASH)
    context.mailbox.move(item.id, _BEYOND if item.folder_id == trash.id else trash)
    return Reply(204)


def move_contact(context: Context) -> Reply:
    """Move a contact to another folder, in a tenant that can; its immutable id stays."""
    if not context.switches.moves:
        raise no_segment("move")
    item, target = context.contact(), context.asked.json().get("destinationId")
    if not isinstance(target, str):
        raise malformed()
    name = target if target in {DEFAULT, _TRASH} else identifiers.from_rest(target)
    if name not in context.mailbox.by_name:
        identifiers.check(target)
    folder = context.mailbox.folders.get(context.mailbox.by_name.get(name, name))
    if folder is None or not (is_for_contacts(folder) or folder.distinguished == _TRASH):
        raise GraphError("ErrorItemNotFound")
    return _answered(context, context.mailbox.move(item.id, folder), 201, _WHOLE)


def _answered(context: Context, item: Item, status: int, shape: Shape) -> Reply:
    body = {
        "@odata.context": context.metadata("contacts/$entity"),
        **shape.show(context, item),
    }
    return Reply(status, body, (("ETag", f'W/"{item.change_key}"'),))
