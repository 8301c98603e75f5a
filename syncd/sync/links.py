"""Links in the store: loading them with their images, and saving them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import (
    ColumnElement,
    Connection,
    CursorResult,
    Row,
    bindparam,
    delete,
    func,
    insert,
    select,
    update,
)

from syncd.model.fields import SIDES, Side
from syncd.model.kinds import Kind
from syncd.model.values import from_json, to_json
from syncd.reconcile.facts import Link, LinkState, Origin
from syncd.reconcile.images import AGREED, REMAPPED, GroupImage, Image, Mark, Standing
from syncd.reconcile.merge import ASKED
from syncd.reconcile.reasons import Reason
from syncd.sync.snapshots import CHUNK, Content, Snapshots, chunks, load
from syncd.sync.tables import link as table

_NOT_REMAPPED = (Reason.MADE_PRIVATE, *ASKED)


@dataclass(frozen=True, slots=True)
class LinkKey:
    """Whose links: of one mailbox, of one kind."""

    mailbox_id: int
    kind: Kind

    def where(self) -> ColumnElement[bool]:
        """The rows of these links."""
        return (table.c.mailbox_id == self.mailbox_id) & (table.c.kind == self.kind.name)


def by_crm(conn: Connection, key: LinkKey, ids: Iterable[str]) -> dict[str, Link]:
    """The links of these CRM records, by CRM id."""
    return {each.crm_id: each for each in _load(conn, key, table.c.crm_id, ids)}


def by_remote(conn: Connection, key: LinkKey, ids: Iterable[str]) -> dict[str, Link]:
    """The links of these items, by remote id."""
    return {each.remote_id: each for each in _load(conn, key, table.c.remote_id, ids)}


def versions(conn: Connection, key: LinkKey, ids: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Remote version and state by remote id: all that recognising an echo takes."""
    found: dict[str, tuple[str, str]] = {}
    columns = (table.c.remote_id, table.c.remote_version, table.c.state)
    for chunk in chunks(ids):
        rows = conn.execute(select(*columns).where(key.where(), table.c.remote_id.in_(chunk)))
        found.update({row.remote_id: (row.remote_version, row.state) for row in rows})
    return found


def crm_ids(conn: Connection, key: LinkKey, *states: LinkState) -> set[str]:
    """The CRM ids of all links in these states (any, when none is named)."""
    query = select(table.c.crm_id).where(key.where())
    return set(conn.scalars(query.where(table.c.state.in_(states)) if states else query))


def tracked(conn: Connection, key: LinkKey) -> set[str]:
    """The CRM ids of all live links whose item its user tracks."""
    query = select(table.c.crm_id).where(key.where(), table.c.state == LinkState.LIVE)
    return set(conn.scalars(query.where(table.c.tracked)))


def live(conn: Connection, key: LinkKey) -> int:
    """How many links are live."""
    query = select(func.count()).select_from(table)
    return conn.execute(query.where(key.where(), table.c.state == LinkState.LIVE)).scalar_one()


def save(conn: Connection, key: LinkKey, links: Sequence[Link], snapshots: Snapshots) -> None:
    """Insert or replace links; their images go into `snapshots`, which the caller flushes."""
    known = _known(conn, key, (each.crm_id for each in links))
    new = [_row(key, each, snapshots) for each in links if each.crm_id not in known]
    old = [
        {**_row(key, each, snapshots), "which": known[each.crm_id]}
        for each in links
        if each.crm_id in known
    ]
    if new:
        # One item, one link: one at rest gives way where its item is tied to another record.
        for chunk in chunks(str(each["remote_id"]) for each in new):
            rests = key.where() & (table.c.state != LinkState.LIVE)
            conn.execute(delete(table).where(rests, table.c.remote_id.in_(chunk)))
        conn.execute(insert(table), new)
    if old:
        conn.execute(update(table).where(table.c.id == bindparam("which")), old)


