"""Over the wire: what fails alone is set aside after a few tries; what fails alike is an outage."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial
from itertools import pairwise

import pytest
from sqlalchemy import Engine

from syncd.crm import database
from syncd.outlook.graph import gate
from syncd.outlook.port import Backend
from syncd.sandbox.server import Sandbox
from syncd.sync import alerts, quarantine
from syncd.sync.outage import ALIKE
from syncd.sync.quarantine import Case, State
from syncd.sync.report import Outcome
from syncd.sync.settling import FIRST_GAP, SPREAD, TRIES
from syncd.sync.verify import Finding, verify
from tests.sync.verifying import audit
from tests.sync.world import ALICE, World
from tests.sync.worlds import sandbox_world

FOR_EVER = 999
MANY = [{"firstname": f"N{n}", "emailaddress1": f"n{n}@example.test"} for n in range(20)]
UPDATE = {Backend.EWS: "UpdateItem", Backend.GRAPH: "PATCH contacts"}
LISTING = {Backend.EWS: ("SyncFolderItems",), Backend.GRAPH: ("GET contacts/delta",)}
CREATE = {Backend.EWS: "CreateItem", Backend.GRAPH: "POST contacts"}
# What a server says of an item that it will never take. EWS says it of the whole request here, so
# that whose fault it is has to be found out.
REFUSES = {
    Backend.EWS: {"fault": "soap_fault", "code": "ErrorInvalidRequest"},
    Backend.GRAPH: {"fault": "item_error", "code": "ErrorItemSave"},
}

both = pytest.mark.parametrize("backend", list(Backend), ids=str)


@pytest.fixture
def settled(engine: Engine, box: Sandbox, backend: Backend) -> Iterator[World]:
    """Twenty records in step."""
    gate._GATES.clear()  # a port may have been another sandbox's
    world = sandbox_world(engine, box, backend)
    world.new_many(MANY)
    world.settle()
    yield world
    gate._GATES.clear()


def refuse(world: World, box: Sandbox, backend: Backend, crm_id: str) -> None:
    """From now on the server takes no update of this one's item."""
    item = world.item_of(crm_id).id
    box.faults.add(UPDATE[backend], times=FOR_EVER, item=item, **REFUSES[backend])


def struck(box: Sandbox) -> int:
    """How often the server has refused."""
    return FOR_EVER - sum(left for _, left in box.faults.pending())


def cases(world: World, *, ignored: bool = False) -> list[Case]:
    """What is set aside, or on its way there."""
    with database.read(world.engine) as conn:
        return quarantine.every(conn, world.state(), ignored=ignored)


def found(world: World) -> list[Finding]:
    """What `syncd verify` finds to be not in step."""
    findings: list[Finding] = []
    world.service().visit(ALICE, "verify", partial(verify, findings=findings))
    return findings


def told(world: World) -> dict[str, int]:
    """The alerts of a mailbox, with how many they count."""
    with database.read(world.engine) as conn:
        return {each.code.value: int(each.details["count"]) for each in alerts.every(conn)}


def by_name(world: World) -> dict[str, str]:
    """The records, by first name."""
    return {str(each.record.fields["firstname"]): id_ for id_, each in world.all_records().items()}


def until_set_aside(world: World, box: Sandbox) -> list[datetime]:
    """Sync each minute until it is set aside; when it was tried."""
    tried: list[datetime] = []
    for _ in range(40):
        before = struck(box)
        world.sync()
        if struck(box) > before:
            tried.append(world.time())
        if world.reports[-1].counters["quarantined"]:
            return tried
        world.pass_time(minutes=1)
    pytest.fail("it is tried for ever")


