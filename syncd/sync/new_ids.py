"""What the items of a mailbox are called at another backend: asked, and else found.

In this order: as the backend translates the ids; by the stamp that an item bears, in every folder
of its kind; and what bears none by its version, which both backends word alike: what a person spoke
of, and what is tied and not stamped yet. Nothing is written, on either side.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, select

from syncd.model.kinds import Kind
from syncd.outlook.errors import MailboxError, Scope, Sort
from syncd.outlook.port import Backend, FolderRef, Head, Item, Stamp
from syncd.reconcile.facts import LinkState
from syncd.sync.links import is_unknown
from syncd.sync.listing import heads
from syncd.sync.session import Session, batches
from syncd.sync.tables import act, held, link, mailbox_kind, observed, operation, question

AT_ONCE = 1_000  # ids in one request of Graph's translateExchangeIds
PROBED_AT_ONCE = 20  # items, until one is there
PATIENCE = 2  # runs in a row that failed before ids are found without their translation


@dataclass(frozen=True)
class Kept:
    """What is kept of one kind under ids: its own row, and those of links and items."""

    kind: Kind
    state: Row[Any]
    links: Sequence[Row[Any]]
    seen: Mapping[str, Row[Any, Any, Any]]  # by remote id
    said: frozenset[str]  # of which a person said something, or is to
    tried: frozenset[str]  # of which something is in the journal

    @property
    def ids(self) -> set[str]:
        """All of them that ever were the id of an item."""
        every = {*self.seen, *self.said, *self.tried, *(row.remote_id for row in self.links)}
        return {each for each in every if not is_unknown(each)}

    @property
    def folders(self) -> set[str]:
        """Those of folders whose name may not say any more which one it is."""
        return {each for each in (self.state.folder_id, self.state.former_id) if each is not None}


@dataclass
class NewIds:
    """What was found of one kind: folders, and items by their old ids.

    `counts` says how: `translated`, `by_stamp`, `by_version`.
    """

    folder_id: str | None = None
    archive_id: str | None = None
    former_id: str | None = None
    items: dict[str, str] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)

    def take(self, how: str, found: Mapping[str, str]) -> None:
        """Take these, but for what is another one's already."""
        taken = set(self.items.values())
        for old, new in found.items():
            if old not in self.items and new not in taken:
                self.items[old] = new
                self.counts[how] += 1
                taken.add(new)


def kept(conn: Connection, session: Session, kinds: Iterable[Kind]) -> list[Kept]:
    """What is kept of the mailbox, kind by kind."""
    mailbox_id, found = session.mailbox.id, []
    for kind in kinds:
        of_kind = {
            each.name: (each.c.mailbox_id == mailbox_id) & (each.c.kind == kind.name)
            for each in (mailbox_kind, link, observed, act, held, question, operation)
        }
        state = conn.execute(select(mailbox_kind).where(of_kind["mailbox_kind"])).one_or_none()
        if state is None:
            continue
        tied = select(
            link.c.id, link.c.crm_id, link.c.remote_id, link.c.remote_version, link.c.state
        )
        seen = select(observed.c.remote_id, observed.c.version, observed.c.missing_since)
        said = set(conn.scalars(select(act.c.remote_id).where(of_kind["act"])))
        said |= set(conn.scalars(select(held.c.subject).where(of_kind["held"])))
        for row in conn.execute(select(question).where(of_kind["question"])):
            said |= {row.subject, *row.candidates, *([row.chosen] if row.chosen else [])}
        tried = conn.scalars(
            select(operation.c.remote_id).where(
                of_kind["operation"], operation.c.remote_id.is_not(None)
            )
        )
        found.append(
            Kept(
                kind,
                state,
                list(conn.execute(tied.where(of_kind["link"]).order_by(link.c.id))),
                {row.remote_id: row for row in conn.execute(seen.where(of_kind["observed"]))},
                frozenset(each for each in said if is_item(each)),
                frozenset(tried),
            )
        )
    return found


