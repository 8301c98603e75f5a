"""Many failures of one sort in a row are an outage, and not many bad items.

A server that is out answers each item as if it were that item's fault. Whoever counted these as
tries would set a whole mailbox aside, and leave it there when the server is well again. So they
count for nothing; the run ends, its mailbox is tried again later, and all of it flows by itself.

What is told apart is told by proof. An item that failed before counts its tries when the mailbox
has taken another write since; one that cannot be read does when another item can.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, func, select

from syncd.outlook.errors import Failure, MailboxError, Scope, Sort
from syncd.outlook.port import Written
from syncd.reconcile.decide import Stand
from syncd.reconcile.facts import LinkState
from syncd.reconcile.reasons import Reason
from syncd.sync import accounting, links
from syncd.sync.journal import TO_OUTLOOK, Status
from syncd.sync.session import Session
from syncd.sync.settling import postpone
from syncd.sync.snapshots import chunks
from syncd.sync.tables import link, operation
from syncd.sync.work import Work

ALIKE = 10  # items in a row that fail alike, and more than half of all that were tried

# What a server says of an item; of the others it says how the item stands, or asks for a pause.
_OF_ITEMS = (Sort.INVALID, Sort.DENIED, Sort.IN_DOUBT, Sort.TRANSIENT)


Alone = tuple[Work, Failure]  # what failed in a request of its own


class Outage(MailboxError):
    """So many items in a row failed alike that it is likely not theirs. `count`: how many."""

    def __init__(self, count: int, code: str, message: str) -> None:
        says = (
            f"{count} items in a row failed alike, so it is likely the server and not the items: "
            f"{message}"
        )
        super().__init__(Sort.TRANSIENT, Scope.MAILBOX, code, says)
        self.count = count


@dataclass
class Streak:
    """What the writes of one run came to, and those that failed since one was carried out.

    Among these may be some that fail for themselves: they prove nothing of the others.
    """

    tried: int = 0
    good: int = 0
    failed: list[tuple[Work, Failure]] = field(default_factory=list)
    settled: int = 0  # of these, by transactions before the one at hand
    out: Outage | None = None
    trouble: MailboxError | None = None  # of the whole mailbox, as one item's answer told
    suspected: MailboxError | None = None  # of it, if no write gets through in the end

    def take(self, results: Iterable[tuple[Work, Written | Failure]]) -> None:
        """Go on with these, in the order in which they were tried."""
        self.settled = len(self.failed)
        for work, result in results:
            if isinstance(result, Written):
                self.tried, self.good = self.tried + 1, self.good + 1
                self.failed.clear()
                self.settled = 0
            elif result.sort in _OF_ITEMS and not concerns_more(result):
                self.tried += 1
                self.failed.append((work, result))

    def outage(self, conn: Connection, session: Session) -> dict[str, Failure]:
        """By subject, what failed for an outage and not for itself; empty where there is none."""
        codes = Counter(failure.code for _, failure in self.failed)
        code, count = max(codes.items(), key=lambda each: each[1], default=("", 0))
        if not _is_many(count, self.tried):
            return {}
        alike = [(work, failure) for work, failure in self.failed if failure.code == code]
        bad = self._of_themselves(conn, session, [work for work, _ in alike], code)
        found = {work.subject: failure for work, failure in alike if work.subject not in bad}
        return found if _is_many(len(found), self.tried) else {}

    def unproven(self, conn: Connection, session: Session, alone: Sequence[Alone]) -> set[str]:
        """Of those that failed in a request of their own: all, if no other write got through.

        But for a single one: its mailbox has just taken the claim of this run.
        """
        ids = [work.crm_id for work, _ in alone if work.crm_id]
        if not ids or self.good or self.tried == 1 or _took_another(conn, session, ids):
            return set()
        last = alone[-1][1]
        says = f"none of the writes got through, the last of them: {last.message}"
        self.suspected = MailboxError(Sort.TRANSIENT, Scope.MAILBOX, last.code, says)
        return {work.subject for work, _ in alone}

    def note(
        self,
        conn: Connection,
        session: Session,
        outage: Mapping[str, Failure],
        results: Sequence[Written | Failure],
    ) -> None:
        """Take back the tries that were counted before it was known to be an outage."""
        if outage:
            failure = next(iter(outage.values()))
            self.out = Outage(len(outage), failure.code, failure.message)
            for work, earlier in self.failed[: self.settled]:
                if work.subject in outage:
                    wait_out(conn, session, work, earlier, counted=True)
        bad = [each for each in results if isinstance(each, Failure)]
        whole = [each for each in bad if concerns_more(each)]
        if len(bad) == len(results) and all(e.sort is Sort.NOT_TRIED for e in bad):
            whole = bad  # a batch of which nothing was even tried
        if whole:
            first = whole[0]
            scope = Scope.MAILBOX if first.scope is Scope.ITEM else first.scope
            self.trouble = MailboxError(Sort.TRANSIENT, scope, first.code, first.message)

    def end(self) -> None:
        """Raises MailboxError where the mailbox is in trouble: it is tried again as a whole."""
        if self.trouble is not None:
            raise self.trouble
        if self.suspected is not None and not self.good:
            raise self.suspected

    def stop_if_out(self) -> None:
        """Raises Outage where the last transaction settled one."""
        if self.out is not None:
            raise self.out

    def _of_themselves(
        self, conn: Connection, session: Session, alike: Sequence[Work], code: str
    ) -> set[str]:
        """Those that failed like this before, although the mailbox took another write since."""
        again = [work for work in alike if work.failed_before == code]
        if not again:
            return set()
        if self.good or _took_another(conn, session, [work.crm_id or "" for work in again]):
            return {work.subject for work in again}
        return set()


def concerns_more(failure: Failure) -> bool:
    """Whether an item was refused, before any effect, for what is the matter with all of them."""
    return failure.sort is Sort.TRANSIENT and failure.scope is not Scope.ITEM


def _is_many(count: int, of: int) -> bool:
    return count >= ALIKE and 2 * count > of


def _took_another(conn: Connection, session: Session, crm_ids: Sequence[str]) -> bool:
    """Whether a write was carried out that was decided after these were tried the last time."""
    mine = session.mine(operation)
    undone = operation.c.status.in_([Status.FAILED, Status.LOST, Status.IN_DOUBT])
    before = operation.c.run_id != session.run_id
    times = [
        conn.scalar(
            select(func.max(operation.c.at)).where(
                mine, undone, before, operation.c.crm_id.in_(chunk)
            )
        )
        for chunk in chunks(crm_ids)
    ]
    last = max((each for each in times if each is not None), default=None)
    if last is None:
        return False
    done = (operation.c.status == Status.DONE) & (operation.c.at > last)
    wrote = operation.c.verb.in_(TO_OUTLOOK)
    another = select(operation.c.key).where(mine, done, wrote).limit(1)
    return conn.execute(another).first() is not None


def wait_out(
    conn: Connection, session: Session, work: Work, failure: Failure, *, counted: bool = False
) -> None:
    """Let a case wait for the end of an outage; this try does not count.

    `counted`: it was counted already, before it was known to be one.
    """
    tried = accounting.attempts(conn, session, work.remote_id, work.crm_id) - counted
    reason = Reason.IN_DOUBT if failure.sort is Sort.IN_DOUBT else Reason.RETRY
    postpone(conn, session, work, Stand.WAITING, reason, error=failure.code)
    accounting.count_attempt(conn, session, work, max(tried, 0))


def of_reading(session: Session, cases: Sequence[Work]) -> Outage | None:
    """The outage for which so many of these could not be read, if it is one.

    Whether it is, one more read tells: of an item that was in step, and is nobody's trouble.
    """
    failing = [w for w in cases if w.waits is Reason.RETRY and w.remote_id and w.error]
    read = sum(1 for each in cases if each.case.item.record is not None)
    codes = Counter(each.error for each in failing)
    if not codes:
        return None
    ((code, count),) = codes.most_common(1)
    if code is None or not _is_many(count, read + len(failing)):
        return None
    if _another_can_be_read(session, {each.remote_id for each in failing}, code):
        return None
    return Outage(count, code, "they cannot be read")


def _another_can_be_read(session: Session, failing: set[str | None], code: str) -> bool:
    with session.read() as conn:
        live = select(link.c.remote_id).where(
            session.mine(link), link.c.state == LinkState.LIVE.value
        )
        ids = conn.scalars(live.limit(len(failing) + 1))
        other = next((e for e in ids if e not in failing and not links.is_unknown(e)), None)
    if other is None:
        return False
    try:
        (found,) = session.port.read(session.policy.kind, [other])
    except MailboxError:
        return False
    return not (isinstance(found, Failure) and found.code == code)