@both
def test_what_is_refused_each_time_is_tried_with_growing_gaps_and_set_aside(
    settled: World, box: Sandbox, backend: Backend
) -> None:
    """P10: three tries, each gap about twice the one before; all other edits flow at once."""
    ids = by_name(settled)
    refuse(settled, box, backend, ids["N7"])
    for name in ("N3", "N7", "N11"):
        settled.change(ids[name], jobtitle="Boss")
    tried = until_set_aside(settled, box)
    flowed = {str(each["firstname"]) for each in settled.items() if each["jobtitle"] == "Boss"}
    assert flowed == {"N3", "N11"}
    assert len(tried) == TRIES
    gaps = [later - at for at, later in pairwise(tried)]
    minute = timedelta(minutes=1, seconds=30)  # it is looked each minute
    for number, gap in enumerate(gaps):
        meant = FIRST_GAP * 2**number
        assert meant * (1 - SPREAD) <= gap <= meant * (1 + SPREAD) + minute, gaps
    assert gaps == sorted(gaps)
    (case,) = cases(settled)
    assert (case.crm_id, case.state, case.tries) == (ids["N7"], State.ASIDE, TRIES)
    assert told(settled) == {"quarantined": 1}
    counters = settled.reports[-1].counters
    assert (counters["in_step"], counters["quarantined"], counters["waiting"]) == (19, 1, 0)
    settled.accounted()
    before = struck(box)
    for _ in range(24):  # a day
        settled.pass_time(hours=1)
        settled.sync()
    assert struck(box) == before
    settled.pass_time(days=8)  # now and then it is tried all the same
    settled.sync()
    assert struck(box) > before
    assert settled.reports[-1].counters["quarantined"] == 1


@both
def test_a_retry_is_tried_at_once_and_comes_back_or_heals(
    settled: World, box: Sandbox, backend: Backend
) -> None:
    """Said while the server still refuses it: as for the first time. Mended: in step."""
    ids = by_name(settled)
    refuse(settled, box, backend, ids["N7"])
    settled.change(ids["N7"], jobtitle="Boss")
    until_set_aside(settled, box)
    retry(settled)
    before = struck(box)
    settled.sync()
    assert struck(box) > before
    (case,) = cases(settled)
    assert (case.state, case.tries) == (State.FAILING, 1)
    assert len(until_set_aside(settled, box)) == TRIES - 1
    box.faults.clear()
    settled.pass_time(hours=1)
    settled.sync()
    assert settled.item_of(ids["N7"])["jobtitle"] is None
    retry(settled)
    settled.settle()
    assert settled.item_of(ids["N7"])["jobtitle"] == "Boss"
    assert cases(settled) == []
    assert told(settled) == {}


def retry(world: World) -> None:
    """An admin says to try again whatever is set aside or left alone."""
    meant = cases(world, ignored=True)
    with database.write(world.engine) as conn:
        quarantine.retry(conn, world.state(), meant)


def ignore(world: World) -> None:
    """An admin says to leave alone whatever is set aside."""
    meant = cases(world)
    with database.write(world.engine) as conn:
        quarantine.ignore(conn, world.state(), meant, world.time())


@both
def test_what_is_left_alone_stays_so_until_it_is_edited_or_taken_back(
    settled: World, box: Sandbox, backend: Backend
) -> None:
    """No sync, no audit and no week that passes tries it; it counts as left alone (P9)."""
    ids = by_name(settled)
    refuse(settled, box, backend, ids["N7"])
    settled.change(ids["N7"], jobtitle="Boss")
    until_set_aside(settled, box)
    before = struck(box)
    ignore(settled)
    for _ in range(3):
        assert settled.sync().outcome is Outcome.OK
        assert audit(settled).divergence == {}
        assert found(settled) == []
        settled.pass_time(days=8)
    box.faults.add(*LISTING[backend], "invalid_sync_state")  # all of it is listed once more
    counters = settled.sync().counters
    assert struck(box) == before
    assert (counters["excluded"], counters["quarantined"], counters["waiting"]) == (1, 0, 0)
    assert [each.state for each in cases(settled, ignored=True)] == [State.IGNORED]
    assert told(settled) == {}
    settled.accounted()
    box.faults.clear()
    retry(settled)
    settled.settle()
    assert settled.item_of(ids["N7"])["jobtitle"] == "Boss"
    assert settled.reports[-1].counters["in_step"] == 20


