"""The fault matrix: what comes of each fault, in each phase of a run. A test plays every cell.

`docs/faults.md` is printed from here. This file needs nothing else, so that it can be.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Phase(StrEnum):
    """What syncd is about when the fault strikes: which request is struck."""

    OBSERVE = "observe"  # reading what changed, after an edit in Outlook
    CLAIM = "claim"  # advancing the claim on the folder, before the first write
    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"  # into Deleted Items
    SETTLE = "settle"  # reading back what was written


class End(StrEnum):
    """What comes of it. In each there is nothing lost and nothing double in the end."""

    AT_ONCE = "in step at once"
    RETRIED = "retried, in step"
    FOUND = "in doubt, found, in step"
    NOT_FOUND = "in doubt, not found, tried again"
    WAITS = "waits, in step once healed"
    SET_ASIDE = "set aside (named)"
    SUSPENDED = "suspended (named)"
    STARTS_OVER = "reading starts over"
    NONE = "n/a"


_LETTERS: Mapping[str, End] = {
    "O": End.AT_ONCE, "R": End.RETRIED, "F": End.FOUND, "N": End.NOT_FOUND, "W": End.WAITS,
    "Q": End.SET_ASIDE, "S": End.SUSPENDED, "L": End.STARTS_OVER, "-": End.NONE,
}  # fmt: skip


@dataclass(frozen=True)
class Struck:
    """One rule of the sandbox; `on` is a request or, empty, that of the phase.

    Over Graph most requests travel in a batch. What is done to a connection or to a whole answer
    is done to the batch; with `part` to what is asked for in it, alone.
    """

    fault: str
    times: int = 1
    on: str = ""
    more: Mapping[str, object] = field(default_factory=dict)
    part: bool = False


LASTING = 999  # times: until somebody mends it


@dataclass(frozen=True)
class Row:
    """One fault: the rules that make it, and its ends in the order of the phases."""

    name: str
    ews: tuple[Struck, ...]
    graph: tuple[Struck, ...]
    over_ews: tuple[End, ...]
    over_graph: tuple[End, ...]

    def ends(self, phase: Phase) -> tuple[End, End]:
        """What comes of it over EWS, and over Graph."""
        at = tuple(Phase).index(phase)
        return self.over_ews[at], self.over_graph[at]

    @property
    def late(self) -> bool:
        """Whether a write comes after its client gave up, and before it looks."""
        return any(each.fault == "late_write" for each in (*self.ews, *self.graph))

    @property
    def lasts(self) -> bool:
        """Whether it goes on until somebody mends it."""
        return any(each.times == LASTING for each in (*self.ews, *self.graph))


def _row(
    name: str, ews: str, graph: str, *struck: Struck, on_graph: tuple[Struck, ...] | None = None
) -> Row:
    ends = [tuple(_LETTERS[each] for each in letters.split()) for letters in (ews, graph)]
    return Row(name, struck, struck if on_graph is None else on_graph, *ends)


_REFUSED = {"code": "ErrorItemSave"}
_FULL = {"code": "ErrorQuotaExceeded"}
_NO_FOLDER = {"code": "ErrorFolderNotFound"}
_HOUR = {"delay_ms": 3_600_000}


# The ends over EWS and over Graph, in the order of the phases, by the letters above.
ROWS: tuple[Row, ...] = (
    _row("answer lost after it was done", "R R F F F R", "R R F F F R", Struck("lost_answer")),
    _row("request lost", "R R N N N R", "R R N N N R", Struck("lost_request")),
    _row(
        "done after its client gave up",
        "R R F F F R",
        "R R F F F R",
        Struck("late_write", more={"delay_ms": 60}),
    ),
    _row("connection cut in mid-body", "R R F F F R", "R R F F F R", Struck("cut")),
    _row("answer truncated", "R R F F F R", "R R F F F R", Struck("corrupt_xml")),
    _row("a page for people, once", "R R F F F R", "R R F F F R", Struck("garbage")),
    _row("a page for people, for ever", "W W F F F Q", "W W F F F W", Struck("garbage", LASTING)),
    _row("random bytes", "R R F F F R", "R R F F F R", Struck("garbage", more={"code": "bytes"})),
    _row("401, once", "S S S S S S", "O O O O O O", Struck("unauthorized")),
    _row("401, for ever", "S S S S S S", "S S S S S S", Struck("unauthorized", LASTING)),
    _row("403, once", "S S S S S S", "S S S S S S", Struck("http_403")),
    _row("403, for ever", "S S S S S S", "S S S S S S", Struck("http_403", LASTING)),
    _row("429 with a pause", "R R R R R R", "R R R R R R", Struck("http_429")),
    _row("429, for ever", "W W W W W W", "W W W W W W", Struck("http_429", LASTING)),
    _row("server busy with a pause", "R R R R R R", "R R N N N R", Struck("server_busy")),
    _row("500, once", "R R N N N R", "R R N N N R", Struck("internal_error")),
    _row("500, for ever", "W W Q Q Q Q", "W W Q Q Q Q", Struck("internal_error", LASTING)),
    _row("503, once", "R R N N N R", "R R N N N R", Struck("http_503")),
    _row("503, for ever", "W W Q Q Q W", "W W Q Q Q W", Struck("http_503", LASTING)),
    _row("504 after it was done", "- - - - - -", "R R F F F R", on_graph=(Struck("http_504"),)),
    _row(
        "504 and not done",
        "- - - - - -",
        "R R N N N R",
        on_graph=(Struck("lost_request", part=True),),
    ),
    _row(
        "504, done after it was given up on",
        "- - - - - -",
        "R R F F F R",
        on_graph=(Struck("late_write", more={"delay_ms": 60}, part=True),),
    ),
    _row(
        "a part of a batch truncated",
        "- - - - - -",
        "R R F F O R",
        on_graph=(Struck("corrupt_xml", part=True),),
    ),
    _row(
        "a page for people in a batch, for ever",
        "- - - - - -",
        "W W F F F Q",
        on_graph=(Struck("garbage", LASTING, part=True),),
    ),
    _row(
        "batch stopped before it",
        "R R R R R R",
        "R R R R R R",
        Struck("batch_stopped", more={"index": 0}),
        on_graph=(Struck("item_error", more={"code": "FailedDependency"}),),
    ),
    _row("slow", "O O O O O O", "O O O O O O", Struck("slow", more={"delay_ms": 20})),
    _row(
        "slower than it is waited for",
        "R R F F F R",
        "R R F F F R",
        Struck("slow", more={"delay_ms": 5_500}),  # of five seconds in these tests
    ),
    _row(
        "item refused, for ever",
        "W W Q Q Q Q",
        "W W Q Q Q Q",
        Struck("item_error", LASTING, more=_REFUSED),
    ),
    _row("mailbox full", "W W W W W Q", "W W W W W W", Struck("item_error", LASTING, more=_FULL)),
    _row(
        "folder not found",
        "W W W W W W",
        "W W W W W W",
        Struck("item_error", LASTING, more=_NO_FOLDER),
    ),
    _row(
        "sync state invalid or ancient", "L - - - - -", "L - - - - -", Struck("invalid_sync_state")
    ),
    _row(
        "sync state refused without another",
        "L - - - - -",
        "L - - - - -",
        Struck("bare_sync_error"),
    ),
    _row(
        "folder suddenly empty",
        "L O W O O O",
        "L O W O O O",
        Struck("invalid_sync_state", LASTING),
        Struck("empty_folder", LASTING, on="*"),
    ),
    _row("changes reordered", "O - - - - -", "O - - - - -", Struck("reordered", LASTING, on="*")),
    _row("changes repeated", "O O O O O O", "O O O O O O", Struck("repeated", LASTING, on="*")),
    _row("change keys that move for nothing", "O R R R R R", "O R R R R R", Struck("restless")),
    _row("change keys that never rest", "O W W W W W", "O W W W W W", Struck("restless", LASTING)),
    _row("somebody saves just before", "O O O R O R", "O O O R R R", Struck("stale_change_key")),
    _row(
        "clock an hour ahead",
        "O O O O O O",
        "O O O O O O",
        Struck("wrong_clock", LASTING, on="*", more=_HOUR),
    ),
    _row("value normalised", "- - O O - -", "- - O O - -", Struck("normalised")),
    _row("value truncated", "- - O O - -", "- - O O - -", Struck("truncated")),
)
