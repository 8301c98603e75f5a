"""What the refusals of a sign-in mean: one table, by AADSTS code, else by the `error` of OAuth.

Source: "Microsoft Entra authentication and authorization error codes", and RFC 6749, 5.2. The
server's own words are not passed on: they quote identifiers, and say what a program went through,
not what a person is to do. The code is, for whoever looks it up.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from syncd.outlook.authentication.credentials import (
    Application,
    Certificate,
    Delegated,
    Federation,
    ManagedIdentity,
    Secret,
)
from syncd.outlook.errors import MailboxError, Scope, Sort

ENTRA = "in the Entra admin centre"
_CODE = re.compile(r"\bAADSTS(\d{4,7})\b")


@dataclass(frozen=True, slots=True)
class Refusal:
    """What one code means. Both sentences have holes: {app}, {what}, {user}, {rights}, {tenant}.

    `stops`: asking again changes nothing before somebody has changed the set-up.
    """

    sort: Sort
    says: str
    todo: str
    stops: bool = True


def _denied(says: str, todo: str) -> Refusal:
    return Refusal(Sort.DENIED, says, todo)


_AGAIN = "sign in once more: syncd login {user}"
_APP = f"{ENTRA}, App registrations, {{app}}"
_CLOUD = "check tenant and cloud of the server in the configuration"

CODES: Mapping[int, Refusal] = {
    # The registration and what it proves itself by
    700016: _denied(
        "the organisation {tenant} has no application {app}",
        "check client_id and tenant; they stand on the Overview page of App registrations",
    ),
    90002: _denied("there is no organisation {tenant}", _CLOUD),
    900023: _denied("{tenant} is no organisation's id or domain", _CLOUD),
    7000215: _denied(
        "the client secret is wrong",
        f"{_APP}, Certificates & secrets: make a new one, and write its Value, not its Secret ID, "
        "into {what}",
    ),
    7000222: _denied(
        "the client secret has expired",
        f"{_APP}, Certificates & secrets: make a new one and write its Value into {{what}}; a "
        "certificate would be better",
    ),
    700027: _denied(
        "the certificate is not one that is registered for the application {app}, or has expired",
        f"{_APP}, Certificates & secrets, Certificates: upload the public part of {{what}}",
    ),
    700024: Refusal(
        Sort.TRANSIENT,
        "the sign-in is not valid at this time: the clock of this machine is wrong",
        "set the clock: timedatectl set-ntp true",
        stops=False,
    ),
    70021: _denied(
        "the application {app} trusts no token of this platform",
        f"{_APP}, Certificates & secrets, Federated credentials: add one whose issuer, subject and "
        "audience are those of the token in {what}",
    ),
    7000112: _denied(
        "the application {app} is disabled",
        f"{ENTRA}, Enterprise applications, {{app}}, Properties: set 'Enabled for users to sign "
        "in' to Yes",
    ),
    7000229: _denied(
        "the application {app} is registered, but not in use in the organisation {tenant}",
        f"{_APP}, API permissions: Grant admin consent, which puts it to use",
    ),
    7000218: _denied(
        "the application {app} does not let a user sign in on a device",
        f"{_APP}, Authentication: set 'Allow public client flows' to Yes",
    ),
    500011: _denied(
        "the organisation {tenant} does not have the service that the sign-in is for",
        "check that it uses Exchange Online, and that `cloud` names the cloud it is in",
    ),
    # What was granted
    65001: _denied(
        "the consent for {rights} is missing or was taken back",
        f"{_APP}, API permissions: add {{rights}} and Grant admin consent",
    ),
    650057: _denied(
        "the application {app} does not ask for {rights}",
        f"{_APP}, API permissions: add {{rights}} and Grant admin consent",
    ),
    65004: _denied("{user} did not agree to {rights}", _AGAIN),
    90094: _denied(
        "only an administrator may agree to {rights}",
        f"let one do so: {_APP}, API permissions, Grant admin consent; then: syncd login {{user}}",
    ),
    501051: _denied(
        "the application {app} may not be used by this account",
        f"{ENTRA}, Enterprise applications, {{app}}, Users and groups: add it",
    ),
    # The user's own sign-in
    50173: _denied("the sign-in of {user} was revoked, as after a new password", _AGAIN),
    700082: _denied("the sign-in of {user} has lapsed, for it was not used for long", _AGAIN),
    70008: _denied("the sign-in of {user} has lapsed", _AGAIN),
    70000: _denied("the sign-in of {user} was revoked", _AGAIN),
    50076: _denied("{user} is asked for a second factor", _AGAIN),
    50078: _denied("{user} is asked for the second factor again", _AGAIN),
    50055: _denied("the password of {user} has expired", f"change it, then {_AGAIN}"),
    50057: _denied(
        "the account of {user} is disabled", f"{ENTRA}, Users: enable it, or pause the mailbox"
    ),
    50034: _denied("there is no account {user} in the organisation {tenant}", _CLOUD),
    # Conditional access
    53003: _denied(
        "a rule of Conditional Access blocks the sign-in",
        f"{ENTRA}, Conditional Access: let {{app}} sign in from this machine",
    ),
    53000: _denied(
        "a rule of Conditional Access asks for a managed device",
        f"{ENTRA}, Conditional Access: let {{app}} sign in without one",
    ),
    # For now
    90033: Refusal(Sort.TRANSIENT, "the sign-in service fails for now", "", stops=False),
    50196: Refusal(Sort.THROTTLED, "the sign-in was asked for too often", "", stops=False),
}
_ALIKE: Mapping[int, Iterable[int]] = {
    90002: (900021, 90072),
    70021: (700211, 700212, 700213, 7002381),
    700027: (7000214, 700021, 500181, 700023),
    65001: (65002, 650051, 650052, 650056, 7000116),
    650057: (70011, 650053),
    50173: (50132, 50133, 500341, 70043),
    700082: (700081, 700084, 70044),
    50076: (50072, 50074, 50079, 50158),
    50034: (50020, 500201, 51004),
    53003: (530003, 530031, 530032, 500205, 50105, 53011),
    53000: (53001, 53002, 50097, 530021),
    90094: (90093, 90095),
    90033: (90012, 90013, 90024, 90055, 50001000),
}
ERRORS: Mapping[str, Refusal] = {
    "invalid_client": _denied(
        "the application {app} was refused",
        f"{_APP}: check that what is in {{what}} is registered there, and client_id and tenant",
    ),
    "unauthorized_client": _denied(
        "the application {app} may not sign in in this way", f"{_APP}: check it, and client_id"
    ),
    "invalid_grant": _denied("the sign-in was revoked or has lapsed", _AGAIN),
    "interaction_required": _denied("the sign-in of {user} is to be confirmed", _AGAIN),
    "consent_required": CODES[65001],
    "invalid_scope": CODES[650057],
    "invalid_resource": CODES[500011],
    "access_denied": CODES[65004],
    "invalid_tenant": CODES[90002],
    "temporarily_unavailable": CODES[90033],
    "server_error": CODES[90033],
}
NO_IDENTITY = _denied(
    "this machine has no such identity",
    "in the Azure portal, open the machine, Identity: switch one on, or assign the one that "
    "client_id names",
)
UNKNOWN = _denied("the sign-in was refused", f"{_APP}: look under Sign-in logs for why")
_BY_CODE = dict(CODES) | {alike: CODES[code] for code, others in _ALIKE.items() for alike in others}


def refusal_of(answer: Mapping[str, object]) -> tuple[Refusal, str]:
    """What an error answer means, and the code to look up: the server's own."""
    said = answer.get("error_codes")
    codes = [each for each in said if isinstance(each, int)] if isinstance(said, list) else []
    codes += [int(each) for each in _CODE.findall(str(answer.get("error_description", "")))]
    error = str(answer.get("error") or "refused")
    for code in codes:
        if code in _BY_CODE:
            return _BY_CODE[code], f"AADSTS{code}"
    return ERRORS.get(error, UNKNOWN), f"AADSTS{codes[0]}" if codes else error


