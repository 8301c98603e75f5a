"""The audit finds what changed in silence, writes nothing, and lets the next run repair it."""

from __future__ import annotations

import math

from sqlalchemy import Engine, select

from syncd.crm import database
from syncd.outlook.port import Backend, Sensitivity
from syncd.sandbox.server import Sandbox
from syncd.sync import alerts
from syncd.sync.tables import mailbox_kind, run
from tests.sync.verifying import audit, open_alerts, swallow, verified
from tests.sync.world import ALICE, World
from tests.sync.worlds import sandbox_world


def three(world: World) -> list[str]:
    """Three contacts in step."""
    ids = world.new_many([{"firstname": f"F{n}", "lastname": f"L{n}"} for n in range(3)])
    world.settle()
    return ids


def test_what_is_in_step_is_left_as_it_is(world: World) -> None:
    """Without divergence an audit tells nothing, and the next cycle is quiet (P4)."""
    three(world)
    report = audit(world)
    assert (report.audited, report.divergence, report.miscounted) == (3, {}, {})
    assert open_alerts(world) == set()
    world.quiet()


def test_an_item_whose_change_was_never_told_is_taken_over(world: World) -> None:
    """The cursor has gone past an edit: found, reported, and carried over by the next run."""
    ids = three(world)
    item = world.item_of(ids[1])
    world.hand().edit(item.id, {"jobtitle": "Boss"})
    swallow(world)
    world.sync()
    assert "jobtitle" not in world.crm(ids[1])
    assert audit(world).divergence == {"item-differs": 1}
    assert open_alerts(world) == {"divergence"}
    world.sync()
    assert world.crm(ids[1])["jobtitle"] == "Boss"
    assert not audit(world).divergence
    assert open_alerts(world) == set()
    world.quiet()
    world.accounted()


def test_a_record_changed_past_the_feed_reaches_outlook(world: World) -> None:
    """Somebody wrote into the table by hand: no line of the feed tells of it."""
    ids = three(world)
    world.execute("update contact set jobtitle = 'CEO' where firstname = 'F2'")
    world.quiet()
    assert audit(world).divergence == {"record-differs": 1}
    world.sync()
    assert world.item_of(ids[2])["jobtitle"] == "CEO"
    world.quiet()
    world.accounted()


def test_an_item_that_went_unseen_is_confirmed_like_any_removal(world: World) -> None:
    """Gone without a removal told: the next run confirms where it is before it counts (P5)."""
    ids = three(world)
    world.hand().delete(world.item_of(ids[0]).id)
    swallow(world)
    world.quiet()
    assert audit(world).divergence == {"item-gone": 1}
    world.sync()
    assert world.link(ids[0]).state == "live"
    world.pass_time(minutes=11)
    world.settle()
    assert world.link(ids[0]).state == "remembered"
    assert not world.record(ids[0]).deleted
    assert not audit(world).divergence
    world.accounted()


def test_a_record_that_went_past_the_feed(world: World) -> None:
    """Marked as deleted by hand in the table: its item, which syncd made, goes with it."""
    ids = three(world)
    world.execute("update contact set deleted_at = modified_at where firstname = 'F2'")
    world.quiet()
    assert audit(world).divergence == {"record-gone": 1}
    world.sync()
    assert len(world.items()) == 2
    assert ids[2] not in world.all_records()
    world.accounted()


def test_what_is_known_to_wait_is_no_divergence(world: World) -> None:
    """An edit of either side that the next run will see anyway is told as nothing of the audit."""
    ids = three(world)
    world.hand().edit(world.item_of(ids[0]).id, {"jobtitle": "Boss"})
    world.change(ids[1], jobtitle="CEO")
    assert not audit(world).divergence
    world.sync()
    assert world.crm(ids[0])["jobtitle"] == "Boss"
    assert world.item_of(ids[1])["jobtitle"] == "CEO"


def test_an_item_made_private_in_silence_is_withdrawn(world: World) -> None:
    """P7: found although its mark was never told, and dealt with as any item made private."""
    ids = three(world)
    item = world.item_of(ids[0]).id
    world.hand().mark(item, Sensitivity.PRIVATE)
    swallow(world)
    assert audit(world).divergence == {"made-private": 1}
    world.sync()
    assert world.link(ids[0]).state != "live"


def test_a_stamp_that_was_taken_over_by_another_is_put_back(world: World) -> None:
    """P3: an item that does not say any more whose it is, is found by that alone."""
    ids = three(world)
    world.hand().set_link(world.item_of(ids[0]).id, "")
    swallow(world)
    assert audit(world).divergence == {"stamp-lost": 1}
    world.sync()
    assert not audit(world).divergence
    assert len(world.items()) == 3
    world.quiet()


def test_over_graph_it_is_the_same(engine: Engine, box: Sandbox) -> None:
    """Graph: an edit lost on the way is found, taken over, and found no more."""
    world = sandbox_world(engine, box, Backend.GRAPH)
    ids = three(world)
    world.hand().edit(world.item_of(ids[1]).id, {"jobtitle": "Boss"})
    swallow(world)
    assert audit(world).divergence == {"item-differs": 1}
    world.sync()
    assert world.crm(ids[1])["jobtitle"] == "Boss"
    assert not audit(world).divergence
    world.quiet()


def test_a_counter_that_is_wrong_is_set_right(world: World) -> None:
    """P9: the audit recounts; a difference is an alert, over with the next audit."""
    three(world)
    with database.write(world.engine) as conn:
        conn.execute(mailbox_kind.update().values(counters={"in_step": 5}))
    assert audit(world).miscounted == {"in_step": 2}
    assert open_alerts(world) == {"miscounted"}
    world.accounted()
    audit(world)
    assert open_alerts(world) == set()


def test_it_goes_round_and_costs_what_it_reads(world: World) -> None:
    """Two of five at a time: after three audits all were seen, at a batch and one request each."""
    world.new_many([{"lastname": f"L{n}"} for n in range(5)])
    world.settle()
    seen = []
    for _ in range(3):
        report = audit(world, items=2)
        seen.append(report.audited)
        assert world.counts.total() <= math.ceil(2 / 20) + 3, world.counts
    assert seen == [2, 2, 1]


def test_the_journal_shows_what_an_audit_found(world: World) -> None:
    """A run of its own cause, whose counts say how much of what sort."""
    three(world)
    world.execute("update contact set jobtitle = 'CEO' where firstname = 'F2'")
    audit(world)
    with database.read(world.engine) as conn:
        found = conn.execute(select(run).where(run.c.cause == "audit")).one()
        (told,) = alerts.every(conn)
    assert found.counts["divergence"] == {"record-differs": 1}
    assert "record-differs: 1" in told.sentence("en")
    assert ALICE in told.advice("de")


def test_verify_is_content_only_with_what_agrees(world: World) -> None:
    """It tells each sort of divergence, changes nothing, and is content after the repair."""
    ids = three(world)
    assert verified(world) == {}
    world.execute("update contact set jobtitle = 'CEO' where firstname = 'F2'")
    world.hand().edit(world.item_of(ids[0]).id, {"jobtitle": "Boss"})
    swallow(world)
    rows = world.rows()
    assert verified(world) == {"record-differs": 1, "item-differs": 1}
    assert world.rows() == rows
    audit(world)
    assert verified(world) == {"waiting": 2}
    world.sync()
    assert verified(world) == {}
    world.execute(f"delete from link where crm_id = '{ids[1]}'")  # noqa: S608 - an id of ours
    assert verified(world) == {"record-unaccounted": 1, "item-without-link": 1}
