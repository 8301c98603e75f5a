"""What a sign-in that fails means, and what it says to do."""

from __future__ import annotations

import string
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from syncd.outlook.authentication import refusals
from syncd.outlook.authentication.credentials import (
    Application,
    Certificate,
    ManagedIdentity,
    Secret,
)
from syncd.outlook.authentication.entra import REST, Tokens
from syncd.outlook.authentication.refusals import explained
from syncd.outlook.errors import MailboxError, Scope, Sort
from tests.outlook.authentication.conftest import GRAPH, Tenant, certify, pem


def refused(tokens: Tokens) -> MailboxError:
    """The error of a sign-in that fails."""
    with pytest.raises(MailboxError) as error:
        tokens.token()
    return error.value


def _wrong_secret(tenant: Tenant) -> Tokens:
    return tenant.tokens(Secret("wrong", "/etc/syncd/client-secret"))


def _old_secret(tenant: Tenant) -> Tokens:
    old = tenant.entra.register(secret="old", secret_expires=datetime(2020, 1, 1, tzinfo=UTC))
    return tenant.tokens(Secret("old", "SYNCD_SECRET"), client_id=old.client_id)


def _unknown_application(tenant: Tenant) -> Tokens:
    return tenant.tokens(client_id="11111111-2222-3333-4444-555555555555")


def _unknown_tenant(tenant: Tenant) -> Tokens:
    return tenant.tokens(tenant="nobody.example.test")


# a sign-in → the code, and what is said of it
WRONG: list[tuple[Callable[[Tenant], Tokens], str, str]] = [
    (_wrong_secret, "AADSTS7000215", "its Value, not its Secret ID, into /etc/syncd/client-secret"),
    (_old_secret, "AADSTS7000222", "write its Value into SYNCD_SECRET"),
    (_unknown_application, "AADSTS700016", "check client_id and tenant"),
    (_unknown_tenant, "AADSTS90002", "no organisation nobody.example.test; check tenant and cloud"),
]


@pytest.mark.parametrize(("sign_in", "code", "said"), WRONG)
def test_a_refusal_says_what_to_do_and_where(
    tenant: Tenant, sign_in: Callable[[Tenant], Tokens], code: str, said: str
) -> None:
    """The credential is refused, and the step in the admin centre is named."""
    error = refused(sign_in(tenant))
    assert (error.sort, error.scope, error.code) == (Sort.DENIED, Scope.CREDENTIAL, code)
    assert said in error.message
    assert "wrong" not in error.message.replace("is wrong", "")


def test_what_is_refused_for_good_rests(tenant: Tenant) -> None:
    """A thousand mailboxes of one application make one request, not a thousand.

    For less than a minute: whoever has put it right is not told of the old refusal by the daemon.
    """
    now = [0.0]
    wrong = tenant.application(Secret("wrong"))
    tokens = Tokens(wrong, GRAPH, clock=lambda: now[0])
    said = {str(refused(tokens)) for _ in range(50)}
    assert len(said) == 1
    assert tenant.asked["token"] == 1
    assert REST < 60
    now[0] = REST + 1
    refused(tokens)
    assert tenant.asked["token"] == 2


def test_a_pause_that_is_asked_for_is_kept(tenant: Tenant) -> None:
    """429 with Retry-After: nothing is sent before, and nobody sleeps."""
    now = [0.0]
    tokens = Tokens(tenant.application(Secret("sandbox")), GRAPH, clock=lambda: now[0])
    tenant.box.faults.add("SignIn", "http_429", back_off_ms=30000)
    error = refused(tokens)
    assert (error.sort, error.scope, error.retry_after) == (Sort.THROTTLED, Scope.CREDENTIAL, 30)
    now[0] = 10
    assert refused(tokens).retry_after == 20
    assert sum(tenant.asked.values()) == 1
    now[0] = 31
    assert tokens.token()