@both
def test_a_record_without_an_item_is_left_alone_as_well(
    settled: World, box: Sandbox, backend: Backend
) -> None:
    """One that the server never took: nothing misses it, until somebody edits it."""
    box.faults.add(CREATE[backend], "item_error", code="ErrorItemSave", times=FOR_EVER)
    late = settled.new(firstname="Late")
    until_set_aside(settled, box)
    before = struck(box)
    ignore(settled)
    for _ in range(2):
        assert settled.sync().outcome is Outcome.OK
        assert audit(settled).divergence == {}
        assert found(settled) == []
        settled.pass_time(days=8)
    assert struck(box) == before
    assert settled.reports[-1].counters["quarantined"] == 0
    settled.accounted()
    box.faults.clear()
    settled.change(late, jobtitle="Boss")
    settled.settle()
    assert settled.item_of(late)["jobtitle"] == "Boss"
    assert found(settled) == []


@both
@pytest.mark.parametrize("verb", ["create", "update"])
def test_many_that_fail_alike_are_an_outage(
    settled: World, box: Sandbox, backend: Backend, verb: str
) -> None:
    """However long it lasts: nobody is set aside, no try counts, it is told; then all flows."""
    if verb == "create":
        settled.new_many([{"firstname": f"M{n}"} for n in range(15)])
    else:
        for crm_id in list(by_name(settled).values())[:15]:
            settled.change(crm_id, jobtitle="Boss")
    request = (CREATE if verb == "create" else UPDATE)[backend]
    box.faults.add(request, "item_error", code="ErrorItemSave", times=FOR_EVER)
    for _ in range(6):
        report = settled.sync()
        assert report.outcome is Outcome.FAILED
        assert report.outage == 15
        assert report.counters["quarantined"] == 0
        assert report.counters["waiting"] == 15
        assert cases(settled) == []
        alerted = told(settled)
        assert alerted["outage"] == 15
        assert "quarantined" not in alerted
        settled.accounted()
        settled.pass_time(hours=2)
    box.faults.clear()
    settled.settle()
    if verb == "create":
        assert len(settled.items()) == 35
    else:
        assert sum(each["jobtitle"] == "Boss" for each in settled.items()) == 15
    assert told(settled) == {}
    assert settled.reports[-1].counters["waiting"] == 0


@both
def test_a_bad_item_is_told_from_an_outage_that_comes_over_it(
    settled: World, box: Sandbox, backend: Backend
) -> None:
    """While it lasts nobody else counts a try; afterwards they all flow, and it is set aside."""
    ids = by_name(settled)
    refuse(settled, box, backend, ids["N7"])
    settled.change(ids["N7"], jobtitle="Boss")
    settled.sync()
    (case,) = cases(settled)
    assert case.tries == 1
    others = [each for name, each in ids.items() if name != "N7"][:12]
    for crm_id in others:
        settled.change(crm_id, jobtitle="Boss")
    box.faults.add(UPDATE[backend], "item_error", code="ErrorItemSave", times=FOR_EVER)
    for _ in range(4):
        settled.pass_time(hours=1)
        report = settled.sync()
        assert report.outage >= ALIKE
        assert [each.crm_id for each in cases(settled)] == [ids["N7"]]
    box.faults.clear()
    refuse(settled, box, backend, ids["N7"])
    settled.pass_time(hours=1)
    retry(settled)
    until_set_aside(settled, box)
    assert [each.crm_id for each in cases(settled)] == [ids["N7"]]
    boss = {str(each["firstname"]) for each in settled.items() if each["jobtitle"] == "Boss"}
    assert len(boss) == 12
    settled.accounted()
