"""`syncd login`: one person in Exchange Online, without an admin; and a whole office with one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.cloud import BY_SECRET, BY_USER, Cloud, cloud_in
from tests.cli.office import ALICE, BOB, own_password


@pytest.fixture
def cloud(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    """Alice and Bob have mailboxes; each would sign in by themselves."""
    with cloud_in(tmp_path, tmp_path_factory.getbasetemp() / "tls", ALICE, BOB) as made:
        made.configure_cloud(BY_USER)
        yield made


def test_a_user_signs_in_and_is_synced(cloud: Cloud) -> None:
    """Without an admin, from the first command to the contact in Outlook."""
    assert "sign-in: device-code" in cloud.done("config", "validate")
    assert f"syncd login {ALICE}" in cloud.done("users", "add", ALICE, "--policy", "cloud")
    cloud.done(
        "crm", "contact", "new", "--owner", ALICE, "--first-name", "Ann", "--last-name", "Lee"
    )
    refused = cloud.type("sync", ALICE)
    assert f"{ALICE} has not signed in; type: syncd login {ALICE}" in refused.output
    with cloud.browser(ALICE):
        said = cloud.type("login", ALICE)
    assert said.exit_code == 0, said.output
    assert "and type the code" in said.stderr
    assert "syncd may use: Contacts.ReadWrite, MailboxSettings.ReadWrite." in said.stdout
    assert f"syncd resume {ALICE}" in said.stdout
    cloud.done("resume", ALICE)
    cloud.done("sync", ALICE)
    (item,) = cloud.box.mailbox(ALICE).items("contacts")
    assert item.get("contacts:GivenName") == "Ann"


def test_a_revoked_grant_suspends_that_mailbox_alone(cloud: Cloud) -> None:
    """It is an alert that names what to type; the other user's grant has nothing to do with it."""
    for user in (ALICE, BOB):
        cloud.done("users", "add", user, "--policy", "cloud")
        with cloud.browser(user):
            cloud.done("login", user)
        cloud.done("sync", user)
    cloud.box.entra.grants.revoke(ALICE)
    cloud.box.clock.advance(7200)
    assert cloud.type("sync").exit_code != 0
    states = {each["address"]: each["state"] for each in cloud.json("users", "list")}
    assert states == {ALICE: "suspended", BOB: "live"}
    alerts = cloud.type("alerts", "list").output
    assert "sign in once more" in alerts
    assert f"syncd login {ALICE}" in alerts


def test_one_application_is_suspended_as_one(cloud: Cloud) -> None:
    """Its secret is refused: all mailboxes of it, on Graph and on EWS, and one request for all."""
    cloud.configure_cloud(BY_SECRET, servers="cloud bridge")
    cloud.done("users", "add", ALICE, "--policy", "cloud")
    cloud.done("users", "add", BOB, "--policy", "bridge")
    for user in (ALICE, BOB):
        cloud.done("sync", user)
    (cloud.folder / "password").write_text("wrong\n")
    cloud.type("sync", ALICE)
    states = {each["address"]: each["state"] for each in cloud.json("users", "list")}
    assert states == {ALICE: "suspended", BOB: "suspended"}
    assert "Certificates & secrets: make a new one" in cloud.type("alerts", "list").output


def test_what_was_granted_is_told_to_a_program(cloud: Cloud) -> None:
    """The code goes to the terminal, and the answer to whoever reads it."""
    with cloud.browser(ALICE):
        found = cloud.json("login", ALICE)
    assert found == {
        "mailbox": ALICE,
        "user": ALICE,
        "granted": ["Contacts.ReadWrite", "MailboxSettings.ReadWrite"],
        "missing": [],
    }


def test_a_permission_that_cannot_be_granted_is_named(cloud: Cloud) -> None:
    """The application does not ask for it in this organisation."""
    client_id = cloud.box.entra.default.client_id
    cloud.box.entra.register(client_id=client_id, scopes={"Contacts.ReadWrite"})
    with cloud.browser(ALICE):
        result = cloud.type("login", ALICE)
    assert result.exit_code == 4
    assert "API permissions: add Contacts.ReadWrite and MailboxSettings.Read" in result.output


def test_a_sign_in_is_forgotten(cloud: Cloud) -> None:
    """And its user told where to take back what they granted."""
    with cloud.browser(ALICE):
        cloud.done("login", ALICE)
    assert cloud.json("login", ALICE, "--remove") == {"mailbox": ALICE, "removed": True}
    assert "There was no sign-in" in cloud.done("login", ALICE, "--remove")


def test_who_signs_in_is_said_wherever_it_changes(cloud: Cloud) -> None:
    """A sign-in goes by the address, and outlives the mailbox until it is forgotten."""
    cloud.done("users", "add", ALICE, "--policy", "cloud")
    new = "alice.lee@example.test"
    assert f"syncd login {new}" in cloud.done("users", "change", ALICE, "--address", new)
    assert f"syncd login {new} --remove" in cloud.done("users", "remove", new)


def test_a_password_for_a_server_on_premises_is_kept_in_the_cloud(cloud: Cloud) -> None:
    """A mailbox that moves to a policy of Exchange Online loses nothing by it."""
    cloud.configure_cloud(BY_SECRET)
    file = cloud.folder / "syncd.toml"
    with file.open("a") as text:
        text.write(
            f"[servers.old]\nbackend = 'ews'\nendpoint = '{cloud.box.url}'\n"
            "[policies.old]\nserver = 'old'\n[policies.old.contacts]\n"
        )
    refused = cloud.type("users", "add", ALICE, "--policy", "old")
    assert "no account that signs in for all" in refused.output
    own = own_password(cloud, ALICE, "sandbox")
    cloud.done("users", "add", ALICE, "--policy", "old", *own)
    cloud.done("users", "change", ALICE, "--policy", "cloud")
    cloud.done("sync", ALICE)
    refused = cloud.type("users", "change", ALICE, *own)
    assert "which takes no password from syncd" in refused.output
    cloud.done("users", "change", ALICE, "--policy", "old")


# sign-in, words → what is said
REFUSED = [
    (BY_SECRET, ("login", ALICE), f"No server of {ALICE} lets its users sign in by themselves."),
    (BY_USER, ("login", ALICE, "--server", "x"), f"No server x of {ALICE} lets its users sign in"),
    (BY_USER + '\nsign_ins_key_file = "key"', ("login", ALICE), "there is no file"),
    (
        BY_USER,
        ("users", "add", ALICE, "--policy", "cloud", "--username", "u"),
        "which takes no password from syncd",
    ),
]


@pytest.mark.parametrize(("sign_in", "words", "said"), REFUSED)
def test_a_refusal_has_three_parts(
    cloud: Cloud, sign_in: str, words: tuple[str, ...], said: str
) -> None:
    """What happened, what was not done because of it, and what to type."""
    cloud.configure_cloud(sign_in)
    result = cloud.type(*words)
    assert result.exit_code == 4
    assert said in result.output
    assert len(result.output.strip().splitlines()) >= 3


def test_a_user_who_says_no(cloud: Cloud) -> None:
    """Nothing is kept, and the next step is named."""
    with cloud.browser(ALICE, approve=False):
        result = cloud.type("login", ALICE)
    assert result.exit_code == 4
    assert "did not agree" in result.output
    assert not list((cloud.folder / "sign-ins").iterdir())
