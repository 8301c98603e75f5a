"""Which records belong in a mailbox: the policy's filters and its user's own, together."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from syncd.crm import database
from syncd.model.policy import Limits
from syncd.reconcile.reasons import Reason
from syncd.settings.filters import Filter
from syncd.settings.policies import MailboxPolicy, NamedFilter, ScopedKind
from syncd.sync import alerts, effect, mailboxes, user_filters
from syncd.sync.alerts import Alert, Code, Level
from syncd.sync.explain.verdict import next_step, verdict
from syncd.sync.service import SyncService
from syncd.sync.user_filters import UserFilter
from tests.sync.asking import asked
from tests.sync.desk import leave, share, team
from tests.sync.world import ALICE, BOB, MINE, World
from tests.sync.worlds import Memory


class Ruled(World):
    """A world whose policy has the filters and templates that a test says."""

    system: tuple[tuple[str, bool], ...] = ()
    templates: tuple[str, ...] = (MINE,)
    policy_name: str = "sales"

    def scoped(self) -> ScopedKind:
        """What the policy says."""
        system = tuple(
            NamedFilter(f"system{n}", Filter.parse(text, self.stored), excludes)
            for n, (text, excludes) in enumerate(self.system)
        )
        templates = tuple(
            NamedFilter(f"template{n}", Filter.parse(text, self.stored))
            for n, text in enumerate(self.templates)
        )
        return ScopedKind(self.rules, system, templates)

    def service(self) -> SyncService:
        """A service as a new process would have it."""
        kinds = {self.rules.kind.name: self.scoped()}
        named = self.policy_name
        policies = {named: MailboxPolicy(named, ("office",), timedelta(minutes=5), kinds)}
        return replace(super().service(), policies=policies)

    def filter_of(self, address: str, name: str, text: str, *, excludes: bool = False) -> None:
        """A user has a filter from now on."""
        new = UserFilter(name, text, excludes=excludes, active=True, template=None)
        with database.write(self.engine) as conn:
            user_filters.put(conn, self.mailbox_id(address), "contact", new, self.time())

    def turn(self, address: str, name: str, *, active: bool) -> None:
        """A user turns a filter on or off."""
        with database.write(self.engine) as conn:
            mailbox_id = self.mailbox_id(address)
            user_filters.switch(conn, mailbox_id, "contact", name, active=active)

    def names(self, address: str = ALICE) -> set[object]:
        """Who is in the Outlook of a user."""
        return {each["firstname"] for each in self.items(address=address)}


def told(ruled: Ruled) -> list[Alert]:
    """The alerts that are open."""
    with database.read(ruled.engine) as conn:
        return alerts.every(conn)


@pytest.fixture
def ruled(memory: Memory) -> Ruled:
    """A world with one record of each user's."""
    found = memory[0]
    made = Ruled(**{name: getattr(found, name) for name in found.__dataclass_fields__})
    made.policy(limits=Limits(few=99, some=99, most=99))  # few leave, and they are all there are
    made.new(firstname="Ann", department="Sales")
    made.new(BOB, firstname="Bea", department="Sales")
    made.new(BOB, firstname="Cid", department="Legal")
    made.settle()
    return made


def test_new_users_get_copies_of_the_templates_once(ruled: Ruled) -> None:
    """Later templates touch nobody who was there; a reset does."""
    assert ruled.names() == {"Ann"}
    ruled.templates = ("department eq 'Legal'",)
    ruled.settle()
    assert ruled.names() == {"Ann"}
    with database.write(ruled.engine) as conn:
        mailbox_id = ruled.mailbox_id(ALICE)
        templates = ruled.scoped().templates
        user_filters.reset(conn, mailbox_id, "contact", templates, ruled.time())
    ruled.settle()
    assert ruled.names() == {"Cid"}


def test_filters_that_include_are_a_union(ruled: Ruled) -> None:
    """Adding one never narrows what is there; the policy's hold for all."""
    ruled.filter_of(ALICE, "legal", "department eq 'Legal'")
    ruled.settle(ALICE, BOB)
    assert ruled.names() == {"Ann", "Cid"}
    assert ruled.names(BOB) == {"Bea", "Cid"}
    ruled.system = (("department eq 'Sales'", False),)
    ruled.settle(ALICE, BOB)
    assert ruled.names() == {"Ann", "Bea", "Cid"}
    assert ruled.names(BOB) == {"Ann", "Bea", "Cid"}


def test_filters_that_exclude_take_away(ruled: Ruled) -> None:
    """Whatever lets it in; without the filter it is back, the same item."""
    ruled.system = (("true", False), ("department eq 'Legal'", True))
    ruled.settle()
    assert ruled.names() == {"Ann", "Bea"}
    ruled.system = (("true", False),)
    ruled.settle()
    assert ruled.names() == {"Ann", "Bea", "Cid"}


