"""A small world: a CRM, two users with their mailboxes, and syncd between them.

Every verb is somebody's act: of the CRM's people, of a mailbox's user, of the admin, or of time.
"""

from __future__ import annotations

import copy
import sqlite3
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import Connection, Engine, select, text, update

from syncd.crm import database, records, users
from syncd.crm.feed import Actor, ActorKind
from syncd.crm.records import CONTACTS, New, Stored
from syncd.crm.stored import StoredKind
from syncd.model.fields import EwsProperty, FieldType, Indexed, Tag, Uri
from syncd.model.kinds import Kind
from syncd.model.policy import KindPolicy
from syncd.model.values import Value
from syncd.outlook.ews.mailbox import open_ews
from syncd.outlook.ews.session import EwsServer
from syncd.outlook.port import Mailbox, Sensitivity, Stamp
from syncd.sandbox.properties import ALIASES, mapi_named, mapi_tag
from syncd.sandbox.server import Sandbox
from syncd.settings.filters import Filter
from syncd.settings.policies import MailboxPolicy, ScopedKind
from syncd.sync import accounting, guard, mailboxes
from syncd.sync.first_contact import ContactState
from syncd.sync.report import RunReport
from syncd.sync.run import Mode
from syncd.sync.service import SyncService
from syncd.sync.session import Session
from syncd.sync.tables import link, mailbox_kind, noticed, observed, operation, snapshot
from tests.memory_mailbox import MemoryMailbox, MemoryServer

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
    )
)
ROWS = (link, observed, noticed, snapshot, operation)


@dataclass(frozen=True)
class Seen:
    """One item as its user sees it; `fields` are those that hold something."""

    id: str
    version: str
    folder: str
    stamped: bool
    fields: dict[str, Value]

    def __getitem__(self, name: str) -> Value:
        return self.fields.get(name)


class Hand(Protocol):
    """The hand of a user in the mailbox, beside the port. Fields go by their names in the map."""

    def add(
        self,
        fields: Mapping[str, Value],
        *,
        folder: str | None = None,
        sensitivity: Sensitivity = Sensitivity.NORMAL,
        item_class: str = "",
    ) -> str:
        """Add an item; its id."""

    def edit(self, item: str, fields: Mapping[str, Value]) -> None:
        """Change an item."""

    def mark(self, item: str, sensitivity: Sensitivity) -> None:
        """Mark an item private, or normal again."""

    def delete(self, item: str) -> None:
        """Remove an item for good."""

    def move(self, item: str, folder: str) -> str:
        """Move an item to a folder; its id there."""

    def copy(self, item: str) -> str:
        """Copy an item within the default folder; the copy's id."""

    def add_folder(self, name: str, below: str = "") -> str:
        """Add a folder below the default one; its id."""

    def move_folder(self, folder: str, below: str) -> None:
        """Put a folder below another one."""

    def delete_folder(self, folder: str) -> None:
        """Remove a folder for good, with what is in it."""

    def set_link(self, item: str, text: str) -> None:
        """Overwrite the part of a stamp that says whose item it is."""

    def jot(self, item: str, text: str) -> None:
        """Write into a field that the map does not name."""

    def jotted(self, item: str) -> str | None:
        """Read the field that `jot` writes."""

    def items(self, folder: str = "contacts") -> list[Seen]:
        """What is in a folder (by role or name), oldest first; nothing where there is none."""


