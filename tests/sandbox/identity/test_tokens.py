"""A token is worth what was granted, for as long as it lasts, to the one it is for."""

import base64
import json
from collections.abc import Callable
from typing import Any

import msal
import pytest

from syncd.sandbox.identity.registry import Resource
from syncd.sandbox.identity.tokens import TokenRefused, Wrong
from syncd.sandbox.server import Sandbox
from tests.sandbox.identity.conftest import ALICE, BOB, EWS, GRAPH, confidential, web

SignIn = Callable[..., Any]
APP = "11111111-2222-3333-4444-555555555555"
CONTACTS = "Contacts.ReadWrite"


def refusal(box: Sandbox, authorization: str) -> TokenRefused:
    """Return why Graph does not take a header."""
    with pytest.raises(TokenRefused) as refused:
        box.entra.examine(authorization, Resource.GRAPH)
    return refused.value


def test_refused_tokens(box: Sandbox, sign_in: SignIn) -> None:
    """No token, half a token, a changed one, one for EWS, one that ran out: none is taken."""
    client_id = box.entra.default.client_id
    good = sign_in(client_id, box.password)["access_token"]
    head, claims, signature = good.split(".")
    changed = json.loads(base64.urlsafe_b64decode(claims + "=="))
    changed["exp"] += 1
    forged = base64.urlsafe_b64encode(json.dumps(changed).encode()).decode().rstrip("=")
    for_ews = sign_in(client_id, box.password, EWS)["access_token"]
    found = {
        shown: refusal(box, shown).wrong
        for shown in (
            "",
            "Basic YTpi",
            "Bearer half.token",
            f"Bearer {head}.{forged}.{signature}",
            f"Bearer {for_ews}",
        )
    }
    assert list(found.values()) == [
        Wrong.MISSING,
        Wrong.MISSING,
        Wrong.MALFORMED,
        Wrong.SIGNATURE,
        Wrong.AUDIENCE,
    ]
    box.clock.advance(3600)
    assert refusal(box, f"Bearer {good}").wrong is Wrong.EXPIRED


@pytest.mark.parametrize(
    ("registration", "reached"),
    [
        ({}, {ALICE, BOB}),
        ({"scope": {ALICE}}, {ALICE}),
        ({"scope": {CONTACTS: {"ALICE@example.test"}}}, {ALICE}),
        ({"scope": lambda address: address.startswith("bob")}, {BOB}),
        ({"scope": {ALICE}, "unscoped": {CONTACTS}}, {ALICE, BOB}),
        ({"roles": {"full_access_as_app"}}, set()),
    ],
)
def test_scope(
    box: Sandbox, sign_in: SignIn, registration: dict[str, Any], reached: set[str]
) -> None:
    """RBAC for Applications limits a role to mailboxes, unless it was consented to as well."""
    box.entra.register(client_id=APP, secret="good", **registration)
    token = sign_in(APP, "good")["access_token"]
    caller = box.entra.examine(f"Bearer {token}", Resource.GRAPH)
    assert {each for each in (ALICE, BOB) if caller.may_reach(each, CONTACTS)} == reached


def test_scoped_roles_are_not_in_the_token(box: Sandbox, sign_in: SignIn) -> None:
    """What Exchange grants, Entra does not know of."""
    box.entra.register(client_id=APP, secret="good", scope={CONTACTS: {ALICE}})
    claims = sign_in(APP, "good")["access_token"].split(".")[1]
    assert json.loads(base64.urlsafe_b64decode(claims + "=="))["roles"] == [
        "MailboxSettings.ReadWrite"
    ]


def test_removed_application(box: Sandbox, sign_in: SignIn) -> None:
    """The tokens of an application go with it."""
    box.entra.register(client_id=APP, secret="good")
    token = sign_in(APP, "good")["access_token"]
    box.entra.remove(APP)
    assert refusal(box, f"Bearer {token}").wrong is Wrong.APPLICATION


def test_claims_challenge(box: Sandbox) -> None:
    """A token is refused until it comes with the claims of the challenge, which msal gets it."""
    application = confidential(box, box.entra.default.client_id, box.password)
    scopes = [f"{GRAPH}/.default"]
    first = application.acquire_token_for_client(scopes)
    box.entra.demand({"nbf": {"essential": True, "value": "1790000000"}})
    refused = refusal(box, f"Bearer {first['access_token']}")
    header = refused.challenge
    assert 'error="insufficient_claims"' in header
    challenge = base64.b64decode(header.partition('claims="')[2].rstrip('"')).decode()
    second = application.acquire_token_for_client(scopes, claims_challenge=challenge)
    client_id = box.entra.default.client_id
    assert box.entra.examine(f"Bearer {second['access_token']}", Resource.GRAPH).name == client_id
    box.entra.demand({})
    assert box.entra.examine(f"Bearer {first['access_token']}", Resource.GRAPH).name == client_id


def test_machine(box: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """A token of the machine's identity comes to msal, and only with the header of IMDS."""
    monkeypatch.setenv("AZURE_POD_IDENTITY_AUTHORITY_HOST", box.base_url)
    for name in ("IDENTITY_ENDPOINT", "MSI_ENDPOINT"):
        monkeypatch.delenv(name, raising=False)

    def ask(identity: Any) -> Any:
        client = msal.ManagedIdentityClient(identity, http_client=web(box))
        return client.acquire_token_for_client(resource=GRAPH)

    found = ask(msal.SystemAssignedManagedIdentity())
    assert box.entra.examine(f"Bearer {found['access_token']}", Resource.GRAPH).roles
    other = ask(msal.UserAssignedManagedIdentity(client_id=APP))
    assert (other["error"], other["error_description"]) == ("invalid_request", "Identity not found")
    bare = web(box).get(f"{box.base_url}/metadata/identity/oauth2/token", timeout=5)
    assert bare.status_code == 400
