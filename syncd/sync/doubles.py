"""Doubles: what a request left behind that was given up for lost, and was carried out after all.

A create that was not answered is sought, and when it is found nowhere after grace it is tried
again under a new key. Should the first attempt appear then, its item is nobody's: it goes to
Deleted Items, if it bears the key of the lost attempt and nobody has edited it. So does one whose
record has left this mailbox meanwhile. Nothing else that looks alike is touched (P3, P14).

Nobody has edited it as long as it holds what was sent. A server that shortens or reformats holds a
form of its own of it: that is known by the linked item, of which the same was made.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from sqlalchemy import Connection, select

from syncd.model.fields import Group, Side
from syncd.model.record import Record, equal
from syncd.model.values import Value
from syncd.reconcile.decide import Decision, Stand, Verb
from syncd.reconcile.facts import Link, LinkState
from syncd.reconcile.images import differs
from syncd.reconcile.reasons import Reason
from syncd.sync.journal import Status
from syncd.sync.session import Session
from syncd.sync.snapshots import Content, chunks, load
from syncd.sync.tables import operation
from syncd.sync.work import Work


def decision() -> Decision:
    """What becomes of a double."""
    return Decision(Reason.DOUBLE, Stand.EXCLUDED, (Verb.TRASH_ITEM,))


def marked(session: Session, cases: Sequence[Work]) -> list[Work]:
    """The cases, with doubles among the copies, and among what belongs nowhere, marked as such."""
    heads = [each.head for each in cases if each.head is not None and _may_be(each)]
    keys = {head.stamp.key for head in heads if head.stamp}
    if not keys:
        return list(cases)
    with session.read() as conn:
        sent = _lost(conn, session, keys)
    return [
        replace(each, crm_id=None, waits=None, double=True)
        if _is_double(session, each, sent)
        else each
        for each in cases
    ]


def _may_be(work: Work) -> bool:
    link = work.case.link
    if link is None:
        return work.waits in (Reason.ORPHAN_STAMP, Reason.AT_REST)
    return link.state is LinkState.COPY


def _is_double(session: Session, work: Work, sent: Mapping[str, Content]) -> bool:
    stamp = work.head.stamp if work.head else None
    item = work.case.item.record
    if not _may_be(work) or stamp is None or stamp.key not in sent or item is None:
        return False
    if work.case.item.guarded:
        return False  # formatted since: what is sent is plain
    kind = session.policy.kind
    empty = dict.fromkeys(kind.by_name)
    wanted = Record(kind, {**empty, **Record.from_json(kind, sent[stamp.key]).fields})
    return all(
        _is_as_sent(session, work.case.link, g, wanted.group(g) or {}, item.group(g) or {})
        for g in kind.groups.values()
    )


def _is_as_sent(
    session: Session,
    twin: Link | None,
    group: Group,
    sent: Mapping[str, Value],
    held: Mapping[str, Value],
) -> bool:
    """Whether an item holds what was sent, or the form in which the server keeps that very value.

    That form is the linked item's only while it is the server's doing that its two sides differ,
    and the record still holds what was sent: else somebody may have put it there.
    """
    if equal(group, sent, held):
        return True
    mark = twin.marks.get(group.name) if twin is not None else None
    if twin is None or mark is None or mark.reason is not Reason.NOT_TAKEN:
        return False
    key = session.installation.hash_key
    wanted, form = (twin.images.get(side, {}).get(group.name) for side in Side)
    return not differs(key, group, wanted, sent) and not differs(key, group, form, held)


def _lost(conn: Connection, session: Session, keys: Iterable[str]) -> dict[str, Content]:
    """What the lost creations among these keys had sent."""
    found: dict[str, str] = {}
    for chunk in chunks(keys):
        lost = (operation.c.status == Status.LOST) & (operation.c.verb == Verb.CREATE_ITEM)
        query = select(operation.c.key, operation.c.after).where(session.mine(operation), lost)
        for row in conn.execute(query.where(operation.c.key.in_(chunk))):
            found[row.key] = row.after or ""
    contents = load(conn, found.values())
    return {key: contents.get(after, {}) for key, after in found.items()}
