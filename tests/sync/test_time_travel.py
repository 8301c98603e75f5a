"""A mailbox or a store of another day is told from ordinary change, and healed (P1, P3), in memory.

Meanwhile nothing is written, on either side; afterwards nothing is missing and nothing doubled.
Over the wire: `tests/faults/test_another_day.py`.
"""

from __future__ import annotations

import copy
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from syncd.crm import database
from syncd.outlook.errors import MailboxError, Scope, Sort
from syncd.reconcile.claim import Claim, Finding
from syncd.sync import claims
from syncd.sync.report import Outcome
from tests.conftest import SQLITE
from tests.memory_mailbox import Effect, run
from tests.sync import tearing
from tests.sync.another_day import NAMES, entered, healed, held, saved, shown
from tests.sync.relinked import put_back, relinked
from tests.sync.world import ALICE
from tests.sync.worlds import Memory

IN_MEMORY = pytest.mark.parametrize("kept_in", [SQLITE], indirect=True)


def test_a_mailbox_restored_from_a_backup(memory: Memory) -> None:
    """What it lacks comes back, what it has twice the age is tied again, nothing is deleted."""
    world, servers = memory
    ids = entered(world)
    saved = copy.deepcopy(servers[ALICE])
    world.pass_time(hours=1)
    world.change(ids["Ann"], jobtitle="Boss")
    ids["Eve"] = world.new(firstname="Eve", lastname="E")
    world.settle()
    put_back(servers[ALICE], saved)
    world.change(ids["Bea"], jobtitle="Buyer")
    for _ in range(2):
        held(world, Finding.MAILBOX_RESTORED)
    healed(world)
    assert shown(world) == Counter([*NAMES, "Eve"])
    assert world.all_records().keys() == set(ids.values())
    assert world.crm(ids["Bea"])["jobtitle"] == "Buyer"
    for held_by in (world.crm(ids["Ann"]), world.item_of(ids["Ann"])):
        assert held_by["jobtitle"] == "Boss"  # the backup is older, and no edit


def test_an_item_from_before_it_bore_a_stamp(memory: Memory) -> None:
    """It goes by its old id: it is the record's as before, and is not put into the CRM again."""
    world, servers = memory
    ids = entered(world)
    mine = world.hand().add({"firstname": "Eve", "lastname": "E", "categories": ("CRM",)})
    saved = copy.deepcopy(servers[ALICE])
    world.settle()
    records = world.all_records().keys()
    put_back(servers[ALICE], saved)
    world.change(ids["Bea"], jobtitle="Buyer")
    held(world, Finding.MAILBOX_RESTORED)
    healed(world)
    assert shown(world) == Counter([*NAMES, "Eve"])
    assert world.all_records().keys() == records
    (eve,) = records - set(ids.values())
    assert world.link(eve).remote_id == mine


def test_a_mailbox_from_before_syncd(memory: Memory) -> None:
    """The folder bears nothing: all of it comes back."""
    world, servers = memory
    before = copy.deepcopy(servers[ALICE])
    ids = entered(world)
    put_back(servers[ALICE], before)
    world.change(ids["Bea"], jobtitle="Buyer")
    held(world, Finding.GONE)
    healed(world)
    assert shown(world) == Counter(NAMES)
    assert world.all_records().keys() == set(ids.values())


@IN_MEMORY
def test_a_copy_that_counted_as_far(memory: Memory, tmp_path: Path) -> None:
    """Two stores that both wrote once are told apart at the next write."""
    world, servers = memory
    ids = entered(world)
    other = saved(world, tmp_path / "copy.db")
    folder = servers[ALICE].folder("contacts")
    known = Claim.parse(folder.claim)
    assert known is not None
    world.change(ids["Ann"], jobtitle="Boss")
    world.settle()
    with database.write(other.engine) as conn:
        ours = str(replace(known, counter=known.counter + 1, token="other"))
        conn.exec_driver_sql("update mailbox_kind set claim = ?", (ours,))
    other.change(ids["Bea"], jobtitle="Buyer")
    held(other, Finding.STORE_COPIED)


def test_a_cycle_without_edits_does_not_ask(memory: Memory) -> None:
    """P4: one that writes nothing touches it not; one that does reads it once, and writes once."""
    world, _ = memory
    ids = entered(world)
    world.quiet()
    world.change(ids["Ann"], jobtitle="Boss")
    world.sync()
    assert (world.counts["read_claim"], world.counts["write_claim"]) == (1, 1)
    world.hand().edit(world.item_of(ids["Bea"]).id, {"jobtitle": "Buyer"})
    world.sync()
    assert (world.counts["read_claim"], world.counts["write_claim"]) == (1, 0)


