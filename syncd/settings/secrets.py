"""Where a password comes from: a systemd credential, a file, or the environment."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path

from syncd.settings.configuration import Server, Store

_OTHERS = stat.S_IRWXG | stat.S_IRWXO


class SecretMissing(Exception):
    """A password cannot be had. `what` says why, `todo` what to do; neither holds any of it."""

    def __init__(self, what: str, todo: str) -> None:
        super().__init__(what)
        self.what = what
        self.todo = todo


def password_of(section: Server | Store, environment: Mapping[str, str] = os.environ) -> str | None:
    """The password that a section names, or `None`: mailboxes then have their own, or libpq knows.

    Raises SecretMissing.
    """
    if section.password_env is not None:
        return _from_environment(section.password_env, environment)
    if section.password_file is not None:
        return password_in(_credential(section.password_file, environment))
    return None


def exposure_of(
    section: Server | Store, environment: Mapping[str, str] = os.environ
) -> Path | None:
    """The password file, when others than its owner may read it.

    A systemd credential is the service manager's to protect.
    """
    file = section.password_file
    if file is None or _credential(file, environment) != file:
        return None
    try:
        return file if file.stat().st_mode & _OTHERS else None
    except OSError:
        return None  # `password_of` reports it


def _credential(file: Path, environment: Mapping[str, str]) -> Path:
    """The systemd credential of the file's name, where the service manager hands one over."""
    folder = environment.get("CREDENTIALS_DIRECTORY")
    credential = Path(folder) / file.name if folder else file
    return credential if credential.is_file() else file


def _from_environment(name: str, environment: Mapping[str, str]) -> str:
    password = environment.get(name)
    if not password:
        raise SecretMissing(f"the environment variable {name} is not set", f"export {name}=…")
    return password


def password_in(file: Path) -> str:
    """The password that is the only line of a file. Raises SecretMissing."""
    try:
        password = file.read_text(encoding="utf-8").rstrip("\r\n")
    except FileNotFoundError:
        todo = f"write the password into it, as its only line; then: chmod 600 {file}"
        raise SecretMissing(f"there is no file {file}", todo) from None
    except UnicodeDecodeError:
        raise SecretMissing(f"{file} is not UTF-8 text", "write it as plain text") from None
    except OSError as error:
        todo = f"let the user who runs syncd own it: chown syncd {file}"
        raise SecretMissing(f"{file} cannot be read: {error.strerror}", todo) from None
    if not password:
        raise SecretMissing(f"{file} is empty", "write the password into it, as its only line")
    if "\n" in password or "\r" in password:
        raise SecretMissing(f"{file} has more than one line", "leave the password as its only line")
    return password
