"""The hand of a user in the mailbox, beside the port: over the sandbox, and in memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol

from syncd.model.fields import EwsProperty, FieldType, Indexed, Named, Tag, Uri
from syncd.model.kinds import Kind
from syncd.model.values import Value
from syncd.outlook.port import Sensitivity, Stamp
from syncd.sandbox.graph import identifiers
from syncd.sandbox.properties import ALIASES, mapi_named, mapi_tag
from syncd.sandbox.server import Sandbox
from tests.memory_server import MemoryServer


@dataclass(frozen=True)
class Seen:
    """One item as its user sees it; `fields` are those that hold something.

    `shown`: a program sees it, too.
    """

    id: str
    version: str
    folder: str
    stamped: bool
    fields: dict[str, Value]
    shown: bool = True

    def __getitem__(self, name: str) -> Value:
        return self.fields.get(name)


class Hand(Protocol):
    """The hand of a user in the mailbox, beside the port. Fields go by their names in the map."""

    def add(
        self,
        fields: Mapping[str, Value],
        *,
        folder: str | None = None,
        sensitivity: Sensitivity = Sensitivity.NORMAL,
        item_class: str = "",
    ) -> str:
        """Add an item; its id."""

    def edit(self, item: str, fields: Mapping[str, Value]) -> None:
        """Change an item."""

    def mark(self, item: str, sensitivity: Sensitivity) -> None:
        """Mark an item private, or normal again."""

    def delete(self, item: str) -> None:
        """Remove an item for good."""

    def move(self, item: str, folder: str) -> str:
        """Move an item to a folder; its id there."""

    def copy(self, item: str) -> str:
        """Copy an item within the default folder; the copy's id."""

    def add_folder(self, name: str, below: str = "") -> str:
        """Add a folder below the default one; its id."""

    def move_folder(self, folder: str, below: str) -> None:
        """Put a folder below another one."""

    def delete_folder(self, folder: str) -> None:
        """Remove a folder for good, with what is in it."""

    def set_link(self, item: str, text: str) -> None:
        """Overwrite the part of a stamp that says whose item it is."""

    def write_formatted(self, item: str, field: str, text: str) -> None:
        """Write a text in bold."""

    def is_formatted(self, item: str, field: str) -> bool:
        """Whether the text is still in bold."""

    def name_mailing(self, item: str, address: str) -> None:
        """Say which address is the mailing address: Business, Home, Other, or none (empty)."""

    def jot(self, item: str, text: str) -> None:
        """Write into a field that the map does not name."""

    def jotted(self, item: str) -> str | None:
        """Read the field that `jot` writes."""

    def items(self, folder: str = "contacts") -> list[Seen]:
        """What is in a folder (by role or name), oldest first; nothing where there is none."""


@dataclass(frozen=True)
class MemoryHand:
    """The hand of a user in a mailbox in memory."""

    server: MemoryServer

    def add(
        self,
        fields: Mapping[str, Value],
        *,
        folder: str | None = None,
        sensitivity: Sensitivity = Sensitivity.NORMAL,
        item_class: str = "",
    ) -> str:
        """Add an item; its id."""
        return self.server.add(
            fields, folder=folder, sensitivity=sensitivity, item_class=item_class
        )

    def edit(self, item: str, fields: Mapping[str, Value]) -> None:
        """Change an item."""
        self.server.edit(item, fields)

    def mark(self, item: str, sensitivity: Sensitivity) -> None:
        """Mark an item private, or normal again."""
        self.server.mark(item, sensitivity)

    def delete(self, item: str) -> None:
        """Remove an item for good."""
        self.server.delete(item)

    def move(self, item: str, folder: str) -> str:
        """Move an item to a folder; its id there."""
        return self.server.move(item, folder)

    def copy(self, item: str) -> str:
        """Copy an item within the default folder; the copy's id."""
        return self.server.copy(item)

    def add_folder(self, name: str, below: str = "") -> str:
        """Add a folder below the default one; its id."""
        return self.server.add_folder(name, below=below)

    def move_folder(self, folder: str, below: str) -> None:
        """Put a folder below another one."""
        self.server.move_folder(folder, below)

    def delete_folder(self, folder: str) -> None:
        """Remove a folder for good, with what is in it."""
        self.server.delete_folder(folder)

    def set_link(self, item: str, text: str) -> None:
        """Overwrite the part of a stamp that says whose item it is."""
        self.server.set_stamp(item, Stamp.parse(text, "somebody's"))

    def write_formatted(self, item: str, field: str, text: str) -> None:
        """Write a text in bold."""
        self.server.write_formatted(item, field, text)

    def is_formatted(self, item: str, field: str) -> bool:
        """Whether the text is still in bold."""
        return self.server.is_formatted(item, field)

    def name_mailing(self, item: str, address: str) -> None:
        """Say which address is the mailing address: Business, Home, Other, or none (empty)."""
        self.server.name_mailing(item, address)

    def jot(self, item: str, text: str) -> None:
        """Write into a field that the map does not name."""
        self.server.jot(item, text)

    def jotted(self, item: str) -> str | None:
        """Read the field that `jot` writes."""
        return self.server.jotted(item)

    def items(self, folder: str = "contacts") -> list[Seen]:
        """What is in a folder, oldest first."""
        return [
            Seen(
                each.id,
                each.version,
                each.folder,
                each.stamp is not None,
                dict(each.fields),
                self.server.shows(each),
            )
            for each in self.server.inside(self.server.named(folder))
        ]


