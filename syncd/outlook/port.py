"""The port: what syncd asks of a mailbox, whatever protocol it speaks.

Every backend implements `Mailbox` and passes the contract tests. Calls block, raise `MailboxError`
for what concerns more than one item, and answer a batch with one result an item, in order.

No call that writes is ever repeated below this port: an unanswered write is `IN_DOUBT`, and the
journal settles it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from syncd.model.kinds import Kind
from syncd.model.record import Record
from syncd.model.values import Value
from syncd.outlook.errors import Failure


class Backend(StrEnum):
    """The protocol that a mailbox is reached by."""

    EWS = "ews"
    GRAPH = "graph"


class Sensitivity(StrEnum):
    """How its user marked an item. Anything but `NORMAL` stays in the mailbox (P7)."""

    NORMAL = "normal"
    PERSONAL = "personal"
    PRIVATE = "private"
    CONFIDENTIAL = "confidential"


_LONGEST = 200  # characters of either part of a stamp; ours have some hundred


@dataclass(frozen=True, slots=True)
class Stamp:
    """The identity an item carries in named properties, set in the create call itself.

    `key` is the operation key of the last write; the rest says whose item it is.
    """

    installation: str
    kind: str
    crm_id: str
    key: str

    @property
    def link(self) -> str:
        """The part that does not change from write to write."""
        return f"{self.installation}/{self.kind}/{self.crm_id}"

    @classmethod
    def parse(cls, link: str | None, key: str | None) -> Stamp | None:
        """The stamp that an item's two named properties hold; `None` when they hold no stamp."""
        match _sought(link).split("/"):
            case [installation, kind, crm_id] if installation and kind and crm_id:
                return cls(installation, kind, crm_id, _sought(key))
        return None


def _sought(text: str | None) -> str:
    """A part of a stamp as the store can look it up; empty where somebody wrote something else."""
    return text if text and len(text) <= _LONGEST and text.isprintable() else ""


@dataclass(frozen=True, slots=True)
class FolderRef:
    """A folder as found: `path` is for people, `total` counts the items in it, not below it.

    Where a backend does not let Deleted Items be looked into, its `total` is 0.
    """

    id: str
    path: str
    total: int
    in_trash: bool = False


@dataclass(frozen=True, slots=True)
class Head:
    """What a listing says of one item: enough to decide whether to read on.

    `match` holds the values of the kind's match fields, and only for an item that is not
    private: they live in memory and are never stored (P14). `folder` is `None` when the
    listing was of one folder. `version` is the change key, which EWS and Graph have in common.
    """

    id: str
    version: str
    modified: datetime
    item_class: str
    sensitivity: Sensitivity
    categories: tuple[str, ...]
    stamp: Stamp | None
    match: Mapping[str, Value]
    folder: str | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """One item read in full: its head and every mapped field.

    `guarded` are fields that hold more than the record can say, such as formatted notes, and so are
    never to be overwritten. One that the record cannot say at all is not in it: not observed.
    """

    head: Head
    record: Record
    guarded: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Page:
    """One answer of a listing. `cursor` continues after it; `last` says it was the end.

    `unread` are items that changed and that the server cannot show, each with what it says of it.
    Nothing is known of such an item: not whether it is private, and not that it is gone.
    """

    seen: tuple[Head, ...]
    removed: tuple[str, ...]
    cursor: str
    last: bool
    unread: Mapping[str, Failure] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Creation:
    """One item to create. `initial` holds what is set once, by names of the kind's `initial`."""

    fields: Mapping[str, Value]
    initial: Mapping[str, str]
    stamp: Stamp


@dataclass(frozen=True, slots=True)
class Update:
    """A patch of one item: only fields that change; `None` clears. Refused at another version.

    `stamp`, where given, is written in the same request; `clear_stamp` takes away the one it has.
    Raises ValueError when it is to do both, or nothing.
    """

    id: str
    version: str
    patch: Mapping[str, Value]
    stamp: Stamp | None
    clear_stamp: bool = False

    def __post_init__(self) -> None:
        if not self.patch and self.stamp is None and not self.clear_stamp:
            raise ValueError("an update that changes nothing")
        if self.stamp is not None and self.clear_stamp:
            raise ValueError("a stamp is written or taken away, not both")


@dataclass(frozen=True, slots=True)
class Move:
    """One item to move. Refused when it is no longer at `version`."""

    id: str
    version: str


