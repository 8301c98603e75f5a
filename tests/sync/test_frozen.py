"""What is frozen stays so until a person says otherwise: by an answer, or by another rule (P1, P2).

While its contact is not kept in step nobody is asked, for nothing that is said could be done.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace

import pytest

from syncd.crm import database
from syncd.model.fields import Direction, Side
from syncd.model.policy import ConflictPolicy, ExitPolicy, ScopeExit
from syncd.outlook.port import Sensitivity
from syncd.reconcile.oscillation import TURNS
from syncd.reconcile.reasons import Reason
from syncd.sync import alerts
from syncd.sync.alerts import Code
from syncd.sync.report import Outcome
from tests.sync.asking import asked, told
from tests.sync.relinked import put_back, relinked
from tests.sync.test_oscillation import (
    HERS,
    HIS,
    fight,
    in_step,
    numbers,
    open_ones,
    say,
)
from tests.sync.world import ALICE, BOB, World
from tests.sync.worlds import Memory

TRASH = "deleteditems"
FROZEN_ONE = [Reason.FROZEN]


@pytest.fixture
def world(memory: Memory) -> World:
    """Laws of rules are proved in memory."""
    return memory[0]


def frozen(world: World, record: str | None = None) -> str:
    """A contact in step but for its number, which two keep undoing; its record."""
    record = record or in_step(world)
    fight(world, record, TURNS // 2)
    assert reasons(world) == FROZEN_ONE
    return record


def reasons(world: World) -> list[Reason]:
    """Why a person is asked."""
    return [each.reason for each in open_ones(world)]


def apart(world: World, record: str) -> tuple[str, str] | None:
    """How the number is marked."""
    mark = world.link(record).marks.get("mobilephone")
    return tuple(mark) if mark else None


def ruled(world: World, direction: Direction) -> None:
    """The admin says which way numbers go."""
    world.policy(directions={"mobilephone": direction})
    world.settle()


@pytest.mark.parametrize("side", list(Side), ids=str)
def test_a_rule_that_lets_one_side_speak_thaws_it(world: World, side: Side) -> None:
    """Decided once, as for any field; what is overwritten is kept, and nobody is asked."""
    record = frozen(world)
    speaks = {Side.CRM: Direction.TO_OUTLOOK, Side.OUTLOOK: Direction.TO_CRM}[side]
    ruled(world, speaks)
    assert set(numbers(world, record)) == {HIS if side is Side.CRM else HERS}
    assert reasons(world) == []
    lost = HERS if side is Side.CRM else HIS
    assert any(lost in each for each in world.kept_losers())
    world.hand().edit(world.item_of(record).id, {"mobilephone": "5"})
    world.change(record, mobilephone="6")
    world.settle()
    spoke = "6" if side is Side.CRM else "5"
    assert set(numbers(world, record)) == {spoke}
    assert reasons(world) == []


def test_a_rule_that_lets_nobody_speak_ends_the_question(world: World) -> None:
    """Each side keeps its own by that rule; by the one after it, it is decided once."""
    record = frozen(world)
    ruled(world, Direction.NONE)
    assert numbers(world, record) == (HIS, HERS)
    assert (reasons(world), apart(world, record)) == ([], ("apart", "direction-none"))
    ruled(world, Direction.TWO_WAY)
    assert numbers(world, record) == (HIS, HIS)


def test_the_turns_before_a_new_rule_count_no_more(world: World) -> None:
    """What is written by the new rule is the first turn of six; the sixth is not made."""
    record = frozen(world)
    ruled(world, Direction.TO_OUTLOOK)
    for number in range(2, TURNS + 1):
        world.change(record, mobilephone=HIS if number % 2 else HERS)
        world.sync()
        assert reasons(world) == (FROZEN_ONE if number == TURNS else []), number


@pytest.mark.parametrize("policy", [ConflictPolicy.CRM, ConflictPolicy.OUTLOOK], ids=str)
def test_who_wins_a_conflict_is_another_matter(world: World, policy: ConflictPolicy) -> None:
    """They took turns, and never met: another conflict policy thaws nothing."""
    record = frozen(world)
    world.policy(conflict=policy)
    world.settle()
    assert numbers(world, record) == (HIS, HERS)
    assert reasons(world) == FROZEN_ONE


@pytest.mark.parametrize("policy", list(ConflictPolicy), ids=str)
def test_an_answer_to_other_values_is_none(world: World, policy: ConflictPolicy) -> None:
    """One of them writes between the answer and the next sync: it is asked again."""
    record = frozen(world)
    world.policy(conflict=policy)
    world.sync()
    say(world, Side.CRM)
    world.hand().edit(world.item_of(record).id, {"mobilephone": "9"})
    world.settle()
    assert numbers(world, record) == (HIS, "9")
    assert reasons(world) == [Reason.ASKED if policy is ConflictPolicy.ASK else Reason.FROZEN]


@pytest.mark.parametrize("side", list(Side), ids=str)
def test_it_ends_by_itself_whichever_side_gives_in(world: World, side: Side) -> None:
    """Both hold the same, however it is written: it flows again, and nobody is asked."""
    record = frozen(world)
    if side is Side.CRM:
        world.change(record, mobilephone=HERS.replace("-", " "))
    else:
        world.hand().edit(world.item_of(record).id, {"mobilephone": HIS.replace("49 ", "49")})
    world.settle()
    assert (reasons(world), apart(world, record)) == ([], None)
    world.change(record, mobilephone="3")
    world.settle()
    assert set(numbers(world, record)) == {"3"}


# --- while it is not kept in step ----------------------------------------------------------------


def reassign(world: World, record: str, to: str) -> None:
    """The office gives it to somebody else, or back."""
    world.assign(record, to)


def throw_away(world: World, record: str) -> None:
    """Its user throws it away."""
    world.hand().move(world.item_of(record).id, TRASH)


def take_back(world: World, record: str) -> None:
    """Its user takes it out of Deleted Items again."""
    del record
    (item,) = world.items(TRASH)
    world.hand().move(item.id, "contacts")


RESTS: dict[str, tuple[Callable[[World, str], None], Callable[[World, str], None]]] = {
    "left scope": (
        lambda world, record: reassign(world, record, BOB),
        lambda world, record: reassign(world, record, ALICE),
    ),
    "thrown away": (throw_away, take_back),
}


@pytest.mark.parametrize(("leave", "come_back"), RESTS.values(), ids=RESTS)
def test_at_rest_nobody_is_asked(
    world: World, leave: Callable[[World, str], None], come_back: Callable[[World, str], None]
) -> None:
    """There is nothing that an answer could do; back again, it is as frozen as it was."""
    record = frozen(world)
    leave(world, record)
    assert world.sync().outcome is Outcome.OK
    world.settle()
    assert reasons(world) == []
    with database.read(world.engine) as conn:
        assert Code.CONFLICTS not in {each.code for each in alerts.every(conn)}
    come_back(world, record)
    world.settle()
    assert numbers(world, record) == (HIS, HERS)
    assert reasons(world) == FROZEN_ONE


def test_untracked_and_tracked_again(world: World) -> None:
    """Its user takes it out of the CRM's care and puts it back: it is as frozen as it was."""
    fields = {"firstname": "Ann", "lastname": "Lee", "mobilephone": HIS}
    world.start()
    world.hand().add({**fields, "categories": ("CRM",)})
    world.settle()
    (record,) = world.all_records()
    frozen(world, record)
    world.hand().edit(world.item_of(record).id, {"categories": None})
    world.settle()
    assert reasons(world) == []
    assert "conflicts list" not in told(asked(world, record))
    world.hand().edit(world.items()[0].id, {"categories": ("CRM",)})
    world.settle()
    assert numbers(world, record) == (HIS, HERS)
    assert reasons(world) == FROZEN_ONE
    say(world, Side.OUTLOOK)
    world.settle()
    assert numbers(world, record) == (HERS, HERS)