@dataclass(frozen=True)
class SandboxHand:
    """The hand of a user in a mailbox of the sandbox; items go by the ids that syncd sees."""

    box: Sandbox
    address: str
    kind: Kind

    @property
    def _own(self) -> Any:
        return self.box.mailbox(self.address)

    def _told(self, item: Any) -> str:
        """What syncd calls an item of the sandbox."""
        return str(item.id)

    def _meant(self, item: str) -> str:
        """The id in the sandbox of what syncd calls so."""
        return item

    def _folder_told(self, folder: str) -> str:
        """What syncd calls a folder that has this id in the sandbox."""
        return folder

    def _folder_meant(self, folder: str) -> str:
        """The id in the sandbox of a folder, by its id or role or name."""
        return folder

    def _shown(self, item: Any) -> bool:
        """Whether a program sees it."""
        del item
        return True

    def add(
        self,
        fields: Mapping[str, Value],
        *,
        folder: str | None = None,
        sensitivity: Sensitivity = Sensitivity.NORMAL,
        item_class: str = "",
    ) -> str:
        """Add an item; its id."""
        bag = {**self._bag(fields), "item:Sensitivity": sensitivity.value.capitalize()}
        held = {key: value for key, value in bag.items() if value is not None}
        of_class = item_class or self.kind.item_class
        with self.box.organisation.lock:
            where = self._folder_meant(folder or "contacts")
            return self._told(self._own.add(where, held, of_class))

    def edit(self, item: str, fields: Mapping[str, Value]) -> None:
        """Change an item."""
        with self.box.organisation.lock:
            self._own.update(self._meant(item), self._bag(fields))

    def mark(self, item: str, sensitivity: Sensitivity) -> None:
        """Mark an item private, or normal again."""
        self._own.update(self._meant(item), {"item:Sensitivity": sensitivity.value.capitalize()})

    def delete(self, item: str) -> None:
        """Remove an item for good."""
        self._own.delete(self._meant(item))

    def move(self, item: str, folder: str) -> str:
        """Move an item to a folder; its id there."""
        moved = self._own.move(self._meant(item), self._folder_meant(folder))
        return self._told(moved)

    def copy(self, item: str) -> str:
        """Copy an item within the default folder; the copy's id."""
        return self._told(self._own.copy(self._meant(item), "contacts"))

    def add_folder(self, name: str, below: str = "") -> str:
        """Add a folder below the default one; its id."""
        where = self._folder_meant(below or "contacts")
        made = self._own.add_folder(where, name, self.kind.folder_class)
        return self._folder_told(str(made.id))

    def move_folder(self, folder: str, below: str) -> None:
        """Put a folder below another one."""
        self._own.move_folder(self._folder_meant(folder), self._folder_meant(below))

    def delete_folder(self, folder: str) -> None:
        """Remove a folder for good, with what is in it."""
        self._own.delete_folder(self._folder_meant(folder))

    def set_link(self, item: str, text: str) -> None:
        """Overwrite the part of a stamp that says whose item it is."""
        self._own.update(self._meant(item), {_LINK: text})

    def write_formatted(self, item: str, field: str, text: str) -> None:
        """Write a text in bold."""
        key = _key(self.kind.by_name[field].ews)
        self._own.update(
            self._meant(item), {key: f"<html><b>{text}</b></html>", f"{key}:Type": "HTML"}
        )

    def is_formatted(self, item: str, field: str) -> bool:
        """Whether the text is still in bold."""
        return "<b>" in str(self._own.item(self._meant(item))[_key(self.kind.by_name[field].ews)])

    def name_mailing(self, item: str, address: str) -> None:
        """Say which address is the mailing address: Business, Home, Other, or none (empty)."""
        self._own.update(self._meant(item), {"contacts:PostalAddressIndex": address or None})

    def jot(self, item: str, text: str) -> None:
        """Write into a field that the map does not name."""
        self._own.update(self._meant(item), {"contacts:Profession": text})

    def jotted(self, item: str) -> str | None:
        """Read the field that `jot` writes."""
        return str(self._own.item(self._meant(item))["contacts:Profession"])

    def items(self, folder: str = "contacts") -> list[Seen]:
        """What is in a folder, oldest first."""
        try:
            held = self._own.items(self._folder_meant(folder))
        except LookupError:
            return []
        return [
            Seen(
                self._told(each),
                each.change_key,
                folder,
                each.get(_LINK) is not None,
                self._fields(each),
                self._shown(each),
            )
            for each in held
        ]

    def _fields(self, item: Any) -> dict[str, Value]:
        held = {each.name: item.get(_key(each.ews)) for each in self.kind.fields}
        days = {f.name for f in self.kind.fields if f.type is FieldType.DATE and not f.wording}
        return {
            name: date.fromisoformat(value[:10])
            if name in days
            else tuple(value)
            if isinstance(value, list | tuple)
            else str(value).replace("\r\n", "\n")
            for name, value in held.items()
            if value
        }

    def _bag(self, fields: Mapping[str, Value]) -> dict[str, Any]:
        return {_key(self.kind.by_name[name].ews): _set(value) for name, value in fields.items()}


