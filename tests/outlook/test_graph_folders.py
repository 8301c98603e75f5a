"""Folders and categories over Graph, which shows contact folders and no others."""

from __future__ import annotations

import pytest

from syncd.model.contact import CONTACT
from syncd.outlook.errors import MailboxError, Scope, Sort
from syncd.outlook.graph.mailbox import GraphMailbox
from syncd.sandbox.server import Sandbox
from tests.outlook.desk import GraphDesk, default, everything


@pytest.fixture
def desk(box: Sandbox, graph: GraphMailbox) -> GraphDesk:
    """A desk over Graph alone."""
    return GraphDesk(box, graph)


def failing(desk: GraphDesk, name: str) -> MailboxError:
    """What making a folder comes to."""
    with pytest.raises(MailboxError) as caught:
        desk.mailbox.folder(CONTACT, f"default/{name}", create=True)
    return caught.value


def test_a_look_at_the_default_folder_is_one_request(desk: GraphDesk) -> None:
    """With how many items are in it."""
    desk.add({"firstname": "Ann"})
    found = desk.mailbox.folder(CONTACT, "default", create=False)
    assert found is not None
    assert (found.path, found.total, desk.mailbox.requests) == ("Kontakte", 1, 1)


def test_any_number_of_folders_is_listed_to_the_end(desk: GraphDesk) -> None:
    """Page by page, each with its path and its count, wherever it is."""
    below = [desk.add_folder(f"Ordner {number}") for number in range(45)]
    deep = desk.add_folder("Tief", below=below[7])
    thrown = desk.add_folder("Weg", below="deleteditems")
    lost = desk.add_folder("Mit", below=thrown)
    desk.add({"firstname": "Ann"}, folder=deep)
    before = desk.mailbox.requests
    found = {folder.id: folder for folder in desk.mailbox.folders(CONTACT)}
    assert desk.mailbox.requests - before == 4  # all of them, and 48 counts in three batches
    assert len(found) == 50
    assert (found[deep].path, found[deep].total) == ("Kontakte/Ordner 7/Tief", 1)
    assert (found[lost].path, found[lost].in_trash) == ("Deleted Items/Weg/Mit", True)
    assert sum(folder.in_trash for folder in found.values()) == 3
    again = desk.mailbox.folder(CONTACT, "default/Ordner 44", create=False)
    assert again is not None
    assert again.id == below[44]


def test_a_folder_that_somebody_made_meanwhile_is_taken(desk: GraphDesk) -> None:
    """A name is there once: whoever comes second takes what the first one made."""

    def make(*_: object) -> None:
        desk.box.graph_observers.remove(make)
        desk.add_folder("FRÜHER")

    desk.box.graph_observers.append(make)
    found = desk.mailbox.folder(CONTACT, "default/Früher", create=True)
    assert found is not None
    assert found.path == "Kontakte/FRÜHER"


def test_a_folder_that_may_not_be_made_is_an_error(desk: GraphDesk) -> None:
    """And nothing is made."""
    desk.box.faults.add("POST contactFolders", "http_403")
    error = failing(desk, "Archiv")
    assert (error.sort, error.scope) == (Sort.DENIED, Scope.MAILBOX)
    assert desk.mailbox.folder(CONTACT, "default/Archiv", create=False) is None


def test_an_answer_to_a_removal_that_is_lost_is_in_doubt(desk: GraphDesk) -> None:
    """Looking again says that it is gone."""
    made = desk.add_folder("Archiv")
    desk.box.faults.add("DELETE contactFolder", "http_504")
    with pytest.raises(MailboxError) as caught:
        desk.mailbox.remove_folder(CONTACT, made)
    assert caught.value.sort is Sort.IN_DOUBT
    assert desk.mailbox.folder(CONTACT, "default/Archiv", create=False) is None


def test_deleted_items_is_no_folder_to_list(desk: GraphDesk) -> None:
    """It is said, and nothing is sent; searching leaves it out."""
    before = desk.mailbox.requests
    with pytest.raises(MailboxError) as caught:
        desk.mailbox.changes(CONTACT, "deleteditems", None)
    assert (caught.value.sort, caught.value.scope) == (Sort.INVALID, Scope.FOLDER)
    assert not desk.mailbox.find(CONTACT, ["deleteditems"], keys=["key-1"])
    assert desk.mailbox.requests == before


def test_where_items_are_is_asked_once(desk: GraphDesk) -> None:
    """However many of them lie in Deleted Items."""
    ids = [desk.add({"firstname": str(number)}) for number in range(5)]
    for each in ids[1:]:
        desk.to_trash(each)
    before = desk.mailbox.requests
    found = desk.mailbox.find(CONTACT, [], ids=ids)
    assert [head.folder == "deleteditems" for head in found] == [False, True, True, True, True]
    assert desk.mailbox.requests - before == 2
    assert [head.id for head in everything(desk)] == ids[:1]
    assert found[0].folder == default(desk)


@pytest.mark.parametrize("verb", ["GET", "POST"])
def test_a_list_that_may_not_be_touched_is_no_failure(desk: GraphDesk, verb: str) -> None:
    """MailboxSettings.ReadWrite was not granted: contacts go on all the same."""
    desk.box.faults.add(f"{verb} masterCategories", "http_403")
    assert not desk.mailbox.offer_category("CRM")
    assert desk.mailbox.offer_category("CRM")


def test_a_category_that_somebody_put_there_meanwhile_is_there(desk: GraphDesk) -> None:
    """A name is in the list once."""
    desk.box.faults.add("POST masterCategories", "item_error", code="NameAlreadyExists")
    assert desk.mailbox.offer_category("CRM")


def test_a_category_that_may_not_be_taken_off_is_said(desk: GraphDesk) -> None:
    """It is there, and stays."""
    desk.set_categories("CRM")
    desk.box.faults.add("DELETE masterCategories", "http_403")
    with pytest.raises(MailboxError) as caught:
        desk.mailbox.withdraw_category("CRM")
    assert caught.value.sort is Sort.DENIED
    assert desk.offered() == ["CRM"]


def test_a_mailbox_that_fails_is_not_one_without_categories(desk: GraphDesk) -> None:
    """It is tried again later."""
    desk.box.faults.add("GET masterCategories", "http_503")
    with pytest.raises(MailboxError):
        desk.mailbox.offer_category("CRM")
