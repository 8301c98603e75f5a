"""How the mailboxes of a benchmark are reached, by either backend."""

from __future__ import annotations

from functools import partial

from syncd.cli.demo.place import EWS, Place
from syncd.outlook.authentication.clouds import Cloud, graph_of
from syncd.outlook.authentication.credentials import Application, Secret
from syncd.outlook.authentication.entra import tokens_for
from syncd.outlook.ews.mailbox import open_ews
from syncd.outlook.ews.session import EwsServer
from syncd.outlook.ews.sign_in import Basic
from syncd.outlook.graph.mailbox import open_graph
from syncd.outlook.graph.session import GraphServer
from tests.benchmarks.bare_ews import BareMailbox
from tests.benchmarks.bare_graph import BareGraph
from tests.benchmarks.exchange import ACCOUNT, PASSWORD
from tests.benchmarks.rounds import Ways


def ways_to(place: Place) -> Ways:
    """Ours and the bare client, signed in."""
    if place.backend == EWS:
        server = EwsServer(place.ews, Basic(ACCOUNT, PASSWORD))
        bare = partial(BareMailbox, place.ews, ACCOUNT, PASSWORD)
        return Ways("bare exchangelib", partial(open_ews, server), bare, reads_back=True)
    assert place.ca is not None
    application = Application(
        f"{place.authority}/{place.tenant}", place.client_id, Secret(PASSWORD), place.ca
    )
    tokens = tokens_for(application, graph_of(Cloud.GLOBAL))
    graph = GraphServer(tokens, place.graph, place.ca)
    bare_graph = partial(BareGraph, place.graph, tokens.token(), place.ca)
    return Ways("bare requests", partial(open_graph, graph), bare_graph, reads_back=False)
