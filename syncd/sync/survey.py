"""Which items of a mailbox carry a mark of syncd: a full look at every folder they could be in.

The items' heads alone are read; nothing of them is stored. Where Deleted Items cannot be looked
into, the items that syncd ever had to do with are asked for by their ids, which they keep there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from sqlalchemy import select

from syncd.outlook.port import FolderRef, Head
from syncd.sync.listing import heads
from syncd.sync.session import Session
from syncd.sync.tables import link, mailbox_kind, operation


@dataclass(frozen=True, slots=True)
class Marked:
    """One item with our stamp, or with the category by which its user put it into the CRM."""

    head: Head
    folder: FolderRef
    labelled: bool

    @property
    def crm_id(self) -> str | None:
        """The record that its stamp names."""
        return self.head.stamp.crm_id if self.head.stamp is not None else None


@dataclass(frozen=True, slots=True)
class Survey:
    """What was found. `foreign` counts the items that another installation has stamped.

    `archive` is the folder for what left scope, where there is one.
    """

    marked: Sequence[Marked]
    foreign: int
    archive: FolderRef | None
    folders: Mapping[str, FolderRef]


def survey(session: Session) -> Survey:
    """Look through a whole mailbox. Raises MailboxError where a part of it cannot be read (P5)."""
    kind = session.policy.kind
    folders = {each.id: each for each in session.port.folders(kind)}
    with session.read() as conn:
        state = conn.execute(select(mailbox_kind).where(session.mine(mailbox_kind))).one_or_none()
    synced = state.folder_id if state is not None else None
    if synced is None:
        found = session.port.folder(kind, session.policy.folder, create=False)
        synced = found.id if found is not None else None
    archive = state.archive_id if state is not None else None
    marked: list[Marked] = []
    listed: set[str] = set()
    foreign = 0
    for number, folder in enumerate(folders.values()):
        session.progress(f"{session.mailbox.address}: looking", number, len(folders))
        here = folder.id in (synced, archive)
        for head in heads(session.port, kind, folder.id) if folder.total else ():
            listed.add(head.id)
            stamp = head.stamp
            if stamp is not None and stamp.installation != session.installation.name:
                foreign += 1
                continue
            label = session.labelled(head)
            if _is_ours(session, head) or (here and label):
                marked.append(Marked(head, folder, label))
    marked += _thrown_away(session, folders, listed)
    return Survey(marked, foreign, folders.get(archive or ""), folders)


def _is_ours(session: Session, head: Head) -> bool:
    stamp, kind = head.stamp, session.policy.kind.name
    return (
        stamp is not None and stamp.installation == session.installation.name and stamp.kind == kind
    )


def _thrown_away(
    session: Session, folders: Mapping[str, FolderRef], listed: AbstractSet[str]
) -> list[Marked]:
    """What bears our stamp in Deleted Items, where that cannot be looked into.

    Sought is whatever this mailbox has, or had, to do with: an item keeps its id there.
    """
    can = session.port.capabilities
    if can.searches_trash or not can.ids_survive_moves:
        return []
    with session.read() as conn:
        known = {
            each
            for table in (link, operation)
            for each in conn.scalars(select(table.c.remote_id).where(session.mine(table)))
            if each
        }
    found = session.port.find(session.policy.kind, (), ids=sorted(known - listed))
    return [
        Marked(head, folder, session.labelled(head))
        for head in found
        if _is_ours(session, head) and (folder := folders.get(head.folder or "")) is not None
    ]
