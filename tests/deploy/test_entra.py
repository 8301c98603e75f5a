"""The pages and scripts for Entra say what syncd takes, needs and looks at."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from syncd.outlook.port import Backend
from syncd.settings.load import load
from syncd.sync.doctor.causes import CAUSES
from syncd.sync.doctor.checks_entering import NEEDED

ROOT = Path(__file__).parents[2]
ENTRA = ROOT / "deploy" / "entra"
PAGES = [ENTRA / "README.md", ROOT / "docs" / "exchange-online.md"]
SCRIPTS = [ENTRA / "register.ps1", ENTRA / "unregister.ps1"]

_ROLES = {f"Application {each}" for each in NEEDED[Backend.GRAPH]}
_BRIDGE = "Application EWS.AccessAsApp"
_CMDLET = re.compile(r"\b((?:Add|Connect|Get|New|Remove|Set|Test|Unlock)-[A-Z]\w+)")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_what_a_page_says_to_write_is_taken(page: Path, tmp_path: Path) -> None:
    """Every section of a server in it is a configuration without a mistake."""
    blocks = re.findall(r"```toml\n(.*?)```", re.sub(r"(?m)^   ", "", page.read_text()), re.DOTALL)
    whole = [each for each in blocks if "[servers." in each and "# …" not in each]
    assert whole
    for block in whole:
        name = re.findall(r"\[servers\.(\w+)\]", block)[0]
        policy = "" if "[policies" in block else f'[policies.x]\nserver = "{name}"\n'
        file = tmp_path / "syncd.toml"
        file.write_text(f"{block}\n{policy}")
        load(file)


def test_the_scripts_assign_what_the_doctor_asks_for() -> None:
    """No more, and the one takes away what the other gave."""
    for script in SCRIPTS:
        assert set(re.findall(r"'(Application \w+\.\w+)'", script.read_text())) == {
            *_ROLES,
            _BRIDGE,
        }
    page = (ENTRA / "README.md").read_text()
    assert all(f"-Role '{role}'" in page for role in (*_ROLES, _BRIDGE))


def test_nothing_is_consented_in_entra() -> None:
    """A consent would hold in every mailbox, whatever the scope says."""
    for script in SCRIPTS:
        words = script.read_text()
        assert "New-MgServicePrincipalAppRoleAssignment" not in words
        assert "RequiredResourceAccess" not in words


def test_cmdlets_are_spelt_alike_wherever_they_stand() -> None:
    """What the doctor says to type, the pages for an admin know; but what only looks."""
    pages = "".join(each.read_text() for each in (*PAGES, *SCRIPTS))
    told = {
        cmdlet
        for causes in CAUSES.values()
        for cause in causes.values()
        for line in cause.type
        for cmdlet in _CMDLET.findall(line)
    }
    changing = {each for each in told if not each.startswith(("Get-", "Test-"))}
    of_others = {  # Active Directory, and what is the organisation's own to change
        "Set-ADUser", "Unlock-ADAccount", "Set-CASMailbox", "Set-WebServicesVirtualDirectory",
        "Set-ManagementRoleAssignment", "Add-DistributionGroupMember",
    }  # fmt: skip
    assert {each for each in changing - of_others if each not in pages} == set()


@pytest.mark.skipif(shutil.which("pwsh") is None, reason="PowerShell is not installed")
@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
def test_a_script_has_no_mistake_of_syntax(script: Path) -> None:
    """As far as PowerShell itself can tell without a tenant."""
    parse = (
        "$e = $null; [void][System.Management.Automation.Language.Parser]::ParseFile("
        f"'{script}', [ref]$null, [ref]$e); $e | ForEach-Object {{ $_.Message }}"
    )
    pwsh = shutil.which("pwsh") or ""
    done = subprocess.run(  # noqa: S603 - a program of the system, on a file of ours
        [pwsh, "-NoProfile", "-Command", parse], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == ""


def test_the_certificate_is_made_alike_wherever_it_is_told() -> None:
    """For syncd alone to read, with no key left lying about; and the example's tenant is one."""
    example = ROOT / "config" / "exchange-online.toml"
    for page in (*PAGES, example):
        words = re.sub(r"(?m)^[# ]+", "", page.read_text())
        assert _CERTIFICATE in words, page
    for page in (*PAGES, *(ROOT / "config").glob("*.toml")):
        tenants = set(re.findall(r"\w+\.onmicrosoft\.com", page.read_text()))
        assert tenants <= {"contoso.onmicrosoft.com"}, page


_CERTIFICATE = """\
openssl req -x509 -newkey rsa:3072 -noenc -sha256 -days 365 \\
-subj "/CN=syncd" -keyout syncd.key -out syncd.crt
cat syncd.crt syncd.key | install -m 0600 -o syncd /dev/stdin /etc/syncd/certificate.pem
shred -u syncd.key"""


def test_one_person_is_asked_for_the_same_wherever_it_is_told() -> None:
    """The delegated permissions, and the keys of the server."""
    page = (ENTRA / "README.md").read_text().partition("## 2.")[2].partition("## 3.")[0]
    example = (ROOT / "config" / "one-person.toml").read_text()
    for each in (*NEEDED[Backend.GRAPH], "offline_access", "tenant = ", "client_id = "):
        assert each in page
        assert each in example