@dataclass(frozen=True)
class GraphHand(SandboxHand):
    """The hand of a user in a mailbox of the sandbox that syncd reaches over Graph."""

    def _told(self, item: Any) -> str:
        return identifiers.of_item(self._own, item, immutable=True)

    def _meant(self, item: str) -> str:
        return identifiers.find_item(self._own, item).id

    def _folder_told(self, folder: str) -> str:
        return identifiers.rest(folder)

    def _folder_meant(self, folder: str) -> str:
        own = self._own
        known = folder in own.by_name or any(each.name == folder for each in own.folders.values())
        return folder if known else identifiers.from_rest(folder)

    def _shown(self, item: Any) -> bool:
        return f"{item.item_class}.".startswith(f"{self.kind.item_class}.")


def _key(prop: EwsProperty) -> str:
    key = _path(prop)
    return ALIASES[key].key if key in ALIASES else key


def _path(prop: EwsProperty) -> str:
    if isinstance(prop, Uri):
        return prop.uri
    if isinstance(prop, Indexed):
        return f"{prop.uri}:{prop.index}"
    if isinstance(prop, Tag):
        return mapi_tag(prop.tag, prop.type)
    assert isinstance(prop, Named), "a user writes into one address, and not into 'the mailing one'"
    return mapi_named(prop.set_id, prop.name or prop.id or 0, prop.type)


def _set(value: Value) -> object:
    if isinstance(value, date):
        return f"{value.isoformat()}T11:59:00Z"
    return list(value) if isinstance(value, tuple) else value


# Spelt out: a stamp must never change, or every link in every mailbox is lost.
_LINK = mapi_named("5f0b9c1e-7d43-4a86-9e1b-2c6a8f3d4e70", "SyncdLink", "String")