def unsettle(conn: Connection, key: LinkKey, groups: frozenset[str]) -> list[str]:
    """Mark groups that are apart to be decided once more; the CRM ids of the links concerned."""
    if not groups:
        return []
    query = select(table.c.id, table.c.crm_id, table.c.marks).where(
        key.where(), table.c.state == LinkState.LIVE
    )
    changed = []
    for row in conn.execute(query):
        apart = groups & row.marks.keys()
        if apart:
            again = {name: [Standing.UNSETTLED, row.marks[name][1]] for name in apart}
            changed.append({"which": row.id, "crm_id": row.crm_id, "marks": {**row.marks, **again}})
    if changed:
        conn.execute(
            update(table).where(table.c.id == bindparam("which")).values(marks=bindparam("marks")),
            [{"which": each["which"], "marks": each["marks"]} for each in changed],
        )
    return [str(each["crm_id"]) for each in changed]


def forget_groups(conn: Connection, key: LinkKey, groups: frozenset[str]) -> list[str]:
    """Drop what is known of groups, on both sides of every link; the CRM ids of the live ones."""
    if not groups:
        return []
    found = list(conn.execute(select(table).where(key.where())))
    for start in range(0, len(found), CHUNK):
        rows = found[start : start + CHUNK]
        contents = load(conn, (h for row in rows for h in (row.crm_image, row.outlook_image)))
        kept, changed = Snapshots(), []
        for row in rows:
            left = [
                kept.add({n: each for n, each in contents[held].items() if n not in groups})
                for held in (row.crm_image, row.outlook_image)
            ]
            marks = {name: mark for name, mark in row.marks.items() if name not in groups}
            if left != [row.crm_image, row.outlook_image] or marks != row.marks:
                changed.append(
                    {
                        "which": row.id,
                        "crm_image": left[0],
                        "outlook_image": left[1],
                        "marks": marks,
                    }
                )
        kept.flush(conn)
        if changed:
            conn.execute(update(table).where(table.c.id == bindparam("which")), changed)
    return [row.crm_id for row in found if row.state == LinkState.LIVE]


def remap(conn: Connection, key: LinkKey, groups: frozenset[str]) -> list[str]:
    """Mark groups that go with another Outlook property; the CRM ids of live links, all of them.

    At rest, too, for they go on from their images. What another's private item brought stays
    marked as that (P7), and what waits for a person goes on waiting.
    """
    if not groups:
        return []
    again = {name: [REMAPPED.standing, REMAPPED.reason] for name in groups}
    changed, live = [], []
    for row in conn.execute(
        select(table.c.id, table.c.crm_id, table.c.state, table.c.marks).where(key.where())
    ):
        stays = {name: mark for name, mark in row.marks.items() if mark[1] in _NOT_REMAPPED}
        changed.append({"which": row.id, "now": {**row.marks, **again, **stays}})
        live += [row.crm_id] if row.state == LinkState.LIVE else []
    if changed:
        conn.execute(
            update(table).where(table.c.id == bindparam("which")).values(marks=bindparam("now")),
            changed,
        )
    return live


def apart(conn: Connection, key: LinkKey, reason: Reason) -> list[str]:
    """The CRM ids of live links that have a group apart for this reason."""
    query = select(table.c.crm_id, table.c.marks).where(
        key.where(), table.c.state == LinkState.LIVE
    )
    return [
        row.crm_id
        for row in conn.execute(query)
        if any(mark[1] == reason for mark in row.marks.values())
    ]


def drop(conn: Connection, key: LinkKey, crm_ids: Iterable[str]) -> None:
    """Forget the ties of these records: their items are not thrown away, and there no more."""
    for chunk in chunks(crm_ids):
        conn.execute(delete(table).where(key.where(), table.c.crm_id.in_(chunk)))


def repoint(conn: Connection, key: LinkKey, old: str, new: str) -> None:
    """Tie the link of one CRM record to another one: a new act of tracking made it new."""
    conn.execute(update(table).where(key.where(), table.c.crm_id == old).values(crm_id=new))


_UNKNOWN = "unknown:"  # before an id that the item had: nothing goes by it now


def unknown(remote_id: str) -> str:
    """What stands for the id of an item that was not found when the mailbox moved."""
    return remote_id if is_unknown(remote_id) else f"{_UNKNOWN}{remote_id}"


def is_unknown(remote_id: str) -> bool:
    """Whether it stands for an id: no server is to be asked for it."""
    return remote_id.startswith(_UNKNOWN)