def test_tracking_holds_against_what_includes_and_not_against_what_excludes(ruled: Ruled) -> None:
    """A tracked record stays whoever owns it, until a filter excludes it."""
    ruled.hand().add({"firstname": "Dan", "categories": ("CRM",)})
    ruled.settle()
    dan = next(each.id for each in ruled.all_records().values() if each.name == "Dan")
    ruled.assign(dan, BOB)
    ruled.change(dan, department="Legal")
    ruled.settle()
    assert ruled.item_of(dan)["department"] == "Legal"
    ruled.system = (("department eq 'Legal'", True),)
    ruled.settle()
    assert ruled.link(dan).state == "released"


def test_without_an_active_filter_nothing_comes_and_nothing_goes(ruled: Ruled) -> None:
    """Turned off: what is there stays; turned on again, it goes on."""
    ruled.turn(ALICE, "template0", active=False)
    ruled.new(firstname="Eve")
    ruled.settle()
    assert ruled.names() == {"Ann"}
    assert {each.state for each in ruled.links()} == {"live"}
    ruled.turn(ALICE, "template0", active=True)
    ruled.settle()
    assert ruled.names() == {"Ann", "Eve"}


@pytest.mark.parametrize("excludes", [False, True])
def test_what_a_broken_filter_bears_on_waits(ruled: Ruled, *, excludes: bool) -> None:
    """A field is gone from the CRM: nothing leaves for it, nothing comes, until it is put right."""
    ruled.filter_of(ALICE, "legal", "department eq 'Legal'")
    ruled.settle()
    gone = "out" if excludes else "legal"
    ruled.filter_of(ALICE, gone, "new_gone eq 'Legal'", excludes=excludes)
    ruled.new(BOB, firstname="Eve", department="Legal")
    ids = {each.name: each.id for each in ruled.all_records().values()}
    ruled.change(ids["Ann"], jobtitle="New")
    ruled.change(ids["Cid"], jobtitle="New")
    ruled.settle()
    assert ruled.names() == {"Ann", "Cid"}
    assert {each.state for each in ruled.links()} == {"live"}
    titles = {each["firstname"]: each["jobtitle"] for each in ruled.items()}
    assert titles["Cid"] is None
    assert titles["Ann"] == (None if excludes else "New")  # which another filter lets in for sure
    said = asked(ruled, ids["Cid"], ALICE, *ruled.scoped().system)
    assert verdict(said).code == Reason.UNKNOWN_CRM
    assert f"syncd filters list {ALICE}" in next_step(said).text("en")
    (found,) = told(ruled)
    assert (found.code, found.details["names"]) == (Code.BROKEN_FILTER, gone)
    for each in ("out", "legal"):
        ruled.filter_of(ALICE, each, "department eq 'Legal'", excludes=each == "out" and excludes)
    ruled.settle()
    assert ruled.names() == ({"Ann"} if excludes else {"Ann", "Cid", "Eve"})
    assert {each["jobtitle"] for each in ruled.items()} >= {"New"}
    assert told(ruled) == []


def test_what_is_tracked_waits_for_an_exclude_that_is_broken(ruled: Ruled) -> None:
    """It might be kept out, whoever tracks it; edits of it wait, and go on afterwards."""
    ruled.hand().add({"firstname": "Dan", "categories": ("CRM",)})
    ruled.settle()
    dan = next(each.id for each in ruled.all_records().values() if each.name == "Dan")
    ruled.assign(dan, BOB)
    ruled.filter_of(ALICE, "out", "new_gone eq 'Legal'", excludes=True)
    ruled.hand().edit(ruled.link(dan).remote_id, {"jobtitle": "New"})
    ruled.settle()
    assert (ruled.link(dan).state, ruled.crm(dan).get("jobtitle")) == ("live", None)
    ruled.filter_of(ALICE, "out", "department eq 'Legal'", excludes=True)
    ruled.settle()
    assert (ruled.link(dan).state, ruled.crm(dan).get("jobtitle")) == ("live", "New")


def test_that_no_filter_is_on_is_told_as_long_as_it_lasts(ruled: Ruled) -> None:
    """Nothing comes, and somebody may wonder."""
    ruled.turn(ALICE, "template0", active=False)
    ruled.settle()
    (found,) = told(ruled)
    assert (found.code, found.level) == (Code.NO_FILTER, Level.WARNING)
    ruled.turn(ALICE, "template0", active=True)
    ruled.settle()
    assert told(ruled) == []