def is_item(subject: str) -> bool:
    """Whether what a person was asked about, or what is held, is an item and not a record."""
    try:
        return str(UUID(subject)) != subject
    except ValueError:
        return True


def find(session: Session, old: Backend, every: Sequence[Kept]) -> list[NewIds]:
    """The new ids of all that is kept, in its order.

    Raises MailboxError: then nothing is concluded, and the next run asks again.
    """
    translated = _translated(session, old, every)
    return [_of_kind(session, each, translated) for each in every]


def prove_same(session: Session, every: Sequence[Kept], found: Sequence[NewIds]) -> None:
    """See that it is the mailbox that was kept in step, by one item that was and is there.

    A user who had a mailbox on premises may have an empty one in the cloud, under one address: all
    would count as thrown away. Raises MailboxError when nothing is there; no id says so by itself,
    since it may be translated without a look.
    """
    total = 0
    for each, new in zip(every, found, strict=True):
        live = [
            row.remote_id
            for row in each.links
            if row.state == LinkState.LIVE
            and not is_unknown(row.remote_id)
            and not _is_missing(each, row.remote_id)
        ]
        total += len(live)
        for some in batches([new.items[old] for old in live if old in new.items], PROBED_AT_ONCE):
            session.check_held()
            if any(isinstance(item, Item) for item in session.port.read(each.kind, some)):
                return
    if total and not any(map(partial(_is_any_there, session), every, found)):
        raise MailboxError(
            Sort.ELSEWHERE, Scope.MAILBOX, "another-mailbox",
            f"the mailbox that it has under this address holds none of the {total} items that were "
            "kept in step, so it may be another one; nothing was changed. If it is the right one, "
            f"begin anew in it: syncd users remove {session.mailbox.address}, then syncd users add",
        )  # fmt: skip


def _is_any_there(session: Session, each: Kept, new: NewIds) -> bool:
    """Whether anything is there that was, though it be at rest, or nobody's but its user's."""
    if new.counts["by_stamp"] or new.counts["by_version"]:
        return True
    if new.folder_id is None:
        return False
    ids = set(new.items.values())
    versions = {row.version for row in each.seen.values() if row.version}
    return any(
        head.id in ids or head.version in versions
        for head in heads(session.port, each.kind, new.folder_id)
    )


def _is_missing(each: Kept, remote_id: str) -> bool:
    seen = each.seen.get(remote_id)
    return seen is not None and seen.missing_since is not None


def _translated(session: Session, old: Backend, every: Sequence[Kept]) -> dict[str, str]:
    """As far as the backend translates them."""
    ids = sorted(set().union(*(each.ids | each.folders for each in every)))
    found: dict[str, str] = {}
    for some in batches(ids, AT_ONCE):
        session.check_stop()
        session.check_held()
        try:
            found.update(session.port.translate(some, old))
        except MailboxError as error:
            if not _does_without(session, error):
                raise
            break
        session.progress(f"{session.mailbox.address}: finding", len(found), len(ids))
    return found


def _does_without(session: Session, error: MailboxError) -> bool:
    """Whether ids are found without their translation: it is refused, or fails time and again."""
    if error.scope in (Scope.CREDENTIAL, Scope.SERVER) or error.sort is Sort.THROTTLED:
        return False
    refused = error.sort in (Sort.DENIED, Sort.INVALID, Sort.GONE)
    return refused or session.mailbox.failures >= PATIENCE


