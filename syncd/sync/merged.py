"""Records that were merged in the CRM: their items go on as the survivor's (P3).

A mailbox that has to do with the survivor already keeps what it has: what the item of the other
record was edited in goes to the survivor, and then it goes the way of any deleted one, by origin,
and the breaker counts it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial

from sqlalchemy import Connection

from syncd.crm import records
from syncd.crm.errors import RecordError
from syncd.crm.records import Update
from syncd.crm.stored import Stored
from syncd.model.fields import Side
from syncd.model.values import to_json
from syncd.outlook.port import Item
from syncd.reconcile.breaker import BOUNDED, Bounded, emptied, tripped
from syncd.reconcile.decide import Case, Decision, Stand, Verb
from syncd.reconcile.facts import CrmFacts, CrmPresence, ItemFacts, Link, LinkState
from syncd.reconcile.merge import GroupOutcome
from syncd.reconcile.merged import as_settled, into_survivor
from syncd.reconcile.reasons import Reason
from syncd.sync import accounting, claims, journal, links
from syncd.sync.facts_of import item_facts
from syncd.sync.journal import Intent, Status
from syncd.sync.loading import Facts, is_act, load, read_items, stamp_of
from syncd.sync.session import Session
from syncd.sync.snapshots import Snapshots

_GIVEN_UP = (LinkState.ORPHANED, LinkState.COPY)


def follow(
    session: Session, facts: Facts, in_doubt: frozenset[str], *, parked: bool, writing: bool
) -> Facts:
    """The facts once all that was merged in the CRM is the survivors'.

    Nothing is decided about a record while a write of its survivor is in doubt, nor while the
    survivor's own item, which had been thrown away, is on its way back.
    """
    behind = _behind(session, facts, in_doubt)
    again = bool(behind & (facts.noticed | {each.crm_id for each in facts.by_remote.values()}))
    hand_over = partial(_hand_over, in_doubt=in_doubt, behind=behind)
    for step in (hand_over, partial(_take_edits, writing=writing)):
        if again:
            with session.read() as conn:
                facts = load(conn, session, in_doubt | behind, parked=parked)
        again = step(session, facts)
    if again:
        with session.read() as conn:
            facts = load(conn, session, in_doubt | behind, parked=parked)
    return facts


def _behind(session: Session, facts: Facts, in_doubt: frozenset[str]) -> frozenset[str]:
    """The merged records about which nothing is decided yet."""
    merged = [each for each in facts.held.values() if each.merged_into]
    behind = {each.id for each in merged if each.merged_into in in_doubt}
    back = {stamp.crm_id for row in facts.seen.values() if (stamp := stamp_of(row))}
    if merged and back:
        with session.read() as conn:
            for each in merged:
                survivor = _survivor(conn, session, each)
                if survivor is None or survivor.id not in back:
                    continue
                own = links.by_crm(conn, session.key, [survivor.id]).get(survivor.id)
                if own is not None and own.state is LinkState.REMEMBERED:
                    behind.add(each.id)
    return frozenset(behind)


def _hand_over(
    session: Session, facts: Facts, in_doubt: frozenset[str], behind: frozenset[str]
) -> bool:
    """Tie links of merged records to the survivors; whether there was any to tie.

    A link that was handed over has no version of its record: its item is read and stamped anew.
    Of several records merged into one, the first gives its item.
    """
    merged = [
        (facts.links[each.id], each)
        for each in facts.held.values()
        if each.merged_into and each.id in facts.links and each.id not in behind
        and facts.links[each.id].state not in _GIVEN_UP
    ]  # fmt: skip
    if not merged:
        return False
    done = []
    with session.write() as conn:
        for link, held in sorted(merged, key=lambda m: (m[0].state is not LinkState.LIVE, m[1].id)):
            survivor = _survivor(conn, session, held)
            if survivor is None or survivor.id in in_doubt:
                continue
            if not _belongs(conn, session, link, survivor):
                continue
            own = links.by_crm(conn, session.key, [survivor.id]).get(survivor.id)
            if own is not None:
                if own.state is not LinkState.REMEMBERED or link.state is not LinkState.LIVE:
                    continue
                # Its user threw one of the two away, and kept this one.
                links.give_up(conn, session.key, survivor.id)
            links.hand_over(conn, session.key, held.id, survivor.id)
            accounting.drop_noticed(conn, session, [held.id])
            accounting.drop_held(conn, session, [held.id])
            accounting.notice(conn, session, [survivor.id])
            done.append((link, survivor.id))
        _journal(conn, session, done)
    return bool(done)


def _take_edits(session: Session, facts: Facts, *, writing: bool) -> bool:
    """Let what items of merged records were edited in go to the survivors; whether any did.

    The survivor's write and what is known of the item move in one transaction, so that an edit
    goes there once, whatever is torn. Without `writing` only the facts say so. What a person would
    have to look at first, as many at once or much that is emptied, is not taken: then the edited
    item stays, as that of any deleted record does.
    """
    links_of = [
        facts.links[each.id]
        for each in sorted(facts.held.values(), key=lambda each: each.id)
        if each.merged_into and _has_edit(facts, each.id)
    ]
    if not links_of:
        return False
    read_items(session, facts, (each.remote_id for each in links_of))
    with session.read() as conn:
        found = _edits(conn, session, facts, links_of)
        taken = _within_limits(conn, session, found)
    if writing and taken and not claims.is_ours(session):
        writing = False  # of another mailbox, or of another day: nothing of it goes anywhere
    done = False
    for edit in taken:
        if not writing:
            settled = _settled(session, edit)
            facts.links[settled.crm_id] = facts.by_remote[settled.remote_id] = settled
            continue
        with session.write() as conn:  # of several that became one, each meets what is left by now
            for now in _edits(conn, session, facts, [edit.case.tied]):
                done |= _take(conn, session, now)
    return done


@dataclass(frozen=True, slots=True)
class _Edit:
    """An edited item of a merged record, the record that stays, and what is to become of it."""

    case: Case
    survivor: Stored
    outcomes: tuple[GroupOutcome, ...]

    @property
    def decision(self) -> Decision:
        """As the breaker counts it."""
        writes = any(each.writes for each in self.outcomes)
        verbs = (Verb.UPDATE_RECORD,) if writes else ()
        return Decision(Reason.MERGED, Stand.IN_STEP, verbs, self.outcomes)


def _has_edit(facts: Facts, crm_id: str) -> bool:
    """Whether the item of a record was seen at another version than is known of it."""
    link = facts.links.get(crm_id)
    row = facts.seen.get(link.remote_id) if link is not None else None
    if link is None or row is None or link.state is not LinkState.LIVE:
        return False
    return row.missing_since is None and row.version != link.remote_version


def _edits(conn: Connection, session: Session, facts: Facts, tied: Sequence[Link]) -> list[_Edit]:
    """What these items were edited in, where the survivor has an item of its own here."""
    found = []
    for link in tied:
        survivor, item = (
            _survivor(conn, session, facts.held[link.crm_id]),
            _read(session, facts, link),
        )
        if survivor is None or item is None:
            continue
        own = links.by_crm(conn, session.key, [survivor.id]).get(survivor.id)
        if own is None or own.state is not LinkState.LIVE:
            continue
        case = Case(CrmFacts(CrmPresence.DELETED), item, link)
        writable = survivor.id in session.rights.writable_among(conn, {survivor.id: survivor})
        origins = {group: origin.at for group, origin in survivor.origins.items()}
        stays = CrmFacts(
            CrmPresence.IN_SCOPE, survivor.record, survivor.version, origins, writable=writable
        )
        found.append(_Edit(case, survivor, into_survivor(case, stays, session.rules())))
    return found


def _read(session: Session, facts: Facts, link: Link) -> ItemFacts | None:
    """What Outlook holds of an item; nothing is known of one that its user keeps out (P7)."""
    found = facts.items.get(link.remote_id)
    if not isinstance(found, Item) or session.private(found.head):
        return None
    return item_facts(session, found, link.crm_id)


def _within_limits(conn: Connection, session: Session, edits: Sequence[_Edit]) -> list[_Edit]:
    """Those that the breaker lets go (P8)."""
    limits = session.policy.limits
    free = [each for each in edits if emptied(each.decision) < limits.emptied]
    done: Counter[Bounded] = Counter()
    for verb, n in journal.executed(conn, session).items():
        if Verb(verb) in BOUNDED:
            done[BOUNDED[Verb(verb)]] += n
    live = links.live(conn, session.key) if free else 0
    return [] if tripped([each.decision for each in free], limits, live, done, {}) else free


def _take(conn: Connection, session: Session, edit: _Edit) -> bool:
    """Write an edit to the survivor, keep what lost, and know the item as it is now."""
    survivor, snapshots = edit.survivor, Snapshots()
    patch = edit.decision.patch(Side.CRM)
    if patch:
        update = Update(survivor.id, patch, survivor.version, edit.case.item.modified)
        (outcome,) = records.update_many(
            conn, session.stored, [update], actor=session.actor, at=session.clock()
        )
        if isinstance(outcome, RecordError):
            return False  # the item stays, and so does what it holds
        session.tally.crm["updated"] += 1
        held = survivor.record.fields
        intent = Intent(
            key=str(session.new_key()),
            verb=Verb.UPDATE_RECORD,
            reason=Reason.MERGED,
            crm_id=survivor.id,
            remote_id=edit.case.item.id,
            before={name: to_json(held.get(name)) for name in patch},
            after={name: to_json(value) for name, value in patch.items()},
            precondition=str(survivor.version),
        )
        journal.intend(conn, session, [intent], snapshots, status=Status.DONE)
    lost = [(survivor.id, e.loser, e.reason) for e in edit.outcomes if e.loser is not None]
    journal.keep_losers(conn, session, lost, snapshots)
    links.save(conn, session.key, [_settled(session, edit)], snapshots)
    accounting.notice(conn, session, [survivor.id])
    snapshots.flush(conn)
    return True


def _settled(session: Session, edit: _Edit) -> Link:
    return as_settled(edit.case, edit.outcomes, session.rules())


def _survivor(conn: Connection, session: Session, held: Stored) -> Stored | None:
    """The record that took its place, and that of the one that did, and so on."""
    found, met = held, {held.id}
    while found.merged_into is not None and found.merged_into not in met:
        met.add(found.merged_into)
        read = records.read(conn, session.stored, [found.merged_into])
        if found.merged_into not in read:
            return None
        found = read[found.merged_into]
    return None if found.deleted else found


def _belongs(conn: Connection, session: Session, link: Link, survivor: Stored) -> bool:
    """Whether the survivor is or may be in scope here: by the filter, or the act on the item."""
    for where in (session.where, session.unsure):
        if where is not None and records.members_among(conn, session.stored, where, [survivor.id]):
            return True
    pinned = link.tracked and is_act(session, link) and survivor.active
    return pinned and bool(session.rights.readable_among(conn, [survivor.id]))


def _journal(conn: Connection, session: Session, done: Iterable[tuple[Link, str]]) -> None:
    snapshots = Snapshots()
    intents = [
        Intent(
            key=str(session.new_key()),
            verb=Verb.UNLINK,
            reason=Reason.MERGED,
            crm_id=link.crm_id,
            remote_id=link.remote_id,
            before={},
            after={},
            precondition=survivor_id,
            counted=False,  # nobody loses an item by it
        )
        for link, survivor_id in done
    ]
    journal.intend(conn, session, intents, snapshots, status=Status.DONE)
    snapshots.flush(conn)
