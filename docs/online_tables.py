"""Prints the tables of `exchange-online.md`: the two ways compared, and the clouds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from syncd.outlook.authentication.clouds import ENDPOINTS
from syncd.outlook.ews.mailbox import open_ews
from syncd.outlook.ews.session import EwsServer
from syncd.outlook.ews.sign_in import Basic
from syncd.outlook.graph.mailbox import open_graph
from syncd.outlook.graph.session import GraphServer
from syncd.outlook.port import Capabilities
from syncd.settings.server import BY_PASSWORD, Auth

Table = Callable[[Iterable[str], Iterable[Sequence[str]]], list[str]]


class _Nobody:
    """A sign-in that is never asked for: nothing is sent for a table."""

    def token(self, *, refused: str | None = None, claims: str | None = None) -> str:
        raise NotImplementedError


def online_tables(table: Table) -> list[str]:
    """The tables, under their headings."""
    ews = open_ews(EwsServer("https://example.test/EWS", Basic("", "")), "a@example.test")
    graph = open_graph(GraphServer(_Nobody()), "a@example.test")
    rows = [*_compared(ews.capabilities, graph.capabilities)]
    rows.append(["Sign-in", _ways(Auth), _ways(each for each in Auth if each not in BY_PASSWORD)])
    clouds = [
        [f"`{cloud}`", *(f"`{url}`" for url in (each.authority, each.graph, each.ews))]
        for cloud, each in ENDPOINTS.items()
    ]
    return [
        "## The two ways compared",
        "",
        *table(["", "EWS", "Graph"], rows),
        "",
        "## National clouds",
        "",
        "`cloud` in a server's section sets all of these together; `endpoint` and `authority` name",
        "one by itself. How to register in each: [deploy/entra](../deploy/entra/README.md).",
        "",
        *table(["`cloud`", "Sign-in", "Graph", "EWS"], clouds),
        "",
    ]


def _compared(ews: Capabilities, graph: Capabilities) -> Iterable[list[str]]:
    yield [
        "Serves",
        "Exchange Server 2016, 2019, SE; Exchange Online until 1 April 2027, where it is listed",
        "Exchange Online",
    ]
    yield ["Fields", "all of the field map", "all of the field map"]
    yield [
        "An item keeps its id wherever it goes",
        _said(ews.ids_survive_moves),
        _said(graph.ids_survive_moves),
    ]
    yield [
        "What is in Deleted Items can be found there",
        _said(ews.searches_trash),
        _said(graph.searches_trash),
    ]
    yield [
        "Items can be moved to another folder",
        "yes",
        "asked of each tenant: it is documented nowhere",
    ]
    yield [
        "A change that comes too late is refused",
        "by the server (change key)",
        "by syncd, which compares before each write; by the server, too, where it heeds If-Match",
    ]
    yield [
        "A delete that comes too late is refused",
        "by syncd, which compares just before",
        "by syncd, and by the server (If-Match)",
    ]
    yield ["Items written in one request", f"{ews.write_batch}", f"{graph.write_batch}"]
    yield ["Items read at once", f"{ews.read_batch}", f"{graph.read_batch}"]


def _said(able: bool) -> str:  # noqa: FBT001 - one word for one bit of the table
    return "yes" if able else "no"


def _ways(ways: Iterable[Auth]) -> str:
    return ", ".join(f"`{each}`" for each in ways)
