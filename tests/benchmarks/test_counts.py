"""Cost follows change, not size: what a cycle asks of the mailbox and of the store, as counts."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from syncd.outlook.ews.mailbox import open_ews
from syncd.outlook.ews.session import EwsServer
from syncd.outlook.ews.sign_in import Basic
from syncd.sandbox.server import Sandbox
from tests.benchmarks import cycles, safety
from tests.benchmarks.cycles import Cycle, Cycles

SMALL, LARGE = 200, 600
RULED, POLICIES = -SMALL, 20  # as many as small, with twenty policies and ten filters in force
STATEMENTS_IDLE = 30
STATEMENTS_PER_BATCH = 37  # of a hundred contacts: journalled, written, read back and settled
CLAIM = 2  # requests: it is read, and advanced
FSYNCS_PER_OPERATION = 0.02
STEPS_PER_CHANGE = 2_000  # of SQLite's machine


@pytest.fixture(scope="module")
def offices(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[int, Cycles]]:
    """The cycles of a small office and of a large one."""
    folder: Path = tmp_path_factory.mktemp("offices")
    users = {size: f"cycle{size}@example.test" for size in (SMALL, LARGE, RULED)}
    with Sandbox(users=users.values()) as box:
        server = EwsServer(box.url, Basic(box.service_account, box.password))
        opener = partial(open_ews, server)
        yield {
            SMALL: cycles.take(folder, opener, users[SMALL], SMALL),
            LARGE: cycles.take(folder, opener, users[LARGE], LARGE),
            RULED: cycles.take(folder, opener, users[RULED], SMALL, rules=POLICIES),
        }


@pytest.mark.parametrize("which", ["idle", "one", "idle_after"])
def test_a_cycle_costs_the_same_however_many_contacts_there_are(
    offices: dict[int, Cycles], which: str
) -> None:
    """Requests, statements, rows and the store's own steps: a scan of any table would show."""
    assert offices[LARGE].one.rows > offices[LARGE].idle.rows  # something was in step at all
    small, large = (getattr(offices[size], which) for size in (SMALL, LARGE))
    assert large == small


def test_a_cycle_without_edits_is_one_request_and_few_statements(
    offices: dict[int, Cycles],
) -> None:
    """One request per folder, and nothing is written but the lease and the run."""
    idle = offices[LARGE].idle
    assert idle.requests == 1
    assert idle.statements <= STATEMENTS_IDLE


@pytest.mark.parametrize("which", ["first", "idle", "one", "hundred", "idle_after"])
def test_twenty_policies_and_ten_filters_cost_no_request(
    offices: dict[int, Cycles], which: str
) -> None:
    """Rules are put together before the store is asked: one statement more for what excludes."""
    plain, ruled = (getattr(offices[size], which) for size in (SMALL, RULED))
    assert (ruled.requests, ruled.transactions) == (plain.requests, plain.transactions)
    assert ruled.statements <= plain.statements + ("idle" not in which)


def test_one_edit_on_each_side_is_five_requests_and_the_claim(offices: dict[int, Cycles]) -> None:
    """Look, read the edited item, write, read back, take in what is our own.

    The claim on the folder is read before the first write, and advanced.
    """
    assert offices[LARGE].one.requests <= 5 + CLAIM


def test_many_edits_go_in_batches(offices: dict[int, Cycles]) -> None:
    """A hundred edits on each side cost as many requests as one, and hardly more statements."""
    for each in offices.values():
        assert each.hundred.requests <= each.one.requests
        assert each.hundred.statements <= each.one.statements + 10
        assert each.hundred.steps <= 200 * STEPS_PER_CHANGE


def test_the_first_sync_writes_a_hundred_contacts_with_a_handful_of_statements(
    offices: dict[int, Cycles],
) -> None:
    """More contacts cost more batches, and nothing else."""
    batches = (LARGE - SMALL) // 100
    assert _more(offices, "statements") <= batches * STATEMENTS_PER_BATCH
    assert _more(offices, "requests") <= batches * 2 + 1  # write and read back; a listing page


def test_the_first_sync_grows_no_faster_than_what_it_writes(offices: dict[int, Cycles]) -> None:
    """The store's steps for one contact are the same among 600 as among 200."""
    small, large = (offices[size].first.steps / size for size in (SMALL, LARGE))
    assert large <= 1.1 * small


def test_durability_is_paid_for_by_the_batch_and_not_by_the_contact(
    offices: dict[int, Cycles],
) -> None:
    """An fsync for the intents of a batch, before its request; none where nothing is written."""
    for each in offices.values():
        assert each.idle.durable == each.idle_after.durable == 0
        assert 1 <= each.one.durable <= each.hundred.durable <= each.one.durable + 1
    batches = (LARGE - SMALL) // 100
    assert batches <= _more(offices, "durable") <= batches + 1


def test_safety_costs_few_statements_and_an_fsync_by_the_batch() -> None:
    """Against the same without a journal before the request, and without waiting for the disk."""
    users = ("safe@example.test", "unsafe@example.test")
    with Sandbox(users=users) as box:
        server = EwsServer(box.url, Basic(box.service_account, box.password))
        with_it, without = safety.compare(partial(open_ews, server), *users, SMALL)
    assert without.fsyncs == 0
    assert 0 < with_it.fsyncs <= FSYNCS_PER_OPERATION
    assert without.statements < with_it.statements <= 1.15 * without.statements


def _more(offices: dict[int, Cycles], what: str) -> int:
    first: dict[int, Cycle] = {size: each.first for size, each in offices.items()}
    more: int = getattr(first[LARGE], what) - getattr(first[SMALL], what)
    return more
