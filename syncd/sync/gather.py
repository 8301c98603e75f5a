"""Gathering: from what was observed to the cases that are decided.

Reads no more than the decisions need: items that changed, items that a record may match, items
whose link a CRM edit touches while the two sides are apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from syncd.model.fields import Side
from syncd.model.wording import may_hold_more
from syncd.outlook.errors import Failure, Sort
from syncd.outlook.port import Item
from syncd.reconcile.decide import Case
from syncd.reconcile.facts import (
    CrmFacts,
    CrmPresence,
    ItemFacts,
    ItemPresence,
    Link,
    LinkState,
    Origin,
)
from syncd.reconcile.images import Standing, differs
from syncd.reconcile.match import Matches
from syncd.reconcile.merge import to_decide
from syncd.reconcile.reasons import Reason
from syncd.sync import doubles, links, locate, merged, second_look
from syncd.sync.facts_of import crm_beside, crm_facts, item_facts
from syncd.sync.loading import Facts, load, read_items, stamp_of, stamp_text
from syncd.sync.matching import as_answered, match_loose
from syncd.sync.questions import Answer
from syncd.sync.remembering import just_thrown
from syncd.sync.session import SECOND_LOOK, Session
from syncd.sync.work import Work


def gather(
    session: Session, in_doubt: frozenset[str], *, parked: bool, writing: bool
) -> list[Work]:
    """All cases that are to be decided now; none of a record with a write in doubt.

    `parked` takes in what waits for a person, too; `writing` lets merged records be followed up.
    """
    with session.read() as conn:
        facts = load(conn, session, in_doubt, parked=parked)
    facts = merged.follow(session, facts, in_doubt, parked=parked, writing=writing)
    second_look.take(session, facts)
    if not facts.seen and not facts.noticed:
        return []
    matches = as_answered(session, facts, match_loose(session, facts))
    for remote_id in matches.pairs.values():
        facts.seen.pop(remote_id, None)  # decided with its record
    work = _items(session, facts)
    done = {each.crm_id for each in work if each.crm_id}
    facts.thrown |= just_thrown(session, work, facts.entered())
    work.extend(_records(session, facts, facts.noticed - done, matches))
    return [
        replace(
            each,
            noticed=each.crm_id in facts.noticed,
            cause=facts.causes.get(each.crm_id or ""),
            failed_before=facts.failed.get(each.remote_id or each.crm_id or ""),
            tried=facts.tried.get(each.remote_id or each.crm_id or "", 0),
        )
        for each in work
    ]


# --- cases that start from an item -------------------------------------------------------------


def _items(session: Session, facts: Facts) -> list[Work]:
    present = [each for each, row in facts.seen.items() if row.missing_since is None]
    moved = _other_ids(facts, present)
    read_items(session, facts, [*present, *(facts.links[c].remote_id for c in moved.values())])
    twins = _twins(facts, present, moved)
    work = [_seen_item(session, facts, each, moved) for each in present if each not in twins]
    work = doubles.marked(session, work)
    missing = [each for each, row in facts.seen.items() if row.missing_since is not None]
    gone = _missing_items(session, facts, missing, work)
    heirs = {each.case.item.id for each in gone}  # each takes the place of a missing one
    return [*(each for each in work if not (each.is_copy and each.remote_id in heirs)), *gone]


def _other_ids(facts: Facts, present: Iterable[str]) -> dict[str, str]:
    """Items that bear a linked stamp under another id than the link's: copies, or moved ones."""
    found = {}
    for remote_id in present:
        stamp = stamp_of(facts.seen[remote_id])
        if remote_id not in facts.by_remote and stamp is not None and stamp.crm_id in facts.links:
            found[remote_id] = stamp.crm_id
    return found


def _twins(facts: Facts, present: Iterable[str], moved: Mapping[str, str]) -> set[str]:
    """Items whose stamp another item bears, too, and no link says which is the original.

    One of them is taken now; the next run knows the others as its copies. Of a record that is no
    more, and has no link, none is taken: all of them wait.
    """
    taken: set[str] = set()
    twins: set[str] = set()
    for remote_id in sorted(present):
        stamp = stamp_of(facts.seen[remote_id])
        if remote_id in facts.by_remote or stamp is None:
            continue
        if remote_id not in moved and not _is_held(facts, stamp.crm_id):
            continue
        if stamp.crm_id in taken:
            twins.add(remote_id)
        elif isinstance(facts.items[remote_id], Item):
            taken.add(stamp.crm_id)
    return twins


