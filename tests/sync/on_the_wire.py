"""A hybrid tenant over the wire: one sandbox, over EWS and over Graph, as two servers."""

from __future__ import annotations

from collections.abc import Iterable

from syncd.outlook.ews.mailbox import open_ews
from syncd.outlook.ews.session import EwsServer
from syncd.outlook.ews.sign_in import OAuth
from syncd.outlook.graph.mailbox import open_graph
from syncd.outlook.graph.session import GraphServer
from syncd.outlook.port import Backend, Mailbox
from syncd.sandbox.graph import identifiers
from syncd.sandbox.identity.registry import Resource
from syncd.sandbox.server import Sandbox
from syncd.sync.mailboxes import MailboxRow
from tests.outlook.desk import Shown
from tests.sync.world import World

OFFICE, CLOUD = "office", "cloud"


def in_a_hybrid_tenant(world: World, box: Sandbox, cloud: Iterable[str] = ()) -> World:
    """The policy of a world names both servers; `cloud` are the mailboxes that EWS knows not."""
    token = box.entra.tokens.access(box.entra.default, Resource.EWS.value, None, "")
    office = EwsServer(box.url, OAuth(Shown(token)), timeout=9, deadline=20)
    graph = GraphServer(Shown(box.graph_token), box.graph_url, timeout=9, deadline=20)

    def open_on(server: str, row: MailboxRow) -> Mailbox:
        if server == CLOUD:
            return open_graph(graph, row.address)
        return open_ews(office, row.address)

    def other_ids(address: str, item: str) -> str:
        if world.state(address).backend is not Backend.GRAPH:
            return item
        mailbox = box.mailbox(address)
        return identifiers.of_item(mailbox, mailbox.item(item), immutable=True)

    world.servers, world.open_on, world.other_ids = (OFFICE, CLOUD), open_on, other_ids
    box.on_premises |= world.hands.keys() - set(cloud) if cloud else set()
    for address in cloud:
        for operation in ("GetFolder", "FindFolder", "SyncFolderItems"):
            box.faults.add(
                operation, "soap_fault", code="ErrorNonExistentMailbox", mailbox=address, times=999
            )
    return world
