"""SyncFolderItems: a client that follows it has what the folder has, and never sees a body."""

from typing import Any

from exchangelib import Contact
from hypothesis import given
from hypothesis import strategies as st

from syncd.sandbox.clock import Clock
from syncd.sandbox.ids import Position
from syncd.sandbox.mailbox import Mailbox
from syncd.sandbox.server import Sandbox
from tests.sandbox.conftest import send, sync


def run(box: Sandbox, state: str = "", limit: int = 512) -> tuple[list[tuple[str, str]], str, int]:
    """Sync to the end; return (verb, id) of every change, the new state and the number of pages."""
    changes, pages = [], 0
    while True:
        reply = send(box, sync(state, limit))
        pages += 1
        for change in reply.all("//m:Changes/*"):
            found = change.xpath(".//*[local-name()='ItemId']/@Id")
            changes.append((change.tag.split("}")[1], found[0]))
        state = reply.all("//m:SyncState/text()")[0]
        if reply.all("//m:IncludesLastItemInRange/text()") == ["true"]:
            return changes, state, pages


def test_exchangelib_follows_a_folder(alice: Any) -> None:
    """Created, then changed, then deleted; a cycle without edits reports nothing."""
    made = Contact(account=alice, folder=alice.contacts, display_name="x").save()
    assert [(v, i.id) for v, i in alice.contacts.sync_items()] == [("create", made.id)]
    state = alice.contacts.item_sync_state
    assert list(alice.contacts.sync_items(sync_state=state)) == []
    made.given_name = "Ada"
    made.save(update_fields=["given_name"])
    changes = list(alice.contacts.sync_items(sync_state=alice.contacts.item_sync_state))
    assert [(v, i.given_name) for v, i in changes] == [("update", "Ada")]
    gone = made.id
    made.delete()
    changes = list(alice.contacts.sync_items(sync_state=alice.contacts.item_sync_state))
    assert [(v, i.id) for v, i in changes] == [("delete", gone)]


def test_pages_go_from_new_to_old(box: Sandbox, mailbox: Mailbox) -> None:
    """Every item once, the newest first, the last page says so."""
    items = [mailbox.add("contacts", {}) for _ in range(25)]
    changes, state, pages = run(box, limit=10)
    assert changes == [("Create", item.id) for item in reversed(items)]
    assert pages == 3
    assert run(box, state) == ([], state, 1)


def test_a_body_is_never_returned_but_extended_properties_are(
    box: Sandbox, mailbox: Mailbox
) -> None:
    """Even when the body is asked for."""
    mailbox.add("contacts", {"item:Body": "secret", "contacts:PhoneNumber:Pager": "1"})
    more = (
        '<t:FieldURI FieldURI="item:Body"/>'
        '<t:ExtendedFieldURI PropertyTag="0x3A21" PropertyType="String"/>'
    )
    reply = send(box, sync(more=more))
    assert reply.all("//t:Body") == []
    assert reply.all("//t:ExtendedProperty/t:Value/text()") == ["1"]


def test_a_move_is_a_delete_here_and_a_create_there(box: Sandbox, mailbox: Mailbox) -> None:
    """And coming back is a create under yet another id."""
    item = mailbox.add("contacts", {})
    _, state, _ = run(box)
    moved = mailbox.move(item.id, "deleteditems")
    changes, state, _ = run(box, state)
    assert changes == [("Delete", item.id)]
    back = mailbox.move(moved.id, "contacts")
    changes, _, _ = run(box, state)
    assert changes == [("Create", back.id)]
    assert len({item.id, moved.id, back.id}) == 3


def test_what_came_and_went_in_between_is_not_reported(box: Sandbox, mailbox: Mailbox) -> None:
    """The client never knew it."""
    _, state, _ = run(box)
    mailbox.delete(mailbox.add("contacts", {}).id)
    assert run(box, state)[0] == []


def test_a_sync_state_fits_its_folder_only(box: Sandbox, mailbox: Mailbox) -> None:
    """Garbage, cut, or of another folder: ErrorInvalidSyncStateData."""
    mailbox.add("contacts", {})
    _, state, _ = run(box)
    bad = [sync("garbage"), sync(state[:-8]), sync(state, folder="inbox")]
    assert [send(box, body).codes for body in bad] == [["ErrorInvalidSyncStateData"]] * 3


def test_a_folder_that_is_gone(box: Sandbox, mailbox: Mailbox) -> None:
    """ErrorSyncFolderNotFound, not an empty list."""
    folder = mailbox.add_folder("contacts", "Gone")
    mailbox.delete_folder(folder)
    body = sync().replace(
        '<t:DistinguishedFolderId Id="contacts"/>', f'<t:FolderId Id="{folder.id}"/>'
    )
    assert send(box, body).codes == ["ErrorSyncFolderNotFound"]


@given(
    st.lists(
        st.tuples(st.sampled_from(["add", "update", "delete", "move", "page"]), st.integers(0, 7)),
        max_size=60,
    ),
    st.integers(1, 4),
)
def test_a_follower_ends_with_what_is_there(steps: list[tuple[str, int]], limit: int) -> None:
    """Whatever happens between the pages, and every report fits what the client knows."""
    mailbox = Mailbox("a@example.test", Clock())
    log = mailbox.logs[mailbox.folder("contacts").id]
    known: dict[str, str] = {}
    position = Position()

    def page() -> bool:
        nonlocal position
        found = log.page(position, limit)
        position = found.position
        for report, item_id in found.changes:
            assert (report.value == "Create") == (item_id not in known)
            if report.value == "Delete":
                del known[item_id]
            else:
                known[item_id] = mailbox.item(item_id).change_key
        return found.complete

    for verb, number in steps:
        items = mailbox.items()
        if verb == "add":
            mailbox.add("contacts", {})
        elif verb == "page":
            page()
        elif items:
            item = items[number % len(items)]
            if verb == "update":
                mailbox.update(item.id, {})
            elif verb == "delete":
                mailbox.delete(item.id)
            else:
                mailbox.move(item.id, "deleteditems")
    while not page():
        pass
    while not page():
        pass
    assert known == {item.id: item.change_key for item in mailbox.items()}