def test_without_an_active_filter_what_is_excluded_goes_all_the_same(ruled: Ruled) -> None:
    """The admin's exclude holds for what is there, whatever the user has turned off."""
    ruled.filter_of(ALICE, "legal", "department eq 'Legal'")
    ruled.settle()
    ruled.system = (("department eq 'Legal'", True),)
    for each in ("legal", "template0"):
        ruled.turn(ALICE, each, active=False)
    ruled.settle()
    assert ruled.names() == {"Ann"}


@pytest.mark.parametrize("kept", [False, True])
def test_who_comes_under_another_policy_without_a_filter_gets_its_templates(
    ruled: Ruled, *, kept: bool
) -> None:
    """From one whose filters are the same for all; who has filters of their own keeps these."""
    with database.write(ruled.engine) as conn:
        user_filters.reset(conn, ruled.mailbox_id(ALICE), "contact", (), ruled.time())
    if kept:
        ruled.filter_of(ALICE, "legal", "department eq 'Legal'")
    ruled.templates, ruled.system = (), (("true", False),)
    ruled.settle()
    assert ruled.names() == {"Ann", "Bea", "Cid"}
    with database.write(ruled.engine) as conn:
        mailboxes.change(conn, ruled.mailbox_id(ALICE), {"policy": "board"})
    ruled.policy_name, ruled.templates, ruled.system = "board", (MINE,), ()
    ruled.new(firstname="Eve")
    ruled.settle()
    assert ruled.names() == ({"Cid"} if kept else {"Ann", "Eve"})


def test_a_filter_by_the_day_is_evaluated_when_the_day_changes(ruled: Ruled) -> None:
    """Nobody edits anything, and who was entered long ago leaves."""
    ruled.filter_of(ALICE, "template0", "createdon ge @today-30d")
    ruled.settle()
    assert ruled.names() == {"Ann", "Bea", "Cid"}
    ruled.pass_time(days=40)
    ruled.settle()
    assert ruled.names() == set()


def test_who_is_in_a_team_changes_no_record_and_yet_the_scope(ruled: Ruled) -> None:
    """Bob's come to Alice while they are in one team; so does what is shared with it."""
    ruled.filter_of(ALICE, "template0", "owner in @myteams and department eq 'Sales'")
    ruled.settle()
    assert ruled.names() == {"Ann"}
    sales = team(ruled, "Sales", ALICE, BOB)
    ruled.settle()
    assert ruled.names() == {"Ann", "Bea"}
    leave(ruled, sales, BOB)
    ruled.settle()
    assert ruled.names() == {"Ann"}
    ruled.filter_of(ALICE, "template0", "@shared")
    cid = next(each.id for each in ruled.all_records().values() if each.name == "Cid")
    share(ruled, cid, sales)
    ruled.settle()
    assert ruled.names() == {"Cid"}


def test_the_effect_of_a_change_is_known_before_it_is_made(ruled: Ruled) -> None:
    """Who comes, who leaves, who stays: as it then happens."""
    ruled.filter_of(ALICE, "template0", "department eq 'Legal'")
    with database.read(ruled.engine) as conn:
        today = ruled.time().date()
        found = effect.effect(conn, ruled.state(), ruled.scoped(), ruled.stored, today)
        names = {each.id: each.name for each in ruled.all_records().values()}
    assert [names[each] for each in found.gains] == ["Cid"]
    assert [names[each] for each in found.loses] == ["Ann"]
    assert found.stays == 0
    ruled.settle()
    assert ruled.names() == {"Cid"}


def test_a_change_wakes_the_mailboxes_that_it_belongs_in(ruled: Ruled) -> None:
    """Not its owner's alone: whoever's filter finds it, asked once for each distinct scope."""
    ruled.filter_of(ALICE, "template0", "department eq 'Board'")
    ruled.settle(ALICE, BOB)
    service = ruled.service()
    assert service.due(10) == []
    ruled.new(BOB, firstname="Max", department="Board")
    assert set(service.due(10)) == {ALICE, BOB}
    ruled.settle(ALICE, BOB)
    ruled.new(BOB, firstname="Tim", department="Legal")
    assert service.due(10) == [BOB]


def test_the_audit_asks_for_the_whole_scope(ruled: Ruled) -> None:
    """What changed behind the feed's back is found once a day, and nothing else is done for it."""
    ruled.quiet()
    bob = ruled.users[BOB]
    ruled.execute(f"update contact set owner_id = '{bob}' where firstname = 'Ann'")  # noqa: S608
    ruled.settle()
    assert ruled.names() == {"Ann"}
    ruled.service().tidy()
    ruled.settle()
    assert ruled.names() == set()
