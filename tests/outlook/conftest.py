"""The sandbox, and a desk in it for each backend."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from syncd.model.contact import CONTACT
from syncd.outlook.ews.mailbox import EwsMailbox, open_ews
from syncd.outlook.ews.session import EwsServer
from syncd.outlook.ews.sign_in import Basic
from syncd.sandbox.server import Sandbox
from tests.memory_mailbox import MemoryDesk
from tests.outlook.desk import ADDRESS, Desk, EwsDesk


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


@pytest.fixture
def box() -> Iterator[Sandbox]:
    """A sandbox whose user speaks German. Where the schemas are at hand, all traffic is checked."""
    names = {ADDRESS: {"contacts": "Kontakte", "deleteditems": "Gelöschte Elemente"}}
    users = [ADDRESS, "bob@example.test"]
    with Sandbox(users=users, validate=_schemas(), folder_names=names) as running:
        yield running
        assert not running.invalid_responses


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


@pytest.fixture(params=["ews", "memory"])
def desk(request: pytest.FixtureRequest) -> Desk:
    """A desk for each backend: what is proved on one is proved on all."""
    if request.param == "memory":
        return MemoryDesk(CONTACT)
    box, ews = request.getfixturevalue("box"), request.getfixturevalue("ews")
    return EwsDesk(box, ews)
