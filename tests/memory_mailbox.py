"""The port to a mailbox in memory, and a desk for its contract tests."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import TypeVar, cast

from syncd.model.kinds import Kind
from syncd.outlook.errors import Failure, MailboxError, Scope, Sort
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
from tests.memory_server import BATCH, Effect, MemoryServer, Results, run

__all__ = ["Effect", "MemoryDesk", "MemoryMailbox", "MemoryServer", "run"]

T = TypeVar("T")


class MemoryMailbox:
    """The port to a server in memory. Implements `Mailbox`."""

    def __init__(self, server: MemoryServer, address: str = "alice@example.test") -> None:
        self._server = server
        self._address = address
        self._requests = 0

    @property
    def address(self) -> str:
        """The address that names the mailbox."""
        return self._address

    @property
    def server_time(self) -> datetime | None:
        """The server's clock when it last answered."""
        return self._server.clock() if self._requests else None

    @property
    def backend(self) -> Backend:
        """That of its server."""
        return self._server.backend

    @property
    def capabilities(self) -> Capabilities:
        """As those of EWS, or of Graph."""
        keeps, most = self._server.keeps_ids, self._server.at_once
        return Capabilities(
            ids_survive_moves=keeps, searches_trash=not keeps, write_batch=most, read_batch=BATCH
        )

    @property
    def requests(self) -> int:
        """Requests sent so far."""
        return self._requests

    @property
    def subrequests(self) -> int:
        """None."""
        return 0

    def close(self) -> None:
        """Nothing is open."""

    def can_move(self, kind: Kind) -> bool:
        """As with EWS, or with Graph."""
        del kind
        return self._server.backend is Backend.EWS

    def translate(self, ids: Sequence[str], written_by: Backend) -> Mapping[str, str]:
        """An item goes by one id, whoever asks."""
        del written_by
        return {id_: id_ for id_ in ids}

    def folder(self, kind: Kind, spec: str, *, create: bool) -> FolderRef | None:
        """The folder `default`, or `default/Name` below it."""
        del kind
        start, slash, name = spec.partition("/")
        if start != "default" or bool(slash) != bool(name):
            raise ValueError(f"{spec!r} is no folder: write default, or default/Name")

        def find() -> FolderRef | None:
            found = self._server.folder("contacts") if not name else self._server.below(name)
            if found is None and create:
                found = self._server.folder(self._server.add_folder(name))
            known = {each.id: each for each in self._server.folders()}
            return known[found.id] if found is not None else None

        return self._ask("folder", find)

    def folders(self, kind: Kind) -> Sequence[FolderRef]:
        """Every folder of the kind's class, and Deleted Items with what is below it."""
        del kind
        return self._ask("folders", self._server.folders)

    def read_claim(self, kind: Kind, folder: str) -> str | None:
        """What a folder bears of who serves it."""
        del kind
        return self._ask("read_claim", lambda: self._server.folder(folder).claim)

    def write_claim(self, kind: Kind, folder: str, claim: str | None) -> None:
        """Put it on a folder, or take it off."""
        del kind

        def put() -> None:
            self._server.folder(folder).claim = claim

        self._ask("write_claim", put)

    def changes(self, kind: Kind, folder: str, cursor: str | None) -> Page:
        """One page of what changed since the cursor."""
        del kind

        def page() -> Page:
            self._server.folder(folder)
            place = self._server.place(folder)
            where, _, number = (cursor or f"{place}@0").partition("@")
            if where != place or not number.isdigit():
                raise MailboxError(Sort.CURSOR_LOST, Scope.FOLDER, "NoCursor", "unknown cursor")
            return self._server.changes(folder, int(number))

        return self._ask("changes", page)

    def read(self, kind: Kind, ids: Sequence[str]) -> Sequence[Item | Failure]:
        """The items in full, a hundred a request."""
        items: list[Item | Failure] = []
        for start in range(0, len(ids), BATCH):
            items += self._ask("read", partial(self._items, kind, ids[start : start + BATCH]))
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
        """The items in these folders with one of these links or keys, and those of these ids."""
        del kind
        server, link, key = self._server, set(links), set(keys)
        where = [each for each in folders if server.may_list(each)]
        named = set(ids) if server.keeps_ids else set()

        def search() -> list[Head]:
            inside = [t for each in where for t in server.inside(server.folder(each).id)]
            stamped = [(t, t.stamp) for t in inside if t.stamp is not None]
            found = [t for t, s in stamped if s.link in link or s.key in key]
            also = [t for t in server.things.values() if t.id in named and t not in found]
            return [server.head(each, in_folder=True) for each in (*found, *also)]

        return self._ask("find", search) if named or (where and (link or key)) else []

    def create(
        self, kind: Kind, folder: str, creations: Sequence[Creation]
    ) -> Sequence[Written | Failure]:
        """Create a batch of items."""

        def create() -> Results:
            self._server.folder(folder)
            return [self._server.create(folder, each, kind) for each in creations]

        return self._write("create", creations, create)

    def update(self, kind: Kind, updates: Sequence[Update]) -> Sequence[Written | Failure]:
        """Patch a batch of items."""
        return self._write(
            "update", updates, lambda: [self._server.update(u, kind) for u in updates]
        )

    def move(self, kind: Kind, moves: Sequence[Move], target: str) -> Sequence[Written | Failure]:
        """Move a batch to a folder."""
        if not self.can_move(kind):
            raise NotImplementedError

        def move() -> Results:
            self._server.folder(target)
            return [self._server.shift(each, target) for each in moves]

        return self._write("move", moves, move)

    def trash(self, kind: Kind, moves: Sequence[Move]) -> Sequence[Written | Failure]:
        """Move a batch to Deleted Items."""
        del kind
        call = "trash" if self._server.keeps_ids else "move"
        return self._write(call, moves, lambda: [self._server.bin(each) for each in moves])

    def remove_folder(self, kind: Kind, folder: str) -> bool:
        """Put a folder into Deleted Items, if nothing is in it or below it."""
        del kind
        return self._ask("remove_folder", lambda: self._server.discard_folder(folder))

    def offer_category(self, name: str) -> bool:
        """Put a category into the list, if its server lets us."""

        def offer() -> bool:
            held = self._server.categories
            if held is None:
                return False
            if name.casefold() not in [each.casefold() for each in held]:
                held.append(name)
            return True

        return self._ask("offer_category", offer)

    def withdraw_category(self, name: str) -> bool:
        """Take a category off the list."""

        def withdraw() -> bool:
            held = self._server.categories or []
            same = [each for each in held if each.casefold() == name.casefold()]
            for each in same:
                held.remove(each)
            return bool(same)

        return self._ask("withdraw_category", withdraw)

    def _items(self, kind: Kind, ids: Sequence[str]) -> list[Item | Failure]:
        return [self._server.item(each, kind) for each in ids]

    def _write(self, call: str, batch: Sequence[object], effect: Callable[[], Results]) -> Results:
        if len(batch) > self._server.at_once:
            raise ValueError(f"a batch is at most {self._server.at_once} items")
        return self._ask(call, effect) if batch else []

    def _ask(self, call: str, effect: Callable[[], T]) -> T:
        self._requests += 1
        return cast("T", self._server.answer(call, effect))


class MemoryDesk(MemoryServer):
    """A mailbox in memory with its port: what the contract tests take."""

    def __init__(self, kind: Kind, backend: Backend = Backend.EWS) -> None:
        super().__init__(kind, backend=backend)
        self._port = MemoryMailbox(self)

    @property
    def mailbox(self) -> MemoryMailbox:
        """The mailbox, through the port."""
        return self._port

    def set_categories(self, *names: str) -> None:
        """Make the list of categories that Outlook offers."""
        self.categories = list(names)

    def offered(self) -> list[str]:
        """Read the list of categories that Outlook offers."""
        return list(self.categories or ())

    def lock_categories(self) -> None:
        """Let nobody else into the list of categories."""
        self.categories = None
