"""Conflicts that a person is asked about: kept while they are open, with what each side holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, delete, insert, select, update

from syncd.model.fields import Side
from syncd.model.values import to_json
from syncd.reconcile.facts import Link, LinkState
from syncd.reconcile.images import Mark
from syncd.reconcile.reasons import Reason
from syncd.sync import accounting
from syncd.sync.session import Session
from syncd.sync.snapshots import Content, Snapshots, chunks
from syncd.sync.tables import conflict as table

OPEN, KEPT, RESOLVED = "open", "kept", "resolved"

ASKS = (Reason.ASKED, Reason.FROZEN)  # why a person is asked
_ASKED = (*ASKS, Reason.ANSWERED_CRM, Reason.ANSWERED_OUTLOOK)


@dataclass(frozen=True, slots=True)
class Parked:
    """The groups of one link that are asked about, by side; any other of it is not, any more."""

    crm_id: str
    groups: Mapping[str, Mapping[Side, Content]]
    reasons: Mapping[str, Reason]


def parked(link: Link, before: Mapping[str, Mark], *, anew: bool) -> Parked | None:
    """What is asked of a link now; `None` where nothing is and nothing was.

    Nothing of one at rest, where an answer could not be carried out: it is asked again when the
    link is live. Of one that is tied `anew` something may have been before its link was lost.
    """
    groups = {
        name: {side: _content(link, side, name) for side in Side}
        for name, mark in link.marks.items()
        if link.state is LinkState.LIVE and mark.reason in ASKS
    }
    reasons = {name: link.marks[name].reason for name in groups}
    was = anew or any(mark.reason in _ASKED for mark in before.values())
    return Parked(link.crm_id, groups, reasons) if groups or was else None


def _content(link: Link, side: Side, group: str) -> Content:
    image = link.images.get(side, {}).get(group)
    values = image.values if image is not None and image.values is not None else {}
    return {name: to_json(value) for name, value in values.items()}


def reopen(
    conn: Connection, session: Session, all_parked: Sequence[Parked], snapshots: Snapshots
) -> None:
    """Write down what is asked of these links, in place of what was."""
    before = _open(conn, session, [each.crm_id for each in all_parked])
    for each in all_parked:
        known = before.get(each.crm_id, {})
        over = [number for name, number in known.items() if name not in each.groups]
        if over:
            conn.execute(delete(table).where(table.c.id.in_(over)))
        for name, sides in each.groups.items():
            held = {
                "kept": snapshots.add(sides[Side.OUTLOOK]),
                "other": snapshots.add(sides[Side.CRM]),
            }
            if name in known:  # under its number, which a person may be typing just now
                # An answer was to other values.
                again = {**held, "reason": each.reasons[name].value}
                conn.execute(update(table).where(table.c.id == known[name]).values(**again))
            else:
                conn.execute(insert(table).values(**_new(session, each, name), **held))
    if before or any(each.groups for each in all_parked):
        counters = {**session.state(conn).counters}
        counters["conflicts"] = accounting.open_conflicts(conn, session)
        session.set_state(conn, counters=counters)


def close(conn: Connection, session: Session, ids: Sequence[str]) -> None:
    """Nothing is asked about these records any more."""
    reopen(conn, session, [Parked(each, {}, {}) for each in ids], Snapshots())


def _open(conn: Connection, session: Session, ids: Sequence[str]) -> dict[str, dict[str, int]]:
    """The numbers of what is asked about these records, by group."""
    found: dict[str, dict[str, int]] = {}
    for chunk in chunks(ids):
        mine = session.mine(table) & table.c.crm_id.in_(chunk) & (table.c.state == OPEN)
        for row in conn.execute(
            select(table.c.crm_id, table.c.field_group, table.c.id).where(mine)
        ):
            found.setdefault(row.crm_id, {})[row.field_group] = row.id
    return found


def _new(session: Session, parked: Parked, group: str) -> dict[str, object]:
    return {
        **session.ours,
        "run_id": session.run_id,
        "crm_id": parked.crm_id,
        "field_group": group,
        "loser": Side.OUTLOOK.value,
        "reason": parked.reasons[group].value,
        "at": session.clock(),
        "state": OPEN,
    }
