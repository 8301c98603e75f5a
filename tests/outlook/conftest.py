"""The sandbox, and a desk in it for each backend."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from syncd.model.contact import CONTACT
from syncd.outlook.ews.mailbox import EwsMailbox, open_ews
from syncd.outlook.ews.session import EwsServer
from syncd.outlook.ews.sign_in import Basic
from syncd.outlook.graph import gate
from syncd.outlook.graph.mailbox import GraphMailbox, open_graph
from syncd.outlook.graph.session import GraphServer
from syncd.outlook.port import Backend
from syncd.sandbox.server import Sandbox
from tests.memory_mailbox import MemoryDesk
from tests.outlook.desk import ADDRESS, Desk, EwsDesk, GraphDesk, Shown
from tests.sandbox.graph.description import watch


def _schemas() -> Path | None:
    root = os.environ.get("SYNCD_SCHEMAS")
    return Path(root) / "ews" if root else None


@pytest.fixture(scope="session")
def schemas() -> Path:
    """Where the published EWS schemas are."""
    where = _schemas()
    if where is None:
        pytest.skip("SYNCD_SCHEMAS does not say where the published schemas are")
    return where


_ENOUGH = 100  # exchanges of one test; what comes in hundreds after that is more of the same


@contextmanager
def sandbox(
    *, graph_moves: bool = False, graph_if_match: bool = True, graph_replays: bool = False
) -> Iterator[Sandbox]:
    """A sandbox whose user speaks German. Where the schemas are at hand, all traffic is checked."""
    gate._GATES.clear()  # a port that was another sandbox's may be paused for its sake
    names = {ADDRESS: {"contacts": "Kontakte", "deleteditems": "Gelöschte Elemente"}}
    with Sandbox(
        users=[ADDRESS, "bob@example.test"],
        validate=_schemas(),
        folder_names=names,
        graph_moves=graph_moves,
        graph_if_match=graph_if_match,
        graph_replays=graph_replays,
    ) as running:
        complaints = watch(running, _ENOUGH)
        yield running
        assert not running.invalid_responses
        assert not complaints


@pytest.fixture
def box() -> Iterator[Sandbox]:
    """A sandbox as a tenant is by default."""
    with sandbox() as running:
        yield running


@pytest.fixture
def moving_box() -> Iterator[Sandbox]:
    """A sandbox where contacts can be moved over Graph, which is documented nowhere."""
    with sandbox(graph_moves=True) as running:
        yield running


@pytest.fixture
def server(box: Sandbox) -> EwsServer:
    """The sandbox as the adapter is told of it."""
    return EwsServer(box.url, Basic(box.service_account, box.password), timeout=5, deadline=10)


@pytest.fixture
def ews(server: EwsServer) -> Iterator[EwsMailbox]:
    """The mailbox over EWS."""
    mailbox = open_ews(server, ADDRESS)
    yield mailbox
    mailbox.close()


def graph_server(box: Sandbox) -> GraphServer:
    """A sandbox as the Graph adapter is told of it."""
    return GraphServer(Shown(box.graph_token), box.graph_url, timeout=5, deadline=10)


@pytest.fixture
def graph(box: Sandbox) -> Iterator[GraphMailbox]:
    """The mailbox over Graph."""
    with closing(open_graph(graph_server(box), ADDRESS)) as mailbox:
        yield mailbox


@pytest.fixture
def moving_graph(moving_box: Sandbox) -> Iterator[GraphMailbox]:
    """The mailbox over Graph, where contacts can be moved."""
    with closing(open_graph(graph_server(moving_box), ADDRESS)) as mailbox:
        yield mailbox


def _desk(request: pytest.FixtureRequest, backend: str) -> Desk:
    match backend:
        case "memory":
            return MemoryDesk(CONTACT)
        case "memory like Graph":
            return MemoryDesk(CONTACT, Backend.GRAPH)
        case "ews":
            return EwsDesk(request.getfixturevalue("box"), request.getfixturevalue("ews"))
        case "graph":
            return GraphDesk(request.getfixturevalue("box"), request.getfixturevalue("graph"))
    return GraphDesk(request.getfixturevalue("moving_box"), request.getfixturevalue("moving_graph"))


@pytest.fixture(params=["ews", "graph", "memory", "memory like Graph"])
def desk(request: pytest.FixtureRequest) -> Desk:
    """A desk for each backend: what is proved on one is proved on all."""
    return _desk(request, request.param)


@pytest.fixture(params=["ews", "graph that moves", "memory"])
def moving_desk(request: pytest.FixtureRequest) -> Desk:
    """A desk for each backend that can put an item into another folder."""
    return _desk(request, request.param)