@dataclass(frozen=True)
class MemoryHand:
    """The hand of a user in a mailbox in memory."""

    server: MemoryServer

    def add(
        self,
        fields: Mapping[str, Value],
        *,
        folder: str | None = None,
        sensitivity: Sensitivity = Sensitivity.NORMAL,
        item_class: str = "",
    ) -> str:
        """Add an item; its id."""
        return self.server.add(
            fields, folder=folder, sensitivity=sensitivity, item_class=item_class
        )

    def edit(self, item: str, fields: Mapping[str, Value]) -> None:
        """Change an item."""
        self.server.edit(item, fields)

    def mark(self, item: str, sensitivity: Sensitivity) -> None:
        """Mark an item private, or normal again."""
        self.server.mark(item, sensitivity)

    def delete(self, item: str) -> None:
        """Remove an item for good."""
        self.server.delete(item)

    def move(self, item: str, folder: str) -> str:
        """Move an item to a folder; its id there."""
        return self.server.move(item, folder)

    def copy(self, item: str) -> str:
        """Copy an item within the default folder; the copy's id."""
        return self.server.copy(item)

    def add_folder(self, name: str, below: str = "") -> str:
        """Add a folder below the default one; its id."""
        return self.server.add_folder(name, below=below)

    def move_folder(self, folder: str, below: str) -> None:
        """Put a folder below another one."""
        self.server.move_folder(folder, below)

    def delete_folder(self, folder: str) -> None:
        """Remove a folder for good, with what is in it."""
        self.server.delete_folder(folder)

    def set_link(self, item: str, text: str) -> None:
        """Overwrite the part of a stamp that says whose item it is."""
        self.server.set_stamp(item, Stamp.parse(text, "somebody's"))

    def jot(self, item: str, text: str) -> None:
        """Write into a field that the map does not name."""
        self.server.jot(item, text)

    def jotted(self, item: str) -> str | None:
        """Read the field that `jot` writes."""
        return self.server.jotted(item)

    def items(self, folder: str = "contacts") -> list[Seen]:
        """What is in a folder, oldest first."""
        return [
            Seen(each.id, each.version, each.folder, each.stamp is not None, dict(each.fields))
            for each in self.server.inside(self.server.named(folder))
        ]


@dataclass(frozen=True)
class SandboxHand:
    """The hand of a user in a mailbox of the sandbox."""

    box: Sandbox
    address: str
    kind: Kind

    @property
    def _own(self) -> Any:
        return self.box.mailbox(self.address)

    def add(
        self,
        fields: Mapping[str, Value],
        *,
        folder: str | None = None,
        sensitivity: Sensitivity = Sensitivity.NORMAL,
        item_class: str = "",
    ) -> str:
        """Add an item; its id."""
        bag = {**self._bag(fields), "item:Sensitivity": sensitivity.value.capitalize()}
        held = {key: value for key, value in bag.items() if value is not None}
        of_class = item_class or self.kind.item_class
        with self.box.organisation.lock:
            return str(self._own.add(folder or "contacts", held, of_class).id)

    def edit(self, item: str, fields: Mapping[str, Value]) -> None:
        """Change an item."""
        with self.box.organisation.lock:
            self._own.update(item, self._bag(fields))

    def mark(self, item: str, sensitivity: Sensitivity) -> None:
        """Mark an item private, or normal again."""
        self._own.update(item, {"item:Sensitivity": sensitivity.value.capitalize()})

    def delete(self, item: str) -> None:
        """Remove an item for good."""
        self._own.delete(item)

    def move(self, item: str, folder: str) -> str:
        """Move an item to a folder; its id there."""
        return str(self._own.move(item, folder).id)

    def copy(self, item: str) -> str:
        """Copy an item within the default folder; the copy's id."""
        return str(self._own.copy(item, "contacts").id)

    def add_folder(self, name: str, below: str = "") -> str:
        """Add a folder below the default one; its id."""
        return str(self._own.add_folder(below or "contacts", name, self.kind.folder_class).id)

    def move_folder(self, folder: str, below: str) -> None:
        """Put a folder below another one."""
        self._own.move_folder(folder, below)

    def delete_folder(self, folder: str) -> None:
        """Remove a folder for good, with what is in it."""
        self._own.delete_folder(folder)

    def set_link(self, item: str, text: str) -> None:
        """Overwrite the part of a stamp that says whose item it is."""
        self._own.update(item, {_LINK: text})

    def jot(self, item: str, text: str) -> None:
        """Write into a field that the map does not name."""
        self._own.update(item, {"contacts:Profession": text})

    def jotted(self, item: str) -> str | None:
        """Read the field that `jot` writes."""
        return str(self._own.item(item)["contacts:Profession"])

    def items(self, folder: str = "contacts") -> list[Seen]:
        """What is in a folder, oldest first."""
        try:
            held = self._own.items(folder)
        except LookupError:
            return []
        return [
            Seen(each.id, each.change_key, folder, each.get(_LINK) is not None, self._fields(each))
            for each in held
        ]

    def _fields(self, item: Any) -> dict[str, Value]:
        held = {each.name: item.get(_key(each.ews)) for each in self.kind.fields}
        days = {f.name for f in self.kind.fields if f.type is FieldType.DATE}
        return {
            name: date.fromisoformat(value[:10])
            if name in days
            else tuple(value)
            if isinstance(value, list | tuple)
            else str(value).replace("\r\n", "\n")
            for name, value in held.items()
            if value
        }

    def _bag(self, fields: Mapping[str, Value]) -> dict[str, Any]:
        return {_key(self.kind.by_name[name].ews): _set(value) for name, value in fields.items()}


