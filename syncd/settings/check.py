"""What the machine must have for a configuration to work: files of secrets and certificates."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from syncd.settings.configuration import Configuration, Store
from syncd.settings.mistakes import Mistake
from syncd.settings.pem import NAME_A_CA, refusal_of_ca, refusal_of_pair
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
        for key, what, todo in _of_server(server):
            yield Mistake(f"servers.{name}.{key}", what, todo)


def _of_server(server: Server) -> Iterator[tuple[str, str, str]]:
    """Of each key that will not do here: its name, what is wrong, what to do."""
    if isinstance(server.verify_tls, Path):
        untrusting = refusal_of_ca(server.verify_tls)
        if untrusting is not None:
            yield "verify_tls", untrusting, NAME_A_CA
    for key, (examples, todo) in _EXAMPLES.items():
        if getattr(server, key) in examples:
            yield key, f'"{getattr(server, key)}" is only the example\'s', todo
    if server.auth is Auth.SECRET:
        try:
            client_secret_of(server)
        except SecretMissing as missing:
            key = "client_secret_env" if server.client_secret_env else "client_secret_file"
            yield key, missing.what, missing.todo
    for key, todo in _FILES.items():
        file = files_of(server).get(key)
        if file is None:
            continue
        there = credential_file(file)
        if not there.is_file():
            yield key, f"there is no file {file}", todo
        elif key == "certificate_file":
            unpaired = refusal_of_pair(there)
            if unpaired is not None:
                yield key, unpaired, todo


# What the examples have in the place of what is each organisation's own.
_EXAMPLES = {
    "tenant": (
        ("contoso.onmicrosoft.com", "example.onmicrosoft.com", "TENANT"),
        "write your organisation's own, as the Overview page of the Entra admin centre shows it",
    ),
    "client_id": (
        ("11111111-2222-3333-4444-555555555555", "CLIENT_ID"),
        "write the Application (client) ID that App registrations shows",
    ),
}

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
