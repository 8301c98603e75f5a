"""Tokens for all threads: how few requests they take, and what each sort of credential does."""

from __future__ import annotations

import json
import logging
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from syncd.outlook.authentication.clouds import Cloud, ews_of
from syncd.outlook.authentication.credentials import (
    Certificate,
    Federation,
    ManagedIdentity,
    Secret,
)
from syncd.outlook.authentication.entra import tokens_for
from syncd.outlook.errors import MailboxError, Scope, Sort
from syncd.sandbox.identity import jwt, registry
from syncd.sandbox.identity.registry import Resource
from tests.outlook.authentication.conftest import GRAPH, Tenant, certify, pem

Keys = tuple[rsa.RSAPrivateKey, rsa.RSAPrivateKey]


def holds(tenant: Tenant, token: str, resource: Resource = Resource.GRAPH) -> bool:
    """Whether the resource takes a token."""
    return bool(tenant.entra.examine(f"Bearer {token}", resource).name)


def test_many_threads_make_one_request(tenant: Tenant) -> None:
    """On a cold cache the first asks and the others wait; msal alone sends one a thread."""
    tokens = tenant.tokens()
    with ThreadPoolExecutor(32) as pool:
        given = set(pool.map(lambda _: tokens.token(), range(32)))
    assert len(given) == 1
    assert tenant.asked["token"] == 1
    assert holds(tenant, given.pop())


def test_a_refused_token_is_not_given_out_again(tenant: Tenant) -> None:
    """Of many threads that were refused the same token, the first asks for another."""
    tokens = tenant.tokens()
    old = tokens.token()
    with ThreadPoolExecutor(8) as pool:
        given = set(pool.map(lambda _: tokens.token(refused=old), range(8)))
    assert old not in given
    assert len(given) == 1
    assert tenant.asked["token"] == 2
    assert tokens.token() in given


def test_a_challenge_is_answered(tenant: Tenant) -> None:
    """The claims that come with a refusal are passed on, once for all threads."""
    tokens = tenant.tokens()
    old = tokens.token()
    demanded = {"nbf": {"essential": True, "value": "1790000000"}}
    tenant.entra.demand(demanded)
    claims = json.dumps({"access_token": demanded}, separators=(",", ":"))
    with ThreadPoolExecutor(8) as pool:
        given = set(pool.map(lambda _: tokens.token(refused=old, claims=claims), range(8)))
    assert len(given) == 1
    assert holds(tenant, given.pop())
    assert tenant.asked["token"] == 2


def test_one_object_serves_the_whole_process(tenant: Tenant) -> None:
    """Mailboxes of one application share its tokens; another secret is another application."""
    application = tenant.application(Secret("sandbox"))
    ews = ews_of(Cloud.GLOBAL)
    assert tokens_for(application, GRAPH) is tokens_for(application, GRAPH)
    assert tokens_for(application, GRAPH) is not tokens_for(application, ews)
    other = tenant.application(Secret("another"))
    assert tokens_for(other, GRAPH) is not tokens_for(application, GRAPH)
    assert holds(tenant, tokens_for(application, ews).token(), Resource.EWS)


def test_a_certificate_is_rotated_without_a_restart(
    tenant: Tenant, keys: Keys, tmp_path: Path
) -> None:
    """The file is read anew when it changes; while it is half written the old one goes on."""
    first, second = (certify(key) for key in keys)
    app = tenant.entra.register(certificate=[first, second])
    file = tmp_path / "certificate.pem"
    file.write_text(pem(keys[0], first))
    tokens = tenant.tokens(Certificate(file), client_id=app.client_id)
    token = tokens.token()
    assert holds(tenant, token)
    file.write_text("-----BEGIN PRIV")
    half = tokens.token(refused=token)
    assert holds(tenant, half)
    app.certificates.remove(first)
    file.write_text(pem(keys[1], second))
    assert holds(tenant, tokens.token(refused=half))


