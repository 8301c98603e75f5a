"""Triage: what a listing alone says of an item, so that nothing more is read than needed.

Whatever is left alone here is never read in full: its content does not leave the server (P14).
"""

from __future__ import annotations

from dataclasses import dataclass

from syncd.model.kinds import Kind
from syncd.reconcile.decision import Stand
from syncd.reconcile.reasons import Reason


@dataclass(frozen=True, slots=True)
class Sighting:
    """One item of a listing. `installation` is the stamp's, `None` for an item without a stamp.

    `linked` says that a link has this very item.
    """

    item_class: str
    private: bool
    tracked: bool
    installation: str | None
    linked: bool


def triage(kind: Kind, sighting: Sighting, installation: str) -> tuple[Stand, Reason] | None:
    """Where an item stands by its listing alone; `None` when it takes a decision."""
    if not _of_class(kind, sighting.item_class):
        return Stand.EXCLUDED, Reason.OTHER_CLASS
    if sighting.linked:
        return None
    if sighting.installation is not None and sighting.installation != installation:
        return Stand.EXCLUDED, Reason.FOREIGN
    if sighting.private and sighting.installation is None:
        return Stand.EXCLUDED, Reason.PRIVATE
    if sighting.installation is None and not sighting.tracked:
        return Stand.EXCLUDED, Reason.NOT_TRACKED
    return None


def _of_class(kind: Kind, item_class: str) -> bool:
    """Item classes are dotted and without case; a form's own sub-class is still of the kind."""
    wanted, found = kind.item_class.casefold(), item_class.casefold()
    return found == wanted or found.startswith(f"{wanted}.")
