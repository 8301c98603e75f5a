"""Observing both sides.

What was seen is stored with the cursor that comes after it, in one transaction: a crash loses no
change, and what is to be done is computed from it each time anew.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, insert, literal_column, select, update
from sqlalchemy import delete as sql_delete

from syncd.crm import feed, records
from syncd.crm.feed import Change, Verb
from syncd.outlook.errors import MailboxError, Scope, Sort
from syncd.outlook.port import Head, Page
from syncd.reconcile.decide import Stand
from syncd.reconcile.facts import LinkState
from syncd.reconcile.match import match_hashes
from syncd.reconcile.reasons import Reason
from syncd.reconcile.triage import Sighting, triage
from syncd.sync import accounting, causes, links
from syncd.sync.accounting import Sighted
from syncd.sync.session import Session
from syncd.sync.snapshots import chunks
from syncd.sync.tables import match_value, observed

FEED_CHUNK = 1_000
PATIENCE = 2  # runs in a row that failed before what the server cannot show is set aside
_RESTARTS = 3  # of one listing: a server that forgets each cursor at once is asked again later


# Left alone, as long as the rules are these.
_BY_RULE = (Reason.NOT_TRACKED, Reason.DIRECTION, Reason.NOT_WRITABLE)


def outlook(session: Session) -> None:
    """Read what changed in the mailbox since the cursor, to the end.

    Raises MailboxError when the folder cannot be read; what was read until then is stored.
    """
    with session.read() as conn:
        state = session.state(conn)
    cursor, listing = state.cursor, state.cursor is None or state.listing
    generation = state.generation + 1 if state.cursor is None else state.generation
    last, restarts = False, 0
    while not last:
        session.check_stop()
        try:
            page = session.port.changes(session.policy.kind, state.folder_id, cursor)
        except MailboxError as error:
            if error.sort is not Sort.CURSOR_LOST or cursor is None or restarts == _RESTARTS:
                raise
            # The server forgot the cursor: list in full and compare. Nothing is deleted for it.
            cursor, listing, generation = None, True, generation + 1
            restarts += 1
            continue
        # What was seen and the cursor behind it in one transaction, which may be lost: both go, and
        # the page is read again. A cursor alone would lose what it has passed.
        with session.write() as conn:
            if page.seen:
                session.know_acts(conn)
            _store_unread(conn, session, page, generation)
            _store(conn, session, page, generation, listing=listing)
            last = page.last
            if last and listing:
                _conclude_missing(conn, session, observed.c.generation < generation)
            elif last:
                # A listing does not tell of what came and went since the one before: what we put
                # there and it does not show was taken away at once.
                _conclude_missing(conn, session, _UNLISTED)
            session.set_state(
                conn, cursor=page.cursor, generation=generation, listing=listing and not last
            )
        cursor = page.cursor


def _store_unread(conn: Connection, session: Session, page: Page, generation: int) -> None:
    """An item that the server cannot show is there, and to be read: it waits alone (P10).

    Raises MailboxError at first: a listing of which something is missing is none as long as it may
    be had yet, since what is not seen could be private (P7), or the match of a new record (P3).
    """
    before = _rows(conn, session, page.unread)
    fresh = [each for each in page.unread if each not in before or before[each].version]
    if fresh and session.mailbox.failures < PATIENCE:
        failed = page.unread[fresh[0]]
        raise MailboxError(Sort.TRANSIENT, Scope.MAILBOX, failed.code, failed.message)
    unread = [Sighted(each, "", Stand.WAITING, Reason.RETRY, unsettled=True) for each in fresh]
    accounting.put_observed(conn, session, unread, generation)
    for chunk in chunks(page.unread):
        mine = session.mine(observed) & observed.c.remote_id.in_(chunk)
        conn.execute(update(observed).where(mine).values(generation=generation, missing_since=None))


def _store(
    conn: Connection, session: Session, page: Page, generation: int, *, listing: bool
) -> None:
    latest = {head.id: head for head in page.seen}  # a page may repeat an item
    known = links.versions(conn, session.key, latest)
    before = _rows(conn, session, latest)
    fresh = [
        head
        for head in latest.values()
        if (row := before.get(head.id)) is None
        or row.version != head.version
        or (listing and row.reason in _BY_RULE)
    ]
    sighted = [_sighted(session, head, known.get(head.id)) for head in fresh]
    accounting.put_observed(conn, session, sighted, generation)
    if arrived := [head.stamp.crm_id for head in fresh if head.stamp and head.id not in known]:
        accounting.wait_as_items(conn, session, arrived)
    accounting.drop_held(conn, session, (each.remote_id for each in sighted if not each.unsettled))
    put_match_values(conn, session, fresh)
    same = latest.keys() - {head.id for head in fresh}
    for chunk in chunks(same):
        mine = session.mine(observed) & observed.c.remote_id.in_(chunk)
        seen = {"generation": generation, "missing_since": None}
        conn.execute(update(observed).where(mine).values(**seen))
    _store_removed(conn, session, page.removed)
    if fresh or page.removed:
        accounting.wake(conn, session, accounting.QUESTIONS)


def _sighted(session: Session, head: Head, link: tuple[str, str] | None) -> Sighted:
    sighting = Sighting(
        item_class=head.item_class,
        private=session.private(head),
        tracked=session.tracked(head),
        installation=head.stamp.installation if head.stamp else None,
        linked=link is not None,
    )
    verdict = triage(session.policy.kind, sighting, session.installation.name)
    unsettled = verdict is None
    if verdict is None and link is not None and link[0] == head.version:
        # Our own write comes back, or nothing is new (P4).
        alive = link[1] == LinkState.LIVE
        verdict = (Stand.IN_STEP, Reason.ECHO) if alive else (Stand.EXCLUDED, Reason.AT_REST)
        unsettled = False
    stand, reason = verdict or (Stand.WAITING, Reason.RETRY)
    return Sighted(
        head.id,
        head.version,
        stand,
        reason,
        stamp_link=head.stamp.link if head.stamp else None,
        stamp_key=head.stamp.key if head.stamp else None,
        unsettled=unsettled,
    )


def _store_removed(conn: Connection, session: Session, removed: Sequence[str]) -> None:
    """A removal is a question, not an answer: a linked item's is confirmed before it counts."""
    linked = links.versions(conn, session.key, removed)
    now = session.clock()
    for remote_id in removed:
        if remote_id in linked:
            accounting.set_observed(
                conn, session, remote_id, Stand.WAITING, Reason.SECOND_LOOK,
                unsettled=True, missing_since=now,
            )  # fmt: skip
    gone = [each for each in removed if each not in linked]
    accounting.drop_observed(conn, session, gone)
    accounting.drop_held(conn, session, gone)


