"""The laws of the port about what is taken out of a mailbox again. Every backend keeps them."""

from __future__ import annotations

import pytest

from syncd.model.contact import CONTACT
from syncd.outlook.errors import Failure, Sort
from syncd.outlook.port import Item, Update, Written
from tests.outlook.desk import Desk, create, default, everything, read, stamp


def test_a_stamp_is_taken_away_and_nothing_else(desk: Desk) -> None:
    """P11: the item stays as it is, in every field; no search by stamp finds it any more."""
    made = create(desk, "1", {"firstname": "Ann", "categories": ("CRM", "Friends")})
    desk.jot(made.id, "Bergsteigerin")
    before = read(desk, made.id)
    (now,) = desk.mailbox.update(
        CONTACT, [Update(made.id, before.head.version, {}, None, clear_stamp=True)]
    )
    assert isinstance(now, Written)
    after = read(desk, made.id)
    assert (after.head.stamp, after.head.version) == (None, now.version)
    assert after.record == before.record
    assert desk.jotted(made.id) == "Bergsteigerin"
    assert [head.stamp for head in everything(desk)] == [None]
    where = [default(desk)]
    assert not desk.mailbox.find(CONTACT, where, links=["here/contact/1"], keys=["key-1"])


def test_a_stamp_goes_together_with_a_category(desk: Desk) -> None:
    """One request does both, and leaves the categories that it does not name."""
    made = create(desk, "1", {"firstname": "Ann", "categories": ("CRM", "Friends")})
    left = {"categories": ("Friends",)}
    desk.mailbox.update(CONTACT, [Update(made.id, made.version, left, None, clear_stamp=True)])
    item = read(desk, made.id)
    assert (item.head.stamp, item.head.categories) == (None, ("Friends",))
    desk.mailbox.update(CONTACT, [Update(made.id, item.head.version, {"categories": ()}, None)])
    assert read(desk, made.id).head.categories == ()


def test_a_stamp_that_is_not_there_can_be_taken_away(desk: Desk) -> None:
    """Whoever was interrupted does it once more."""
    item = desk.add({"firstname": "Ann"})
    version = read(desk, item).head.version
    (now,) = desk.mailbox.update(CONTACT, [Update(item, version, {}, None, clear_stamp=True)])
    assert isinstance(now, Written)
    assert read(desk, item).head.stamp is None


def test_a_stamp_is_taken_away_in_deleted_items_too(desk: Desk) -> None:
    """An item is the same item wherever it lies."""
    made = create(desk, "1", {"firstname": "Ann"})
    thrown = desk.to_trash(made.id)
    item = read(desk, thrown)
    desk.mailbox.update(CONTACT, [Update(thrown, item.head.version, {}, None, clear_stamp=True)])
    assert read(desk, thrown).head.stamp is None


def test_the_stamp_of_a_changed_item_stays(desk: Desk) -> None:
    """At another version nothing is done to it; the others of the batch lose theirs."""
    one, two = create(desk, "1", {"firstname": "One"}), create(desk, "2", {"firstname": "Two"})
    desk.edit(one.id, {"firstname": "Mine"})
    batch = [Update(each.id, each.version, {}, None, clear_stamp=True) for each in (one, two)]
    refused, done = desk.mailbox.update(CONTACT, batch)
    assert isinstance(refused, Failure)
    assert refused.sort is Sort.PRECONDITION
    assert isinstance(done, Written)
    found = desk.mailbox.read(CONTACT, [one.id, two.id])
    stamps = [each.head.stamp for each in found if isinstance(each, Item)]
    assert stamps == [stamp("1"), None]


def test_a_stamp_is_not_written_and_taken_away_at_once() -> None:
    """What makes no sense is refused before it is sent."""
    with pytest.raises(ValueError, match="not both"):
        Update("item", "1", {}, stamp("1"), clear_stamp=True)
    with pytest.raises(ValueError, match="changes nothing"):
        Update("item", "1", {}, None)


def test_an_empty_folder_is_removed(desk: Desk) -> None:
    """It lies in Deleted Items then, from where its user can take it back."""
    made = desk.add_folder("Former")
    assert desk.mailbox.remove_folder(CONTACT, made)
    assert desk.mailbox.folder(CONTACT, "default/Former", create=False) is None
    assert [f.in_trash for f in desk.mailbox.folders(CONTACT) if f.path.endswith("Former")] == [
        True
    ]


def test_a_folder_that_holds_something_is_not_removed(desk: Desk) -> None:
    """Neither one with an item, nor one with a folder in it: nothing is lost with it (P1)."""
    full, parent = desk.add_folder("Full"), desk.add_folder("Parent")
    item = desk.add({"firstname": "Ann"}, folder=full)
    desk.add_folder("Child", below=parent)
    assert not desk.mailbox.remove_folder(CONTACT, full)
    assert not desk.mailbox.remove_folder(CONTACT, parent)
    assert read(desk, item).head.folder == full
    for name in ("Full", "Parent"):
        assert desk.mailbox.folder(CONTACT, f"default/{name}", create=False) is not None


def test_a_folder_that_is_gone_counts_as_removed(desk: Desk) -> None:
    """Whoever was interrupted does it once more."""
    made = desk.add_folder("Former")
    desk.delete_folder(made)
    assert desk.mailbox.remove_folder(CONTACT, made)
