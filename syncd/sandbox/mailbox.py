"""One mailbox: folders, items, and every change numbered and logged. It knows no protocol.

Items and folders are values; a change replaces them. The caller holds the lock of the organisation.
"""

import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from syncd.sandbox import ids
from syncd.sandbox.changelog import ChangeLog, Entry, Verb
from syncd.sandbox.clock import Clock
from syncd.sandbox.folders import SEEDS, Folder
from syncd.sandbox.lineage import Lineage, Succession
from syncd.sandbox.properties import ALIASES, Bag, Value, from_mapi
from syncd.sandbox.values import normalised, view

Habit = Callable[[str, Value], Value]  # what becomes of the value of a property that is set


def _as_given(key: str, value: Value) -> Value:
    del key
    return value


class ItemGoneError(LookupError):
    """There is no such item, or it has another id by now."""


class FolderGoneError(LookupError):
    """There is no such folder."""


class FolderExistsError(ValueError):
    """The parent has a folder of that name already."""


class ProtectedFolderError(ValueError):
    """A distinguished folder stays where it is."""


@dataclass(frozen=True, slots=True)
class Item:
    """One version of an item: `bag` is what was set, `view` adds what the server does."""

    id: str
    number: int
    change_key: str
    folder_id: str
    created: str
    modified: str
    bag: Bag
    view: Bag

    def __getitem__(self, key: str) -> Value:
        return self.view[key]

    def get(self, key: str, default: Value | None = None) -> Value | None:
        """Return a property as a client would read it."""
        return self.view.get(key, default)

    @property
    def item_class(self) -> str:
        """The message class, e.g. `IPM.Contact`."""
        return str(self.view["item:ItemClass"])


