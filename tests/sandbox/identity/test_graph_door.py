"""Graph takes what msal gets, over TLS, and refuses in the words of Graph what does not hold."""

import base64
from collections.abc import Callable
from typing import Any

from syncd.sandbox.server import Sandbox
from tests.sandbox.identity.conftest import ALICE, BOB, EWS, GRAPH, confidential, web

SignIn = Callable[..., Any]
APP = "11111111-2222-3333-4444-555555555555"


def contacts(box: Sandbox, token: str, address: str = ALICE) -> Any:
    """Read the contacts of a mailbox; return the raw answer."""
    return web(box).get(
        f"{box.graph_url}/users/{address}/contactFolders/contacts/contacts",
        headers={"Authorization": f"Bearer {token}"},
        timeout=5,
    )


def test_scope(box: Sandbox, sign_in: SignIn) -> None:
    """An application reads a mailbox in its scope, and is denied one outside it."""
    box.entra.register(client_id=APP, secret="good", scope={ALICE})
    token = sign_in(APP, "good")["access_token"]
    assert contacts(box, token).status_code == 200
    denied = contacts(box, token, BOB)
    assert (denied.status_code, denied.json()["error"]["code"]) == (403, "ErrorAccessDenied")


def test_consent_given_later(box: Sandbox, sign_in: SignIn) -> None:
    """Without consent a token opens nothing; the next one does when there is consent."""
    application = box.entra.register(client_id=APP, secret="good", consent=False)
    assert contacts(box, sign_in(APP, "good")["access_token"]).status_code == 403
    application.consent = True
    assert contacts(box, sign_in(APP, "good")["access_token"]).status_code == 200


def test_wrong_tokens(box: Sandbox, sign_in: SignIn) -> None:
    """No token, one for EWS, and one that has run out, are 401 with a challenge."""
    client_id = box.entra.default.client_id
    good, for_ews = (
        sign_in(client_id, box.password, resource)["access_token"] for resource in (GRAPH, EWS)
    )
    assert contacts(box, good).status_code == 200
    answers = {"Invalid audience": contacts(box, for_ews), "empty": contacts(box, "")}
    box.clock.advance(3600)
    answers["expired"] = contacts(box, good)
    for said, answer in answers.items():
        assert answer.status_code == 401
        assert answer.json()["error"]["code"] == "InvalidAuthenticationToken"
        assert said in answer.json()["error"]["message"]
        assert answer.headers["WWW-Authenticate"].startswith("Bearer ")


def test_claims_challenge(box: Sandbox) -> None:
    """The challenge in the answer is what msal needs to get a token that is taken."""
    application = confidential(box, box.entra.default.client_id, box.password)
    scopes = [f"{GRAPH}/.default"]
    claims = {"nbf": {"essential": True, "value": "1790000000"}}
    body = {"claims": claims, "resource": "graph"}
    assert web(box).post(f"{box.control_url}claims", json=body, timeout=5).status_code == 200
    refused = contacts(box, application.acquire_token_for_client(scopes)["access_token"])
    assert refused.status_code == 401
    challenge = refused.headers["WWW-Authenticate"].partition('claims="')[2].rstrip('"')
    found = application.acquire_token_for_client(
        scopes, claims_challenge=base64.b64decode(challenge).decode()
    )
    assert contacts(box, found["access_token"]).status_code == 200