# As the index says it, else SQLite uses it for none.
_UNLISTED = observed.c.generation == literal_column(f"{accounting.UNLISTED}")


def _conclude_missing(conn: Connection, session: Session, unshown: ColumnElement[bool]) -> None:
    """A listing came to a sound end: what it had to show and did not is missing.

    To be confirmed one by one.
    """
    unseen = unshown & observed.c.missing_since.is_(None)
    query = select(observed.c.remote_id).where(session.mine(observed), unseen)
    _store_removed(conn, session, list(conn.scalars(query)))


def put_match_values(conn: Connection, session: Session, heads: Sequence[Head]) -> None:
    """Replace the keyed hashes that nominate these items; no value of theirs is stored (P14)."""
    kind, key = session.policy.kind, session.installation.hash_key
    for chunk in chunks(head.id for head in heads):
        conn.execute(
            sql_delete(match_value).where(
                session.mine(match_value), match_value.c.remote_id.in_(chunk)
            )
        )
    rows = [
        {**session.ours, "hash": each, "remote_id": head.id}
        for head in heads
        if not session.private(head)
        for each in sorted(match_hashes(kind, key, head.match))
    ]
    if rows:
        conn.execute(insert(match_value), rows)


def _rows(conn: Connection, session: Session, ids: Iterable[str]) -> dict[str, Row[Any, Any, Any]]:
    found: dict[str, Row[Any, Any, Any]] = {}
    for chunk in chunks(ids):
        query = select(observed.c.remote_id, observed.c.version, observed.c.reason)
        for row in conn.execute(
            query.where(session.mine(observed), observed.c.remote_id.in_(chunk))
        ):
            found[row.remote_id] = row
    return found


def crm(session: Session) -> None:
    """Note the CRM records whose content or membership may have changed for this mailbox."""
    with session.read() as conn:
        state = session.state(conn)
        newest = feed.latest(conn)
    if state.rules == session.rules_text and state.crm_cursor == newest:
        return  # no transaction for a cycle without edits
    if state.rules != session.rules_text:
        with session.write() as conn:
            _take_rules(conn, session)
    more = True
    while more:
        # What the feed tells of and the cursor behind it in one transaction, which may be lost.
        with session.write() as conn:
            more = _read_feed(conn, session)


