"""An application signs in by secret, certificate or federation, and is told why it may not."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from syncd.sandbox.identity.registry import Federation, Resource
from syncd.sandbox.server import Sandbox
from tests.sandbox.identity.conftest import EWS, GRAPH, certify, confidential, web

SignIn = Callable[..., Any]
APP = "11111111-2222-3333-4444-555555555555"


def roles(box: Sandbox, found: Any, resource: Resource = Resource.GRAPH) -> set[str]:
    """Return the roles that a token is worth."""
    assert "access_token" in found, found
    return set(box.entra.examine(f"Bearer {found['access_token']}", resource).roles)


@pytest.mark.parametrize(
    ("resource", "what", "granted"),
    [
        (GRAPH, Resource.GRAPH, {"Contacts.ReadWrite", "MailboxSettings.ReadWrite"}),
        (EWS, Resource.EWS, {"full_access_as_app"}),
    ],
)
def test_secret(
    box: Sandbox, sign_in: SignIn, resource: str, what: Resource, granted: set[str]
) -> None:
    """The application that is there from the start has all roles, each in the token it is for."""
    found = sign_in(box.entra.default.client_id, box.password, resource)
    assert roles(box, found, what) == granted


def test_certificate(box: Sandbox, sign_in: SignIn, key: rsa.RSAPrivateKey) -> None:
    """Either of two certificates does while one is being replaced by the other."""
    old, new = certify(key, "old"), certify(key, "new")
    box.entra.register(client_id=APP, certificate=[old.certificate, new.certificate])
    for pair in (old, new):
        assert roles(box, sign_in(APP, pair.credential))


def test_thumbprint(box: Sandbox, sign_in: SignIn, key: rsa.RSAPrivateKey) -> None:
    """The older form, a bare SHA-1 thumbprint signed with RS256, is taken as well."""
    pair = certify(key, "old")
    box.entra.register(client_id=APP, certificate=pair.certificate)
    assert roles(box, sign_in(APP, pair.legacy))


def test_federation(box: Sandbox, sign_in: SignIn, key: rsa.RSAPrivateKey) -> None:
    """A workload shows a token of an issuer that the application trusts, and no secret."""
    issuer, subject = "https://cluster.test", "system:serviceaccount:crm:syncd"
    box.entra.register(client_id=APP, federation=Federation(issuer, subject, key.public_key()))
    claims = {
        "iss": issuer,
        "sub": subject,
        "aud": "api://AzureADTokenExchange",
        "exp": time.time() + 600,
    }

    def codes(**other: object) -> Any:
        token = jwt.encode({**claims, **other}, key, algorithm="RS256")
        found = sign_in(APP, {"client_assertion": lambda: token})
        return found.get("error_codes") or roles(box, found)

    assert codes() == {"Contacts.ReadWrite", "MailboxSettings.ReadWrite"}
    assert codes(iss="https://other.test") == [700211]
    assert codes(aud="https://other.test") == [700212]
    assert codes(sub="system:serviceaccount:crm:other") == [700213]
    assert codes(exp=time.time() - 600) == [700024]


def test_foreign_federation(box: Sandbox, sign_in: SignIn, key: rsa.RSAPrivateKey) -> None:
    """A token that says it is of the issuer, and is signed by somebody else, opens nothing."""
    theirs = ec.generate_private_key(ec.SECP256R1()).public_key()
    box.entra.register(client_id=APP, federation=Federation("https://cluster.test", "me", theirs))
    claims = {"iss": "https://cluster.test", "sub": "me", "aud": "api://AzureADTokenExchange"}
    token = jwt.encode({**claims, "exp": time.time() + 600}, key, algorithm="RS256")
    assert sign_in(APP, {"client_assertion": lambda: token})["error_codes"] == [50013]


@pytest.mark.parametrize(
    ("client_id", "secret", "resource", "error", "code"),
    [
        (APP, "wrong", GRAPH, "invalid_client", 7000215),
        (APP, "old", GRAPH, "invalid_client", 7000222),
        ("99999999-2222-3333-4444-555555555555", "good", GRAPH, "unauthorized_client", 700016),
        (APP, "good", "https://contacts.test", "invalid_resource", 500011),
    ],
)
def test_refusals(
    box: Sandbox,
    sign_in: SignIn,
    client_id: str,
    secret: str,
    resource: str,
    error: str,
    code: int,
) -> None:
    """A refusal carries Entra's number in the text and beside it, and what support asks for."""
    expired = datetime.now(UTC) - timedelta(days=1)
    kept = box.entra.register(client_id=APP, secret="good")
    kept.secrets += box.entra.register(client_id="x", secret="old", secret_expires=expired).secrets
    found = sign_in(client_id, secret, resource)
    assert (found["error"], found["error_codes"]) == (error, [code])
    assert found["error_description"].startswith(f"AADSTS{code}: ")
    assert f"Trace ID: {found['trace_id']} " in found["error_description"]


def test_secret_runs_out(box: Sandbox, sign_in: SignIn) -> None:
    """A secret is good until its day, by the clock of the sandbox."""
    soon = datetime.now(UTC) + timedelta(hours=1)
    box.entra.register(client_id=APP, secret="good", secret_expires=soon)
    assert roles(box, sign_in(APP, "good"))
    box.clock.advance(3700)
    assert sign_in(APP, "good")["error_codes"] == [7000222]


