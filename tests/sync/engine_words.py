"""The words of the engine: none of them occurs in what a rep reads (DESIGN 12)."""

from __future__ import annotations

import re

ENGINE = (
    "link", "linked", "unlink", "unlinked", "relink", "image", "imaged", "cursor", "etag", "e-tag",
    "change key", "changekey", "stamp", "stamped", "snapshot", "orphan", "orphaned", "tombstone",
    "scope", "apart", "agreed", "unsettled", "settled", "settle", "noticed", "observed",
    "observation", "reconcile", "reconciled", "reconciler", "merge base", "entity", "entities",
    "null",
    "breaker", "quarantine", "quarantined", "journal", "fence", "lease", "hash", "digest",
    "delta", "sync state", "remote id", "guarded", "triage", "livelock", "pinned", "oscillation",
    "in-doubt", "adopted",
    # and in German
    "verknüpfung", "verknüpft", "abbild", "schnappschuss", "stempel", "verwaist",
    "geltungsbereich", "entität", "bezeichner", "prüfsumme", "quarantäne", "basisversion",
    "einigkeit", "unerledigt",
)  # fmt: skip

_WORDS = re.compile(rf"\b({'|'.join(map(re.escape, ENGINE))})s?\b", re.IGNORECASE)
_COMMAND = re.compile(r"\bsyncd [a-z-]+")


def engine_words(text: str) -> list[str]:
    """The words of the engine in a text; the name of a command is what it is."""
    return [found[0] for found in _WORDS.finditer(_COMMAND.sub("", text))]