class Mailbox:
    """A user's mailbox. Whatever changes leaves a line in the log of its folder."""

    def __init__(
        self,
        address: str,
        clock: Clock,
        names: Mapping[str, str] | None = None,
        guid: uuid.UUID | None = None,
    ) -> None:
        self.address = address
        self.guid = guid or uuid.uuid4()
        self.clock = clock
        self.change_number = 0
        self.folders: dict[str, Folder] = {}
        self.by_name: dict[str, str] = {}
        self.contents: dict[str, dict[str, Item]] = {}
        self.logs: dict[str, ChangeLog] = {}
        self.lineage = Lineage()
        self.habit: Habit = _as_given
        self.unsaved: list[Folder | Item | tuple[str, Entry] | Succession | str] = []
        self._serial = 0
        self._items: dict[str, Item] = {}
        self._by_first: dict[int, str] = {}
        if guid is None:
            for seed in SEEDS:
                name = (names or {}).get(seed.distinguished, seed.name)
                parent = self.by_name.get(seed.parent, "")
                self._new_folder(parent, name, seed.folder_class, {}, seed.distinguished)

    def resume(self, change_number: int) -> None:
        """Go on numbering where a saved state left off."""
        self.change_number = change_number
        self._serial = max(self._serial, change_number)

    def folder(self, name: str | Folder) -> Folder:
        """Find a folder by distinguished name, by id or by display name.

        Raises:
            FolderGoneError: none, or none any more.

        """
        wanted = name.id if isinstance(name, Folder) else self.by_name.get(name, name)
        found = self.folders.get(wanted)
        if found is None:
            found = next((f for f in self.folders.values() if f.name == wanted), None)
        if found is None:
            raise FolderGoneError(name)
        return found

    def children(self, folder: Folder) -> list[Folder]:
        """Return the folders right below."""
        return [f for f in self.folders.values() if f.parent_id == folder.id]

    def add_folder(
        self,
        parent: str | Folder,
        name: str,
        folder_class: str = "IPF.Contact",
        bag: Bag | None = None,
    ) -> Folder:
        """Make a folder.

        Raises:
            FolderExistsError: the parent has one of that name, in whatever case.

        """
        above = self.folder(parent)
        self._refuse_double(above, name)
        return self._new_folder(above.id, name, folder_class, bag or {}, "")

    def update_folder(
        self,
        folder: str | Folder,
        name: str | None = None,
        changes: Mapping[str, Value | None] | None = None,
    ) -> Folder:
        """Rename a folder, and set (or with None remove) properties."""
        before = self.folder(folder)
        if name is not None and name.casefold() != before.name.casefold():
            self._refuse_double(self.folders[before.parent_id], name)
        bag = {**before.bag, **(changes or {})}
        kept = {key: value for key, value in bag.items() if value is not None}
        return self._keep_folder(replace(before, name=name or before.name, bag=kept))

    def move_folder(self, folder: str | Folder, parent: str | Folder) -> Folder:
        """Put a folder below another; its id stays, and so do the ids of what is in it."""
        before, above = self.folder(folder), self.folder(parent)
        if before.distinguished:
            raise ProtectedFolderError(before.name)
        self._refuse_double(above, before.name)
        return self._keep_folder(replace(before, parent_id=above.id))

    def delete_folder(self, folder: str | Folder) -> None:
        """Remove a folder, what is in it and what is below it."""
        gone = self.folder(folder)
        if gone.distinguished:
            raise ProtectedFolderError(gone.name)
        for child in self.children(gone):
            self.delete_folder(child)
        for item in list(self.contents[gone.id].values()):
            self.delete(item.id)
        del self.folders[gone.id]
        self.unsaved.append(gone.id)

    def configure(self, folder: str | Folder, name: str, parts: Mapping[str, str]) -> Folder:
        """Keep properties of a user configuration, which is made if it is not there yet."""
        inside = self.folder(folder)
        before = inside.configurations.get(name, {})
        if not before:
            self._serial += 1
        self.change_number += 1
        now = {
            "id": ids.item_id(self.guid, inside.number, self._serial),
            **before,
            **parts,
            "change_key": ids.change_key(self.guid, self.change_number),
        }
        kept = replace(inside, configurations={**inside.configurations, name: now})
        self.unsaved.append(kept)
        return self.put_folder(kept)

    def _refuse_double(self, parent: Folder, name: str) -> None:
        if any(f.name.casefold() == name.casefold() for f in self.children(parent)):
            raise FolderExistsError(name)

    def _new_folder(
        self, parent_id: str, name: str, folder_class: str, bag: Bag, distinguished: str
    ) -> Folder:
        self._serial += 1
        key = ids.folder_id(self.guid, self._serial)
        return self._keep_folder(
            Folder(key, self._serial, "", parent_id, name, folder_class, distinguished, bag)
        )

    def _keep_folder(self, folder: Folder) -> Folder:
        self.change_number += 1
        kept = replace(folder, change_key=ids.change_key(self.guid, self.change_number))
        self.unsaved.append(kept)
        return self.put_folder(kept)

    def put_folder(self, folder: Folder) -> Folder:
        """Take in a folder as it is (from a saved state)."""
        self.folders[folder.id] = folder
        self.contents.setdefault(folder.id, {})
        self.logs.setdefault(folder.id, ChangeLog())
        if folder.distinguished:
            self.by_name[folder.distinguished] = folder.id
        self._serial = max(self._serial, folder.number)
        return folder

    def items(self, folder: str | Folder = "contacts") -> list[Item]:
        """Return what is in a folder, oldest first."""
        return list(self.contents[self.folder(folder).id].values())

    def item(self, item_id: str) -> Item:
        """Find an item by id.

        Raises:
            ItemGoneError: none, or it moved and has another id.

        """
        try:
            return self._items[item_id]
        except KeyError:
            raise ItemGoneError(item_id) from None

    def item_that_was(self, first: int) -> Item:
        """Find an item by the number it came into being with, wherever it is by now.

        Raises:
            ItemGoneError: none, or none any more.

        """
        return self.item(self._by_first.get(first, ""))

    def add(self, folder: str | Folder, bag: Bag, item_class: str = "IPM.Contact") -> Item:
        """Put a new item into a folder. MAPI names in the bag are taken for what they mean.

        Raises:
            ValueError: a value that its property cannot have.

        """
        into = self.folder(folder)
        kept = self._merged({"item:ItemClass": item_class}, bag)
        return self._enter(into, kept, self.clock.now())

    def update(self, item_id: str, changes: Mapping[str, Value | None]) -> Item:
        """Set properties, or with None remove them; an empty mapping still makes a new version."""
        before = self.item(item_id)
        kept = self._merged(before.bag, changes)
        now = self.clock.now()
        return self._keep(
            self._version(before.id, before.number, before.folder_id, before.created, now, kept)
        )

    def delete(self, item_id: str) -> None:
        """Remove an item for good."""
        item = self.item(item_id)
        del self._items[item.id]
        del self._by_first[self.lineage.first(item.number)]
        del self.contents[item.folder_id][item.id]
        self.unsaved.append(item.id)
        self.change_number += 1
        self._log(item, Verb.REMOVED)

    def move(self, item_id: str, folder: str | Folder) -> Item:
        """Put an item into another folder, where it has a new id; the old id is gone."""
        item, into = self.item(item_id), self.folder(folder)
        self.delete(item.id)
        self.unsaved.append(
            self.lineage.record(Succession(self._serial + 1, self.lineage.first(item.number)))
        )
        return self._enter(into, item.bag, item.created)

    def copy(self, item_id: str, folder: str | Folder) -> Item:
        """Put a copy, with every property, into a folder."""
        return self._enter(self.folder(folder), self.item(item_id).bag, self.clock.now())

    def all_items(self) -> Iterable[Item]:
        """Return every item of the mailbox."""
        return self._items.values()

    def _merged(self, bag: Bag, changes: Mapping[str, Value | None]) -> dict[str, Value]:
        kept = dict(bag)
        for name, value in changes.items():
            alias = ALIASES.get(name)
            key = alias.key if alias else name
            if value is not None:
                value = normalised(key, from_mapi(alias, value) if alias else value)
            if value is not None:
                value = self.habit(key, value)
            if value is None:
                kept.pop(key, None)
            else:
                kept[key] = value
        return kept

    def _enter(self, folder: Folder, bag: Bag, created: str) -> Item:
        self._serial += 1
        key = ids.item_id(self.guid, folder.number, self._serial)
        now = self.clock.now()
        return self._keep(self._version(key, self._serial, folder.id, created, now, bag))

    def _version(
        self, key: str, number: int, folder_id: str, created: str, modified: str, bag: Bag
    ) -> Item:
        self.change_number += 1
        return self.build(
            key,
            number,
            ids.change_key(self.guid, self.change_number),
            folder_id,
            created,
            modified,
            bag,
        )

    def build(
        self,
        key: str,
        number: int,
        change_key: str,
        folder_id: str,
        created: str,
        modified: str,
        bag: Bag,
    ) -> Item:
        """Put a version together with what the server adds to it."""
        stamps: dict[str, Value] = {
            "item:LastModifiedTime": modified,
            "item:LastModifiedName": self.address,
            "item:DateTimeCreated": created,
            "item:DateTimeReceived": created,
            "item:DateTimeSent": created,
            "item:Size": str(512 + sum(map(len, bag.values()))),
        }
        return Item(key, number, change_key, folder_id, created, modified, bag, view(bag, stamps))

    def _keep(self, item: Item) -> Item:
        verb = Verb.CHANGED if item.id in self._items else Verb.ADDED
        self.put_item(item)
        self.unsaved.append(item)
        self._log(item, verb)
        return item

    def put_item(self, item: Item) -> None:
        """Take in an item as it is (from a saved state)."""
        self._items[item.id] = item
        self._by_first[self.lineage.first(item.number)] = item.id
        self.contents[item.folder_id][item.id] = item
        self._serial = max(self._serial, item.number)

    def _log(self, item: Item, verb: Verb) -> None:
        entry = self.logs[item.folder_id].record(self.change_number, item.id, verb)
        self.unsaved.append((item.folder_id, entry))
