"""What the failure of a request means for a person: from codes to causes, in one place."""

from __future__ import annotations

from collections.abc import Mapping

from syncd.outlook.errors import MailboxError, Scope, Sort
from syncd.outlook.ews.errors import NO_NTLM
from syncd.outlook.port import Backend
from syncd.sync.doctor import opening
from syncd.sync.doctor.causes import found
from syncd.sync.doctor.finding import Finding
from syncd.sync.doctor.patients import MailboxPatient, ServerPatient
from syncd.sync.mailboxes import Misconfigured

# What concerns a whole server, met with the first request to any of its mailboxes.
_OF_SERVER: Mapping[str, str] = {
    "http-401": "account-refused",
    "ErrorPasswordExpired": "account-expired",
    "ErrorPasswordChangeRequired": "account-expired",
    "http-404": "endpoint-wrong",
    "http-405": "endpoint-wrong",
    "http-301": "endpoint-moves",
    "http-302": "endpoint-moves",
    "http-303": "endpoint-moves",
    "http-307": "endpoint-moves",
    "http-308": "endpoint-moves",
    "ErrorInvalidServerVersion": "server-old",
    "ErrorIncorrectSchemaVersion": "server-old",
    "ErrorWrongServerVersion": "server-old",
}

_OF_MAILBOX: Mapping[str, str] = {
    "autodiscover": "mailbox-online",
    "MailboxNotEnabledForRESTAPI": "mailbox-elsewhere",
    "MailboxNotSupportedForRESTAPI": "mailbox-elsewhere",
    "ErrorInvalidUser": "mailbox-unknown",
    "ResourceNotFound": "mailbox-unknown",
    "Request_ResourceNotFound": "mailbox-unknown",
    "ErrorNonExistentMailbox": "mailbox-unknown",
    "ErrorNonPrimarySmtpAddress": "mailbox-unknown",
    "ErrorInvalidSmtpAddress": "mailbox-unknown",
    "ErrorCannotFindUser": "mailbox-unknown",
    "ErrorImpersonateUserDenied": "impersonation-missing",
    "ErrorImpersonationDenied": "impersonation-missing",
    "ErrorImpersonationFailed": "impersonation-missing",
    "ErrorNotDelegate": "delegation-missing",
    "ErrorFolderNotFound": "delegation-missing",
    "ErrorItemNotFound": "delegation-missing",
    "ErrorAccountDisabled": "mailbox-disabled",
    "ErrorAccountSuspend": "mailbox-disabled",
    "ErrorOrganizationAccessBlocked": "mailbox-disabled",
}

_BLOCKED = "http-403"


def of_server(server: ServerPatient, error: MailboxError) -> Finding | None:
    """What a failure says of its server over EWS; `None` where it is the mailbox's own."""
    code = _OF_SERVER.get(error.code)
    if error.code == "autodiscover" and error.scope is Scope.SERVER:
        code = "autodiscover-failed"
    elif error.message == NO_NTLM.says:  # it comes with the status that a wrong password has
        code = "method-refused"
    elif error.scope is Scope.CREDENTIAL:
        code = (code or "account-refused") if server.section.by_password else None
    if code is not None:
        return found(code, detail=error.code, **holes_of(server, error))
    if error.scope is Scope.SERVER:
        return found("server-unreachable", detail=error.code, **holes_of(server, error))
    return None


def of_sign_in(server: ServerPatient, error: MailboxError) -> Finding:
    """Why Entra gave no token. The words are its own table's, which has cause and step in one."""
    says, _, todo = error.message.partition("; ")
    if error.sort is not Sort.DENIED and error.scope is Scope.SERVER:
        return found("sign-in-busy", server=server.name, says=error.message, detail=error.code)
    if not todo:
        return found("sign-in-busy", server=server.name, says=says, detail=error.code)
    holes = {"server": server.name, "says": _sentence(says), "todo": _sentence(todo)}
    return found("sign-in-refused", detail=error.code, **holes)


def of_blocked(server: ServerPatient, error: MailboxError) -> Finding:
    """EWS answers 403 wherever it is asked: in Exchange Online, where tokens are, for good."""
    code = "ews-refused" if server.section.by_password else "ews-blocked"
    return found(code, detail=error.code, **holes_of(server, error))


def is_blocked(server: ServerPatient, error: MailboxError) -> bool:
    """Whether it is the plain 403 of a tenant, or a mailbox, where EWS is turned off."""
    return server.backend is Backend.EWS and error.code == _BLOCKED


def of_mailbox(patient: MailboxPatient, error: MailboxError) -> Finding:
    """What a failure says of a mailbox."""
    server = patient.server
    holes = holes_of(server, error) | {"mailbox": patient.address}
    code = _OF_MAILBOX.get(error.code)
    if is_blocked(server, error):
        code = "mailbox-ews-blocked"
    elif error.sort is Sort.THROTTLED:
        code = "mailbox-busy"
    elif error.scope is Scope.CREDENTIAL:
        code = _not_signed_in(patient)
        says, _, todo = error.message.partition("; ")
        holes |= {"says": _sentence(says), "todo": _sentence(todo or "Sign in once more")}
    elif error.scope is Scope.SERVER:
        code = "mailbox-unreachable"
    elif code == "delegation-missing" and server.backend is Backend.GRAPH:
        code = "mailbox-failed"
    elif code is None and error.sort is Sort.DENIED:
        code = _denied(server)
    return found(code or "mailbox-failed", detail=error.code, **holes)


def of_problem(patient: MailboxPatient, problem: Misconfigured) -> Finding:
    """Why a mailbox cannot be opened as the configuration stands."""
    return found(
        "mailbox-misconfigured", says=problem.what, todo=problem.todo,
        server=patient.server.name, mailbox=patient.address,
    )  # fmt: skip


def _not_signed_in(patient: MailboxPatient) -> str:
    if opening.is_of_user(patient.server.section):
        return "mailbox-not-signed-in"
    return "mailbox-refused" if opening.is_own(patient.row) else "token-refused"


def _denied(server: ServerPatient) -> str:
    if opening.is_of_user(server.section):
        return "mailbox-denied-to-user"
    if server.backend is Backend.GRAPH or not server.section.by_password:
        return "mailbox-denied"
    return "delegation-missing"


def holes_of(server: ServerPatient, error: MailboxError) -> dict[str, object]:
    """What the texts about a failure are filled in with."""
    section = server.section
    account = section.username or "ACCOUNT"
    return {
        "server": server.name,
        "endpoint": server.where,
        "key": server.addresses[0].key if server.addresses else "endpoint",
        "auth": section.auth.value,
        "says": error.message,
        "who": account if section.by_password else f"the application {section.client_id}",
        # As Active Directory's cmdlets want it: without the domain.
        "account": account.rpartition("\\")[2].partition("@")[0],
        "client": section.client_id or "CLIENTID",
        "principal": server.principal,
        "secret": section.password_file or section.password_env or "the password file",
        "listed": "THOSE-THAT-ARE-THERE,",
    }


def _sentence(text: str) -> str:
    begins = text[:1] if "@" in text.partition(" ")[0] else text[:1].upper()  # an address stays
    return f"{begins}{text[1:]}".rstrip(".")
