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
from tests.sync.test_in_doubt import ANN
from tests.sync.world import ALICE, BOB, World
from tests.sync.worlds import Memory

PEOPLE: list[dict[str, Value]] = [
    {"firstname": f"N{n}", "emailaddress1": f"n{n}@example.test"} for n in range(20)
]
GONE = Failure(Sort.GONE, "ErrorItemNotFound", "there is no such item")


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


def test_what_rests_and_cannot_be_asked_for_is_not_taken_for_there(
    memory: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """P9: its user threw it away, and the server fails at its id: it is missing, not there."""
    world, servers = memory
    record = world.new(**ANN)
    world.settle()
    away = world.hand().move(world.item().id, world.hand().add_folder("Family"))
    world.settle()
    world.assign(record, BOB)
    world.settle()
    item = world.hand().move(away, "contacts")
    world.settle()
    assert world.link(record).state == "remembered"
    world.hand().delete(item)

    def failing(_: str) -> None:
        raise MailboxError(Sort.TRANSIENT, Scope.MAILBOX, "ErrorInternalServerError", "")

    with monkeypatch.context() as meanwhile:
        reading(meanwhile, servers[ALICE], failing)
        for _ in range(4):
            world.sync()
            world.pass_time(minutes=11)
        world.accounted()
    world.settle()


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


# --- items without a link ------------------------------------------------------------------------


def tracked(world: World) -> str:
    """One that its user has just put into the CRM."""
    return world.hand().add({**ANN, "categories": ("CRM",)})


def copied(world: World) -> str:
    """A copy of one that is in step."""
    world.new(**ANN)
    world.settle()
    return world.hand().copy(world.item().id)


def orphaned(world: World) -> str:
    """One that bears the stamp of a record that is no more."""
    record = world.new(**ANN)
    world.settle()
    copy = world.hand().copy(world.item().id)
    world.settle()
    world.remove(record)
    world.settle()
    return copy


LOOSE: dict[str, tuple[Callable[[World], str], str]] = {
    "tracked": (tracked, "in-step (tracked)"),
    "copy": (copied, "excluded (copy)"),
    "orphan": (orphaned, "excluded (copy)"),
}


def missed(
    memory: Memory, monkeypatch: pytest.MonkeyPatch, make: Callable[[World], str]
) -> tuple[World, str]:
    """An item that is listed, edited, and said to be gone when it is to be read."""
    world, servers = memory
    world.settle()
    item = make(world)
    world.hand().edit(item, {"jobtitle": "Boss"})
    with monkeypatch.context() as meanwhile:
        reading(meanwhile, servers[ALICE], lambda id_: GONE if id_ == item else None)
        world.sync()
    assert world.reason(item) == "waiting (second-look)"
    return world, item


@pytest.mark.parametrize("which", LOOSE)
def test_an_item_that_was_not_found_once_is_decided_like_any_other(
    memory: Memory, monkeypatch: pytest.MonkeyPatch, which: str
) -> None:
    """P5, P9: ten minutes on it is read again, and before that nothing is asked for it."""
    make, stands = LOOSE[which]
    world, item = missed(memory, monkeypatch, make)
    for _ in range(2):
        world.pass_time(minutes=4)
        world.sync()
        assert world.counts["read"] == 0
        assert world.reason(item) == "waiting (second-look)"
    world.pass_time(minutes=3)
    world.sync()
    world.settle()
    assert world.reason(item) == stands
    if which == "tracked":
        (record,) = world.all_records()
        assert world.crm(record)["jobtitle"] == "Boss"


@pytest.mark.parametrize("which", LOOSE)
def test_an_item_that_is_gone_at_the_second_look_is_no_item_any_more(
    memory: Memory, monkeypatch: pytest.MonkeyPatch, which: str
) -> None:
    """P9: it is counted no longer, and a cycle costs one request again."""
    world, item = missed(memory, monkeypatch, LOOSE[which][0])
    log = memory[1][ALICE].folder("contacts").log
    world.hand().delete(item)
    log.pop()  # no listing ever tells of it
    world.pass_time(minutes=11)
    world.sync()
    assert world.sync().counters["waiting"] == 0
    world.settle()
    assert len(world.all_records()) == (which == "copy")


def test_an_item_that_cannot_be_read_at_the_second_look_is_not_gone(
    memory: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is tried with growing gaps (P10); only two looks in a row that find none are believed."""
    world, item = missed(memory, monkeypatch, tracked)
    failed = Failure(Sort.TRANSIENT, "ErrorInternalServerError", "the server failed")
    world.pass_time(minutes=11)
    for answer, stands in (
        (failed, "waiting (retry)"),
        (GONE, "waiting (second-look)"),
        (failed, "waiting (retry)"),
        (GONE, "waiting (second-look)"),
    ):
        with monkeypatch.context() as meanwhile:
            reading(meanwhile, memory[1][ALICE], {item: answer}.get)
            world.sync()
        assert world.reason(item) == stands
        world.pass_time(minutes=11)
    world.sync()
    world.settle()
    assert world.reason(item) == "in-step (tracked)"


def test_a_new_record_is_matched_with_an_item_that_is_back(
    memory: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """P3: in the very run that finds it again nobody is created beside it."""
    world, item = missed(memory, monkeypatch, tracked)
    world.pass_time(minutes=11)
    record = world.new(**ANN)
    world.settle()
    assert world.link(record).remote_id == item
    assert [each.id for each in world.items()] == [item]
    assert world.all_records().keys() == {record}


def test_what_lies_in_a_folder_that_is_served_no_longer_is_none_of_ours(
    memory: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It can be read by its id for ever, and is not in the folder."""
    world, item = missed(memory, monkeypatch, tracked)
    world.hand().add_folder("Customers")
    world.policy(folder="default/Customers")
    world.pass_time(minutes=11)
    for _ in range(2):
        report = world.sync()
    assert report.counters["waiting"] == 0
    assert world.all_records() == {}
    assert [each.id for each in world.items()] == [item]
