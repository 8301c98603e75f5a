"""Everything that a check may find, in words: one table, which the manual prints."""

from __future__ import annotations

from collections.abc import Mapping

from syncd.sync.doctor.causes.access import ACCESS
from syncd.sync.doctor.causes.entering import ENTERING
from syncd.sync.doctor.causes.here import HERE
from syncd.sync.doctor.causes.network import NETWORK
from syncd.sync.doctor.causes.within import WITHIN
from syncd.sync.doctor.finding import Cause, Finding, Level

# check → code → cause
CAUSES: Mapping[str, Mapping[str, Cause]] = {**HERE, **NETWORK, **ENTERING, **ACCESS, **WITHIN}

_BY_CODE: Mapping[str, tuple[str, Cause]] = {
    code: (check, cause) for check, causes in CAUSES.items() for code, cause in causes.items()
}

SKIPPED = "skipped"


def found(code: str, **holes: object) -> Finding:
    """The finding of a cause, with its holes filled in; `server`, `mailbox`, `detail` among them.

    Raises KeyError for a code that is in no table, or a hole that was not filled.
    """
    check, cause = _BY_CODE[code]
    said = {"detail": ""} | {name: f"{value}" for name, value in holes.items()}
    return Finding(
        check=check,
        code=code,
        level=cause.level,
        what=cause.what.format_map(said),
        follows=cause.follows.format_map(said),
        steps=cause.steps.format_map(said),
        type=tuple(line.format_map(said) for line in cause.type),
        server=said.get("server", ""),
        mailbox=said.get("mailbox", ""),
        detail=said["detail"],
        bar=cause.bar,
        stops=cause.stops,
    )


def skipped(check: str, why: str, *, server: str = "", mailbox: str = "") -> Finding:
    """A check that was not made, and why."""
    return Finding(check, SKIPPED, Level.SKIPPED, why, server=server, mailbox=mailbox)
