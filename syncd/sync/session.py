"""What one run holds in its hands: one mailbox, one kind, the store, the rules."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, Connection, Engine, Row, Table, insert, select, update

from syncd.crm import database
from syncd.crm.feed import Actor, ActorKind
from syncd.crm.stored import StoredKind
from syncd.model.kinds import Kind
from syncd.model.policy import KindPolicy, Track
from syncd.outlook.port import Head, Mailbox, Sensitivity
from syncd.outlook.transport import WRITE_OVER
from syncd.reconcile.decide import Rules, Verb
from syncd.sync import acts, leases
from syncd.sync.acts import Acts
from syncd.sync.causes import Counting
from syncd.sync.leases import Lease
from syncd.sync.links import LinkKey
from syncd.sync.mailboxes import Installation, MailboxRow
from syncd.sync.rights import Rights
from syncd.sync.tables import mailbox_kind

CLOCK_SLACK = timedelta(minutes=1)
KEPT = timedelta(seconds=10)  # how long after it was journalled, and the lease renewed, one is sent
# A first try may still be executing until then.
GRACE = timedelta(seconds=WRITE_OVER) + KEPT
SECOND_LOOK = timedelta(minutes=10)  # search indexes lag


class Stopped(Exception):
    """The daemon is stopping: the batch in hand was finished, the rest is for the next run."""


_TOLD = {Verb.CREATE_ITEM: "created", Verb.UPDATE_ITEM: "updated", Verb.TRASH_ITEM: "deleted"}


@dataclass
class Tally:
    """What a run did so far: writes by side and verb, links made and released."""

    outlook: Counter[str] = field(default_factory=Counter)
    crm: Counter[str] = field(default_factory=Counter)
    links: Counter[str] = field(default_factory=Counter)
    failed: int = 0

    def wrote(self, verb: Verb, n: int = 1) -> None:
        """So many writes of this sort are known to have reached the mailbox."""
        self.outlook[_TOLD.get(verb, "moved")] += n


Progress = Callable[[str, int, int], None]  # what is done in which mailbox, how much, of how much


def quiet(what: str, done: int, total: int) -> None:
    """Tell nobody of progress."""
    del what, done, total


@dataclass
class Session:
    """One run of one kind in one mailbox."""

    engine: Engine
    port: Mailbox
    mailbox: MailboxRow
    installation: Installation
    policy: KindPolicy
    stored: StoredKind[Kind]
    rights: Rights
    where: ColumnElement[bool]
    excluded: ColumnElement[bool] | None
    rules_text: str
    run_id: str
    lease: Lease
    clock: Callable[[], datetime]
    stop: threading.Event
    new_key: Callable[[], UUID] = uuid4
    tally: Tally = field(default_factory=Tally)
    progress: Progress = quiet
    acts: Acts | None = None  # of tracking by command, once any item is looked at
    counting: Counting | None = None  # of what concerns all mailboxes
    unsure: ColumnElement[bool] | None = None  # of which cannot be said whether it belongs
    blind: bool = False  # a filter that excludes is not understood: nothing is pinned for sure
    claim_checked: bool = False  # the folder is known to be ours to serve
    claim_advanced: bool = False  # and that this run writes is written on it

    @property
    def key(self) -> LinkKey:
        """Whose links these are."""
        return LinkKey(self.mailbox.id, self.policy.kind)

    @property
    def actor(self) -> Actor:
        """Who writes into the CRM: its user, whose rights the store holds it to."""
        return Actor(ActorKind.MAILBOX, self.mailbox.address, self.mailbox.user_id)

    def rules(self) -> Rules:
        """What decisions are made under."""
        sound = self.clock_is_sound()
        return Rules(
            self.policy,
            self.installation.hash_key,
            clock_sound=sound,
            moves=self.moves,
            server_time=self.port.server_time,
        )

    @property
    def moves(self) -> bool:
        """Whether items can be put into another folder here; so it is until it was asked."""
        return self.mailbox.moves is not False

    def clock_is_sound(self) -> bool:
        """Whether the server's clock can be compared with the CRM's: right to a minute."""
        said = self.port.server_time
        return said is not None and abs(said - self.clock()) <= CLOCK_SLACK

    def tracked(self, head: Head, *, copy: bool = False) -> bool:
        """Whether an item, or a `copy` of one, carries its user's act of tracking."""
        said = self.acts.of(head, copy=copy) if self.acts is not None else None
        if said is not None:
            return said
        if self.policy.track is Track.FOLDER:
            return True  # the folder itself is the act
        return self.labelled(head)

    def labelled(self, head: Head) -> bool:
        """Whether an item has the category by which its user puts items into the CRM."""
        return self.policy.track is Track.CATEGORY and any(map(self.is_label, head.categories))

    def is_label(self, category: str) -> bool:
        """Whether it is that category: to Outlook they are the same whatever their case."""
        return category.casefold() == self.policy.track_category.casefold()

    def know_acts(self, conn: Connection) -> None:
        """Read what is tracked by command, before the first item is looked at."""
        if self.acts is None:
            self.acts = acts.load(conn, self.mailbox.id, self.policy.kind.name)

    @staticmethod
    def private(head: Head) -> bool:
        """Whether its user keeps an item out (P7)."""
        return head.sensitivity is not Sensitivity.NORMAL

    @contextmanager
    def write(self, *, durable: bool = False, alone: bool = False) -> Iterator[Connection]:
        """A writing transaction, refused once another process has taken the mailbox over.

        Of this mailbox it is the only one, since it begins with writing the mailbox's row: what is
        of this mailbox stays as it is read here. `alone` is for what looks up, or changes, more.
        """
        with database.write(self.engine, durable=durable, alone=alone) as conn:
            renewed = leases.renew(conn, self.lease, self.clock())
            yield conn
        self.lease = renewed  # not before: what is rolled back has prolonged nothing

    def keep_lease(self, late: Callable[[Connection], None] | None = None) -> None:
        """Between requests: prolong the lease, if one more would not end within it (P3).

        `late` is done in the transaction that does it. Raises LeaseLost when the mailbox was taken
        away.
        """
        if self.clock() >= self.lease.until - leases.LEASE + KEPT:
            # Durable: a database server that forgot it after a power cut would lend the mailbox to
            # another process while the request of this one is on its way.
            with self.write(durable=True) as conn:
                if late is not None:
                    late(conn)

    def read(self) -> AbstractContextManager[Connection]:
        """A reading transaction."""
        return database.read(self.engine)

    def check_stop(self) -> None:
        """Between batches: stop here if the daemon is stopping."""
        if self.stop.is_set():
            raise Stopped

    def check_held(self) -> None:
        """Between requests that only read: go no further once the mailbox was taken away."""
        with self.read() as conn:
            leases.check(conn, self.lease)

    def state(self, conn: Connection) -> Row[Any]:
        """This kind's row; the run made it before anything else."""
        return conn.execute(select(mailbox_kind).where(self.mine(mailbox_kind))).one()

    def ensure_state(self) -> Row[Any]:
        """This kind's row, made on first use."""
        with self.read() as conn:
            found = conn.execute(select(mailbox_kind).where(self.mine(mailbox_kind))).first()
        if found is not None:
            return found
        with self.write() as conn:
            values = {"mailbox_id": self.mailbox.id, "kind": self.policy.kind.name}
            conn.execute(
                insert(mailbox_kind).values(**values, folder=self.policy.folder, counters={})
            )
            return self.state(conn)

    def mine(self, table: Table) -> ColumnElement[bool]:
        """The rows of this mailbox and kind in one of the sync tables."""
        of_mailbox: ColumnElement[bool] = table.c.mailbox_id == self.mailbox.id
        return of_mailbox & (table.c.kind == self.policy.kind.name)

    @property
    def ours(self) -> dict[str, object]:
        """The columns that say whose a row of a sync table is."""
        return {"mailbox_id": self.mailbox.id, "kind": self.policy.kind.name}

    def set_state(self, conn: Connection, **values: object) -> None:
        """Change columns of this kind's row."""
        conn.execute(update(mailbox_kind).where(self.mine(mailbox_kind)).values(**values))


T = TypeVar("T")


def batches(items: Sequence[T], size: int) -> Iterable[Sequence[T]]:
    """Items in order, in batches of at most `size`."""
    return (items[at : at + size] for at in range(0, len(items), size))
