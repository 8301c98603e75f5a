"""The README's story of a lead, typed into a shell as it stands there.

Its store is a file, as a newcomer's is. On PostgreSQL `tests/crm/test_cli.py` proves the verbs, and
`tests/cli/test_on_postgresql.py` that a process finds its way there.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from syncd.sandbox.server import Sandbox
from tests.cli.office import ALICE, CONFIGURATION
from tests.conftest import SQLITE

README = Path(__file__).parents[2] / "README.md"
STORY = re.compile(r"### A lead becomes a customer\n+```sh\n(.*?)```", re.DOTALL)


@dataclass
class Desk:
    """A folder with a configuration, and a shell in it."""

    folder: Path
    box: Sandbox

    def type(self, script: str) -> str:
        """Type lines into a shell, the first that fails being the last."""
        bin_folder = str(Path(sys.executable).parent)
        environment = {**os.environ, "PATH": f"{bin_folder}:{os.environ['PATH']}"}
        environment.pop("SYNCD_CONFIG", None)
        done = subprocess.run(  # noqa: S603 - the lines are the README's
            ["/bin/bash", "-e", "-c", script],
            cwd=self.folder, env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def one(self, entity: str, reference: str) -> Mapping[str, Any]:
        """What the command line shows of one record."""
        shown: Mapping[str, Any] = json.loads(
            self.type(f"syncd crm {entity} show '{reference}' --json")
        )
        return shown


@pytest.fixture
def desk(tmp_path: Path, store_url: str) -> Iterator[Desk]:
    """Alice's mailbox is served, and empty."""
    (tmp_path / "password").write_text("sandbox\n")
    (tmp_path / "password").chmod(0o600)
    with Sandbox(users=[ALICE]) as box:
        written = CONFIGURATION.format(endpoint=box.url)
        written = written.replace("sqlite:///syncd.db", store_url)
        (tmp_path / "syncd.toml").write_text(written)
        made = Desk(tmp_path, box)
        made.type(f"syncd users add {ALICE} --policy sales")
        yield made


@pytest.mark.parametrize("kept_in", [SQLITE], indirect=True)
def test_the_story_of_the_readme(desk: Desk) -> None:
    """A lead is contacted and qualified; who it became is in Outlook; another one stays, closed."""
    told = STORY.search(README.read_text(encoding="utf-8"))
    assert told is not None
    printed = desk.type(told[1])
    assert "Jo Brown" in printed.splitlines()[-2] + printed.splitlines()[-3]

    lead = desk.one("lead", "Robert Clay")
    contact, account = desk.one("contact", "Robert Clay"), desk.one("account", "Contoso Corp")
    sale = desk.one("opportunity", "100 laptops for Contoso Corp")
    assert (lead["statecode"], lead["statuscode"]) == ("qualified", "qualified")
    assert lead["parentcontactid"] == contact["id"]
    assert lead["parentaccountid"] == account["id"]
    assert lead["qualifyingopportunityid"] == sale["id"]
    assert {e["originatingleadid"] for e in (contact, account, sale)} == {lead["id"]}
    assert contact["parentcustomerid"] == account["id"]
    assert account["primarycontactid"] == contact["id"]
    assert sale["customerid"] == f"account:{account['id']}"
    assert sale["statecode"] == "won"
    # The call is history and stays with the lead; the meeting is ahead, and the opportunity's.
    assert desk.one("phone-call", "First call")["regardingobjectid"] == f"lead:{lead['id']}"
    meeting = desk.one("appointment", "Meeting at Contoso")
    assert meeting["regardingobjectid"] == f"opportunity:{sale['id']}"

    (item,) = desk.box.mailbox(ALICE).items("contacts")
    held = {str(name): value for name, value in item.bag.items()}
    assert held["contacts:GivenName"] == "Robert"
    assert held["contacts:Surname"] == "Clay"
    assert held["contacts:CompanyName"] == "Contoso Corp"
    assert "robert.clay@contoso.test" in str(held)

    brown = desk.one("lead", "Jo Brown")
    assert (brown["statecode"], brown["statuscode"]) == ("disqualified", "no longer interested")
    assert brown["subject"] == "20 chairs"
