"""Everything in the folder is accounted for (P9), wherever its link and its record have gone."""

from __future__ import annotations

from syncd.outlook.errors import Failure, MailboxError, Scope, Sort
from syncd.outlook.port import Sensitivity
from tests.memory_mailbox import Effect, run
from tests.sync.world import ALICE, BOB, World
from tests.sync.worlds import Memory

CRM = ("CRM",)


def test_an_item_whose_record_went_by_withdrawal_is_still_seen(world: World) -> None:
    """Made private, its record leaves the CRM; the item stays in the folder, and is counted."""
    world.settle()
    item = world.hand().add({"firstname": "Ann", "lastname": "Lee", "categories": CRM})
    world.settle()
    world.hand().mark(item, Sensitivity.PRIVATE)
    world.settle()
    assert world.all_records() == {}
    assert world.reason(item) == "excluded (made-private)"


def test_an_item_that_rests_in_place_is_seen_whatever_its_record_does(world: World) -> None:
    """An adopted item stays when its record leaves scope; edits of the record do not hide it."""
    world.settle()
    item = world.hand().add({"lastname": "Lee", "emailaddress1": "ann@example.test"})
    ann = world.new(lastname="Lee", emailaddress1="ann@example.test")
    world.settle()
    world.assign(ann, BOB)
    world.settle()
    world.change(ann, jobtitle="CEO")
    world.settle()
    assert world.link(ann).state == "released"
    assert world.reason(item).startswith("excluded")


def test_a_tracked_item_that_is_active_again_is_live_again(world: World) -> None:
    """Tracking pins it against the filter: it comes back though the record is somebody else's."""
    world.settle()
    world.hand().add({"firstname": "Ann", "lastname": "Lee", "categories": CRM})
    world.settle()
    (ann,) = world.all_records()
    world.assign(ann, BOB)
    world.set_active(ann, active=False)
    world.settle()
    assert world.link(ann).state == "released"
    world.set_active(ann, active=True)
    world.change(ann, jobtitle="CEO")
    world.settle()
    assert world.link(ann).state == "live"
    assert world.item()["jobtitle"] == "CEO"


def test_the_old_id_of_an_item_that_was_moved_and_moved_back_is_forgotten(world: World) -> None:
    """Moved out and back between two runs: one item is there, and one is seen."""
    ann = world.new(lastname="Lee")
    world.start()
    folder = world.hand().add_folder("Family")
    back = world.hand().move(world.hand().move(world.item().id, folder), "contacts")
    world.settle()
    assert world.link(ann).remote_id == back
    assert world.reports[-1].counters["waiting"] == 0


def test_a_linked_item_that_cannot_be_read_is_not_replaced_by_its_copy(memory: Memory) -> None:
    """A copy is the linked item only where that one is gone, not where it was not read (P5)."""
    world, servers = memory
    ann = world.new(lastname="Lee")
    world.start()
    server, linked = servers[ALICE], world.item().id
    read, down = server.item, Failure(Sort.TRANSIENT, "Busy", "try again")
    server.item = lambda item, kind=None: (  # type: ignore[method-assign]
        down if item == linked else read(item, kind)
    )
    copy = world.hand().copy(linked)
    world.sync()
    assert world.link(ann).remote_id == linked
    assert world.reason(copy) == "waiting (retry)"
    server.item = read  # type: ignore[method-assign]
    world.pass_time(hours=1)
    world.settle()
    assert world.link(ann).remote_id == linked
    assert world.reason(copy) == "excluded (copy)"


def test_an_item_put_back_while_its_record_was_out_of_scope_is_live_with_it(world: World) -> None:
    """Remembered, back in the folder, and only then in scope again."""
    ann = world.new(lastname="Lee")
    world.start()
    away = world.hand().move(world.item().id, "deleteditems")
    world.settle()
    world.assign(ann, BOB)
    back = world.hand().move(away, "contacts")
    world.settle()
    assert world.link(ann).state == "remembered"
    world.change(ann, jobtitle="CEO")
    world.settle()
    assert world.reason(back).startswith("excluded")
    world.assign(ann, ALICE)
    world.settle()
    assert world.link(ann).state == "live"
    assert world.item()["jobtitle"] == "CEO"


def test_an_item_that_went_before_any_listing_showed_it_is_looked_for(memory: Memory) -> None:
    """Created, and deleted before the run's last reading: no listing reports that removal."""
    world, servers = memory
    ann = world.new(lastname="Lee")

    def meddle(call: str, effect: Effect) -> object:
        if call == "changes" and servers[ALICE].counts["create"]:
            raise MailboxError(Sort.TRANSIENT, Scope.SERVER, "Down", "try again")
        return effect()

    servers[ALICE].meddle = meddle
    world.sync()
    servers[ALICE].meddle = run
    world.hand().delete(world.item().id)
    world.change(ann, jobtitle="CEO")
    for _ in range(3):
        world.sync()
    world.pass_time(minutes=11)
    world.settle()
    assert world.link(ann).state == "remembered"


def test_what_rests_in_the_former_contacts_is_looked_for_twice(memory: Memory) -> None:
    """A search that lags finds nothing: no second item is made for it (P3, P5)."""
    world, servers = memory
    ann = world.new(lastname="Lee")
    world.start()
    world.set_active(ann, active=False)
    world.settle()

    def lag(call: str, effect: Effect) -> object:
        return [] if call == "find" else effect()

    servers[ALICE].meddle = lag
    world.set_active(ann, active=True)
    world.sync()
    assert world.noticed(ann) == "waiting (second-look)"
    servers[ALICE].meddle = run
    world.pass_time(minutes=11)
    world.settle()
    assert [each["lastname"] for each in world.items()] == ["Lee"]
    assert world.items("Former CRM contacts") == []


def test_a_copy_does_not_stand_in_for_an_item_whose_write_is_in_doubt(memory: Memory) -> None:
    """A copy bears the key of the last write, too: the item itself goes first."""
    world, servers = memory
    ann = world.new(lastname="Lee")
    world.start()
    linked = world.item().id

    def lose(call: str, effect: Effect) -> object:
        answer = effect()
        if call == "update":
            world.hand().copy(linked)
            raise MailboxError(Sort.IN_DOUBT, Scope.MAILBOX, "Lost", "no answer")
        return answer

    servers[ALICE].meddle = lose
    world.change(ann, jobtitle="CEO")
    world.sync()
    servers[ALICE].meddle = run
    world.settle()
    assert world.link(ann).remote_id == linked


def test_an_orphan_tracked_again_that_the_crm_knows_otherwise_has_one_link(world: World) -> None:
    """Its record is deleted, and there is another one of the same person: it is tied to that."""
    world.start()
    lee = {"firstname": "Ann", "lastname": "Lee", "emailaddress1": "ann@example.test"}
    item = world.hand().add({**lee, "categories": CRM})
    world.settle()
    (ann,) = world.all_records()
    world.remove(ann)
    world.settle()
    other = world.new(BOB, **lee)
    world.hand().edit(item, {"categories": CRM})
    world.settle()
    assert [each.crm_id for each in world.links()] == [other]
