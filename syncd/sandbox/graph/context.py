"""What an operation on a mailbox knows: the mailbox, the request, and the switches."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from syncd.sandbox.faults import Kinds
from syncd.sandbox.folders import Folder
from syncd.sandbox.graph import identifiers
from syncd.sandbox.graph.asked import Asked
from syncd.sandbox.graph.errors import GraphError
from syncd.sandbox.mailbox import Item, Mailbox
from syncd.sandbox.organisation import Organisation

DEFAULT = "contacts"
_CONTACT = "ipm.contact"


@dataclass(frozen=True, slots=True)
class Switches:
    """In what tenants may differ.

    `moves`: contacts can be moved, which is documented nowhere. `if_match`: PATCH heeds If-Match,
    which is documented for DELETE only. `replays`: what changed comes twice now and then, and a
    round may end with an empty page, both of which the documentation allows.
    """

    moves: bool = False
    if_match: bool = True
    replays: bool = False


@dataclass(frozen=True, slots=True)
class Context:
    """One request to one mailbox. `given` are the ids in its path, by their names in the route."""

    organisation: Organisation
    mailbox: Mailbox
    user: str
    asked: Asked
    given: dict[str, str] = field(default_factory=dict)
    switches: Switches = field(default_factory=Switches)
    kinds: Kinds = field(default_factory=dict)

    def folder(self) -> Folder:
        """Return the contact folder in the path, the default one where there is none.

        Raises:
            GraphError: no id, or no contact folder.

        """
        wanted = self.given.get("folder", DEFAULT)
        if wanted == DEFAULT:
            return self.mailbox.folder(DEFAULT)
        identifiers.check(wanted)
        found = self.mailbox.folders.get(identifiers.from_rest(wanted))
        if found is None or not is_for_contacts(found):
            raise GraphError("ErrorItemNotFound")
        return found

    def contact(self) -> Item:
        """Return the contact in the path.

        Raises:
            GraphError: no id, no contact, or one of another folder than the path's.

        """
        item = identifiers.find_item(self.mailbox, self.given["contact"])
        elsewhere = "folder" in self.given and self.folder().id != item.folder_id
        if elsewhere or not is_contact(item):
            raise GraphError("ErrorItemNotFound")
        return item

    def contacts(self, folder: Folder) -> Iterator[Item]:
        """Return the contacts in a folder; distribution lists are nothing to Graph."""
        return filter(is_contact, self.mailbox.items(folder))

    def id_of(self, item: Item) -> str:
        """Return the id of an item in the form asked for."""
        return identifiers.of_item(self.mailbox, item, immutable=self.asked.immutable)

    def metadata(self, path: str) -> str:
        """Return an `@odata.context`."""
        return f"{self.asked.call.base}/v1.0/$metadata#users('{self.user}')/{path}"


def is_for_contacts(folder: Folder) -> bool:
    """Tell whether a folder is one of contacts."""
    return folder.folder_class.split(".")[:2] == ["IPF", "Contact"]


def is_contact(item: Item) -> bool:
    """Tell whether an item is a contact, or of a class made from it."""
    name = item.item_class.casefold()
    return name == _CONTACT or name.startswith(f"{_CONTACT}.")


def heed_etag(context: Context, item: Item) -> None:
    """Refuse a request that was meant for another version.

    Raises:
        GraphError: it was.

    """
    wanted = context.asked.call.headers.get("if-match", "").strip()
    if not wanted or wanted == "*":
        return
    if wanted.removeprefix("W/").strip('"') != item.change_key:
        raise GraphError("ErrorIrresolvableConflict")
