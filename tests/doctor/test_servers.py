"""What the doctor says of servers that no sandbox is like."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from threading import Thread

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from syncd.sandbox.server import Sandbox
from syncd.sync.doctor.opening import addresses
from tests.doctor.clinic import ALICE, clinic, troubles
from tests.doctor.test_ews import ews
from tests.outlook.authentication.conftest import pem
from tests.settings.test_load import loaded
from tests.settings.test_servers import CERTIFICATE, GRAPH, with_server


class _Moved(BaseHTTPRequestHandler):
    """A web page where EWS is sought."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.do_GET()

    def do_GET(self) -> None:
        self.send_response(302)
        self.send_header("Location", "https://mail.example.test/owa/")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def test_an_endpoint_that_redirects_is_not_followed(tmp_path: Path, empty_store: Path) -> None:
    """A password is not sent on to where an answer points."""
    with (
        ThreadingHTTPServer(("127.0.0.1", 0), _Moved) as web,
        Sandbox([ALICE]) as box,
        clinic(tmp_path, empty_store, box) as at,
    ):
        Thread(target=web.serve_forever, args=(0.05,), daemon=True).start()
        ews(at)
        at.server["endpoint"] = f"http://127.0.0.1:{web.server_port}/EWS/Exchange.asmx"
        at.write()
        found = at.look()
        web.shutdown()
    wrong = troubles(found)
    assert wrong.keys() == {"endpoint-moves"}
    assert "http-302" in wrong["endpoint-moves"].what


def _certificate(days: int) -> str:
    """A server's own certificate for 127.0.0.1, good for some days from now, with its key."""
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail.example.test")])
    here = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=60))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(here, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    return pem(key, certificate)


@pytest.mark.parametrize(("days", "code"), [(-2, "tls-expired"), (10, "tls-expires")])
def test_the_end_of_a_server_s_certificate_is_told(
    days: int, code: str, tmp_path: Path, empty_store: Path, tls: Path
) -> None:
    """Before it comes, and after it, from a certificate that is not trusted any more."""
    file = tmp_path / "server.pem"
    file.write_text(_certificate(days))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    with (
        ThreadingHTTPServer(("127.0.0.1", 0), _Moved) as web,
        Sandbox([ALICE], tls=tls) as box,
        clinic(tmp_path, empty_store, box) as at,
    ):
        web.socket = context.wrap_socket(web.socket, server_side=True)
        Thread(target=web.serve_forever, args=(0.05,), daemon=True).start()
        ews(at)
        at.server |= {
            "endpoint": f"https://127.0.0.1:{web.server_port}/EWS/Exchange.asmx",
            "verify_tls": str(file),
        }
        at.write()
        found = at.look()
        web.shutdown()
    day = (datetime.now(UTC) + timedelta(days=days)).strftime("%Y-%m-%d")
    assert code in troubles(found)
    assert day in troubles(found)[code].what


def test_the_key_to_check_is_one_that_decides(tmp_path: Path) -> None:
    """Where the file names no address, its cloud does."""
    cloud = loaded(tmp_path, with_server(GRAPH + CERTIFICATE)).servers["one"]
    assert [each.key for each in addresses(cloud)] == ["cloud", "cloud"]
    own = 'endpoint = "https://127.0.0.1:1/v1.0"\nauthority = "https://127.0.0.1"'
    named = loaded(tmp_path, with_server(GRAPH + CERTIFICATE + own)).servers["one"]
    assert [each.key for each in addresses(named)] == ["endpoint", "authority"]
