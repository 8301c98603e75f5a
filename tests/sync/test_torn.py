"""A run that is torn anywhere leaves nothing to repair: the end is that of one which was not (P10).

Every piece of work below is cut at each of its requests and transactions in turn, and resumed.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest
from sqlalchemy import Connection

from syncd.model.policy import FirstSync, Limits
from syncd.model.values import Value
from syncd.outlook.errors import MailboxError, Scope, Sort
from syncd.outlook.port import Sensitivity
from syncd.sync.session import Session
from tests.memory_mailbox import Effect, run
from tests.sync.world import ALICE, BOB, WRITES, Memory, World

ANN: dict[str, Value] = {
    "firstname": "Ann", "lastname": "van Dyk", "emailaddress1": "ann@example.test",
}  # fmt: skip
CRM = {"categories": ("CRM",)}
Work = Callable[[World], None]


class Crash(BaseException):
    """The process died."""


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


WORKS = [
    everything, onboard, adopt, return_to_scope, leave_scope, track, orphan, track_again, conflict,
    move_about, withdraw,
]  # fmt: skip


# --- the end -------------------------------------------------------------------------------------


def picture(world: World) -> dict[str, object]:
    """All that either side holds, without ids; and what was kept of what lost."""

    def shown(folder: str) -> list[object]:
        return sorted(
            (sorted(map(str, each.fields.items())) for each in world.items(folder)), key=str
        )

    held = [sorted(map(str, world.crm(each).items())) for each in world.all_records()]
    return {
        "contacts": shown("contacts"),
        "trash": shown("deleteditems"),
        "former": shown("Former CRM contacts"),
        "crm": sorted(held, key=str),
        "links": sorted(f"{each.origin} {each.state}" for each in world.links()),
        "kept": sorted(set(world.kept_losers())),  # twice is as good as once
    }


def undisturbed(world: World) -> dict[str, object]:
    """What the work comes to when nothing is torn."""
    world.settle()
    return picture(world)


def resumed(world: World) -> dict[str, object]:
    """A new process goes on once the lease has run out; removals are looked at twice."""
    world.pass_time(minutes=4)
    world.settle()
    world.pass_time(minutes=11)
    world.settle()
    return picture(world)


# --- where it tears ------------------------------------------------------------------------------


class Torn:
    """A server at whose request of this number something happens, before or after its effect."""

    def __init__(self, number: int, how: str, *, effective: bool) -> None:
        self.call = ""
        self._left = number
        self._how = how
        self._effective = effective

    def __call__(self, call: str, effect: Effect) -> object:
        """One request."""
        self._left -= 1
        if self._left:
            return effect()
        self.call = call
        if self._effective:
            effect()
        if self._how == "crash":
            raise Crash(call)
        sort = Sort.IN_DOUBT if call in WRITES else Sort.TRANSIENT
        raise MailboxError(sort, Scope.SERVER, "NoAnswer", "the server did not answer")


def crash_at(patch: pytest.MonkeyPatch, number: int) -> None:
    """Let the process die in a run's writing transaction of this number."""
    write, count = Session.write, itertools.count(1)

    @contextmanager
    def dying(self: Session, **begun: bool) -> Iterator[Connection]:
        dies = next(count) == number
        with write(self, **begun) as conn:
            yield conn
            if dies:
                raise Crash

    patch.setattr(Session, "write", dying)


@pytest.mark.parametrize("how", ["crash", "no answer"])
@pytest.mark.parametrize("work", WORKS)
def test_at_any_request(
    memory: Memory, branches: Callable[[Memory], Memory], work: Work, how: str
) -> None:
    """The process dies, or the server does not answer, before or after the effect (P3)."""
    work(memory[0])
    wanted = undisturbed(branches(memory)[0])
    for number in range(1, 100):
        for effective in (False, True):
            world, servers = branches(memory)
            servers[ALICE].meddle = torn = Torn(number, how, effective=effective)
            with suppress(Crash):
                world.sync()
            servers[ALICE].meddle = run
            if torn.call:
                assert resumed(world) == wanted, (number, torn.call, effective)
            if torn.call not in WRITES:  # a reading request has no effect
                break
        if not torn.call:
            break
    assert number > 2


@pytest.mark.parametrize("work", WORKS)
def test_at_any_transaction(
    memory: Memory,
    branches: Callable[[Memory], Memory],
    monkeypatch: pytest.MonkeyPatch,
    work: Work,
) -> None:
    """Just before every commit in turn; just after one is just before what comes next (P3)."""
    work(memory[0])
    wanted = undisturbed(branches(memory)[0])
    for number in range(1, 100):
        world, _ = branches(memory)
        with monkeypatch.context() as patch:
            crash_at(patch, number)
            try:
                world.sync()
            except Crash:
                pass
            else:
                break
        assert resumed(world) == wanted, number
    assert number > 2
