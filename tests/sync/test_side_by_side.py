"""Runs that are at work at the same time, in one store: on PostgreSQL writers do not queue up."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, select, update

from syncd.crm import database, records
from syncd.crm.errors import StaleRecord
from syncd.crm.records import CONTACTS, Update
from syncd.model.values import Value
from syncd.outlook.port import Sensitivity
from syncd.sync import leases, mailboxes, snapshots
from syncd.sync.causes import Counting
from syncd.sync.report import Outcome, RunReport
from syncd.sync.snapshots import Snapshots
from syncd.sync.tables import cause, link
from tests.conftest import POSTGRESQL
from tests.memory_mailbox import Effect
from tests.sync.test_privacy import dump
from tests.sync.world import ALICE, BOB, BY_HAND, World
from tests.sync.worlds import Memory

EVERYBODY = "statecode eq 'active'"
PATIENCE = 20.0  # seconds; nothing waits that long unless it is broken
BOTH = (ALICE, BOB)


def at_once(world: World, memory: Memory, call: str = "read") -> Sequence[RunReport]:
    """Both mailboxes are synced; both runs have seen what they decide from before either writes."""
    together = threading.Barrier(2)
    for server in memory[1].values():
        server.meddle = _meets(call, together)
    with ThreadPoolExecutor(2) as pool:
        service = world.service()
        reports = list(pool.map(lambda address: service.run(address, cause="test"), BOTH))
    for server in memory[1].values():
        server.meddle = lambda _, effect: effect()
    return reports


def _meets(call: str, together: threading.Barrier) -> Callable[[str, Effect], object]:
    met = False

    def meddle(asked: str, effect: Effect) -> object:
        nonlocal met
        answer = effect()
        if asked == call and not met:
            met = True
            together.wait(PATIENCE)
        return answer

    return meddle


def shared(world: World, **fields: Value) -> tuple[str, str, str]:
    """A record that both have: its id, and those of Alice's and of Bob's item."""
    world.filter = EVERYBODY
    record = world.new(**fields)
    world.settle(*BOTH)
    return record, world.item_of(record, ALICE).id, world.item_of(record, BOB).id


def test_two_mailboxes_that_edit_one_contact_lose_nothing(memory: Memory) -> None:
    """Different fields merge, whoever writes first (P1)."""
    world, _ = memory
    record, hers, his = shared(world, firstname="Ann", jobtitle="Buyer", department="Sales")
    world.hand(ALICE).edit(hers, {"jobtitle": "Head"})
    world.hand(BOB).edit(his, {"department": "Marketing"})
    reports = at_once(world, memory)
    assert {each.outcome for each in reports} == {Outcome.OK}
    world.settle(*BOTH)
    held = world.crm(record)
    assert (held["jobtitle"], held["department"]) == ("Head", "Marketing")
    for address in BOTH:
        item = world.item_of(record, address)
        assert (item["jobtitle"], item["department"]) == ("Head", "Marketing")


def test_two_mailboxes_that_edit_one_field_keep_both_values(memory: Memory) -> None:
    """One of them wins, and the other's value is kept aside (P1)."""
    world, _ = memory
    record, hers, his = shared(world, firstname="Ann", jobtitle="Buyer")
    world.hand(ALICE).edit(hers, {"jobtitle": "Of Alice"})
    world.hand(BOB).edit(his, {"jobtitle": "Of Bob"})
    at_once(world, memory)
    world.settle(*BOTH)
    now = str(world.crm(record)["jobtitle"])
    assert {world.item_of(record, each)["jobtitle"] for each in BOTH} == {now}
    (lost,) = {"Of Alice", "Of Bob"} - {now}
    assert lost in " ".join(world.kept_losers())


