"""The certificates are made once, kept to their owner, and enough for a strict client."""

import re
import shlex
import signal
import socket
import ssl
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import msal
import pytest
import requests
from click.testing import CliRunner

from syncd.cli.sandbox import command
from syncd.sandbox.server import Sandbox
from syncd.sandbox.tls import CertificatesUnusableError, server_context
from syncd.settings.load import load
from syncd.settings.server import Server
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


@dataclass(frozen=True)
class Started:
    """What a sandbox says at its start: the lines until the last that has a name, and the rest."""

    named: dict[str, str]
    rest: str


@contextmanager
def started(*arguments: str, last: str, folder: Path | None = None) -> Iterator[Started]:
    """`syncd sandbox` in a process, stopped in order."""
    code = "from syncd.cli.sandbox import command; command()"
    words = ["--listen", "127.0.0.1:0", "--user", ALICE, *arguments]
    with subprocess.Popen(  # noqa: S603  # our own interpreter and our own code
        [sys.executable, "-c", code, *words], stdout=subprocess.PIPE, text=True, cwd=folder
    ) as process:
        assert process.stdout is not None
        named: dict[str, str] = {}
        for line in process.stdout:
            name, value = re.split(": | at ", line.rstrip("\n"), maxsplit=1)
            named[name] = value
            if name == last:
                break
        rest = ""
        while "\nThe mailboxes are gone" not in rest:
            rest += (line := process.stdout.readline())
            assert line, rest
        yield Started(named, rest)
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0


def server_of(said: Started, tmp_path: Path) -> Server:
    """The section that was printed, as syncd reads it in a file elsewhere."""
    section = re.search(r"^\[servers\.sandbox\]\n(?:.+\n)+", said.rest, re.MULTILINE)
    assert section is not None, said.rest
    path = tmp_path / "syncd.toml"
    policy = '[policies.p]\nserver = "sandbox"\n[policies.p.contacts]\n'
    path.write_text(f'[store]\nurl = "sqlite:///syncd.db"\n{section[0]}{policy}')
    return load(path).servers["sandbox"]


def test_the_command_says_how_to_sign_in(tls: Path) -> None:
    """What `syncd sandbox --tls` prints is all that msal needs for a token."""
    with started("--tls", str(tls), last="CA") as box:
        said = box.named
        application = msal.ConfidentialClientApplication(
            said["Client id"],
            client_credential=said["Client secret"],
            authority=said["Sign-in"],
            instance_discovery=False,
            verify=said["CA"],
        )
        found = application.acquire_token_for_client([f"{GRAPH}/.default"])
    assert "access_token" in found
    assert said["Sign-in"].endswith(said["Tenant"])
    assert said["Graph"].endswith("/v1.0")


def test_the_command_prints_a_section_for_graph(tls: Path, tmp_path: Path) -> None:
    """It is taken as it stands, wherever it is pasted; how a code is approved is there, too."""
    with started("--tls", tls.name, last="CA", folder=tls.parent) as box:
        server = server_of(box, tmp_path)
        found = re.search(r"^  (curl .*)$", box.rest, re.MULTILINE)
        assert found is not None
        words = shlex.split(found[1])
        where = words.pop()
        assert requests.get(where, verify=words[2], timeout=5).json() == {"waiting": []}
    assert (server.backend, server.auth) == ("graph", "certificate")
    assert server.endpoint == box.named["Graph"]
    assert server.authority == box.named["Sign-in"].rpartition("/")[0]
    assert (server.tenant, server.client_id) == (box.named["Tenant"], box.named["Client id"])
    assert (server.certificate_file, server.verify_tls) == (tls / "client.pem", tls / "ca.pem")
    assert words == [
        "curl", "--cacert", str(tls / "ca.pem"),
        "-d", "user_code=CODE", "-d", f"user={ALICE}", "-d", "approve=true",
    ]  # fmt: skip


def test_the_command_prints_a_section_for_ews(tmp_path: Path) -> None:
    """Without TLS it is one for EWS, with the password in a file, and the line that makes it."""
    with started("--password", "it's", last="Faults and clock") as box:
        line = re.search(r"# (printf .*)$", box.rest, re.MULTILINE)
        assert line is not None
        subprocess.run(["/bin/sh", "-c", line[1]], cwd=tmp_path, check=True)  # noqa: S603
        server = server_of(box, tmp_path)
    assert (server.backend, server.username) == ("ews", "svc-syncd")
    assert server.endpoint == box.named["EWS"]
    assert (tmp_path / "password").read_text() == "it's"
    assert "curl" not in box.rest
