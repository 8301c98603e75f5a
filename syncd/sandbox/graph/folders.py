"""Operations on contact folders, but for what is in them."""

from syncd.sandbox.folders import Folder
from syncd.sandbox.graph import identifiers
from syncd.sandbox.graph.asked import Json, Reply
from syncd.sandbox.graph.context import DEFAULT, Context, is_for_contacts
from syncd.sandbox.graph.errors import GraphError, no_conversion, no_property
from syncd.sandbox.graph.extended import MULTI, SINGLE, Named, read_values, shown
from syncd.sandbox.graph.filter import read_expand
from syncd.sandbox.graph.showing import listed
from syncd.sandbox.mailbox import FolderExistsError
from syncd.sandbox.properties import Value

_CLASS = "IPF.Contact"
_TRASH = "deleteditems"
_OWN = ("id", "parentFolderId", "displayName")
_SETS = {SINGLE: False, MULTI: True}


def show_folder(
    folder: Folder, selected: tuple[str, ...] = _OWN, extended: tuple[Named, ...] = ()
) -> Json:
    """Return a folder as JSON."""
    made: Json = {
        "id": identifiers.of_folder(folder),
        "parentFolderId": identifiers.rest(folder.parent_id),
        "displayName": folder.name,
    }
    chosen = {name: value for name, value in made.items() if name == "id" or name in selected}
    return {**chosen, **shown(folder.bag, extended)}


def read_selected(given: str | None) -> tuple[str, ...]:
    """Read a `$select`.

    Raises:
        GraphError: a property that a contact folder does not have.

    """
    names = tuple(name.strip() for name in given.split(",")) if given else _OWN
    for name in names:
        if name not in _OWN:
            raise GraphError(
                "RequestBroker--ParseUri",
                f"Could not find a property named '{name}' on type "
                "'microsoft.graph.contactFolder'.",
            )
    return names


def list_folders(context: Context) -> Reply:
    """Return the contact folders right below the default one, which is itself not among them."""
    above = context.mailbox.folder(DEFAULT)
    found = [each for each in context.mailbox.children(above) if is_for_contacts(each)]
    where, selected = (
        context.metadata("contactFolders"),
        read_selected(context.asked.option("$select")),
    )
    return Reply(200, listed(context.asked, where, found, lambda each: show_folder(each, selected)))


def get_folder(context: Context) -> Reply:
    """Return a contact folder."""
    return _answered(context, context.folder(), 200)


def create_folder(context: Context) -> Reply:
    """Make a contact folder below the default one."""
    name = _name(context)
    try:
        made = context.mailbox.add_folder(DEFAULT, name, _CLASS)
    except FolderExistsError:
        raise GraphError("ErrorFolderExists") from None
    return _answered(context, made, 201)


def update_folder(context: Context) -> Reply:
    """Rename a contact folder, or set extended properties of it."""
    folder, body = context.folder(), context.asked.json()
    changes: dict[str, Value | None] = {}
    for each, several in _SETS.items():
        if each in body:
            changes.update(read_values(body[each], several=several))
    renamed = "displayName" in body or not changes
    name = _name(context) if renamed else None
    try:
        kept = context.mailbox.update_folder(folder, name, changes)
    except FolderExistsError:
        raise GraphError("ErrorFolderExists") from None
    return _answered(context, kept, 200)


def delete_folder(context: Context) -> Reply:
    """Put a contact folder, with all that is in it, into Deleted Items; from there it is gone."""
    folder, mailbox = context.folder(), context.mailbox
    if folder.distinguished:
        raise GraphError("ErrorCannotDeleteObject")
    trash = mailbox.folder(_TRASH)
    if folder.parent_id == trash.id:
        mailbox.delete_folder(folder)
        return Reply(204)
    taken = {each.name.casefold() for each in mailbox.children(trash)}
    name, number = folder.name, 0
    while name.casefold() in taken:
        number += 1
        name = f"{folder.name} ({number})"
    if name != folder.name:
        mailbox.update_folder(folder, name)
    mailbox.move_folder(folder, trash)
    return Reply(204)


def _name(context: Context) -> str:
    body = context.asked.json()
    for each in body:
        if each not in _OWN and each not in _SETS and "@odata." not in each:
            raise no_property(each, "contactFolder")
    name = body.get("displayName")
    if not isinstance(name, str) or not name.strip():
        raise no_conversion(name, "Edm.String")
    return name


def _answered(context: Context, folder: Folder, status: int) -> Reply:
    where = context.metadata("contactFolders/$entity")
    selected = read_selected(context.asked.option("$select"))
    expand = context.asked.option("$expand")
    extended = read_expand(expand) if expand is not None else ()
    return Reply(status, {"@odata.context": where, **show_folder(folder, selected, extended)})
