"""The checks of signing in, and of what that grants."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from syncd.model.contact import CONTACT
from syncd.outlook.errors import MailboxError, Sort
from syncd.outlook.port import Backend
from syncd.settings.secrets import SecretMissing
from syncd.sync.doctor import concluding, opening
from syncd.sync.doctor.causes import found
from syncd.sync.doctor.finding import Finding
from syncd.sync.doctor.patients import MailboxPatient, ServerPatient
from syncd.sync.mailboxes import Misconfigured

# What syncd needs: of an application, and of a user who signs in. Either may come by Exchange's
# own role assignments instead, which no token tells.
NEEDED: Mapping[Backend, frozenset[str]] = {
    Backend.GRAPH: frozenset({"Contacts.ReadWrite", "MailboxSettings.ReadWrite"}),
    Backend.EWS: frozenset({"full_access_as_app", "EWS.AccessAsApp", "EWS.AccessAsUser.All"}),
}
_OF_IDENTITY = frozenset({"openid", "profile", "email", "offline_access"})  # every sign-in's
_MOST_TRIED = 3  # mailboxes, to tell a tenant that blocks EWS from a mailbox that does


@dataclass(frozen=True, slots=True)
class Granted:
    """What a token says was granted: to the application everywhere, or by the user to it.

    `principal` is the id of whom it was given to: of an application, its service principal's.
    """

    application: frozenset[str]
    user: frozenset[str]
    principal: str


def sign_in(server: ServerPatient) -> Iterator[Finding]:
    """Whether the application, or the service account, is let in at all."""
    section = server.section
    if opening.each_signs_in(section):
        yield found("sign-in-each", server=server.name)
        return
    if section.by_password:
        yield _by_password(server)
        return
    try:
        server.token = opening.tokens(server.configuration, section, "").token()
    except SecretMissing as missing:
        yield found("secret-missing", server=server.name, what=missing.what, todo=missing.todo)
        return
    except MailboxError as error:
        yield concluding.of_sign_in(server, error)
        return
    trouble = _trouble(server) if server.backend is Backend.EWS else None
    who = f"the application {section.client_id}" if section.client_id else "the machine itself"
    yield trouble or found("sign-in-fine", server=server.name, who=who)


def _by_password(server: ServerPatient) -> Finding:
    """Passwords are tried with a mailbox: there is nothing else to ask for."""
    if not _triable(server):
        return found("sign-in-untried", server=server.name)
    who = f"the account {server.section.username}"
    return _trouble(server) or found("sign-in-fine", server=server.name, who=who)


def _triable(server: ServerPatient) -> list[MailboxPatient]:
    """Mailboxes that are entered by the server's own sign-in, and may be asked."""
    return [
        each
        for each in (*server.mailboxes(), *server.outsider())
        if not opening.is_own(each.row) and not each.is_asked
    ]


def _trouble(server: ServerPatient) -> Finding | None:
    """What is the matter with the server whatever the mailbox: with the first that says so.

    A refused password is tried once. Where EWS is blocked for one mailbox, a few more are asked.
    """
    blocked: MailboxError | None = None
    for patient in _triable(server)[:_MOST_TRIED]:
        try:
            with patient.open() as port:
                port.folder(CONTACT, "default", create=False)
        except Misconfigured as problem:
            return found("secret-missing", server=server.name, what=problem.what, todo=problem.todo)
        except MailboxError as error:
            if not concluding.is_blocked(server, error):
                return concluding.of_server(server, error)
            blocked = error
        else:
            return None
    return None if blocked is None else concluding.of_blocked(server, blocked)


def permissions(server: ServerPatient) -> Iterator[Finding]:
    """What was granted, each that is needed and each that is not, as the token says."""
    if server.token is None:
        return
    section = server.section
    client = section.client_id or "the managed identity"
    holes = {"server": server.name, "client": client}
    granted = granted_by(server.token)
    server.principal = granted.principal if granted is not None else server.principal
    holes["principal"] = server.principal
    if granted is None:
        yield found("permissions-unread", **holes)
        return
    needed = NEEDED[server.backend]
    for code, given in (
        ("permission-tenant-wide", granted.application & needed),
        ("permission-surplus", granted.application - needed),
    ):
        if given:
            yield found(code, permission=", ".join(sorted(given)), **holes)
    if not granted.application:
        yield found("permissions-scoped", **holes)


def consent(patient: MailboxPatient) -> Iterator[Finding]:
    """What a user who signed in has let syncd do, as the token says."""
    server = patient.server
    holes = {
        "server": server.name, "mailbox": patient.address,
        "client": server.section.client_id or "CLIENTID",
    }  # fmt: skip
    token = opening.tokens(server.configuration, server.section, patient.address).token()
    granted = granted_by(token)
    if granted is None:
        yield found("consent-unread", **holes)
        return
    needed = NEEDED[server.backend]
    missing = needed - granted.user if server.backend is Backend.GRAPH else frozenset[str]()
    surplus = granted.user - needed - _OF_IDENTITY
    for permission in sorted(missing):
        yield found("consent-missing", permission=permission, **holes)
    for permission in sorted(surplus):
        yield found("consent-surplus", permission=permission, **holes)
    if not missing and not surplus:
        said = " and ".join(sorted(needed & granted.user))
        yield found("consent-fine", needed=said, **holes)


def granted_by(token: str) -> Granted | None:
    """What an access token says of itself; `None` where it cannot be read.

    Nothing is decided by it, so that its signature does not matter: the server checks that.
    """
    try:
        part = token.split(".")[1]
        claims = json.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (IndexError, ValueError):
        return None
    if not isinstance(claims, dict):
        return None
    roles, scopes = claims.get("roles") or [], claims.get("scp")
    if not isinstance(roles, list):
        return None
    given = frozenset(scopes.split()) if isinstance(scopes, str) else frozenset[str]()
    principal = f"{claims.get('oid') or 'PRINCIPALID'}"
    return Granted(frozenset(f"{each}" for each in roles), given, principal)


def outside(server: ServerPatient) -> Iterator[Finding]:
    """Whether a mailbox that is none of syncd's business is closed to it, as it should be."""
    address = server.wanted.outside
    if address is None:
        return
    if address.strip().lower() in {row.address for row in server.installation.served}:
        yield found("outside-served", server=server.name, mailbox=address)
        return
    holes: dict[str, object] = {"server": server.name, "mailbox": address}
    if opening.each_signs_in(server.section):
        yield found("outside-each", **holes)
        return
    patient = server.stranger(address.strip().lower())
    try:
        with patient.open() as port:
            port.folder(CONTACT, "default", create=False)
    except Misconfigured as problem:
        yield found("outside-unclear", says=problem.what, **holes)
        return
    except MailboxError as error:
        yield _outside(server, error, holes)
        return
    account = (server.section.username or "ACCOUNT").rpartition("\\")[2]
    code = "outside-reached-by-role" if server.section.by_password else "outside-reached"
    yield found(
        code, who=account, account=account, principal=server.principal,
        client=server.section.client_id or "CLIENTID", **holes,
    )  # fmt: skip


def _outside(server: ServerPatient, error: MailboxError, holes: Mapping[str, object]) -> Finding:
    verdict = concluding.of_mailbox(server.stranger(f"{holes['mailbox']}"), error).code
    if verdict in ("mailbox-unknown", "mailbox-elsewhere"):
        return found("outside-unknown", detail=error.code, **holes)
    if error.sort is Sort.DENIED:
        return found("outside-kept-out", detail=error.code, **holes)
    return found("outside-unclear", says=error.message, **holes)