def _is_held(facts: Facts, crm_id: str) -> bool:
    """Whether the CRM has a record."""
    held = facts.held.get(crm_id)
    return held is not None and not held.deleted


def _seen_item(session: Session, facts: Facts, remote_id: str, moved: Mapping[str, str]) -> Work:
    found = facts.items[remote_id]
    link = facts.by_remote.get(remote_id)
    if isinstance(found, Failure):
        crm_id = link.crm_id if link else None
        waits = Reason.RETRY if found.sort is not Sort.GONE else Reason.SECOND_LOOK
        case = Case(CrmFacts(CrmPresence.UNKNOWN), ItemFacts(ItemPresence.UNKNOWN), link)
        return Work(case, crm_id, remote_id, waits=waits, error=found.code)
    if link is None and remote_id in moved:
        link = facts.links[moved[remote_id]]
        linked = facts.items.get(link.remote_id)
        if isinstance(linked, Failure) and linked.sort is not Sort.GONE:
            case = Case(CrmFacts(CrmPresence.UNKNOWN), ItemFacts(ItemPresence.UNKNOWN), link)
            return Work(case, None, remote_id, waits=Reason.RETRY, error=linked.code)
        link = _same_or_copy(facts, link)
    if link is not None:
        item = item_facts(session, found, link.crm_id, copy=link.state is LinkState.COPY)
        if found.head.folder is not None and found.head.folder == facts.state.archive_id:
            item = replace(item, presence=ItemPresence.ARCHIVED)
        case = Case(crm_beside(session, facts, link, item), item, link)
        if link.state is not LinkState.COPY:
            return Work(case, link.crm_id, remote_id, head=found.head)
        # A copy is decided by itself: what the CRM changed belongs to the item it is a copy of.
        return _by_itself(facts, case, found)
    return _unlinked_item(session, facts, found)


def _same_or_copy(facts: Facts, link: Link) -> Link:
    """A second item with a linked stamp is a copy only while a read proves the linked one alive."""
    alive = isinstance(facts.items.get(link.remote_id), Item)
    return replace(link, state=LinkState.COPY) if alive else link


def _unlinked_item(session: Session, facts: Facts, found: Item) -> Work:
    stamp = found.head.stamp
    if stamp is not None and stamp.installation == session.installation.name:
        if not _is_held(facts, stamp.crm_id):
            case = Case(CrmFacts(CrmPresence.UNKNOWN), item_facts(session, found))
            return Work(case, None, found.head.id, waits=Reason.ORPHAN_STAMP, head=found.head)
        item = item_facts(session, found)
        crm = crm_facts(session, facts, stamp.crm_id, pinned=item.tracked)
        case = Case(crm, item, met=Reason.STAMP_FOUND)
        decided = crm.presence in (CrmPresence.IN_SCOPE, CrmPresence.UNKNOWN)
        waits = None if decided else Reason.AT_REST
        return Work(case, stamp.crm_id, found.head.id, waits=waits, head=found.head)
    case = Case(CrmFacts(CrmPresence.OUT_OF_SCOPE), item_facts(session, found))
    return _by_itself(facts, case, found)


def _by_itself(facts: Facts, case: Case, found: Item) -> Work:
    """An item that no record has, as far as a person did not say what it is."""
    answer = facts.answers.get(found.head.id)
    left_alone = answer.left_alone(found.head.version) if answer else None
    return Work(case, None, found.head.id, waits=left_alone, head=found.head, answer=answer)


def _missing_items(
    session: Session, facts: Facts, missing: Iterable[str], work: Iterable[Work]
) -> list[Work]:
    """Removals: what turned up under another id in this very reading is no removal."""
    elsewhere = {each.crm_id for each in work if each.case.link and not each.is_copy}
    wanted = {
        each: link
        for each in missing
        if (link := facts.by_remote.get(each)) is not None and link.crm_id not in elsewhere
    }
    ids = {stamp_text(session, link.crm_id): each for each, link in wanted.items()}
    places = locate.confirmed(session, ids, facts.state)
    found = [
        (remote_id, link, places.get(stamp_text(session, link.crm_id), []))
        for remote_id, link in wanted.items()
    ]
    read_items(session, facts, [p[0].head.id for _, _, p in found if p and p[0].head and p[0].here])
    return [_missing_item(session, facts, *each) for each in found]


