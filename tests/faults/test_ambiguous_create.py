"""A thousand creates of which every second is not answered: a thousand items, and a true report."""

from __future__ import annotations

from collections import Counter

import pytest
from sqlalchemy import Engine, func, select

from syncd.crm import database
from syncd.outlook.graph import gate
from syncd.outlook.port import Backend
from syncd.reconcile.decide import Verb
from syncd.sandbox.server import Sandbox
from syncd.sync.report import Outcome
from syncd.sync.tables import operation
from tests.sync.world import World
from tests.sync.worlds import sandbox_world

MANY = 1_000
ROUNDS = 12
REQUESTS = {Backend.EWS: "CreateItem", Backend.GRAPH: "POST contacts"}


@pytest.mark.parametrize("backend", Backend, ids=lambda each: each.value)
def test_every_second_create_is_done_and_not_answered(
    engine: Engine, box: Sandbox, backend: Backend
) -> None:
    """P3: nothing is created again, and no report claims what the server does not hold."""
    gate._GATES.clear()
    world, request = sandbox_world(engine, box, backend), REQUESTS[backend]
    ids = world.new_many(
        [{"firstname": f"N{n}", "emailaddress1": f"n{n}@example.test"} for n in range(MANY)]
    )
    for number in range(1, 2 * MANY, 2):
        box.faults.add(request, "lost_answer", after=number)
    reported, unanswered = 0, 0
    for _ in range(ROUNDS):
        there = len(world.items())
        report = world.sync()
        made = len(world.items()) - there
        created = report.tally.outlook["created"]
        reported += created
        unanswered = max(unanswered, len(world.items()) - reported)
        assert reported <= len(world.items()), "it claims what is not there"
        if created < made:  # and says that the rest is not known
            assert report.outcome is Outcome.FAILED or report.counters["waiting"] >= made - created
        assert report.counters["in_step"] + report.counters["waiting"] <= MANY, "counted twice"
        known = _journalled(world)
        assert known["done"] + known["in-doubt"] == len(world.items())
        assert known["done"] >= reported
        if report.counters["in_step"] == MANY:
            break
        gate._GATES.clear()
        world.pass_time(minutes=3)
    assert unanswered, "no answer was lost"
    assert reported == MANY, "what was found later is told by the run that found it"
    box.faults.clear()
    world.settle()
    items = world.items()
    assert len(items) == MANY
    assert {each["firstname"] for each in items} == {f"N{n}" for n in range(MANY)}
    assert world.reports[-1].counters["in_step"] == MANY
    assert world.reports[-1].counters["waiting"] == 0
    assert _journalled(world) == {"done": MANY}
    assert {each.crm_id for each in world.links()} == set(ids)
    calls = box.requests if backend is Backend.EWS else box.requests.parts
    batch = 100 if backend is Backend.EWS else 1
    assert calls[request] == MANY // batch, "something was asked for twice"


def _journalled(world: World) -> Counter[str]:
    """How many creates are journalled, by how far they have come."""
    query = (
        select(operation.c.status, func.count())
        .where(operation.c.verb == Verb.CREATE_ITEM.value)
        .group_by(operation.c.status)
    )
    with database.read(world.engine) as conn:
        return Counter({row[0]: row[1] for row in conn.execute(query)})
