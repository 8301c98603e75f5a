"""What the way to a server is like: its addresses, its certificate, its clock. Signs in nowhere."""

from __future__ import annotations

import re
import socket
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum
from pathlib import Path
from urllib.parse import urlsplit

import requests
from cryptography import x509
from cryptography.x509.oid import NameOID
from requests.utils import DEFAULT_CA_BUNDLE_PATH

from syncd.outlook.transport import secure

TIMEOUT = 10.0  # seconds, for one connection
_SHORT = 2.0  # seconds, where it is not known that TLS is spoken at all

# OpenSSL's numbers of what is wrong with a chain (x509_vfy.h), as far as they mean different steps.
_EXPIRED, _WRONG_NAMES = frozenset({10}), frozenset({62, 63, 64})
_UNTRUSTED = frozenset({2, 18, 19, 20, 21, 24, 27, 28})


class Broken(StrEnum):
    """Why no secure connection comes about."""

    REFUSED = "refused"
    SILENT = "silent"
    NO_TLS = "no-tls"
    UNASKED = "unasked"
    UNTRUSTED = "untrusted"
    WRONG_NAME = "wrong-name"
    EXPIRED = "expired"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Address:
    """Where one URL is asked. `key` is what decides it in the configuration."""

    key: str
    url: str

    @property
    def host(self) -> str:
        """Its name, or the number that is written in its place."""
        return urlsplit(self.url).hostname or ""

    @property
    def port(self) -> int:
        """Its port."""
        parts = urlsplit(self.url)
        return parts.port or (443 if parts.scheme == "https" else 80)

    @property
    def secure(self) -> bool:
        """Whether it is asked over TLS."""
        return urlsplit(self.url).scheme == "https"


@dataclass(frozen=True, slots=True)
class Shown:
    """The certificate that a server shows: for whom, by whom, until when."""

    names: tuple[str, ...]
    issuer: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Handshake:
    """How a connection came about. `shown` is `None` where no certificate was seen."""

    broken: Broken | None
    shown: Shown | None
    reason: str = ""


def addresses_of(host: str) -> list[str]:
    """The numbers of a name; none where it is not known here."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return []
    return sorted({f"{each[4][0]}" for each in found})


def shake_hands(
    address: Address,
    verify: bool | Path,  # noqa: FBT001 - as configured
    patience: float = TIMEOUT,
) -> Handshake:
    """Connect as a mailbox would, trusting what it would trust. Nothing is sent but TLS itself."""
    context = _context(verify)
    try:
        with (
            socket.create_connection((address.host, address.port), patience) as plain,
            context.wrap_socket(plain, server_hostname=address.host) as secure,
        ):
            return Handshake(None, _shown(secure.getpeercert(binary_form=True)))
    except ssl.SSLCertVerificationError as error:
        return Handshake(_judged(error.verify_code), _unchecked(address), error.verify_message)
    except ssl.SSLError as error:
        return Handshake(Broken.NO_TLS, None, error.reason or "")
    except TimeoutError:
        return Handshake(Broken.SILENT, None)
    except ConnectionResetError:
        return Handshake(Broken.NO_TLS, None)
    except OSError:
        return Handshake(Broken.REFUSED, None)


def answers(address: Address) -> Broken | None:
    """Whether anything listens there, where no TLS is spoken; `UNASKED`: it is, all the same."""
    try:
        with socket.create_connection((address.host, address.port), TIMEOUT) as plain:
            said = _first_words(plain, address.host)
    except TimeoutError:
        return Broken.SILENT
    except OSError:
        return Broken.REFUSED
    if re.match(rb"HTTP/1\.[01] (?!400)", said):
        return None
    # A port of TLS hangs up on plain HTTP, or answers it with a 400. Only a handshake is a proof.
    hands = shake_hands(address, verify=False, patience=_SHORT)
    return Broken.UNASKED if hands.broken is None else None


def _first_words(plain: socket.socket, host: str) -> bytes:
    """How an answer to plain HTTP begins; empty where there is none."""
    try:
        plain.sendall(f"GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
        return plain.recv(64)
    except OSError:  # reset in the middle, or silent: it listens, which is what was asked
        return b""


def time_at(url: str, verify: bool | Path) -> datetime | None:  # noqa: FBT001 - as configured
    """What a server's clock says, whatever else it answers; `None` where it does not say."""
    with requests.Session() as session:
        secure(session, verify)
        try:
            with session.get(url, timeout=TIMEOUT, allow_redirects=False, stream=True) as answer:
                said = parsedate_to_datetime(answer.headers.get("Date", ""))
        except (requests.RequestException, ValueError):
            return None
    return said if said.tzinfo else said.replace(tzinfo=UTC)


def trust_of(verify: bool | Path) -> str:  # noqa: FBT001 - as configured
    """Whom a server trusts, in words."""
    return f"the CAs in {verify}" if isinstance(verify, Path) else "the public CAs"


def _context(verify: bool | Path) -> ssl.SSLContext:  # noqa: FBT001 - as configured
    # The adapters' own choice: the bundle that comes with requests, or the file and nothing else.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if verify is False:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    else:
        named = f"{verify}" if isinstance(verify, Path) else DEFAULT_CA_BUNDLE_PATH
        context.load_verify_locations(named)
    return context


def _judged(code: int) -> Broken:
    if code in _EXPIRED:
        return Broken.EXPIRED
    if code in _WRONG_NAMES:
        return Broken.WRONG_NAME
    return Broken.UNTRUSTED if code in _UNTRUSTED else Broken.OTHER


def _unchecked(address: Address) -> Shown | None:
    """The certificate that did not pass, to say whose it is: looked at, and hung up."""
    return shake_hands(address, verify=False).shown


def _shown(der: bytes | None) -> Shown | None:
    if not der:
        return None
    certificate = x509.load_der_x509_certificate(der)
    return Shown(_names(certificate), _issuer(certificate), certificate.not_valid_after_utc)


def _names(certificate: x509.Certificate) -> tuple[str, ...]:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return (certificate.subject.rfc4514_string(),)
    return (
        *names.get_values_for_type(x509.DNSName),
        *(f"{each}" for each in names.get_values_for_type(x509.IPAddress)),
    )


def _issuer(certificate: x509.Certificate) -> str:
    if certificate.issuer == certificate.subject:
        return "nobody but itself"
    for name in (NameOID.COMMON_NAME, NameOID.ORGANIZATION_NAME):
        found = certificate.issuer.get_attributes_for_oid(name)
        if found:
            return str(found[0].value)
    return "a CA without a name"