@pytest.mark.parametrize("number", range(3))
def test_two_mailboxes_that_track_one_person_make_one_contact(memory: Memory, number: int) -> None:
    """Who comes second finds the contact of the first, and is tied to it (P3)."""
    world, _ = memory
    world.filter = EVERYBODY
    world.settle(*BOTH)
    person: dict[str, Value] = {
        "firstname": "Ann",
        "lastname": f"Lee{number}",
        "emailaddress1": f"ann{number}@example.test",
        "categories": ("CRM",),
    }
    for address in BOTH:
        world.hand(address).add(person)
    at_once(world, memory)
    world.settle(*BOTH)
    (record,) = world.all_records()
    assert {each.crm_id for each in world.links()} == {record}
    assert len(world.links()) == len(BOTH)
    assert [len(world.items(address=each)) for each in BOTH] == [1, 1]


def test_what_is_withdrawn_while_another_run_reads_it_is_not_written_there(memory: Memory) -> None:
    """Nothing of it stays: not in the other Outlook, not in the store (P7)."""
    world, _ = memory
    record, hers, his = shared(world, firstname="Ann")
    world.hand(ALICE).edit(hers, {"department": "Zquanary"})
    world.sync(ALICE)
    world.hand(ALICE).mark(hers, Sensitivity.PRIVATE)
    world.hand(BOB).edit(his, {"jobtitle": "Buyer"})
    at_once(world, memory)
    world.settle(*BOTH)
    assert world.item_of(record, BOB)["department"] is None
    assert world.item_of(record, BOB)["jobtitle"] == "Buyer"
    assert "Zquanary" not in dump(world)


def test_both_first_syncs_at_once_agree_who_this_installation_is(memory: Memory) -> None:
    """Stamps and hashes are those of one installation, whoever was first."""
    world, _ = memory
    world.new(ALICE, firstname="Ann")
    world.new(BOB, firstname="Bea")
    at_once(world, memory, "folder")
    world.settle(*BOTH)
    assert {len(world.items(address=each)) for each in BOTH} == {1}


