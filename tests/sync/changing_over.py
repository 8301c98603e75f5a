"""A mailbox in memory changes over: two ports to it, which give its items other ids."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select

from syncd.crm import database
from syncd.model.values import Value
from syncd.outlook.errors import MailboxError
from syncd.outlook.port import Backend
from syncd.sync.links import is_unknown
from syncd.sync.tables import act, held, link, match_value, observed, operation, question, run
from tests.memory_mailbox import Effect
from tests.memory_server import run as as_asked
from tests.other_ids import MARK, OtherIds, OwnIds, Translates, here
from tests.sync.world import World
from tests.sync.worlds import Memory

CRM = {"categories": ("CRM",)}


def every(_: str) -> bool:
    """All ids are translated."""
    return True


def none(_: str) -> bool:
    """None is."""
    return False


def half(id_: str) -> bool:
    """Every other one is."""
    number = id_.rpartition("-")[2]
    return number.isdigit() and int(number) % 2 == 0


TRANSLATED = pytest.mark.parametrize("translates", [every, half, none])


def numbered(count: int) -> list[dict[str, Value]]:
    """So many people."""
    return [
        {"firstname": f"N{n}", "lastname": "Doe", "emailaddress1": f"n{n}@x.test"}
        for n in range(count)
    ]


def to_graph(memory: Memory, translates: Translates = every) -> None:
    """From here on the mailboxes are reached by the other protocol."""
    world, servers = memory
    world.connect = lambda address: OtherIds(servers[address], address, translates)
    world.other_ids = lambda _, item: here(item)
    for server in servers.values():
        server.backend = Backend.GRAPH


def to_ews(memory: Memory) -> None:
    """And back; what Graph called them says nothing to EWS."""
    world, servers = memory
    world.connect = lambda address: OwnIds(servers[address], address)
    world.other_ids = lambda _, item: item
    for server in servers.values():
        server.backend = Backend.EWS


def ids_kept(world: World) -> set[str]:
    """Every id of an item that is kept somewhere and means something."""
    with database.read(world.engine) as conn:
        columns = (
            link.c.remote_id, observed.c.remote_id, match_value.c.remote_id, act.c.remote_id,
            operation.c.remote_id,
        )  # fmt: skip
        found = {each for column in columns for each in conn.scalars(select(column)) if each}
        subjects = {
            each
            for column in (held.c.subject, question.c.subject)
            for each in conn.scalars(select(column))
            if each.startswith(("item-", MARK))
        }
    return {each for each in found | subjects if not is_unknown(each)}


def failing(on: str, error: MailboxError) -> Callable[[str, Effect], object]:
    """Make a server fail at one call."""

    def meddle(call: str, effect: Effect) -> object:
        if call == on:
            raise error
        return as_asked(call, effect)

    return meddle


def moved(world: World) -> list[str]:
    """The causes of the runs that were moves."""
    with database.read(world.engine) as conn:
        query = select(run.c.cause).where(run.c.cause.like("moved%")).order_by(run.c.started)
        return list(conn.scalars(query))


def ids_found(world: World) -> dict[str, int]:
    """How the first move found the new ids of items: how many in which way."""
    with database.read(world.engine) as conn:
        counts = conn.scalar(select(run.c.counts).where(run.c.cause.like("moved%")).limit(1))
    found: dict[str, int] = (counts or {})["ids"]
    return found


def untouched(memory: Memory) -> Callable[[], None]:
    """A promise that nothing is written into the mailboxes, nor into the CRM."""
    world, servers = memory
    items = {each: dict(server.things) for each, server in servers.items()}
    crm = {i: (r.record, r.version) for i, r in world.all_records().items()}
    links = {(each.mailbox_id, each.crm_id, each.origin, each.state) for each in world.links()}

    def check() -> None:
        assert {each: dict(server.things) for each, server in servers.items()} == items
        assert {i: (r.record, r.version) for i, r in world.all_records().items()} == crm
        now = {(each.mailbox_id, each.crm_id, each.origin, each.state) for each in world.links()}
        assert now == links

    return check