def _take_rules(conn: Connection, session: Session) -> None:
    """The rules are new: membership is asked anew, set-wise; groups that are apart, once more."""
    before = session.state(conn).rules
    newest = feed.latest(conn)  # before the members: what is committed in between is met twice
    members = set(records.members(conn, session.stored, session.where))
    served = links.crm_ids(conn, session.key, LinkState.LIVE)
    if session.unsure is not None:  # there is nothing to decide about those
        served -= records.members_among(conn, session.stored, session.unsure, served)
    accounting.notice(conn, session, members ^ served)
    if before and before.strip() != session.rules_text and session.counting is not None:
        key = causes.of_rules(session.mailbox.policy, before, session.rules_text)
        at, whose_id = session.clock(), session.mailbox.id
        number = session.counting.judge_rules(conn, key, whose_id, at)
        if number is not None:
            whose = (session.mailbox.id, session.policy.kind.name)
            causes.mark(conn, *whose, members ^ served, number)
    if before:
        # It may not be meant any more; what was not understood may be by now.
        accounting.wake(conn, session, (Reason.HELD, Reason.UNKNOWN_CRM))
        # Of a field that is new to the map, or stands elsewhere by now, nothing is known.
        fresh = _new_to_map(before, session.rules_text)
        accounting.notice(conn, session, links.forget_groups(conn, session.key, fresh))
        turned = _turned(before, session.rules_text)
        accounting.notice(conn, session, links.unsettle(conn, session.key, turned))
        remapped = _remapped(before, session.rules_text)
        accounting.notice(conn, session, links.remap(conn, session.key, remapped))
        if _conflicts(before) != _conflicts(session.rules_text):
            accounting.notice(conn, session, links.apart(conn, session.key, Reason.ASKED))
        if _access(before) != _access(session.rules_text):
            # What its user could not write may be written by now.
            barred = links.apart(conn, session.key, Reason.NOT_WRITABLE)
            accounting.notice(conn, session, barred)
    else:  # no link yet, so nothing of the feed's past concerns this mailbox
        session.set_state(conn, crm_cursor=newest)
    session.set_state(conn, rules=session.rules_text)


def _count_causes(conn: Connection, session: Session, changes: Sequence[Change]) -> None:
    """What was changed together is counted for all mailboxes together (P8)."""
    if session.counting is None:
        return
    kind = session.policy.kind.name
    seen = list(causes.of_feed(changes))
    if len(changes) > 1:  # what lies at either end may have more of it beyond
        for end in {0, len(seen) - 1}:
            which = changes[0] if end == 0 else changes[-1]
            whole = next(causes.of_feed(feed.together(conn, which)))
            seen[end] = replace(seen[end], ids=whole.ids)
    own = {each.id for each in changes}
    for each in session.counting.large(conn, seen):
        number = session.counting.judge(conn, each, session.clock())
        if number is not None:
            causes.mark(conn, session.mailbox.id, kind, own.intersection(each.ids), number)


def lets_in_more(before: str, now: str) -> bool:
    """Whether the rules let items in that were left alone before."""
    if not before or before == now:
        return False
    old, new = json.loads(before), json.loads(now)
    return bool(
        old.get("track") != new["track"]
        or any(old["directions"].get(n, d) != d for n, d in new["directions"].items())
        or old.get("creates", True) != new.get("creates", True)
    )


def changed_groups(before: str, now: str) -> frozenset[str]:
    """The groups that are to be decided by another rule than the one before."""
    if not before or before.strip() == now:
        return frozenset()
    return _turned(before, now) | _remapped(before, now) | _new_to_map(before, now)


def _conflicts(rules: str) -> object:
    return json.loads(rules).get("conflicts")


def _access(rules: str) -> str:
    found: str = json.loads(rules).get("access", "")
    return found


def _turned(before: str, now: str) -> frozenset[str]:
    """The groups whose direction is another one than before."""
    old, new = json.loads(before)["directions"], json.loads(now)["directions"]
    return frozenset(name for name, direction in new.items() if old.get(name) != direction)


def _remapped(before: str, now: str) -> frozenset[str]:
    """The groups that go with another Outlook property than before."""
    old, new = json.loads(before).get("map", {}), json.loads(now)["map"]
    return frozenset(name for name, place in old.items() if new.get(name, place) != place)


def _new_to_map(before: str, now: str) -> frozenset[str]:
    """The groups of custom fields that are new, or mapped to something else than before."""
    old, new = (json.loads(rules).get("custom", {}) for rules in (before, now))
    return frozenset(name for name, place in new.items() if old.get(name) != place)


def _read_feed(conn: Connection, session: Session) -> bool:
    """Take one piece of the feed; whether there is more."""
    state = session.state(conn)
    changes = feed.since(conn, state.crm_cursor, FEED_CHUNK)
    of_kind = [each for each in changes if each.kind == session.policy.kind.name]
    # Whom a record is shared with is nothing that it holds: its version stays the same. One that
    # another was merged into is shared with whom that one was.
    shared = {each.id for each in of_kind if each.verb is Verb.SHARE}
    shared |= {each.merged_into for each in of_kind if each.merged_into}
    ours = shared | {each.id for each in of_kind}
    if ours:
        members = records.members_among(conn, session.stored, session.where, ours)
        linked = links.by_crm(conn, session.key, ours)
        held = records.read(conn, session.stored, linked)
        echoes = {
            crm_id
            for crm_id, link in linked.items()
            if link.state is LinkState.LIVE
            and crm_id in members
            and crm_id not in shared
            and held[crm_id].version == link.crm_version
        }
        waiting = accounting.waiting_among(conn, session, ours)
        accounting.notice(conn, session, (members | linked.keys() | waiting) - echoes)
        _count_causes(conn, session, of_kind)
        if (members | waiting) - linked.keys():
            # A question can be answered by an edit of something else.
            accounting.wake(conn, session, accounting.QUESTIONS)
    if changes:
        session.set_state(conn, crm_cursor=changes[-1].number)
    return len(changes) == FEED_CHUNK
