"""The fault matrix: what comes of each fault, in each phase of a run. A test plays every cell.

`docs/faults.md` is printed from here. This file needs nothing else, so that it can be.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Phase(StrEnum):
    """What syncd is about when the fault strikes; the request that is struck."""

    OBSERVE = "observe"
    CLAIM = "claim"
    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    SETTLE = "settle"


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


@dataclass(frozen=True)
class Struck:
    """One rule of the sandbox; `on` is a request or, empty, that of the phase."""

    fault: str
    times: int = 1
    on: str = ""
    more: Mapping[str, object] = field(default_factory=dict)


LASTING = 999  # times: until somebody mends it


@dataclass(frozen=True)
class Row:
    """One fault. A cell has its end over EWS and its end over Graph."""

    name: str
    ews: tuple[Struck, ...]
    graph: tuple[Struck, ...]
    cells: Mapping[Phase, tuple[End, End]]

    @property
    def late(self) -> bool:
        """Whether a write comes after its client gave up, and before it looks."""
        return any(each.fault == "late_write" for each in self.ews)

    @property
    def lasts(self) -> bool:
        """Whether it goes on until somebody mends it."""
        return any(each.times == LASTING for each in (*self.ews, *self.graph))


def _row(name: str, *struck: Struck, graph: tuple[Struck, ...] | None = None) -> Row:
    on_graph = struck if graph is None else graph
    return Row(name, struck, on_graph, CELLS.get(name, {}))


CELLS: dict[str, Mapping[Phase, tuple[End, End]]] = {}

_REFUSED = {"code": "ErrorItemSave"}
_CORRUPT = {"code": "ErrorItemCorrupt"}
_FULL = {"code": "ErrorQuotaExceeded"}
_NO_FOLDER = {"code": "ErrorFolderNotFound"}

ROWS: tuple[Row, ...] = (
    _row("answer lost after it was done", Struck("lost_answer")),
    _row("request lost", Struck("lost_request")),
    _row("done after its client gave up", Struck("late_write", more={"delay_ms": 60})),
    _row("connection cut in mid-body", Struck("cut")),
    _row("answer truncated", Struck("corrupt_xml")),
    _row("a page for people, once", Struck("garbage")),
    _row("a page for people, for ever", Struck("garbage", LASTING)),
    _row("random bytes", Struck("garbage", more={"code": "bytes"})),
    _row("401, once", Struck("unauthorized")),
    _row("401, for ever", Struck("unauthorized", LASTING)),
    _row("403, once", Struck("http_403")),
    _row("403, for ever", Struck("http_403", LASTING)),
    _row("429 with a pause", Struck("http_429")),
    _row("429, for ever", Struck("http_429", LASTING)),
    _row("server busy with a pause", Struck("server_busy")),
    _row("500, once", Struck("internal_error")),
    _row("500, for ever", Struck("internal_error", LASTING)),
    _row("503, once", Struck("http_503")),
    _row("503, for ever", Struck("http_503", LASTING)),
    _row("504 after it was done", graph=(Struck("http_504"),)),
    _row(
        "batch stopped before it",
        Struck("batch_stopped", more={"index": 0}),
        graph=(Struck("item_error", more={"code": "FailedDependency"}),),
    ),
    _row("slow", Struck("slow", more={"delay_ms": 20})),
    _row("item that is never taken or shown", Struck("item_error", LASTING, more=_REFUSED)),
    _row("mailbox full", Struck("item_error", LASTING, more=_FULL)),
    _row("folder not found", Struck("item_error", LASTING, more=_NO_FOLDER)),
    _row("sync state invalid or ancient", Struck("invalid_sync_state")),
    _row("sync state refused without another", Struck("bare_sync_error")),
    _row(
        "folder suddenly empty",
        Struck("invalid_sync_state", LASTING),
        Struck("empty_folder", LASTING, on="*"),
    ),
    _row("changes reordered", Struck("reordered", LASTING, on="*")),
    _row("changes repeated", Struck("repeated", LASTING, on="*")),
    _row("change keys that move for nothing", Struck("restless")),
    _row("change keys that never rest", Struck("restless", LASTING)),
    _row("somebody saves just before", Struck("stale_change_key")),
    _row(
        "search index lags", Struck("lagging_index", LASTING, on="*", more={"delay_ms": 7_200_000})
    ),
    _row(
        "clock an hour ahead", Struck("wrong_clock", LASTING, on="*", more={"delay_ms": 3_600_000})
    ),
    _row("value normalised", Struck("normalised")),
    _row("value truncated", Struck("truncated")),
)
