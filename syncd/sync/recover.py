"""Recovery: writes that were tried and not answered are settled by looking, never by guessing.

Runs after the mailbox was read from the saved cursor to a sound end, so every item that such a
write left in the synced folder is among the observed ones, with its operation key. What is not
there is sought where the item could be; only what is found nowhere, after grace, never happened.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, Row, select

from syncd.model.fields import Side
from syncd.model.record import Record
from syncd.outlook.errors import MailboxError
from syncd.outlook.port import Head, Stamp
from syncd.reconcile.decide import Stand, Verb
from syncd.reconcile.facts import ItemPresence, Link, LinkState, Origin
from syncd.reconcile.images import GroupImage, Mark, Standing, content
from syncd.reconcile.reasons import Reason
from syncd.sync import accounting, journal, links, locate
from syncd.sync.accounting import Sighted
from syncd.sync.journal import Status
from syncd.sync.session import GRACE, Session
from syncd.sync.snapshots import Content, Snapshots, chunks, load
from syncd.sync.tables import observed

_MOVES = {
    Verb.MOVE_ITEM.value: ItemPresence.ARCHIVED,
    Verb.TRASH_ITEM.value: ItemPresence.DELETED,
    Verb.RESTORE_ITEM.value: ItemPresence.PRESENT,
}
# Where only its user puts an item that was to come back into the folder.
_TAKEN = (ItemPresence.DELETED, ItemPresence.MOVED)


@dataclass(frozen=True, slots=True)
class _Found:
    """Where the trace of an operation was found; `here`: in the folder it belongs in."""

    remote_id: str
    version: str
    here: bool = True


def recover(session: Session) -> frozenset[str]:
    """Settle open operations; the CRM ids that stay in doubt and must not be decided about.

    Raises MailboxError when the mailbox cannot be searched: all of them stay in doubt then.
    """
    with session.read() as conn:
        open_ones = journal.unsettled(conn, session)
        if not open_ones:
            return frozenset()
        traces = _observed_keys(conn, session, {row.key: row.remote_id for row in open_ones})
        shown = _shown(conn, session, open_ones)
    ripe = [row for row in open_ones if row.key not in traces and session.clock() - row.at >= GRACE]
    writes = [row for row in ripe if row.verb not in _MOVES]
    moves = [row for row in open_ones if row.verb in _MOVES and (row in ripe or row.key in shown)]
    unsure: set[str] = set()
    for search, rows in ((_search, writes), (_moved, moves)):
        traces |= _sought(session, search, rows, unsure)
    lost = {row.key for row in ripe} - traces.keys() - unsure
    # The look before the conclusion, which may be lost: then it is looked once more.
    with session.write() as conn:
        _found(conn, session, [row for row in open_ones if row.key in traces], traces)
        journal.conclude(
            conn, session, Status.LOST, [(key, None, "not found") for key in sorted(lost)]
        )
    waiting = {row.crm_id for row in open_ones if row.key not in traces and row.key not in lost}
    return frozenset(waiting)


def _observed_keys(
    conn: Connection, session: Session, keys: Mapping[str, str | None]
) -> dict[str, _Found]:
    """What bears these keys in the synced folder: the item meant, before a copy of it."""
    found: dict[str, _Found] = {}
    for chunk in chunks(keys):
        here = observed.c.stamp_key.in_(chunk) & observed.c.missing_since.is_(None)
        columns = (observed.c.stamp_key, observed.c.remote_id, observed.c.version)
        for row in conn.execute(select(*columns).where(session.mine(observed), here)):
            if row.stamp_key not in found or row.remote_id == keys[row.stamp_key]:
                found[row.stamp_key] = _Found(row.remote_id, row.version)
    return found


def _shown(conn: Connection, session: Session, rows: Sequence[Row[Any]]) -> frozenset[str]:
    """The keys of moves into the synced folder that it seems to show done, by the stamp there.

    They are looked for without waiting for grace: once the item was seen there, its user who
    throws it away means it.
    """
    texts = {_link_text(session, r.crm_id): r.key for r in rows if r.verb == Verb.RESTORE_ITEM}
    here = session.mine(observed) & observed.c.missing_since.is_(None)
    found: set[str] = set()
    for chunk in chunks(texts):
        query = select(observed.c.stamp_link).where(here, observed.c.stamp_link.in_(chunk))
        found.update(conn.scalars(query))
    return frozenset(texts[each] for each in found)


def _sought(
    session: Session,
    search: Callable[[Session, Sequence[Row[Any]]], dict[str, _Found]],
    rows: Sequence[Row[Any]],
    unsure: set[str],
) -> dict[str, _Found]:
    """What a search finds of these; `unsure` takes the keys of what it cannot look at.

    A failure passes, and is raised at first. After two runs that failed for it they are sought one
    by one: an item that the server cannot show stays in doubt, and the others flow (P10).
    """
    try:
        return search(session, rows)
    except MailboxError as error:
        if not locate.may_be_of_one(error) or session.mailbox.failures < locate.PATIENCE:
            raise
    found: dict[str, _Found] = {}
    for row in rows:
        try:
            found |= search(session, [row])
        except MailboxError as error:
            if not locate.may_be_of_one(error):
                raise
            unsure.add(row.key)
    return found


def _search(session: Session, rows: Sequence[Row[Any]]) -> dict[str, _Found]:
    """Creates and updates that the synced folder does not show: the item may have moved since."""
    if not rows:
        return {}
    with session.read() as conn:
        folder_id = session.state(conn).folder_id
    folders, keys = locate.folders(session, folder_id), {row.key for row in rows}
    survive = session.port.capabilities.ids_survive_moves
    known = (row.remote_id for row in rows if row.remote_id and survive)
    ids = [each for each in known if not links.is_unknown(each)]
    heads: Sequence[Head] = session.port.find(session.policy.kind, folders, keys=keys, ids=ids)
    return {
        head.stamp.key: _Found(head.id, head.version, here=head.folder == folder_id)
        for head in heads
        if head.stamp is not None and head.stamp.key in keys
    }


def _moved(session: Session, rows: Sequence[Row[Any]]) -> dict[str, _Found]:
    """Moves, settled by finding the item in the folder it was to go to."""
    if not rows:
        return {}
    with session.read() as conn:
        state = session.state(conn)
    texts = {row.key: _link_text(session, row.crm_id) for row in rows}
    ids = {texts[row.key]: row.remote_id or "" for row in rows}
    places = locate.by_stamp(session, ids, state)
    found: dict[str, _Found] = {}
    for row in rows:
        there = [(each.head, each.presence) for each in places.get(texts[row.key], []) if each.head]
        if any(h.id == row.remote_id and p is not _MOVES[row.verb] for h, p in there):
            continue  # it is where it was; what bears its stamp in the target is another one
        for head, presence in there:
            if presence is _MOVES[row.verb]:
                found[row.key] = _Found(head.id, head.version)
        taken = row.verb == Verb.RESTORE_ITEM and all(p in _TAKEN for _, p in there)
        if taken and there and row.key not in found:
            # It was back, most likely: what its user took away does not return by itself.
            head, _ = there[0]
            found[row.key] = _Found(head.id, head.version, here=False)
    return found


def _link_text(session: Session, crm_id: str) -> str:
    return Stamp(session.installation.name, session.policy.kind.name, crm_id, "").link


def _found(
    conn: Connection,
    session: Session,
    rows: Sequence[Row[Any]],
    traces: Mapping[str, _Found],
) -> None:
    """These operations were carried out: their links say so."""
    if not rows:
        return
    snapshots = Snapshots()
    sent = load(conn, {row.after for row in rows if row.after})
    known = links.by_crm(conn, session.key, {row.crm_id for row in rows})
    changed: list[Link] = []
    for row in rows:
        trace, link = traces[row.key], known.get(row.crm_id)
        if link is not None and link.remote_id != trace.remote_id:
            missing = observed.c.missing_since.is_not(None) & session.mine(observed)
            old = select(observed.c.remote_id).where(
                missing, observed.c.remote_id == link.remote_id
            )
            accounting.drop_observed(conn, session, list(conn.scalars(old)))
        if row.verb in _MOVES:
            if link is not None:
                changed.append(_after_move(link, row, trace))
                accounting.drop_observed(conn, session, [row.remote_id])
            if not trace.here:
                _look_again(conn, session, row.remote_id, trace)
            continue
        if link is not None or row.verb == Verb.CREATE_ITEM:
            written = _after_write(session, link, row, trace, sent.get(row.after or "", {}))
            changed.append(_after_exit(written) if _is_exit(row) else written)
        elif not trace.here:
            continue
        # Without a link an update was an adoption: its stamp leads to its record again, and its
        # owner's item stays its owner's (P14).
        _look_again(conn, session, row.remote_id, trace)
    links.save(conn, session.key, changed, snapshots)
    snapshots.flush(conn)
    done = [(row.key, traces[row.key].remote_id, None) for row in rows]
    journal.conclude(conn, session, Status.DONE, done)
    for row in rows:  # the run that asked for it could not tell
        session.tally.wrote(Verb(row.verb))


def _look_again(conn: Connection, session: Session, before: str | None, trace: _Found) -> None:
    """What the item holds now is yet to be seen; one that is elsewhere was moved by its user."""
    if trace.here:
        accounting.set_observed(
            conn, session, trace.remote_id, Stand.WAITING, Reason.IN_DOUBT,
            unsettled=True, retry_at=None,
        )  # fmt: skip
        return
    if before is not None and before != trace.remote_id:
        accounting.drop_observed(conn, session, [before])
    elsewhere = Sighted(
        trace.remote_id, trace.version, Stand.WAITING, Reason.SECOND_LOOK,
        unsettled=True, missing_since=session.clock(),
    )  # fmt: skip
    accounting.put_observed(conn, session, [elsewhere], session.state(conn).generation)


def _after_move(link: Link, row: Row[Any], trace: _Found) -> Link:
    if row.reason == Reason.LEFT_SCOPE:  # also where the policy throws away what leaves
        return replace(
            link, state=LinkState.RELEASED, aside=True,
            remote_id=trace.remote_id, remote_version=trace.version,
        )  # fmt: skip
    if not trace.here:
        link = replace(link, state=LinkState.LIVE, aside=False)
    state = {
        Verb.MOVE_ITEM.value: LinkState.RELEASED,
        Verb.TRASH_ITEM.value: LinkState.ORPHANED,
    }.get(row.verb, link.state)
    return replace(link, state=state, remote_id=trace.remote_id, remote_version=trace.version)


def _is_exit(row: Row[Any]) -> bool:
    """Whether an update is the one that puts an item aside in its place."""
    return bool(row.verb == Verb.UPDATE_ITEM and row.reason == Reason.LEFT_SCOPE)


def _after_exit(link: Link) -> Link:
    return replace(link, state=LinkState.RELEASED, aside=True)


def _after_write(
    session: Session, link: Link | None, row: Row[Any], trace: _Found, sent: Content
) -> Link:
    """The link of a write that was carried out: its images are what was sent.

    The version that the write answered is not known, so an edit may have come since: what the item
    holds now is an observation yet to be decided about.
    """
    kind = session.policy.kind
    record = Record.from_json(kind, sent)
    base = link or Link(row.crm_id, Origin.CREATED, LinkState.LIVE, "", "", 0, {}, {})
    images: dict[Side, dict[str, GroupImage]] = {
        side: dict(base.images.get(side, {})) for side in Side
    }
    marks = dict(base.marks)
    for name, group in kind.groups.items():
        digest = sent.get(journal.withheld(name))
        if digest is not None:  # another user withdrew it meanwhile: it goes, without a trace (P7)
            for side in Side:
                images[side][name] = GroupImage(None, str(digest))
            marks[name] = Mark(Standing.UNSETTLED, Reason.MADE_PRIVATE)
            continue
        values = record.group(group)
        if values is None and link is None:
            values = {field.name: None for field in group.fields}
        if values is None:
            continue
        for side in Side:
            old = images[side].get(name)
            before = dict(old.values) if old is not None and old.values is not None else {}
            images[side][name] = content({**before, **values})
    return replace(base, remote_id=trace.remote_id, remote_version="", images=images, marks=marks)
