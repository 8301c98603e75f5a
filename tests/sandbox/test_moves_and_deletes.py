"""Where an item is, is part of its id; copies carry everything; a delete has three meanings."""

from typing import Any

import pytest
from exchangelib import Contact
from exchangelib.errors import ErrorItemNotFound
from exchangelib.folders import Contacts

from syncd.sandbox.mailbox import ItemGoneError, Mailbox
from syncd.sandbox.properties import mapi_named
from syncd.sandbox.server import Sandbox
from tests.sandbox.conftest import send

STAMP = mapi_named("c0ffee00-1111-2222-3333-444455556666", "stamp")


def delete(item_id: str, how: str) -> str:
    """Return a DeleteItem."""
    ids = f'<m:ItemIds><t:ItemId Id="{item_id}"/></m:ItemIds>'
    return f'<m:DeleteItem DeleteType="{how}">{ids}</m:DeleteItem>'


def test_a_moved_item_has_a_new_id_and_the_old_one_is_gone(alice: Any, mailbox: Mailbox) -> None:
    """MoveItem answers the new id; properties and creation time go along."""
    made = Contact(account=alice, folder=alice.contacts, display_name="x", given_name="Ada").save()
    before = mailbox.update(made.id, {STAMP: "s"})
    folder = Contacts(parent=alice.contacts, name="Former").save()
    made.move(folder)
    after = mailbox.item(made.id)
    assert after.id != before.id
    assert after.change_key != before.change_key
    assert (after.bag, after.created) == (before.bag, before.created)
    assert isinstance(next(alice.fetch(ids=[(before.id, before.change_key)])), ErrorItemNotFound)


def test_a_copy_has_all_properties(alice: Any, mailbox: Mailbox) -> None:
    """Also the named ones: a stamp is no proof of identity."""
    item = mailbox.add("contacts", {"contacts:GivenName": "Ada", STAMP: "s"})
    contact = alice.contacts.get(id=item.id, changekey=item.change_key)
    new_id, _ = contact.copy(alice.contacts)
    assert mailbox.item(new_id).bag == item.bag
    assert mailbox.item(item.id) == item


@pytest.mark.parametrize(
    ("how", "folder"),
    [
        ("HardDelete", None),
        ("SoftDelete", "recoverableitemsdeletions"),
        ("MoveToDeletedItems", "deleteditems"),
    ],
)
def test_the_three_deletes(box: Sandbox, mailbox: Mailbox, how: str, folder: str | None) -> None:
    """Gone for good, recoverable, or in Deleted Items under a new id."""
    item = mailbox.add("contacts", {STAMP: "s"})
    assert send(box, delete(item.id, how)).codes == ["NoError"]
    with pytest.raises(ItemGoneError):
        mailbox.item(item.id)
    found = [i.folder_id for i in mailbox.all_items() if i.get(STAMP) == "s"]
    assert found == ([mailbox.folder(folder).id] if folder else [])
    assert send(box, delete(item.id, how)).codes == ["ErrorItemNotFound"]


def test_a_batch_goes_on_after_a_failure(alice: Any, mailbox: Mailbox) -> None:
    """One response per item, in order."""
    items = [mailbox.add("contacts", {"contacts:GivenName": str(n)}) for n in range(3)]
    mailbox.delete(items[1].id)
    answers = alice.bulk_delete([(i.id, i.change_key) for i in items])
    assert [type(a).__name__ for a in answers] == ["bool", "ErrorItemNotFound", "bool"]
    assert mailbox.items() == []


def test_a_move_to_nowhere_moves_nothing(box: Sandbox, mailbox: Mailbox) -> None:
    """The folder is gone: ErrorToFolderNotFound."""
    item = mailbox.add("contacts", {})
    folder = mailbox.add_folder("contacts", "Short-lived")
    mailbox.delete_folder(folder)
    body = (
        f'<m:MoveItem><m:ToFolderId><t:FolderId Id="{folder.id}"/></m:ToFolderId><m:ItemIds>'
        f'<t:ItemId Id="{item.id}"/></m:ItemIds></m:MoveItem>'
    )
    assert send(box, body).codes == ["ErrorToFolderNotFound"]
    assert mailbox.item(item.id) == item
