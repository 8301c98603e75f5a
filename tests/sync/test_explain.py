"""Why somebody is in an Outlook, is not, is not up to date, or is back again (P12)."""

from __future__ import annotations

import json

import pytest

from syncd.crm import database
from syncd.settings.filters import Filter
from syncd.settings.policies import NamedFilter
from syncd.sync import catalogue
from syncd.sync.explain import looking, telling
from syncd.sync.explain.trace import trace
from syncd.sync.explain.verdict import next_step, verdict
from tests.conftest import SQLITE
from tests.sync import desk
from tests.sync.asking import ANN, Situation, asked, told
from tests.sync.engine_words import engine_words
from tests.sync.missing import (
    MISSING,
    doubtful,
    filtered,
    first_contact,
    new,
    not_owned,
    refused,
    thrown_away,
)
from tests.sync.present import (
    PRESENT,
    contested,
    guarded,
    held_back,
    in_step,
    one_way,
    paused,
    personal,
    tracked,
)
from tests.sync.world import ALICE, BOB
from tests.sync.worlds import Memory

# What a database does is tried where clauses are asked; here it is what follows.
SITUATIONS = {**PRESENT, **MISSING}
ON_ONE = pytest.mark.parametrize("kept_in", [SQLITE], indirect=True)


@ON_ONE
@pytest.mark.parametrize("situation", SITUATIONS, ids=lambda each: each.__name__)
def test_each_situation_is_told_for_what_it_is(memory: Memory, situation: Situation) -> None:
    """The first line says how it is, and the one cause that weighs most, in words of a rep's."""
    facts = asked(memory[0], situation(memory))
    found = verdict(facts)
    assert (found.how, found.code) == SITUATIONS[situation]
    for language in catalogue.LANGUAGES:
        text = told(facts, language)
        assert engine_words(text) == []
        assert "{" not in text
        first = text.split("\n")[0]
        assert first == telling.first(facts, language)
        assert ALICE in first
        assert "Ann Lee" in first
    assert json.dumps(trace(facts, {}, ""))


@ON_ONE
@pytest.mark.parametrize(
    ("situation", "lines"),
    [
        (not_owned, [f"owner eq @me: no ({BOB} owns it)", "statecode eq 'active': yes"]),
        (
            filtered,
            [
                "all of these: no",
                f"owner eq @me: yes ({ALICE} owns it)",
                "one of these: no",
                "address1_city eq 'Bern': no (address1_city is Basel)",
                "contains(jobtitle, 'Boss'): no (jobtitle is empty)",
            ],
        ),
        (tracked, ["Yes, by the category CRM.", "which keeps it here whatever the filter says"]),
        (one_way, ["Job title: From the CRM to Outlook only.", "Job title differ: The rule lets"]),
        (personal, ["Nickname differ: Personal details stay different"]),
        (guarded, ["Notes differ: Outlook holds more there than plain text"]),
        (held_back, ["Held back: set aside in Outlook", "It no longer belongs in this mailbox."]),
        (doubtful, ["a person must decide"]),
        (refused, ["The server refuses it as it is.", "Tries so far: 3."]),
        (thrown_away, ["the CRM keeps it."]),
        (contested, ["Job title: Both sides changed the same; a person must say"]),
        (in_step, ["created in Outlook. It belongs in this mailbox", "syncd put it there."]),
    ],
    ids=lambda each: getattr(each, "__name__", ""),
)
def test_the_chain_says_where_it_comes_from(
    memory: Memory, situation: Situation, lines: list[str]
) -> None:
    """Clause by clause, field by field: what there is to see in each step."""
    text = told(asked(memory[0], situation(memory)))
    for line in lines:
        assert line in text


@ON_ONE
@pytest.mark.parametrize(
    ("situation", "key"),
    [
        (in_step, "next.nothing"),
        (new, "next.create"),
        (not_owned, "next.stays"),
        (first_contact, "next.onboard"),
        (doubtful, "next.person"),
        (held_back, "next.person"),
        (paused, "next.resume"),
        (thrown_away, "next.stays-todo"),
    ],
    ids=lambda each: getattr(each, "__name__", ""),
)
def test_it_says_what_comes_next(memory: Memory, situation: Situation, key: str) -> None:
    """What the next run will do, or what a person can type."""
    assert next_step(asked(memory[0], situation(memory))).key == key


@ON_ONE
def test_a_filter_that_keeps_out_is_told_before_those_that_take_in(memory: Memory) -> None:
    """Each filter by its name, and which of them it is that decides."""
    world, _ = memory
    mine, lees = "owner eq @me", "lastname eq 'Lee'"
    world.filter = f"{mine} and not ({lees})"
    world.settle()
    ann = world.new(**ANN)
    world.sync()
    assert world.items() == []
    facts = asked(
        world, ann, ALICE,
        NamedFilter("Mine", Filter.parse(mine, world.stored)),
        NamedFilter("No Lees", Filter.parse(lees, world.stored), exclude=True),
    )  # fmt: skip
    assert telling.first(facts, "en") == (
        f"Ann Lee is not in the Outlook of {ALICE}: "
        "A filter of this mailbox keeps it out: lastname eq 'Lee'"
    )
    text = told(facts)
    assert f"What belongs here (Mine):\n      owner eq @me: yes ({ALICE} owns it)" in text
    assert "What is kept out (No Lees):\n      lastname eq 'Lee': yes (lastname is Lee)" in text


