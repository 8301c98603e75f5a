"""What a mailbox is opened with: who signs in, where, and what a missing file is told as."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from syncd.outlook.authentication.clouds import ENDPOINTS, Cloud, ews_of, graph_of
from syncd.outlook.authentication.credentials import (
    Application,
    Certificate,
    Delegated,
    Federation,
    ManagedIdentity,
    Secret,
)
from syncd.outlook.port import Backend
from syncd.settings.configuration import Configuration
from syncd.settings.load import load
from syncd.settings.secrets import SecretMissing
from syncd.sync.account import account_on
from syncd.sync.connect import Connector, application_of, resource_of
from syncd.sync.mailboxes import MailboxRow, MailboxState, Misconfigured

ADDRESS = "alice@example.test"
FILE = """
[servers.certificate]
backend = "graph"
auth = "certificate"
tenant = "contoso.example"
client_id = "app"
certificate_file = "certificate.pem"
cloud = "us-gov"

[servers.bridge]
backend = "ews"
auth = "certificate"
tenant = "contoso.example"
client_id = "app"
certificate_file = "certificate.pem"
cloud = "us-gov"

[servers.secret]
backend = "graph"
auth = "secret"
tenant = "contoso.example"
client_id = "app"
client_secret_file = "secret"

[servers.federation]
backend = "graph"
auth = "federation"
tenant = "contoso.example"
client_id = "app"
federated_token_file = "token"
authority = "https://login.example.test"

[servers.machine]
backend = "graph"
auth = "managed-identity"

[servers.person]
backend = "graph"
auth = "device-code"
client_id = "app"

[servers.office]
backend = "ews"
username = "svc"
password_file = "secret"
"""


def row(**changes: str) -> MailboxRow:
    """Alice's mailbox."""
    now = datetime(2026, 1, 1, tzinfo=UTC)
    said: Mapping[str, str | None] = {"username": None, "password_file": None, **changes}
    return MailboxRow(
        1, ADDRESS, "1", "sales", said["username"], said["password_file"], MailboxState.LIVE, None,
        now, 0, None, None,
    )  # fmt: skip


@pytest.fixture
def configuration(tmp_path: Path) -> Configuration:
    """Servers of every sort, whose files are there."""
    (tmp_path / "syncd.toml").write_text(FILE)
    for name in ("certificate.pem", "secret", "token"):
        (tmp_path / name).write_text("hunter2\n")
    return load(tmp_path / "syncd.toml")


def test_who_signs_in(configuration: Configuration, tmp_path: Path) -> None:
    """Each way as its credential, at the authority of the cloud or the one that is named."""
    found: dict[str, Application] = {
        name: application_of(configuration, server, ADDRESS)
        for name, server in configuration.servers.items()
        if not server.by_password
    }
    assert {name: each.credential for name, each in found.items()} == {
        "certificate": Certificate(tmp_path / "certificate.pem"),
        "bridge": Certificate(tmp_path / "certificate.pem"),
        "secret": Secret("hunter2"),
        "federation": Federation(tmp_path / "token"),
        "machine": ManagedIdentity(None),
        "person": Delegated(ADDRESS, tmp_path / "sign-ins" / f"{ADDRESS}.json"),
    }
    assert found["certificate"].authority == "https://login.microsoftonline.us/contoso.example"
    assert found["federation"].authority == "https://login.example.test/contoso.example"
    assert found["person"].authority == "https://login.microsoftonline.com/organizations"
    assert found["certificate"] == found["bridge"]
    assert resource_of(configuration.servers["certificate"]) == graph_of(Cloud.US_GOV)
    assert resource_of(configuration.servers["bridge"]) == ews_of(Cloud.US_GOV)


@pytest.mark.parametrize(
    ("server", "backend"),
    [("certificate", Backend.GRAPH), ("bridge", Backend.EWS), ("office", Backend.EWS)],
)
def test_opening_sends_nothing(configuration: Configuration, server: str, backend: Backend) -> None:
    """Neither to the mailbox nor for a token; the file may be no certificate at all."""
    port = Connector(configuration).open_on(server, row())
    assert (port.backend, port.requests) == (backend, 0)
    port.close()


@pytest.mark.parametrize(
    ("server", "file"),
    [("certificate", "certificate.pem"), ("secret", "secret"), ("federation", "token")],
)
def test_a_missing_file_is_told_in_three_parts(
    configuration: Configuration, tmp_path: Path, server: str, file: str
) -> None:
    """It is the configuration's, and no reason to suspend a mailbox."""
    (tmp_path / file).unlink()
    with pytest.raises(Misconfigured) as error:
        Connector(configuration).open_on(server, row())
    assert error.value.what == f"its sign-in cannot be had: there is no file {tmp_path / file}"
    assert error.value.todo


@pytest.mark.parametrize("server", ["certificate", "office"])
def test_a_file_that_holds_no_ca_is_told_before_anything_is_sent(
    tmp_path: Path, configuration: Configuration, server: str
) -> None:
    """Not that a network is down, and not only by the doctor; nor does a sign-in begin with it."""
    trusting = FILE.replace(f"[servers.{server}]", f'[servers.{server}]\nverify_tls = "secret"')
    (tmp_path / "syncd.toml").write_text(trusting)
    changed = load(tmp_path / "syncd.toml")
    with pytest.raises(Misconfigured, match="secret holds no CA certificate"):
        Connector(changed).open_on(server, row())
    with pytest.raises(SecretMissing, match="secret holds no CA certificate"):
        application_of(changed, changed.servers[server], ADDRESS)
    assert configuration.servers[server].verify_tls is True


def test_which_mailboxes_go_with_one_sign_in(configuration: Configuration) -> None:
    """Of an application all, on each of its servers; of a user their own; else the rest."""
    own = row(username="alice", password_file="p")
    one = account_on(configuration, "certificate")
    assert one.servers == {"certificate", "bridge"}
    assert one.is_shared_by(row())
    assert one.is_shared_by(own)  # what it has is for a server on premises
    assert not account_on(configuration, "person").is_shared_by(row())
    office = account_on(configuration, "office")
    assert office.servers == {"office"}
    assert office.is_shared_by(row())
    assert not office.is_shared_by(own)


def test_the_addresses_of_the_clouds_are_safe() -> None:
    """Whatever stands in the table, a token goes over TLS."""
    for each in ENDPOINTS.values():
        assert all(url.startswith("https://") for url in (each.authority, each.graph, each.ews))
