"""The rules at work: what a policy says of leaving and deleting is what happens in a mailbox."""

from __future__ import annotations

from dataclasses import replace

import pytest

from syncd.crm import database
from syncd.model.policy import (
    Copies,
    CrmDelete,
    ExitPolicy,
    OutlookDelete,
    ScopeExit,
)
from syncd.reconcile.facts import Origin
from syncd.sync import acts
from tests.sync.desk import ALL, OWN, rule
from tests.sync.world import ALICE, BOB, World
from tests.sync.worlds import Memory

FORMER, TRASH, HERE = "Former CRM contacts", "deleteditems", "contacts"


@pytest.fixture
def world(memory: Memory) -> World:
    """Laws of rules are proved in memory."""
    return memory[0]


def tied(world: World, origin: Origin) -> str:
    """A record of Ann, in step with an item that came about like this."""
    if origin is Origin.CREATED:
        record = world.new(firstname="Ann", lastname="Smith", emailaddress1="ann@example.test")
        world.start()
    else:
        world.start()
        labels = ("CRM",) if origin is Origin.TRACKED else None
        mail = {"firstname": "Ann", "lastname": "Smith", "emailaddress1": "ann@example.test"}
        world.hand().add({**mail, "categories": labels} if labels else mail)
        if origin is Origin.ADOPTED:
            world.new(firstname="Ann", lastname="Smith", emailaddress1="ann@example.test")
    world.settle()
    (record,) = world.all_records()
    link = world.link(record)
    assert (link.origin, link.state) == (origin, "live")
    return record


def stands(world: World, record: str) -> str:
    """In which folder the item is, and how its link stands."""
    folders = [f for f in (HERE, FORMER, TRASH) if world.items(f)]
    link = world.link(record)
    return f"{' '.join(folders)} {link.state}"


LEAVING = {
    ScopeExit.ARCHIVE: f"{FORMER} released",
    ScopeExit.RELEASE: f"{HERE} released",
    ScopeExit.KEEP_UPDATING: f"{HERE} live",
    ScopeExit.DELETE: f"{TRASH} released",
}


@pytest.mark.parametrize("policy", ScopeExit)
@pytest.mark.parametrize("origin", Origin)
def test_leaving_scope_by_origin(world: World, origin: Origin, policy: ScopeExit) -> None:
    """Deactivating takes a record out of any scope; its origin says which policy applies."""
    other = ScopeExit.DELETE if policy is ScopeExit.RELEASE else ScopeExit.RELEASE
    by_origin = {**dict.fromkeys(("created", "adopted", "tracked"), other), origin.value: policy}
    world.policy(on_scope_exit=ExitPolicy(**by_origin))
    record = tied(world, origin)
    world.set_active(record, active=False)
    world.settle()
    assert stands(world, record) == LEAVING[policy]
    world.set_active(record, active=True)
    world.change(record, jobtitle="Boss")
    world.settle()
    assert world.item()["jobtitle"] == "Boss"
    assert world.link(record).state == "live"


def test_what_is_kept_updating_is_kept_in_step_both_ways(world: World) -> None:
    """P2: out of scope, and edits still travel; a lost right to read ends it all the same."""
    world.policy(on_scope_exit=ExitPolicy(created=ScopeExit.KEEP_UPDATING))
    record = tied(world, Origin.CREATED)
    world.assign(record, BOB)
    world.settle()
    world.change(record, jobtitle="Boss")
    world.hand().edit(world.item().id, {"department": "Sales"})
    world.settle()
    assert world.item()["jobtitle"] == "Boss"
    assert world.crm(record)["department"] == "Sales"
    rule(world, read=OWN, write=ALL)
    world.change(record, jobtitle="Chair")
    world.settle()
    assert stands(world, record) == f"{HERE} released"
    assert world.item()["jobtitle"] == "Boss"


@pytest.mark.parametrize("policy", CrmDelete)
@pytest.mark.parametrize("owner", [ALICE, BOB])
@pytest.mark.parametrize("origin", Origin)
def test_deleted_in_the_crm(world: World, origin: Origin, owner: str, policy: CrmDelete) -> None:
    """By policy, by whose item it is, and by whether the mailbox's user owns the record."""
    world.policy(on_crm_delete=policy, on_scope_exit=ExitPolicy(*[ScopeExit.KEEP_UPDATING] * 3))
    record = tied(world, origin)
    world.assign(record, owner)
    world.settle()
    world.remove(record)
    world.settle()
    goes = {
        CrmDelete.DELETE_CREATED: origin is Origin.CREATED,
        CrmDelete.DELETE_IF_NOT_OWNER: owner == BOB,
        CrmDelete.DELETE: True,
        CrmDelete.RELEASE: False,
    }[policy]
    assert stands(world, record) == f"{TRASH if goes else HERE} orphaned"


@pytest.mark.parametrize("policy", OutlookDelete)
@pytest.mark.parametrize("owner", [ALICE, BOB])
def test_deleted_in_outlook(world: World, owner: str, policy: OutlookDelete) -> None:
    """The record stays, is deactivated, or goes if its owner deleted it; the item stays away."""
    world.policy(on_outlook_delete=policy, on_scope_exit=ExitPolicy(*[ScopeExit.KEEP_UPDATING] * 3))
    record = tied(world, Origin.CREATED)
    world.assign(record, owner)
    world.settle()
    world.hand().move(world.item().id, TRASH)
    world.settle()
    held = world.record(record)
    deleted = policy is OutlookDelete.DELETE_IF_OWNER and owner == ALICE
    # Out of the mailbox's scope its deletion rests, whatever the policy.
    closed = policy is OutlookDelete.DEACTIVATE and owner == ALICE
    assert (held.deleted, held.active) == (deleted, not closed)
    assert world.items() == []


