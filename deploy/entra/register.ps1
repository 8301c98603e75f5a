#Requires -Version 7.2
#Requires -Modules Microsoft.Graph.Authentication, Microsoft.Graph.Applications, ExchangeOnlineManagement

<#
.SYNOPSIS
Registers syncd in Microsoft Entra and lets it into the mailboxes of one group, and no other.

.DESCRIPTION
Run it as often as you like: what is there already is left as it is or brought up to date, and
nothing is made twice. It

  1. registers an application in this tenant, with its service principal;
  2. uploads the public half of a certificate, beside those that are there;
  3. makes the service principal known to Exchange Online;
  4. makes a management scope out of the members of a group;
  5. assigns two application roles in that scope: contacts, and the list of categories;
  6. names what is consented in Entra beside that, for a consent there holds in every mailbox;
  7. asks Exchange what the application may do now.

It consents to nothing in Entra, and that is the point: what Entra and Exchange grant adds up, so
that one consent to Contacts.ReadWrite there would open every mailbox of the tenant again.

.PARAMETER Certificate
The certificate as a file, PEM or DER, without its private key. README.md says how to make one.

.PARAMETER Group
The group whose direct members are served: a mail-enabled security group, or a distribution list.
Members of groups inside it do not count: Exchange does not look into them.

.PARAMETER Name
What the application, the scope and the role assignments are called.

.PARAMETER Inside
A mailbox that syncd is to reach: what Exchange says of it is shown at the end.

.PARAMETER Outside
A mailbox that syncd is not to reach: what Exchange says of it is shown at the end.

.PARAMETER EwsBridge
Assigns the role for EWS as well: until 1 April 2027, and only where the tenant allows the application.

.PARAMETER Cloud
Which Microsoft cloud the tenant is in.

.EXAMPLE
./register.ps1 -Certificate syncd.crt -Group sales-outlook@example.com `
    -Inside ann@example.com -Outside ceo@example.com -WhatIf

Shows what would be done, and does nothing.
#>
[CmdletBinding(SupportsShouldProcess)]
param(
    [Parameter(Mandatory)] [string] $Certificate,
    [Parameter(Mandatory)] [string] $Group,
    [ValidateLength(1, 24)] [string] $Name = 'syncd',
    [string] $Inside,
    [string] $Outside,
    [switch] $EwsBridge,
    [ValidateSet('Global', 'USGov', 'USGovDoD', 'China')] [string] $Cloud = 'Global'
)

Set-StrictMode -Version 3
$ErrorActionPreference = 'Stop'

# What syncd needs, by the names that Exchange gives to its application roles.
$Roles = @('Application Contacts.ReadWrite', 'Application MailboxSettings.ReadWrite')
if ($EwsBridge) { $Roles += 'Application EWS.AccessAsApp' }

# Microsoft Graph and Office 365 Exchange Online, under the ids they have in every tenant.
$Resources = @{
    '00000003-0000-0000-c000-000000000000' = 'Microsoft Graph'
    '00000002-0000-0ff1-ce00-000000000000' = 'Office 365 Exchange Online'
}

$ExchangeClouds = @{
    Global = 'O365Default'; USGov = 'O365USGovGCCHigh'; USGovDoD = 'O365USGovDoD'; China = 'O365China'
}

# Read before anything is asked: a wrong path or a private key must not end half-way.
$pem = Get-Content -LiteralPath $Certificate -Raw
if ($pem -match 'PRIVATE KEY') {
    throw "$Certificate holds a private key. Nothing was uploaded. Name the certificate alone."
}
$x509 = [System.Security.Cryptography.X509Certificates.X509Certificate2]::new(
    (Resolve-Path -LiteralPath $Certificate).Path)
if ($x509.NotAfter -lt (Get-Date)) {
    throw "$Certificate expired on $($x509.NotAfter). Nothing was done. Make a new one: see README.md."
}

# --- Entra: the application and what it proves itself with ---------------------------------------

Connect-MgGraph -Environment $Cloud -Scopes 'Application.ReadWrite.All' -NoWelcome

$found = @(Get-MgApplication -Filter "displayName eq '$($Name.Replace("'", "''"))'")
if ($found.Count -gt 1) {
    throw "There are $($found.Count) applications called $Name. Nothing was done. Use -Name."
}
if ($found.Count -eq 1) {
    $application = $found[0]
    Write-Host "Application $Name is there: $($application.AppId)"
} elseif ($PSCmdlet.ShouldProcess($Name, 'Register the application')) {
    # One tenant, no redirect, no permission asked for: see the description.
    $application = New-MgApplication -DisplayName $Name -SignInAudience 'AzureADMyOrg'
    Write-Host "Application $Name registered: $($application.AppId)"
} else {
    Write-Host 'What follows needs the application, and is not shown.'
    return
}

# Only a single application read by its id shows the keys themselves, and the list is replaced as a
# whole: without this, uploading a second certificate would throw away the first.
$keys = @((Get-MgApplication -ApplicationId $application.Id -Property 'keyCredentials').KeyCredentials |
    Where-Object { $_ })
$raw = $x509.GetRawCertData()
$known = $keys | Where-Object {
    $_.Key -and [Convert]::ToBase64String($_.Key) -eq [Convert]::ToBase64String($raw)
}
if ($known) {
    Write-Host "Certificate $($x509.Thumbprint) is uploaded; it expires on $($x509.NotAfter.ToString('yyyy-MM-dd'))."
} elseif ($PSCmdlet.ShouldProcess($x509.Thumbprint, 'Upload the certificate')) {
    # Those that have expired go; one that is still good stays, so that the change-over is smooth.
    $good = @($keys | Where-Object { $_.EndDateTime -gt (Get-Date) })
    $new = @{
        Type = 'AsymmetricX509Cert'; Usage = 'Verify'; Key = $raw
        DisplayName = "$Name $($x509.NotAfter.ToString('yyyy-MM-dd'))"
    }
    Update-MgApplication -ApplicationId $application.Id -KeyCredentials ($good + $new)
    Write-Host "Certificate $($x509.Thumbprint) uploaded; it expires on $($x509.NotAfter.ToString('yyyy-MM-dd'))."
}

$principal = Get-MgServicePrincipal -Filter "appId eq '$($application.AppId)'"
if (-not $principal -and $PSCmdlet.ShouldProcess($Name, 'Create the service principal')) {
    $principal = New-MgServicePrincipal -AppId $application.AppId
}
if (-not $principal) { return }

# --- Exchange Online: which mailboxes, and what in them ------------------------------------------

Connect-ExchangeOnline -ExchangeEnvironmentName $ExchangeClouds[$Cloud] -ShowBanner:$false

# A pointer of the same ids: Exchange does not look into Entra for it.
$pointer = Get-ServicePrincipal | Where-Object { $_.AppId -eq $application.AppId }
if (-not $pointer -and $PSCmdlet.ShouldProcess($Name, 'Make the service principal known to Exchange')) {
    New-ServicePrincipal -AppId $application.AppId -ObjectId $principal.Id -DisplayName $Name | Out-Null
}

$members = Get-Group -Identity $Group
$filter = "MemberOfGroup -eq '$($members.DistinguishedName.Replace("'", "''"))'"
$scopeName = "$Name mailboxes"
$scope = Get-ManagementScope | Where-Object { $_.Name -eq $scopeName }
if (-not $scope) {
    if ($PSCmdlet.ShouldProcess($scopeName, "Make the management scope: $filter")) {
        New-ManagementScope -Name $scopeName -RecipientRestrictionFilter $filter | Out-Null
        Write-Host "Scope '$scopeName' made: the direct members of $Group."
    }
} elseif ($PSCmdlet.ShouldProcess($scopeName, "Set the management scope: $filter")) {
    Set-ManagementScope -Identity $scopeName -RecipientRestrictionFilter $filter
    Write-Host "Scope '$scopeName': the direct members of $Group."
}

foreach ($role in $Roles) {
    $assignment = "$Name $role"  # at most 64 characters
    $there = Get-ManagementRoleAssignment -Role $role | Where-Object { $_.Name -eq $assignment }
    if ($there) {
        Write-Host "Role '$role' is assigned."
    } elseif ($PSCmdlet.ShouldProcess($role, "Assign the role in the scope '$scopeName'")) {
        New-ManagementRoleAssignment -Name $assignment -App $principal.Id -Role $role `
            -CustomResourceScope $scopeName | Out-Null
        Write-Host "Role '$role' assigned in the scope '$scopeName'."
    }
}

