"""The laws of the port. Every backend keeps all of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

import pytest

from syncd.model.contact import CONTACT
from syncd.model.values import Value
from syncd.outlook.errors import Failure, MailboxError, Scope, Sort
from syncd.outlook.graph.mailbox import GraphMailbox
from syncd.outlook.port import Backend, Creation, Item, Move, Sensitivity, Update, Written
from syncd.sandbox.server import Sandbox
from tests.outlook.desk import (
    Desk,
    GraphDesk,
    create,
    create_all,
    creation,
    default,
    everything,
    read,
    stamp,
    update_all,
)
from tests.samples import SAMPLES, WEBSITE

PRIVATE = [Sensitivity.PRIVATE, Sensitivity.PERSONAL, Sensitivity.CONFIDENTIAL]
FULL: dict[str, Value] = {
    field.name: SAMPLES[field.type] if field.name != "websiteurl" else WEBSITE
    for field in CONTACT.fields
}


def sorts(results: Sequence[Written | Failure]) -> list[Sort | None]:
    """What became of each item: `None` where it was written."""
    return [each.sort if isinstance(each, Failure) else None for each in results]


def test_every_mapped_field_comes_back_as_it_was_written(desk: Desk) -> None:
    """Any script, emoji, markup and line breaks survive; a day stays that day."""
    assert read(desk, create(desk, "1", FULL).id).record.fields == FULL


def test_what_is_empty_is_read_as_observed_and_empty(desk: Desk) -> None:
    """A read item has every mapped field: `None` where there is nothing."""
    made = create(desk, "1", {"firstname": "Ann", "lastname": "", "childrensnames": ()})
    fields = read(desk, made.id).record.fields
    assert fields == {**dict.fromkeys(FULL), "firstname": "Ann"}


def test_a_formatted_note_is_read_as_text_and_guarded(desk: Desk) -> None:
    """P1, P11: what plain text would destroy is known as such; a plain note is not."""
    item = desk.add({"firstname": "Ann", "description": "as it is"})
    assert read(desk, item).guarded == frozenset()
    desk.write_formatted(item, "description", "Important")
    found = read(desk, item)
    assert found.guarded == {"description"}
    assert found.record.fields["description"] == "Important"


def test_the_stamp_is_there_from_the_first_moment(desk: Desk) -> None:
    """No listing ever shows an item of ours without its stamp (P3)."""
    made = create(desk, "1", {"firstname": "Ann"})
    (head,) = everything(desk)
    assert (head.id, head.version, head.stamp) == (made.id, made.version, stamp("1"))


def test_initial_properties_are_set_on_creation(desk: Desk) -> None:
    """What is set once is set in the create call."""
    names = {"fileas": "van Dyk, Ann", "displayname": "Ann van Dyk"}
    one = Creation({"firstname": "Ann"}, names, stamp("1"))
    (made,) = desk.mailbox.create(CONTACT, default(desk), [one])
    assert isinstance(made, Written)
    assert desk.filed_as(made.id) == "van Dyk, Ann"


def test_a_batch_is_answered_item_by_item_in_order(desk: Desk) -> None:
    """One result an item, in the order of the batch."""
    batch = [creation(str(number), {"firstname": f"N{number}"}) for number in range(100)]
    made = create_all(desk, batch)
    ids = [each.id for each in made if isinstance(each, Written)]
    items = desk.mailbox.read(CONTACT, ids)
    seen = [item.record.fields["firstname"] for item in items if isinstance(item, Item)]
    assert seen == [f"N{number}" for number in range(100)]


def test_a_batch_is_one_request(desk: Desk) -> None:
    """The journal writes one batch before one request: more than a batch is refused unsent."""
    where, before = default(desk), desk.mailbox.requests
    size = desk.mailbox.capabilities.write_batch
    many = [creation(str(number), {"firstname": "N"}) for number in range(size + 1)]
    with pytest.raises(ValueError, match="batch"):
        desk.mailbox.create(CONTACT, where, many)
    assert desk.mailbox.requests == before
    desk.mailbox.create(CONTACT, where, many[:size])
    assert desk.mailbox.requests == before + 1


def test_an_empty_batch_sends_nothing(desk: Desk) -> None:
    """Nothing to do is nothing asked."""
    where, before = default(desk), desk.mailbox.requests
    assert not desk.mailbox.create(CONTACT, where, [])
    assert not desk.mailbox.update(CONTACT, [])
    assert not desk.mailbox.trash(CONTACT, [])
    assert not desk.mailbox.read(CONTACT, [])
    assert not desk.mailbox.find(CONTACT, [where])
    assert not desk.mailbox.find(CONTACT, [], links=["a/b/c"])
    assert desk.mailbox.requests == before


def test_creating_in_a_folder_that_is_gone_is_an_error_of_the_folder(desk: Desk) -> None:
    """No item is to blame for its folder."""
    gone = desk.add_folder("Weg")
    desk.delete_folder(gone)
    with pytest.raises(MailboxError) as caught:
        desk.mailbox.create(CONTACT, gone, [creation("1", {"firstname": "Ann"})])
    assert (caught.value.sort, caught.value.scope) == (Sort.GONE, Scope.FOLDER)


def test_a_listing_shows_what_changed_since_its_cursor(desk: Desk) -> None:
    """First all, then only what was added, changed or removed."""
    kept, gone = desk.add({"firstname": "Kept"}), desk.add({"firstname": "Gone"})
    page = desk.mailbox.changes(CONTACT, default(desk), None)
    assert ({head.id for head in page.seen}, page.last) == ({kept, gone}, True)
    desk.edit(kept, {"firstname": "Changed"})
    desk.delete(gone)
    page = desk.mailbox.changes(CONTACT, default(desk), page.cursor)
    assert [head.match["firstname"] for head in page.seen] == ["Changed"]
    assert page.removed == (gone,)
    page = desk.mailbox.changes(CONTACT, default(desk), page.cursor)
    assert (page.seen, page.removed, page.last) == ((), (), True)


def test_a_listing_goes_on_page_by_page(desk: Desk) -> None:
    """600 items take more than one page; none is missed, none comes twice."""
    ids = {desk.add({"firstname": f"N{number}"}) for number in range(600)}
    heads = everything(desk)
    assert len(heads) == 600
    assert {head.id for head in heads} == ids


def test_our_own_write_is_known_again(desk: Desk) -> None:
    """The version that a write answered is the one that the next listing shows (P4)."""
    made = create(desk, "1", {"firstname": "Ann"})
    update = Update(made.id, made.version, {"firstname": "Anna"}, stamp("1", "key-2"))
    (now,) = desk.mailbox.update(CONTACT, [update])
    assert isinstance(now, Written)
    (head,) = everything(desk)
    assert (head.id, head.version, head.stamp) == (now.id, now.version, stamp("1", "key-2"))


def test_a_head_says_when_the_item_was_last_modified(desk: Desk) -> None:
    """In UTC, by the server's clock."""
    desk.add({"firstname": "Ann"})
    (head,) = everything(desk)
    assert head.modified.tzinfo is UTC
    assert abs(datetime.now(UTC) - head.modified) < timedelta(minutes=1)


