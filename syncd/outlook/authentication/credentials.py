"""By what an application or a user proves who it is. Values; nothing here reads or asks."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Certificate:
    """A PEM file with the private key and the certificate that is registered."""

    file: Path


@dataclass(frozen=True, slots=True)
class Secret:
    """A client secret. `where` is what it came from, for sentences that name it."""

    value: str = field(repr=False)
    where: str = field(default="client_secret_file", compare=False)


@dataclass(frozen=True, slots=True)
class Federation:
    """A file with the token of the platform that syncd runs on, which keeps it fresh."""

    token_file: Path


@dataclass(frozen=True, slots=True)
class ManagedIdentity:
    """The identity of the Azure machine itself; `client_id` names one that was assigned to it."""

    client_id: str | None = None


@dataclass(frozen=True, slots=True)
class Delegated:
    """A user who signed in with `syncd login`. `cache` is the file with what that left.

    `key_file` holds the key that it is encrypted with, `None` where it is not.
    """

    user: str
    cache: Path
    key_file: Path | None = None


Credential = Certificate | Secret | Federation | ManagedIdentity | Delegated


@dataclass(frozen=True, slots=True)
class Application:
    """Who signs in, and where: `authority` is the URL of the tenant's token endpoints.

    Neither it nor `client_id` means anything for a managed identity. `verify_tls` is True, False,
    or the file of a CA, and holds for the sign-in as for the mailboxes.
    """

    authority: str
    client_id: str
    credential: Credential
    verify_tls: bool | Path = True
    timeout: float = 30.0