def _of_kind(session: Session, each: Kept, translated: Mapping[str, str]) -> NewIds:
    new = NewIds()
    mine = {old: translated[old] for old in sorted(each.ids) if old in translated}
    # Those of links first: where two were one item's, the link's is the one that counts.
    linked = {row.remote_id: mine[row.remote_id] for row in each.links if row.remote_id in mine}
    new.take("translated", {**linked, **mine})
    if each.state.folder_id is None:
        return new
    new.folder_id = _folder(session, each, translated)
    if each.state.archive_id is not None:
        archive = f"default/{each.kind.archive_folder}"
        ref = session.port.folder(each.kind, archive, create=False)
        new.archive_id = ref.id if ref is not None else None
    lost = [row for row in each.links if row.remote_id not in new.items]
    if lost or each.state.former_id is not None:
        known = {ref.id: ref for ref in session.port.folders(each.kind)}
        _take_stamped(new, lost, _by_stamp(session, each, known, lost))
        if each.state.former_id is not None:
            new.former_id = _former(session, each, new, known, translated)
    versions = {i: each.seen[i].version for i in each.said if i in each.seen}
    # An item bears no stamp yet where a crash came between the CRM's write and Outlook's (P3).
    versions |= {row.remote_id: row.remote_version for row in lost}
    wanted = {old: each for old, each in versions.items() if each and old not in new.items}
    if wanted:
        new.take("by_version", _by_version(session, each.kind, wanted, new.folder_id))
    return new


def _folder(session: Session, each: Kept, translated: Mapping[str, str]) -> str:
    """The synced folder: as its id is translated, for it may have another name by now."""
    named = session.port.folder(each.kind, each.state.folder, create=False)
    asked = translated.get(each.state.folder_id)
    if named is not None and asked in (None, named.id):
        return named.id
    there = {ref.id for ref in session.port.folders(each.kind) if not ref.in_trash}
    if asked is not None and asked in there:
        return asked
    if named is None:
        raise MailboxError(
            Sort.GONE, Scope.FOLDER, "NoFolder", f"there is no folder {each.state.folder}"
        )
    return named.id


def _by_stamp(
    session: Session, each: Kept, known: Collection[str], links: Sequence[Row[Any]]
) -> dict[str, list[Head]]:
    """What bears the stamps of these links, by CRM id."""
    if not links:
        return {}
    name = session.installation.name
    texts = {Stamp(name, each.kind.name, row.crm_id, "").link: row.crm_id for row in links}
    found: dict[str, list[Head]] = {}
    for head in session.port.find(each.kind, known, links=texts):
        crm_id = texts.get(head.stamp.link) if head.stamp is not None else None
        if crm_id is not None:
            found.setdefault(crm_id, []).append(head)
    return found


def _take_stamped(
    new: NewIds, lost: Sequence[Row[Any]], by_stamp: Mapping[str, Sequence[Head]]
) -> None:
    """Of several with one stamp the one at the link's version: a copy has one of its own.

    Where none is, they are left to the next look, which knows copies.
    """
    taken = set(new.items.values())
    found = {}
    for row in lost:
        bearing = [head for head in by_stamp.get(row.crm_id, ()) if head.id not in taken]
        same = [head for head in bearing if head.version == row.remote_version]
        which = same if len(same) == 1 else bearing
        if len(which) == 1:
            found[row.remote_id] = which[0].id
    new.take("by_stamp", found)


def _former(
    session: Session,
    each: Kept,
    new: NewIds,
    known: Mapping[str, FolderRef],
    translated: Mapping[str, str],
) -> str | None:
    """The folder that was served before: its name is not kept, so it goes by what lies there."""
    asked = translated.get(each.state.former_id)
    if asked in known:
        return asked
    live = [row for row in each.links if row.state == LinkState.LIVE]
    left = [
        row
        for row in live
        if (seen := each.seen.get(row.remote_id)) is None or seen.missing_since is not None
    ]
    ours = {new.folder_id, new.archive_id}
    places = Counter(
        head.folder
        for bearing in _by_stamp(session, each, known, left).values()
        for head in bearing
        if head.folder is not None and head.folder not in ours and not known[head.folder].in_trash
    )
    return next((folder for folder, _ in places.most_common(1)), None)


def _by_version(
    session: Session, kind: Kind, wanted: Mapping[str, str], folder_id: str
) -> dict[str, str]:
    """Items by the version that was seen of them, where no other has the same."""
    versions: dict[str, list[str]] = {}
    for head in heads(session.port, kind, folder_id):
        versions.setdefault(head.version, []).append(head.id)
    return {
        old: found[0]
        for old, version in sorted(wanted.items())
        if len(found := versions.get(version, [])) == 1
    }