def test_a_cursor_that_the_server_does_not_know_is_lost(desk: Desk) -> None:
    """Then the folder is listed in full, which is a path like any other."""
    with pytest.raises(MailboxError) as caught:
        desk.mailbox.changes(CONTACT, default(desk), "not a cursor")
    assert (caught.value.sort, caught.value.scope) == (Sort.CURSOR_LOST, Scope.FOLDER)


def test_a_folder_that_is_gone_is_not_an_empty_folder(desk: Desk) -> None:
    """Unreadable is not deleted (P5)."""
    folder = desk.add_folder("Weg")
    page = desk.mailbox.changes(CONTACT, folder, None)
    desk.delete_folder(folder)
    for cursor in (None, page.cursor):
        with pytest.raises(MailboxError) as caught:
            desk.mailbox.changes(CONTACT, folder, cursor)
        assert (caught.value.sort, caught.value.scope) == (Sort.GONE, Scope.FOLDER)
    with pytest.raises(MailboxError) as caught:
        desk.mailbox.find(CONTACT, [default(desk), folder], keys=["key-1"])
    assert (caught.value.sort, caught.value.scope) == (Sort.GONE, Scope.FOLDER)


def test_an_item_that_is_gone_fails_alone(desk: Desk) -> None:
    """The others of the batch are read (P10)."""
    one, gone, two = (desk.add({"firstname": name}) for name in ("One", "Gone", "Two"))
    desk.delete(gone)
    first, failed, last = desk.mailbox.read(CONTACT, [one, gone, two])
    assert isinstance(first, Item)
    assert isinstance(last, Item)
    assert isinstance(failed, Failure)
    assert failed.sort is Sort.GONE


