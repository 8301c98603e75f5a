"""A person lets a mailbox be served that is of another day, or that somebody else has served."""

from __future__ import annotations

import copy

from syncd.sync.relinking import Found, look, relink
from syncd.sync.report import Outcome, RunReport
from syncd.sync.session import Session
from tests.memory_server import MemoryServer
from tests.sync.world import ALICE, World


def relinked(world: World, address: str = ALICE, *, only_look: bool = False) -> Found:
    """What `syncd relink` finds; and, unless it is only to look, what it does."""
    found: list[Found] = []

    def act(session: Session, *, report: RunReport) -> None:
        found.append((look if only_look else relink)(session))
        report.outcome = Outcome.OK

    report = world.service().visit(address, "relink", act)
    assert report.error is None, report.error
    return found[0]


def put_back(server: MemoryServer, saved: MemoryServer) -> None:
    """The mailbox is restored from a backup: its items, its folders with what they bear."""
    server.things = dict(saved.things)
    server._folders = copy.deepcopy(saved._folders)
