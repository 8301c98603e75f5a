"""Worlds to be in: in memory, and over the wire of a sandbox; like either backend."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlalchemy import Engine

from syncd.crm import database
from syncd.crm.records import CONTACTS
from syncd.crm.stored import StoredKind
from syncd.model.kinds import Kind
from syncd.model.policy import KindPolicy
from syncd.outlook.ews.mailbox import open_ews
from syncd.outlook.ews.session import EwsServer
from syncd.outlook.ews.sign_in import Basic
from syncd.outlook.graph.mailbox import open_graph
from syncd.outlook.graph.session import GraphServer
from syncd.outlook.port import Backend, Mailbox
from syncd.sandbox.server import Sandbox
from tests.memory_mailbox import MemoryMailbox, MemoryServer
from tests.sync.hands import GraphHand, MemoryHand, SandboxHand
from tests.sync.world import ALICE, BOB, Time, World

Memory = tuple[World, Mapping[str, MemoryServer]]


def memory_world(
    engine: Engine, stored: StoredKind[Kind] = CONTACTS, backend: Backend = Backend.EWS
) -> Memory:
    """A world with both mailboxes in memory, like those of a backend, and their servers."""
    time = Time()
    servers = {each: MemoryServer(stored.kind, time, backend) for each in (ALICE, BOB)}
    world = World(
        engine,
        time,
        {each: MemoryHand(server) for each, server in servers.items()},
        lambda address: MemoryMailbox(servers[address], address),
        lambda: sum((server.counts for server in servers.values()), Counter[str]()),
        stored=stored,
        rules=KindPolicy(stored.kind),
        moves=backend is Backend.EWS,
    )
    with database.write(engine) as conn:
        world.add_users(conn)
    return world, servers


@dataclass(frozen=True)
class Token:
    """The tokens of a sandbox, a new one each time. Implements `TokenSource`."""

    box: Sandbox

    def token(self, *, refused: str | None = None, claims: str | None = None) -> str:
        """Give out a token: time passes in a world, and each of them runs out."""
        del refused, claims
        return self.box.graph_token


def sandbox_world(engine: Engine, box: Sandbox, backend: Backend = Backend.EWS) -> World:
    """A world with the mailboxes of a sandbox, over a backend."""
    by_password = Basic(box.service_account, box.password)
    ews = EwsServer(box.url, by_password, timeout=5, deadline=10)
    graph = GraphServer(Token(box), box.graph_url, timeout=5, deadline=10)
    over: dict[Backend, Callable[[str], Mailbox]] = {
        Backend.EWS: lambda address: open_ews(ews, address),
        Backend.GRAPH: lambda address: open_graph(graph, address),
    }
    hand = SandboxHand if backend is Backend.EWS else GraphHand
    world = World(
        engine,
        Time(),
        {each: hand(box, each, CONTACTS.kind) for each in (ALICE, BOB)},
        over[backend],
        lambda: Counter(box.requests.counts) + box.requests.parts,
        box.clock.advance,
        moves=backend is Backend.EWS,
    )
    with database.write(engine) as conn:
        world.add_users(conn)
    return world
