"""An office with a sandbox, a configuration and the command, as an admin types it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from syncd.cli import main
from syncd.sandbox.server import Sandbox

ALICE, BOB = "alice@example.test", "bob@example.test"

CONFIGURATION = """
[store]
url = "sqlite:///syncd.db"
[servers.office]
backend = "ews"
endpoint = "{endpoint}"
auth = "basic"
username = "svc-syncd"
password_file = "password"
timeout = "5s"
[policies.sales]
server = "office"
[policies.sales.contacts]
"""


@dataclass
class Office:
    """A configuration in a folder of its own, and the command."""

    folder: Path
    box: Sandbox

    def type(self, *words: str) -> Result:
        """Type a command."""
        path = str(self.folder / "syncd.toml")
        return CliRunner().invoke(main, ["--config", path, *words])

    def done(self, *words: str) -> str:
        """Type a command that must end well; what it printed."""
        result = self.type(*words)
        assert result.exit_code == 0, result.output
        return result.stdout

    def json(self, *words: str, exit_code: int = 0) -> Any:
        """Type a command with --json; what it printed."""
        result = self.type(*words, "--json")
        assert result.exit_code == exit_code, result.output
        return json.loads(result.stdout)

    def configure(self, endpoint: str) -> None:
        """Write the configuration."""
        (self.folder / "syncd.toml").write_text(CONFIGURATION.format(endpoint=endpoint))


def private_contact(office: Office) -> None:
    """Something in Alice's Outlook, so that her first sync asks."""
    office.box.mailbox(ALICE).add("contacts", {"contacts:GivenName": "Aunt May"})


def own_password(office: Office, address: str, password: str) -> list[str]:
    """The options that give a mailbox its own password."""
    file = office.folder / f"{address}.password"
    file.write_text(f"{password}\n")
    return ["--username", address, "--password-file", str(file)]