def test_a_service_that_fails_is_asked_again(tenant: Tenant) -> None:
    """503, no answer, a certificate that is not trusted: for now, and nothing is suspended."""
    now = [0.0]
    application = tenant.application(Secret("sandbox"))
    tokens = Tokens(application, GRAPH, clock=lambda: now[0])
    tenant.box.faults.add("SignIn", "http_503")
    assert refused(tokens).sort is Sort.TRANSIENT
    tenant.box.faults.add("SignIn", "lost_answer")
    assert {refused(tokens).sort for _ in range(9)} == {Sort.TRANSIENT}
    assert sum(tenant.asked.values()) == 2  # eight would have waited as long again, each
    now[0] = 6
    assert tokens.token()
    stranger = Application(application.authority, application.client_id, application.credential)
    error = refused(Tokens(stranger, GRAPH))
    assert (error.sort, error.scope, error.code) == (Sort.TRANSIENT, Scope.SERVER, "untrusted")
    assert "verify_tls" in error.message


def test_a_service_that_is_not_there_is_named() -> None:
    """By its host, and with the keys of the configuration that say which one it is."""
    nobody = Application("https://127.0.0.1:1/tenant", "id", Secret("sandbox"))
    error = refused(Tokens(nobody, GRAPH))
    assert (error.sort, error.scope, error.code) == (Sort.TRANSIENT, Scope.SERVER, "unreachable")
    assert "127.0.0.1:1 cannot be reached" in error.message
    assert "check cloud or authority" in error.message


def test_a_machine_without_an_identity_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """Outside of Azure nothing answers there."""
    monkeypatch.setenv("AZURE_POD_IDENTITY_AUTHORITY_HOST", "http://127.0.0.1:9")
    error = refused(Tokens(Application("", "", ManagedIdentity()), GRAPH))
    assert error.sort is Sort.TRANSIENT
    assert "managed-identity is for Azure" in error.message


def test_a_failed_renewal_keeps_the_token_that_is_still_good(tenant: Tenant) -> None:
    """Microsoft asks for tokens to be renewed early; an outage then does no harm."""
    tokens = tenant.tokens()
    token = tokens.token()
    tenant.box.faults.add("SignIn", "http_503", times=5)
    assert tokens.token() == token


def test_a_certificate_that_is_not_registered(
    tenant: Tenant, keys: tuple[rsa.RSAPrivateKey, rsa.RSAPrivateKey], tmp_path: Path
) -> None:
    """It names the file whose public part is to be uploaded."""
    app = tenant.entra.register(certificate=certify(keys[0]))
    file = tmp_path / "certificate.pem"
    file.write_text(pem(keys[1], certify(keys[1])))
    error = refused(tenant.tokens(Certificate(file), client_id=app.client_id))
    assert (error.sort, error.code) == (Sort.DENIED, "AADSTS700027")
    assert f"App registrations, {app.client_id}, Certificates & secrets" in error.message


APPLICATIONS = [
    Application("https://login.example.test/contoso.example", "app-id", credential)
    for credential in (Secret("hunter2"), Certificate(Path("/c.pem")))
]


def test_every_row_of_the_table_is_a_sentence() -> None:
    """It fills its holes, says what to do where something can be done, and quotes no secret."""
    answers: list[dict[str, object]] = []
    answers += [{"error": "x", "error_codes": [code]} for code in refusals.CODES]
    answers += [{"error": name} for name in [*refusals.ERRORS, "never heard of"]]
    for answer in answers:
        for application in APPLICATIONS:
            error, stops = explained(answer, application, GRAPH.permissions)
            assert not {"{", "}"} & set(error.message)
            assert "hunter2" not in error.message
            assert not stops or ";" in error.message or ":" in error.message
            assert stops is (error.sort is Sort.DENIED)


def test_the_consent_that_is_missing_is_named() -> None:
    """By the names that the admin centre has for the permissions."""
    answer = {"error": "invalid_grant", "error_description": "AADSTS65001: The user or …"}
    error, _ = explained(answer, APPLICATIONS[0], GRAPH.permissions)
    assert "the consent for Contacts.ReadWrite and MailboxSettings.ReadWrite" in error.message
    assert "App registrations, app-id, API permissions" in error.message


def test_the_holes_are_those_that_are_filled() -> None:
    """No sentence asks for what it is not given."""
    known = {"app", "what", "user", "rights", "tenant"}
    for refusal in [*refusals.CODES.values(), *refusals.ERRORS.values(), refusals.UNKNOWN]:
        text = refusal.says + refusal.todo
        assert {name for _, name, _, _ in string.Formatter().parse(text) if name} <= known
