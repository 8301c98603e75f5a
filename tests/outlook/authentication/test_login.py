"""A user signs in without an admin, and what that leaves is theirs alone."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from syncd.outlook.authentication.cache import Sealed, cache_file
from syncd.outlook.authentication.certificate import CredentialUnusable
from syncd.outlook.authentication.credentials import Delegated
from syncd.outlook.authentication.entra import Tokens
from syncd.outlook.authentication.login import Granted, Login, NotGranted, forget, signed_in
from syncd.outlook.errors import MailboxError, Scope, Sort
from syncd.sandbox.identity.registry import Resource
from tests.outlook.authentication.conftest import ALICE, GRAPH, Tenant

BOTH = ("Contacts.ReadWrite", "MailboxSettings.ReadWrite")


@pytest.fixture
def alice(tmp_path: Path) -> Delegated:
    """Where Alice's sign-in is kept."""
    return Delegated(ALICE, cache_file(tmp_path / "sign-ins", ALICE))


def log_in(tenant: Tenant, credential: Delegated, *, approve: bool = True) -> Granted:
    """Sign in; the user types the code into a browser while syncd waits."""
    application = tenant.application(credential)

    def browser(_: float) -> None:
        with tenant.box.organisation.lock:
            if any(each.user_code == code.code for each in tenant.entra.grants.waiting()):
                tenant.entra.grants.decide(code.code, credential.user, approve=approve)

    login = Login(application, credential, GRAPH, sleep=browser)
    code = login.begin()
    assert code.url.startswith("https://")
    return login.wait()


def refused(tokens: Tokens) -> MailboxError:
    """The error of a sign-in that fails."""
    with pytest.raises(MailboxError) as error:
        tokens.token()
    return error.value


def test_a_user_signs_in_once(tenant: Tenant, alice: Delegated) -> None:
    """From then on tokens come by themselves, also after a restart."""
    assert log_in(tenant, alice) == Granted(ALICE, BOTH, ())
    assert signed_in(alice) == ALICE
    asked = tenant.asked["token"]
    tokens = tenant.tokens(alice)
    token = tokens.token()
    assert tenant.entra.examine(f"Bearer {token}", Resource.GRAPH).mailbox == ALICE
    assert tenant.asked["token"] == asked  # it came with the sign-in
    renewed = tokens.token(refused=token)
    assert renewed != token
    assert tenant.tokens(alice).token() == renewed  # a restart reads what was renewed


def test_what_a_sign_in_leaves_is_its_owner_s_alone(tenant: Tenant, alice: Delegated) -> None:
    """Folder 0700, file 0600, from the first byte on; wider modes are refused with what to type."""
    log_in(tenant, alice)
    assert alice.cache.stat().st_mode & 0o777 == 0o600
    assert alice.cache.parent.stat().st_mode & 0o777 == 0o700
    assert [each.name for each in alice.cache.parent.iterdir()] == [f"{ALICE}.json"]
    alice.cache.chmod(0o640)
    error = refused(tenant.tokens(alice))
    assert f"type: chmod 600 {alice.cache}" in error.message
    alice.cache.chmod(0o600)
    alice.cache.parent.chmod(0o755)
    assert f"type: chmod 700 {alice.cache.parent}" in refused(tenant.tokens(alice)).message
    with pytest.raises(CredentialUnusable, match="others than its owner may read"):
        log_in(tenant, alice)


def test_with_a_key_it_is_encrypted(tenant: Tenant, alice: Delegated, tmp_path: Path) -> None:
    """What was there before is read, and encrypted with the next write; another key does not do."""
    log_in(tenant, alice)
    key_file = tmp_path / "key"
    key_file.write_bytes(Fernet.generate_key())
    key_file.chmod(0o600)
    sealed = Delegated(ALICE, alice.cache, key_file)
    assert tenant.tokens(sealed).token()
    log_in(tenant, sealed)
    assert ALICE.encode() not in alice.cache.read_bytes()
    assert tenant.tokens(sealed).token()
    assert "encrypted, and no key is named" in refused(tenant.tokens(alice)).message
    key_file.write_bytes(Fernet.generate_key())
    assert "with another key than that" in refused(tenant.tokens(sealed)).message
    key_file.write_text("hunter2")
    assert "openssl rand" in refused(tenant.tokens(sealed)).message
    assert "hunter2" not in refused(tenant.tokens(sealed)).message


@pytest.mark.parametrize("content", [b"nonsense", b"{", b"{\xff}", b"\x00\xff"])
def test_a_damaged_sign_in_is_no_encrypted_one(
    tenant: Tenant, alice: Delegated, content: bytes
) -> None:
    """Nobody looks for a key that there never was: signing in once more mends it."""
    log_in(tenant, alice)
    alice.cache.write_bytes(content)
    said = f"is damaged; sign in once more: syncd login {ALICE}"
    assert said in refused(tenant.tokens(alice)).message
    with pytest.raises(CredentialUnusable, match="is damaged"):
        signed_in(alice)
    log_in(tenant, alice)
    assert tenant.tokens(alice).token()


