"""A tenant on loopback where the real msal signs in, and what an application proves itself by."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from syncd.outlook.authentication.clouds import Cloud, graph_of
from syncd.outlook.authentication.credentials import Application, Credential, Secret
from syncd.outlook.authentication.entra import Tokens
from syncd.sandbox.server import Sandbox
from syncd.sandbox.web import Answer, Call, Site

ALICE = "alice@example.test"
GRAPH = graph_of(Cloud.GLOBAL)


class Counted:
    """A site, with the number of requests by the last part of their path."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self.count: Counter[str] = Counter()
        self.on_request: Callable[[str], None] = lambda _path: None
        self.alter: Callable[[Answer], Answer] = lambda answer: answer

    def serves(self, path: str) -> bool:
        """As the site does."""
        return self._site.serves(path)

    def answer(self, call: Call) -> Answer:
        """Count, and have the site answer."""
        self.count[call.path.rpartition("/")[2]] += 1
        self.on_request(call.path)
        return self.alter(self._site.answer(call))


class Tenant:
    """The sandbox's tenant, from the side of whoever signs in."""

    def __init__(self, box: Sandbox) -> None:
        self.box = box
        self.entra = box.entra
        self.site = Counted(box.sites[0])
        box.sites[0] = self.site
        self.asked = self.site.count

    def application(
        self, credential: Credential, *, client_id: str | None = None, tenant: str | None = None
    ) -> Application:
        """An application of this tenant, or of another."""
        return Application(
            f"{self.box.base_url}/{tenant or self.entra.tenant}",
            client_id or self.entra.default.client_id,
            credential,
            verify_tls=self.box.ca or True,
            timeout=5,
        )

    def tokens(self, credential: Credential | None = None, **said: str) -> Tokens:
        """The tokens of such an application for Graph; by default one with a good secret."""
        secret = Secret(self.box.password)
        return Tokens(self.application(credential or secret, **said), GRAPH)


@pytest.fixture(scope="session")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the certificates of the server are."""
    return tmp_path_factory.mktemp("tls")


@pytest.fixture
def tenant(tls: Path) -> Iterator[Tenant]:
    """A running sandbox on TLS."""
    with Sandbox([ALICE], tls=tls) as box:
        box.entra.grants.interval = 1
        yield Tenant(box)


@pytest.fixture(scope="session")
def keys() -> tuple[rsa.RSAPrivateKey, rsa.RSAPrivateKey]:
    """Two RSA keys: making them is what costs."""
    return rsa.generate_private_key(65537, 2048), rsa.generate_private_key(65537, 2048)


def certify(key: rsa.RSAPrivateKey, days: int = 30, since: int = -60) -> x509.Certificate:
    """A certificate over a key, good from some days from now until some days from now."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "syncd")])
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + timedelta(days=since))
        .not_valid_after(now + timedelta(days=days))
        .sign(key, hashes.SHA256())
    )


def pem(key: rsa.RSAPrivateKey, certificate: x509.Certificate, passphrase: str = "") -> str:
    """Both as the text of a PEM file."""
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(passphrase.encode())
        if passphrase
        else serialization.NoEncryption(),
    )
    return (private + certificate.public_bytes(serialization.Encoding.PEM)).decode()
