"""A mailbox under test, and the hand of its user in it."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from html import escape
from typing import Protocol
from uuid import uuid4

from lxml import etree

from syncd.model.contact import CONTACT
from syncd.model.fields import EwsProperty, Indexed, Named, Tag, Uri
from syncd.model.kinds import Kind
from syncd.model.values import Value
from syncd.outlook.errors import Failure
from syncd.outlook.ews.categories import CATEGORY_LIST
from syncd.outlook.ews.mailbox import EwsMailbox
from syncd.outlook.graph.mailbox import GraphMailbox
from syncd.outlook.port import Creation, Head, Item, Mailbox, Sensitivity, Stamp, Update, Written
from syncd.sandbox.graph import identifiers
from syncd.sandbox.mailbox import Mailbox as SandboxMailbox
from syncd.sandbox.properties import mapi_named, mapi_tag
from syncd.sandbox.server import Sandbox

ADDRESS = "alice@example.test"


@dataclass(frozen=True)
class Shown:
    """A token that is always the same. Implements `TokenSource`."""

    text: str

    def token(self, *, refused: str | None = None, claims: str | None = None) -> str:
        """Give out the token, whatever became of it."""
        del refused, claims
        return self.text


class Desk(Protocol):
    """What a contract test needs: the port, and a user who does not go through it.

    Fields go by their names in the field map; a folder by its id, the default one without.
    """

    @property
    def mailbox(self) -> Mailbox:
        """The mailbox, through the port."""

    def add(
        self,
        fields: Mapping[str, Value],
        *,
        folder: str | None = None,
        sensitivity: Sensitivity = Sensitivity.NORMAL,
        item_class: str = "IPM.Contact",
    ) -> str:
        """Add an item; its id."""

    def edit(self, item: str, fields: Mapping[str, Value]) -> None:
        """Change an item."""

    def delete(self, item: str) -> None:
        """Remove an item for good."""

    def copy(self, item: str) -> object:
        """Copy an item within the default folder."""

    def to_trash(self, item: str) -> str:
        """Put an item into Deleted Items; its id there."""

    def add_folder(self, name: str, folder_class: str = "IPF.Contact", below: str = "") -> str:
        """Add a folder below the default one, or below that of an id or role; its id."""

    def delete_folder(self, folder: str) -> None:
        """Remove a folder for good."""

    def write_formatted(self, item: str, field: str, text: str) -> None:
        """Write a text in bold."""

    def name_mailing(self, item: str, address: str) -> None:
        """Say which address is the mailing address: Business, Home, Other, or none (empty)."""

    def mailing(self, item: str) -> str:
        """Read which address is the mailing address; empty when none is."""

    def jot(self, item: str, text: str) -> None:
        """Write into a field that the map does not name."""

    def jotted(self, item: str) -> str | None:
        """Read the field that `jot` writes."""

    def filed_as(self, item: str) -> str | None:
        """Read what the item is filed as."""

    def set_categories(self, *names: str) -> None:
        """Make the list of categories that Outlook offers."""

    def offered(self) -> list[str]:
        """Read the list of categories that Outlook offers."""

    def lock_categories(self) -> None:
        """Let nobody else into the list of categories."""


@dataclass(frozen=True)
class SandboxDesk:
    """A desk in the sandbox: its user works on what is kept there, whoever looks at it."""

    box: Sandbox
    mailbox: Mailbox

    def told(self, item: str) -> str:
        """What the mailbox under test calls an item that has this id in the sandbox."""
        return item

    def meant(self, item: str) -> str:
        """The id in the sandbox of what the mailbox under test calls so."""
        return item

    def folder_told(self, folder: str) -> str:
        """What the mailbox under test calls a folder that has this id in the sandbox."""
        return folder

    def folder_meant(self, folder: str) -> str:
        """The id in the sandbox of a folder, by its id or role."""
        return folder

    def add(
        self,
        fields: Mapping[str, Value],
        *,
        folder: str | None = None,
        sensitivity: Sensitivity = Sensitivity.NORMAL,
        item_class: str = "IPM.Contact",
    ) -> str:
        """Add an item; its id."""
        bag = {**_bag(fields), "item:Sensitivity": sensitivity.value.capitalize()}
        held = {key: value for key, value in bag.items() if value is not None}
        added = self.own.add(self.folder_meant(folder or "contacts"), held, item_class)
        return self.told(added.id)

    def edit(self, item: str, fields: Mapping[str, Value]) -> None:
        """Change an item."""
        self.own.update(self.meant(item), _bag(fields))

    def delete(self, item: str) -> None:
        """Remove an item for good."""
        self.own.delete(self.meant(item))

    def copy(self, item: str) -> None:
        """Copy an item within the default folder."""
        self.own.copy(self.meant(item), "contacts")

    def to_trash(self, item: str) -> str:
        """Put an item into Deleted Items; its id there."""
        return self.told(self.own.move(self.meant(item), "deleteditems").id)

    def add_folder(self, name: str, folder_class: str = "IPF.Contact", below: str = "") -> str:
        """Add a folder below the default one, or below that of an id or role; its id."""
        where = self.folder_meant(below or "contacts")
        return self.folder_told(self.own.add_folder(where, name, folder_class).id)

    def delete_folder(self, folder: str) -> None:
        """Remove a folder for good."""
        self.own.delete_folder(self.folder_meant(folder))

    def write_formatted(self, item: str, field: str, text: str) -> None:
        """Write a text in bold."""
        key = _key(CONTACT.by_name[field].ews)
        self.own.update(
            self.meant(item), {key: f"<html><b>{text}</b></html>", f"{key}:Type": "HTML"}
        )

    def name_mailing(self, item: str, address: str) -> None:
        """Say which address is the mailing address: Business, Home, Other, or none (empty)."""
        self.own.update(self.meant(item), {"contacts:PostalAddressIndex": address or None})

    def mailing(self, item: str) -> str:
        """Read which address is the mailing address; empty when none is."""
        return (self._text(item, "contacts:PostalAddressIndex") or "").replace("None", "")

    def jot(self, item: str, text: str) -> None:
        """Write into a field that the map does not name."""
        self.own.update(self.meant(item), {"contacts:Profession": text})

    def jotted(self, item: str) -> str | None:
        """Read the field that `jot` writes."""
        return self._text(item, "contacts:Profession")

    def filed_as(self, item: str) -> str | None:
        """Read what the item is filed as."""
        return self._text(item, "contacts:FileAs")

    def set_categories(self, *names: str) -> None:
        """Make the list of categories that Outlook offers."""
        entries = "".join(
            f'<category name="{escape(each)}" color="7" guid="{{{uuid4()}}}"/>' for each in names
        )
        self.keep_list(f'<categories xmlns="CategoryList.xsd" default="">{entries}</categories>')

    def keep_list(self, xml: str) -> None:
        """Save the list of categories as it is given."""
        data = b64encode(xml.encode()).decode()
        name = "http://schemas.microsoft.com/exchange/services/2006/types"
        held = {"XmlData": f'<t:XmlData xmlns:t="{name}">{data}</t:XmlData>'}
        self.own.configure("calendar", CATEGORY_LIST, held)

    def list_xml(self) -> bytes:
        """Read the list of categories as it is kept; empty where there is none."""
        held = self.own.folder("calendar").configurations.get(CATEGORY_LIST)
        return b64decode(etree.fromstring(held["XmlData"]).text or "") if held else b""

    def offered(self) -> list[str]:
        """Read the list of categories that Outlook offers."""
        xml = self.list_xml()
        return [each.get("name", "") for each in etree.fromstring(xml)] if xml else []

    def lock_categories(self) -> None:
        """Let nobody else into the list of categories."""
        raise NotImplementedError

    @property
    def own(self) -> SandboxMailbox:
        """The mailbox in the sandbox."""
        return self.box.mailbox(ADDRESS)

    def _text(self, item: str, key: str) -> str | None:
        value = self.own.item(self.meant(item)).get(key)
        return value if isinstance(value, str) else None


@dataclass(frozen=True)
class EwsDesk(SandboxDesk):
    """A desk in the sandbox, with the mailbox over EWS."""

    mailbox: EwsMailbox

    def lock_categories(self) -> None:
        """Let nobody else into the list of categories."""
        for verb in ("Get", "Create", "Update"):
            on = f"{verb}UserConfiguration"
            self.box.faults.add(on, "item_error", code="ErrorAccessDenied", times=100)


@dataclass(frozen=True)
class GraphDesk(SandboxDesk):
    """A desk in the sandbox, with the mailbox over Graph: its ids stay, wherever an item goes."""

    mailbox: GraphMailbox

    def told(self, item: str) -> str:
        """The immutable id of an item."""
        return identifiers.of_item(self.own, self.own.item(item), immutable=True)

    def meant(self, item: str) -> str:
        """The id that an item has in the sandbox where it is now."""
        return identifiers.find_item(self.own, item).id

    def folder_told(self, folder: str) -> str:
        """The id of a folder in the letters of a URL."""
        return identifiers.rest(folder)

    def folder_meant(self, folder: str) -> str:
        """The id in the sandbox of a folder, by its id or role."""
        return folder if folder in self.own.by_name else identifiers.from_rest(folder)

    def lock_categories(self) -> None:
        """Let nobody else into the list of categories."""
        for verb in ("GET", "POST", "DELETE"):
            self.box.faults.add(f"{verb} masterCategories", "http_403", times=100)


def _bag(fields: Mapping[str, Value]) -> dict[str, str | list[str] | None]:
    return {_key(CONTACT.by_name[name].ews): _held(value) for name, value in fields.items()}


def _key(prop: EwsProperty) -> str:
    if isinstance(prop, Uri):
        return prop.uri
    if isinstance(prop, Indexed):
        return f"{prop.uri}:{prop.index}"
    if isinstance(prop, Tag):
        return mapi_tag(prop.tag, prop.type)
    assert isinstance(prop, Named), "a user writes into one address, and not into 'the mailing one'"
    return mapi_named(prop.set_id, prop.name or prop.id or 0, prop.type)


def _held(value: Value) -> str | list[str] | None:
    if isinstance(value, date):
        return f"{value.isoformat()}T11:59:00Z"
    return list(value) if isinstance(value, tuple) else None if value is None else str(value)


def default(desk: Desk) -> str:
    """The id of the default folder."""
    found = desk.mailbox.folder(CONTACT, "default", create=False)
    assert found is not None
    return found.id


def stamp(crm_id: str, key: str = "key-1") -> Stamp:
    """A stamp of this installation."""
    return Stamp("here", "contact", crm_id, key)


def creation(crm_id: str, fields: Mapping[str, Value]) -> Creation:
    """An item to create, stamped."""
    return Creation(fields, {}, stamp(crm_id))


def create(desk: Desk, crm_id: str, fields: Mapping[str, Value], kind: Kind = CONTACT) -> Written:
    """Create one item in the default folder."""
    (made,) = desk.mailbox.create(kind, default(desk), [creation(crm_id, fields)])
    assert isinstance(made, Written)
    return made


def create_all(
    desk: Desk, creations: Sequence[Creation], folder: str | None = None
) -> list[Written | Failure]:
    """Create any number of items, a batch at a time."""
    where, size = folder or default(desk), desk.mailbox.capabilities.write_batch
    made: list[Written | Failure] = []
    for start in range(0, len(creations), size):
        made += desk.mailbox.create(CONTACT, where, creations[start : start + size])
    return made


def update_all(desk: Desk, updates: Sequence[Update]) -> list[Written | Failure]:
    """Patch any number of items, a batch at a time."""
    size = desk.mailbox.capabilities.write_batch
    made: list[Written | Failure] = []
    for start in range(0, len(updates), size):
        made += desk.mailbox.update(CONTACT, updates[start : start + size])
    return made


def read(desk: Desk, item: str, kind: Kind = CONTACT) -> Item:
    """Read one item."""
    (found,) = desk.mailbox.read(kind, [item])
    assert isinstance(found, Item)
    return found


def everything(desk: Desk, folder: str | None = None) -> list[Head]:
    """The heads of a full listing."""
    heads: list[Head] = []
    cursor, last = None, False
    while not last:
        page = desk.mailbox.changes(CONTACT, folder or default(desk), cursor)
        heads += page.seen
        cursor, last = page.cursor, page.last
    return heads
