"""The office that the verbs are tried in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from syncd.sandbox.server import Sandbox
from tests.cli.office import ALICE, BOB, Office


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    """Alice is served, and the CRM has one contact of hers."""
    (tmp_path / "password").write_text("sandbox\n")
    (tmp_path / "password").chmod(0o600)
    with Sandbox(users=[ALICE, BOB]) as box:
        made = Office(tmp_path, box)
        made.configure(box.url)
        made.done("users", "add", ALICE, "--policy", "sales")
        made.done(
            "crm", "contact", "new", "--owner", ALICE, "--first-name", "Ann", "--last-name", "Lee",
            "--email", "ann@contoso.test",
        )  # fmt: skip
        yield made