def _key(prop: EwsProperty) -> str:
    key = _path(prop)
    return ALIASES[key].key if key in ALIASES else key


def _path(prop: EwsProperty) -> str:
    if isinstance(prop, Uri):
        return prop.uri
    if isinstance(prop, Indexed):
        return f"{prop.uri}:{prop.index}"
    if isinstance(prop, Tag):
        return mapi_tag(prop.tag, prop.type)
    return mapi_named(prop.set_id, prop.name or prop.id or 0, prop.type)


def _set(value: Value) -> object:
    if isinstance(value, date):
        return f"{value.isoformat()}T11:59:00Z"
    return list(value) if isinstance(value, tuple) else value


# Spelt out: a stamp must never change, or every link in every mailbox is lost.
_LINK = mapi_named("5f0b9c1e-7d43-4a86-9e1b-2c6a8f3d4e70", "SyncdLink", "String")


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
    path: Path
    time: Time
    hands: Mapping[str, Hand]
    connect: Callable[[str], Mailbox]
    counted: Callable[[], Counter[str]]
    pass_on: Callable[[float], None] = lambda _: None
    stored: StoredKind = CONTACTS
    rules: KindPolicy = field(default_factory=lambda: KindPolicy(CONTACTS.kind))
    filter: str = MINE
    users: dict[str, str] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    reports: list[RunReport] = field(default_factory=list)

    def add_users(self, conn: Connection) -> None:
        """Everybody is a user of the CRM, and their mailbox is served."""
        for address in self.hands:
            user = users.add(conn, address)
            self.users[address] = user.id
            mailboxes.add(conn, address, user.id, "sales", self.time())

    # --- syncd -----------------------------------------------------------------------------------

    def service(self) -> SyncService:
        """A service as a new process would have it."""
        scoped = ScopedKind(self.rules, Filter.parse(self.filter, self.stored))
        kinds = {self.rules.kind.name: scoped}
        policies = {"sales": MailboxPolicy("sales", "office", timedelta(minutes=5), kinds)}
        return SyncService(
            self.engine,
            policies,
            lambda row, _: self.connect(row.address),
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

    def accounted(self, address: str = ALICE) -> None:
        """Every item seen is exactly one of the four, and the counters say so (P9)."""
        with database.read(self.engine) as conn:
            state = conn.execute(
                select(mailbox_kind).where(mailbox_kind.c.mailbox_id == self.mailbox_id(address))
            ).one()
            counted = accounting.recount(conn, self._session(address))
        kept = {name: n for name, n in state.counters.items() if n}
        assert kept == dict(counted)

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
            records.assign(conn, self.stored, crm_id, self.users[address], BY_HAND, self.time())

    def set_active(self, crm_id: str, *, active: bool) -> None:
        """Somebody deactivates a record, or activates it again."""
        with database.write(self.engine) as conn:
            records.set_active(conn, self.stored, crm_id, active, BY_HAND, self.time())

    def remove(self, crm_id: str) -> None:
        """Somebody deletes a record in the CRM."""
        with database.write(self.engine) as conn:
            records.delete(conn, self.stored, crm_id, BY_HAND, self.time())

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
        """What a user has in a folder."""
        return self.hands[address].items(folder)

    def item(self, folder: str = "contacts", address: str = ALICE) -> Seen:
        """The only item there is."""
        (only,) = self.items(folder, address)
        return only

    def item_of(self, crm_id: str, address: str = ALICE) -> Seen:
        """The item that is linked to a record."""
        linked = self.link(crm_id, address)
        assert linked is not None
        return next(i for i in self.items(address=address) if i.id == linked.remote_id)

    def link(self, crm_id: str, address: str = ALICE) -> Any:
        """The row of a link."""
        mine = (link.c.crm_id == crm_id) & (link.c.mailbox_id == self.mailbox_id(address))
        with database.read(self.engine) as conn:
            return conn.execute(select(link).where(mine)).one_or_none()

    def links(self) -> list[Any]:
        """All links."""
        with database.read(self.engine) as conn:
            return list(conn.execute(select(link)))

    def reason(self, item: str) -> str:
        """Why an item stands as it does."""
        with database.read(self.engine) as conn:
            found = conn.execute(
                select(observed.c.stand, observed.c.reason).where(observed.c.remote_id == item)
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

    def _session(self, address: str) -> Session:
        """Enough of a session to count by."""
        found = Session.__new__(Session)
        found.policy, found.mailbox = self.rules, self.state(address)
        return found


Memory = tuple[World, Mapping[str, MemoryServer]]


def memory_world(engine: Engine, path: Path, stored: StoredKind = CONTACTS) -> Memory:
    """A world with both mailboxes in memory, and their servers."""
    time = Time()
    servers = {each: MemoryServer(stored.kind, time) for each in (ALICE, BOB)}
    world = World(
        engine,
        path,
        time,
        {each: MemoryHand(server) for each, server in servers.items()},
        lambda address: MemoryMailbox(servers[address], address),
        lambda: sum((server.counts for server in servers.values()), Counter[str]()),
        stored=stored,
        rules=KindPolicy(stored.kind),
    )
    with database.write(engine) as conn:
        world.add_users(conn)
    return world, servers


def branch(world: World, servers: Mapping[str, MemoryServer], path: Path) -> Memory:
    """The same world once more, in a store of its own: what is done in one is not in the other."""
    with closing(sqlite3.connect(world.path)) as conn:
        conn.execute("vacuum into ?", (str(path),))
    time, twins = copy.deepcopy((world.time, dict(servers)))
    twin = replace(
        world,
        engine=database.open_database(f"sqlite:///{path}"),
        path=path,
        time=time,
        hands={each: MemoryHand(server) for each, server in twins.items()},
        connect=lambda address: MemoryMailbox(twins[address], address),
        counted=lambda: sum((server.counts for server in twins.values()), Counter[str]()),
        reports=[],
    )
    return twin, twins


def sandbox_world(engine: Engine, path: Path, box: Sandbox) -> World:
    """A world with the mailboxes of a sandbox, over EWS."""
    server = EwsServer(box.url, box.service_account, box.password, timeout=5, deadline=10)
    world = World(
        engine,
        path,
        Time(),
        {each: SandboxHand(box, each, CONTACTS.kind) for each in (ALICE, BOB)},
        lambda address: open_ews(server, address),
        lambda: Counter(box.requests.counts),
        box.clock.advance,
    )
    with database.write(engine) as conn:
        world.add_users(conn)
    return world
