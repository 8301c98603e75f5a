"""`syncd run` is killed at any moment while people edit, and nothing comes of it (P1, P3, P10).

Here it is killed twice, on each backend and each database once. With SYNCD_FULL_TESTS, 50 times
among 1,000 contacts; so it is, for any seed, by `python -m tests.end_to_end.kills`.
"""

from __future__ import annotations

import itertools
import os
from pathlib import Path

import pytest

from syncd.cli.demo.place import EWS, GRAPH
from tests.conftest import FULL, POSTGRESQL, SQLITE
from tests.end_to_end.kills import Plan, play
from tests.postgres import Postgres

SEED = int(os.environ.get("SYNCD_KILLS_SEED", "1"))


def _plan(backend: str, store: str) -> Plan:
    if FULL:
        return Plan(backend, store, kills=50, seed=SEED)
    return Plan(
        backend, store, kills=2, seed=SEED, mailboxes=2, contacts=15, longest=1.6, grace=2.0
    )


PAIRS = list(itertools.product([EWS, GRAPH], [SQLITE, POSTGRESQL]))


@pytest.mark.timeout(1800)
@pytest.mark.parametrize(("backend", "store"), PAIRS if FULL else [PAIRS[0], PAIRS[-1]])
def test_killed_again_and_again(
    backend: str, store: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Nobody is there twice, nobody and no edit is lost, nothing waits for a hand."""
    url = f"sqlite:///{tmp_path}/syncd.db"
    if store == POSTGRESQL:
        server: Postgres = request.getfixturevalue("postgres")
        url = server.empty()
    result = play(_plan(backend, store), tmp_path, url)
    print(result)  # noqa: T201 - with its seed, for whoever wants to see it once more
    assert result.faults == []
    assert result.edits
    if FULL:  # most find it at work; of two, neither may
        assert result.torn_runs > result.kills // 2
        assert result.in_doubt > result.kills
