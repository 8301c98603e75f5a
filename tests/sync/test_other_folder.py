"""Another folder in the settings: what is in step comes along, nobody has moved it away (P5)."""

from __future__ import annotations

import pytest

from syncd.model.policy import ExitPolicy, ScopeExit
from syncd.outlook.errors import MailboxError, Scope, Sort
from syncd.sync.run import Mode
from tests.memory_mailbox import Effect, run
from tests.sync.world import ALICE, BOB, World
from tests.sync.worlds import Memory

CRM = "default/CRM"


def names(world: World, folder: str) -> set[object]:
    """Who is in a folder."""
    return {each["firstname"] for each in world.items(folder)}


def test_what_is_in_step_comes_along(world: World) -> None:
    """Edits made at that time included; the user's own stay where they are, and are nobody's."""
    world.hand().add({"firstname": "Friend"})
    ids = world.new_many([{"firstname": name} for name in ("Ann", "Bea")])
    world.start()
    world.settle()
    ann = next(each for each in world.items() if each["firstname"] == "Ann")
    world.hand().edit(ann.id, {"jobtitle": "Boss"})
    world.change(ids[1], jobtitle="CEO")
    world.policy(folder=CRM)
    plan = world.sync(mode=Mode.PLAN)
    assert plan.moving == 2
    assert world.writes == 0
    for _ in range(3):
        world.sync()
    assert names(world, "contacts") == {"Friend"}
    assert {each["firstname"]: each["jobtitle"] for each in world.items("CRM")} == {
        "Ann": "Boss",
        "Bea": "CEO",
    }
    assert world.crm(ids[0])["jobtitle"] == "Boss"
    assert {each.state for each in world.links()} == {"live"}
    world.quiet()


def test_the_folder_that_was_left_is_like_any_other(world: World) -> None:
    """Who puts an item back there has moved it away."""
    record = world.new(firstname="Ann")
    world.settle()
    world.policy(folder=CRM)
    for _ in range(3):
        world.sync()
    (ann,) = world.items("CRM")
    world.hand().move(ann.id, "contacts")
    for _ in range(2):
        world.sync()
    assert world.link(record).state == "remembered"


@pytest.mark.parametrize("effective", [False, True])
def test_moving_that_is_cut_short_goes_on(memory: Memory, *, effective: bool) -> None:
    """The server does not answer the move, before or after it (P3)."""
    world, servers = memory
    world.new_many([{"firstname": name} for name in ("Ann", "Bea")])
    world.settle()
    world.policy(folder=CRM)

    def silent(call: str, effect: Effect) -> object:
        if call != "move":
            return effect()
        if effective:
            effect()
        raise MailboxError(Sort.IN_DOUBT, Scope.SERVER, "NoAnswer", "")

    servers[ALICE].meddle = silent
    world.sync()
    servers[ALICE].meddle = run
    for _ in range(4):
        world.pass_time(minutes=11)
        world.sync()
    assert names(world, "CRM") == {"Ann", "Bea"}
    assert names(world, "contacts") == set()
    world.quiet()


def test_a_second_change_waits_for_the_first(memory: Memory) -> None:
    """P5: the server is busy, and another folder is named meanwhile: one move after the other."""
    world, servers = memory
    ids = world.new_many([{"firstname": name} for name in ("Ann", "Bea")])
    world.settle()
    world.policy(folder=CRM)

    def busy(call: str, effect: Effect) -> object:
        if call != "move":
            return effect()
        raise MailboxError(Sort.TRANSIENT, Scope.SERVER, "Busy", "")

    servers[ALICE].meddle = busy
    world.sync()
    servers[ALICE].meddle = run
    world.policy(folder="default/Other")
    assert world.sync(mode=Mode.PLAN).folder_waits
    waits = []
    for _ in range(5):
        world.pass_time(minutes=11)
        waits.append(world.sync().folder_waits)
    assert waits[0]
    assert not waits[-1]
    assert names(world, "contacts") == names(world, "CRM") == set()
    assert names(world, "Other") == {"Ann", "Bea"}
    assert {world.link(each).state for each in ids} == {"live"}
    world.quiet()


RELEASE = ExitPolicy(*3 * [ScopeExit.RELEASE])


def left_behind(world: World) -> str:
    """Ann, who left scope and lies in the folder that was served before."""
    ann, _ = world.new_many([{"firstname": name} for name in ("Ann", "Bea")])
    world.policy(on_scope_exit=RELEASE)
    world.settle()
    world.assign(ann, BOB)
    world.settle()
    world.policy(folder=CRM)
    for _ in range(3):
        world.sync()
    assert names(world, "contacts") == {"Ann"}
    assert names(world, "CRM") == {"Bea"}
    return ann


@pytest.mark.parametrize("listed_anew", [False, True])
def test_what_rested_in_the_former_folder_comes_along_when_it_returns(
    world: World, *, listed_anew: bool
) -> None:
    """P1, P2: it is live where the folder is read, and what is edited there arrives."""
    ann = left_behind(world)
    if listed_anew:
        world.execute("update mailbox_kind set cursor = null")
        world.sync()
    world.assign(ann, ALICE)
    for _ in range(2):
        world.sync()
    assert names(world, "contacts") == set()
    assert names(world, "CRM") == {"Ann", "Bea"}
    (item,) = (each for each in world.items("CRM") if each["firstname"] == "Ann")
    world.hand().edit(item.id, {"jobtitle": "Boss"})
    world.sync()
    assert world.crm(ann)["jobtitle"] == "Boss"
    assert world.link(ann).state == "live"
    world.quiet()


def test_what_was_moved_out_of_the_former_folder_is_made_anew(world: World) -> None:
    """Where it was filed while it was nobody's but its user's, it stays (P14)."""
    ann = left_behind(world)
    (item,) = world.items("contacts")
    world.hand().move(item.id, world.hand().add_folder("Old"))
    world.assign(ann, ALICE)
    for _ in range(2):
        world.sync()
    assert names(world, "Old") == {"Ann"}
    assert names(world, "CRM") == {"Ann", "Bea"}
    world.quiet()
