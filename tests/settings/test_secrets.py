"""Where passwords come from, and what is said when they do not come."""

from __future__ import annotations

from pathlib import Path

import pytest

from syncd.settings.check import check_machine
from syncd.settings.configuration import Configuration
from syncd.settings.secrets import SecretMissing, exposed_in, password_in, password_of
from syncd.settings.server import Server


def server(**keys: object) -> Server:
    """A server section with these keys."""
    section = {"backend": "ews", "endpoint": "https://mail.example.test/", **keys}
    return Server.model_validate(section)


def with_file(file: Path, content: bytes | None, mode: int = 0o600) -> Server:
    """A server whose password file holds `content`; `None` leaves the file out."""
    if content is not None:
        file.write_bytes(content)
        file.chmod(mode)
    return server(username="svc", password_file=f"{file}")


@pytest.mark.parametrize(
    ("content", "password"),
    [
        (b"pw", "pw"),
        (b"pw\n", "pw"),
        (b"pw\r\n", "pw"),
        (b" p w \n", " p w "),
        ("pä".encode(), "pä"),
    ],
)
def test_a_password_file_is_read_without_its_line_end(
    tmp_path: Path, content: bytes, password: str
) -> None:
    """An editor's line end is no part of a password; blanks are."""
    assert password_of(with_file(tmp_path / "pw", content), {}) == password


def test_a_systemd_credential_goes_before_the_file_of_its_name(tmp_path: Path) -> None:
    """The daemon need not be able to read the file that the service manager read for it."""
    (tmp_path / "credentials").mkdir()
    (tmp_path / "credentials" / "pw").write_text("from systemd")
    found = with_file(tmp_path / "pw", b"from the file", 0o644)
    environment = {"CREDENTIALS_DIRECTORY": f"{tmp_path / 'credentials'}"}
    assert password_of(found, environment) == "from systemd"
    assert exposed_in(found, environment) == {}


def test_the_environment_and_no_password_at_all() -> None:
    """A variable may hold the password; a server without a username has none."""
    assert password_of(server(username="svc", password_env="PW"), {"PW": "x"}) == "x"
    assert password_of(server(), {}) is None


@pytest.mark.parametrize(
    ("content", "what"),
    [(None, "there is no file"), (b"", "is empty"), (b"\n", "is empty"), (b"\xff", "not UTF-8")],
)
def test_a_missing_password_says_why_and_what_to_do(
    tmp_path: Path, content: bytes | None, what: str
) -> None:
    """Nothing is sent with an empty password, which would lock the account."""
    with pytest.raises(SecretMissing) as missing:
        password_of(with_file(tmp_path / "pw", content), {})
    assert what in missing.value.what
    assert missing.value.todo


@pytest.mark.parametrize(
    ("mode", "warned"), [(0o600, False), (0o400, False), (0o640, True), (0o604, True)]
)
def test_a_password_that_others_may_read_is_a_warning(
    tmp_path: Path, mode: int, warned: bool
) -> None:
    """It works, and the admin hears of it."""
    found = with_file(tmp_path / "pw", b"x", mode)
    assert bool(exposed_in(found, {})) is warned


def test_a_folder_is_no_password(tmp_path: Path) -> None:
    """It is not a matter of whose it is."""
    with pytest.raises(SecretMissing) as missing:
        password_in(tmp_path)
    assert (missing.value.what, missing.value.todo) == (
        f"{tmp_path} is a folder", "name the file in it that has the password",
    )  # fmt: skip


def test_the_machine_is_checked_for_everything_at_once(tmp_path: Path) -> None:
    """Missing files are mistakes; what is unwise but works is a warning."""
    written = {
        "servers": {
            "one": {
                "backend": "ews", "endpoint": "https://mail.example.test/", "username": "svc",
                "password_file": "missing", "verify_tls": "missing.pem",
            },
            "two": {
                "backend": "ews", "endpoint": "https://mail.example.test/", "verify_tls": False,
            },
        },
        "policies": {"sales": {"server": "one"}},
    }  # fmt: skip
    context = {"folder": tmp_path}
    found = check_machine(Configuration.model_validate(written, context=context))
    assert [each.path for each in found.mistakes] == [
        "servers.one.password_file",
        "servers.one.verify_tls",
    ]
    assert [each.path for each in found.warnings] == ["servers.two.verify_tls", "policies.sales"]
