"""Where a password or a secret comes from: a systemd credential, a file, or the environment."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path

from syncd.settings.configuration import Store
from syncd.settings.server import Server

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
        return password_in(credential_file(section.password_file, environment))
    return None


def client_secret_of(server: Server, environment: Mapping[str, str] = os.environ) -> str:
    """The secret of the application that signs in to a server. Raises SecretMissing."""
    if server.client_secret_env is not None:
        return _from_environment(server.client_secret_env, environment)
    if server.client_secret_file is None:
        raise SecretMissing("the server names none", "write client_secret_file")
    return password_in(credential_file(server.client_secret_file, environment), "client secret")


def files_of(section: Server | Store) -> Mapping[str, Path]:
    """The files with secrets that a section names, by their keys."""
    keys = ["password_file"]
    if isinstance(section, Server):
        keys += ["client_secret_file", "certificate_file", "federated_token_file"]
        keys += ["sign_ins_key_file"]
    named = {key: getattr(section, key) for key in keys}
    return {key: file for key, file in named.items() if file is not None}


def exposed_in(
    section: Server | Store, environment: Mapping[str, str] = os.environ
) -> Mapping[str, Path]:
    """The files with secrets that others than their owner may read, by their keys.

    A systemd credential is the service manager's to protect, a federated token the platform's.
    """
    found = {}
    for key, file in files_of(section).items():
        if key == "federated_token_file" or credential_file(file, environment) != file:
            continue
        try:
            exposed = file.stat().st_mode & _OTHERS
        except OSError:
            continue  # whoever reads it reports that
        if exposed:
            found[key] = file
    return found


def credential_file(file: Path, environment: Mapping[str, str] = os.environ) -> Path:
    """The systemd credential of the file's name, where the service manager hands one over."""
    folder = environment.get("CREDENTIALS_DIRECTORY")
    credential = Path(folder) / file.name if folder else file
    return credential if credential.is_file() else file


def _from_environment(name: str, environment: Mapping[str, str]) -> str:
    password = environment.get(name)
    if not password:
        raise SecretMissing(f"the environment variable {name} is not set", f"export {name}=…")
    return password


def password_in(file: Path, word: str = "password") -> str:
    """The password that is the only line of a file. Raises SecretMissing."""
    try:
        password = file.read_text(encoding="utf-8").rstrip("\r\n")
    except FileNotFoundError:
        todo = f"write the {word} into it, as its only line; then: chmod 600 {file}"
        raise SecretMissing(f"there is no file {file}", todo) from None
    except IsADirectoryError:
        todo = f"name the file in it that has the {word}"
        raise SecretMissing(f"{file} is a folder", todo) from None
    except UnicodeDecodeError:
        raise SecretMissing(f"{file} is not UTF-8 text", "write it as plain text") from None
    except OSError as error:
        todo = f"let the user who runs syncd own it: chown syncd {file}"
        raise SecretMissing(f"{file} cannot be read: {error.strerror}", todo) from None
    if not password:
        raise SecretMissing(f"{file} is empty", f"write the {word} into it, as its only line")
    if "\n" in password or "\r" in password:
        raise SecretMissing(f"{file} has more than one line", f"leave the {word} as its only line")
    return password