def explained(
    answer: Mapping[str, object], application: Application, permissions: Iterable[str]
) -> tuple[MailboxError, bool]:
    """The error of an answer, in words; and whether asking again is of no use for now."""
    refusal, code = refusal_of(answer)
    credential = application.credential
    if isinstance(credential, ManagedIdentity) and refusal.sort is Sort.DENIED:
        refusal = NO_IDENTITY
    holes = {
        "app": application.client_id or "the managed identity",
        "what": _source(application),
        "user": credential.user if isinstance(credential, Delegated) else "MAILBOX",
        "rights": " and ".join(permissions),
        "tenant": application.authority.rpartition("/")[2],
    }
    says, todo = refusal.says, refusal.todo
    if todo == _AGAIN and not isinstance(credential, Delegated):  # nobody is there to sign in
        says, todo = ERRORS["invalid_client"].says, ERRORS["invalid_client"].todo
    message = f"{says}; {todo}" if todo else says
    return (
        MailboxError(refusal.sort, Scope.CREDENTIAL, code, message.format_map(holes)),
        refusal.stops,
    )


def _source(application: Application) -> str:
    match application.credential:
        case Certificate(file):
            return f"{file}"
        case Secret(where=where):
            return where
        case Federation(file):
            return f"{file}"
        case ManagedIdentity():
            return "the machine's identity"
        case Delegated(cache=file):
            return f"{file}"
