"""What two writers keep undoing is left alone: found in the journal before it is written once more.

A contact is looked up when it is about to be written, and only its writes of a day count.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, Row, func, select

from syncd.model.fields import Group, Side
from syncd.model.values import from_json
from syncd.reconcile.decide import Decision, Verb
from syncd.reconcile.facts import LinkState
from syncd.reconcile.oscillation import SAID, TURNS, Written, frozen, oscillates
from syncd.sync.journal import Status
from syncd.sync.session import Session
from syncd.sync.snapshots import Content, chunks, load
from syncd.sync.tables import operation
from syncd.sync.work import Work

WINDOW = timedelta(days=1)  # in which they take turns

_SIDES = {Verb.UPDATE_RECORD.value: Side.CRM, Verb.UPDATE_ITEM.value: Side.OUTLOOK}

Decided = tuple[Work, Decision]


def freeze(session: Session, decided: Sequence[Decided]) -> list[Decided]:
    """These decisions, without the writes that would only undo what somebody wrote."""
    about = [each[0].crm_id for each in decided if each[0].crm_id and _updates(*each)]
    if not about:
        return list(decided)
    with session.read() as conn:
        written = _written(conn, session, about)
    return [(work, _checked(session, work, each, written)) for work, each in decided]


def _updates(work: Work, decision: Decision) -> bool:
    """Whether a link that is live, and stays so, is written to."""
    writes = decision.patch(Side.CRM) or decision.patch(Side.OUTLOOK)
    known = work.case.link is not None and work.case.link.state is LinkState.LIVE
    return bool(writes) and known and decision.link_state is LinkState.LIVE


def _checked(
    session: Session,
    work: Work,
    decision: Decision,
    written: Mapping[str, Sequence[tuple[Side, Content]]],
) -> Decision:
    before = written.get(work.crm_id or "", ())
    if not before or not _updates(work, decision):
        return decision
    groups, names = session.policy.kind.groups, set()
    for outcome in decision.groups:
        group = groups[outcome.group]
        if outcome.reason in SAID:
            continue
        now = [Written(side, values) for side, values in outcome.writes.items()]
        if now and oscillates(group, [*_of(group, before), *now]):
            names.add(group.name)
    return frozen(decision, names) if names else decision


def _of(group: Group, written: Iterable[tuple[Side, Content]]) -> list[Written]:
    """The writes of one group."""
    types = {field.name: field.type for field in group.fields}
    found = (
        Written(side, {n: from_json(types[n], v) for n, v in content.items() if n in types})
        for side, content in written
    )
    return [each for each in found if each.values]


def _written(
    conn: Connection, session: Session, crm_ids: Sequence[str]
) -> dict[str, list[tuple[Side, Content]]]:
    """By record, what was written of late, oldest first: of those that were written that often.

    What a person decided is the beginning: how it went before counts no more.
    """
    recent = session.mine(operation) & (operation.c.verb.in_(_SIDES))
    recent &= (operation.c.status == Status.DONE) & (operation.c.at > session.clock() - WINDOW)
    often: list[str] = []
    for chunk in chunks(crm_ids):
        each = select(operation.c.crm_id).where(recent, operation.c.crm_id.in_(chunk))
        most = each.group_by(operation.c.crm_id).having(func.count() >= TURNS - 1)
        often += [str(crm_id) for crm_id in conn.scalars(most)]
    columns = (operation.c.crm_id, operation.c.verb, operation.c.reason, operation.c.after)
    found: dict[str, list[Row[Any, Any, Any, Any]]] = defaultdict(list)
    for chunk in chunks(often):
        query = select(*columns).where(recent, operation.c.crm_id.in_(chunk))
        for row in conn.execute(query.order_by(operation.c.at)):
            if row.reason in SAID:
                found[row.crm_id].clear()
            found[row.crm_id].append(row)
    contents = load(conn, {r.after for rows in found.values() for r in rows if r.after})
    return {
        crm_id: [(_SIDES[row.verb], contents.get(row.after, {})) for row in rows]
        for crm_id, rows in found.items()
    }