# --- What would undo it -----------------------------------------------------------------------

foreach ($grant in Get-MgServicePrincipalAppRoleAssignment -ServicePrincipalId $principal.Id -All) {
    $resource = Get-MgServicePrincipal -ServicePrincipalId $grant.ResourceId
    if (-not $Resources.ContainsKey($resource.AppId)) { continue }
    $granted = ($resource.AppRoles | Where-Object { $_.Id -eq $grant.AppRoleId }).Value
    Write-Warning ("$granted of $($resource.DisplayName) is consented in Entra, and holds in EVERY mailbox " +
        "whatever the scope says. syncd does not need it there. Take it away: " +
        "Remove-MgServicePrincipalAppRoleAssignment -ServicePrincipalId $($principal.Id) " +
        "-AppRoleAssignmentId $($grant.Id)")
}

# --- What came of it --------------------------------------------------------------------------

# This asks past the cache that real requests go through: 30 minutes to 2 hours may pass before
# Graph sees a new or a removed assignment.
foreach ($mailbox in @($Inside, $Outside) | Where-Object { $_ }) {
    Write-Host "`n$mailbox, of which InScope is to be $($mailbox -eq $Inside):"
    Test-ServicePrincipalAuthorization -Identity $principal.Id -Resource $mailbox | Format-Table
}
$tenant = (Get-MgContext).TenantId
Write-Host @"

Write into syncd.toml, with the certificate and its private key in one file that only syncd may read:

[servers.cloud]
backend = "graph"
auth = "certificate"
tenant = "$tenant"
client_id = "$($application.AppId)"
certificate_file = "/etc/syncd/certificate.pem"

then type: syncd doctor --server cloud --outside $(if ($Outside) { $Outside } else { 'ADDRESS' })
"@
if ($EwsBridge) {
    # The list is one text, which replaces what is there; so it is read first, and never set by us.
    Write-Host @"

For EWS the tenant has to allow the application. See who is on the list, and write it with them:

Get-OrganizationConfig -RetrieveEwsOperationAccessPolicy | Format-List EwsEnabled, EwsAllowedAppIDs
Set-OrganizationConfig -EwsAllowedAppIDs "THOSE-THAT-ARE-THERE,$($application.AppId)"
Set-OrganizationConfig -EwsEnabled `$true
"@
}
