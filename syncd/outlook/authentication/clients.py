"""msal's client for each sort of credential, made anew when the file behind it changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import msal

from syncd.outlook.authentication.cache import NotSignedIn, Sealed
from syncd.outlook.authentication.certificate import read_certificate, read_credential
from syncd.outlook.authentication.clouds import Resource
from syncd.outlook.authentication.credentials import (
    Application,
    Certificate,
    Delegated,
    Federation,
    ManagedIdentity,
    Secret,
)
from syncd.outlook.authentication.wire import Wire

Answer = Mapping[str, Any]  # as msal has it from the server: a token, or an error
Stamp = tuple[int, int, int]

# syncd answers claims challenges; a service may then revoke a token before it ends.
_CAPABILITIES = ["CP1"]


class Client(Protocol):
    """Asks for tokens of one application for one resource. Not between threads."""

    def refresh(self) -> None:
        """Read what the credential is made of, where it changed. Raises CredentialUnusable."""

    def ask(self, claims: str | None) -> Answer:
        """A token from memory, else from the server. Raises NotSignedIn, CredentialUnusable."""

    def holds(self, token: str) -> bool:
        """Whether this token is still the one at hand."""

    def forget(self, token: str) -> None:
        """Do not give this token out again."""


def client_of(application: Application, resource: Resource, wire: Wire) -> Client:
    """The client for an application's sort of credential."""
    match application.credential:
        case ManagedIdentity():
            return _Machine(application.credential, resource, wire)
        case Delegated():
            return _Person(application, application.credential, resource, wire)
        case credential:
            return _Confidential(application, credential, resource, wire)


def stamp_of(file: Path) -> Stamp | None:
    """What changes with a file; `None` where there is none."""
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def public_client(
    application: Application, wire: Wire, cache: msal.TokenCache
) -> msal.PublicClientApplication:
    """The client of an application that keeps no secret: it signs users in."""
    return msal.PublicClientApplication(
        application.client_id,
        authority=application.authority,
        http_client=wire,
        token_cache=cache,
        client_capabilities=_CAPABILITIES,
        instance_discovery=False,
    )


def _entries(cache: msal.TokenCache, token: str) -> Sequence[Answer]:
    kind = msal.TokenCache.CredentialType.ACCESS_TOKEN
    return [each for each in cache.search(kind) if each.get("secret") == token]


def _forget(cache: msal.TokenCache, token: str) -> None:
    for each in _entries(cache, token):
        cache.remove_at(each)


class _Confidential:
    """An application that proves itself by a certificate, a secret, or a platform's token."""

    def __init__(
        self,
        application: Application,
        credential: Certificate | Secret | Federation,
        resource: Resource,
        wire: Wire,
    ) -> None:
        self._application, self._credential = application, credential
        self._resource, self._wire = resource, wire
        self._cache = msal.TokenCache()
        self._msal: msal.ConfidentialClientApplication | None = None
        self._stamp: Stamp | None = None

    def refresh(self) -> None:
        file = self._credential.file if isinstance(self._credential, Certificate) else None
        stamp = None if file is None else stamp_of(file)
        if self._msal is not None and stamp == self._stamp:
            return
        proof = _proof(self._credential)
        if self._msal is not None:
            self._wire.release()
        # The tokens that there are outlive the certificate that they were had with.
        self._msal = msal.ConfidentialClientApplication(
            self._application.client_id,
            client_credential=proof,
            authority=self._application.authority,
            http_client=self._wire,
            token_cache=self._cache,
            client_capabilities=_CAPABILITIES,
            # The authority is from our own table, or the admin's: there is nothing to look up.
            instance_discovery=False,
        )
        self._stamp = stamp

    def ask(self, claims: str | None) -> Answer:
        assert self._msal is not None  # noqa: S101 - `refresh` comes first
        answer: Answer = self._msal.acquire_token_for_client(
            self._resource.of_application, claims_challenge=claims
        )
        return answer

    def holds(self, token: str) -> bool:
        return bool(_entries(self._cache, token))

    def forget(self, token: str) -> None:
        _forget(self._cache, token)


def _proof(credential: Certificate | Secret | Federation) -> object:
    match credential:
        case Certificate(file):
            pair = read_certificate(file)
            return {"private_key": pair.private_key, "public_certificate": pair.certificate}
        case Secret(value):
            return value
        case Federation(file):
            # Called for each request: the platform writes a fresh token into it every hour or so.
            return {"client_assertion": lambda: read_credential(file).decode().strip()}


class _Machine:
    """The identity of the Azure machine, which asks the machine itself and no authority."""

    def __init__(self, credential: ManagedIdentity, resource: Resource, wire: Wire) -> None:
        identity = (
            msal.SystemAssignedManagedIdentity()
            if credential.client_id is None
            else msal.UserAssignedManagedIdentity(client_id=credential.client_id)
        )
        self._resource = resource
        self._cache = msal.TokenCache()
        self._msal = msal.ManagedIdentityClient(
            identity, http_client=wire, token_cache=self._cache, client_capabilities=_CAPABILITIES
        )

    def refresh(self) -> None:
        """There is no file behind it."""

    def ask(self, claims: str | None) -> Answer:
        answer: Answer = self._msal.acquire_token_for_client(
            resource=self._resource.uri, claims_challenge=claims
        )
        return answer

    def holds(self, token: str) -> bool:
        return bool(_entries(self._cache, token))

    def forget(self, token: str) -> None:
        _forget(self._cache, token)


class _Person:
    """A user who signed in with `syncd login`, whose sign-in goes on from a file."""

    def __init__(
        self, application: Application, credential: Delegated, resource: Resource, wire: Wire
    ) -> None:
        self._application, self._resource, self._wire = application, resource, wire
        self._sealed = Sealed(credential.cache, credential.key_file)
        self._cache = msal.SerializableTokenCache()
        self._msal: msal.PublicClientApplication | None = None
        self._stamp: Stamp | None = None

    def refresh(self) -> None:
        stamp = stamp_of(self._sealed.file)
        if self._msal is None:
            self._msal = public_client(self._application, self._wire, self._cache)
        if stamp == self._stamp and stamp is not None:
            return
        try:
            self._cache.deserialize(self._sealed.read())
        except ValueError:
            raise self._sealed.damaged() from None
        self._stamp = stamp
        self._wire.release()  # somebody signed in again

    def ask(self, claims: str | None) -> Answer:
        assert self._msal is not None  # noqa: S101 - `refresh` comes first
        accounts = self._msal.get_accounts()
        if not accounts:
            raise NotSignedIn
        answer: Answer | None = self._msal.acquire_token_silent_with_error(
            self._resource.of_user, accounts[0], claims_challenge=claims
        )
        self._keep()
        if answer is None:
            raise NotSignedIn
        return answer

    def holds(self, token: str) -> bool:
        return bool(_entries(self._cache, token))

    def forget(self, token: str) -> None:
        _forget(self._cache, token)

    def _keep(self) -> None:
        """Write down what was renewed, unless somebody signed in meanwhile: that is newer."""
        if self._cache.has_state_changed and stamp_of(self._sealed.file) == self._stamp:
            self._sealed.write(self._cache.serialize())
            self._stamp = stamp_of(self._sealed.file)