def test_certificate_refusals(box: Sandbox, sign_in: SignIn, key: rsa.RSAPrivateKey) -> None:
    """A certificate that is not registered, or has run out, is named by its thumbprint."""
    ours, other = certify(key, "ours"), certify(key, "other")
    box.entra.register(client_id=APP, certificate=ours.certificate)
    found = sign_in(APP, other.credential)
    assert (found["error"], found["error_codes"]) == ("invalid_client", [700027])
    assert (
        "The key was not found., Thumbprint of key used by client: '"
        in (found["error_description"])
    )
    box.clock.advance(31 * 86400)
    assert "The key used is expired." in sign_in(APP, ours.credential)["error_description"]


def test_unknown_tenant(box: Sandbox) -> None:
    """No configuration is found for a tenant that there is not; the token endpoint says why."""
    with pytest.raises(ValueError, match="authority"):
        confidential(box, APP, "x", tenant="00000000-0000-0000-0000-000000000000")
    found = web(box).post(f"{box.base_url}/nobody.test/oauth2/v2.0/token", timeout=5)
    assert (found.status_code, found.json()["error_codes"]) == (400, [90002])


def test_demands_that_are_none(box: Sandbox) -> None:
    """What is asked of a token must be JSON, and is refused before it is in a token."""
    form = {
        "grant_type": "client_credentials",
        "client_id": box.entra.default.client_id,
        "client_secret": box.password,
        "scope": f"{GRAPH}/.default",
    }
    where = f"{box.base_url}/{box.entra.tenant}/oauth2/v2.0/token"
    for claims in ("{", "[]", '{"access_token": 1}'):
        found = web(box).post(where, data={**form, "claims": claims}, timeout=5)
        assert (found.status_code, found.json()["error"]) == (400, "invalid_request")


def test_without_consent(box: Sandbox, sign_in: SignIn) -> None:
    """What nobody consented to is no error for an application: its token has no roles."""
    box.entra.register(client_id=APP, secret="good", consent=False)
    assert roles(box, sign_in(APP, "good")) == set()


def test_throttled(box: Sandbox) -> None:
    """The sign-in can be busy on demand, and a fault for all operations leaves it alone."""
    box.faults.add("*", "http_429")
    form = {
        "grant_type": "client_credentials",
        "client_id": box.entra.default.client_id,
        "client_secret": box.password,
        "scope": f"{GRAPH}/.default",
    }
    where = f"{box.base_url}/{box.entra.tenant}/oauth2/v2.0/token"
    session = web(box)
    assert session.post(where, data=form, timeout=5).status_code == 200
    box.faults.add("SignIn", "http_429", back_off_ms=7000)
    found = session.post(where, data=form, timeout=5)
    assert (found.status_code, found.headers["Retry-After"]) == (429, "7")
    assert session.post(where, data=form, timeout=5).status_code == 200
    assert box.requests.total == 0


def test_registered_from_outside(box: Sandbox, sign_in: SignIn) -> None:
    """Another process registers an application with its scope and the end of its secret."""
    session, where = web(box), f"{box.control_url}applications"
    body = {
        "client_id": APP,
        "secret": "good",
        "secret_expires_in": 3600,
        "roles": ["Contacts.ReadWrite"],
        "mailboxes": ["alice@example.test"],
    }
    assert session.post(where, json=body, timeout=5).json() == {"client_id": APP}
    assert APP in session.get(where, timeout=5).json()["client_ids"]
    token = sign_in(APP, "good")["access_token"]
    caller = box.entra.examine(f"Bearer {token}", Resource.GRAPH)
    reached = [caller.may_reach(f"{name}@example.test") for name in ("alice", "bob")]
    assert set(caller.roles) == {"Contacts.ReadWrite"}
    assert reached == [True, False]
    box.clock.advance(3601)
    assert sign_in(APP, "good")["error_codes"] == [7000222]
    assert session.delete(where, json={"client_id": APP}, timeout=5).status_code == 200
    assert sign_in(APP, "good")["error_codes"] == [700016]


@pytest.mark.parametrize(
    ("path", "body", "said"),
    [
        ("applications", {"key": "x"}, "An application is"),
        ("applications", {"secret_expires_in": True}, "An application is"),
        ("applications", {"roles": "Contacts.ReadWrite"}, "'roles' must be a list of texts"),
        ("claims", {"claims": "nbf"}, "A challenge is"),
        ("claims", {"claims": {}, "resource": "mail"}, "A challenge is"),
        ("revoke", {}, "There is no text 'user'"),
        ("ews", {"blocked": 1}, "'blocked' must be true or false"),
        ("sign-out", {}, "There is: GET health"),
    ],
)
def test_calls_that_cannot_be(box: Sandbox, path: str, body: object, said: str) -> None:
    """A wrong call of the control endpoint says what a right one looks like."""
    answer = web(box).post(f"{box.control_url}{path}", json=body, timeout=5)
    assert answer.status_code == (404 if path == "sign-out" else 400)
    assert said in answer.json()["error"]
    if path == "sign-out":
        assert "GET|POST device" in answer.json()["error"]