def test_any_number_of_items_can_be_read(desk: Desk) -> None:
    """`read` cuts its requests itself."""
    ids = [desk.add({"firstname": str(number)}) for number in range(150)]
    items = desk.mailbox.read(CONTACT, ids)
    assert [item.head.id for item in items if isinstance(item, Item)] == ids


@pytest.mark.parametrize("sensitivity", PRIVATE)
def test_nothing_of_a_private_item_is_taken(desk: Desk, sensitivity: Sensitivity) -> None:
    """A private item shows that it is there, and no field of it (P7)."""
    item = desk.add({"firstname": "Secret", "emailaddress1": "s@x.test"}, sensitivity=sensitivity)
    (head,) = everything(desk)
    assert (head.id, head.sensitivity, dict(head.match)) == (item, sensitivity, {})
    full = read(desk, item)
    assert (full.head.sensitivity, dict(full.head.match)) == (sensitivity, {})
    assert dict(full.record.fields) == {}
    assert "Secret" not in repr(full)


def test_a_distribution_list_is_seen_with_its_class_and_without_fields(desk: Desk) -> None:
    """It is accounted for and left alone (P9). To Graph there is no such thing."""
    item = desk.add({}, item_class="IPM.DistList")
    if desk.mailbox.backend is Backend.GRAPH:
        assert not everything(desk)
        (none,) = desk.mailbox.read(CONTACT, [item])
        assert isinstance(none, Failure)
        assert none.sort is Sort.GONE
        return
    (head,) = everything(desk)
    assert (head.id, head.item_class) == (item, "IPM.DistList")
    assert dict(read(desk, item).record.fields) == {}


def test_an_item_is_found_by_link_and_by_key_wherever_it_is(desk: Desk) -> None:
    """One look-up over many folders says in which folder the item is.

    Where Deleted Items cannot be searched, the item keeps its id, and is found by that.
    """
    made = create(desk, "1", {"firstname": "Ann"})
    desk.add({"firstname": "Stranger"})
    trash = next(f.id for f in desk.mailbox.folders(CONTACT) if f.in_trash)
    where = [default(desk), desk.add_folder("Leer"), trash]
    (head,) = desk.mailbox.find(CONTACT, where, links=["here/contact/1", "here/contact/2"])
    assert (head.id, head.folder, head.match["firstname"]) == (made.id, where[0], "Ann")
    thrown = desk.to_trash(made.id)
    can = desk.mailbox.capabilities
    sought = {"ids": [made.id]} if can.ids_survive_moves else {"keys": ["key-1"]}
    (head,) = desk.mailbox.find(CONTACT, where, **sought)
    assert (head.id, head.folder, head.stamp) == (thrown, trash, stamp("1"))
    assert bool(desk.mailbox.find(CONTACT, where, keys=["key-1"])) is can.searches_trash
    assert (thrown == made.id) is can.ids_survive_moves
    assert not desk.mailbox.find(CONTACT, where[:2], keys=["key-1"])
    assert not desk.mailbox.find(CONTACT, where, links=["there/contact/1"], keys=["key-9"])


