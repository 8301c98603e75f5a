"""`syncd filters`, as an admin types it."""

from __future__ import annotations

import pytest

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
