"""Where an item is: the confirmation that a removal needs before it counts as anything (P5).

EWS ids change when an item moves, so it is sought by its stamp in every folder of its kind and in
Deleted Items. Where ids survive moves it is sought by its id, too, since Deleted Items may not let
itself be searched. 401, 403, 5xx and time-outs conclude nothing: they are raised.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row

from syncd.outlook.errors import Failure, MailboxError, Scope, Sort
from syncd.outlook.port import FolderRef, Head, Item
from syncd.reconcile.facts import ItemPresence
from syncd.sync.halving import by_halves, read
from syncd.sync.links import is_unknown
from syncd.sync.session import Session, batches

PATIENCE = 2  # runs in a row that failed before what the server cannot show is unknown


@dataclass(frozen=True, slots=True)
class Place:
    """Where an item was found; `head` is `None` where it could not be seen."""

    presence: ItemPresence
    head: Head | None = None

    @property
    def here(self) -> bool:
        """Whether it is in a folder of ours, and can be read there."""
        return self.presence in _OURS


def folders(session: Session, folder_id: str) -> Mapping[str, FolderRef]:
    """Every folder an item could be in. Raises MailboxError when the synced one is amiss."""
    found = {each.id: each for each in session.port.folders(session.policy.kind)}
    synced = found.get(folder_id)
    if synced is None or synced.in_trash:
        where = "is missing" if synced is None else "is in Deleted Items"
        raise MailboxError(
            Sort.GONE,
            Scope.FOLDER,
            "FolderAmiss",
            f"the synced folder {where}; no item counts as deleted",
        )
    return found


def by_stamp(
    session: Session, links: Mapping[str, str], state: Row[Any]
) -> Mapping[str, list[Place]]:
    """The places of items by the link part of their stamp, best place first.

    `links` has with each the id that its item had last, or none. `state` says which folders are
    ours. A link that is not in the answer was found nowhere.
    """
    if not links:
        return {}
    known = folders(session, state.folder_id)
    survive = session.port.capabilities.ids_survive_moves
    ids = {
        remote_id: link
        for link, remote_id in links.items()
        if remote_id and survive and not is_unknown(remote_id)
    }
    heads = session.port.find(session.policy.kind, known, links=links, ids=ids)
    places: dict[str, list[Place]] = {}
    for head in heads:
        # An item that is known by its id is the link's, though somebody took its stamp away.
        link = ids.get(head.id) or (head.stamp.link if head.stamp is not None else None)
        if link is not None:
            places.setdefault(link, []).append(Place(_presence(head, known, state), head))
    for found in places.values():
        found.sort(key=lambda place: _ORDER.index(place.presence))
    return places


def confirmed(
    session: Session, links: Mapping[str, str], state: Row[Any]
) -> Mapping[str, list[Place]]:
    """As `by_stamp`, of items that are missing: one that the server cannot show stays unknown.

    At first a search that fails is raised, since it passes. After two runs that failed for it the
    items are sought by halves until it stands alone: its user threw it away, maybe, and the others
    flow (P10).
    """
    places = _sought(session, links, state)
    unfound = {link: remote_id for link, remote_id in links.items() if link not in places}
    return {**places, **_by_id(session, unfound, state)}


def _by_id(
    session: Session, links: Mapping[str, str], state: Row[Any]
) -> Mapping[str, list[Place]]:
    """What no search shows, and yet is there by its id: in the folder the listing was wrong (P5).

    Elsewhere it bears another stamp than its link's, as one whose record was merged since. One that
    the server cannot show stays unknown, alone (P10).
    """
    asked = {k: id_ for k, id_ in links.items() if id_ and not is_unknown(id_)}
    if session.port.capabilities.ids_survive_moves or not asked:
        return {}
    found: dict[str, Item | Failure] = {}
    for some in batches(list(asked.values()), session.port.capabilities.read_batch):
        session.check_held()
        found |= read(session, some)
    read_in = {each.head.folder for each in found.values() if isinstance(each, Item)}
    elsewhere = read_in - {None, state.folder_id}
    known = folders(session, state.folder_id) if elsewhere else {}
    places: dict[str, list[Place]] = {}
    for link, remote_id in asked.items():
        item = found[remote_id]
        if isinstance(item, Item):
            away = item.head.folder in elsewhere
            presence = _presence(item.head, known, state) if away else ItemPresence.PRESENT
            places[link] = [Place(presence, item.head)]
        elif item.sort is not Sort.GONE:
            places[link] = [Place(ItemPresence.UNKNOWN)]
    return places


def _sought(
    session: Session, links: Mapping[str, str], state: Row[Any]
) -> Mapping[str, list[Place]]:
    if session.mailbox.failures < PATIENCE:
        return by_stamp(session, links, state)

    def seek(some: Sequence[str]) -> Mapping[str, list[Place]]:
        return by_stamp(session, {each: links[each] for each in some}, state)

    places, alone = by_halves(list(links), seek, may_be_of_one)
    return {**places, **{each: [Place(ItemPresence.UNKNOWN)] for each in alone}}


def may_be_of_one(error: MailboxError) -> bool:
    """Whether one item of several can have been enough for a failure of the whole request."""
    return error.sort in (Sort.TRANSIENT, Sort.INVALID) and error.scope is Scope.MAILBOX


_OURS = (ItemPresence.PRESENT, ItemPresence.FORMER, ItemPresence.ARCHIVED)

_ORDER = (
    *_OURS,
    ItemPresence.MOVED,
    ItemPresence.DELETED,
    ItemPresence.UNKNOWN,
)


def _presence(head: Head, known: Mapping[str, FolderRef], state: Row[Any]) -> ItemPresence:
    if head.folder == state.folder_id:
        return ItemPresence.PRESENT
    folder = known.get(head.folder or "")
    if folder is None:
        return ItemPresence.UNKNOWN
    if folder.in_trash:  # thrown away, maybe with the folder that we had put it into
        return ItemPresence.DELETED
    if folder.id == state.former_id:
        return ItemPresence.FORMER
    return ItemPresence.ARCHIVED if folder.id == state.archive_id else ItemPresence.MOVED