def test_a_search_goes_on_page_by_page(desk: Desk) -> None:
    """600 finds in one folder of two, looked for by more links than one request takes."""
    other, where = desk.add_folder("Andere"), default(desk)
    create_all(desk, [creation(str(number), {"firstname": "N"}) for number in range(600)])
    desk.mailbox.create(CONTACT, other, [creation("600", {"firstname": "N"})])
    found = desk.mailbox.find(CONTACT, [other, where], keys=["key-1"])
    assert len(found) == 601
    assert len({head.id for head in found}) == 601
    links = [stamp(str(number)).link for number in range(250)]
    assert len(desk.mailbox.find(CONTACT, [other, where], links=links)) == 250


def test_a_copy_carries_the_stamp_of_what_it_was_copied_from(desk: Desk) -> None:
    """Both are found: which one is the item is for others to decide."""
    made = create(desk, "1", {"firstname": "Ann"})
    desk.copy(made.id)
    found = desk.mailbox.find(CONTACT, [default(desk)], links=["here/contact/1"])
    assert len({head.id for head in found}) == 2


def test_an_update_touches_only_what_it_names(desk: Desk) -> None:
    """Named fields change, `None` clears, all else stays, mapped or not (P11)."""
    made = create(desk, "1", FULL)
    desk.jot(made.id, "Bergsteigerin")
    version = read(desk, made.id).head.version
    patch: dict[str, Value] = {
        "firstname": "Neu",
        "telephone1": None,
        "emailaddress2": "new@example.test",
        "address2_city": None,
        "address1_line1": "Neu 1\nHof",
        "childrensnames": ("Kim",),
        "birthdate": None,
        "anniversary": date(2001, 12, 31),
        "description": "neu",
        "salutation": None,
        "yomilastname": "ヤマダ",
    }
    (now,) = desk.mailbox.update(CONTACT, [Update(made.id, version, patch, None)])
    assert isinstance(now, Written)
    assert now.version != version
    item = read(desk, made.id)
    assert item.record.fields == {**FULL, **patch}
    assert (item.head.version, item.head.stamp) == (now.version, stamp("1"))
    assert desk.jotted(made.id) == "Bergsteigerin"


def test_every_mapped_field_can_be_cleared_and_set_again(desk: Desk) -> None:
    """No field of the map is one that only a creation can write."""
    batch = [creation(name, {name: value}) for name, value in FULL.items()]
    made = create_all(desk, batch)
    for wanted in (dict.fromkeys(FULL), FULL):
        written = [each for each in made if isinstance(each, Written)]
        pairs = zip(written, wanted.items(), strict=True)
        patches = [Update(w.id, w.version, {name: value}, None) for w, (name, value) in pairs]
        made = update_all(desk, patches)
        items = desk.mailbox.read(CONTACT, [each.id for each in written])
        for item, (name, value) in zip(items, wanted.items(), strict=True):
            assert isinstance(item, Item)
            assert item.record.fields == {**dict.fromkeys(FULL), name: value}


def test_an_update_of_a_changed_item_is_refused(desk: Desk) -> None:
    """The user's edit stays; the others of the batch are written (P1)."""
    one, two = create(desk, "1", {"firstname": "One"}), create(desk, "2", {"firstname": "Two"})
    gone = create(desk, "3", {"firstname": "Gone"})
    desk.edit(one.id, {"firstname": "Mine"})
    desk.delete(gone.id)
    patch: dict[str, Value] = {"firstname": "Ours"}
    made = [Update(each.id, each.version, patch, None) for each in (one, gone, two)]
    results = desk.mailbox.update(CONTACT, made)
    assert sorts(results) == [Sort.PRECONDITION, Sort.GONE, None]
    assert read(desk, one.id).record.fields["firstname"] == "Mine"
    assert read(desk, two.id).record.fields["firstname"] == "Ours"


def test_an_update_that_changes_nothing_is_an_error_of_the_caller(desk: Desk) -> None:
    """It would make a new version for nothing (P4)."""
    with pytest.raises(ValueError, match="nothing"):
        desk.mailbox.update(CONTACT, [Update("id", "version", {}, None)])


