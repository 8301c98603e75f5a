"""Business actions in any order, on a small store: whatever is done, the invariants hold."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count
from unittest import mock
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule
from sqlalchemy import Engine, delete, text

from syncd.crm import users
from syncd.crm.api import Crm
from syncd.crm.database import write
from syncd.crm.errors import CrmError
from syncd.crm.feed import Actor, ActorKind
from syncd.crm.parties import Party
from syncd.crm.qualifying import Qualification
from syncd.crm.tables import metadata
from syncd.model.qualification import OnDuplicate
from syncd.model.values import Value
from tests.crm.follower import Follower
from tests.crm.ledger import Ledger, Name, demand_lawful_step, demand_sound, demand_unchanged
from tests.crm.rules.law import ACTIVITIES, CONTENT, SMALLEST, STATES

ACTORS = [
    Actor(ActorKind.API, "website"),
    Actor(ActorKind.MAILBOX, "ann@contoso.com"),
    Actor(ActorKind.UNDO, "admin"),
]
ABOUT = ("lead", "account", "contact", "opportunity")
PEOPLE = ("lead", "contact", "account")

actors = st.sampled_from([*ACTORS, ACTORS[0], ACTORS[0]])
GONE = 9  # one that was deleted
picks = st.integers(0, GONE)  # one of the records, counted from the latest
chance = st.none() | picks
names = st.sampled_from(["Lyon", "Sand", "Lyons"])
firms = st.sampled_from([None, "Contoso Ltd", "Northwind", "Contoso Limited"])
mails = st.sampled_from([None, "lyon@contoso.com", "sand@northwind.com"])
entities = st.sampled_from(sorted(STATES))
activities = st.sampled_from(ACTIVITIES)
about = st.none() | st.tuples(st.sampled_from(ABOUT), picks)


def empty(engine: Engine) -> None:
    """Take everything out of a store."""
    with write(engine) as conn:
        if engine.dialect.name == "sqlite":
            conn.execute(text("PRAGMA defer_foreign_keys = ON"))
            for table in metadata.tables.values():
                conn.execute(delete(table))
        else:
            named = ", ".join(f'"{name}"' for name in metadata.tables)
            conn.execute(text(f"TRUNCATE {named} RESTART IDENTITY CASCADE"))


def _id(number: int) -> UUID:
    """An id that is the same whenever an example is repeated."""
    return UUID(int=number)


class Machine(RuleBasedStateMachine):
    """One store, and everything that can be done to it."""

    def __init__(self, engine: Engine) -> None:
        super().__init__()
        self.engine = engine
        empty(engine)
        self.time = datetime(2026, 1, 1, tzinfo=UTC)
        self.ids = mock.patch("syncd.crm.records.uuid4", side_effect=map(_id, count(1)))
        self.ids.start()
        with write(engine) as conn:
            self.users = [
                users.add(conn, f"{name}@contoso.com", id=name).id for name in ("ann", "bob")
            ]
        self.there: dict[str, list[str]] = {entity: [] for entity in STATES}
        self.gone: dict[str, list[str]] = {entity: [] for entity in STATES}
        self.ledger = Ledger.of(engine)
        self.diligent, self.lazy = Follower(engine), Follower(engine)
        self.furnish()

    def furnish(self) -> None:
        """A small company to begin with: something of everything, and some of it closed."""
        crm, ann = Crm(self.engine, ACTORS[0], clock=lambda: self.time), self.users[0]

        def make(entity: str, *taking_part: Party, **values: Value) -> str:
            given = {**SMALLEST[entity], **values}
            made = crm.create(entity, given, owner=ann, parties=taking_part).id
            self.there[entity].append(made)
            return made

        top = make("account", name="Contoso Ltd")
        below = make("account", name="Northwind", parentaccountid=top)
        who, _, _ = (make("contact", parentcustomerid=home) for home in (below, top, top))
        crm.edit("account", below, {"primarycontactid": who})
        lead = make("lead", companyname="Contoso Ltd", parentcontactid=who)
        sale = make("opportunity", customerid=f"account:{below}", parentcontactid=who)
        for about in (f"contact:{who}", f"account:{below}", f"opportunity:{sale}", f"lead:{lead}"):
            make("note", objectid=about)
            for entity, role in (("email", "to"), ("appointment", "required")):
                somebody = about if about != f"opportunity:{sale}" else f"contact:{who}"
                make(entity, Party(role, somebody), regardingobjectid=about)
            done = make("phone_call", Party("to", f"lead:{lead}"), regardingobjectid=about)
            crm.complete("phone_call", done)
            make("task", regardingobjectid=about)
        crm.win(make("opportunity", customerid=f"account:{below}"))
        both = [Party("required", f"contact:{each}") for each in self.there["contact"]]
        make("appointment", *both)
        self.ledger = Ledger.of(self.engine)
        demand_sound(self.ledger)

    def teardown(self) -> None:
        """A reader who was away, and one who begins now, end with what is there."""
        self.ids.stop()
        for reader in (self.lazy, Follower(self.engine)):
            reader.catch_up()
            reader.demand_exact(self.ledger.held, self.ledger.took)

    # --- how an action is held against the ledger ------------------------------------------------

    def do(self, actor: Actor, action: Callable[[Crm], object]) -> bool:
        """Do something, and check all there is to check; whether it was done."""
        self.time += timedelta(hours=1)
        before, done = self.ledger, True
        try:
            action(Crm(self.engine, actor, clock=lambda: self.time))
        except CrmError:
            done = False
        self.ledger = now = Ledger.of(self.engine)
        if not done:
            demand_unchanged(before, now)
            return False
        for name in sorted(now.rows.keys() - before.rows.keys()):
            self.there[name[0]].append(name[1])
        for entity, record in self.gone_since(before):
            self.there[entity].remove(record)
            self.gone[entity].append(record)
        demand_lawful_step(before, now, undoing=actor.kind is ActorKind.UNDO)
        demand_sound(now)
        for line in now.lines[len(before.lines) :]:
            assert (line.actor, line.at) == (actor, self.time)
        self.diligent.catch_up()
        self.diligent.demand_exact(now.held, now.took)
        return True

    def one(self, entity: str, pick: int | None) -> str | None:
        """The id of a record that there is; seldom, of one that there was."""
        known = self.gone[entity] if pick == GONE else self.there[entity]
        return known[-1 - pick % len(known)] if known and pick is not None else None

    def some(self, entity: str, pick: int | None) -> str:
        """The id of a record, or of none."""
        return self.one(entity, pick) or "nobody"

    def pointing(self, to: tuple[str, int] | None) -> str | None:
        """A reference to a record of one of several entities."""
        record = self.one(*to) if to else None
        return f"{to[0]}:{record}" if to and record else None

    # --- what is entered -------------------------------------------------------------------------

    def create(self, actor: Actor, entity: str, *taking_part: Party, **values: Value) -> None:
        """Enter a record of Ann's."""
        given = {**SMALLEST[entity], **values}
        self.do(
            actor, lambda crm: crm.create(entity, given, owner=self.users[0], parties=taking_part)
        )

    @rule(actor=actors, last=names, mail=mails, firm=firms, home=chance, lead=chance)
    def enter_contact(
        self, actor: Actor, last: str, mail: str | None, firm: str | None, home: int | None,
        lead: int | None,
    ) -> None:  # fmt: skip
        """Of an account, of a company by its name, or of none."""
        self.create(
            actor, "contact", lastname=last, emailaddress1=mail, companyname=firm,
            originatingleadid=self.one("lead", lead),
            **({"parentcustomerid": self.one("account", home)} if home is not None else {}),
        )  # fmt: skip

    @rule(actor=actors, name=firms, above=chance)
    def enter_account(self, actor: Actor, name: str | None, above: int | None) -> None:
        """Below another one, or on top."""
        self.create(actor, "account", name=name, parentaccountid=self.one("account", above))

    @rule(actor=actors, last=names, mail=mails, firm=firms, account=chance, contact=chance)
    def enter_lead(
        self, actor: Actor, last: str, mail: str | None, firm: str | None, account: int | None,
        contact: int | None,
    ) -> None:  # fmt: skip
        """About somebody new, or somebody known."""
        self.create(
            actor, "lead", lastname=last, emailaddress1=mail, companyname=firm,
            parentaccountid=self.one("account", account),
            parentcontactid=self.one("contact", contact),
        )  # fmt: skip

    @rule(actor=actors, of=st.tuples(st.sampled_from(["account", "contact"]), picks), who=chance)
    def enter_opportunity(self, actor: Actor, of: tuple[str, int], who: int | None) -> None:
        """Of a customer."""
        self.create(
            actor, "opportunity", customerid=self.pointing(of),
            parentcontactid=self.one("contact", who),
        )  # fmt: skip

    @rule(actor=actors, entity=activities, of=about, who=st.sampled_from(PEOPLE), pick=picks)
    def enter_activity(
        self, actor: Actor, entity: str, of: tuple[str, int] | None, who: str, pick: int
    ) -> None:
        """About something, with somebody."""
        taking_part = self.party(entity, who, pick)
        self.create(actor, entity, *taking_part, regardingobjectid=self.pointing(of))

    @rule(actor=actors, of=about)
    def enter_note(self, actor: Actor, of: tuple[str, int] | None) -> None:
        """About something."""
        self.create(actor, "note", objectid=self.pointing(of))

    def party(self, entity: str, who: str, pick: int) -> list[Party]:
        """Somebody who takes part in an activity."""
        record = self.one(who, pick)
        role = {"email": "to", "phone_call": "to", "appointment": "required"}.get(entity)
        return [Party(role, f"{who}:{record}")] if record and role else []

    # --- what is changed -------------------------------------------------------------------------

    @rule(actor=actors, entity=entities, pick=picks, other=st.booleans())
    def edit(self, actor: Actor, entity: str, pick: int, other: bool) -> None:
        """A field of content, filled or emptied."""
        name, value = CONTENT[entity]
        patch = {name: value if other else None}
        self.do(actor, lambda crm: crm.edit(entity, self.some(entity, pick), patch))

    @rule(actor=actors, pick=picks, firm=firms)
    def write_company(self, actor: Actor, pick: int, firm: str | None) -> None:
        """The company of a contact, which may be an account's name."""
        one = self.some("contact", pick)
        self.do(actor, lambda crm: crm.edit("contact", one, {"companyname": firm}))

    @rule(actor=actors, pick=picks, name=firms)
    def rename(self, actor: Actor, pick: int, name: str | None) -> None:
        """An account, whose contacts show it."""
        self.do(actor, lambda crm: crm.edit("account", self.some("account", pick), {"name": name}))

    @rule(actor=actors, pick=picks, home=chance)
    def move_contact(self, actor: Actor, pick: int, home: int | None) -> None:
        """To another account, or to none."""
        one, patch = self.some("contact", pick), {"parentcustomerid": self.one("account", home)}
        self.do(actor, lambda crm: crm.edit("contact", one, patch))

    @rule(actor=actors, pick=picks, above=chance)
    def move_account(self, actor: Actor, pick: int, above: int | None) -> None:
        """Below another one: perhaps one of its own."""
        one, patch = self.some("account", pick), {"parentaccountid": self.one("account", above)}
        self.do(actor, lambda crm: crm.edit("account", one, patch))

    @rule(actor=actors, pick=picks, own=picks)
    def name_head(self, actor: Actor, pick: int, own: int) -> None:
        """Somebody of an account stands for it."""
        account = self.some("account", pick)
        mine = [i for i in self.there["contact"]
                if self.ledger.rows["contact", i]["parentcustomerid"] == account]  # fmt: skip
        head = mine[own % len(mine)] if mine else self.one("contact", own)
        self.do(actor, lambda crm: crm.edit("account", account, {"primarycontactid": head}))

    @rule(actor=actors, entity=activities, pick=picks, of=about)
    def regard(self, actor: Actor, entity: str, pick: int, of: tuple[str, int] | None) -> None:
        """An activity is about something else."""
        one, patch = self.some(entity, pick), {"regardingobjectid": self.pointing(of)}
        self.do(actor, lambda crm: crm.edit(entity, one, patch))

    @rule(actor=actors, entity=activities, pick=picks, who=st.sampled_from(PEOPLE), other=picks)
    def invite(self, actor: Actor, entity: str, pick: int, who: str, other: int) -> None:
        """Somebody else takes part."""
        one, given = self.some(entity, pick), self.party(entity, who, other)
        self.do(actor, lambda crm: crm.set_parties(entity, one, given))

    # --- what is done to a whole record ----------------------------------------------------------

    @rule(actor=actors, entity=entities, pick=picks, to=st.integers(0, 1))
    def assign(self, actor: Actor, entity: str, pick: int, to: int) -> None:
        """What goes along is told by the table of the reference."""
        before, name = self.ledger, (entity, self.some(entity, pick))
        if self.do(actor, lambda crm: crm.assign(*name, self.users[to])):
            along = before.along(name, "assigned")
            for each, row in self.ledger.rows.items():
                was = before.rows[each]["owner_id"]
                assert row["owner_id"] == (self.users[to] if each in along else was), each

    @rule(actor=actors, entity=entities, pick=picks)
    def delete(self, actor: Actor, entity: str, pick: int) -> None:
        """What goes along is told by the table of the reference."""
        before, name = self.ledger, (entity, self.some(entity, pick))
        if self.do(actor, lambda crm: crm.delete(*name)):
            assert self.gone_since(before) == before.along(name, "deleted")

    def gone_since(self, before: Ledger) -> set[Name]:
        """The records that were there, and are no more."""
        return {each for each, _ in before.live()} - {each for each, _ in self.ledger.live()}

    @rule(actor=actors, entity=st.sampled_from(PEOPLE), one=picks, two=picks)
    def merge(self, actor: Actor, entity: str, one: int, two: int) -> None:
        """One goes, and no other."""
        before, loser = self.ledger, (entity, self.some(entity, two))
        if self.do(actor, lambda crm: crm.merge(entity, self.some(entity, one), loser[1])):
            assert self.gone_since(before) == {loser}

    @rule(actor=actors, entity=st.sampled_from(PEOPLE), one=st.integers(0, 2))
    def merge_neighbours(self, actor: Actor, entity: str, one: int) -> None:
        """Two that are there: of any that are picked at random, one is mostly gone or the same."""
        two = (one + 1) % 3
        self.do(
            actor, lambda crm: crm.merge(entity, self.some(entity, one), self.some(entity, two))
        )

    @rule(actor=actors, entity=entities, pick=picks, user=st.integers(0, 1), shown=st.booleans())
    def share(self, actor: Actor, entity: str, pick: int, user: int, shown: bool) -> None:
        """Who sees a record is not in it."""
        one, principal = self.some(entity, pick), self.users[user]
        if shown:
            self.do(actor, lambda crm: crm.share(entity, one, principal))
        else:
            self.do(actor, lambda crm: crm.unshare(entity, one, principal))

    @rule(actor=actors, entity=entities, pick=picks, active=st.booleans())
    def set_active(self, actor: Actor, entity: str, pick: int, active: bool) -> None:
        """Out of use, and into it again."""
        one = self.some(entity, pick)
        if active:
            self.do(actor, lambda crm: crm.reactivate(entity, one))
        else:
            self.do(actor, lambda crm: crm.deactivate(entity, one))

    @rule(actor=actors, entity=entities, pick=picks, status=st.integers(0, 7))
    def set_status(self, actor: Actor, entity: str, pick: int, status: int) -> None:
        """Any status reason."""
        known = [name for state in STATES[entity] for name in state.reasons]
        one, reason = self.some(entity, pick), known[status % len(known)]
        self.do(actor, lambda crm: crm.set_status(entity, one, reason))

    @rule(actor=actors, entity=activities, pick=picks, done=st.booleans())
    def finish(self, actor: Actor, entity: str, pick: int, done: bool) -> None:
        """Done, or called off."""
        one = self.some(entity, pick)
        if done:
            self.do(actor, lambda crm: crm.complete(entity, one))
        else:
            self.do(actor, lambda crm: crm.cancel(entity, one))

    # --- the sales process -----------------------------------------------------------------------

    @rule(
        actor=actors, pick=picks, switches=st.tuples(st.booleans(), st.booleans(), st.booleans()),
        contact=chance, account=chance, how=st.sampled_from(OnDuplicate),
    )  # fmt: skip
    def qualify(
        self, actor: Actor, pick: int, switches: tuple[bool, bool, bool], contact: int | None,
        account: int | None, how: OnDuplicate,
    ) -> None:  # fmt: skip
        """A lead becomes what the switches say, or what is there."""
        named = Qualification(
            *switches, contact_id=self.one("contact", contact),
            account_id=self.one("account", account), duplicates=how,
        )  # fmt: skip
        one = self.some("lead", pick)
        if self.do(actor, lambda crm: crm.qualify(one, named)):
            made = [each for each, row in self.ledger.live() if row.get("originatingleadid") == one]
            assert sum(entity == "opportunity" for entity, _ in made) <= 1
            assert self.ledger.rows["lead", one]["statecode"] == "qualified"

    @rule(actor=actors, pick=picks)
    def disqualify(self, actor: Actor, pick: int) -> None:
        """A lead comes to nothing."""
        self.do(actor, lambda crm: crm.disqualify(self.some("lead", pick), "lost"))

    @rule(actor=actors, pick=picks, won=st.booleans())
    def close_sale(self, actor: Actor, pick: int, won: bool) -> None:
        """An opportunity is won or lost."""
        one = self.some("opportunity", pick)
        if won:
            self.do(actor, lambda crm: crm.win(one))
        else:
            self.do(actor, lambda crm: crm.lose(one))

    @precondition(lambda self: self.ledger.lines)
    @rule()
    def come_back(self) -> None:
        """A reader looks after some time."""
        self.lazy.catch_up()
        self.lazy.demand_exact(self.ledger.held, self.ledger.took)
