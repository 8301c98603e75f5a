"""Asking `explain` of a world."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from syncd.crm import database, records
from syncd.model.policy import FirstSync
from syncd.model.values import Value
from syncd.settings.filters import Filter
from syncd.settings.policies import MailboxPolicy, NamedFilter, ScopedKind
from syncd.sync import mailboxes
from syncd.sync.explain import looking, telling
from syncd.sync.explain.facts import Facts
from tests.sync.world import ALICE, World
from tests.sync.worlds import Memory

Situation = Callable[[Memory], str]

ANN: dict[str, Value] = {
    "firstname": "Ann", "lastname": "Lee", "emailaddress1": "ann@example.test",
}  # fmt: skip
CRM = ("CRM",)


def asked(world: World, crm_id: str, address: str = ALICE, *system: NamedFilter) -> Facts:
    """What explain knows of a record in a mailbox; `system`: what the filter is made of."""
    only = Filter.parse(world.filter, world.stored)
    named = system or ((NamedFilter("filter", only),) if world.rules.pushes else ())
    scoped = ScopedKind(world.rules, named)
    kinds = {world.rules.kind.name: scoped}
    policy = MailboxPolicy("sales", ("office",), timedelta(minutes=5), kinds)
    with database.read(world.engine) as conn:
        record = records.read(conn, world.stored, [crm_id])[crm_id]
        about = looking.about(conn, world.stored, record)
        return looking.look(
            conn, about, world.stored, mailboxes.get(conn, address), policy, world.time().date()
        )


def told(facts: Facts, language: str = "en") -> str:
    """All that a rep reads."""
    return "\n".join(telling.lines(facts, language))


def go(world: World) -> None:
    """Let first contact go ahead, and be over."""
    world.policy(first_sync=FirstSync.GO)
    world.settle()
