"""The ids of Graph: those of EWS in the letters of a URL, and immutable ones."""

import base64
import binascii

from syncd.sandbox import ids
from syncd.sandbox.folders import Folder
from syncd.sandbox.graph.errors import GraphError, malformed
from syncd.sandbox.mailbox import Item, ItemGoneError, Mailbox

_HEADS = (b"\x00\x03", b"\x00\x09")  # how ids begin, those of EWS and immutable ones
_TO_URL = str.maketrans("+/", "-_")
_FROM_URL = str.maketrans("-_", "+/")


def rest(ews_id: str) -> str:
    """Write an id of EWS in the letters of a URL."""
    return ews_id.translate(_TO_URL)


def from_rest(rest_id: str) -> str:
    """Write an id as EWS does."""
    return rest_id.translate(_FROM_URL)


def of_item(mailbox: Mailbox, item: Item, *, immutable: bool) -> str:
    """Return the id of an item: the one it keeps, or the one it has while it is where it is."""
    if immutable:
        return ids.lasting_id(mailbox.guid, mailbox.lineage.first(item.number))
    return rest(item.id)


def of_gone(mailbox: Mailbox, ews_id: str, *, immutable: bool) -> str:
    """Return the id of an item that is no longer where it had this id."""
    if immutable:
        first = mailbox.lineage.first(ids.parse_id(ews_id).number)
        return ids.lasting_id(mailbox.guid, first)
    return rest(ews_id)


def of_folder(folder: Folder) -> str:
    """Return the id of a folder, which stays by itself."""
    return rest(folder.id)


def find_item(mailbox: Mailbox, text: str) -> Item:
    """Find the item that either id names.

    Raises:
        GraphError: no id, or there is no such item for us any more.

    """
    check(text)
    try:
        item = _named(mailbox, text)
    except (ItemGoneError, ids.MalformedIdError):
        raise GraphError("ErrorItemNotFound") from None
    if mailbox.folders[item.folder_id].distinguished.startswith("recoverableitems"):
        raise GraphError("ErrorItemNotFound")
    return item


def _named(mailbox: Mailbox, text: str) -> Item:
    try:
        guid, first = ids.parse_lasting_id(text)
    except ids.MalformedIdError:
        return mailbox.item(from_rest(text))
    if guid != mailbox.guid:
        raise ItemGoneError(text)
    return mailbox.item_that_was(first)


def check(text: str) -> None:
    """Refuse what does not even look like an id.

    Raises:
        GraphError: it does not.

    """
    try:
        raw = base64.b64decode(text, altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise malformed() from None
    if not raw.startswith(_HEADS):
        raise malformed()
