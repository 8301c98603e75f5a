"""A CA and a server certificate of its own, made once in a folder: for HTTPS on loopback."""

import ipaddress
import os
import ssl
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

CA, CA_KEY = "ca.pem", "ca.key"
SERVER, SERVER_KEY = "server.pem", "server.key"
CLIENT = "client.pem"  # of the application that comes with the tenant: its key, its certificate
_FOR = timedelta(days=3650)
_EARLIER = timedelta(days=1)  # a client whose clock is behind is no reason to fail


class CertificatesUnusableError(Exception):
    """What is in the folder is no certificate of ours, or cannot be read or written."""


def server_context(folder: Path) -> ssl.SSLContext:
    """Return what a server needs to speak TLS, with the certificates of `folder`.

    Makes those that are not there; a certificate that has run out is made again.

    Raises:
        CertificatesUnusableError: see there.

    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not _in_force(folder):
            _make(folder)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / SERVER, folder / SERVER_KEY)
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        raise CertificatesUnusableError(str(error)) from error
    return context


def client_certificate(folder: Path) -> x509.Certificate:
    """Return the certificate by which an application signs in; made, with its key, where none is.

    Raises:
        CertificatesUnusableError: as above.

    """
    file = folder / CLIENT
    try:
        if not file.exists():
            key = rsa.generate_private_key(public_exponent=65537, key_size=2048)  # as msal signs
            made = _certificate("syncd sandbox client", key.public_key(), None)
            signed = made.sign(key, hashes.SHA256())
            _write(file, _private(key) + signed.public_bytes(serialization.Encoding.PEM))
        return x509.load_pem_x509_certificate(file.read_bytes())
    except (OSError, ValueError) as error:
        raise CertificatesUnusableError(str(error)) from error


def channel_of(folder: Path) -> bytes:
    """Return what a client that saw our certificate binds its sign-in to (RFC 5929, section 4)."""
    found = x509.load_pem_x509_certificate((folder / SERVER).read_bytes())
    return b"tls-server-end-point:" + found.fingerprint(hashes.SHA256())


def _in_force(folder: Path) -> bool:
    if not all((folder / name).exists() for name in (CA, SERVER, SERVER_KEY)):
        return False
    now = datetime.now(UTC)
    found = [x509.load_pem_x509_certificate((folder / n).read_bytes()) for n in (CA, SERVER)]
    return all(each.not_valid_before_utc <= now < each.not_valid_after_utc for each in found)


def _make(folder: Path) -> None:
    ca_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    ca = (
        _certificate("syncd sandbox CA", ca_key.public_key(), None)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs=True), critical=True)
        .sign(ca_key, hashes.SHA256())
    )
    names: list[x509.GeneralName] = [x509.DNSName("localhost")]
    names += [x509.IPAddress(ipaddress.ip_address(host)) for host in ("127.0.0.1", "::1")]
    server = (
        _certificate("localhost", key.public_key(), ca)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .sign(ca_key, hashes.SHA256())
    )
    _write(folder / CA_KEY, _private(ca_key))
    _write(folder / SERVER_KEY, _private(key))
    (folder / CA).write_bytes(ca.public_bytes(serialization.Encoding.PEM))
    (folder / SERVER).write_bytes(server.public_bytes(serialization.Encoding.PEM))


def _certificate(
    name: str, key: ec.EllipticCurvePublicKey | rsa.RSAPublicKey, issuer: x509.Certificate | None
) -> x509.CertificateBuilder:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    own = x509.SubjectKeyIdentifier.from_public_key(key)
    signer = (
        issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
        if issuer is not None
        else own
    )
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.subject if issuer is not None else subject)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _EARLIER)
        .not_valid_after(now + _FOR)
        .add_extension(own, critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(signer), critical=False
        )
    )


def _usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs,
        key_cert_sign=signs,
        crl_sign=signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _private(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def _write(path: Path, content: bytes) -> None:
    """Write what only the owner may read, and never leave it readable in between."""
    path.unlink(missing_ok=True)
    mode = stat.S_IRUSR | stat.S_IWUSR
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(content)
