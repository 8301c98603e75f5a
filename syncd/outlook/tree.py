"""Folders as a tree: the way down to one, and which names are the same to Outlook."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from typing import Protocol, TypeVar


class Node(Protocol):
    """A folder that names the one above it, by id."""

    @property
    def parent(self) -> str:
        """The id of the folder above."""


Folder = TypeVar("Folder", bound=Node)


def way(folder: Folder, every: Mapping[str, Folder]) -> Sequence[Folder]:
    """The folders from the topmost that is seen down to this one."""
    found = [folder]
    while (above := every.get(found[0].parent)) is not None and above not in found:
        found.insert(0, above)
    return found


def folded(name: str) -> str:
    """A name as it is compared."""
    return unicodedata.normalize("NFC", name).casefold()
