"""TLS is verified, against the CA that is named for this mailbox and no other."""

from __future__ import annotations

import ipaddress
import ssl
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from syncd.model.contact import CONTACT
from syncd.outlook.errors import MailboxError, Scope, Sort
from syncd.outlook.ews.mailbox import open_ews
from syncd.outlook.ews.session import EwsServer
from syncd.outlook.ews.sign_in import Basic
from tests.outlook.desk import ADDRESS, creation
from tests.outlook.wire import answering

BUSY = b"HTTP/1.1 429 Busy\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


@pytest.fixture
def ca(tmp_path: Path) -> Path:
    """The file of an organisation's own CA: a certificate for 127.0.0.1, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail.example.test")])
    here = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(here, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    form, secret = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    (tmp_path / "key.pem").write_bytes(key.private_bytes(pem, form, secret))
    (tmp_path / "ca.pem").write_bytes(certificate.public_bytes(pem))
    return tmp_path / "ca.pem"


@pytest.fixture
def endpoint(ca: Path) -> Iterator[str]:
    """A server with that certificate, which asks for a pause whatever it is asked."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(ca, ca.with_name("key.pem"))
    with answering(BUSY, tls=context, times=2) as url:
        yield url


def error_at(server: EwsServer) -> MailboxError:
    """What a write comes to."""
    with closing(open_ews(server, ADDRESS)) as mailbox, pytest.raises(MailboxError) as caught:
        mailbox.create(CONTACT, "folder", [creation("1", {"firstname": "Ann"})])
    return caught.value


def test_a_certificate_of_an_unknown_ca_is_refused_before_anything_is_sent(
    endpoint: str, ca: Path
) -> None:
    """And the next mailbox, which names the CA, reaches the same server."""
    error = error_at(EwsServer(endpoint, Basic("svc", "secret")))
    assert (error.sort, error.scope, error.code) == (Sort.TRANSIENT, Scope.SERVER, "untrusted")
    assert error_at(EwsServer(endpoint, Basic("svc", "secret"), verify_tls=ca)).code == "http-429"


def test_a_ca_named_for_one_mailbox_is_not_trusted_for_the_next(endpoint: str, ca: Path) -> None:
    """Settings of a connection are not those of the process."""
    assert error_at(EwsServer(endpoint, Basic("svc", "secret"), verify_tls=ca)).code == "http-429"
    assert error_at(EwsServer(endpoint, Basic("svc", "secret"))).code == "untrusted"


@pytest.mark.filterwarnings("ignore::urllib3.exceptions.InsecureRequestWarning")
def test_verifying_can_be_turned_off_for_one_mailbox(endpoint: str) -> None:
    """For a laboratory."""
    assert (
        error_at(EwsServer(endpoint, Basic("svc", "secret"), verify_tls=False)).code == "http-429"
    )
    assert error_at(EwsServer(endpoint, Basic("svc", "secret"))).code == "untrusted"
