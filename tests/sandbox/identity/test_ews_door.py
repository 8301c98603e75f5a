"""EWS takes tokens in the cloud and NTLM in a data centre, and says where it is to be found."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from exchangelib import (
    DELEGATE,
    IMPERSONATION,
    NTLM,
    OAUTH2,
    UTC,
    Account,
    Configuration,
    Credentials,
    OAuth2AuthorizationCodeCredentials,
)
from exchangelib.errors import ErrorImpersonateUserDenied
from exchangelib.version import EXCHANGE_2019, Version
from lxml import etree
from oauthlib.oauth2 import OAuth2Token
from requests.auth import HTTPBasicAuth
from requests_ntlm import HttpNtlmAuth

from syncd.sandbox.server import Sandbox
from syncd.sandbox.tls import CA
from tests.sandbox.conftest import sync
from tests.sandbox.identity.conftest import ALICE, BOB, EWS, GRAPH, web

SignIn = Callable[..., Any]
APP = "11111111-2222-3333-4444-555555555555"
ENVELOPE = (
    '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" '
    'xmlns:m="http://schemas.microsoft.com/exchange/services/2006/messages" '
    'xmlns:t="http://schemas.microsoft.com/exchange/services/2006/types">'
    "<s:Body>{}</s:Body></s:Envelope>"
)


def account(box: Sandbox, credentials: Any, auth_type: str, **options: Any) -> Any:
    """Return an account of exchangelib."""
    config = Configuration(
        service_endpoint=box.url,
        credentials=credentials,
        auth_type=auth_type,
        version=Version(build=EXCHANGE_2019),
    )
    return Account(
        options.pop("address", ALICE),
        config=config,
        autodiscover=False,
        access_type=options.pop("access_type", IMPERSONATION),
        default_timezone=UTC,
    )


def by_token(token: str) -> Any:
    """Return credentials that hold a token, as exchangelib takes them."""
    held = OAuth2Token({"access_token": token, "token_type": "Bearer", "expires_at": 4e9})
    return OAuth2AuthorizationCodeCredentials(access_token=held)


@pytest.fixture(autouse=True)
def trusted(no_bundle: None, tls: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: ARG001
    """Trust the sandbox: exchangelib has no setting for a CA but the one of requests."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tls / CA))


def found_by(account: Any) -> list[str]:
    """Return the names in a mailbox, over EWS."""
    return [each.given_name for each in account.contacts.all()]


@pytest.fixture
def ada(box: Sandbox) -> None:
    """A contact for each user."""
    for address in (ALICE, BOB):
        box.mailbox(address).add("contacts", {"contacts:GivenName": "Ada"})


def ask(box: Sandbox, session: Any = None, **options: Any) -> Any:
    """Send one request of EWS and return the raw answer."""
    body = ENVELOPE.format(sync())
    headers = {"Content-Type": "text/xml; charset=utf-8", **options.pop("headers", {})}
    with session or web(box) as used:
        return used.post(box.url, data=body, headers=headers, timeout=5, **options)


@pytest.mark.usefixtures("ada")
@pytest.mark.parametrize("role", ["full_access_as_app", "EWS.AccessAsApp"])
def test_application(box: Sandbox, sign_in: SignIn, role: str) -> None:
    """An application opens the mailboxes in its scope and no other."""
    box.entra.register(client_id=APP, secret="good", roles={role}, scope={ALICE})
    credentials = by_token(sign_in(APP, "good", EWS)["access_token"])
    assert found_by(account(box, credentials, OAUTH2)) == ["Ada"]
    with pytest.raises(ErrorImpersonateUserDenied):
        found_by(account(box, credentials, OAUTH2, address=BOB))


@pytest.mark.usefixtures("ada")
def test_user(box: Sandbox) -> None:
    """A token of a user opens their own mailbox, without impersonation."""
    token = box.entra.tokens.access(box.entra.default, EWS, ALICE, "")
    alice = account(box, by_token(token), OAUTH2, access_type=DELEGATE)
    assert found_by(alice) == ["Ada"]
    with pytest.raises(ErrorImpersonateUserDenied):
        found_by(account(box, by_token(token), OAUTH2, address=BOB))


def test_wrong_tokens(box: Sandbox, sign_in: SignIn) -> None:
    """A token for Graph gets a 401 that says so, one without the permission a 403."""
    box.entra.register(client_id=APP, secret="good", roles={"Contacts.ReadWrite"})
    for resource, status, category in (
        (GRAPH, 401, "invalid_resource"),
        (EWS, 403, "invalid_grant"),
    ):
        token = sign_in(APP, "good", resource)["access_token"]
        answer = ask(box, headers={"Authorization": f"Bearer {token}"})
        assert (answer.status_code, answer.content) == (status, b"")
        assert f'error_category="{category}"' in answer.headers["x-ms-diagnostics"]
    token = sign_in(APP, "good", EWS)["access_token"]
    box.clock.advance(3600)
    answer = ask(box, headers={"Authorization": f"Bearer {token}"})
    assert (answer.status_code, "has expired" in answer.headers["x-ms-diagnostics"]) == (401, True)


