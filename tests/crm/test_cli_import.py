"""`syncd crm import` and `export` as they are typed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from syncd.cli.errors import Exit, Problem
from tests.crm.conftest import Store
from tests.crm.importing import everything, latest
from tests.crm.test_cli import Crm, crm

__all__ = ["crm"]


def test_a_preview_shows_and_an_import_tells(crm: Crm, store: Store, tmp_path: Path) -> None:
    """What it would do, in a table; then it is done; the rejects have a file to correct."""
    path = tmp_path / "people.csv"
    path.write_text("lastname,jobtitle,hobby\nRoss,Buyer,Chess\nEk\n")
    words = ("import", str(path), "--kind", "contact", "--owner", "bob@contoso.com")
    before = latest(store)
    shown = crm(*words, "--preview")
    assert "Would have created 1 contact." in shown.stdout
    assert "lastname: Ross; jobtitle: Buyer" in shown.stdout
    assert "1 row would not be imported. Nothing was written." in shown.stderr
    assert latest(store) == before
    done = crm(*words)
    assert done.exit_code == Exit.FAILED
    assert "Created 1 contact." in done.stdout
    assert "No field for: hobby (1)." in done.stdout
    assert f"{path}:3: it has 1 cells, where the header has 3" in done.stderr
    assert str(tmp_path / "people.rejects.csv") in done.stderr
    assert json.loads(crm(*words, "--json").stdout)["unchanged"] == {"contact": 1}


def test_an_export_is_told_and_not_done_twice(crm: Crm, store: Store, tmp_path: Path) -> None:
    """The second time it takes a decision."""
    path = tmp_path / "all.json"
    assert "Exported 3 records" in crm("export", "all", str(path)).stdout
    problem = crm("export", "all", str(path)).exception
    assert isinstance(problem, Problem)
    assert "--force" in problem.todo
    assert crm("export", "account", str(path), "--force", "--json").exit_code == 0
    assert len(everything(store, "account")) == 1


@pytest.mark.parametrize(
    ("words", "what", "todo"),
    [
        (("import", "FOLDER"), "is a folder", "--from dataverse-export"),
        (("import", "--from", "dataverse-export", "FOLDER"), "called like a table", "accounts.csv"),
        (("import", "nowhere.csv"), "No such file", "Check the path"),
        (("import", "a.csv", "--zone", "Nowhere/Never"), "no time zone", "Europe/Berlin"),
        (("import", "FOLDER/two.csv"), "any of these: contact, lead", "--kind"),
    ],
)
def test_a_refusal_says_what_to_type(
    crm: Crm, tmp_path: Path, words: tuple[str, ...], what: str, todo: str
) -> None:
    """What happened, that nothing was imported, and what helps."""
    folder = tmp_path / "folder"
    folder.mkdir()
    if "FOLDER/two.csv" in words:
        (folder / "two.csv").write_text("firstname,lastname\nA,B\n")
    problem = crm(*(word.replace("FOLDER", str(folder)) for word in words)).exception
    assert isinstance(problem, Problem)
    assert what in problem.what
    assert "mported." in problem.undone
    assert todo in problem.todo
