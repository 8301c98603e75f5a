"""The certificates are made once, kept to their owner, and enough for a strict client."""

import re
import signal
import socket
import ssl
import stat
import subprocess
import sys
from pathlib import Path

import msal
import pytest
from click.testing import CliRunner

from syncd.cli.sandbox import command
from syncd.sandbox.server import Sandbox
from syncd.sandbox.tls import CertificatesUnusableError, server_context
from tests.sandbox.identity.conftest import ALICE, GRAPH, web


def test_made_once(tmp_path: Path) -> None:
    """A second start serves with the same certificates, and only the owner reads the keys."""
    folder = tmp_path / "tls"
    server_context(folder)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    server_context(folder)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert sorted(before) == ["ca.key", "ca.pem", "server.key", "server.pem"]
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.glob("*.key")}
    assert modes == {"ca.key": 0o600, "server.key": 0o600}


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost"])
def test_strictly_checked(box: Sandbox, name: str) -> None:
    """A client that checks everything RFC 5280 asks for connects, by address and by name."""
    context = ssl.create_default_context(cafile=str(box.ca))
    context.verify_flags |= ssl.VerifyFlags.VERIFY_X509_STRICT
    port = int(box.base_url.rpartition(":")[2])
    with (
        socket.create_connection(("127.0.0.1", port), timeout=5) as plain,
        context.wrap_socket(plain, server_hostname=name) as secure,
    ):
        assert secure.version() == "TLSv1.3"


def test_failed_handshakes(box: Sandbox, capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever speaks no TLS, or says nothing at all, costs nobody else the server."""
    address = ("127.0.0.1", int(box.base_url.rpartition(":")[2]))
    with socket.create_connection(address), socket.create_connection(address) as wrong:
        wrong.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        wrong.recv(100)
        assert web(box).get(f"{box.control_url}health", timeout=5).status_code == 200
    assert capsys.readouterr().err == ""


def test_unusable_folder(tmp_path: Path) -> None:
    """What is no certificate is not served with and not overwritten; the verb says what to do."""
    for name in ("ca.pem", "server.pem", "server.key"):
        (tmp_path / name).write_text("not a certificate")
    with pytest.raises(CertificatesUnusableError):
        server_context(tmp_path)
    found = CliRunner().invoke(
        command, ["--user", ALICE, "--listen", "127.0.0.1:0", "--tls", str(tmp_path)]
    )
    assert found.exit_code == 1
    for part in ("cannot be used", "Nothing was started.", "Type a folder that is empty"):
        assert part in found.output
    assert (tmp_path / "ca.pem").read_text() == "not a certificate"


def test_the_command_says_how_to_sign_in(tls: Path) -> None:
    """What `syncd sandbox --tls` prints is all that msal needs for a token."""
    code = "from syncd.cli.sandbox import command; command()"
    arguments = ["--listen", "127.0.0.1:0", "--user", ALICE, "--tls", str(tls)]
    with subprocess.Popen(  # noqa: S603  # our own interpreter and our own code
        [sys.executable, "-c", code, *arguments], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        said: dict[str, str] = {}
        for line in process.stdout:
            name, value = re.split(": | at ", line.rstrip("\n"), maxsplit=1)
            said[name] = value
            if name == "CA":  # the last one; then it serves until it is stopped
                break
        application = msal.ConfidentialClientApplication(
            said["Client id"],
            client_credential=said["Client secret"],
            authority=said["Sign-in"],
            instance_discovery=False,
            verify=said["CA"],
        )
        found = application.acquire_token_for_client([f"{GRAPH}/.default"])
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
    assert "access_token" in found
    assert said["Sign-in"].endswith(said["Tenant"])
    assert said["Graph"].endswith("/v1.0")
