"""`syncd login`: one person in Exchange Online, without an admin; and a whole office with one."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.cloud import BY_SECRET, BY_USER, Cloud, cloud_in
from tests.cli.office import ALICE, BOB, own_password


@pytest.fixture
def tls(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the certificates are, which are made once."""
    return tmp_path_factory.getbasetemp() / "tls"


@pytest.fixture
def cloud(tmp_path: Path, tls: Path) -> Iterator[Cloud]:
    """Alice and Bob have mailboxes; each would sign in by themselves."""
    with cloud_in(tmp_path, tls, ALICE, BOB) as made:
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
    assert f"{ALICE} has not signed in; sign in: syncd login {ALICE}" in refused.output
    with cloud.browser(ALICE):
        said = cloud.type("login", ALICE)
    assert said.exit_code == 0, said.output
    assert "and type the code" in said.stderr
    assert "syncd may use: Contacts.ReadWrite, MailboxSettings.ReadWrite." in said.stdout
    assert f"{ALICE} goes on" in said.stdout
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


def test_what_was_suspended_together_is_told_once(tmp_path: Path, tls: Path) -> None:
    """One mistake in one place is one line with the one command that mends it, wherever one looks.

    It says what was; that a mailbox is paused is no part of it, but resuming all resumes that, too.
    The items that are in step are in step still.
    """
    carol = "carol@example.test"
    with cloud_in(tmp_path, tls, ALICE, BOB, carol) as cloud:
        cloud.configure_cloud(BY_SECRET)
        for user in (ALICE, BOB, carol):
            cloud.done("users", "add", user, "--policy", "cloud")
        cloud.done("crm", "contact", "new", "--owner", ALICE, "--last-name", "Lee")
        cloud.done("sync")
        cloud.done("pause", carol)
        (tmp_path / "password").write_text("wrong\n")
        why = "mailboxes of cloud were suspended because the client secret is wrong; "
        for look in ("sync", "sync", "plan", "status", "alerts list"):
            said = cloud.type(*look.split()).stdout
            assert said.count("client secret is wrong") == 1, said
            assert f"2 {why}" in said
            assert "syncd resume --all (those that are paused go on, too)" in said
            assert f"syncd resume {ALICE}" not in said
        reports = cloud.type("sync", "--json").stdout
        assert [each["counts"]["in_step"] for each in json.loads(reports)] == [1, 0]
        cloud.done("resume", carol)
        cloud.type("sync")
        assert f"All 3 {why}" in cloud.done("status")
        assert "it was suspended because the client secret" in cloud.done("status", BOB)
        (tmp_path / "password").write_text("sandbox\n")
        cloud.done("resume", "--all")
        said = cloud.done("alerts", "list")
        assert said.count("this is over with its next sync that goes well") == 3
        assert "syncd resume" not in said
        cloud.done("sync")
        assert "no alerts" in cloud.done("alerts", "list")


def test_another_person_who_signs_in_is_found_out(cloud: Cloud) -> None:
    """At once, and by whatever meets it later; the mailbox waits for its own user, and goes on."""
    cloud.done("users", "add", ALICE, "--policy", "cloud")
    cloud.type("sync", ALICE)
    with cloud.browser(BOB):
        result = cloud.type("login", ALICE)
    assert result.exit_code == 1
    own = f"not let into this mailbox; let its own user sign in: syncd login {ALICE}"
    assert f"That does not open the mailbox: who signed in for {ALICE} is {own}" in result.stdout
    assert cloud.json("status")[0]["state"] == "suspended"
    cloud.done("resume", ALICE)
    refused = cloud.type("sync", ALICE).stdout
    assert own in refused
    assert "Then it goes on by itself" in refused
    assert "its scope" not in refused
    assert own in cloud.type("users", "test", ALICE).stdout
    with cloud.browser(ALICE):
        found = cloud.json("login", ALICE)
    assert (found["reached"], found["resumed"]) == (True, True)
    cloud.done("sync", ALICE)


def test_nobody_waits_longer_than_was_said(cloud: Cloud) -> None:
    """A script gives up when it wants to, and whoever sits there sees until when."""
    cloud.box.entra.grants.interval = 5
    result = cloud.type("login", ALICE, "--timeout", "1s")
    assert result.exit_code == 4
    assert re.search(
        r"Waiting for that until \d{4}-\d\d-\d\d \d\d:\d\d:\d\d; Ctrl-C", result.stderr
    )
    assert "Nobody typed the code in time" in result.output
    assert "--timeout 2m" in cloud.type("login", ALICE, "--timeout", "soon").output


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
        "reached": None,  # it is not served yet
        "error": None,
        "resumed": False,
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
    assert f"{ALICE} did not agree" in result.output  # an address is not a word
    assert not list((cloud.folder / "sign-ins").iterdir())
