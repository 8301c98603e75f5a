"""A policy that names several servers, as an admin sees it: which one serves which mailbox."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from syncd.sandbox.server import Sandbox
from tests.cli.office import ALICE, BOB, Office

NOWHERE = "http://127.0.0.1:9/EWS/Exchange.asmx"
MORE = """
[servers.branch]
backend = "ews"
endpoint = "{nowhere}"
username = "svc-syncd"
password_file = "password"
timeout = "1s"
[servers.cloud]
backend = "graph"
auth = "secret"
tenant = "example.test"
client_id = "6731de76-14a6-49ae-97bc-6eba6914391e"
client_secret_file = "password"
[policies.cloud]
server = "cloud"
[policies.cloud.contacts]
[policies.far]
server = "branch"
[policies.far.contacts]
"""


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    """Alice is served under a policy that names two servers, of which the first one has her."""
    (tmp_path / "password").write_text("sandbox\n")
    (tmp_path / "password").chmod(0o600)
    with Sandbox(users=[ALICE, BOB]) as box:
        made = Office(tmp_path, box)
        made.configure(box.url)
        name(made, '["office", "branch"]')
        file = tmp_path / "syncd.toml"
        file.write_text(file.read_text() + MORE.format(nowhere=NOWHERE))
        made.done("users", "add", ALICE, "--policy", "sales")
        yield made


def name(office: Office, servers: str) -> None:
    """The policy names these servers."""
    file = office.folder / "syncd.toml"
    before, header, after = file.read_text().partition("[policies.sales]\n")
    rest = after.partition("\n")[2]
    file.write_text(f"{before}{header}server = {servers}\n{rest}")


def test_the_configuration_says_where_a_mailbox_is_sought(office: Office) -> None:
    """In order; one name alone reads as it ever did."""
    told = office.done("config", "validate")
    assert "policy sales: on the first that has it of office, branch, every 5m" in told
    assert "policy cloud: on server cloud, every 5m" in told
    policies = office.json("config", "validate")["policies"]
    assert policies["sales"]["servers"] == ["office", "branch"]
    shown = {each["key"]: each for each in office.json("settings", "show", ALICE)["settings"]}
    assert shown["server"]["value"] == ["office", "branch"]


def test_where_a_mailbox_was_found_is_told(office: Office) -> None:
    """By a test, and after a sync by status and list, for programs."""
    assert f"{ALICE}: signed in, on the server office (ews)." in office.done("users", "test", ALICE)
    assert office.json("users", "test", ALICE)[0]["server"] == "office"
    (before,) = office.json("status")
    assert (before["server"], before["backend"]) == (None, None)
    office.done("sync")
    (after,) = office.json("status")
    assert (after["server"], after["backend"]) == ("office", "ews")
    (listed,) = office.json("users", "list")
    assert (listed["server"], listed["backend"]) == ("office", "ews")


def test_a_server_that_gives_no_answer_is_named_and_nobody_is_sought_further(
    office: Office,
) -> None:
    """It may have the mailbox: exit 5, and the section to look at."""
    name(office, '["branch", "office"]')
    (trial,) = office.json("users", "test", ALICE, exit_code=5)
    assert trial["error"].startswith("it is not known which server it is on: branch: ")
    assert "[servers.branch]" in trial["todo"]
    (report,) = office.json("sync", exit_code=5)
    assert "branch" in report["error"]
    assert "office" not in office.json("status")[0].values()


def test_a_policy_on_a_server_of_another_protocol_may_be_given(office: Office) -> None:
    """What is known of the items goes on there; on another server like this one it would not."""
    office.done("sync")
    refused = office.type("users", "change", ALICE, "--policy", "far")
    assert refused.exit_code == 4
    assert "is for the server branch; the mailbox is on office." in refused.stderr
    office.done("users", "change", ALICE, "--policy", "cloud")
    assert office.json("users", "list")[0]["policy"] == "cloud"
