"""What was not found is looked for once more: nothing waits for ever for it (P5, P9, P10)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from syncd.model.values import Value
from syncd.outlook.errors import Failure, MailboxError, Scope, Sort
from syncd.outlook.port import Item
from syncd.sync.report import Outcome
from tests.memory_mailbox import MemoryServer
from tests.sync.world import ALICE
from tests.sync.worlds import Memory

PEOPLE: list[dict[str, Value]] = [
    {"firstname": f"N{n}", "emailaddress1": f"n{n}@example.test"} for n in range(20)
]


def reading(
    monkeypatch: pytest.MonkeyPatch, server: MemoryServer, answer: Callable[[str], Failure | None]
) -> None:
    """From now on reads of items are answered so; those that it has no answer to as ever."""
    read = server.item

    def item(id_: str, *how: Any) -> Item | Failure:
        return answer(id_) or read(id_, *how)

    monkeypatch.setattr(server, "item", item)


# --- linked items --------------------------------------------------------------------------------


@pytest.mark.parametrize("scope", [Scope.MAILBOX, Scope.SERVER])
@pytest.mark.parametrize("sort", [Sort.TRANSIENT, Sort.INVALID])
@pytest.mark.parametrize("many", [1, 4])
def test_what_is_gone_and_cannot_be_asked_for_keeps_nobody_waiting(
    memory: Memory, monkeypatch: pytest.MonkeyPatch, sort: Sort, scope: Scope, many: int
) -> None:
    """P10: the look by its id fails for one, and the whole request with it; all edits flow.

    What became of it is unknown until it is answered (P5). Others are known to be gone.
    """
    world, servers = memory
    ids = world.new_many(PEOPLE[:8])
    world.settle()
    gone = [world.item_of(each).id for each in ids[:many]]
    for each in gone:
        world.hand().delete(each)

    def failing(item: str) -> None:
        if item == gone[0]:
            raise MailboxError(sort, scope, "ErrorInternalServerError", "the server failed")

    with monkeypatch.context() as meanwhile:
        reading(meanwhile, servers[ALICE], failing)
        world.change(ids[7], jobtitle="CEO")
        assert world.sync().outcome is Outcome.OK
        assert world.item_of(ids[7])["jobtitle"] == "CEO"
        for _ in range(3):
            world.pass_time(minutes=11)
            world.sync()
        states = [world.link(each).state for each in ids[:many]]
        assert states == ["live", *["remembered"] * (many - 1)]
        world.accounted()
    world.settle()
    assert world.link(ids[0]).state == "remembered"


def test_a_server_that_shows_no_item_by_its_id_is_out(
    memory: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Told by a handful of requests, and nothing is concluded of anything (P5)."""
    world, servers = memory
    world.new_many(PEOPLE)
    world.settle()
    for each in world.items()[:15]:
        world.hand().delete(each.id)

    def out(_: str) -> None:
        raise MailboxError(Sort.TRANSIENT, Scope.MAILBOX, "ErrorInternalServerError", "")

    with monkeypatch.context() as meanwhile:
        reading(meanwhile, servers[ALICE], out)
        for _ in range(3):
            assert world.sync().outcome is Outcome.FAILED
            assert world.counts["read"] <= 6
            world.pass_time(minutes=11)
    assert {each.state for each in world.links()} == {"live"}
