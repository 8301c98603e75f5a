"""Doubles: what was given up for lost and appears after all goes, unless it is somebody's (P3)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest

from syncd.model.fields import Direction
from syncd.model.kinds import Kind
from syncd.model.values import Value
from syncd.outlook.errors import Failure
from syncd.outlook.port import Creation, Update, Written
from tests.memory_mailbox import MemoryServer
from tests.sync.test_in_doubt import ANN, late
from tests.sync.world import ALICE, World
from tests.sync.worlds import Memory

TITLE = "Chief Officer"
FORMS: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "shortened": lambda title: title[:4],
    "reformatted": str.upper,
}

forms = pytest.mark.parametrize("form", FORMS)


def keep_as(monkeypatch: pytest.MonkeyPatch, server: MemoryServer, form: str) -> None:
    """Have the server keep job titles in a form of its own."""
    create, update = server.create, server.update

    def formed(fields: Mapping[str, Value]) -> dict[str, Value]:
        return {
            name: FORMS[form](value) if name == "jobtitle" and isinstance(value, str) else value
            for name, value in fields.items()
        }

    def made(folder: str, new: Creation, kind: Kind | None = None) -> Written | Failure:
        return create(folder, replace(new, fields=formed(new.fields)), kind)

    def changed(edit: Update, kind: Kind | None = None) -> Written | Failure:
        return update(replace(edit, patch=formed(edit.patch)), kind)

    monkeypatch.setattr(server, "create", made)
    monkeypatch.setattr(server, "update", changed)


def double(
    world: World,
    server: MemoryServer,
    since: Callable[[World, str], object] = lambda *_: None,
    **fields: Value,
) -> tuple[str, str]:
    """A create given up for lost, tried again, and then carried out: record, the late item.

    Before it is, something more may happen to the record.
    """
    record = world.new(**ANN, **fields)
    late(server, "create")
    world.sync()
    world.pass_time(minutes=3)
    world.settle()
    since(world, record)
    world.settle()
    linked = world.item().id
    server.commit_late()
    (item,) = {each.id for each in world.items()} - {linked}
    return record, item


SINCE: dict[str, Callable[[World, str], object]] = {
    "nothing": lambda *_: None,
    "another field in the CRM": lambda world, record: world.change(record, department="Sales"),
    "another field in Outlook": lambda world, _: world.hand().edit(
        world.item().id, {"department": "Sales"}
    ),
}


@forms
@pytest.mark.parametrize("since", SINCE)
def test_a_double_goes_to_deleted_items(
    memory: Memory, monkeypatch: pytest.MonkeyPatch, form: str, since: str
) -> None:
    """The first attempt appears after the second: nobody's item, unedited, is put away (P3).

    Also where the server keeps what it was sent in a form of its own: it is no editor (P2).
    """
    world, servers = memory
    keep_as(monkeypatch, servers[ALICE], form)
    record, item = double(world, servers[ALICE], SINCE[since], jobtitle=TITLE)
    world.settle()
    assert world.item_of(record) == world.item()
    assert world.item().id != item
    assert len(world.items("deleteditems")) == 1
    world.change(record, jobtitle="CEO")
    world.settle()
    assert world.item()["jobtitle"] == "CEO"
    world.accounted()


def test_of_two_the_one_that_its_user_leaves_there_stays(memory: Memory) -> None:
    """Who tidies up before syncd does keeps the contact, in step (P1)."""
    world, servers = memory
    record, item = double(world, servers[ALICE], jobtitle=TITLE)
    (linked,) = [each for each in world.items() if each.id != item]
    world.hand().delete(linked.id)
    for _ in range(2):
        world.sync()
        world.pass_time(minutes=11)
    world.settle()
    assert [each.id for each in world.items()] == [item]
    world.change(record, jobtitle="CEO")
    world.settle()
    assert world.item()["jobtitle"] == "CEO"
    world.accounted()


EDITS: dict[str, Callable[[World, str], object]] = {
    "the field itself": lambda world, item: world.hand().edit(item, {"jobtitle": "Boss"}),
    "the field as it was sent, and another": lambda world, item: world.hand().edit(
        item, {"jobtitle": TITLE, "nickname": "Annie"}
    ),
    "another field": lambda world, item: world.hand().edit(item, {"nickname": "Annie"}),
    "a field emptied": lambda world, item: world.hand().edit(item, {"jobtitle": None}),
    "a category": lambda world, item: world.hand().edit(item, {"categories": ("Family",)}),
}


@forms
@pytest.mark.parametrize("edit", EDITS)
def test_a_double_that_its_user_has_edited_is_left_alone(
    memory: Memory, monkeypatch: pytest.MonkeyPatch, form: str, edit: str
) -> None:
    """It is the user's by now (P14): a copy like any other."""
    world, servers = memory
    keep_as(monkeypatch, servers[ALICE], form)
    _, item = double(world, servers[ALICE], jobtitle=TITLE)
    EDITS[edit](world, item)
    world.settle()
    assert len(world.items()) == 2
    assert world.reason(item) == "excluded (copy)"


@forms
@pytest.mark.parametrize("direction", [Direction.TWO_WAY, Direction.TO_OUTLOOK])
@pytest.mark.parametrize("by", ["its user", "the CRM"])
def test_a_double_that_was_edited_like_its_twin_is_left_alone(
    memory: Memory, monkeypatch: pytest.MonkeyPatch, form: str, direction: Direction, by: str
) -> None:
    """That both hold the same is no proof: what the linked one holds is not of what was sent."""
    world, servers = memory
    world.policy(direction=direction)
    keep_as(monkeypatch, servers[ALICE], form)

    def edited(world: World, record: str) -> None:
        if by == "the CRM":
            world.change(record, jobtitle="Boss of all")
        else:
            world.hand().edit(world.item().id, {"jobtitle": "Boss"})

    record, item = double(world, servers[ALICE], edited, jobtitle=TITLE)
    world.hand().edit(item, {"jobtitle": world.item_of(record)["jobtitle"]})
    world.settle()
    assert len(world.items()) == 2
    assert world.reason(item) == "excluded (copy)"


def test_a_double_whose_notes_were_formatted_is_left_alone(memory: Memory) -> None:
    """To whoever reads the plain text they are what was sent; syncd formats nothing."""
    world, servers = memory
    _, item = double(world, servers[ALICE], description="call her")
    servers[ALICE].write_formatted(item, "description", "call her")
    world.settle()
    assert len(world.items()) == 2
    assert world.reason(item) == "excluded (copy)"


def test_a_copy_of_the_linked_item_is_no_double(memory: Memory) -> None:
    """It bears the key of an attempt that was carried out."""
    world, _ = memory
    world.new(**ANN)
    world.settle()
    copy = world.hand().copy(world.item().id)
    world.settle()
    assert world.reason(copy) == "excluded (copy)"
    assert world.items("deleteditems") == []


def test_a_late_create_whose_record_has_left_is_nobodys(memory: Memory) -> None:
    """Given up for lost, its record deactivated or deleted, and then carried out: put away."""
    world, servers = memory
    for leave in (lambda each: world.set_active(each, active=False), world.remove):
        record = world.new(**ANN)
        late(servers[ALICE], "create")
        world.sync()
        leave(record)
        world.pass_time(minutes=3)
        world.sync()
        servers[ALICE].commit_late()
        world.settle()
        assert world.items() == []
