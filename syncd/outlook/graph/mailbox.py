"""A mailbox over Graph: the port, one request at a time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from syncd.model.kinds import Kind
from syncd.outlook.errors import Failure, MailboxError, Scope, Sort
from syncd.outlook.graph import errors, properties
from syncd.outlook.graph.batch import SIZE
from syncd.outlook.graph.categories import Categories
from syncd.outlook.graph.delta import Delta
from syncd.outlook.graph.extract import Extractor, compiled
from syncd.outlook.graph.find import Finder
from syncd.outlook.graph.folders import TRASH, Folders
from syncd.outlook.graph.reading import full, item_path
from syncd.outlook.graph.session import GraphServer, Json, Session, refused, values
from syncd.outlook.graph.writing import Writer
from syncd.outlook.port import (
    Backend,
    Capabilities,
    Creation,
    FolderRef,
    Head,
    Item,
    Move,
    Page,
    Update,
    Written,
)
from syncd.outlook.verdict import Effect

READ_BATCH = 10 * SIZE

_CAPABILITIES = Capabilities(
    ids_survive_moves=True,
    searches_trash=False,
    write_batch=SIZE,
    read_batch=READ_BATCH,
    write_weight=1_000_000,  # Graph takes requests of four megabytes
)
_TRANSLATED_AT_ONCE = 1000
# An id that could be one, and is none: immutable ids begin so, and none ends in nothing but zeros.
_NOBODY = "AAkALgAAAAAAHYQDEapmEc2byACqAC-EWg0AAAAAAAAAAAAAAAAAAAAAAAAA"


def open_graph(server: GraphServer, address: str) -> GraphMailbox:
    """The mailbox of this address. Nothing is sent yet; close it after use."""
    return GraphMailbox(server, address)


class GraphMailbox:
    """One mailbox in Exchange Online. Implements `Mailbox`."""

    def __init__(self, server: GraphServer, address: str) -> None:
        self._address = address
        self._session = Session(server, address)
        self._folders = Folders(self._session)
        self._categories = Categories(self._session)
        self._known: dict[str, Head] = {}  # as an answer showed them, of what we wrote or listed
        self._writer = Writer(self._session, self._folders, self._known)
        self._moves: bool | None = None

    @property
    def address(self) -> str:
        """The address that names the mailbox."""
        return self._address

    @property
    def backend(self) -> Backend:
        """Microsoft Graph."""
        return Backend.GRAPH

    @property
    def capabilities(self) -> Capabilities:
        """Items keep their ids wherever they go; Deleted Items cannot be looked into."""
        return _CAPABILITIES

    @property
    def requests(self) -> int:
        """Requests sent so far. Signing in takes none of them."""
        return self._session.requests

    @property
    def subrequests(self) -> int:
        """The parts of batches sent so far: each counts against the limits of Graph."""
        return self._session.subrequests

    @property
    def share(self) -> float:
        """How much of what may be asked of this mailbox in ten minutes is used: 0 to 1."""
        return self._session.gate.share

    @property
    def server_time(self) -> datetime | None:
        """What the server's clock said with its latest answer."""
        return self._session.server_time

    def close(self) -> None:
        """Give back the connection."""
        self._session.close()

    def can_move(self, kind: Kind) -> bool:
        """Whether a contact can be moved: tried with one that is not there, once."""
        del kind
        if self._moves is None:
            path = f"{item_path(self._session, _NOBODY)}/move"
            answer = self._session.post(path, {"destinationId": "contacts"}, Effect.NONE)
            if answer.status not in (400, 404, 405):
                raise refused(answer)
            verdict = errors.verdict(answer.status, answer.code)
            if verdict.scope is not Scope.ITEM:
                raise refused(answer)
            # What has no such action says 400 before it looks for the item.
            self._moves = answer.status == 404
        return self._moves

    def translate(self, ids: Sequence[str], written_by: Backend) -> Mapping[str, str]:
        """The immutable ids of items that EWS gave ids to, a thousand a request."""
        if written_by is Backend.GRAPH:
            return {id_: id_ for id_ in ids}
        found: dict[str, str] = {}
        for start in range(0, len(ids), _TRANSLATED_AT_ONCE):
            asked = {
                "inputIds": list(ids[start : start + _TRANSLATED_AT_ONCE]),
                "sourceIdType": "ewsId",
                "targetIdType": "restImmutableEntryId",
            }
            path = f"{self._session.user}/translateExchangeIds"
            answer = self._session.post(path, asked, Effect.NONE)
            if not answer.ok:
                raise refused(answer)
            for each in values(answer.body):
                source, target = each.get("sourceId"), each.get("targetId")
                if isinstance(source, str) and isinstance(target, str) and target:
                    found[source] = target
        return found

    def offer_category(self, name: str) -> bool:
        """Put a category into the master list. Whether it is in it now; False where denied."""
        return self._categories.offer(name)

    def refusal_of_categories(self) -> str | None:
        """The code by which the master list is closed to us; `None` where it can be read."""
        return self._categories.refusal()

    def withdraw_category(self, name: str) -> bool:
        """Take a category off the master list. Whether it was on it."""
        return self._categories.withdraw(name)

    def folder(self, kind: Kind, spec: str, *, create: bool) -> FolderRef | None:
        """The folder `default`, or `default/Name` below it. Raises ValueError on another spec."""
        return self._folders.find(kind, spec, create=create)

    def folders(self, kind: Kind) -> Sequence[FolderRef]:
        """Every contact folder, and Deleted Items, into which nobody can look."""
        del kind
        return self._folders.all()

    def read_claim(self, kind: Kind, folder: str) -> str | None:
        """What a folder bears of who serves it; `None` where it bears nothing."""
        del kind
        return self._folders.read_claim(folder)

    def write_claim(self, kind: Kind, folder: str, claim: str | None) -> None:
        """Put it on a folder, or take it off. Never repeated."""
        del kind
        self._folders.write_claim(folder, claim)

    def changes(self, kind: Kind, folder: str, cursor: str | None) -> Page:
        """One page of delta, at most 200 changes, and a look at each item that is not our own."""
        if folder == TRASH.id:
            raise MailboxError(Sort.INVALID, Scope.FOLDER, "not-listed", _CLOSED)
        form = compiled(kind)
        reader = Delta(self._session, form.head, form.place.head, self._known)
        return reader.page(folder, cursor)

    def read(self, kind: Kind, ids: Sequence[str]) -> Sequence[Item | Failure]:
        """The items with these ids in full, in order; one request for each 20."""
        form = compiled(kind)
        return [_item(each, form.full) for each in full(self._session, form.place.full, ids)]

    def find(
        self,
        kind: Kind,
        folders: Iterable[str],
        *,
        links: Iterable[str] = (),
        keys: Iterable[str] = (),
        ids: Iterable[str] = (),
    ) -> Sequence[Head]:
        """The items in these folders whose stamp has one of these links or keys, and these items.

        Deleted Items cannot be searched, and is left out; by its id an item is found there, too.
        A folder that cannot be searched raises: nothing may be concluded from half a search (P5).
        """
        form = compiled(kind)
        finder = Finder(self._session, form.head, form.place.head, self._folders)
        where = [each for each in folders if each != TRASH.id]
        heads: dict[str, Head] = {}
        link, key = list(dict.fromkeys(links)), list(dict.fromkeys(keys))
        for head in finder.by_stamp(where, properties.LINK, link):
            if head.stamp is not None and head.stamp.link in link:
                heads[head.id] = head
        for head in finder.by_stamp(where, properties.KEY, key):
            if head.stamp is not None and head.stamp.key in key:
                heads[head.id] = head
        for head in finder.by_id(list(dict.fromkeys(ids))):
            heads[head.id] = head
        return list(heads.values())

    def create(
        self, kind: Kind, folder: str, creations: Sequence[Creation]
    ) -> Sequence[Written | Failure]:
        """Create a batch of items in one request. Raises ValueError for more than a batch."""
        return self._writer.create(kind, folder, creations)

    def update(self, kind: Kind, updates: Sequence[Update]) -> Sequence[Written | Failure]:
        """Patch a batch of items: one request to compare versions, one to write."""
        return self._writer.update(kind, updates)

    def move(self, kind: Kind, moves: Sequence[Move], target: str) -> Sequence[Written | Failure]:
        """Move a batch to a folder: one request to compare versions, one to move.

        Raises NotImplementedError where that cannot be done.
        """
        if not self.can_move(kind):
            raise NotImplementedError("contacts cannot be moved in this tenant")
        return self._writer.move(moves, target)

    def trash(self, kind: Kind, moves: Sequence[Move]) -> Sequence[Written | Failure]:
        """Put a batch into Deleted Items: one request to compare versions, one to delete."""
        del kind
        return self._writer.trash(moves)

    def late_change(self, id_: str, version: str) -> Failure | None:
        """What Graph itself says to a change of a version that is over; `None`: it took it.

        An update compares versions before, and so never finds out. Never repeated.
        """
        return self._writer.late_change(id_, version)

    def remove_folder(self, kind: Kind, folder: str) -> bool:
        """Put a folder into Deleted Items, if nothing is in it or below it."""
        del kind
        return self._folders.remove_empty(folder)


_CLOSED = "Graph lets nobody look into Deleted Items"


def _item(found: Json | Failure, taker: Extractor) -> Item | Failure:
    if isinstance(found, Failure):
        return found
    try:
        return taker.full(found)
    except ValueError:  # one bad item stays one bad item (P10)
        return Failure(Sort.INVALID, "unreadable", "the item holds what cannot be read")