def _missing_item(
    session: Session, facts: Facts, remote_id: str, link: Link, places: list[locate.Place]
) -> Work:
    crm = crm_facts(session, facts, link.crm_id)
    if not places:
        since = facts.seen[remote_id].missing_since
        again = session.clock() - since >= SECOND_LOOK
        presence = ItemPresence.DELETED if again else ItemPresence.UNKNOWN
        case = Case(crm, ItemFacts(presence, remote_id, link.remote_version), link)
        return Work(case, link.crm_id, remote_id, waits=None if again else Reason.SECOND_LOOK)
    place = places[0]
    private = place.head is not None and session.private(place.head)
    item = ItemFacts(place.presence, remote_id, link.remote_version, private=private)
    if place.head is not None and place.here:
        read = facts.items[place.head.id]
        if isinstance(read, Failure):
            # It was there when it was sought, and cannot be read: where it is now is not known.
            gone = read.sort is Sort.GONE
            unknown = Case(crm, ItemFacts(ItemPresence.UNKNOWN, remote_id), link)
            waits = Reason.SECOND_LOOK if gone else Reason.RETRY
            return Work(unknown, link.crm_id, remote_id, waits=waits, error=read.code)
        item = replace(item_facts(session, read, link.crm_id), presence=place.presence)
        crm = crm_beside(session, facts, link, item)
    ours = place.presence is ItemPresence.ARCHIVED and crm.presence is CrmPresence.OUT_OF_SCOPE
    if ours and link.state is LinkState.LIVE:
        # Where scope exit puts it: a move of ours that was given up for lost and done after all.
        link = replace(link, state=LinkState.RELEASED)
    # At rest it would rest on, as one that is in the folder; and that it is there nobody knows.
    unsure = place.presence is ItemPresence.UNKNOWN and link.state is not LinkState.LIVE
    once_more = Reason.SECOND_LOOK if unsure else None
    return Work(Case(crm, item, link), link.crm_id, remote_id, waits=once_more, head=place.head)


# --- cases that start from a record ------------------------------------------------------------


def _records(session: Session, facts: Facts, ids: Iterable[str], matches: Matches) -> list[Work]:
    wanted = sorted(ids)
    returned = [
        link
        for each in wanted
        if (link := facts.links.get(each)) is not None
        and link.state is LinkState.RELEASED
        and crm_facts(session, facts, each).presence is CrmPresence.IN_SCOPE
    ]
    ids = {stamp_text(session, each.crm_id): each.remote_id for each in returned}
    places = locate.by_stamp(session, ids, facts.state)
    places = {**places, **_left_behind(session, returned, places)}
    for link in returned:
        text = stamp_text(session, link.crm_id)
        if text in places:
            places[text] = _own_first(places[text], link.remote_id)
    apart = [
        link.remote_id
        for each in wanted
        if (link := facts.links.get(each)) is not None and _needs_item(session, facts, link)
    ]
    back = [p[0].head.id for p in places.values() if p[0].head and p[0].here]
    read_items(session, facts, [*apart, *back])
    return [_record(session, facts, each, matches, places) for each in wanted]


def _left_behind(
    session: Session, returned: Iterable[Link], places: Mapping[str, list[locate.Place]]
) -> dict[str, list[locate.Place]]:
    """What rested in the folder when another one was named, and lies where it did.

    Nobody has moved it away: it comes along when it is live again, as it would have then.
    """
    found: dict[str, list[locate.Place]] = {}
    if not session.moves:
        return found  # no other folder was named, and an id does not tell who moved an item
    for link in returned:
        text = stamp_text(session, link.crm_id)
        place = next(iter(places.get(text, [])), None)
        moved = place is not None and place.presence is ItemPresence.MOVED
        if moved and place is not None and link.aside and _is(place, link.remote_id):
            found[text] = [replace(place, presence=ItemPresence.FORMER)]
    return found


def _own_first(found: list[locate.Place], remote_id: str) -> list[locate.Place]:
    """The places of a stamp, the linked item first: as long as it lives the others are copies."""
    own = [each for each in found if each.here and _is(each, remote_id)]
    return [*own, *(each for each in found if each not in own)]


def _is(place: locate.Place, remote_id: str) -> bool:
    return place.head is not None and place.head.id == remote_id


