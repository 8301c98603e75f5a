"""A CRM at the command line: what is typed goes through the whole command, as a user types it."""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from syncd.cli import main
from syncd.cli.errors import Exit

REP, BOSS = "rep@example.test", "boss@example.test"


@dataclass(frozen=True)
class CrmDesk:
    """A configuration with a store of its own, and `syncd crm`."""

    folder: Path

    @property
    def configuration(self) -> Path:
        """The configuration file."""
        return self.folder / "syncd.toml"

    def type(self, line: str) -> Result:
        """Type `syncd crm` and the rest of a line."""
        words = ["--config", str(self.configuration), "crm", *shlex.split(line)]
        result = CliRunner().invoke(main, words)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exc_info
        return result

    def done(self, line: str) -> str:
        """Type a line that must end well; what it printed."""
        result = self.type(line)
        assert result.exit_code == Exit.DONE, result.output
        return result.stdout

    def json(self, line: str, exit_code: int = 0) -> Any:
        """Type a line with --json; what it printed."""
        result = self.type(f"{line} --json")
        assert result.exit_code == exit_code, result.output
        return json.loads(result.stdout)

    def id(self, line: str) -> str:
        """Type a line that makes a record; its id."""
        return str(self.json(line)["id"])

    def refused(self, line: str, exit_code: Exit = Exit.USAGE) -> str:
        """Type a line that must be refused; what was said on standard error."""
        result = self.type(line)
        assert result.exit_code == exit_code, result.output
        assert result.stdout == ""
        return result.stderr
