"""What leaves scope or the CRM and comes back: nothing that either side did is lost on the way."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from syncd.crm import database
from syncd.outlook.errors import MailboxError, Scope, Sort
from syncd.sync.tables import operation
from tests.memory_mailbox import Effect, run
from tests.sync.world import ALICE, BOB, World
from tests.sync.worlds import Memory


@pytest.mark.parametrize("torn", [False, True])
def test_a_set_that_was_edited_on_both_sides_comes_back_merged(
    memory: Memory, *, torn: bool
) -> None:
    """Edited in the archive and in the CRM while it was out of scope; once, the move fails."""
    world, servers = memory
    record = world.new(firstname="Ann", childrensnames=("Eva",))
    world.settle()
    world.assign(record, BOB)
    world.settle()
    (former,) = world.items("Former CRM contacts")
    world.hand().edit(former.id, {"childrensnames": ("Eva", "Max")})
    world.change(record, childrensnames=("Eva", "Pia"))
    world.assign(record, ALICE)

    def busy(call: str, effect: Effect) -> object:
        if call == "move":
            raise MailboxError(Sort.TRANSIENT, Scope.SERVER, "Busy", "")
        return effect()

    servers[ALICE].meddle = busy if torn else run
    world.sync()
    servers[ALICE].meddle = run
    world.settle()
    assert world.item()["childrensnames"] == ("Eva", "Max", "Pia")


@pytest.mark.parametrize("origin", ["created", "tracked"])
def test_the_last_edit_of_what_was_closed_is_kept(world: World, origin: str) -> None:
    """A deactivated record is read-only: the edit is kept as a loser, and nothing is set aside.

    It stays in the item, too, and goes to the CRM once the record is in use and in scope (P1).
    """
    world.settle()
    if origin == "created":
        world.new(firstname="Ann")
    else:
        world.hand().add({"firstname": "Ann", "categories": ("CRM",)})
    world.settle()
    (ann,) = world.all_records()
    world.hand().edit(world.item().id, {"jobtitle": "Boss"})
    world.set_active(ann, active=False)
    world.settle()
    assert "jobtitle" not in world.crm(ann)
    (item,) = world.items("Former CRM contacts" if origin == "created" else "contacts")
    assert item["jobtitle"] == "Boss"
    assert world.link(ann).state == "released"
    assert [kept for kept in world.kept_losers() if "Boss" in kept] == ['{"jobtitle":"Boss"}']
    assert all(report.outcome == "ok" for report in world.reports)
    world.set_active(ann, active=True)
    world.settle()
    assert world.crm(ann)["jobtitle"] == world.item()["jobtitle"] == "Boss"


def test_what_the_crm_changed_before_it_left_comes_with_it_when_it_is_back(memory: Memory) -> None:
    """On the way out only the user's edit was taken; the CRM's half is carried on return."""
    world, _ = memory
    record = world.new(firstname="Ann", childrensnames=("Eva",))
    world.settle()
    world.hand().edit(world.item().id, {"childrensnames": ("Eva", "Max")})
    world.change(record, childrensnames=("Eva", "Pia"))
    world.set_active(record, active=False)
    world.settle()
    world.set_active(record, active=True)
    world.settle()
    assert world.item()["childrensnames"] == world.crm(record)["childrensnames"]
    assert world.item()["childrensnames"] == ("Eva", "Max", "Pia")


def test_a_link_is_let_go_with_the_write_to_its_item(memory: Memory) -> None:
    """The journal says so once that is done: not for each try that the server refused (P8)."""
    world, servers = memory
    world.settle()
    world.hand().add({"firstname": "Ann", "categories": ("CRM",)})
    world.settle()
    (record,) = world.all_records()
    world.remove(record)
    servers[ALICE].refuses = lambda _: True
    for _ in range(2):
        world.sync()
        world.pass_time(minutes=30)
    assert unlinks(world) == []
    servers[ALICE].refuses = lambda _: False
    world.pass_time(hours=7)
    world.settle()
    assert unlinks(world) == ["done"]
    assert world.link(record).state == "orphaned"


def unlinks(world: World) -> list[str]:
    """How the operations stand that let a link go."""
    with database.read(world.engine) as conn:
        query = select(operation.c.status).where(operation.c.verb == "unlink")
        return list(conn.scalars(query))


def test_a_copy_stays_one_when_the_record_comes_back(memory: Memory) -> None:
    """P3: as long as its own item lives, what the user copied is not taken for it."""
    world, _ = memory
    record = world.new(firstname="Ann", lastname="Lee")
    world.settle()
    world.assign(record, BOB)
    world.settle()
    (former,) = world.items("Former CRM contacts")
    copied = world.hand().copy(former.id)
    world.assign(record, ALICE)
    world.settle()
    assert sorted(each.id for each in world.items()) == sorted({copied, world.item_of(record).id})
    assert world.item_of(record).id != copied
    assert world.reason(copied) == "excluded (copy)"


def test_what_is_gone_while_it_is_read_is_not_there(memory: Memory) -> None:
    """P9: the copy that was found in place of a moved item goes just then; nothing is concluded."""
    world, servers = memory
    record = world.new(firstname="Ann", lastname="Lee")
    world.settle()
    own, copied = world.item().id, world.hand().copy(world.item().id)
    world.settle()
    world.hand().move(own, world.hand().add_folder("Privat"))

    def gone(call: str, effect: Effect) -> object:
        answer = effect()
        if call == "find" and copied in servers[ALICE].things:
            servers[ALICE].delete(copied)
        return answer

    servers[ALICE].meddle = gone
    world.sync()
    servers[ALICE].meddle = run
    assert copied not in servers[ALICE].things
    for _ in range(3):
        world.pass_time(minutes=11)
        world.sync()
    world.accounted()
    assert world.items() == []
    assert world.crm(record)["firstname"] == "Ann"
