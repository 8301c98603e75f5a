"""The certificate that an application signs in with, read from its PEM file."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization

_WRITE = "write both into it as PEM text: the certificate and its private key, without a passphrase"


class CredentialUnusable(Exception):
    """What an application would sign in with cannot be used. `what` says why, `todo` what to do."""

    def __init__(self, what: str, todo: str) -> None:
        super().__init__(what)
        self.what = what
        self.todo = todo


@dataclass(frozen=True, slots=True)
class KeyPair:
    """A private key and its certificate, as PEM text."""

    private_key: str = field(repr=False)
    certificate: str


def read_certificate(file: Path) -> KeyPair:
    """The key and the certificate in a file, which belong together. Raises CredentialUnusable."""
    pem = read_credential(file)
    try:
        certificate = x509.load_pem_x509_certificate(pem)
    except ValueError:
        raise CredentialUnusable(f"there is no certificate in {file}", _WRITE) from None
    try:
        key = serialization.load_pem_private_key(pem, password=None)
    except TypeError:
        todo = f"take it away: openssl pkey -in {file} -out FILE, and add the certificate"
        raise CredentialUnusable(f"the key in {file} has a passphrase", todo) from None
    except ValueError:
        raise CredentialUnusable(f"there is no private key in {file}", _WRITE) from None
    form = serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    if key.public_key().public_bytes(*form) != certificate.public_key().public_bytes(*form):
        what = f"the certificate in {file} is not that of the key in it"
        raise CredentialUnusable(what, "let the key and its certificate stand first in it")
    _check_days(file, certificate)
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    public = certificate.public_bytes(serialization.Encoding.PEM)
    return KeyPair(private.decode(), public.decode())


def _check_days(file: Path, certificate: x509.Certificate) -> None:
    """Raises CredentialUnusable outside of its days: Microsoft would refuse it without a reason."""
    now = datetime.now(UTC)
    since, until = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if until < now:
        todo = "make a new one, upload its public part to the application, and replace the file"
        raise CredentialUnusable(f"the certificate in {file} expired on {until:%Y-%m-%d}", todo)
    if now < since:
        what = f"the certificate in {file} is not valid before {since:%Y-%m-%d %H:%M} UTC"
        raise CredentialUnusable(what, "wait until then, or check the clock: timedatectl")


def read_credential(file: Path) -> bytes:
    """What is in a file of credentials. Raises CredentialUnusable."""
    try:
        content = file.read_bytes()
    except FileNotFoundError:
        todo = "put it there, or correct its path in the configuration"
        raise CredentialUnusable(f"there is no file {file}", todo) from None
    except IsADirectoryError:
        todo = "name the file that is in it in the configuration"
        raise CredentialUnusable(f"{file} is a folder, and no file", todo) from None
    except OSError as error:
        todo = f"let the user who runs syncd own it: chown syncd {file}"
        raise CredentialUnusable(f"{file} cannot be read: {error.strerror}", todo) from None
    if not content.strip():
        raise CredentialUnusable(f"{file} is empty", "put what it is for into it")
    return content