def test_blocked(box: Sandbox) -> None:
    """Where EWS is turned off every call is a bare 403, and is counted as the request it was."""
    credentials = (ALICE, box.password)
    session, url = web(box), f"{box.control_url}ews"
    assert session.post(url, json={"blocked": True}, timeout=5).status_code == 200
    answer = ask(box, auth=credentials)
    assert (answer.status_code, answer.content) == (403, b"")
    assert "X-MS-Diagnostics" in answer.headers
    assert box.requests["SyncFolderItems"] == 1
    assert session.post(url, json={"blocked": False}, timeout=5).status_code == 200
    assert ask(box, auth=credentials).status_code == 200


@pytest.mark.usefixtures("ada")
@pytest.mark.parametrize("ntlm", [True], indirect=True)
@pytest.mark.parametrize(
    ("name", "access"),
    [
        ("EXAMPLE\\svc-syncd", IMPERSONATION),
        ("svc-syncd", IMPERSONATION),
        (ALICE, DELEGATE),
    ],
)
def test_ntlm(box: Sandbox, name: str, access: Any) -> None:
    """Sign in by NTLM with a domain, without one, and as a user by address."""
    credentials = Credentials(name, box.password)
    assert found_by(account(box, credentials, NTLM, access_type=access)) == ["Ada"]


@pytest.mark.parametrize("ntlm", [True], indirect=True)
def test_ntlm_is_of_a_connection(box: Sandbox) -> None:
    """Who has come in stays in on that connection; another one, and Basic, begin at the door."""
    session, other = web(box), web(box)
    assert ask(box, other, auth=(ALICE, box.password)).status_code == 401
    wrong = ask(box, other, auth=HttpNtlmAuth(ALICE, "wrong"))
    assert (wrong.status_code, wrong.headers["WWW-Authenticate"]) == (401, "Negotiate, NTLM")
    body = ENVELOPE.format(sync())
    auth = HttpNtlmAuth(f"EXAMPLE\\{ALICE}", box.password)
    assert session.post(box.url, data=body, auth=auth, timeout=5).status_code == 200
    assert session.post(box.url, data=body, timeout=5).status_code == 200
    assert ask(box, other).status_code == 401
    assert box.requests.total == 2


def test_extended_protection(tls: Path) -> None:
    """Where it is asked for, a proof that is not bound to the TLS connection is none."""
    with Sandbox([ALICE], tls=tls, ntlm=True, extended_protection=True) as box:
        bound, loose = (
            ask(box, auth=HttpNtlmAuth(ALICE, box.password, send_cbt=cbt)).status_code
            for cbt in (True, False)
        )
    assert (bound, loose) == (200, 401)


@pytest.mark.parametrize("ntlm", [True], indirect=True)
@pytest.mark.parametrize(
    "credentials",
    [
        "NTLM",
        "NTLM *",
        "NTLM TlRMTVNTUAA=",
        "NTLM TlRMTVNTUAADAAAA",
        "Negotiate YIIBhgYGKwYBBQUCoIIBejCCAXag",
    ],
)
def test_bad_ntlm(box: Sandbox, credentials: str) -> None:
    """A message that is none is a 401 and not a lost connection."""
    assert ask(box, headers={"Authorization": credentials}).status_code == 401


def discover(box: Sandbox, address: str, auth: Any) -> Any:
    """Ask autodiscover for a mailbox; return the answer without its namespaces, or the status."""
    schema = "http://schemas.microsoft.com/exchange/autodiscover/outlook"
    body = (
        f'<Autodiscover xmlns="{schema}/requestschema/2006"><Request>'
        f"<EMailAddress>{address}</EMailAddress><AcceptableResponseSchema>"
        f"{schema}/responseschema/2006a</AcceptableResponseSchema></Request></Autodiscover>"
    )
    url = f"{box.base_url}/autodiscover/autodiscover.xml"
    answer = web(box).post(url, data=body, auth=auth, timeout=5)
    if answer.status_code != 200:
        return answer.status_code
    root = etree.fromstring(answer.content)
    return {etree.QName(e).localname: e.text for e in root.iter() if e.text}


@pytest.mark.parametrize("ntlm", [False, True], indirect=True)
def test_autodiscover(box: Sandbox) -> None:
    """It names the EWS of a mailbox, or another address to ask for, or says that it knows none."""
    way = HttpNtlmAuth if box.ntlm else HTTPBasicAuth
    auth = way(box.service_account, box.password)
    assert discover(box, "Alice@Example.test", auth)["EwsUrl"] == box.url
    assert discover(box, "carol@example.test", auth)["ErrorCode"] == "500"
    assert discover(box, "", auth)["ErrorCode"] == "600"
    box.autodiscover_redirects["carol@example.test"] = BOB
    assert discover(box, "carol@example.test", auth) == {
        "AccountType": "email",
        "Action": "redirectAddr",
        "RedirectAddr": BOB,
    }
    assert discover(box, ALICE, None) == 401
