"""What the machine must have for a configuration to work: password and certificate files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from syncd.settings.configuration import Configuration, Server, Store
from syncd.settings.mistakes import Mistake
from syncd.settings.secrets import SecretMissing, exposure_of, password_of


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
        if isinstance(server.verify_tls, Path) and not server.verify_tls.is_file():
            what = f"there is no file {server.verify_tls}"
            yield Mistake(f"servers.{name}.verify_tls", what, "name a CA file, or write true")


def _warnings(configuration: Configuration) -> Iterator[Mistake]:
    for name, section in _with_passwords(configuration):
        exposed = exposure_of(section)
        if exposed is not None:
            what = f"others than its owner may read {exposed}"
            yield Mistake(f"{name}.password_file", what, f"type: chmod 600 {exposed}")
    for name, server in configuration.servers.items():
        if server.verify_tls is False:
            what = "anyone on the way can pose as this server and read the password"
            yield Mistake(f"servers.{name}.verify_tls", what, 'write true, or "/path/ca.pem"')
    if not configuration.policies:
        yield Mistake("policies", "there is no policy, so nothing is synced", "add [policies.NAME]")
    for name, policy in configuration.policies.items():
        if not policy.kinds:
            what = "names no kind of record, so nothing is synced"
            yield Mistake(f"policies.{name}", what, f"add [policies.{name}.contacts]")
