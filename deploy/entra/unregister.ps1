#Requires -Version 7.2
#Requires -Modules Microsoft.Graph.Authentication, Microsoft.Graph.Applications, ExchangeOnlineManagement

<#
.SYNOPSIS
Takes away what register.ps1 made: the roles, the scope, the pointer in Exchange, the application.

.DESCRIPTION
The order is that of register.ps1 backwards, so that syncd loses its access first; interrupted, it
goes on where it stopped. The group, its members, the mailboxes and what is in them stay as they
are. Before it, take the marks of syncd out of the mailboxes: syncd offboard MAILBOX --keep

An application that is removed can be restored in the admin centre for 30 days.

.EXAMPLE
./unregister.ps1 -WhatIf

Shows what would be removed, and removes nothing.
#>
[CmdletBinding(SupportsShouldProcess, ConfirmImpact = 'High')]
param(
    [ValidateLength(1, 24)] [string] $Name = 'syncd',
    [ValidateSet('Global', 'USGov', 'USGovDoD', 'China')] [string] $Cloud = 'Global'
)

Set-StrictMode -Version 3
$ErrorActionPreference = 'Stop'

$Roles = @(
    'Application Contacts.ReadWrite', 'Application MailboxSettings.ReadWrite', 'Application EWS.AccessAsApp'
)
$ExchangeClouds = @{
    Global = 'O365Default'; USGov = 'O365USGovGCCHigh'; USGovDoD = 'O365USGovDoD'; China = 'O365China'
}

Connect-MgGraph -Environment $Cloud -Scopes 'Application.ReadWrite.All' -NoWelcome
Connect-ExchangeOnline -ExchangeEnvironmentName $ExchangeClouds[$Cloud] -ShowBanner:$false

$found = @(Get-MgApplication -Filter "displayName eq '$($Name.Replace("'", "''"))'")
if ($found.Count -gt 1) {
    throw "There are $($found.Count) applications called $Name. Nothing was done. Use -Name."
}

foreach ($role in $Roles) {
    $there = Get-ManagementRoleAssignment -Role $role | Where-Object { $_.Name -eq "$Name $role" }
    if ($there -and $PSCmdlet.ShouldProcess("$Name $role", 'Remove the role assignment')) {
        Remove-ManagementRoleAssignment -Identity "$Name $role" -Confirm:$false
    }
}

# A scope that something else uses is refused by Exchange, and then stays.
$scope = Get-ManagementScope | Where-Object { $_.Name -eq "$Name mailboxes" }
if ($scope -and $PSCmdlet.ShouldProcess("$Name mailboxes", 'Remove the management scope')) {
    Remove-ManagementScope -Identity "$Name mailboxes" -Confirm:$false
}

foreach ($application in $found) {
    $pointer = Get-ServicePrincipal | Where-Object { $_.AppId -eq $application.AppId }
    if ($pointer -and $PSCmdlet.ShouldProcess($Name, 'Remove the service principal from Exchange')) {
        Remove-ServicePrincipal -Identity $pointer.ObjectId -Confirm:$false
    }
    # Its service principal in Entra goes with it, and every consent and certificate.
    if ($PSCmdlet.ShouldProcess("$Name ($($application.AppId))", 'Remove the application')) {
        Remove-MgApplication -ApplicationId $application.Id
    }
}

Write-Host @"
Left for you: the private key on the machine of syncd; and, if the tenant allows EWS by application,
the id of this one in: Get-OrganizationConfig -RetrieveEwsOperationAccessPolicy
"@
