"""`syncd filters`, as an admin types it."""

from __future__ import annotations

import pytest

from syncd.crm import database
from syncd.crm.database import open_database
from syncd.sync import user_filters
from syncd.sync.mailboxes import get
from syncd.sync.user_filters import UserFilter
from tests.cli.office import ALICE, Office


def test_filters_from_the_first_to_the_last(office: Office) -> None:
    """A new user has the default one; what is added is a union; what leaves needs a yes."""
    (first,) = office.json("filters", "list", ALICE)
    assert first["where"] == "owner eq @me and statecode eq 'active'"
    office.done("sync")
    added = office.done("filters", "add", ALICE, "Board", "department eq 'Board'")
    assert "0 come into this Outlook" in added
    off = office.type("filters", "off", ALICE, first["name"])
    assert off.exit_code == 3
    assert "1 leave it: Ann Lee" in off.output
    assert [each["state"] for each in office.json("filters", "list", ALICE)] == ["on", "on"]
    office.done("filters", "off", ALICE, first["name"], "--yes")
    office.done("sync")
    (alice,) = office.json("status")
    assert alice["counts"]["in_step"] == 0
    office.done("filters", "delete", ALICE, "Board")
    assert "No filter includes anything" in office.done("filters", "list", ALICE)
    office.done("filters", "reset", ALICE)
    office.done("sync")
    assert office.json("status")[0]["counts"]["in_step"] == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["add", ALICE, "x", "departement eq 'x'"], "did you mean 'department'?"),
        (["add", ALICE, "x", "department eq"], "cannot read 'eq'"),
        (["edit", ALICE, "nobody", "true"], "has no filter 'nobody'"),
        (["add", ALICE, "My contacts", "true"], "has a filter 'My contacts' already"),
        (["list", "nobody@example.test"], "nobody@example.test"),
    ],
)
def test_what_cannot_be_done_is_said_and_not_done(
    office: Office, words: list[str], said: str
) -> None:
    """What happened, what was not done, what to type."""
    result = office.type("filters", *words)
    assert result.exit_code != 0
    assert said in result.output
    assert len(office.json("filters", "list", ALICE)) == 1


def test_a_filter_that_is_not_understood_any_more_is_listed_as_broken(office: Office) -> None:
    """With what to type; so it is when it is turned off, which lets the rest go on."""
    office.done("filters", "list", ALICE)
    engine = open_database(f"sqlite:///{office.folder / 'syncd.db'}")
    with database.write(engine) as conn:
        gone = UserFilter("Gone", "new_gone eq 'x'", excludes=False, active=True, template=None)
        user_filters.put(conn, get(conn, ALICE).id, "contact", gone, database.utcnow())
    assert office.json("filters", "list", ALICE)[0]["state"] == "broken"
    assert f"syncd filters edit {ALICE}" in office.done("filters", "list", ALICE)
    office.done("filters", "off", ALICE, "Gone")
    assert office.json("filters", "list", ALICE)[0]["state"] == "off, broken"
