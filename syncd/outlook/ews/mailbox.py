"""A mailbox over EWS: the port, one request at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from syncd.model.fields import Named
from syncd.model.kinds import Kind
from syncd.outlook import stamp
from syncd.outlook.errors import Failure, MailboxError, Scope, Sort
from syncd.outlook.ews import answers, errors, requests
from syncd.outlook.ews.answers import Message
from syncd.outlook.ews.categories import Categories
from syncd.outlook.ews.extract import (
    HEAD_PATHS,
    PARENT,
    Extractor,
    extractor,
    full_paths,
    mailing_address,
    written,
)
from syncd.outlook.ews.folders import Folders, next_offset
from syncd.outlook.ews.paths import POSTAL, Layout, Slot, layout
from syncd.outlook.ews.requests import FolderId
from syncd.outlook.ews.session import Access, EwsServer, Session
from syncd.outlook.ews.xml import Element, M, T
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
from syncd.outlook.verdict import Effect, unanswered

BATCH = 100  # of writes: what one unanswered request leaves in doubt
READ_BATCH = 200

_CAPABILITIES = Capabilities(
    ids_survive_moves=False, searches_trash=True, write_batch=BATCH, read_batch=READ_BATCH
)


def open_ews(server: EwsServer, address: str) -> EwsMailbox:
    """The mailbox of this address. Nothing is sent yet; close it after use."""
    return EwsMailbox(server, address)


class EwsMailbox:
    """One mailbox on an Exchange server. Implements `Mailbox`."""

    def __init__(self, server: EwsServer, address: str) -> None:
        self._address = address
        self._session = Session(server, address)
        owner = address if server.access is Access.DELEGATE else None
        self._folders = Folders(self._session, owner)
        self._categories = Categories(self._session, self._folders.named("calendar"))

    @property
    def address(self) -> str:
        """The address that names the mailbox."""
        return self._address

    @property
    def server_time(self) -> datetime | None:
        """What the server's clock said with its latest answer."""
        return self._session.server_time

    @property
    def backend(self) -> Backend:
        """Exchange Web Services."""
        return Backend.EWS

    @property
    def capabilities(self) -> Capabilities:
        """Items can be found anywhere, and get a new id where they are moved."""
        return _CAPABILITIES

    @property
    def requests(self) -> int:
        """Requests sent so far. Signing in takes none of its own."""
        return self._session.requests

    @property
    def subrequests(self) -> int:
        """None: a request counts as one, however many items it names."""
        return 0

    def close(self) -> None:
        """Give back the connection."""
        self._session.close()

    def can_move(self, kind: Kind) -> bool:
        """Items of every kind can be moved; nothing is asked."""
        del kind
        return True

    def translate(self, ids: Sequence[str], written_by: Backend) -> Mapping[str, str]:
        """None: an id that Graph gave out cannot be read here, and is sought by its stamp."""
        return {id_: id_ for id_ in ids} if written_by is Backend.EWS else {}

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
        """Every folder of this kind's class, and Deleted Items with what is below it."""
        return self._folders.all(kind)

    def read_claim(self, kind: Kind, folder: str) -> str | None:
        """What a folder bears of who serves it; `None` where it bears nothing."""
        del kind
        return self._folders.read_claim(folder)

    def write_claim(self, kind: Kind, folder: str, claim: str | None) -> None:
        """Put it on a folder, or take it off. Never repeated."""
        self._folders.write_claim(kind, folder, claim)

    def changes(self, kind: Kind, folder: str, cursor: str | None) -> Page:
        """One page of SyncFolderItems, at most 512 changes."""
        place = layout(kind)
        paths = [*HEAD_PATHS, *(slot.property for slot in place.match)]
        payload = requests.sync_folder_items(folder, cursor, paths)
        found = self._session.call("SyncFolderItems", payload, Effect.NONE)
        message = answers.only(found, Effect.NONE, Scope.FOLDER)
        return _page(message, extractor(kind, place, _names(place.match)), cursor)

    def read(self, kind: Kind, ids: Sequence[str]) -> Sequence[Item | Failure]:
        """The items with these ids in full, in order; one request for each 200."""
        place = layout(kind)
        taker = extractor(kind, place, place.fields)
        paths = full_paths(place)
        items: list[Item | Failure] = []
        for some in _chunks(ids, READ_BATCH):
            payload = requests.get_item(some, paths)
            found = self._session.call("GetItem", payload, Effect.NONE)
            answers.expect(found, len(some), Effect.NONE)
            items += (_item(message, taker) for message in found)
        return items

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

        Ids find nothing: an item that went elsewhere has another one. A folder that cannot be
        searched raises: nothing may be concluded from half a search (P5).
        """
        del ids
        where = list(folders)
        heads: dict[str, Head] = {}
        for link in _chunks(list(links)):
            asked = set(link)
            for head in self._search(kind, where, stamp.LINK, link):
                if head.stamp is not None and head.stamp.link in asked:
                    heads[head.id] = head
        for key in _chunks(list(keys)):
            asked = set(key)
            for head in self._search(kind, where, stamp.KEY, key):
                if head.stamp is not None and head.stamp.key in asked:
                    heads[head.id] = head
        return list(heads.values())

    def create(
        self, kind: Kind, folder: str, creations: Sequence[Creation]
    ) -> Sequence[Written | Failure]:
        """Create a batch of items in one request. Raises ValueError for more than a batch."""
        _check_batch(creations)
        place = layout(kind)
        payload = requests.create_item(kind, place, folder, creations)
        return self._write("CreateItem", payload, len(creations), Scope.FOLDER)

    def update(self, kind: Kind, updates: Sequence[Update]) -> Sequence[Written | Failure]:
        """Patch a batch of items in one request. Raises ValueError for more than a batch.

        One request more looks which address is the mailing address, where that is to be written.
        """
        _check_batch(updates)
        place = layout(kind)
        refused, named = self._mailing(place, updates)
        sent = [update for update in updates if update.id not in refused]
        payload = requests.update_item(place, sent, named)
        results = self._write("UpdateItem", payload, len(sent), Scope.ITEM)
        return _merged([refused.get(update.id) for update in updates], results)

    def move(self, kind: Kind, moves: Sequence[Move], target: str) -> Sequence[Written | Failure]:
        """Move a batch to a folder: one request to compare versions, one to move."""
        del kind  # EWS moves every sort of item alike
        return self._move(moves, target)

    def trash(self, kind: Kind, moves: Sequence[Move]) -> Sequence[Written | Failure]:
        """Move a batch to Deleted Items, from where it can be moved back."""
        del kind
        return self._move(moves, self._folders.named("deleteditems"))

    def remove_folder(self, kind: Kind, folder: str) -> bool:
        """Put a folder into Deleted Items, if nothing is in it or below it."""
        del kind
        return self._folders.remove_empty(folder)

    def _move(self, moves: Sequence[Move], target: FolderId) -> list[Written | Failure]:
        # MoveItem takes no precondition, so the versions are compared just before. An edit between
        # the two requests moves along with its item: nothing is lost by it (P1).
        _check_batch(moves)
        if not moves:
            return []
        payload = requests.get_item([move.id for move in moves], ())
        found = self._session.call("GetItem", payload, Effect.NONE)
        answers.expect(found, len(moves), Effect.NONE)
        pairs = zip(found, moves, strict=True)
        refused = [_changed(message, move.version) for message, move in pairs]
        sent = [move for move, no in zip(moves, refused, strict=True) if no is None]
        payload = requests.move_item(sent, target)
        return _merged(refused, self._write("MoveItem", payload, len(sent), Scope.ITEM))

    def _mailing(
        self, place: Layout, updates: Sequence[Update]
    ) -> tuple[dict[str, Failure], dict[str, str | None]]:
        """Which updates cannot be aimed, and which address the items of others name as mailing.

        By id. It is read at the version that is updated, so that no other address is written to;
        nothing is sent where no patch touches the mailing address.
        """
        aimed = [each for each in updates if not place.mailing.isdisjoint(each.patch)]
        if not aimed:
            return {}, {}
        payload = requests.get_item([each.id for each in aimed], [POSTAL.property])
        found = self._session.call("GetItem", payload, Effect.NONE)
        answers.expect(found, len(aimed), Effect.NONE)
        refused: dict[str, Failure] = {}
        named: dict[str, str | None] = {}
        for message, update in zip(found, aimed, strict=True):
            no = _changed(message, update.version)
            if no is not None:
                refused[update.id] = no
            elif (items := message.payload(M + "Items")) is not None:
                named[update.id] = mailing_address(items[0])
        return refused, named

    def _write(
        self, operation: str, payload: Element, count: int, scope: Scope
    ) -> list[Written | Failure]:
        """Send one write, once. `scope` says what "not found" and "denied" are about."""
        if not count:
            return []
        found = self._session.call(operation, payload, Effect.WRITES)
        answers.expect(found, count, Effect.WRITES)
        results = [_written(message) for message in found]
        failed = [each for each in results if isinstance(each, Failure)]
        if len(failed) == count:
            about_folder = all(each.sort in (Sort.GONE, Sort.DENIED) for each in failed)
            # What all of several items are denied is a right that is missing, not bad items.
            denied = count > 1 and all(each.sort is Sort.DENIED for each in failed)
            if denied or (scope is Scope.FOLDER and about_folder):
                wide = Scope.FOLDER if scope is Scope.FOLDER else Scope.MAILBOX
                raise MailboxError(failed[0].sort, wide, failed[0].code, failed[0].message)
        return results

    def _search(
        self, kind: Kind, folders: Sequence[str], by: Named, values: Sequence[str]
    ) -> Iterator[Head]:
        place = layout(kind)
        taker = extractor(kind, place, _names(place.match))
        paths = [*HEAD_PATHS, PARENT, *(slot.property for slot in place.match)]
        pages: dict[int, list[str]] = {0: list(folders)} if folders else {}
        while pages:
            offset, asked = pages.popitem()
            payload = requests.find_item(asked, by, values, paths, offset)
            found = self._session.call("FindItem", payload, Effect.NONE)
            if len(found) != len(asked):
                answers.expect(found, len(asked), Effect.NONE)
            for message, folder in zip(found, asked, strict=True):
                answers.only([message], Effect.NONE, Scope.FOLDER)
                items = message.payload(M + "RootFolder", T + "Items")
                with answers.legible():
                    heads = [taker.head(item) for item in (items if items is not None else ())]
                    following = next_offset(message, offset)
                yield from heads
                if following is not None:
                    pages.setdefault(following, []).append(folder)


def _page(message: Message, taker: Extractor, cursor: str | None) -> Page:
    state = message.element.findtext(M + "SyncState")
    if not state:
        raise unanswered("garbage", "a listing came without a sync state", Effect.NONE)
    seen: list[Head] = []
    removed: list[str] = []
    changes = message.payload(M + "Changes")
    with answers.legible():
        for change in changes if changes is not None else ():
            if change.tag in (T + "Create", T + "Update"):
                seen.append(taker.head(change[0]))
            elif change.tag == T + "Delete":
                removed.append(change[0].get("Id", ""))
    ends = message.element.findtext(M + "IncludesLastItemInRange") in ("true", "1")
    if not ends and not seen and not removed and state == cursor:
        raise unanswered("garbage", "a listing does not go on", Effect.NONE)
    return Page(tuple(seen), tuple(removed), state, ends)


def _item(message: Message, taker: Extractor) -> Item | Failure:
    if not message.ok:
        return errors.failure(message.code, Effect.NONE)
    items = message.payload(M + "Items")
    if items is None or not len(items):
        # "Gone" has a code of its own: this is half an answer (P5).
        return Failure(Sort.TRANSIENT, "no-item", "the answer holds no item")
    try:
        return taker.full(items[0])
    except (ValueError, IndexError):  # one bad item stays one bad item (P10)
        return Failure(Sort.INVALID, "unreadable", "the item holds what cannot be read")


def _written(message: Message) -> Written | Failure:
    if not message.ok:
        return errors.failure(message.code, Effect.WRITES)
    items = message.payload(M + "Items")
    now = written(items[0] if items is not None and len(items) else None)
    if now is None:
        return Failure(Sort.IN_DOUBT, "no-id", "it was done, but the answer does not say as what")
    return Written(*now)


def _changed(message: Message, version: str) -> Failure | None:
    """Why an item may not be touched; `None` when it is there, at this version."""
    if not message.ok:
        return errors.failure(message.code, Effect.NONE)
    items = message.payload(M + "Items")
    now = written(items[0] if items is not None and len(items) else None)
    if now is None or now[1] != version:
        return errors.failure("ErrorIrresolvableConflict", Effect.NONE)
    return None


def _merged(
    refused: Sequence[Failure | None], results: Iterable[Written | Failure]
) -> list[Written | Failure]:
    """One result an item: its refusal, or the next of what the server answered."""
    answered = iter(results)
    return [next(answered) if no is None else no for no in refused]


def _check_batch(batch: Sequence[object]) -> None:
    if len(batch) > BATCH:
        raise ValueError(f"a batch is at most {BATCH} items, since it is one request")


def _chunks(values: Sequence[str], size: int = BATCH) -> Iterator[Sequence[str]]:
    return (values[start : start + size] for start in range(0, len(values), size))


def _names(slots: Iterable[Slot]) -> list[str]:
    return [slot.name for slot in slots]
