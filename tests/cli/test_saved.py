"""What a person was told to be saved is on disk by then, whatever happens to the machine next."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from sqlalchemy import Connection, Engine, event

from syncd.crm import transaction
from tests.cli.office import ALICE, BOB, Office

SAVED: Sequence[Sequence[str]] = [
    ("users", "add", BOB, "--policy", "sales"),
    ("users", "test", ALICE),
    ("users", "approve", ALICE),
    ("users", "change", ALICE, "--policy", "sales"),
    ("users", "consent", ALICE),
    ("users", "pause", ALICE),
    ("users", "resume", ALICE),
    ("users", "remove", ALICE),
    ("pause", ALICE),
    ("resume", ALICE),
    ("filters", "add", ALICE, "Board", "department eq 'Board'"),
    ("filters", "reset", ALICE),
    ("crm", "contact", "edit", "Ann Lee", "--job-title", "Chair"),
    ("crm", "contact", "deactivate", "Ann Lee"),
    ("crm", "team", "new", "North"),
    ("alerts", "dismiss", "--all"),
    ("relink", ALICE, "--yes"),
]


@pytest.mark.parametrize("words", SAVED, ids=lambda words: " ".join(words[:3]))
def test_what_was_told_to_be_saved_is_on_disk(office: Office, words: Sequence[str]) -> None:
    """The last that a verb commits waits for the disk, and all before it is there with it (P10)."""
    told: list[bool] = []

    def begun(conn: Connection) -> None:
        if (as_what := transaction.begun_as(conn)).writes:
            told.append(as_what.durable)

    event.listen(Engine, "begin", begun)
    try:
        office.done(*words)
    finally:
        event.remove(Engine, "begin", begun)
    assert told
    assert told[-1]
