"""What the machine must have for a configuration to work: files of secrets and certificates."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from syncd.settings.configuration import Configuration, Store
from syncd.settings.mistakes import Mistake
from syncd.settings.secrets import (
    SecretMissing,
    client_secret_of,
    credential_file,
    exposed_in,
    files_of,
    password_of,
)
from syncd.settings.server import Auth, Server


@dataclass(frozen=True, slots=True)
class Findings:
    """What would stop syncd here, and what is unwise but works."""

    mistakes: tuple[Mistake, ...]
    warnings: tuple[Mistake, ...]


def check_machine(configuration: Configuration) -> Findings:
    """Look for the files and variables that a configuration names. Asks no server."""
    return Findings(tuple(_mistakes(configuration)), tuple(_warnings(configuration)))


def _with_passwords(configuration: Configuration) -> Iterator[tuple[str, Server | Store]]:
    yield "store", configuration.store
    yield from ((f"servers.{name}", server) for name, server in configuration.servers.items())


def _mistakes(configuration: Configuration) -> Iterator[Mistake]:
    for name, section in _with_passwords(configuration):
        try:
            password_of(section)
        except SecretMissing as missing:
            key = "password_env" if section.password_env else "password_file"
            yield Mistake(f"{name}.{key}", missing.what, missing.todo)
    for name, server in configuration.servers.items():
        at = f"servers.{name}"
        if isinstance(server.verify_tls, Path) and not server.verify_tls.is_file():
            what = f"there is no file {server.verify_tls}"
            yield Mistake(f"{at}.verify_tls", what, "name a CA file, or write true")
        if server.auth is Auth.SECRET:
            try:
                client_secret_of(server)
            except SecretMissing as missing:
                key = "client_secret_env" if server.client_secret_env else "client_secret_file"
                yield Mistake(f"{at}.{key}", missing.what, missing.todo)
        for key, todo in _FILES.items():
            file = files_of(server).get(key)
            if file is not None and not credential_file(file).is_file():
                yield Mistake(f"{at}.{key}", f"there is no file {file}", todo)


# What there must be where it is named; passwords and secrets are read, and told of by that.
_FILES = {
    "certificate_file": "put the certificate and its private key there, as PEM text",
    "federated_token_file": "let the platform project its token there, or correct the path",
    "sign_ins_key_file": "make one: openssl rand -base64 32 > FILE; chmod 600 FILE",
}


def _warnings(configuration: Configuration) -> Iterator[Mistake]:
    for name, section in _with_passwords(configuration):
        for key, exposed in exposed_in(section).items():
            what = f"others than its owner may read {exposed}"
            yield Mistake(f"{name}.{key}", what, f"type: chmod 600 {exposed}")
    for name, server in configuration.servers.items():
        if server.verify_tls is False:
            shown = "password" if server.by_password else "token"
            what = f"anyone on the way can pose as this server and read the {shown}"
            yield Mistake(f"servers.{name}.verify_tls", what, 'write true, or "/path/ca.pem"')
        if server.auth is Auth.SECRET:
            what = "a client secret is copied easily, and expires in two years at the latest"
            suggestion = 'auth = "certificate" is better'
            yield Mistake(f"servers.{name}.auth", what, suggestion)
    if not configuration.policies:
        yield Mistake("policies", "there is no policy, so nothing is synced", "add [policies.NAME]")
    for name, policy in configuration.policies.items():
        if not policy.kinds:
            what = "names no kind of record, so nothing is synced"
            yield Mistake(f"policies.{name}", what, f"add [policies.{name}.contacts]")
