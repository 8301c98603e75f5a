"""The lease of a process of this machine that was killed: the next start goes on at once (P10)."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from syncd.crm import database
from syncd.sync import leases, owners
from syncd.sync.report import Outcome
from tests.memory_mailbox import Effect, run
from tests.sync.world import ALICE, World
from tests.sync.worlds import Memory

HOLDER = "import time; from syncd.sync import owners; print(owners.new_owner(), flush=True)"

pytestmark = pytest.mark.skipif(
    ":" not in owners.new_owner(), reason="this system does not say which process is which"
)


@pytest.fixture
def holder() -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Another process of this machine that lives, and the name that it holds leases by."""
    command = [sys.executable, "-c", f"{HOLDER}; time.sleep(120)"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603
        assert process.stdout is not None
        yield process, process.stdout.readline().strip()
        process.kill()


def held_by(world: World, owner: str) -> None:
    """Alice's mailbox is being run, by a process of this name."""
    with database.write(world.engine) as conn:
        assert leases.acquire(conn, world.mailbox_id(ALICE), world.time()) is not None
    world.execute(f"update mailbox set lease_owner = '{owner}' where address = '{ALICE}'")  # noqa: S608


def test_a_killed_holder_is_followed_at_once(
    memory: Memory, holder: tuple[subprocess.Popen[str], str]
) -> None:
    """Refused while it lives; taken over as soon as it is dead, though its lease has not ended."""
    world, _ = memory
    process, owner = holder
    held_by(world, owner)
    assert world.sync().outcome is Outcome.FAILED
    process.kill()
    process.wait()
    assert world.sync().outcome is Outcome.OK


def test_a_killed_holder_of_whom_nobody_took_note_is_dead(
    memory: Memory, holder: tuple[subprocess.Popen[str], str]
) -> None:
    """In a container there may be nobody who asks how its processes ended."""
    world, _ = memory
    process, owner = holder
    held_by(world, owner)
    process.kill()
    assert process.stdout is not None
    process.stdout.read()  # to the end, which is that of the process
    _until_dead(owner)
    assert world.sync().outcome is Outcome.OK


def _until_dead(owner: str) -> None:
    until = time.monotonic() + 10
    while not owners.is_dead(owner):
        assert time.monotonic() < until
        time.sleep(0.01)


def test_a_number_that_went_to_another_process_is_no_life(memory: Memory) -> None:
    """The one that bears it now began later."""
    world, _ = memory
    place, pid, began, once = owners.new_owner().split(":")
    held_by(world, f"{place}:{pid}:{int(began) - 1}:{once}")
    assert world.sync().outcome is Outcome.OK


@pytest.mark.parametrize(
    "owner", ["elsewhere:999999999:1:a", "a0b1c2d3e4f5a6b7", "{place}:x:1:a", "{place}:1:a"]
)
def test_who_cannot_be_judged_is_waited_for(memory: Memory, owner: str) -> None:
    """On another machine, or by a name that says nothing: the lease has to run out."""
    world, _ = memory
    held_by(world, owner.replace("{place}", owners.new_owner().partition(":")[0]))
    assert world.sync().outcome is Outcome.FAILED
    world.pass_time(minutes=4)
    assert world.sync().outcome is Outcome.OK


def test_this_very_process_is_alive(memory: Memory) -> None:
    """Another thread of it may hold the lease."""
    world, _ = memory
    held_by(world, owners.new_owner())
    assert world.sync().outcome is Outcome.FAILED


def test_a_daemon_that_starts_frees_what_the_dead_held(
    memory: Memory, holder: tuple[subprocess.Popen[str], str]
) -> None:
    """Else it would find the mailbox due only when the lease has run out."""
    world, _ = memory
    process, owner = holder
    held_by(world, owner)
    service = world.service()
    service.begin()
    assert ALICE not in service.due(10)
    process.kill()
    process.wait()
    service.begin()
    assert ALICE in service.due(10)


@pytest.mark.parametrize("verb", ["create", "update"])
def test_what_the_dead_had_in_flight_is_waited_for(
    memory: Memory, holder: tuple[subprocess.Popen[str], str], verb: str
) -> None:
    """Taken over at once, a request that is carried out late leaves no double and no loss (P3)."""
    world, servers = memory
    record = world.new(firstname="Ann")
    if verb == "update":
        world.settle()
        world.change(record, jobtitle="Boss")
    process, owner = holder
    late: list[Effect] = []

    class Killed(BaseException):
        pass

    def kill(call: str, effect: Effect) -> object:
        if call == verb:
            late.append(effect)
            raise Killed
        return effect()

    servers[ALICE].meddle = kill
    with pytest.raises(Killed):
        world.sync()
    servers[ALICE].meddle = run
    held_by(world, owner)
    process.kill()
    process.wait()

    assert world.sync().outcome is not Outcome.FAILED  # taken over, and nothing guessed
    assert world.writes == 0
    late[0]()  # the server has come to it
    world.pass_time(minutes=1)
    world.settle()
    world.pass_time(minutes=3)
    world.settle()
    assert world.item_of(record) == world.item()
    assert world.item()["jobtitle"] == world.crm(record).get("jobtitle")
    assert world.writes == 0
