"""A user signs in with a device code, and stays signed in until that is revoked."""

from typing import Any

import msal
import pytest

from syncd.sandbox.identity.registry import Resource
from syncd.sandbox.server import Sandbox
from tests.sandbox.identity.conftest import ALICE, BOB, GRAPH, web

SCOPES = [f"{GRAPH}/Contacts.ReadWrite", f"{GRAPH}/MailboxSettings.ReadWrite"]


@pytest.fixture
def client(box: Sandbox) -> Any:
    """A public client of msal."""
    return msal.PublicClientApplication(
        box.entra.default.client_id,
        authority=f"{box.base_url}/{box.entra.tenant}",
        instance_discovery=False,
        verify=str(box.ca),
    )


def decide(box: Sandbox, flow: Any, user: str = ALICE, *, approve: bool = True) -> None:
    """Answer a device code over the control endpoint, as a person would."""
    body = {"user_code": flow["user_code"], "user": user, "approve": approve}
    assert web(box).post(flow["verification_uri"], json=body, timeout=5).status_code == 200


def once(client: Any, flow: Any) -> Any:
    """Ask for the token a single time."""
    return client.acquire_token_by_device_flow(flow, exit_condition=lambda _flow: True)


def signed_in(box: Sandbox, client: Any) -> Any:
    """Sign Alice in."""
    flow = client.initiate_device_flow(SCOPES)
    decide(box, flow)
    return once(client, flow)


def test_approved(box: Sandbox, client: Any) -> None:
    """After the user's word the token is theirs, and reaches their own mailbox only."""
    flow = client.initiate_device_flow(SCOPES)
    assert once(client, flow)["error"] == "authorization_pending"
    decide(box, flow)
    found = once(client, flow)
    caller = box.entra.examine(f"Bearer {found['access_token']}", Resource.GRAPH)
    assert (caller.name, caller.mailbox) == (ALICE, ALICE)
    assert (caller.may_reach(ALICE), caller.may_reach(BOB)) == (True, False)
    assert client.get_accounts()[0]["username"] == ALICE
    assert once(client, flow)["error"] == "bad_verification_code"


def test_declined_and_late(box: Sandbox, client: Any) -> None:
    """A user who says no, or nothing for a quarter of an hour, is not signed in."""
    flow = client.initiate_device_flow(SCOPES)
    decide(box, flow, approve=False)
    assert once(client, flow)["error"] == "authorization_declined"
    flow = client.initiate_device_flow(SCOPES)
    box.clock.advance(901)
    assert once(client, flow)["error"] == "expired_token"


def test_wrong_words(box: Sandbox, client: Any) -> None:
    """A code that nobody waits for and a user that there is not are told apart."""
    flow = client.initiate_device_flow(SCOPES)
    session, where = web(box), flow["verification_uri"]
    waiting = session.get(where, timeout=5).json()["waiting"]
    assert [each["user_code"] for each in waiting] == [flow["user_code"]]
    for body, said in (
        ({"user_code": "NOBODYSXX", "user": ALICE, "approve": True}, "No sign-in waits"),
        ({"user_code": flow["user_code"], "user": "x@y.test", "approve": True}, "no mailbox"),
        ({"user_code": flow["user_code"], "user": ALICE}, "'approve' must be true or false"),
    ):
        found = session.post(where, json=body, timeout=5)
        assert found.status_code == 400
        assert said in found.json()["error"]


PAGE = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.mark.parametrize(("approve", "word"), [("true", "Approved"), ("false", "Declined")])
def test_in_a_browser(box: Sandbox, client: Any, approve: str, word: str) -> None:
    """The page that the program names is a form, which needs nothing else and decides the code."""
    flow = client.initiate_device_flow(SCOPES)
    session, where = web(box), flow["verification_uri"]
    page = session.get(where, headers=PAGE, timeout=5)
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    for part in ('name="user_code"', 'name="user"', ">Approve<", ">Decline<"):
        assert part in page.text
    assert "http" not in page.text  # neither scripts nor styles from elsewhere
    typed = {"user_code": f" {flow['user_code'].lower()} ", "user": ALICE, "approve": approve}
    done = session.post(where, data=typed, headers=PAGE, timeout=5)
    assert (done.status_code, word in done.text) == (200, True)
    found = once(client, flow)
    assert ("access_token" in found) is (approve == "true")


