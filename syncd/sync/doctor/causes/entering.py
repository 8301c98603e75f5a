"""What can be wrong with signing in, and with what the sign-in brought along.

Why Entra refuses a sign-in stands in `outlook/authentication/refusals.py`, and nowhere else.
"""

from __future__ import annotations

from collections.abc import Mapping

from syncd.sync.doctor.finding import Bar, Cause, Level

_NOBODY = "No mailbox of this server is synced."

TO_GRAPH = (
    'In [servers.{server}] write backend = "graph" and take out `endpoint`, let the application '
    "in for contacts (deploy/entra/README.md), and look at what changes; links stay. Until 1 April "
    "2027 the tenant can let this one application use EWS: read who is on its list, and write the "
    "list anew with all of them, for it is replaced as a whole."
)
ALLOW = (
    "syncd config validate",
    "syncd doctor --server {server}",
    (
        "Get-OrganizationConfig -RetrieveEwsOperationAccessPolicy | "
        "Format-List EwsEnabled, EwsAllowedAppIDs"
    ),
    'Set-OrganizationConfig -EwsAllowedAppIDs "{listed}{client}"',
    "Set-OrganizationConfig -EwsEnabled $true",
)

ENTERING: Mapping[str, Mapping[str, Cause]] = {
    "sign-in": {
        "sign-in-fine": Cause(Level.OK, "Signed in as {who}."),
        "sign-in-each": Cause(
            Level.OK, "Each mailbox signs in by itself; how that goes is told with the mailbox."
        ),
        "sign-in-untried": Cause(
            Level.WARNING,
            "No mailbox is served by this server yet, so the sign-in was not tried.",
            "It is not known whether the password is right.",
            "Name a mailbox to try it with.",
            ("syncd doctor MAILBOX --server {server}",),
        ),
        "sign-in-refused": Cause(Level.FAILURE, "{says} ({detail}).", _NOBODY, "{todo}."),
        "sign-in-busy": Cause(
            Level.FAILURE,
            "The sign-in did not come about for now: {says}.",
            "syncd tries again by itself.",
            "Wait a little and look again; see also https://status.cloud.microsoft",
            bar=Bar.NETWORK,
        ),
        "account-refused": Cause(
            Level.FAILURE,
            "The server refuses the account {who}, or its password.",
            "No mailbox that it serves is synced. syncd tries a refused password once, for more "
            "would lock the account.",
            "The password may be wrong or expired, the account locked or disabled: EWS tells these "
            "not apart, Active Directory does. Put it right there, write the password into "
            "{secret}, then look again. With NTLM, write the account as DOMAIN\\name.",
            (
                "Get-ADUser {account} -Properties Enabled, LockedOut, PasswordExpired",
                "Unlock-ADAccount {account}",
            ),
        ),
        "account-expired": Cause(
            Level.FAILURE,
            "The password of {who} has expired.",
            "No mailbox that it serves is synced.",
            "Give the account a new one, and write it into {secret}.",
            ("Set-ADUser {account} -PasswordNeverExpires $true",),
        ),
        "method-refused": Cause(
            Level.FAILURE,
            "The server does not offer the sign-in {auth}.",
            _NOBODY,
            "Turn it on at the server, or write another one as `auth` in [servers.{server}].",
            (
                (
                    "Set-WebServicesVirtualDirectory -Identity 'SERVER\\EWS (Default Web Site)' "
                    "-WindowsAuthentication $true"
                ),
                'auth = "basic"',
            ),
            Bar.CONFIGURATION,
        ),
        "ews-blocked": Cause(
            Level.FAILURE,
            "EWS is blocked here (HTTP 403). Exchange Online refuses it since October 2026 to all "
            "applications that a tenant does not list, and from 1 April 2027 on to all.",
            _NOBODY,
            TO_GRAPH,
            ALLOW,
        ),
        "ews-refused": Cause(
            Level.FAILURE,
            "The server refuses EWS to syncd (HTTP 403).",
            _NOBODY,
            "It may be turned off, or be for programs on a list alone; syncd calls itself syncd. "
            "See which, and put it on the list.",
            (
                (
                    "Get-OrganizationConfig | Format-List EwsEnabled, EwsApplicationAccessPolicy, "
                    "EwsAllowList, EwsBlockList"
                ),
                (
                    "Set-OrganizationConfig -EwsApplicationAccessPolicy EnforceAllowList "
                    '-EwsAllowList @{{Add="syncd"}}'
                ),
            ),
        ),
        "endpoint-wrong": Cause(
            Level.FAILURE,
            "There is no EWS at {endpoint} ({detail}).",
            _NOBODY,
            "Check `{key}` in [servers.{server}]; ask the server where it is.",
            ("Get-WebServicesVirtualDirectory | Format-List ExternalUrl, InternalUrl",),
            Bar.CONFIGURATION,
        ),
        "endpoint-moves": Cause(
            Level.FAILURE,
            "{endpoint} redirects elsewhere ({detail}).",
            _NOBODY + " A password is never sent on to where an answer points.",
            "Check `{key}` in [servers.{server}]: https:// and not http://, and no web page.",
            ("Get-WebServicesVirtualDirectory | Format-List ExternalUrl, InternalUrl",),
            Bar.CONFIGURATION,
        ),
        "server-unreachable": Cause(
            Level.FAILURE,
            "The server does not answer as it should: {says} ({detail}).",
            _NOBODY + " syncd tries again by itself.",
            "Check `{key}` and the network of [servers.{server}], then look again.",
            ("syncd doctor --server {server}",),
            Bar.NETWORK,
        ),
        "server-old": Cause(
            Level.FAILURE,
            "The server is older than Exchange 2016.",
            _NOBODY,
            "Name a server of Exchange 2016, 2019 or SE in [servers.{server}].",
            bar=Bar.CONFIGURATION,
        ),
        "autodiscover-failed": Cause(
            Level.FAILURE,
            "Autodiscover does not lead to a server: {says}.",
            _NOBODY,
            "Write the address itself as `endpoint` in [servers.{server}]; ask the server for it. "
            "An application that Exchange Online scopes (RBAC) cannot use autodiscover at all.",
            ("Get-WebServicesVirtualDirectory | Format-List ExternalUrl, InternalUrl",),
            Bar.CONFIGURATION,
        ),
    },
    "permissions": {
        "permissions-scoped": Cause(
            Level.OK,
            "Nothing is consented in Entra, so that Exchange decides by its role assignments which "
            "mailboxes are open; whether they are is told with each mailbox.",
        ),
        "permission-tenant-wide": Cause(
            Level.WARNING,
            "Consented in Entra, and in force in every mailbox of the tenant: {permission}.",
            "syncd looks only into mailboxes that it serves; who steals its key can look into all. "
            "What Exchange grants in a scope adds to that, and narrows nothing.",
            "Assign the role in a scope (deploy/entra/register.ps1), then take the consent away: "
            "Entra admin centre, Enterprise applications, {client}, Permissions; or type the "
            "second line with what the first one shows.",
            (
                "Get-MgServicePrincipalAppRoleAssignment -ServicePrincipalId {principal}",
                (
                    "Remove-MgServicePrincipalAppRoleAssignment -ServicePrincipalId {principal} "
                    "-AppRoleAssignmentId ID"
                ),
            ),
        ),
        "permission-surplus": Cause(
            Level.WARNING,
            "Granted in Entra, and nothing that syncd needs: {permission}.",
            "syncd does not use that; who steals its key could.",
            "Take it away: Entra admin centre, App registrations, {client}, API permissions, "
            "{permission}: Revoke admin consent, then Remove permission.",
        ),
        "permissions-unread": Cause(
            Level.WARNING,
            "What the sign-in grants cannot be read out of its token.",
            "Whether too much is granted is not known; what is missing shows with each mailbox.",
            "Ask Exchange itself.",
            ("Test-ServicePrincipalAuthorization -Identity {client} -Resource MAILBOX",),
        ),
    },
}