def test_a_stamp_can_be_given_to_an_item_of_the_user(desk: Desk) -> None:
    """Adopting an item writes its stamp and nothing else."""
    desk.add({"firstname": "Ann"})
    (head,) = everything(desk)
    assert head.stamp is None
    desk.mailbox.update(CONTACT, [Update(head.id, head.version, {}, stamp("7"))])
    item = read(desk, head.id)
    assert (item.head.stamp, item.record.fields["firstname"]) == (stamp("7"), "Ann")


def test_a_move_answers_the_item_where_it_is_now(moving_desk: Desk) -> None:
    """With its id and version there, so that it can be moved back."""
    desk = moving_desk
    assert desk.mailbox.can_move(CONTACT)
    made, target = create(desk, "1", FULL), desk.add_folder("Früher")
    (moved,) = desk.mailbox.move(CONTACT, [Move(made.id, made.version)], target)
    assert isinstance(moved, Written)
    item = read(desk, moved.id)
    assert (item.head.version, item.head.stamp) == (moved.version, stamp("1"))
    assert item.record.fields == FULL
    assert [head.id for head in everything(desk, target)] == [moved.id]
    assert not everything(desk)
    (back,) = desk.mailbox.move(CONTACT, [Move(moved.id, moved.version)], default(desk))
    assert isinstance(back, Written)
    assert [head.id for head in everything(desk)] == [back.id]


def test_a_changed_item_is_not_thrown_away(desk: Desk) -> None:
    """A delete goes by the version that was seen; the item lies in Deleted Items then (P1)."""
    kept, gone, thrown = (create(desk, str(n), {"firstname": str(n)}) for n in (1, 2, 3))
    desk.edit(kept.id, {"firstname": "Mine"})
    desk.delete(gone.id)
    moves = [Move(each.id, each.version) for each in (kept, gone, thrown)]
    results = desk.mailbox.trash(CONTACT, moves)
    assert sorts(results) == [Sort.PRECONDITION, Sort.GONE, None]
    assert [head.id for head in everything(desk)] == [kept.id]
    trash = next(folder for folder in desk.mailbox.folders(CONTACT) if folder.in_trash)
    now = getattr(results[2], "id", "")
    if desk.mailbox.capabilities.searches_trash:
        (head,) = everything(desk, trash.id)
    else:
        (head,) = desk.mailbox.find(CONTACT, [], ids=[now])
        assert head.folder == trash.id
    assert (head.id, head.stamp) == (now, stamp("3"))


def test_moving_into_a_folder_that_is_gone_moves_nothing(moving_desk: Desk) -> None:
    """And no item is to blame."""
    desk = moving_desk
    made, target = create(desk, "1", {"firstname": "Ann"}), desk.add_folder("Weg")
    desk.delete_folder(target)
    with pytest.raises(MailboxError) as caught:
        desk.mailbox.move(CONTACT, [Move(made.id, made.version)], target)
    assert (caught.value.sort, caught.value.scope) == (Sort.GONE, Scope.FOLDER)
    assert [head.id for head in everything(desk)] == [made.id]


def test_what_is_thrown_away_is_not_thrown_away_twice(desk: Desk) -> None:
    """It stays where its user finds it; over Graph a second time would be for good (P1)."""
    thrown = desk.to_trash(create(desk, "1", {"firstname": "Ann"}).id)
    version = read(desk, thrown).head.version
    (result,) = desk.mailbox.trash(CONTACT, [Move(thrown, version)])
    assert isinstance(result, Written)
    assert read(desk, result.id).record.fields["firstname"] == "Ann"


def test_nothing_is_moved_where_nothing_can_be(box: Sandbox, graph: GraphMailbox) -> None:
    """The port says so, and its caller is not to try."""
    desk = GraphDesk(box, graph)
    made = create(desk, "1", {"firstname": "Ann"})
    assert not graph.can_move(CONTACT)
    with pytest.raises(NotImplementedError):
        graph.move(CONTACT, [Move(made.id, made.version)], default(desk))
