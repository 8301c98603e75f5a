"""Which items of a mailbox carry a mark of syncd: a full look at every folder they could be in.

The items' heads alone are read; nothing of them is stored.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select

from syncd.model.kinds import Kind
from syncd.outlook.port import FolderRef, Head, Mailbox
from syncd.sync.session import Session
from syncd.sync.tables import mailbox_kind


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
    foreign = 0
    for number, folder in enumerate(folders.values()):
        session.progress(f"{session.mailbox.address}: looking", number, len(folders))
        here = folder.id in (synced, archive)
        for head in heads(session.port, kind, folder):
            stamp = head.stamp
            if stamp is not None and stamp.installation != session.installation.name:
                foreign += 1
                continue
            ours = stamp is not None and stamp.kind == kind.name
            label = session.labelled(head)
            if ours or (here and label):
                marked.append(Marked(head, folder, label))
    return Survey(marked, foreign, folders.get(archive or ""), folders)


def heads(port: Mailbox, kind: Kind, folder: FolderRef) -> Iterator[Head]:
    """The heads of everything in a folder."""
    if not folder.total:
        return
    cursor, last = None, False
    while not last:
        page = port.changes(kind, folder.id, cursor)
        yield from page.seen
        cursor, last = page.cursor, page.last