def _needs_item(session: Session, facts: Facts, link: Link) -> bool:
    """Whether a CRM edit meets a group that is apart, or of which only a hash is kept.

    Also of an item of the user's own whose record is deleted, of one that bears the stamp of the
    record that its own was merged with, and of one that is to be put aside under a category.
    """
    held = facts.held.get(link.crm_id)
    if link.state is not LinkState.LIVE:
        return False
    if held is None or held.deleted:
        # Its category comes off; and what another user's private item had brought (P7).
        private = any(mark.reason is Reason.MADE_PRIVATE for mark in link.marks.values())
        return link.tracked or link.origin is not Origin.CREATED or private
    if link.crm_version == links.NO_VERSION:
        return True
    outside = crm_facts(session, facts, link.crm_id).presence is CrmPresence.OUT_OF_SCOPE
    if outside and not session.moves:
        return True
    writable = link.crm_id in facts.writable
    if any(to_decide(mark, writable=writable) for mark in link.marks.values()):
        return True
    key = session.installation.hash_key
    for name, group in session.policy.kind.groups.items():
        crm, outlook = (link.images.get(side, {}).get(name) for side in Side)
        if not differs(key, group, crm, held.record.group(group)):
            continue
        if may_hold_more(group.fields[0]):
            return True  # somebody may have formatted it, which no listing tells
        mark = link.marks.get(name)
        if (
            outlook is None
            or outlook.values is None
            or (mark and mark.standing is not Standing.AGREED)
        ):
            return True
    return False


def _record(
    session: Session,
    facts: Facts,
    crm_id: str,
    matches: Matches,
    places: Mapping[str, list[locate.Place]],
) -> Work:
    crm, link = crm_facts(session, facts, crm_id), facts.links.get(crm_id)
    if link is None:
        return _new_record(session, facts, crm_id, crm, matches)
    found = places.get(stamp_text(session, link.crm_id), [])
    if link.state is LinkState.LIVE:
        read = facts.items.get(link.remote_id)
        item = ItemFacts(ItemPresence.PRESENT, link.remote_id, link.remote_version)
        if isinstance(read, Item):
            item = item_facts(session, read, crm_id)
            crm = crm_beside(session, facts, link, item)
        elif isinstance(read, Failure):
            return Work(
                Case(crm, item, link), crm_id, link.remote_id, waits=Reason.RETRY, error=read.code
            )
        return Work(Case(crm, item, link), crm_id, link.remote_id)
    if link.state is LinkState.RELEASED and found and found[0].head is not None:
        item = ItemFacts(found[0].presence, found[0].head.id, found[0].head.version)
        read = facts.items.get(found[0].head.id)
        if isinstance(read, Item):
            item = replace(item_facts(session, read, crm_id), presence=found[0].presence)
            crm = crm_beside(session, facts, link, item)
        return Work(Case(crm, item, link), crm_id, link.remote_id, head=found[0].head)
    gone = ItemFacts(ItemPresence.DELETED, link.remote_id)
    # Out of scope nothing is sought, so nothing is known of the item: it may well be in the folder.
    waits = None
    if crm.presence is not CrmPresence.IN_SCOPE:
        waits = Reason.AT_REST
    elif link.state is LinkState.RELEASED and crm_id not in facts.looked:
        waits = Reason.SECOND_LOOK
    return Work(Case(crm, gone, link), crm_id, None, waits=waits)


def _new_record(
    session: Session, facts: Facts, crm_id: str, crm: CrmFacts, matches: Matches
) -> Work:
    absent = ItemFacts(ItemPresence.PRESENT)
    if crm.presence is not CrmPresence.IN_SCOPE:
        return Work(Case(crm, absent), crm_id, None, waits=Reason.LEFT_SCOPE)
    answer, remote_id = facts.answers.get(crm_id), matches.pairs.get(crm_id)
    left_alone = answer.left_alone(str(crm.version)) if answer else None
    if left_alone is None and crm_id in facts.thrown and remote_id is None:
        left_alone = Reason.REMEMBERED
    if left_alone is not None:
        return Work(Case(crm, absent), crm_id, None, waits=left_alone)
    if crm_id in facts.unreadable:
        error = facts.unreadable[crm_id].code
        return Work(Case(crm, absent), crm_id, None, waits=Reason.RETRY, error=error)
    if crm_id in matches.doubtful:
        why = Reason.BOUND_MATCH if crm_id in matches.bound else Reason.DOUBTFUL_MATCH
        candidates = matches.doubtful[crm_id]
        return Work(
            Case(crm, absent), crm_id, None, waits=why, candidates=candidates, answer=answer,
            could_be=facts.called(session.policy.kind, candidates),
        )  # fmt: skip
    found = facts.items.get(remote_id) if remote_id else None
    if isinstance(found, Item):
        linked = answer is not None and answer.answer is Answer.LINK
        met = Reason.ANSWERED if linked else Reason.ADOPTED
        case = Case(crm, item_facts(session, found), met=met)
        return Work(case, crm_id, remote_id, head=found.head)
    return Work(Case(crm, absent), crm_id, None)