@pytest.mark.parametrize("kept_in", [POSTGRESQL], indirect=True)
class TestTransactions:
    """Two that are open at the same time, one step after the other."""

    def test_a_record_that_another_writer_holds_is_waited_for(self, memory: Memory) -> None:
        """And what it became is seen: the version is stale, and nothing is overwritten."""
        world, _ = memory
        record = world.new(firstname="Ann", jobtitle="Buyer")

        def patch(conn: Connection, title: str) -> object:
            change = Update(record, {"jobtitle": title}, expected=1)
            (done,) = records.update_many(conn, CONTACTS, [change], actor=BY_HAND, at=world.time())
            return done

        refused = beside(
            world, lambda conn: patch(conn, "First"), lambda conn: patch(conn, "Second")
        )
        assert isinstance(refused, StaleRecord)
        assert world.crm(record)["jobtitle"] == "First"

    def test_a_lease_is_had_by_one(self, memory: Memory) -> None:
        """Who asks while another takes it waits for the answer, which is no."""
        world, _ = memory
        mailbox = world.mailbox_id(ALICE)

        def take(conn: Connection) -> object:
            return leases.acquire(conn, mailbox, world.time())

        assert beside(world, take, take) is None

    def test_a_lease_that_is_taken_over_is_not_renewed(self, memory: Memory) -> None:
        """Not even by one who asked before the other had committed."""
        world, _ = memory
        mailbox = world.mailbox_id(ALICE)
        with database.write(world.engine) as conn:
            lease = leases.acquire(conn, mailbox, world.time())
        assert lease is not None
        later = world.time() + timedelta(minutes=10)

        def renew(conn: Connection) -> object:
            try:
                return leases.renew(conn, lease, later)
            except leases.LeaseLost as lost:
                return lost

        lost = beside(world, lambda conn: leases.acquire(conn, mailbox, later), renew)
        assert isinstance(lost, leases.LeaseLost)

    def test_equal_content_is_stored_once(self, memory: Memory) -> None:
        """Two that store the same at the same moment do not fail, in whatever order."""
        world, _ = memory

        def keep(conn: Connection, *contents: str) -> None:
            pending = Snapshots()
            for each in contents:
                pending.add({"jobtitle": each})
            pending.flush(conn)

        beside(world, lambda conn: keep(conn, "a", "b"), lambda conn: keep(conn, "b", "a"))
        assert len(world.rows()["snapshot"]) == 2

    def test_content_that_is_about_to_be_referred_to_is_not_collected(self, memory: Memory) -> None:
        """Who found it there can go by it until the commit."""
        world, _ = memory
        world.new(firstname="Ann")
        world.settle()
        with database.write(world.engine) as conn:
            unused = Snapshots()
            digest = unused.add({"jobtitle": "Buyer"})
            unused.flush(conn)

        def refer(conn: Connection) -> None:
            again = Snapshots()
            again.add({"jobtitle": "Buyer"})
            again.flush(conn)
            conn.execute(update(link).values(crm_image=digest))

        beside(world, refer, lambda conn: snapshots.collect(conn), alone=True)
        with database.read(world.engine) as conn:
            assert digest in snapshots.load(conn, [digest])

    def test_this_installation_is_made_once(self, memory: Memory) -> None:
        """Who comes second has the first one's name and key."""
        world, _ = memory
        made: list[object] = []
        beside(
            world,
            lambda conn: made.append(mailboxes.installation(conn)),
            lambda conn: made.append(mailboxes.installation(conn)),
        )
        assert made[0] == made[1]

    def test_a_record_that_comes_about_while_the_rules_are_read_is_not_missed(
        self, memory: Memory, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The feed is followed from where it stood before the members were asked for."""
        world, _ = memory
        late: list[str] = []
        asked = records.members

        def members(*words: Any) -> list[str]:
            found = asked(*words)
            if not late:
                late.append(world.new(firstname="Ann"))
            return found

        monkeypatch.setattr(records, "members", members)
        world.settle()
        assert world.item_of(late[0])["firstname"] == "Ann"


def beside(
    world: World,
    first: Callable[[Connection], object],
    second: Callable[[Connection], object],
    *,
    alone: bool = False,
) -> object:
    """What `second` comes to, in a transaction begun and waited with while `first` is not done."""
    begun = threading.Event()

    def follow() -> object:
        begun.set()
        with database.write(world.engine, alone=alone) as conn:
            return second(conn)

    with ThreadPoolExecutor(1) as pool:
        with database.write(world.engine) as conn:
            first(conn)
            following = pool.submit(follow)
            assert begun.wait(PATIENCE)
            threading.Event().wait(0.1)  # for it to run into what it has to wait for
            assert not following.done()
        return following.result(PATIENCE)


def test_two_mailboxes_that_take_a_change_of_rules_are_both_noted(memory: Memory) -> None:
    """Who is not would come to the change once more without its being counted anew (P8)."""
    world, _ = memory
    counting = Counting(CONTACTS, lambda _: [], date(2026, 11, 29), 10)
    first, second = (world.mailbox_id(each) for each in BOTH)
    for before in (0, 1):  # the change is known already, or not yet
        key = f"change {before}"
        with database.write(world.engine) as conn:
            if before:
                counting.judge_rules(conn, key, 99, world.time())
        begun = threading.Event()

        def take(key: str = key, begun: threading.Event = begun) -> None:
            with database.write(world.engine) as conn:
                begun.set()
                counting.judge_rules(conn, key, second, world.time())

        with ThreadPoolExecutor(1) as pool:
            with database.write(world.engine) as conn:
                counting.judge_rules(conn, key, first, world.time())
                other = pool.submit(take)
                if database.beside_others(conn):
                    assert begun.wait(PATIENCE)
                    time.sleep(0.2)  # it waits by now, or has read what is to change
            other.result(PATIENCE)
        with database.read(world.engine) as conn:
            counts = conn.execute(select(cause.c.counts).where(cause.c.key == key)).scalar_one()
        assert {first, second} <= set(counts["taken"])
