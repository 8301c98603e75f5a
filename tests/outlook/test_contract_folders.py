"""The laws of the port about folders. Every backend keeps all of them."""

from __future__ import annotations

import pytest

from syncd.model.contact import CONTACT
from syncd.outlook.errors import MailboxError, Scope, Sort
from tests.outlook.desk import Desk


def test_the_default_folder_is_found_whatever_its_name(desk: Desk) -> None:
    """`default` is a role, not a name."""
    found = desk.mailbox.folder(CONTACT, "default", create=False)
    assert found is not None
    assert (found.path, found.total) == ("Kontakte", 0)


def test_a_folder_below_the_default_one_is_made_once(desk: Desk) -> None:
    """`default/Name` is found by name in any case, and made only on request."""
    assert desk.mailbox.folder(CONTACT, "default/Früher", create=False) is None
    made = desk.mailbox.folder(CONTACT, "default/Früher", create=True)
    assert made is not None
    assert made.path == "Kontakte/Früher"
    assert desk.mailbox.folder(CONTACT, "default/FRÜHER", create=True) == made


def test_a_folder_of_another_sort_is_not_taken(desk: Desk) -> None:
    """A folder of that name which holds something else is an error of the folder, not a folder."""
    desk.add_folder("Post", "IPF.Note")
    with pytest.raises(MailboxError) as caught:
        desk.mailbox.folder(CONTACT, "default/Post", create=True)
    assert (caught.value.sort, caught.value.scope) == (Sort.INVALID, Scope.FOLDER)


def test_a_folder_that_cannot_be_meant_is_refused(desk: Desk) -> None:
    """Only `default` and `default/Name` are folders."""
    for spec in ("", "Contacts", "default/", "/default"):
        with pytest.raises(ValueError, match="default/Name"):
            desk.mailbox.folder(CONTACT, spec, create=True)


def test_all_folders_are_those_of_the_kind_and_deleted_items(desk: Desk) -> None:
    """Folders of the kind's class anywhere, and Deleted Items with everything below it.

    Where nobody may look into Deleted Items, what is below it is of the kind's class, too.
    """
    below = desk.add_folder("Kunden")
    deep = desk.add_folder("Alte Kunden", "IPF.Contact.Special", below=below)
    desk.add_folder("Notizen", "IPF.Note")
    thrown = desk.add_folder("Weg", "IPF.Note", below="deleteditems")
    desk.add({"firstname": "Ann"}, folder=below)
    found = {folder.id: folder for folder in desk.mailbox.folders(CONTACT)}
    assert found[below].path == "Kontakte/Kunden"
    assert (found[below].total, found[below].in_trash) == (1, False)
    assert found[deep].path == "Kontakte/Kunden/Alte Kunden"
    of_kind = desk.add_folder("Alt", below="deleteditems")
    name, seen = "Deleted Items", {of_kind: "Alt"}
    if desk.mailbox.capabilities.searches_trash:
        name, seen = "Gelöschte Elemente", {of_kind: "Alt", thrown: "Weg"}
    found = {folder.id: folder for folder in desk.mailbox.folders(CONTACT)}
    trash = {folder.id: folder.path for folder in found.values() if folder.in_trash}
    (top,) = trash.keys() - seen.keys()
    assert trash == {top: name, **{id_: f"{name}/{each}" for id_, each in seen.items()}}
    assert not [folder for folder in found.values() if folder.path.endswith("Notizen")]
