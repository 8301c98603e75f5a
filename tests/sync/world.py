"""A small world: a CRM, two users with their mailboxes, and syncd between them.

Every verb is somebody's act: of the CRM's people, of a mailbox's user, of the admin, or of time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, select, text, update

from syncd.crm import database, lifecycle, records, users
from syncd.crm.feed import Actor, ActorKind
from syncd.crm.records import CONTACTS, New, Stored
from syncd.crm.stored import StoredKind
from syncd.model.kinds import Kind
from syncd.model.policy import Consent, KindPolicy
from syncd.model.values import Value
from syncd.outlook.port import Mailbox
from syncd.settings.filters import Filter
from syncd.settings.policies import MailboxPolicy, NamedFilter, ScopedKind
from syncd.sync import accounting, guard, mailboxes
from syncd.sync.first_contact import ContactState
from syncd.sync.placing import Connect
from syncd.sync.report import RunReport
from syncd.sync.run import Mode
from syncd.sync.service import SyncService
from syncd.sync.session import Session
from syncd.sync.tables import link, mailbox_kind, noticed, observed, operation, snapshot
from tests.sync.hands import Hand, Seen

ALICE, BOB = "alice@example.test", "bob@example.test"
MINE = "owner eq @me and statecode eq 'active'"
BY_HAND = Actor(ActorKind.USER, "admin")
WRITES = frozenset(
    (
        "CreateItem",
        "UpdateItem",
        "MoveItem",
        "DeleteItem",
        "CreateFolder",
        "create",
        "update",
        "move",
        "trash",
        "DeleteFolder",
        "remove_folder",
        "POST contacts",
        "PATCH contacts",
        "DELETE contacts",
        "POST contactFolders",
        "DELETE contactFolder",
    )
)
ROWS = (link, observed, noticed, snapshot, operation)


@dataclass
class Time:
    """The time in this world: real time, and what was let pass on top of it."""

    passed: timedelta = timedelta()

    def __call__(self) -> datetime:
        """What time it is."""
        return datetime.now(UTC) + self.passed


@dataclass
class World:
    """The whole of it. Users go by their address."""

    engine: Engine
    time: Time
    hands: Mapping[str, Hand]
    connect: Callable[[str], Mailbox]
    counted: Callable[[], Counter[str]]
    pass_on: Callable[[float], None] = lambda _: None
    stored: StoredKind[Kind] = CONTACTS
    rules: KindPolicy = field(default_factory=lambda: KindPolicy(CONTACTS.kind))
    filter: str = MINE
    exclude: str = ""
    consent: Consent = Consent.ADMIN
    servers: tuple[str, ...] = ("office",)
    open_on: Connect | None = None  # where it matters on which server a mailbox is
    other_ids: Callable[[str, str], str] = lambda _, item: item  # by address: the port's own
    moves: bool = True  # the servers let a program move items
    users: dict[str, str] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    reports: list[RunReport] = field(default_factory=list)
    _filter: Filter | None = None

    def add_users(self, conn: Connection) -> None:
        """Everybody is a user of the CRM, and their mailbox is served."""
        for address in self.hands:
            user = users.add(conn, address)
            self.users[address] = user.id
            mailboxes.add(conn, address, user.id, "sales", self.time())

    # --- syncd -----------------------------------------------------------------------------------

    def service(self) -> SyncService:
        """A service as a new process would have it."""
        only = self._parsed()
        system: tuple[NamedFilter, ...] = ()
        if self.rules.pushes:
            system = (NamedFilter("filter", only),)
        if self.exclude:
            out = Filter.parse(self.exclude, self.stored)
            system += (NamedFilter("exclude", out, exclude=True),)
        scoped = ScopedKind(self.rules, system)
        kinds = {self.rules.kind.name: scoped}
        policies = {"sales": MailboxPolicy("sales", self.servers, timedelta(minutes=5), kinds)}
        policies = {n: replace(each, consent=self.consent) for n, each in policies.items()}
        return SyncService(
            self.engine,
            policies,
            self.open_on or (lambda _, row: self.connect(row.address)),
            self.time,
            stored={self.rules.kind.name: self.stored},
        )

    def policy(self, **changes: Any) -> None:
        """The admin changes the policy."""
        self.rules = replace(self.rules, **changes)

    def sync(self, address: str = ALICE, mode: Mode = Mode.SYNC) -> RunReport:
        """One run of one mailbox. `counts` then has its requests."""
        before = self.counted()
        report = self.service().run(address, cause="test", mode=mode)
        self.counts = self.counted() - before
        self.reports.append(report)
        return report

    @property
    def writes(self) -> int:
        """How many writing requests the last run sent."""
        return sum(n for call, n in self.counts.items() if call in WRITES)

    def approve(self, address: str = ALICE) -> int:
        """The admin approves the first contact, or what is held."""
        mailbox_id = self.mailbox_id(address)
        with database.write(self.engine) as conn:
            waits = mailbox_kind.c.contact_state == ContactState.PROPOSED.value
            conn.execute(
                update(mailbox_kind)
                .where(mailbox_kind.c.mailbox_id == mailbox_id, waits)
                .values(contact_state=ContactState.APPROVED.value)
            )
            return guard.approve(conn, mailbox_id, self.time())

    def resume(self, address: str = ALICE) -> None:
        """The admin lets a suspended mailbox go on."""
        with database.write(self.engine) as conn:
            mailboxes.set_state(conn, self.mailbox_id(address), mailboxes.MailboxState.LIVE)

    def start(self, address: str = ALICE) -> None:
        """Sync until first contact is over."""
        if self.sync(address).first_contact and self.contact_state(address) != ContactState.DONE:
            self.approve(address)
            self.sync(address)
        assert self.contact_state(address) == ContactState.DONE

    def settle(self, *addresses: str) -> None:
        """Two full rounds; then nothing is left to do (P2, P4), and all is accounted for (P9).

        Of Alice's mailbox, unless others are named.
        """
        for _ in range(2):
            for address in addresses or (ALICE,):
                self.sync(address)
        for address in addresses or (ALICE,):
            self.quiet(address)
            self.accounted(address)

    def quiet(self, address: str = ALICE) -> None:
        """A cycle without edits is one request and writes nothing, on either side (P4)."""
        before = self.rows()
        self.sync(address)
        assert self.counts.total() == 1, self.counts
        assert self.writes == 0
        assert self.rows() == before

    def accounted(self, address: str = ALICE, *, listed: bool = True) -> None:
        """Every item seen is exactly one of the four, and the counters say so (P9).

        Unless it was not `listed` since the mailbox became another, what is seen is what is there.
        """
        with database.read(self.engine) as conn:
            state = conn.execute(
                select(mailbox_kind).where(mailbox_kind.c.mailbox_id == self.mailbox_id(address))
            ).one()
            counted = accounting.recount(conn, self._session(address))
            mine = (observed.c.mailbox_id == state.mailbox_id) & observed.c.missing_since.is_(None)
            seen = set(conn.scalars(select(observed.c.remote_id).where(mine)))
        kept = {name: n for name, n in state.counters.items() if n}
        assert kept == dict(counted)
        if self.rules.folder == "default" and listed:
            ids = (each.id for each in self.hands[address].items() if each.shown)
            assert seen == {self.other_ids(address, each) for each in ids}

    def pass_time(self, **amount: float) -> None:
        """Let time pass, for syncd and for the servers."""
        passed = timedelta(**amount)
        self.time.passed += passed
        self.pass_on(passed.total_seconds())

    # --- the CRM ---------------------------------------------------------------------------------

    def new(self, owner: str = ALICE, /, **fields: Value) -> str:
        """Somebody makes a record in the CRM; its id."""
        return self.new_many([fields], owner)[0]

    def new_many(self, many: Sequence[Mapping[str, Value]], owner: str = ALICE) -> list[str]:
        """Somebody makes records in the CRM; their ids."""
        news = [New(fields, self.users[owner]) for fields in many]
        with database.write(self.engine) as conn:
            made = records.create_many(conn, self.stored, news, actor=BY_HAND, at=self.time())
        return [each.id for each in made if isinstance(each, Stored)]

    def change(self, crm_id: str, /, **patch: Value) -> None:
        """Somebody edits a record in the CRM."""
        with database.write(self.engine) as conn:
            records.update(
                conn, self.stored, crm_id, patch, expected=None, actor=BY_HAND, at=self.time()
            )

    def assign(self, crm_id: str, address: str) -> None:
        """Somebody gives a record to another user."""
        with database.write(self.engine) as conn:
            lifecycle.assign(conn, self.stored, crm_id, self.users[address], BY_HAND, self.time())

    def set_active(self, crm_id: str, *, active: bool) -> None:
        """Somebody deactivates a record, or activates it again."""
        with database.write(self.engine) as conn:
            lifecycle.set_active(conn, self.stored, crm_id, active, BY_HAND, self.time())

    def remove(self, crm_id: str) -> None:
        """Somebody deletes a record in the CRM."""
        with database.write(self.engine) as conn:
            lifecycle.delete(conn, self.stored, crm_id, BY_HAND, self.time())

    def record(self, crm_id: str) -> Stored:
        """One record as the CRM holds it."""
        with database.read(self.engine) as conn:
            return records.read(conn, self.stored, [crm_id])[crm_id]

    def crm(self, crm_id: str) -> dict[str, Value]:
        """What a record holds that is not empty."""
        return {name: v for name, v in self.record(crm_id).record.fields.items() if v}

    def all_records(self) -> dict[str, Stored]:
        """Every record that is not deleted, by id."""
        table = self.stored.table
        with database.read(self.engine) as conn:
            ids = list(conn.scalars(select(table.c.id).where(table.c.deleted_at.is_(None))))
            return records.read(conn, self.stored, ids)

    # --- looking ---------------------------------------------------------------------------------

    def hand(self, address: str = ALICE) -> Hand:
        """The hand of a user in the mailbox."""
        return self.hands[address]

    def items(self, folder: str = "contacts", address: str = ALICE) -> list[Seen]:
        """What a user has in a folder.

        Where nothing can be moved, what is put aside in its place counts as in the folder for it.
        """
        if self.moves:
            return self.hands[address].items(folder)
        former = folder == self.rules.kind.archive_folder
        found = self.hands[address].items("contacts" if former else folder)
        return [each for each in found if self.is_aside(each) == former]

    def is_aside(self, item: Seen) -> bool:
        """Whether an item carries the category for what left scope."""
        labels = item["categories"]
        return isinstance(labels, tuple) and self.rules.kind.archive_category in labels

    def item(self, folder: str = "contacts", address: str = ALICE) -> Seen:
        """The only item there is."""
        (only,) = self.items(folder, address)
        return only

    def item_of(self, crm_id: str, address: str = ALICE) -> Seen:
        """The item that is linked to a record."""
        linked = self.link(crm_id, address)
        assert linked is not None
        items = self.hands[address].items()
        return next(i for i in items if self.other_ids(address, i.id) == linked.remote_id)

    def link(self, crm_id: str, address: str = ALICE) -> Any:
        """The row of a link."""
        mine = (link.c.crm_id == crm_id) & (link.c.mailbox_id == self.mailbox_id(address))
        with database.read(self.engine) as conn:
            return conn.execute(select(link).where(mine)).one_or_none()

    def links(self) -> list[Any]:
        """All links."""
        with database.read(self.engine) as conn:
            return list(conn.execute(select(link)))

    def reason(self, item: str, address: str = ALICE) -> str:
        """Why an item stands as it does."""
        mine = observed.c.mailbox_id == self.mailbox_id(address)
        with database.read(self.engine) as conn:
            found = conn.execute(
                select(observed.c.stand, observed.c.reason).where(
                    mine, observed.c.remote_id == item
                )
            ).one()
        return f"{found.stand} ({found.reason})"

    def noticed(self, crm_id: str) -> str:
        """Why a record without an item stands as it does; empty when it does not wait."""
        with database.read(self.engine) as conn:
            query = select(noticed.c.stand, noticed.c.reason).where(noticed.c.crm_id == crm_id)
            found = conn.execute(query).one_or_none()
        return f"{found.stand} ({found.reason})" if found else ""

    def state(self, address: str = ALICE) -> mailboxes.MailboxRow:
        """The mailbox as the store has it."""
        with database.read(self.engine) as conn:
            return mailboxes.get(conn, address)

    def is_read(self, address: str = ALICE) -> bool:
        """Whether a mailbox may be read: where its user is asked, that they agreed."""
        return self.consent is Consent.ADMIN or self.state(address).consented_at is not None

    def contact_state(self, address: str = ALICE) -> str:
        """How far first contact has come."""
        with database.read(self.engine) as conn:
            mine = mailbox_kind.c.mailbox_id == self.mailbox_id(address)
            return str(conn.scalar(select(mailbox_kind.c.contact_state).where(mine)))

    def proposal(self, address: str = ALICE) -> dict[str, int]:
        """The totals that wait for approval."""
        with database.read(self.engine) as conn:
            mine = mailbox_kind.c.mailbox_id == self.mailbox_id(address)
            return dict(conn.scalar(select(mailbox_kind.c.proposal).where(mine)) or {})

    def mailbox_id(self, address: str) -> int:
        """The number of a mailbox."""
        return self.state(address).id

    def rows(self) -> dict[str, list[tuple[object, ...]]]:
        """Everything that syncd keeps of links and items, to compare."""
        with database.read(self.engine) as conn:
            return {
                each.name: sorted((tuple(row) for row in conn.execute(select(each))), key=repr)
                for each in ROWS
            }

    def kept_losers(self) -> list[str]:
        """The contents of all values that lost a conflict."""
        with database.read(self.engine) as conn:
            query = (
                "select s.content from conflict c join snapshot s on s.hash = c.kept order by c.id"
            )
            return list(conn.scalars(text(query)))

    def execute(self, statement: str) -> None:
        """Tamper with the store."""
        with database.write(self.engine) as conn:
            conn.execute(text(statement))

    def forget_links(self) -> None:
        """Lose everything that syncd knows of items."""
        for name in ("link", "observed", "noticed", "match_value", "mailbox_kind"):
            self.execute(f"delete from {name}")  # noqa: S608 - names of our own

    def _parsed(self) -> Filter:
        """The filter, read anew only when it changed."""
        if self._filter is None or self._filter.text != self.filter:
            self._filter = Filter.parse(self.filter, self.stored)
        return self._filter

    def _session(self, address: str) -> Session:
        """Enough of a session to count by."""
        found = Session.__new__(Session)
        found.policy, found.mailbox = self.rules, self.state(address)
        return found
