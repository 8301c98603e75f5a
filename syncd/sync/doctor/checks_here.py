"""The checks of this machine: the configuration, what it names, the store."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path

from cryptography import x509

from syncd.outlook.authentication.certificate import CredentialUnusable, read_certificate
from syncd.settings.check import check_machine
from syncd.settings.load import load
from syncd.settings.mistakes import BadConfiguration
from syncd.settings.pem import refusal_of_pair
from syncd.settings.secrets import credential_file, exposed_in
from syncd.settings.server import Auth, Server
from syncd.sync.doctor import opening
from syncd.sync.doctor.causes import found
from syncd.sync.doctor.finding import Finding
from syncd.sync.doctor.patients import (
    SOON,
    Installation,
    ServerPatient,
    StoreClosed,
    served_by,
)

_NAMES = ("tenant", "client_id")
_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


def configuration(here: Installation) -> Iterator[Finding]:
    """Whether the file is there and has no mistake, and what is unwise in it."""
    path = here.path
    try:
        loaded = load(path)
    except BadConfiguration as bad:
        if not path.exists():
            yield found("configuration-missing", path=path)
            return
        for mistake in bad.mistakes:
            yield found("configuration-mistake", path=path, mistake=mistake)
        return
    here.configuration = loaded
    wanted = here.wanted.server
    if wanted is not None and wanted not in loaded.servers:
        known = ", ".join(loaded.servers) or "none"
        yield found("server-unknown", named=wanted, known=known)
        here.configuration = None
        return
    well, machine = True, check_machine(loaded)
    if path.stat().st_mode & _OTHERS_WRITE:
        well = False
        yield found("configuration-exposed", path=path)
    for warning in machine.warnings:
        if warning.path == "policies" or warning.path.startswith("policies."):
            todo = f"{warning.suggestion or ''}".rstrip(".")
            said, well = f"{warning.path}: {warning.message}", False
            yield found("configuration-unwise", mistake=said, todo=f"{_sentence(todo)}.")
    if machine.mistakes:
        yield found("configuration-read", path=path)
    elif well:
        yield found("configuration-fine", path=path)


def secrets(server: ServerPatient) -> Iterator[Finding]:
    """Whether what a server signs in with is there, kept to its owner, and good for a while."""
    section, at, well = server.section, f"servers.{server.name}.", True
    for mistake in check_machine(server.configuration).mistakes:
        key = mistake.path.removeprefix(at)
        if key == mistake.path or key == "verify_tls" or _is_unpaired(section, key):
            continue  # another server's; told with TLS; told below
        well, todo = False, f"{_sentence(mistake.suggestion or '')}."
        code = "sign-in-example" if key in _NAMES else "secret-missing"
        yield found(code, server=server.name, key=key, what=mistake.message, todo=todo)
    for file in exposed_in(section).values():
        well = False
        yield found("secret-exposed", server=server.name, file=file)
    if section.auth is Auth.CERTIFICATE and section.certificate_file is not None:
        for each in _certificate(server, credential_file(section.certificate_file)):
            well = False
            yield each
    if section.auth is Auth.SECRET:
        yield found("secret-plain", server=server.name)
    elif well:
        code = "secrets-each" if opening.each_signs_in(section) else "secrets-fine"
        yield found(code, server=server.name)


def _certificate(server: ServerPatient, file: Path) -> Iterator[Finding]:
    if not file.is_file():
        return  # told already
    try:
        certificate = x509.load_pem_x509_certificate(file.read_bytes())
    except (ValueError, OSError):
        certificate = None
    if certificate is None or refusal_of_pair(file) is not None:
        yield found("certificate-unreadable", server=server.name, file=file)
        return
    now, holes = server.now(), {"server": server.name, "file": file}
    since, until = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if until < now:
        yield found("certificate-expired", date=f"{until:%Y-%m-%d}", **holes)
        return
    if since > now:
        yield found("certificate-early", date=f"{since:%Y-%m-%d}", **holes)
        return
    try:
        read_certificate(file)
    except CredentialUnusable as unusable:
        todo = f"{_sentence(unusable.todo)}."
        yield found("secret-missing", server=server.name, what=unusable.what, todo=todo)
        return
    if until - now < SOON:
        days = (until - now).days
        yield found("certificate-expires", date=f"{until:%Y-%m-%d}", days=days, **holes)


def _is_unpaired(section: Server, key: str) -> bool:
    """Whether a mistake is of a certificate's file that is there: that is looked into."""
    file = section.certificate_file
    return key == "certificate_file" and file is not None and credential_file(file).is_file()


def store(here: Installation) -> Iterator[Finding]:
    """Whether the store opens, and who is served."""
    assert here.configuration is not None  # noqa: S101 - the check before this one
    try:
        here.engine = here.open_store(here.configuration)
    except StoreClosed as closed:
        yield found("store-closed", what=closed.what, todo=closed.todo)
        return
    here.served = served_by(here.engine)
    known = {row.address for row in here.served}
    yield found("store-fine", count=len(known))
    servers = [each.name for each in here.servers()]
    where = ("each of the servers " if len(servers) > 1 else "the server ") + ", ".join(servers)
    for address in here.strangers():
        yield found("mailbox-not-served", mailbox=address, servers=where)


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}".rstrip(".")
