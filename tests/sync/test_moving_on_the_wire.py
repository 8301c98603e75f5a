"""Over the wire: one mailbox of the sandbox, reached by EWS, then by Graph, then by EWS again."""

from __future__ import annotations

import threading
import time

import pytest

from syncd.crm import database
from syncd.daemon.dispatch import Dispatcher
from syncd.outlook.port import Backend
from syncd.sandbox.server import Sandbox
from syncd.sync import mailboxes
from syncd.sync.mailboxes import MailboxState
from syncd.sync.report import Outcome
from tests.sync.changing_over import ids_found, moved, numbered
from tests.sync.on_the_wire import CLOUD, OFFICE, in_a_hybrid_tenant
from tests.sync.world import ALICE, BOB, World

MANY = 500
PATIENCE = 20.0  # seconds; nothing takes that long unless it is broken


@pytest.fixture
def hybrid(wire: World, box: Sandbox) -> World:
    """A world whose policy names both servers: the sandbox over EWS, and over Graph."""
    return in_a_hybrid_tenant(wire, box)


def in_the_mailbox(world: World) -> set[tuple[str, str]]:
    """Every item there is, with its version: what anybody wrote shows here."""
    return {(each.id, each.version) for each in world.items()}


def test_a_mailbox_with_many_contacts_moves_to_graph(hybrid: World, box: Sandbox) -> None:
    """EWS is blocked: no item is created, none deleted, none written; two rounds, then quiet."""
    ids = hybrid.new_many(numbered(MANY))
    hybrid.start()
    hybrid.settle()
    before = in_the_mailbox(hybrid)
    assert len(before) == MANY
    box.ews_blocked = True
    box.requests.reset()
    report = hybrid.sync()
    assert (report.outcome, report.server) == (Outcome.OK, CLOUD)
    assert box.requests["POST translateExchangeIds"] == 1
    hybrid.settle()
    assert in_the_mailbox(hybrid) == before
    assert {each.state for each in hybrid.links()} == {"live"}
    assert len(hybrid.links()) == len(ids) == MANY
    assert moved(hybrid) == ["moved-to-graph"]
    assert ids_found(hybrid) == {"translated": MANY}  # and none was sought by its stamp
    hybrid.change(ids[0], jobtitle="CEO")
    hybrid.hand().edit(hybrid.item_of(ids[1]).id, {"jobtitle": "Boss"})
    hybrid.sync()
    assert hybrid.item_of(ids[0])["jobtitle"] == "CEO"
    assert hybrid.crm(ids[1])["jobtitle"] == "Boss"


@pytest.mark.parametrize("fault", ["", "http_403", "item_error", "internal_error"])
def test_a_mailbox_moves_there_and_back_whatever_is_translated(
    hybrid: World, box: Sandbox, fault: str
) -> None:
    """Refused, or failing three times, it is done by the stamps; and so it goes back to EWS."""
    hybrid.new_many(numbered(30))
    hybrid.hand().add({"firstname": "Own"})
    hybrid.start()
    hybrid.settle()
    hybrid.hand().copy(hybrid.items()[0].id)
    hybrid.settle()
    before = in_the_mailbox(hybrid)
    box.ews_blocked = True
    if fault:
        box.faults.add("POST translateExchangeIds", fault, code="ErrorInternalServerError", times=2)
    while hybrid.sync().outcome is not Outcome.OK:
        assert hybrid.state().backend is Backend.EWS
    box.faults.clear()
    hybrid.settle()
    assert hybrid.state().backend is Backend.GRAPH
    assert in_the_mailbox(hybrid) == before
    box.ews_blocked = False
    box.on_premises.add(ALICE)
    hybrid.settle()
    assert (hybrid.state().server, hybrid.state().backend) == (OFFICE, Backend.EWS)
    assert in_the_mailbox(hybrid) == before
    assert {each.state for each in hybrid.links()} == {"live"}


def test_a_mailbox_moves_to_graph_while_the_daemon_runs(hybrid: World, box: Sandbox) -> None:
    """One process, which knew the mailbox on premises: its next run follows it, and goes on."""
    ids = hybrid.new_many(numbered(10))
    hybrid.start()
    before = in_the_mailbox(hybrid)
    dispatcher = Dispatcher(hybrid.service(), 2, threading.Event())

    def run_once() -> None:
        with database.write(hybrid.engine) as conn:
            mailboxes.make_due(conn, [hybrid.mailbox_id(ALICE)], hybrid.time())
        last = hybrid.state().last_success
        until = time.monotonic() + PATIENCE
        while hybrid.state().last_success == last and time.monotonic() < until:
            dispatcher.tick()
            time.sleep(0.02)

    run_once()
    assert hybrid.state().backend is Backend.EWS
    box.ews_blocked = True
    run_once()
    assert (hybrid.state().server, hybrid.state().backend) == (CLOUD, Backend.GRAPH)
    assert in_the_mailbox(hybrid) == before
    hybrid.change(ids[0], jobtitle="CEO")
    run_once()
    dispatcher.close()
    assert hybrid.item_of(ids[0])["jobtitle"] == "CEO"
    assert len(hybrid.items()) == 10


def test_one_policy_serves_two_servers(hybrid: World, box: Sandbox) -> None:
    """Alice is on premises, Bob in the cloud: what one edits reaches the other."""
    hybrid.filter = "statecode eq 'active'"
    in_a_hybrid_tenant(hybrid, box, cloud=(BOB,))
    ids = hybrid.new_many(numbered(5))
    hybrid.start(ALICE)
    hybrid.start(BOB)
    hybrid.settle(ALICE, BOB)
    assert (hybrid.state(ALICE).server, hybrid.state(BOB).server) == (OFFICE, CLOUD)
    hybrid.hand(BOB).edit(hybrid.item_of(ids[0], BOB).id, {"jobtitle": "Boss"})
    hybrid.hand(ALICE).edit(hybrid.item_of(ids[1], ALICE).id, {"jobtitle": "CEO"})
    hybrid.settle(ALICE, BOB)
    assert hybrid.item_of(ids[0], ALICE)["jobtitle"] == "Boss"
    assert hybrid.item_of(ids[1], BOB)["jobtitle"] == "CEO"


@pytest.mark.parametrize("fault", ["http_503", "lost_answer", "unauthorized"])
def test_a_server_that_is_down_moves_no_mailbox(hybrid: World, box: Sandbox, fault: str) -> None:
    """Though the other server would serve it, and nothing of it changes."""
    hybrid.new_many(numbered(3))
    hybrid.start()
    hybrid.settle()
    rows = hybrid.rows()
    for operation in ("GetFolder", "FindFolder", "SyncFolderItems"):
        box.faults.add(operation, fault, times=9)
    assert hybrid.sync().outcome is Outcome.FAILED
    assert hybrid.rows() == rows
    assert (hybrid.state().server, hybrid.state().backend) == (OFFICE, Backend.EWS)
    assert not any(" " in call for call in hybrid.counts)  # as Graph's are named
    box.faults.clear()
    if hybrid.state().state is MailboxState.SUSPENDED:
        hybrid.resume()
    hybrid.quiet()