@pytest.mark.parametrize("done", [True, False])
def test_an_advance_that_is_not_answered(memory: Memory, done: bool) -> None:
    """Nothing was written yet; whichever of both is on the folder then, it is ours."""
    world, servers = memory
    ids = entered(world)
    world.change(ids["Ann"], jobtitle="Boss")

    def unanswered(call: str, effect: Effect) -> object:
        if call != "write_claim":
            return effect()
        if done:
            effect()
        raise MailboxError(Sort.IN_DOUBT, Scope.SERVER, "NoAnswer", "no answer came")

    servers[ALICE].meddle = unanswered
    assert world.sync().outcome is Outcome.FAILED
    assert world.item_of(ids["Ann"])["jobtitle"] is None
    servers[ALICE].meddle = run
    world.settle()
    assert world.item_of(ids["Ann"])["jobtitle"] == "Boss"


@IN_MEMORY
@pytest.mark.parametrize("forgotten", [False, True], ids=["known", "forgotten"])
def test_torn_between_writing_it_down_and_putting_it_there(
    memory: Memory, tmp_path: Path, forgotten: bool
) -> None:
    """A crash at any moment of a run that writes: the next one goes on, and is not held.

    Nor where the store had forgotten that it served the folder, and a person let it begin anew.
    """
    world, servers = memory
    ids = entered(world)
    if forgotten:
        world.forget_links()
        world.sync()
        world.approve()
    world.change(ids["Ann"], jobtitle="Boss")
    moments: list[Memory] = []

    def keep(_: str) -> None:
        path = tmp_path / f"{len(moments)}.db"
        moments.append(tearing.let_go(tearing.branch(world, servers, path)))

    with tearing.watched(servers, keep):
        world.sync()
    assert len(moments) > 4
    for torn, _ in moments:
        tearing.resumed(torn, [ALICE])
        assert torn.item_of(ids["Ann"])["jobtitle"] == "Boss"
        with database.read(torn.engine) as conn:
            assert claims.standing(conn, torn.mailbox_id(ALICE)) is None


@IN_MEMORY
@pytest.mark.parametrize("done", [True, False])
def test_a_relink_that_is_not_answered(memory: Memory, done: bool) -> None:
    """What a restored mailbox lacks comes back, though its user heard nothing of the relink (P1).

    Put on the folder or not: nobody has thrown away what the backup is without, and it was said
    already that the folder is ours.
    """
    world, servers = memory
    ids = entered(world)
    saved = copy.deepcopy(servers[ALICE])
    world.new(firstname="Eve", lastname="E")
    world.settle()
    put_back(servers[ALICE], saved)
    world.execute("update mailbox_kind set cursor = null")  # a server that was restored forgot it
    world.change(ids["Bea"], jobtitle="Buyer")
    held(world, Finding.MAILBOX_RESTORED)

    def unanswered(call: str, effect: Effect) -> object:
        if call != "write_claim":
            return effect()
        if done:
            effect()
        raise MailboxError(Sort.IN_DOUBT, Scope.SERVER, "NoAnswer", "no answer came")

    servers[ALICE].meddle = unanswered
    with pytest.raises(AssertionError, match="no answer"):
        relinked(world)
    servers[ALICE].meddle = run
    for _ in range(3):
        world.pass_time(minutes=11)
        world.sync()
    world.settle()
    assert shown(world) == Counter([*NAMES, "Eve"])
    assert world.item_of(ids["Bea"])["jobtitle"] == "Buyer"


@IN_MEMORY
def test_a_backup_that_lacks_one_and_nothing_else(memory: Memory) -> None:
    """Nothing but an item is gone: it is not concluded that its user threw it away (P1, P5)."""
    world, servers = memory
    entered(world)
    saved = copy.deepcopy(servers[ALICE])
    world.new(firstname="Eve", lastname="E")
    world.settle()
    put_back(servers[ALICE], saved)
    world.execute("update mailbox_kind set cursor = null")
    world.sync()
    world.pass_time(minutes=11)
    held(world, Finding.MAILBOX_RESTORED)
    healed(world)
    assert shown(world) == Counter([*NAMES, "Eve"])