def test_a_revoked_grant_names_what_to_type(tenant: Tenant, alice: Delegated) -> None:
    """The credential is refused, nothing is asked again, and signing in once more mends it."""
    log_in(tenant, alice)
    tokens = tenant.tokens(alice)
    token = tokens.token()
    tenant.entra.grants.revoke(ALICE)
    errors = [refused(tokens) if n else _after(tokens, token) for n in range(3)]
    assert {(each.sort, each.scope) for each in errors} == {(Sort.DENIED, Scope.CREDENTIAL)}
    assert f"was revoked, as after a new password; sign in once more: syncd login {ALICE}" in str(
        errors[0]
    )
    asked = tenant.asked["token"]
    assert refused(tokens).code == "AADSTS50173"
    assert tenant.asked["token"] == asked
    log_in(tenant, alice)
    assert tokens.token()


def _after(tokens: Tokens, token: str) -> MailboxError:
    with pytest.raises(MailboxError) as error:
        tokens.token(refused=token)
    return error.value


def test_a_consent_that_was_taken_back_is_named(tenant: Tenant, alice: Delegated) -> None:
    """By the names of the permissions, and where they are granted."""
    log_in(tenant, alice)
    tokens = tenant.tokens(alice)
    token = tokens.token()
    tenant.entra.default.consent = False
    error = _after(tokens, token)
    assert (error.sort, error.scope, error.code) == (Sort.DENIED, Scope.CREDENTIAL, "AADSTS65001")
    assert "consent for Contacts.ReadWrite and MailboxSettings.ReadWrite is missing" in str(error)
    assert "Grant admin consent" in str(error)


def test_a_sign_in_says_what_it_lacks(tenant: Tenant, alice: Delegated) -> None:
    """Less may be granted than was asked for."""
    lacking = f" {GRAPH.uri}/{BOTH[1]}".encode()
    tenant.site.alter = lambda answer: replace(answer, body=answer.body.replace(lacking, b""))
    assert log_in(tenant, alice) == Granted(ALICE, BOTH[:1], BOTH[1:])


def test_a_user_who_says_no_keeps_what_there_was(tenant: Tenant, alice: Delegated) -> None:
    """An earlier sign-in holds until a new one is granted."""
    log_in(tenant, alice)
    with pytest.raises(NotGranted, match="did not agree"):
        log_in(tenant, alice, approve=False)
    assert tenant.tokens(alice).token()


def test_who_never_signed_in_is_told_how(tenant: Tenant, alice: Delegated) -> None:
    """And so is who was forgotten; nothing is asked of the server."""
    assert signed_in(alice) is None
    assert f"sign in: syncd login {ALICE}" in refused(tenant.tokens(alice)).message
    log_in(tenant, alice)
    assert forget(alice)
    assert not forget(alice)
    tenant.asked.clear()
    error = refused(tenant.tokens(alice))
    assert (error.sort, error.scope, error.code) == (
        Sort.DENIED, Scope.CREDENTIAL, "not-signed-in",
    )  # fmt: skip
    assert tenant.asked["token"] == 0


def test_a_sign_in_during_a_renewal_is_not_overwritten(tenant: Tenant, alice: Delegated) -> None:
    """The daemon renews what it read before; what the user granted meanwhile is newer."""
    log_in(tenant, alice)
    tokens = tenant.tokens(alice)
    token = tokens.token()
    new = threading.Event()

    def meanwhile(path: str) -> None:
        if path.endswith("token") and not new.is_set():
            new.set()
            Sealed(alice.cache).write(Sealed(alice.cache).read() + " ")

    tenant.site.on_request = meanwhile
    tokens.token(refused=token)
    assert new.is_set()
    assert Sealed(alice.cache).read().endswith(" ")


@pytest.mark.parametrize("address", ["../x@example.test", "a/b@example.test", "A@example.test"])
def test_no_address_leads_out_of_the_folder(address: str, tmp_path: Path) -> None:
    """And its case does not matter."""
    file = cache_file(tmp_path, address)
    assert file.parent == tmp_path
    assert file == cache_file(tmp_path, address.lower())


def test_a_file_that_cannot_be_written_is_told_before_anybody_signs_in(
    tenant: Tenant, tmp_path: Path
) -> None:
    """Not after the user has typed a code for nothing."""
    (tmp_path / "sign-ins").write_text("")
    credential = Delegated(ALICE, cache_file(tmp_path / "sign-ins", ALICE))
    with pytest.raises(CredentialUnusable, match="nothing can be written into"):
        log_in(tenant, credential)
    assert not tenant.asked
