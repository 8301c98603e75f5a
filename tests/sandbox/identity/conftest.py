"""One set of certificates for all tests: making keys is what costs."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msal
import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from syncd.sandbox.server import Sandbox

ALICE, BOB = "alice@example.test", "bob@example.test"
GRAPH, EWS = "https://graph.microsoft.com", "https://outlook.office365.com"


@dataclass(frozen=True)
class Pair:
    """A key with a certificate of its own, as an application registers it."""

    key: rsa.RSAPrivateKey
    certificate: x509.Certificate

    @property
    def credential(self) -> dict[str, str]:
        """As msal takes it."""
        private = self.key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        public = self.certificate.public_bytes(serialization.Encoding.PEM)
        return {"private_key": private.decode(), "public_certificate": public.decode()}

    @property
    def legacy(self) -> dict[str, str]:
        """As msal took it before: a SHA-1 thumbprint, and the key."""
        thumbprint = self.certificate.fingerprint(hashes.SHA1()).hex()  # noqa: S303  # see there
        return {"private_key": self.credential["private_key"], "thumbprint": thumbprint}


@pytest.fixture(scope="session")
def key() -> rsa.RSAPrivateKey:
    """The one RSA key."""
    return rsa.generate_private_key(65537, 2048)


def certify(key: rsa.RSAPrivateKey, name: str, days: int = 30) -> Pair:
    """Return a certificate over a key, good for some days from now."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=days))
        .sign(key, hashes.SHA256())
    )
    return Pair(key, certificate)


@pytest.fixture(scope="session")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the certificates of the server are."""
    return tmp_path_factory.mktemp("tls")


@pytest.fixture
def ntlm(request: pytest.FixtureRequest) -> bool:
    """Whether EWS takes NTLM instead of Basic; tests ask for it as a parameter."""
    return bool(getattr(request, "param", False))


@pytest.fixture(autouse=True)
def no_bundle(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget the CAs that the environment names: `requests` puts them before a session's own."""
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def box(tls: Path, ntlm: bool) -> Iterator[Sandbox]:
    """A running sandbox on TLS with Alice and Bob."""
    with Sandbox([ALICE, BOB], tls=tls, ntlm=ntlm) as box:
        box.entra.grants.interval = 1
        yield box


def web(box: Sandbox) -> requests.Session:
    """Return a session that trusts the sandbox."""
    session = requests.Session()
    session.verify = str(box.ca)
    return session


def confidential(box: Sandbox, client_id: str, credential: Any, **options: Any) -> Any:
    """Return an application of msal at the sandbox."""
    return msal.ConfidentialClientApplication(
        client_id,
        client_credential=credential,
        authority=f"{box.base_url}/{options.pop('tenant', box.entra.tenant)}",
        instance_discovery=False,
        verify=str(box.ca),
        **options,
    )


@pytest.fixture
def sign_in(box: Sandbox) -> Callable[..., Any]:
    """Sign in as an application and return what msal returns."""

    def acquire(client_id: str, credential: Any, resource: str = GRAPH, **options: Any) -> Any:
        application = confidential(box, client_id, credential)
        return application.acquire_token_for_client([f"{resource}/.default"], **options)

    return acquire