def test_mistyped_in_a_browser(box: Sandbox, client: Any) -> None:
    """The form says what is wrong, keeps what was typed as text, and decides nothing."""
    flow = client.initiate_device_flow(SCOPES)
    session, where = web(box), flow["verification_uri"]
    typed = {"user_code": '"><b>', "user": ALICE, "approve": "true"}
    page = session.post(where, data=typed, headers=PAGE, timeout=5)
    assert page.status_code == 400
    assert "No sign-in waits under the code" in page.text
    assert "&quot;&gt;&lt;b&gt;" in page.text
    assert "<b>" not in page.text
    assert once(client, flow)["error"] == "authorization_pending"


def test_by_curl(box: Sandbox, client: Any) -> None:
    """A form without a browser is answered as JSON; so is JSON that says it is a form."""
    where = f"{box.control_url}device"
    for body in (
        "user_code={}&user={}&approve=true",
        '{{"user_code": "{}", "user": "{}", "approve": true}}',
    ):
        flow = client.initiate_device_flow(SCOPES)
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        sent = body.format(flow["user_code"], ALICE)
        found = web(box).post(where, data=sent, headers=kind, timeout=5)
        assert (found.status_code, found.json()) == (200, {})
        assert "access_token" in once(client, flow)


def test_refreshed(box: Sandbox, client: Any) -> None:
    """A refresh token gives a new access token and its own successor, for 90 days from each."""
    first = signed_in(box, client)
    box.clock.advance(60 * 86400)
    second = client.acquire_token_by_refresh_token(first["refresh_token"], SCOPES)
    assert second["refresh_token"] != first["refresh_token"]
    box.clock.advance(60 * 86400)
    late = client.acquire_token_by_refresh_token(first["refresh_token"], SCOPES)
    assert (late["error"], late["error_codes"]) == ("invalid_grant", [700082])
    third = client.acquire_token_by_refresh_token(second["refresh_token"], SCOPES)
    assert box.entra.examine(f"Bearer {third['access_token']}", Resource.GRAPH).name == ALICE


def test_revoked(box: Sandbox, client: Any) -> None:
    """What a user had agreed to is gone when it is revoked; signing in again begins anew."""
    first = signed_in(box, client)
    body = {"user": ALICE}
    assert web(box).post(f"{box.control_url}revoke", json=body, timeout=5).status_code == 200
    account = client.get_accounts()[0]
    found = client.acquire_token_silent_with_error(SCOPES, account, force_refresh=True)
    assert (found["error"], found["error_codes"]) == ("invalid_grant", [50173])
    again = signed_in(box, client)
    assert again["refresh_token"] != first["refresh_token"]
    assert "access_token" in client.acquire_token_by_refresh_token(again["refresh_token"], SCOPES)


@pytest.mark.parametrize(
    ("consent", "scopes"), [(False, {"Contacts.ReadWrite"}), (True, {"MailboxSettings.ReadWrite"})]
)
def test_without_consent(box: Sandbox, consent: bool, scopes: set[str], client: Any) -> None:
    """A user cannot sign in to what is not all consented to; the refusal names the application."""
    application = box.entra.default
    application.consent, application.scopes = consent, frozenset(scopes)
    found = signed_in(box, client)
    assert (found["error"], found["error_codes"]) == ("invalid_grant", [65001])
    assert application.client_id in found["error_description"]


def test_confidential_only(box: Sandbox, client: Any) -> None:
    """An application that is not a public client must prove who it is even for a user."""
    box.entra.default.public = False
    assert signed_in(box, client)["error_codes"] == [7000218]