@ON_ONE
def test_what_it_says_of_the_next_run_comes_true(memory: Memory) -> None:
    """It is put there by the next run, brought up to date by the one after, then taken out."""
    world, _ = memory
    ann = new(memory)
    assert next_step(asked(world, ann)).key == "next.create"
    world.sync()
    assert [each["firstname"] for each in world.items()] == ["Ann"]
    world.change(ann, jobtitle="Boss")
    facts = asked(world, ann)
    assert facts.changed == ("Job title",)
    assert next_step(facts).key == "next.update"
    world.sync()
    assert world.item()["jobtitle"] == "Boss"
    world.assign(ann, BOB)
    assert next_step(asked(world, ann)).key == "next.leave"
    world.sync()
    assert world.items() == []


@ON_ONE
def test_what_was_let_go_is_what_comes_next(memory: Memory) -> None:
    """Held, then approved: the next run does it."""
    world, _ = memory
    ann = held_back(memory)
    world.approve()
    facts = asked(world, ann)
    assert next_step(facts).key == "next.go"
    assert "Let go by a person" in told(facts)


def test_it_asks_of_every_mailbox_that_has_it_or_could_have_it(memory: Memory) -> None:
    """The owner's, and every other with an item of it, or with something that waits."""
    world, _ = memory
    ann = world.new(**ANN)
    world.settle()
    world.assign(ann, BOB)

    def concerned() -> list[str]:
        with database.read(world.engine) as conn:
            record = world.record(ann)
            found = looking.concerned(conn, world.stored.kind, record)
            return [each.address for each in found]

    assert concerned() == [ALICE, BOB]
    world.settle(ALICE, BOB)
    assert concerned() == [ALICE, BOB]  # it rests there
    bea = world.new(BOB, firstname="Bea")
    ann = bea
    assert concerned() == [BOB]


@ON_ONE
def test_of_items_that_are_nobody_s_business_nothing_is_told(memory: Memory) -> None:
    """P14: who it could be in Outlook is not named, here or in the trace; only how many."""
    world, _ = memory
    items = [world.hand().add({**ANN, "jobtitle": "Zquanari", "nickname": "Zqu"}) for _ in range(2)]
    ann = world.new(**ANN)
    world.sync()
    world.approve()
    world.sync()
    facts = asked(world, ann)
    assert verdict(facts).code == "doubtful-match"
    all_of_it = told(facts) + json.dumps(trace(facts, {}, ""))
    assert "Zqu" not in all_of_it
    assert not [each for each in items if f'"{each}"' in all_of_it]


def test_explaining_writes_nothing_and_asks_no_server(memory: Memory) -> None:
    """It reads the store alone."""
    world, servers = memory
    ann = in_step(memory)
    before, asked_before = world.rows(), sum(each.counts.total() for each in servers.values())
    assert told(asked(world, ann))
    assert world.rows() == before
    assert sum(each.counts.total() for each in servers.values()) == asked_before


@ON_ONE
def test_what_its_reader_may_not_read_is_not_told(memory: Memory) -> None:
    """Neither why a hidden record stays out, nor what a hidden field holds; a trace may say it."""
    world, _ = memory
    world.filter = "department eq 'Legal' and jobtitle eq 'Spy'"
    record = world.new(BOB, department="Secret", jobtitle="Spy", **ANN)
    world.start()
    desk.rule(world, read=desk.OWN, write=desk.OWN)
    world.settle()
    hidden = asked(world, record)
    assert verdict(hidden).code == "no-right"
    for word in ("Secret", "Legal", "Spy", BOB, "in use"):
        assert word not in told(hidden)
    desk.no_rule(world)
    desk.rule(world, read=desk.NONE, write=desk.NONE, field="department")
    world.settle()
    partly = asked(world, record)
    assert "department eq 'Legal': no\n" in told(partly)
    assert "jobtitle is Spy" in told(partly)
    assert "Secret" not in told(partly)
    assert "Secret" in str(trace(partly, {}, "")["filters"])


@ON_ONE
def test_a_missing_right_is_told_before_everything_else(memory: Memory) -> None:
    """Whatever else would be said of it: that it was deleted, or was there and waits."""
    world, _ = memory
    record = world.new(**ANN)
    world.settle()
    world.assign(record, BOB)
    desk.rule(world, read=desk.OWN, write=desk.OWN)
    assert verdict(asked(world, record)).code == "no-right"
    world.settle()
    world.remove(record)
    assert verdict(asked(world, record)).code == "no-right"
    assert "deleted" not in told(asked(world, record))
