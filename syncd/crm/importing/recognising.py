"""Whose export a CSV file is, and of what: its headings say it, or the one who imports it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from syncd.crm.entities import ENTITIES
from syncd.crm.importing.csv_file import REASON
from syncd.crm.importing.headers import DYNAMICS, OUTLOOK
from syncd.crm.importing.names import COMMON, ID_KEYS, ORDER, Entities, known_columns
from syncd.crm.importing.report import UnreadableFile

_KINDS = " | ".join(each.replace("_", "-") for each in ORDER[1:])


@dataclass(frozen=True, slots=True)
class Recognised:
    """What the headings mean. `kind` is `None` where each row says it; `headings` are logical."""

    kind: str | None
    headings: Mapping[str, str]


def recognised(
    header: Sequence[str], kind: str | None, entities: Entities = ENTITIES
) -> Recognised:
    """What a header means. Raises UnreadableFile when it may mean several things, or nothing."""
    own = {name.lower(): name for name in header}
    if kind is None and "kind" in own:
        return Recognised(None, {name: name.lower() for name in header})
    candidates = [
        (_score(header, table), wanted, table)
        for wanted in ([kind] if kind else ORDER)
        for table in _tables(wanted, entities)
    ]
    best = max((score for score, _, _ in candidates), default=(0, 0))
    found = [(wanted, table) for score, wanted, table in candidates if score == best]
    if best == (0, 0):
        shown = ", ".join(repr(name) for name in list(header)[:5])
        raise UnreadableFile(
            f"none of its columns is one of ours, of Outlook's or of Dynamics' ({shown}, …)",
            "Rename its columns, see docs/import.md. If it has no header line, add one.",
        )
    kinds = sorted({wanted for wanted, _ in found})
    if len(kinds) > 1:
        raise UnreadableFile(
            f"it may be of any of these: {', '.join(kinds)}", f"Say which: --kind {_KINDS}"
        )
    return Recognised(kinds[0], {name: found[0][1].get(_folded(name), "") for name in header})


def _tables(kind: str, entities: Entities) -> list[Mapping[str, str]]:
    logical = {_folded(name): name for name in known_columns(kind, entities)}
    outlook, dynamics = OUTLOOK.get(kind, {}), DYNAMICS.get(kind, {})
    more = {"externalid": "externalid", "owner": "owner", "kind": "kind", REASON: REASON}
    return [
        logical,
        *({_folded(h): n for h, n in t.items()} | more for t in (outlook, dynamics) if t),
    ]


def _score(header: Sequence[str], table: Mapping[str, str]) -> tuple[int, int]:
    """The id of just this sort goes before all; then what only some sorts have."""
    names = [table[_folded(each)] for each in header if _folded(each) in table]
    own = [name for name in names if name not in COMMON]
    ids = {name for name in ID_KEYS.values() if name != "activityid"}
    return (sum(name in ids for name in names), len(own))


def _folded(name: str) -> str:
    return " ".join(name.split()).casefold()