@dataclass(frozen=True, slots=True)
class Written:
    """What a write answered: the item's id and version now. A move gives a new id on EWS.

    `item` is the item at that version, where the answer shows all that was written; then there is
    nothing to read back. A delete that names no version has an empty one.
    """

    id: str
    version: str
    item: Item | None = None


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a backend can do, declared and never papered over.

    `ids_survive_moves`: an item keeps its id wherever it goes, even into Deleted Items.
    `searches_trash`: what is in Deleted Items can be found there.
    """

    ids_survive_moves: bool
    searches_trash: bool
    write_batch: int
    read_batch: int
    write_weight: int = 4_000_000  # characters of values in one batch: servers bound a request


class Mailbox(Protocol):
    """One user's mailbox. Not shared between threads; close it after the run."""

    @property
    def address(self) -> str:
        """The address that names the mailbox."""

    @property
    def backend(self) -> Backend:
        """The protocol that it is reached by: whose ids its items go by."""

    @property
    def capabilities(self) -> Capabilities:
        """What this backend can do here."""

    @property
    def requests(self) -> int:
        """Requests sent so far; handshakes of the sign-in are not counted."""

    @property
    def subrequests(self) -> int:
        """What the requests so far were made of, where one holds several that count singly."""

    @property
    def server_time(self) -> datetime | None:
        """What the server's clock said with its latest answer; `None` while it said nothing."""

    def can_move(self, kind: Kind) -> bool:
        """Whether items of this kind can be put into another folder here. Asks the server.

        It changes nothing. Where it is false, `move` is not to be called; `trash` is.
        """

    def translate(self, ids: Sequence[str], written_by: Backend) -> Mapping[str, str]:
        """What ids that another backend gave to items of this mailbox are called here.

        One that cannot be translated, or that this backend cannot read, is not in the answer.
        """

    def folder(self, kind: Kind, spec: str, *, create: bool) -> FolderRef | None:
        """The folder `default`, or `default/Name` below it, by name whatever its language.

        `None` when it is not there and `create` is false.
        """

    def folders(self, kind: Kind) -> Sequence[FolderRef]:
        """Every folder of this kind's class in the mailbox, and Deleted Items with all below."""

    def read_claim(self, kind: Kind, folder: str) -> str | None:
        """What a folder bears of who serves it; `None` where it bears nothing. One request."""

    def write_claim(self, kind: Kind, folder: str, claim: str | None) -> None:
        """Put it on a folder, or take it off. One request, never repeated.

        Raises MailboxError, `IN_DOUBT` where it may have been done.
        """

    def changes(self, kind: Kind, folder: str, cursor: str | None) -> Page:
        """One page of what changed in a folder since `cursor`, all of it when that is `None`."""

    def read(self, kind: Kind, ids: Sequence[str]) -> Sequence[Item | Failure]:
        """The items with these ids in full, in order."""

    def find(
        self,
        kind: Kind,
        folders: Iterable[str],
        *,
        links: Iterable[str] = (),
        keys: Iterable[str] = (),
        ids: Iterable[str] = (),
    ) -> Sequence[Head]:
        """The items in these folders whose stamp has one of these links or operation keys.

        And those of `ids` wherever they are, where ids survive moves; elsewhere they find nothing.
        Each says in `folder` where it is: one of `folders()`.
        """

    def create(
        self, kind: Kind, folder: str, creations: Sequence[Creation]
    ) -> Sequence[Written | Failure]:
        """Create a batch of items, in order. Never repeated."""

    def update(self, kind: Kind, updates: Sequence[Update]) -> Sequence[Written | Failure]:
        """Patch a batch of items, each at its version. Never repeated."""

    def move(self, kind: Kind, moves: Sequence[Move], target: str) -> Sequence[Written | Failure]:
        """Move a batch to the folder `target`, each only while at its version. Never repeated.

        Raises NotImplementedError where `can_move` is false.
        """

    def trash(self, kind: Kind, moves: Sequence[Move]) -> Sequence[Written | Failure]:
        """Move a batch to Deleted Items, each only while at its version. Never repeated."""

    def offer_category(self, name: str) -> bool:
        """Put a category into the list that Outlook offers its user. Whether it is in it now.

        False: this mailbox, or its server, does not let us. Any other category stays as it is
        (P11, P14). Repeating it changes nothing.
        """

    def withdraw_category(self, name: str) -> bool:
        """Take a category off that list. Whether it was on it, as far as we are let see.

        Raises MailboxError with `DENIED` when it is there and we may not take it off.
        """

    def remove_folder(self, kind: Kind, folder: str) -> bool:
        """Put a folder into Deleted Items, if nothing is in it or below it. Never repeated.

        Whether it is gone from its place; one that is not there counts as gone.
        """

    def close(self) -> None:
        """Give back the connection."""
