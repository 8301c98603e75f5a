"""The top loop over a real store: what is due is run, side by side, on both databases."""

from __future__ import annotations

import threading

from sqlalchemy import Engine

from syncd.daemon.dispatch import Dispatcher
from tests.memory_mailbox import Effect
from tests.sync.world import ALICE, BOB
from tests.sync.worlds import memory_world

PATIENCE = 20.0


def test_what_is_due_is_run_side_by_side_until_nothing_is(engine: Engine) -> None:
    """Both mailboxes get their contacts, each once, in runs that overlap; then nobody is due."""
    world, servers = memory_world(engine)
    for owner in (ALICE, BOB):
        world.new(owner, firstname=owner[0])
    together = threading.Barrier(2)

    def meet(call: str, effect: Effect) -> object:
        if call == "create":
            together.wait(PATIENCE)
        return effect()

    for server in servers.values():
        server.meddle = meet
    service = world.service()
    service.begin()
    dispatcher = Dispatcher(service, 2, threading.Event())
    dispatcher.tick()
    dispatcher.close()
    assert [len(world.items(address=each)) for each in (ALICE, BOB)] == [1, 1]
    assert service.due(10) == []
    dispatcher.tidy()
    world.settle(ALICE, BOB)