def test_a_new_certificate_ends_the_rest_after_a_refusal(
    tenant: Tenant, keys: Keys, tmp_path: Path
) -> None:
    """Whoever mends the file need not wait, nor restart anything."""
    wrong, right = (certify(key) for key in keys)
    app = tenant.entra.register(certificate=right)
    file = tmp_path / "certificate.pem"
    file.write_text(pem(keys[0], wrong))
    tokens = tenant.tokens(Certificate(file), client_id=app.client_id)
    with pytest.raises(MailboxError, match=f"upload the public part of {file}"):
        tokens.token()
    file.write_text(pem(keys[1], right))
    assert holds(tenant, tokens.token())


def test_a_certificate_that_cannot_be_used_says_why(
    tenant: Tenant, keys: Keys, tmp_path: Path
) -> None:
    """It is this machine's to mend: nothing is suspended for it, and nothing was asked."""
    good, old, early = certify(keys[0]), certify(keys[0], days=-1), certify(keys[0], since=2)
    key_only, _, rest = pem(keys[0], good).partition("-----BEGIN CERTIFICATE")
    found = {
        key_only: "there is no certificate in",
        f"-----BEGIN CERTIFICATE{rest}": "there is no private key in",
        pem(keys[0], good, "secret"): "has a passphrase",
        pem(keys[1], good): "is not that of the key in it",
        pem(keys[0], old): "expired on",
        pem(keys[0], early): "is not valid before .* wait until then",
        " ": "is empty",
    }
    file = tmp_path / "certificate.pem"
    for content, said in found.items():
        file.write_text(content)
        with pytest.raises(MailboxError, match=said) as error:
            tenant.tokens(Certificate(file)).token()
        assert (error.value.sort, error.value.scope) == (Sort.TRANSIENT, Scope.CREDENTIAL)
    with pytest.raises(MailboxError, match="there is no file"):
        tenant.tokens(Certificate(tmp_path / "none.pem")).token()
    with pytest.raises(MailboxError, match="is a folder, and no file; name the file"):
        tenant.tokens(Certificate(tmp_path)).token()
    assert not tenant.asked


def test_the_platform_s_token_is_read_for_each_sign_in(tenant: Tenant, tmp_path: Path) -> None:
    """Workload federation: a Kubernetes token that is renewed on disk, and no secret at all."""
    issuer, subject = "https://cluster.example.test", "system:serviceaccount:crm:syncd"
    key = ec.generate_private_key(ec.SECP256R1())
    trust = registry.Federation(issuer, subject, key.public_key())
    app = tenant.entra.register(federation=trust)
    file = tmp_path / "token"

    def project(lives: int) -> None:
        claims = {"iss": issuer, "sub": subject, "aud": trust.audience}
        now = int(time.time())
        file.write_text(jwt.sign({**claims, "nbf": now - 3600, "exp": now + lives}, key, "1"))

    project(-1800)
    tokens = tenant.tokens(Federation(file), client_id=app.client_id)
    with pytest.raises(MailboxError, match="not valid at this time"):
        tokens.token()
    project(3600)
    assert holds(tenant, tokens.token())


def test_a_machine_has_an_identity_of_its_own(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither tenant nor secret; one that was not assigned is told as such."""
    monkeypatch.setenv("AZURE_POD_IDENTITY_AUTHORITY_HOST", tenant.box.base_url)
    assert holds(tenant, tenant.tokens(ManagedIdentity()).token())
    with pytest.raises(MailboxError, match="has no such identity") as error:
        tenant.tokens(ManagedIdentity("11111111-2222-3333-4444-555555555555")).token()
    assert (error.value.sort, error.value.scope) == (Sort.DENIED, Scope.CREDENTIAL)


def test_no_token_is_in_the_log(tenant: Tenant, caplog: pytest.LogCaptureFixture) -> None:
    """Not even at the finest level, msal's own lines included."""
    caplog.set_level(logging.DEBUG)
    tokens = tenant.tokens()
    given = [tokens.token(), tokens.token(refused=tokens.token())]
    assert caplog.text
    assert not any(secret in caplog.text for secret in [*given, tenant.box.password])
