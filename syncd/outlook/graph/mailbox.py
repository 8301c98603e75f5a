"""A mailbox over Graph: the port, one request at a time.

What is written goes by what was read just before: one batch reads the items and compares their
versions, the next one writes, each part with If-Match. So it holds where a tenant does not heed
If-Match on a PATCH, which is documented for DELETE only.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from syncd.model.kinds import Kind
from syncd.outlook.errors import Failure, MailboxError, Scope, Sort
from syncd.outlook.graph import batch, errors, properties
from syncd.outlook.graph.batch import SIZE, Part
from syncd.outlook.graph.categories import Categories
from syncd.outlook.graph.compose import Composed, answered, changed, new_item
from syncd.outlook.graph.delta import Delta, item_path
from syncd.outlook.graph.extract import Extractor, extractor
from syncd.outlook.graph.find import Finder
from syncd.outlook.graph.folders import TRASH, Folders
from syncd.outlook.graph.layout import Layout, layout
from syncd.outlook.graph.reading import Found, full, identities
from syncd.outlook.graph.session import Answer, GraphServer, Json, Session, refused, values
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
    ids_survive_moves=True, searches_trash=False, write_batch=SIZE, read_batch=READ_BATCH
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
        self._moves: bool | None = None
        self._own: dict[str, Head] = {}  # what this mailbox object wrote, as it answered

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

    def changes(self, kind: Kind, folder: str, cursor: str | None) -> Page:
        """One page of delta, at most 200 changes, and a look at each item that is not our own."""
        if folder == TRASH.id:
            raise MailboxError(Sort.INVALID, Scope.FOLDER, "not-listed", _CLOSED)
        reader = Delta(self._session, extractor(kind, full=False), layout(kind).head, self._own)
        return reader.page(folder, cursor)

    def read(self, kind: Kind, ids: Sequence[str]) -> Sequence[Item | Failure]:
        """The items with these ids in full, in order; one request for each 20."""
        taker = extractor(kind, full=True)
        return [_item(each, taker) for each in full(self._session, layout(kind).full, ids)]

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
        taker = extractor(kind, full=False)
        finder = Finder(self._session, taker, layout(kind).head, self._folders.place)
        where = [each for each in folders if each != TRASH.id]
        heads: dict[str, Head] = {}
        link, key = list(dict.fromkeys(links)), list(dict.fromkeys(keys))
        for head in finder.by_stamp(where, properties.LINK, link):
            if head.stamp is not None and head.stamp.link in link:
                heads[head.id] = head
        for head in finder.by_stamp(where, properties.KEY, key):
            if head.stamp is not None and head.stamp.key in key:
                heads[head.id] = head
        for head, place in finder.by_id(list(dict.fromkeys(ids))):
            heads[head.id] = replace(head, folder=place)
        return list(heads.values())

    def create(
        self, kind: Kind, folder: str, creations: Sequence[Creation]
    ) -> Sequence[Written | Failure]:
        """Create a batch of items in one request. Raises ValueError for more than a batch."""
        _check_batch(creations)
        place, taker = layout(kind), extractor(kind, full=True)
        made = [new_item(place, each) for each in creations]
        path = f"{self._folders.path(folder)}/contacts"
        answers = batch.send(
            self._session, [Part("POST", path, each.body) for each in made], Effect.WRITES
        )
        results = [
            self._written(taker, one, answer, before="")
            for one, answer in zip(made, answers, strict=True)
        ]
        _raise_for_all(results, (Sort.GONE, Sort.DENIED), Scope.FOLDER)
        return results

    def update(self, kind: Kind, updates: Sequence[Update]) -> Sequence[Written | Failure]:
        """Patch a batch of items: one request to compare versions, one to write."""
        _check_batch(updates)
        place, taker = layout(kind), extractor(kind, full=True)
        found = full(self._session, place.full, [each.id for each in updates])
        made: list[Composed | Failure] = []
        parts: list[Part] = []
        for update, item in zip(updates, found, strict=True):
            one = _composed(place, update, item)
            made.append(one)
            if isinstance(one, Composed):
                path = item_path(self._session, update.id)
                parts.append(Part("PATCH", path, one.body, if_match=_etag(update.version)))
        answers = iter(batch.send(self._session, parts, Effect.WRITES))
        return [
            one
            if isinstance(one, Failure)
            else self._written(taker, one, next(answers), before=update.version)
            for one, update in zip(made, updates, strict=True)
        ]

    def move(self, kind: Kind, moves: Sequence[Move], target: str) -> Sequence[Written | Failure]:
        """Move a batch to a folder: one request to compare versions, one to move.

        Raises NotImplementedError where that cannot be done.
        """
        if not self.can_move(kind):
            raise NotImplementedError("contacts cannot be moved in this tenant")

        seen = self._compared(moves)
        parts = [
            Part(
                "POST",
                f"{item_path(self._session, each.id)}/move",
                {"destinationId": target},
                if_match=_etag(each.version),
            )
            for each in seen
            if isinstance(each, Found)
        ]
        answers = batch.send(self._session, parts, Effect.WRITES)
        results = [_moved(each) for each in answers]
        # The items were there a moment ago: what is gone is the folder.
        _raise_for_all(results, (Sort.GONE,), Scope.FOLDER)
        return _merged(seen, results)

    def trash(self, kind: Kind, moves: Sequence[Move]) -> Sequence[Written | Failure]:
        """Put a batch into Deleted Items: one request to compare versions, one to delete.

        One that lies there already stays: deleted once more, it would be gone for good (P1).
        """
        del kind
        seen = [
            Written(each.id, each.version)
            if isinstance(each, Found) and self._folders.is_trash(each.folder)
            else each
            for each in self._compared(moves)
        ]
        parts = [
            Part("DELETE", item_path(self._session, each.id), if_match=_etag(each.version))
            for each in seen
            if isinstance(each, Found)
        ]
        answers = batch.send(self._session, parts, Effect.WRITES)
        sent = [each for each in seen if isinstance(each, Found)]
        results = [_deleted(*pair) for pair in zip(sent, answers, strict=True)]
        return _merged(seen, results)

    def remove_folder(self, kind: Kind, folder: str) -> bool:
        """Put a folder into Deleted Items, if nothing is in it or below it."""
        del kind
        return self._folders.remove_empty(folder)

    def _compared(self, moves: Sequence[Move]) -> list[Found | Failure]:
        """The items as they are, where they are still at the version that was seen."""
        _check_batch(moves)
        found = identities(self._session, [each.id for each in moves])
        return [
            _CHANGED if isinstance(each, Found) and each.version != move.version else each
            for each, move in zip(found, moves, strict=True)
        ]

    def _written(
        self, taker: Extractor, made: Composed, answer: Answer, before: str
    ) -> Written | Failure:
        """What became of a write; `before` is the version that it was to change."""
        if not answer.ok:
            return errors.failure(answer.status, answer.code, Effect.WRITES)
        try:
            item = taker.full(answer.body, answered(made, answer.body))
        except ValueError:
            return _NAMELESS
        if item.head.version == before:
            return Failure(Sort.IN_DOUBT, "same-version", "Graph took it, and has no new version")
        self._own[item.head.id] = item.head
        return Written(item.head.id, item.head.version, item if made.shown else None)


_NAMELESS = Failure(Sort.IN_DOUBT, "no-id", "it was done, but the answer does not say as what")
_CLOSED = "Graph lets nobody look into Deleted Items"
_CHANGED = errors.failure(412, "ErrorIrresolvableConflict", Effect.NONE)


def _composed(place: Layout, update: Update, item: Json | Failure) -> Composed | Failure:
    """The body of an update, or why there is none."""
    if isinstance(item, Failure):
        return item
    if item.get("changeKey") != update.version:
        return _CHANGED
    try:
        return changed(place, update, item)
    except ValueError:
        return Failure(Sort.INVALID, "unreadable", "the item holds what cannot be read")


def _item(found: Json | Failure, taker: Extractor) -> Item | Failure:
    if isinstance(found, Failure):
        return found
    try:
        return taker.full(found)
    except ValueError:  # one bad item stays one bad item (P10)
        return Failure(Sort.INVALID, "unreadable", "the item holds what cannot be read")


def _moved(answer: Answer) -> Written | Failure:
    if not answer.ok:
        return errors.failure(answer.status, answer.code, Effect.WRITES)
    id_, version = answer.body.get("id"), answer.body.get("changeKey")
    if isinstance(id_, str) and isinstance(version, str):
        return Written(id_, version)
    return _NAMELESS


def _deleted(item: Found, answer: Answer) -> Written | Failure:
    if not answer.ok:
        return errors.failure(answer.status, answer.code, Effect.WRITES)
    return Written(item.id, "")  # which version it has in Deleted Items, no answer says


def _merged(
    seen: Sequence[Found | Written | Failure], results: Iterable[Written | Failure]
) -> list[Written | Failure]:
    """One result an item: what was known of it before, or the next of what the server answered."""
    rest = iter(results)
    return [next(rest) if isinstance(each, Found) else each for each in seen]


def _raise_for_all(
    results: Sequence[Written | Failure], sorts: Sequence[Sort], scope: Scope
) -> None:
    """Raise MailboxError where all failed for a reason that is not their own."""
    failed = [each for each in results if isinstance(each, Failure) and each.sort in sorts]
    if failed and len(failed) == len(results):
        raise MailboxError(failed[0].sort, scope, failed[0].code, failed[0].message)


def _check_batch(items: Sequence[object]) -> None:
    if len(items) > SIZE:
        raise ValueError(f"a batch is at most {SIZE} items, since it is one request")


def _etag(version: str) -> str:
    return f'W/"{version}"'
