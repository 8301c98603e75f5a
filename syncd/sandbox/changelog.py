"""What happened in one folder, in order, and how a client reads it page by page.

The order of a run is newest first, as SyncFolderItems has had it since Exchange 2010 SP2. Changes
that arrive while a run is under way wait for the next run; nothing is lost between the pages.
"""

import enum
from bisect import bisect_right
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from syncd.sandbox.ids import Position


class Verb(enum.Enum):
    """What happened to an item in this folder. A move is REMOVED here and ADDED there."""

    ADDED = "added"
    CHANGED = "changed"
    REMOVED = "removed"


@dataclass(slots=True)
class Entry:
    """One line of the log.

    `added` is the number under which the item entered the folder, `superseded` the number of the
    next entry about the same item, 0 while this is the last one.
    """

    number: int
    item_id: str
    verb: Verb
    added: int
    superseded: int = 0


class Report(enum.Enum):
    """What a client is told about an item."""

    CREATE = "Create"
    UPDATE = "Update"
    DELETE = "Delete"


@dataclass(frozen=True, slots=True)
class Page:
    """One page of changes, the position to go on from, and whether it was the last of its run."""

    changes: list[tuple[Report, str]]
    position: Position
    complete: bool


class ChangeLog:
    """The log of one folder."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self._numbers: list[int] = []
        self._latest: dict[str, Entry] = {}

    def record(self, number: int, item_id: str, verb: Verb) -> Entry:
        """Append what happened; `number` is greater than all before."""
        before = self._latest.get(item_id)
        if before is not None:
            before.superseded = number
        entry = Entry(number, item_id, verb, before.added if before else number)
        self.entries.append(entry)
        self._numbers.append(number)
        self._latest[item_id] = entry
        return entry

    def page(self, position: Position, limit: int, ignore: AbstractSet[str] = frozenset()) -> Page:
        """Return at most `limit` changes after `position`, newest first.

        An item that came and went since then is not reported at all.
        """
        newest = self._numbers[-1] if self._numbers else 0
        high = position.high or max(newest, position.low)
        index = bisect_right(self._numbers, position.cursor if position.high else high) - 1
        missed = set(position.missed)
        changes: list[tuple[Report, str]] = []
        while index >= 0 and self._numbers[index] > position.low:
            entry = self.entries[index]
            if entry.superseded == 0 or entry.superseded > high:
                known = entry.added <= position.low and entry.item_id not in missed
                if entry.superseded:
                    if not known:
                        missed.add(entry.item_id)
                else:
                    report = _report(entry.verb, known=known)
                    if report is not None and entry.item_id not in ignore:
                        if len(changes) == limit:
                            on = Position(position.low, high, entry.number, frozenset(missed))
                            return Page(changes, on, complete=False)
                        changes.append((report, entry.item_id))
                    missed.discard(entry.item_id)
            index -= 1
        return Page(changes, Position(high, missed=frozenset(missed)), complete=True)


def _report(verb: Verb, *, known: bool) -> Report | None:
    if verb is Verb.REMOVED:
        return Report.DELETE if known else None
    return Report.UPDATE if known else Report.CREATE
