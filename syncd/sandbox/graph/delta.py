"""What changed since last time: in a folder, and among the folders."""

from dataclasses import replace

from syncd.sandbox import ids
from syncd.sandbox.changelog import Report
from syncd.sandbox.folders import Folder
from syncd.sandbox.graph import identifiers
from syncd.sandbox.graph.asked import Json, Reply
from syncd.sandbox.graph.context import Context, is_contact, is_for_contacts
from syncd.sandbox.graph.errors import GraphError
from syncd.sandbox.graph.folders import read_selected, show_folder
from syncd.sandbox.graph.showing import Shape, read_select
from syncd.sandbox.graph.tokens import Token, read_token
from syncd.sandbox.ids import Position
from syncd.sandbox.lying import told
from syncd.sandbox.mailbox import ItemGoneError

_PAGE, _MOST = 10, 500
_REFUSED = ("$filter", "$orderby", "$search", "$skip", "$top", "$count")
_FOLDERS = 0  # the number of the list of folders in a token; no folder has it


def contacts_delta(context: Context) -> Reply:
    """Return one page of what changed in a folder since the token was given out, or of all."""
    folder = context.folder()
    token = _token(context, folder.number)
    shape = Shape(read_select(token.select or None))
    size = context.asked.page_size(_PAGE, _MOST)
    page = context.mailbox.logs[folder.id].page(token.position, size)
    value: list[Json] = []
    for report, key in told(page.changes, context.kinds):
        seen = _removed(context, folder, key) if report is Report.DELETE else None
        if report is not Report.DELETE:
            item = context.mailbox.item(key)
            seen = shape.show(context, item) if is_contact(item) else None
        if seen is not None:
            value.append(seen)
    complete = page.complete
    if context.switches.replays and value:
        value.append(value[0])
        complete = False  # the end is an empty page
    return _page(
        context, "contacts", value, replace(token, position=page.position), complete=complete
    )


def _removed(context: Context, folder: Folder, key: str) -> Json | None:
    """Return that an item is no longer in a folder; None where it came back under another id."""
    mailbox, asked = context.mailbox, context.asked
    reason = "deleted"
    try:
        now = mailbox.item_that_was(mailbox.lineage.first(ids.parse_id(key).number))
    except ItemGoneError:
        pass
    else:
        if now.folder_id == folder.id and asked.immutable:
            return None
        if is_for_contacts(mailbox.folders[now.folder_id]):
            reason = "changed"
    gone = identifiers.of_gone(mailbox, key, immutable=asked.immutable)
    return {"id": gone, "@removed": {"reason": reason}}


def folders_delta(context: Context) -> Reply:
    """Return one page of the contact folders of the mailbox that changed, wherever they are."""
    mailbox = context.mailbox
    token = _token(context, _FOLDERS)
    low, high = token.position.low, token.position.high or mailbox.change_number
    size = context.asked.page_size(_PAGE, _MOST)
    folders = sorted(filter(is_for_contacts, mailbox.folders.values()), key=lambda f: f.number)
    changed = [
        each
        for each in folders
        if each.number > token.position.cursor and low < ids.change_number(each.change_key) <= high
    ]
    selected = read_selected(token.select or None)
    value = [show_folder(each, selected) for each in changed[:size]]
    if len(changed) > size:
        on = Position(low, high, changed[size - 1].number)
        return _page(context, "contactFolders", value, replace(token, position=on), complete=False)
    there = frozenset(each.number for each in folders)
    value += [
        {
            "id": identifiers.rest(ids.folder_id(mailbox.guid, number)),
            "@removed": {"reason": "deleted"},
        }
        for number in sorted(token.known - there)
    ]
    done = replace(token, position=Position(high), known=there)
    return _page(context, "contactFolders", value, done, complete=True)


def _token(context: Context, folder: int) -> Token:
    asked = context.asked
    if asked.option("$expand") is not None:
        raise GraphError("ErrorInternalServerError", "Value cannot be null. Parameter name: type")
    refused = [name for name in _REFUSED if asked.option(name) is not None]
    if refused:
        raise GraphError(
            "ErrorInvalidUrlQuery",
            "The following parameters are not supported with change tracking over the 'Contacts' "
            f"resource: '{', '.join(refused)}'.",
        )
    text = asked.option("$skiptoken") or asked.option("$deltatoken")
    if text is None:
        return Token(context.mailbox.guid, folder, Position(), asked.option("$select") or "")
    return read_token(text, context.mailbox.guid, folder)


def _page(
    context: Context,
    path: str,
    value: list[Json],
    token: Token,
    *,
    complete: bool,
) -> Reply:
    option, name = ("deltatoken", "deltaLink") if complete else ("skiptoken", "nextLink")
    body = {
        "@odata.context": context.metadata(f"{path}/$delta"),
        "value": value,
        f"@odata.{name}": context.asked.link(**{f"${option}": token.text()}),
    }
    return Reply(200, body)