@pytest.mark.parametrize("policy", OutlookDelete)
def test_moved_away_is_no_deletion(world: World, policy: OutlookDelete) -> None:
    """An item in another folder of its user's is remembered; the record is as it was."""
    world.policy(on_outlook_delete=policy)
    record = tied(world, Origin.CREATED)
    folder = world.hand().add_folder("Mine")
    world.hand().move(world.item().id, folder)
    world.settle()
    held = world.record(record)
    assert (held.deleted, held.active) == (False, True)
    assert world.link(record).state == "remembered"


def test_what_may_not_be_written_is_not_deleted(world: World) -> None:
    """A deletion in Outlook reaches no further than its user's rights."""
    world.policy(on_outlook_delete=OutlookDelete.DELETE_IF_OWNER)
    record = tied(world, Origin.CREATED)
    rule(world, read=ALL, write=OWN.NONE)
    world.hand().move(world.item().id, TRASH)
    world.settle()
    assert not world.record(record).deleted
    assert world.link(record).state == "remembered"


# --- what was thrown away ------------------------------------------------------------------------


def throw_away(world: World) -> str:
    """Alice throws Ann away, whom syncd had put there."""
    record = tied(world, Origin.CREATED)
    world.hand().move(world.item().id, TRASH)
    world.settle()
    assert world.link(record).state == "remembered"
    return record


def test_who_was_thrown_away_stays_away_when_entered_anew(world: World) -> None:
    """Deleted in the CRM and entered again, it is the same person to the rep (Riva KB 475)."""
    record = throw_away(world)
    world.remove(record)
    world.sync()
    world.new(firstname="Ann", lastname="Smith", emailaddress1="ann@example.test")
    world.settle()
    assert world.items() == []


def test_somebody_else_at_the_same_address_comes(world: World) -> None:
    """A shared address does not make two people one."""
    record = throw_away(world)
    world.remove(record)
    world.sync()
    world.new(firstname="Tom", lastname="Jones", emailaddress1="ann@example.test")
    world.settle()
    assert world.item()["firstname"] == "Tom"


def test_a_second_record_of_an_address_comes_while_the_first_is_there(world: World) -> None:
    """Only who is gone from the CRM can have been entered anew."""
    throw_away(world)
    world.new(firstname="Ann", lastname="Smith", emailaddress1="ann@example.test")
    world.settle()
    assert world.item()["firstname"] == "Ann"


def test_who_was_thrown_away_stays_away_without_the_links(world: World) -> None:
    """P3: a lost link table brings nothing back."""
    throw_away(world)
    world.forget_links()
    world.start()
    world.settle()
    assert world.items() == []


# --- tracking by command -------------------------------------------------------------------------


def act(world: World, item: str, record: str | None, *, tracked: bool) -> None:
    """The admin tracks an item by command, or not any more."""
    with database.write(world.engine) as conn:
        mailbox_id = world.mailbox_id(ALICE)
        acts.put(conn, mailbox_id, "contact", item, record, world.time(), tracked=tracked)
    world.execute("update observed set unsettled = true, retry_at = null")


def test_an_item_is_tracked_by_command(world: World) -> None:
    """It enters the CRM like one with the category, and follows when it is moved and back."""
    world.start()
    item = world.hand().add({"firstname": "Ann"})
    world.settle()
    assert world.all_records() == {}
    act(world, item, None, tracked=True)
    world.settle()
    (record,) = world.all_records()
    folder = world.hand().add_folder("Mine")
    moved = world.hand().move(world.item().id, folder)
    world.settle()
    world.hand().move(moved, HERE)
    world.settle()
    world.change(record, jobtitle="Boss")
    world.settle()
    assert world.item()["jobtitle"] == "Boss"
    assert world.link(record).state == "live"


def test_untracking_by_command_takes_the_category_off(world: World) -> None:
    """The record stays, the item rests; the category, put on again, is a new act."""
    record = tied(world, Origin.TRACKED)
    act(world, world.item().id, record, tracked=False)
    world.settle()
    assert world.link(record).state == "released"
    assert not world.item()["categories"]
    world.hand().edit(world.item().id, {"categories": ("CRM",), "jobtitle": "Boss"})
    world.settle()
    assert world.link(record).state == "live"
    assert world.crm(record)["jobtitle"] == "Boss"


@pytest.mark.parametrize("policy", Copies)
def test_a_copy(world: World, policy: Copies) -> None:
    """Ignored; or, tracked and where the policy takes copies, asked about: who is it? (P3)."""
    world.policy(copies=policy)
    record = tied(world, Origin.TRACKED)
    copy = world.hand().copy(world.item().id)
    world.settle()
    asked = policy is Copies.TAKE
    assert world.reason(copy) == ("waiting (linked-here)" if asked else "excluded (copy)")
    assert set(world.all_records()) == {record}


def test_no_filter_pushes_nothing_and_takes_nothing_away(world: World) -> None:
    """What is there stays, and its user's edits go to the CRM; nothing comes from there."""
    record = tied(world, Origin.CREATED)
    world.rules, world.filter = replace(world.rules, pushes=False), "true"
    world.new(firstname="Bea")
    world.change(record, jobtitle="Boss")
    world.hand().edit(world.item().id, {"department": "Sales"})
    world.settle()
    assert stands(world, record) == f"{HERE} live"
    assert world.item()["jobtitle"] is None
    assert world.crm(record)["department"] == "Sales"
    world.rules = replace(world.rules, pushes=True)
    world.settle()
    assert {each["firstname"] for each in world.items()} == {"Ann", "Bea"}
    assert world.item_of(record)["jobtitle"] == "Boss"
