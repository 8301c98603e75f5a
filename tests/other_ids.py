"""A second protocol to a mailbox in memory: the same items, under ids of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from syncd.model.kinds import Kind
from syncd.outlook.errors import Failure, MailboxError, Scope, Sort
from syncd.outlook.port import (
    Backend,
    Creation,
    FolderRef,
    Head,
    Item,
    Move,
    Page,
    Update,
    Written,
)
from tests.memory_mailbox import MemoryMailbox
from tests.memory_server import MemoryServer

MARK = "immutable-"  # before the id that the other protocol has

Translates = Callable[[str], bool]


class OtherIds(MemoryMailbox):
    """The port to a server in memory, as Graph: whatever has an id has another one.

    `translates`: whether an id of the other protocol is translated.
    """

    def __init__(
        self, server: MemoryServer, address: str, translates: Translates = lambda _: True
    ) -> None:
        super().__init__(server, address)
        self._translates = translates

    @property
    def backend(self) -> Backend:
        """As Graph."""
        return Backend.GRAPH

    def translate(self, ids: Sequence[str], written_by: Backend) -> Mapping[str, str]:
        """Ids of items that are there; nothing says what once was one."""
        if written_by is Backend.GRAPH:
            return {each: each for each in ids}

        def answer() -> dict[str, str]:
            folders = {each.id for each in self._server.folders()}
            there = (each for each in ids if each in self._server.things or each in folders)
            return {each: here(each) for each in there if self._translates(each)}

        return self._ask("translate", answer)

    def folder(self, kind: Kind, spec: str, *, create: bool) -> FolderRef | None:
        """The folder under its id here."""
        found = super().folder(kind, spec, create=create)
        return _folder(found) if found is not None else None

    def folders(self, kind: Kind) -> Sequence[FolderRef]:
        """The folders under their ids here."""
        return [_folder(each) for each in super().folders(kind)]

    def read_claim(self, kind: Kind, folder: str) -> str | None:
        """What a folder bears of who serves it."""
        return super().read_claim(kind, there(folder))

    def write_claim(self, kind: Kind, folder: str, claim: str | None) -> None:
        """Put it on a folder, or take it off."""
        super().write_claim(kind, there(folder), claim)

    def changes(self, kind: Kind, folder: str, cursor: str | None) -> Page:
        """One page; a cursor of the other protocol is none."""
        if cursor is not None and not cursor.startswith(MARK):
            raise MailboxError(Sort.CURSOR_LOST, Scope.FOLDER, "NoCursor", "unknown cursor")
        page = super().changes(kind, there(folder), there(cursor) if cursor else None)
        return replace(
            page,
            seen=tuple(_head(each) for each in page.seen),
            removed=tuple(here(each) for each in page.removed),
            cursor=here(page.cursor),
        )

    def read(self, kind: Kind, ids: Sequence[str]) -> Sequence[Item | Failure]:
        """The items under their ids here."""
        found = super().read(kind, [there(each) for each in ids])
        return [replace(e, head=_head(e.head)) if isinstance(e, Item) else e for e in found]

    def find(
        self,
        kind: Kind,
        folders: Iterable[str],
        *,
        links: Iterable[str] = (),
        keys: Iterable[str] = (),
        ids: Iterable[str] = (),
    ) -> Sequence[Head]:
        """The items under their ids here."""
        inside = [there(each) for each in folders]
        meant = [there(each) for each in ids]
        found = super().find(kind, inside, links=links, keys=keys, ids=meant)
        return [_head(each) for each in found]

    def create(
        self, kind: Kind, folder: str, creations: Sequence[Creation]
    ) -> Sequence[Written | Failure]:
        """Create a batch."""
        return _written(super().create(kind, there(folder), creations))

    def update(self, kind: Kind, updates: Sequence[Update]) -> Sequence[Written | Failure]:
        """Patch a batch."""
        meant = [replace(each, id=there(each.id)) for each in updates]
        return _written(super().update(kind, meant))

    def trash(self, kind: Kind, moves: Sequence[Move]) -> Sequence[Written | Failure]:
        """Move a batch to Deleted Items."""
        return _written(super().trash(kind, [replace(e, id=there(e.id)) for e in moves]))

    def move(self, kind: Kind, moves: Sequence[Move], target: str) -> Sequence[Written | Failure]:
        """Move a batch."""
        meant = [replace(each, id=there(each.id)) for each in moves]
        return _written(super().move(kind, meant, there(target)))

    def remove_folder(self, kind: Kind, folder: str) -> bool:
        """Put an empty folder into Deleted Items."""
        return super().remove_folder(kind, there(folder))


class OwnIds(MemoryMailbox):
    """The port to a server in memory, as EWS: what Graph calls an item says nothing to it."""

    @property
    def backend(self) -> Backend:
        """As EWS."""
        return Backend.EWS

    def translate(self, ids: Sequence[str], written_by: Backend) -> Mapping[str, str]:
        """Its own ids alone."""
        return {each: each for each in ids} if written_by is Backend.EWS else {}


def here(id_: str) -> str:
    """What something is called here."""
    return MARK + id_


def there(id_: str) -> str:
    """What the other protocol calls it; of an id that is none of ours, nothing that exists."""
    return id_.removeprefix(MARK) if id_.startswith(MARK) else f"malformed-{id_}"


def _folder(found: FolderRef) -> FolderRef:
    return replace(found, id=here(found.id))


def _head(found: Head) -> Head:
    return replace(found, id=here(found.id), folder=here(found.folder) if found.folder else None)


def _written(results: Sequence[Written | Failure]) -> list[Written | Failure]:
    return [
        replace(e, id=here(e.id), item=_item(e.item)) if isinstance(e, Written) else e
        for e in results
    ]


def _item(found: Item | None) -> Item | None:
    return None if found is None else replace(found, head=_head(found.head))
