"""The stage of a scenario: a world, and who and what its names stand for in it.

A name is a contact: its record in the CRM, and in each mailbox the item that is tied to it, or that
the rep gave this name.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from sqlalchemy import select

from syncd.crm import database
from syncd.model.values import Value
from syncd.outlook.port import Backend, Sensitivity
from syncd.sandbox.server import Sandbox
from syncd.sync.mailboxes import MailboxState
from syncd.sync.tables import mailbox, operation
from tests.memory_server import MemoryServer, run
from tests.scenarios import policies
from tests.scenarios.reading import REPS, Scenario, Step, Table, numbered, values
from tests.scenarios.trouble import (
    CALLS,
    INSTEAD,
    LASTING,
    ON_THE_WIRE,
    Refusal,
    Trouble,
    Woe,
)
from tests.scenarios.vocabulary import VERBS, role_of
from tests.sync import desk
from tests.sync.hands import Hand, Seen
from tests.sync.verifying import wrong
from tests.sync.world import ALICE, BOB, WRITES, World

ADDRESSES = {"alice": ALICE, "bob": BOB}
FORMER, TRASH, CONTACTS = "Former CRM contacts", "deleteditems", "contacts"
BETWEEN_STEPS = 30  # seconds: what is later is later for every server

Run = Callable[[World], object]
Around = Callable[[World, str, Run], None]


def plainly(world: World, address: str, run_it: Run) -> None:
    """Run a mailbox with nobody looking."""
    del address
    run_it(world)


def nested(outer: Around, inner: Around) -> Around:
    """One around the other."""
    return lambda world, address, run_it: outer(
        world, address, lambda world: inner(world, address, run_it)
    )


@dataclass
class Stage:
    """A scenario being played. `around` is called for each run of a mailbox, with the run.

    A run is given the world, so that it can be made in another one as well.
    """

    scenario: Scenario
    world: World
    servers: Mapping[str, MemoryServer] = field(default_factory=dict)
    box: Sandbox | None = None
    around: Around = plainly
    records: dict[str, str] = field(default_factory=dict)
    items: dict[tuple[str, str], str] = field(default_factory=dict)
    begun: dict[str, dict[str, Value]] = field(default_factory=dict)  # records, as they began
    own: dict[tuple[str, str], dict[str, Value]] = field(default_factory=dict)  # items, as well
    labels: dict[tuple[str, str], Value] = field(default_factory=dict)  # as its user left them
    jotted: dict[tuple[str, str], str] = field(default_factory=dict)
    folders: dict[tuple[str, str], str] = field(default_factory=dict)
    others: dict[str, str] = field(default_factory=dict)  # accounts and teams
    backups: dict[str, MemoryServer] = field(default_factory=dict)  # of mailboxes
    already: int = 0  # operations before the first step

    # --- playing ---------------------------------------------------------------------------------

    @property
    def users(self) -> list[str]:
        """The addresses of those who take part."""
        return [ADDRESSES[each] for each in self.scenario.users]

    def begin(self) -> None:
        """Set up what is there before the first step."""
        start = self.scenario.start
        try:
            policies.change(self.world, self.scenario.policy)
        except ValueError as error:
            raise self.scenario.wrong("[policy]", str(error)) from None
        for name, each in start.accounts.items():
            self.others[name] = desk.account(
                self.world, each["name"], ADDRESSES[each.get("owner", "alice")]
            )
        for rep, items in start.outlook.items():
            for name, table in items.items():
                for one, each in numbered(name, table):
                    self.put(ADDRESSES[rep], one, each)
        self.enter(dict(pair for n, t in start.crm.items() for pair in numbered(n, t)))
        if start.in_step:
            for address in self.users:
                self.run(address)
                self.world.approve(address)
            self.settle()
        self.already = len(self.written())

    def play(self) -> None:
        """Everything from the first step to the end, when all is settled."""
        self.begin()
        self.go_through()

    def go_through(self) -> None:
        """From the first step on, once all that is there before it is set up."""
        for step in self.scenario.steps:
            self.do(step)
        self.settle()

    def do(self, step: Step) -> None:
        """One step, a little later than the one before."""
        self.world.pass_time(seconds=BETWEEN_STEPS)
        role = role_of(step.who)
        assert role is not None
        VERBS[role, step.does].act(self, step)

    def run(self, address: str) -> None:
        """One run of one mailbox."""
        self.around(self.world, address, lambda world: world.sync(address))

    def settle(self) -> None:
        """Two full rounds; then nothing is left to do (P2), and all is accounted for (P9)."""
        for _ in range(2):
            for address in self.users:
                self.run(address)
        for address in self.users:
            self.rest(address)

    def rest(self, address: str) -> None:
        """A cycle without edits does nothing, on either side (P4)."""
        served = self.world.state(address).state in (MailboxState.LIVE, MailboxState.APPROVED)
        if served and self.world.is_read(address) and self.world.contact_state(address) == "done":
            self.world.quiet(address)
            self.world.accounted(address)
            found = wrong(self.world, address)
            assert not found, f"verify finds {found}"
        else:
            self.world.sync(address)
            assert self.world.writes == 0

    # --- what names stand for --------------------------------------------------------------------

    def each(self, step: Step, key: str = "what") -> Iterator[str]:
        """The contact that a step is about, or with a star all of that name."""
        yield from self.named(str(step.given[key]), step)

    def named(self, name: str, where: object) -> Iterator[str]:
        """The contact of a name, or with a star all of that name."""
        known = {*self.records, *(name for _, name in self.items)}
        if name.endswith(" *"):
            found = [each for each in known if each.startswith(name[:-1])]
            if not found:
                raise self.scenario.wrong(where, f"nobody is called {name!r}")
            yield from sorted(found, key=lambda each: int(each.split()[-1]))
        elif name in known:
            yield name
        else:
            raise self.scenario.wrong(where, f"nobody is called {name!r}: {sorted(known)}")

    def record(self, name: str) -> str:
        """The record of a contact; empty when the CRM has none."""
        known = self.records.get(name, "")
        if known and not self.world.record(known).deleted:
            return known
        for (address, of), item in self.items.items():
            found = self._tied_to(address, item) if of == name else ""
            if found and (not known or not self.world.record(found).deleted):
                self.records[name] = found
                return found
        return known

    def _tied_to(self, address: str, item: str) -> str:
        """The record that an item of a mailbox is tied to; empty without one."""
        mailbox = self.world.mailbox_id(address)
        mine = (e for e in self.world.links() if (e.mailbox_id, e.remote_id) == (mailbox, item))
        return next((str(each.crm_id) for each in mine), "")

    def bind(self) -> None:
        """Remember which item is whose, for syncd is about to forget it."""
        for address in self.users:
            for name in self.records:
                found = self.item(address, name)
                if found is not None:
                    self.items[address, name] = found.id

    def item(self, address: str, name: str) -> Seen | None:
        """The item of a contact in a mailbox, wherever it is."""
        everywhere = {each.id: each for each in self.everything(address)}
        bound = self.items.get((address, name))
        if bound in everywhere:
            return everywhere[bound]
        record = self.record(name)
        tied = self.world.link(record, address) if record else None
        return everywhere.get(tied.remote_id) if tied is not None else None

    def its_item(self, step: Step, name: str) -> str:
        """The id of the item that a rep takes in hand."""
        address = ADDRESSES[step.who]
        found = self.item(address, name)
        if found is None:
            raise self.scenario.wrong(step, f"{step.who} has no item of {name!r} in Outlook")
        self.items[address, name] = found.id
        return found.id

    def its_record(self, step: Step, name: str) -> str:
        """The id of the record that somebody takes in hand."""
        found = self.record(name)
        if not found:
            raise self.scenario.wrong(step, f"the CRM has no record of {name!r}")
        return found

    def everything(self, address: str) -> list[Seen]:
        """All items of a mailbox that a rep could look at."""
        hand = self.world.hand(address)
        made = [folder for (of, _), folder in self.folders.items() if of == address]
        places = [CONTACTS, FORMER, TRASH, *made]
        spec = self.world.rules.folder
        if "/" in spec:
            places.append(spec.partition("/")[2])
        return [each for place in places for each in hand.items(place)]

    def folder(self, address: str, name: str) -> str:
        """A folder by its name: one that the rep made, or one that Outlook or syncd did."""
        usual = {"Contacts": CONTACTS, "Deleted Items": TRASH}
        if (address, name) in self.folders:
            return self.folders[address, name]
        if name in usual:
            return usual[name]
        port, kind = self.world.connect(address), self.world.rules.kind
        found = port.folder(kind, f"default/{name}", create=False)
        if found is None:
            raise self.scenario.wrong("the steps", f"{address} has no folder {name!r}")
        return found.id

    # --- what all acts need ----------------------------------------------------------------------

    def hand(self, step: Step) -> Hand:
        """The hand of the rep of a step."""
        return self.world.hand(ADDRESSES[step.who])

    def put(self, address: str, name: str, table: Table) -> None:
        """A rep's own item."""
        fields = values(table)
        folder = self.folder(address, table["folder"]) if "folder" in table else None
        item = self.world.hand(address).add(
            fields,
            folder=folder,
            sensitivity=Sensitivity(table.get("marked", "normal")),
            item_class="IPM.DistList" if table.get("sort") == "distribution list" else "",
        )
        self.items[address, name] = item
        self.labels[address, name] = fields.pop("categories", None)
        self.own[address, name] = fields
        if "profession" in table:
            self.jot(address, name, table["profession"])

    def jot(self, address: str, name: str, text: str) -> None:
        """A rep writes into a field that syncd does not know (P11)."""
        self.world.hand(address).jot(self.items[address, name], text)
        self.jotted[address, name] = text

    def enter(self, tables: Mapping[str, Table]) -> None:
        """Somebody makes records in the CRM."""
        by_owner: dict[str, dict[str, dict[str, Value]]] = {}
        for name, table in tables.items():
            fields = values(table)
            if "account" in table:
                fields["parentcustomerid"] = self.others[table["account"]]
            by_owner.setdefault(table.get("owner", "alice"), {})[name] = fields
        for owner, many in by_owner.items():
            made = self.world.new_many(list(many.values()), ADDRESSES[owner])
            assert len(made) == len(many), "the CRM refused one of them"
            self.records.update(zip(many, made, strict=True))
        for name, table in tables.items():
            self.begun[name] = values(table)
            if "account" in table:  # the company is what the account is called
                self.begun[name].update(self.shown(self.records[name], "companyname"))
            if table.get("active") is False:
                self.world.set_active(self.records[name], active=False)

    def record_begun(self, name: str) -> dict[str, Value]:
        """What the CRM held of a contact when it came there."""
        own = next((held for (_, of), held in self.own.items() if of == name), {})
        return dict(self.begun.get(name, own))

    def item_begun(self, address: str, name: str) -> dict[str, Value]:
        """What a rep's item held when it came there; without one of her own, what the CRM did."""
        return dict(self.own.get((address, name), self.record_begun(name)))

    def shown(self, record: str, *names: str) -> dict[str, Value]:
        """Some fields of a record, as the CRM shows them."""
        held = self.world.crm(record)
        return {name: held[name] for name in names if name in held}

    def written(self) -> list[tuple[str, str]]:
        """What syncd has ever done in Outlook: (address, verb)."""
        outlook = ("create-item", "update-item", "move-item", "trash-item", "restore-item")
        query = (
            select(mailbox.c.address, operation.c.verb)
            .join(mailbox, mailbox.c.id == operation.c.mailbox_id)
            .where(operation.c.status == "done", operation.c.verb.in_(outlook))
        )
        with database.read(self.world.engine) as conn:
            return [(row.address, row.verb) for row in conn.execute(query)]

    # --- the server ------------------------------------------------------------------------------

    def strike(self, address: str, woe: Woe, write: str = "") -> None:
        """Let something go wrong at the server of a mailbox."""
        if self.box is None:
            if woe is Woe.FORGOTTEN:
                self.servers[address].forgot += 1
                return
            writes = frozenset({write}) if write else WRITES
            if write == "move" and not self.world.moves:
                writes = INSTEAD
            self.servers[address].meddle = Trouble(woe, writes)
            return
        backend = Backend.EWS if self.world.moves else Backend.GRAPH
        on, fault, more = ON_THE_WIRE[backend][woe]
        on, times = on or CALLS[backend][write], 10_000 if woe in LASTING else 1
        self.box.faults.add(on, fault, times=times, mailbox=address, **more)

    def refuse(self, address: str, fields: Mapping[str, Value]) -> None:
        """Let the server refuse what sets these."""
        self.servers[address].refuses = Refusal(fields)

    def heal(self, address: str) -> None:
        """Let the server be well again."""
        if self.box is None:
            self.servers[address].meddle = run
            self.servers[address].refuses = Refusal({"lastname": "\0"})
        else:
            self.box.faults.clear()

    def counted(self) -> Counter[str]:
        """How often syncd wrote in each mailbox since the first step."""
        return Counter(address for address, _ in self.written()[self.already :])


assert set(ADDRESSES) == set(REPS)