NO_VERSION = 0  # of a link that has just come to its record


def hand_over(conn: Connection, key: LinkKey, old: str, new: str) -> None:
    """Tie the link of a record that was merged to the one that took its place."""
    mine = (key.where(), table.c.crm_id == old)
    conn.execute(update(table).where(*mine).values(crm_id=new, crm_version=NO_VERSION))


def give_up(conn: Connection, key: LinkKey, crm_id: str) -> None:
    """Forget the link of a record, for another item is to be its own."""
    conn.execute(delete(table).where(key.where(), table.c.crm_id == crm_id))


def want_back(conn: Connection, key: LinkKey, crm_id: str) -> bool:
    """Note that a person wants back what is remembered, and cannot be moved; whether it is."""
    resting = (table.c.crm_id == crm_id) & (table.c.state == LinkState.REMEMBERED.value)
    done = conn.execute(update(table).where(key.where(), resting).values(aside=True))
    return bool(cast("CursorResult[Any]", done).rowcount)


def _known(conn: Connection, key: LinkKey, ids: Iterable[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for chunk in chunks(ids):
        query = select(table.c.crm_id, table.c.id).where(key.where(), table.c.crm_id.in_(chunk))
        found.update({row.crm_id: row.id for row in conn.execute(query)})
    return found


def _row(key: LinkKey, each: Link, snapshots: Snapshots) -> dict[str, object]:
    crm, outlook = (each.images.get(side, {}) for side in SIDES)
    held = snapshots.add(image_to_json(crm))
    return {
        "mailbox_id": key.mailbox_id,
        "kind": key.kind.name,
        "crm_id": each.crm_id,
        "remote_id": each.remote_id,
        "remote_version": each.remote_version,
        "remote_modified": each.remote_modified,
        "origin": each.origin.value,
        "state": each.state.value,
        "tracked": each.tracked,
        "aside": each.aside,
        "crm_version": each.crm_version,
        "crm_image": held,
        "outlook_image": held if outlook == crm else snapshots.add(image_to_json(outlook)),
        "marks": {
            n: [m.standing, m.reason]
            for n, m in each.marks.items()
            if m is not AGREED and m != AGREED
        },
    }


def _load(
    conn: Connection, key: LinkKey, column: ColumnElement[str], ids: Iterable[str]
) -> list[Link]:
    rows: list[Row[tuple[object, ...]]] = []
    for chunk in chunks(ids):
        rows.extend(conn.execute(select(table).where(key.where(), column.in_(chunk))))
    images = load(conn, (h for row in rows for h in (row.crm_image, row.outlook_image)))
    return [
        Link(
            crm_id=row.crm_id,
            origin=Origin(row.origin),
            state=LinkState(row.state),
            remote_id=row.remote_id,
            remote_version=row.remote_version,
            crm_version=row.crm_version,
            images={
                Side.CRM: image_from_json(key.kind, images[row.crm_image]),
                Side.OUTLOOK: image_from_json(key.kind, images[row.outlook_image]),
            },
            marks={n: Mark(Standing(s), Reason(r)) for n, (s, r) in row.marks.items()},
            tracked=row.tracked,
            aside=row.aside,
            remote_modified=row.remote_modified,
        )
        for row in rows
    ]


def image_to_json(image: Image) -> Content:
    """An image as JSON: by group its values, or the keyed hash as a text."""
    return {
        name: each.digest
        if each.values is None
        else {field: to_json(value) for field, value in each.values.items() if value is not None}
        for name, each in image.items()
    }


def image_from_json(kind: Kind, content: Content) -> Image:
    """The image that `image_to_json` wrote.

    Groups that the map no longer has, and those that are of another type by now, are left out.
    """
    image: dict[str, GroupImage] = {}
    for name, held in content.items():
        group = kind.groups.get(name)
        if group is None:
            continue
        if isinstance(held, str) or held is None:
            image[name] = GroupImage(None, held)
        else:
            values = cast("Mapping[str, object]", held)
            with suppress(ValueError):
                image[name] = GroupImage(
                    {f.name: from_json(f.type, values.get(f.name)) for f in group.fields}
                )
    return image
