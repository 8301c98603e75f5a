"""Scenarios that end with a reason: where they are entered, what they share, and what is found."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping

from sqlalchemy import MetaData, select

from syncd.crm import database
from syncd.model.policy import (
    Limits,
)
from syncd.model.values import Value
from syncd.outlook.errors import MailboxError, Scope, Sort
from syncd.outlook.port import Sensitivity
from syncd.reconcile.reasons import Reason
from syncd.sync import guard, questions
from syncd.sync.questions import Answer
from syncd.sync.tables import question
from tests.memory_server import Effect, MemoryServer
from tests.sync.world import ALICE, World

ANN: Mapping[str, Value] = {
    "firstname": "Ann", "lastname": "Smith", "emailaddress1": "ann@example.test",
    "jobtitle": "Buyer", "department": "Sales", "mobilephone": "+41 79 1",
    "managername": "Tom", "assistantname": "Eva",
}  # fmt: skip
CRM: Mapping[str, Value] = {**ANN, "categories": ("CRM",)}
TRASH = "deleteditems"
UNANSWERED = MailboxError(Sort.IN_DOUBT, Scope.MAILBOX, "Timeout", "no answer")

Scenario = Callable[[World, MemoryServer], object]
SCENARIOS: dict[Reason, Scenario] = {}


def ends_with(*reasons: Reason) -> Callable[[Scenario], Scenario]:
    """What a scenario ends with."""

    def enter(scenario: Scenario) -> Scenario:
        for reason in reasons:
            assert reason not in SCENARIOS
            SCENARIOS[reason] = scenario
        return scenario

    return enter


def produced(world: World) -> set[str]:
    """Every reason that the store holds, wherever one is kept, and that the last run told."""
    found = {line.reason.value for report in world.reports for line in report.lines}
    known = MetaData()
    known.reflect(world.engine)
    with database.read(world.engine) as conn:
        for table in known.tables.values():
            for name in {"reason", "marks"} & set(table.c.keys()):
                for value in conn.scalars(select(table.c[name])):
                    found |= set(_reasons(value))
    return found


def _reasons(value: object) -> Iterator[str]:
    """A reason, or the reasons in the marks of a link."""
    if isinstance(value, str) and not value.startswith("{"):
        yield value
    marks = json.loads(value) if isinstance(value, str) and value.startswith("{") else value
    if isinstance(marks, dict):
        yield from (reason for _, reason in marks.values())


def in_step(world: World, **fields: Value) -> str:
    """Ann, in step with an item that syncd made."""
    record = world.new(**{**ANN, **fields})
    world.start()
    world.settle()
    return record


def edit(world: World, **fields: Value) -> None:
    """Its user edits the only item."""
    world.hand().edit(world.item().id, fields)


def rounds(world: World, number: int = 2) -> None:
    """Runs that need not come to rest."""
    for _ in range(number):
        world.sync()


def late(server: MemoryServer, on: str) -> None:
    """The next request of this sort is carried out after its client gave up."""
    usual = server.meddle

    def meddle(call: str, effect: Effect) -> object:
        if call != on:
            return effect()
        server.meddle = usual
        server.late.append(effect)
        raise UNANSWERED

    server.meddle = meddle


def discard(world: World) -> None:
    """A person decides against what is held."""
    with database.write(world.engine) as conn:
        assert guard.discard_held(conn, world.mailbox_id(ALICE), world.time())
    rounds(world)


def many(world: World) -> list[str]:
    """Some people in step, and limits that three of anything exceed."""
    world.policy(limits=Limits(few=3))
    ids = world.new_many([{"firstname": f"N{n}"} for n in range(4)])
    world.start()
    rounds(world)
    return ids


def doubtful(world: World, said: Answer | None = None) -> None:
    """Two items could be Ann; perhaps a person says what is to be done."""
    world.start()
    items = [world.hand().add({**ANN, "department": each}) for each in ("Sales", "Legal")]
    rounds(world)
    world.new(**ANN)
    rounds(world)
    if said is not None:
        with database.write(world.engine) as conn:
            (row,) = conn.execute(select(question)).all()
            chosen = items[1] if said is Answer.LINK else None
            questions.answer(conn, row, said, world.time(), chosen)
        rounds(world)


def alone(world: World, fields: Mapping[str, Value] = ANN, **how: Sensitivity | str) -> str:
    """An item of its user's own."""
    world.start()
    made = world.hand().add(fields, **how)  # type: ignore[arg-type]
    rounds(world)
    return made