def test_made_private(world: World) -> None:
    """P7: nothing of it is asked or kept; opened again, it meets its record as on adoption."""
    record = frozen(world)
    world.hand().edit(world.item_of(record).id, {"mobilephone": "secret 7"})
    world.sync()
    world.hand().mark(world.item_of(record).id, Sensitivity.PRIVATE)
    world.settle()
    assert reasons(world) == []
    assert not any("secret" in each for each in world.kept_losers())
    assert world.crm(record)["mobilephone"] == HIS
    (item,) = world.items()
    assert item["mobilephone"] == "secret 7"
    world.hand().mark(item.id, Sensitivity.NORMAL)
    world.settle()
    assert numbers(world, record) == (HIS, HIS)
    assert reasons(world) == []
    assert any("secret" in each for each in world.kept_losers())


def test_the_ties_are_lost(world: World) -> None:
    """Adopted anew it is decided as on adoption; who goes on undoing is frozen at once."""
    record = frozen(world)
    world.forget_links()
    world.start()
    world.settle()
    assert numbers(world, record) == (HIS, HIS)
    assert reasons(world) == []
    fight(world, record, 1)
    assert reasons(world) == FROZEN_ONE


# --- where its item goes -------------------------------------------------------------------------

GOES: dict[str, Callable[[World, str], None]] = {
    "deleted in the CRM": lambda world, record: world.remove(record),
    "left scope": lambda world, record: reassign(world, record, BOB),
}


@pytest.mark.parametrize("go", GOES.values(), ids=GOES)
def test_what_goes_with_its_item_is_kept(world: World, go: Callable[[World, str], None]) -> None:
    """P1: a number that the CRM never had is not lost with the item that syncd throws away."""
    world.policy(on_scope_exit=replace(ExitPolicy(), created=ScopeExit.DELETE))
    record = frozen(world)
    world.hand().edit(world.item_of(record).id, {"mobilephone": "8"})
    world.settle()
    assert reasons(world) == FROZEN_ONE
    go(world, record)
    world.settle()
    assert [each["mobilephone"] for each in world.items(TRASH)] == ["8"]
    assert reasons(world) == []
    assert any('"8"' in each for each in world.kept_losers())


def test_a_backup_that_lacks_it(memory: Memory) -> None:
    """Made anew from the CRM, the item holds what the record does: there is nothing to ask (P9)."""
    world, servers = memory
    before = copy.deepcopy(servers[ALICE])
    record = frozen(world)
    put_back(servers[ALICE], before)
    relinked(world)
    world.start()
    world.settle()
    assert numbers(world, record) == (HIS, HIS)
    assert reasons(world) == []
