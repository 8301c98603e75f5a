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

ROUNDS = 24
REQUESTS = {Backend.EWS: "CreateItem", Backend.GRAPH: "POST contacts"}


@pytest.mark.parametrize(
    ("backend", "struck", "many"),
    [
        (Backend.EWS, "CreateItem", 1_000),
        (Backend.GRAPH, "POST contacts", 1_000),  # each in its place in a batch: 504
        (Backend.GRAPH, "$batch", 200),  # the connection breaks, for twenty of them
    ],
)
def test_every_second_create_is_done_and_not_answered(
    engine: Engine, box: Sandbox, backend: Backend, struck: str, many: int
) -> None:
    """P3: nothing is created again, and no report claims what the server does not hold."""
    gate._GATES.clear()
    world, request = sandbox_world(engine, box, backend), REQUESTS[backend]
    ids = world.new_many(
        [{"firstname": f"N{n}", "emailaddress1": f"n{n}@example.test"} for n in range(many)]
    )
    # Of batches one of three: some are reads, without which no run comes to a write.
    for number in range(1, 2 * many, 3 if struck == "$batch" else 2):
        box.faults.add(struck, "lost_answer", after=number)
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
        assert report.counters["in_step"] + report.counters["waiting"] <= many, "counted twice"
        known = _journalled(world)
        assert known["done"] + known["in-doubt"] == len(world.items())
        assert known["done"] >= reported
        if report.counters["in_step"] == many:
            break
        gate._GATES.clear()
        world.pass_time(minutes=3)
    assert unanswered, "no answer was lost"
    assert reported == many, "what was found later is told by the run that found it"
    box.faults.clear()
    world.settle()
    items = world.items()
    assert len(items) == many
    assert {each["firstname"] for each in items} == {f"N{n}" for n in range(many)}
    assert world.reports[-1].counters["in_step"] == many
    assert world.reports[-1].counters["waiting"] == 0
    journalled = _journalled(world)
    del journalled["failed"]  # announced, and not tried: the run broke off before
    assert journalled == {"done": many}
    assert {each.crm_id for each in world.links()} == set(ids)
    calls = box.requests if backend is Backend.EWS else box.requests.parts
    batch = 100 if backend is Backend.EWS else 1
    assert calls[request] == many // batch, "something was asked for twice"


def _journalled(world: World) -> Counter[str]:
    """How many creates are journalled, by how far they have come."""
    query = (
        select(operation.c.status, func.count())
        .where(operation.c.verb == Verb.CREATE_ITEM.value)
        .group_by(operation.c.status)
    )
    with database.read(world.engine) as conn:
        return Counter({row[0]: row[1] for row in conn.execute(query)})
