"""A run that is torn anywhere leaves nothing to repair: the end is that of one which was not (P10).

Every piece of work below is cut at each of its moments in turn, and resumed.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import Engine

from syncd.model.policy import FirstSync, Limits
from syncd.model.values import Value
from syncd.outlook.errors import MailboxError, Scope, Sort
from syncd.outlook.port import Backend, Sensitivity
from tests.memory_mailbox import Effect, run
from tests.sync.tearing import let_go, picture, resumed, watched
from tests.sync.test_bringing_back import restore
from tests.sync.world import ALICE, BOB, WRITES, World
from tests.sync.worlds import Memory, memory_world

ANN: dict[str, Value] = {
    "firstname": "Ann", "lastname": "van Dyk", "emailaddress1": "ann@example.test",
}  # fmt: skip
CRM = {"categories": ("CRM",)}
Work = Callable[[World], None]


def numbered(count: int, **more: Value) -> list[dict[str, Value]]:
    """So many people."""
    return [
        {"firstname": f"N{n}", "lastname": "Doe", "emailaddress1": f"n{n}@x.test", **more}
        for n in range(count)
    ]


# --- work ----------------------------------------------------------------------------------------


def everything(world: World) -> None:
    """Something of everything: what the undisturbed run makes of it is the measure."""
    ids = world.new_many(numbered(8))
    world.settle()

    items = {str(each["firstname"]): each.id for each in world.items()}
    world.new(firstname="New", emailaddress1="new@x.test")
    world.change(ids[0], jobtitle="CEO")
    world.hand().edit(items["N1"], {"jobtitle": "Boss"})
    world.hand().add({"firstname": "Tracked", "categories": ("CRM",)})
    world.set_active(ids[2], active=False)
    world.remove(ids[3])
    world.hand().move(items["N4"], "deleteditems")
    world.change(ids[5], department="Sales")
    world.hand().edit(items["N5"], {"jobtitle": "Boss"})


def onboard(world: World) -> None:
    """A first contact that was approved: adoptions, creations, a contact to be tracked."""
    shared = numbered(4)
    for each in shared:
        world.hand().add({**each, "jobtitle": "Boss"})
    world.hand().add({"firstname": "Own"})
    world.hand().add({"firstname": "Tracked", "categories": ("CRM",)})
    world.new_many([*shared, {"firstname": "New", "emailaddress1": "new@x.test"}])
    world.sync()
    world.approve()


def adopt(world: World) -> None:
    """Own contacts that are in the CRM as well, with notes on both sides; one of them tracked."""
    world.policy(first_sync=FirstSync.GO)
    for n, each in enumerate(numbered(3, jobtitle="Boss", description="own")):
        world.hand().add({**each, **(CRM if n == 2 else {})})
    world.new_many(numbered(3, jobtitle="CEO", description="of the CRM"))


def return_to_scope(world: World) -> None:
    """What left scope comes back, edited on either side and on both."""
    ids = world.new_many(numbered(3))
    world.settle()
    for each in ids:
        world.set_active(each, active=False)
    world.sync()
    world.approve()
    world.settle()
    for each in ids:
        world.set_active(each, active=True)
    world.policy(limits=Limits(99, 99, 1.0, 99, 999))
    for each in ids[:2]:
        world.change(each, jobtitle="CEO")
    former = world.items("Former CRM contacts")
    world.hand().edit(former[1].id, {"jobtitle": "Boss", "department": "Sales"})
    world.hand().edit(former[2].id, {"department": "Sales"})


def leave_scope(world: World) -> None:
    """What leaves scope was edited in Outlook just before."""
    ids = world.new_many(numbered(3))
    world.settle()
    world.policy(limits=Limits(99, 99, 1.0, 99, 999))
    for item in world.items()[:2]:
        world.hand().edit(item.id, {"jobtitle": "Boss"})
    for each in ids:
        world.set_active(each, active=False)


def track(world: World) -> None:
    """One that the CRM has already, and one that it has not."""
    world.settle()
    world.new(BOB, **ANN)
    world.hand().add({**ANN, "jobtitle": "Boss", "description": "own", **CRM})
    world.hand().add({"firstname": "Bea", "emailaddress1": "bea@x.test", **CRM})


def orphan(world: World) -> None:
    """Records of tracked items are deleted, one with a late edit; one item is untracked."""
    world.policy(limits=Limits(99, 99, 1.0, 99, 999))
    world.settle()
    for each in numbered(3):
        world.hand().add({**each, **CRM})
    world.settle()
    ids = {r.record.fields["firstname"]: i for i, r in world.all_records().items()}
    items = {each["firstname"]: each.id for each in world.items()}
    world.remove(ids["N0"])
    world.remove(ids["N1"])
    world.hand().edit(items["N1"], {"jobtitle": "Boss"})
    world.hand().edit(items["N2"], {"categories": None, "jobtitle": "Boss"})


def track_again(world: World) -> None:
    """All of these are tracked once more."""
    orphan(world)
    world.settle()
    for each in world.items():
        world.hand().edit(each.id, {"department": "Sales", **CRM})


def conflict(world: World) -> None:
    """Both sides changed the same, the CRM later, and something else besides."""
    ids = world.new_many(numbered(3, jobtitle="Clerk"))
    world.settle()
    for item in world.items():
        world.hand().edit(item.id, {"jobtitle": "Boss", "department": "Sales"})
    world.pass_time(seconds=10)
    for each in ids:
        world.change(each, jobtitle="CEO", managername="Mia")


def move_about(world: World) -> None:
    """Moved away, thrown away and brought back, copied."""
    ids = world.new_many(numbered(3))
    world.settle()
    family = world.hand().add_folder("Family")
    items = [each.id for each in world.items()]
    away, trashed = world.hand().move(items[0], family), world.hand().move(items[1], "deleteditems")
    world.settle()
    back = world.hand().move(away, "contacts")
    world.hand().move(trashed, "contacts")
    world.hand().edit(back, {"jobtitle": "Boss"})
    world.change(ids[0], department="Sales")
    world.change(ids[1], jobtitle="CEO")
    world.hand().copy(items[2])
    world.hand().move(items[2], family)


def withdraw(world: World) -> None:
    """Edited items and a tracked one are made private."""
    ids = world.new_many(numbered(3, jobtitle="Clerk"))
    world.settle()
    items = world.items()
    for each in items:
        world.hand().edit(each.id, {"jobtitle": "Boss", "department": "Sales"})
    tracked = world.hand().add({"firstname": "Bea", **CRM})
    world.settle()
    for item in (*(each.id for each in items), tracked):
        world.hand().mark(item, Sensitivity.PRIVATE)
    world.change(ids[0], managername="Mia")
    world.change(ids[1], jobtitle="CEO")


def bring_back(world: World) -> None:
    """What was thrown away is wanted back, edited in the CRM meanwhile."""
    ids = world.new_many(numbered(3))
    world.settle()
    for each in world.items()[:2]:
        world.hand().move(each.id, "deleteditems")
    world.settle()
    world.change(ids[0], jobtitle="CEO")
    restore(world, *ids[:2])


WORKS = [
    everything, onboard, adopt, return_to_scope, leave_scope, track, orphan, track_again, conflict,
    move_about, withdraw,
]  # fmt: skip
# Where ids stay and nothing can be moved, these write, or find, otherwise.
OTHERWISE = [return_to_scope, leave_scope, move_about, bring_back]
EVERY = [(Backend.EWS, w) for w in WORKS] + [(Backend.GRAPH, w) for w in OTHERWISE]


@pytest.fixture
def memory(engine: Engine, backend: Backend) -> Memory:
    """A world whose mailboxes are like those of a backend."""
    return memory_world(engine, backend=backend)


# --- where it tears ------------------------------------------------------------------------------


class NoAnswer:
    """A server that does not answer the request of this number, before or after its effect."""

    def __init__(self, number: int, *, effective: bool) -> None:
        self.call = ""
        self._left = number
        self._effective = effective

    def __call__(self, call: str, effect: Effect) -> object:
        """One request."""
        self._left -= 1
        if self._left:
            return effect()
        self.call = call
        if self._effective:
            effect()
        sort = Sort.IN_DOUBT if call in WRITES else Sort.TRANSIENT
        raise MailboxError(sort, Scope.SERVER, "NoAnswer", "the server did not answer")


def gone_on(memory: Memory) -> dict[str, object]:
    """What it comes to from here."""
    resumed(memory[0], [ALICE])
    return picture(memory)


@pytest.mark.parametrize(("backend", "work"), EVERY)
def test_at_any_request(memory: Memory, branches: Callable[[Memory], Memory], work: Work) -> None:
    """The server does not answer, before or after the effect (P3)."""
    work(memory[0])
    wanted = gone_on(branches(memory))
    for number in range(1, 100):
        for effective in (False, True):
            world, servers = branches(memory)
            servers[ALICE].meddle = silent = NoAnswer(number, effective=effective)
            world.sync()
            servers[ALICE].meddle = run
            if silent.call:
                assert gone_on((world, servers)) == wanted, (number, silent.call, effective)
            if silent.call not in WRITES:  # a reading request has no effect
                break
        if not silent.call:
            break
    assert number > 2


@pytest.mark.parametrize(("backend", "work"), EVERY)
def test_at_any_moment(memory: Memory, branches: Callable[[Memory], Memory], work: Work) -> None:
    """The process dies after any commit, which is before what comes next, or any write (P3)."""
    work(memory[0])
    wanted = gone_on(branches(memory))
    torn: list[tuple[str, Memory]] = []
    with watched(memory[1], lambda event: torn.append((event, let_go(branches(memory))))):
        memory[0].sync()
    for number, (event, moment) in enumerate(torn):
        assert gone_on(moment) == wanted, (number, event)
    assert len(torn) > 2
