"""A mailbox in memory that is as awkward as the real one.

This is the server, with the hand of its user in it; `memory_mailbox.py` is the port to it.
Ids change when an item is moved, copies keep their stamps, an item has one last-modified time for
all of its fields, listings come in pages, and a write may complete after its client gave up.
One that is like Graph (`backend`) keeps an item's id wherever it goes, moves nothing for a program,
answers some writes with the item, and lets nobody look into Deleted Items but by an item's id.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from syncd.model.kinds import Kind
from syncd.model.record import Record
from syncd.model.values import Value, is_empty
from syncd.outlook.errors import Failure, MailboxError, Scope, Sort
from syncd.outlook.port import (
    Backend,
    Creation,
    FolderRef,
    Head,
    Item,
    Move,
    Page,
    Sensitivity,
    Stamp,
    Update,
    Written,
)
from tests.memory_postal import named_by, places

PAGE = 512
BATCH = 100
TRASH = "deleteditems"

Results = list[Written | Failure]
Effect = Callable[[], object]
Meddle = Callable[[str, Effect], object]


# Where it may not be looked into it has no name that could be known.
_TRASH_NAMES = {Backend.EWS: "Gelöschte Elemente", Backend.GRAPH: "Deleted Items"}


@dataclass(frozen=True)
class Thing:
    """One version of an item."""

    id: str
    version: str
    folder: str
    item_class: str
    sensitivity: Sensitivity
    fields: Mapping[str, Value]
    modified: datetime
    stamp: Stamp | None = None
    initial: Mapping[str, str] = field(default_factory=dict)
    jotted: str | None = None
    guarded: frozenset[str] = frozenset()
    mailing: str = ""

    def __deepcopy__(self, memo: object) -> Thing:
        """A value: a twin of its server shares it."""
        return self


@dataclass
class Folder:
    """A folder and the log of what happened in it: (change number, item)."""

    id: str
    name: str
    folder_class: str
    parent: str | None
    claim: str | None = None
    log: list[tuple[int, str]] = field(default_factory=list)


def run(call: str, effect: Effect) -> object:
    """What a server without faults does."""
    del call
    return effect()


class MemoryServer:
    """The mailbox itself, and what its user does in it. Fields go by their names in the map.

    `meddle` stands between a request and its effect: faults are put there. What it leaves in
    `late` is done when `commit_late` is called.
    """

    def __init__(
        self,
        kind: Kind,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        backend: Backend = Backend.EWS,
    ) -> None:
        self.kind = kind
        self.clock = clock
        self.backend = backend
        self.meddle: Meddle = run
        self.late: list[Effect] = []
        self.belated: set[str] = set()  # items that came of it
        self.refuses: Callable[[Mapping[str, Value]], bool] = lambda _: False
        self.counts: Counter[str] = Counter()
        self.at_once = BATCH  # writes of a request
        self.things: dict[str, Thing] = {}
        self.categories: list[str] | None = []  # what Outlook offers; None: nobody is let in
        self.forgot = 0  # how often it forgot where all reading left off
        self._numbers = itertools.count(1)
        self._folders = {
            "contacts": Folder("contacts", "Kontakte", kind.folder_class, None),
            TRASH: Folder(TRASH, _TRASH_NAMES[backend], "IPF.Note", None),
        }

    @property
    def keeps_ids(self) -> bool:
        """Whether an item keeps its id wherever it goes."""
        return self.backend is Backend.GRAPH

    # --- what its user does ----------------------------------------------------------------------

    def add(
        self,
        fields: Mapping[str, Value],
        *,
        folder: str | None = None,
        sensitivity: Sensitivity = Sensitivity.NORMAL,
        item_class: str = "",
    ) -> str:
        """Add an item; its id."""
        return self._enter(
            Thing(
                "", "", folder or "contacts", item_class or self.kind.item_class, sensitivity,
                _held(fields), self.clock(),
            )
        ).id  # fmt: skip

    def edit(self, item: str, fields: Mapping[str, Value]) -> None:
        """Change an item."""
        now = self.things[item]
        self._put(replace(now, fields=_held({**now.fields, **fields})))

    def mark(self, item: str, sensitivity: Sensitivity) -> None:
        """Mark an item private, or normal again."""
        self._put(replace(self.things[item], sensitivity=sensitivity))

    def delete(self, item: str) -> None:
        """Remove an item for good."""
        gone = self.things.pop(item)
        if gone.folder in self._folders:
            self._folders[gone.folder].log.append((next(self._numbers), item))

    def copy(self, item: str) -> str:
        """Copy an item within the default folder; the copy's id."""
        return self._enter(replace(self.things[item], folder="contacts")).id

    def move(self, item: str, folder: str) -> str:
        """Move an item; its id there."""
        moved = self.things[item]
        self.delete(item)
        there = replace(moved, folder=folder)
        return (self._put(there) if self.keeps_ids else self._enter(there)).id

    def to_trash(self, item: str) -> str:
        """Put an item into Deleted Items; its id there."""
        return self.move(item, TRASH)

    def add_folder(self, name: str, folder_class: str = "", below: str = "") -> str:
        """Add a folder below the default one, or below that of an id or role; its id."""
        made = f"folder-{next(self._numbers)}"
        of_class = folder_class or self.kind.folder_class
        self._folders[made] = Folder(made, name, of_class, below or "contacts")
        return made

    def move_folder(self, folder: str, below: str) -> None:
        """Put a folder below another one."""
        self._folders[folder].parent = below

    def delete_folder(self, folder: str) -> None:
        """Remove a folder for good, with what is in it."""
        del self._folders[folder]
        self.things = {i: each for i, each in self.things.items() if each.folder != folder}

    def write_formatted(self, item: str, field: str, text: str) -> None:
        """Write a text with formatting, which a client that reads plain text does not see."""
        now = self.things[item]
        self._put(replace(now, fields={**now.fields, field: text}, guarded=frozenset({field})))

    def is_formatted(self, item: str, field: str) -> bool:
        """Whether the formatting is still there."""
        return field in self.things[item].guarded

    def name_mailing(self, item: str, address: str) -> None:
        """Say which address is the mailing address: Business, Home, Other, or none (empty)."""
        self._put(replace(self.things[item], mailing=address))

    def mailing(self, item: str) -> str:
        """Read which address is the mailing address; empty when none is."""
        return self.things[item].mailing

    def jot(self, item: str, text: str) -> None:
        """Write into a field that the map does not name."""
        self._put(replace(self.things[item], jotted=text))

    def jotted(self, item: str) -> str | None:
        """Read the field that `jot` writes."""
        return self.things[item].jotted

    def filed_as(self, item: str) -> str | None:
        """Read what the item is filed as."""
        return self.things[item].initial.get("fileas")

    def set_stamp(self, item: str, stamp: Stamp | None) -> None:
        """Give an item another stamp, or none."""
        self._put(replace(self.things[item], stamp=stamp))

    def inside(self, folder: str) -> list[Thing]:
        """What is in a folder, oldest first."""
        return [each for each in self.things.values() if each.folder == folder]

    def named(self, name: str) -> str:
        """The id of a folder by its id or name."""
        if name in self._folders:
            return name
        return next((each.id for each in self._folders.values() if each.name == name), "")

    def restore(self, thing: Thing) -> None:
        """Put back an item as it was, with the time at which it was changed then."""
        put = self._put(thing)
        self.things[put.id] = replace(put, modified=thing.modified)

    def commit_late(self) -> None:
        """Do what was asked by clients that have given up since."""
        before = self.things.keys() | set()
        while self.late:
            self.late.pop(0)()
        self.belated |= self.things.keys() - before

    # --- what the port does ----------------------------------------------------------------------

    def answer(self, call: str, effect: Effect) -> object:
        """One request."""
        self.counts[call] += 1
        return self.meddle(call, effect)

    def folder(self, folder: str) -> Folder:
        """A folder by id. Raises MailboxError when it is gone."""
        found = self._folders.get(folder)
        if found is None:
            raise MailboxError(Sort.GONE, Scope.FOLDER, "NoFolder", "there is no such folder")
        return found

    def folders(self) -> list[FolderRef]:
        """Every folder of the kind's class, and Deleted Items with what is below it."""
        refs = []
        for each in self._folders.values():
            way = [each]
            while (above := way[0].parent) is not None:
                way.insert(0, self._folders[above])
            in_trash = way[0].id == TRASH
            of_kind = f"{each.folder_class}.".startswith(f"{self.kind.folder_class}.")
            shown = of_kind or (in_trash and not self.keeps_ids) or each.id == TRASH
            if shown:
                path = "/".join(step.name for step in way)
                total = len(self.inside(each.id)) if self.may_list(each.id) else 0
                refs.append(FolderRef(each.id, path, total, in_trash))
        return refs

    def shows(self, thing: Thing) -> bool:
        """Whether a program sees the item: to Graph there are no distribution lists."""
        return not self.keeps_ids or self._is_of_kind(thing)

    def _is_of_kind(self, thing: Thing) -> bool:
        return f"{thing.item_class}.".startswith(f"{self.kind.item_class}.")

    def may_list(self, folder: str) -> bool:
        """Whether a folder may be looked into: Deleted Items itself may not be everywhere."""
        return folder != TRASH or not self.keeps_ids

    def below(self, name: str) -> Folder | None:
        """The folder of this name below the default one, in any case."""
        for each in self._folders.values():
            if each.parent == "contacts" and each.name.casefold() == name.casefold():
                if not each.folder_class.startswith(self.kind.folder_class):
                    raise MailboxError(Sort.INVALID, Scope.FOLDER, "wrong-class", "not that sort")
                return each
        return None

    def place(self, folder: str) -> str:
        """What the cursors of a folder begin with: none from before it forgot them all."""
        return f"{folder}{'!' * self.forgot}"

    def changes(self, folder: str, since: int) -> Page:
        """One page of what changed in a folder."""
        latest = {item: number for number, item in self.folder(folder).log if number > since}
        every = sorted((number, item) for item, number in latest.items())
        page = every[:PAGE]
        here = [(i, self.things.get(i)) for _, i in page]
        shown = (t for _, t in here if t is not None and t.folder == folder and self.shows(t))
        seen = tuple(self.head(each) for each in shown)
        gone = tuple(i for i, t in here if t is None or t.folder != folder)
        removed = () if since == 0 else gone
        number = page[-1][0] if page else since
        return Page(seen, removed, f"{self.place(folder)}@{number}", len(every) <= PAGE)

    def head(self, thing: Thing, *, in_folder: bool = False) -> Head:
        """What a listing says of an item."""
        shown = self._shown(thing)
        names = self.kind.match.fields
        labels = thing.fields.get(self.kind.labels)
        return Head(
            thing.id, thing.version, thing.modified, thing.item_class, thing.sensitivity,
            labels if isinstance(labels, tuple) else (), thing.stamp,
            {name: shown[name] for name in names} if shown else {},
            self._where(thing) if in_folder else None,
        )  # fmt: skip

    def _where(self, thing: Thing) -> str:
        """The folder of an item; of one that cannot be told, as Graph has it, Deleted Items."""
        known = not self.keeps_ids or self.folder(thing.folder).folder_class.startswith(
            self.kind.folder_class
        )
        return thing.folder if known else TRASH

    def item(self, item: str, kind: Kind | None = None) -> Item | Failure:
        """One item in full."""
        thing = self.things.get(item)
        if thing is None or not self.shows(thing):
            return Failure(Sort.GONE, "NoItem", "there is no such item")
        head, shown = self.head(thing, in_folder=True), self._shown(thing)
        kind = kind or self.kind
        kept = places(kind, thing.mailing)
        shown = {name: shown.get(kept[name]) for name in kept} if shown else {}
        return Item(head, Record(kind, shown), thing.guarded if shown else frozenset())

    def create(
        self, folder: str, creation: Creation, kind: Kind | None = None
    ) -> Written | Failure:
        """Create one item."""
        if self.refuses(creation.fields):
            return Failure(Sort.INVALID, "Refused", "the server does not take this")
        made = Thing(
            "", "", folder, self.kind.item_class, Sensitivity.NORMAL, _held(creation.fields),
            self.clock(), creation.stamp, dict(creation.initial),
            mailing=named_by(kind or self.kind, "", creation.fields),
        )  # fmt: skip
        return self._written(self._enter(made), kind)

    def update(self, update: Update, kind: Kind | None = None) -> Written | Failure:
        """Patch one item at its version."""
        kind = kind or self.kind
        now = self.things.get(update.id)
        if (refused := _refused(now, update.version)) is not None or now is None:
            return refused or Failure(Sort.GONE, "NoItem", "there is no such item")
        if self.refuses(update.patch):
            return Failure(Sort.INVALID, "Refused", "the server does not take this")
        stamp = None if update.clear_stamp else update.stamp or now.stamp
        kept = places(kind, now.mailing)
        held = _held({**now.fields, **{kept[name]: v for name, v in update.patch.items()}})
        left = now.guarded - update.patch.keys()  # plain text replaces it
        mailing = named_by(kind, now.mailing, update.patch)
        new = replace(now, fields=held, stamp=stamp, guarded=left, mailing=mailing)
        return self._written(self._put(new), kind)

    def discard_folder(self, folder: str) -> bool:
        """Put an empty folder into Deleted Items; whether it is gone from its place."""
        if folder not in self._folders:
            return True
        if self.inside(folder) or any(each.parent == folder for each in self._folders.values()):
            return False
        self.move_folder(folder, TRASH)
        return True

    def shift(self, move: Move, target: str) -> Written | Failure:
        """Move one item, if it is at its version."""
        refused = _refused(self.things.get(move.id), move.version)
        return refused or self._written(self.things[self.move(move.id, target)])

    def bin(self, move: Move) -> Written | Failure:
        """Put one item into Deleted Items, if it is at its version; not everywhere a move."""
        if not self.keeps_ids:
            return self.shift(move, TRASH)
        now = self.things.get(move.id)
        refused = _refused(now, move.version)
        if refused is None and now is not None and now.folder != TRASH:
            self.move(move.id, TRASH)  # a second time would be for good
        return refused or Written(move.id, "")

    def _written(self, thing: Thing, kind: Kind | None = None) -> Written:
        """What a write answers: like Graph also the item, where the answer shows all of it."""
        shown = self.keeps_ids and kind is not None and len(thing.fields) % 2 == 0
        item = self.item(thing.id, kind) if shown else None
        return Written(thing.id, thing.version, item if isinstance(item, Item) else None)

    def _shown(self, thing: Thing) -> dict[str, Value]:
        if thing.sensitivity is not Sensitivity.NORMAL or not self._is_of_kind(thing):
            return {}
        return {name: thing.fields.get(name) for name in self.kind.by_name}

    def _enter(self, thing: Thing) -> Thing:
        return self._put(replace(thing, id=f"item-{next(self._numbers)}"))

    def _put(self, thing: Thing) -> Thing:
        number = next(self._numbers)
        kept = replace(thing, version=f"v{number}", modified=self.clock())
        self.things[kept.id] = kept
        self.folder(kept.folder).log.append((number, kept.id))
        return kept


def _held(fields: Mapping[str, Value]) -> dict[str, Value]:
    return {name: value for name, value in fields.items() if not is_empty(value)}


def _refused(now: Thing | None, version: str) -> Failure | None:
    if now is None:
        return Failure(Sort.GONE, "NoItem", "there is no such item")
    if now.version != version:
        return Failure(Sort.PRECONDITION, "Changed", "the item is at another version")
    return None
