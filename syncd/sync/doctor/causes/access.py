"""What can be wrong with a mailbox that is to be reached, and with one that is not to be."""

from __future__ import annotations

from collections.abc import Mapping

from syncd.sync.doctor.finding import Bar, Cause, Level

_NOT_SYNCED = "This mailbox is not synced."

ACCESS: Mapping[str, Mapping[str, Cause]] = {
    "outside": {
        "outside-kept-out": Cause(
            Level.OK, "{mailbox} is closed to syncd, as it should be ({detail})."
        ),
        "outside-each": Cause(
            Level.OK,
            "Each mailbox signs in by itself here: there is nothing to open another one with.",
        ),
        "outside-reached": Cause(
            Level.FAILURE,
            "{mailbox} is open to syncd, and should not be.",
            "syncd leaves it alone, for it is not served; who steals what syncd signs in with can "
            "read it.",
            "Scope the role to those who are served, and take away any consent in Entra: grants "
            "add up, and one without a scope opens every mailbox. It takes up to 2 hours to show.",
            (
                (
                    "New-ManagementScope -Name 'syncd mailboxes' -RecipientRestrictionFilter "
                    "\"MemberOfGroup -eq '$((Get-Group GROUP).DistinguishedName)'\""
                ),
                (
                    "New-ManagementRoleAssignment -App {principal} -Role 'Application "
                    "Contacts.ReadWrite' -CustomResourceScope 'syncd mailboxes'"
                ),
                (
                    "New-ManagementRoleAssignment -App {principal} -Role 'Application "
                    "MailboxSettings.ReadWrite' -CustomResourceScope 'syncd mailboxes'"
                ),
                "Get-MgServicePrincipalAppRoleAssignment -ServicePrincipalId {principal}",
                (
                    "Remove-MgServicePrincipalAppRoleAssignment -ServicePrincipalId {principal} "
                    "-AppRoleAssignmentId ID"
                ),
            ),
        ),
        "outside-reached-by-role": Cause(
            Level.FAILURE,
            "{mailbox} is open to {who}, and should not be.",
            "syncd leaves it alone, for it is not served; who steals the password can read it.",
            "Scope the role to those who are served: the second line names the assignment that has "
            "no scope, the third gives it one.",
            (
                (
                    "New-ManagementScope -Name 'syncd mailboxes' -RecipientRestrictionFilter "
                    "\"MemberOfGroup -eq '$((Get-Group GROUP).DistinguishedName)'\""
                ),
                (
                    "Get-ManagementRoleAssignment -RoleAssignee {account} "
                    "-Role ApplicationImpersonation"
                ),
                (
                    "Set-ManagementRoleAssignment ASSIGNMENT -CustomRecipientWriteScope "
                    "'syncd mailboxes'"
                ),
            ),
        ),
        "outside-served": Cause(
            Level.FAILURE,
            "{mailbox} is served by syncd, so that it cannot be outside.",
            "Whether syncd is kept out of other mailboxes was not looked at.",
            "Name a mailbox that syncd has no business in.",
            ("syncd doctor --outside ADDRESS",),
            Bar.CONFIGURATION,
        ),
        "outside-unknown": Cause(
            Level.WARNING,
            "There is no mailbox {mailbox} here ({detail}), which proves nothing.",
            "Whether syncd is kept out of other mailboxes is not known.",
            "Name one that exists.",
            ("syncd doctor --outside ADDRESS",),
        ),
        "outside-unclear": Cause(
            Level.WARNING,
            "Whether {mailbox} is closed to syncd could not be found out: {says}.",
            "Whether syncd is kept out of other mailboxes is not known.",
            "Look again later.",
        ),
    },
    "state": {
        "mailbox-suspended": Cause(
            Level.FAILURE,
            "The mailbox is suspended. What was noted then: {trouble}.",
            "It is not synced until somebody lets it go on, or a refused sign-in is tried again "
            "and taken.",
            "Put right what is told here, if anything is; then let it go on, or all at once that "
            "are suspended or paused (the second line).",
            ("syncd resume {mailbox}", "syncd resume --all"),
        ),
        "mailbox-paused": Cause(
            Level.WARNING,
            "The mailbox is paused: somebody told syncd to leave it alone.",
            "It is not synced until somebody lets it go on.",
            "Let it go on when you like.",
            ("syncd resume {mailbox}",),
        ),
    },
    "mailbox": {
        "mailbox-fine": Cause(Level.OK, "The mailbox is open to syncd."),
        "mailbox-not-here": Cause(
            Level.OK,
            "The mailbox is not on this server ({detail}).",
            "It is looked for on the other servers that it may be on.",
            stops=True,
        ),
        "mailbox-nowhere": Cause(
            Level.FAILURE,
            "None of the servers of its policy has this mailbox: {servers}.",
            _NOT_SYNCED,
            "Check the address: it must be the primary one. One that is being moved from one "
            "server to another is found by itself once that is done.",
            ("syncd users change {mailbox} --address NEW",),
        ),
        "mailbox-unfound": Cause(
            Level.FAILURE,
            "No server of the configuration has this mailbox: {servers}.",
            "It could not be synced.",
            "Check the address: it must be the primary one.",
            ("syncd doctor ADDRESS",),
        ),
        "mailbox-denied": Cause(
            Level.FAILURE,
            "syncd is not let into this mailbox ({detail}).",
            _NOT_SYNCED,
            "Put it into the group whose members the scope has, directly and not by another "
            "group, and ask Exchange. If it says InScope True, wait: it takes up to 2 hours.",
            (
                "Add-DistributionGroupMember -Identity GROUP -Member {mailbox}",
                "Test-ServicePrincipalAuthorization -Identity {client} -Resource {mailbox}",
            ),
        ),
        "mailbox-denied-to-user": Cause(
            Level.FAILURE,
            "The one who signed in is not let into this mailbox ({detail}).",
            _NOT_SYNCED,
            "A sign-in by device opens the mailbox of its own user alone. Let that user sign in.",
            ("syncd login {mailbox}",),
        ),
        "mailbox-not-signed-in": Cause(
            Level.FAILURE, "{says} ({detail}).", _NOT_SYNCED, "{todo}.", ("syncd login {mailbox}",)
        ),
        "mailbox-online": Cause(
            Level.FAILURE,
            "{says}.",
            _NOT_SYNCED,
            'Give Exchange Online a section with backend = "graph", and let the policy name both '
            "servers.",
            ('server = ["cloud", "{server}"]',),
        ),
        "mailbox-elsewhere": Cause(
            Level.FAILURE,
            "Graph does not serve this mailbox ({detail}): it is on a server of your own, or has "
            "no licence for Exchange Online.",
            _NOT_SYNCED,
            "Where it is on a server of your own, give that server a section with "
            'backend = "ews", and let the policy name both: server = ["{server}", "office"]. '
            "Each mailbox then goes to the one that has it. In the cloud, give it a licence.",
            (
                'server = ["{server}", "office"]',
                "Get-Recipient {mailbox} | Format-List RecipientTypeDetails",
            ),
        ),
        "mailbox-ews-blocked": Cause(
            Level.FAILURE,
            "EWS is blocked for this mailbox (HTTP 403), and not for others.",
            _NOT_SYNCED,
            "See what its settings say; blank means that the organisation decides.",
            (
                "Get-CASMailbox {mailbox} | Format-List EwsEnabled, EwsApplicationAccessPolicy",
                "Set-CASMailbox {mailbox} -EwsEnabled $true",
            ),
        ),
        "impersonation-missing": Cause(
            Level.FAILURE,
            "{who} may not act for this mailbox ({detail}).",
            _NOT_SYNCED,
            "Give the account the role ApplicationImpersonation with this mailbox in its scope; or "
            'write access = "delegate", and give it full access to the mailbox.',
            (
                (
                    "New-ManagementRoleAssignment -Name 'syncd impersonation' -Role "
                    "ApplicationImpersonation -User {account} -CustomRecipientWriteScope "
                    "'syncd mailboxes'"
                ),
                (
                    "Add-MailboxPermission {mailbox} -User {account} -AccessRights FullAccess "
                    "-AutoMapping $false"
                ),
            ),
        ),
        "delegation-missing": Cause(
            Level.FAILURE,
            "{who} has no access to this mailbox ({detail}).",
            _NOT_SYNCED,
            "Give the account full access to it.",
            (
                (
                    "Add-MailboxPermission {mailbox} -User {account} -AccessRights FullAccess "
                    "-AutoMapping $false"
                ),
            ),
        ),
        "mailbox-unknown": Cause(
            Level.FAILURE,
            "The server knows no mailbox of this address ({detail}).",
            _NOT_SYNCED,
            "Check the address: it must be the primary one. Where it was renamed, tell syncd.",
            (
                "Get-Mailbox {mailbox} | Format-List PrimarySmtpAddress",
                "syncd users change {mailbox} --address NEW",
            ),
        ),
        "mailbox-disabled": Cause(
            Level.FAILURE,
            "The account of this mailbox is disabled ({detail}).",
            _NOT_SYNCED,
            "Enable it, or take the mailbox out of service.",
            ("syncd pause {mailbox}",),
        ),
        "mailbox-refused": Cause(
            Level.FAILURE,
            "The mailbox's own sign-in was refused: {says}.",
            _NOT_SYNCED,
            "Put it right where this mailbox's sign-in is kept, then look again.",
            (
                "syncd users change {mailbox} --username U --password-file F",
                "syncd doctor {mailbox}",
            ),
        ),
        "token-refused": Cause(
            Level.FAILURE,
            "The server does not take the token that Entra gave out ({detail}).",
            _NOT_SYNCED,
            "Check that `tenant` and `cloud` of [servers.{server}] are those of this mailbox; over "
            "EWS, that the application has the role Application EWS.AccessAsApp or "
            "full_access_as_app.",
            ("Test-ServicePrincipalAuthorization -Identity {client} -Resource {mailbox}",),
        ),
        "mailbox-busy": Cause(
            Level.WARNING,
            "The server asks for a pause ({detail}).",
            "syncd comes back by itself.",
            "See how much of its share is used: docs/exchange-online.md.",
            ("syncd status",),
            stops=True,
        ),
        "mailbox-unreachable": Cause(
            Level.FAILURE,
            "The mailbox cannot be reached: {says}.",
            "This mailbox is not synced; syncd tries again by itself.",
            "Look at the server first, then again.",
            ("syncd doctor {mailbox}",),
            Bar.NETWORK,
        ),
        "mailbox-failed": Cause(
            Level.FAILURE,
            "The server refuses what it is asked of this mailbox: {says} ({detail}).",
            _NOT_SYNCED,
            "Look it up by that code.",
        ),
        "mailbox-misconfigured": Cause(
            Level.FAILURE,
            "It cannot be opened: {says}.",
            _NOT_SYNCED,
            "{todo}",
            bar=Bar.CONFIGURATION,
        ),
    },
}
