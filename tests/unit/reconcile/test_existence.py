"""Existence: the table of the design, cell by cell, and what each cell comes to."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest

from syncd.reconcile.decide import (
    EXISTENCE,
    Action,
    Case,
    Column,
    Row,
    Stand,
    Verb,
    column_of,
    decide,
    row_of,
)
from syncd.reconcile.facts import CrmFacts, ItemFacts, ItemPresence, Link, LinkState
from syncd.reconcile.reasons import Reason
from tests.unit.reconcile.situations import (
    BASE,
    CRM_EDIT,
    DELETED,
    IN_SCOPE,
    OUT,
    OUTLOOK_EDIT,
    RULES,
    UNKNOWN,
    case,
    crm,
    item,
    link,
    told,
)

# The design's table, written down a second time.
TABLE = """
CRM unchanged, in scope | nothing | to CRM | delete policy | nothing
CRM changed, in scope | to Outlook | merge | delete policy | wait
CRM left scope | scope-exit policy by origin | take the edit, then the scope-exit policy | rest | wait
CRM deleted | by origin: to Deleted Items, or kept as orphaned | keep, rest as orphaned, conflict | rest | wait
CRM unknown | wait | wait | wait | wait
no link, in scope | match, else create | match, else create | – | wait
no link, not in the CRM | tracked: into the CRM; else excluded | tracked: into the CRM; else excluded | – | wait
released, in scope again | live again, merge from the kept images | live again, merge from the kept images | gone from its user's folder: remembered; from ours: create | wait
released or remembered, not in scope or private | nothing | nothing | rest | nothing
remembered | live again, merge from the kept images | live again, merge from the kept images | respect it | wait
orphaned | a new act of tracking makes it a new item | a new act of tracking makes it a new item | rest | wait
copy | a new act of tracking makes it a new item | a new act of tracking makes it a new item | rest | wait
made private | withdraw, then rest | withdraw, then rest | withdraw, then rest | wait
"""  # noqa: E501 - a row is a line

CELLS = [
    (Row(label.strip()), column, cell.strip())
    for line in TABLE.strip().splitlines()
    for label, *cells in [line.split(" | ")]
    for column, cell in zip(Column, cells, strict=True)
]


@pytest.mark.parametrize(("row", "column", "said"), CELLS)
def test_the_table_is_the_designs(row: Row, column: Column, said: str) -> None:
    """Every cell of the literal table says what the design's says."""
    assert EXISTENCE[row, column] == said


def test_the_table_is_complete() -> None:
    """There is one cell for every row and column, and no other."""
    assert EXISTENCE.keys() == set(product(Row, Column))
    assert {(row, column) for row, column, _ in CELLS} == EXISTENCE.keys()


# What a cell comes to, for an item that syncd created and nobody tracked:
# row, column | verbs | stand | state of the link | reason
OUTCOMES = """
UNCHANGED  UNCHANGED |                           | in-step  | live       | equal
UNCHANGED  CHANGED   | update-record             | in-step  | live       | outlook-changed
UNCHANGED  GONE      | unlink                    | excluded | remembered | outlook-deleted
UNCHANGED  UNKNOWN   |                           | waiting  |            | unknown-outlook
CHANGED    UNCHANGED | update-item               | in-step  | live       | crm-changed
CHANGED    CHANGED   | update-record update-item | in-step  | live       | both-changed
CHANGED    GONE      | unlink                    | excluded | remembered | outlook-deleted
CHANGED    UNKNOWN   |                           | waiting  |            | unknown-outlook
LEFT_SCOPE UNCHANGED | move-item                 | excluded | released   | left-scope
LEFT_SCOPE CHANGED   | update-record move-item   | excluded | released   | left-scope
LEFT_SCOPE GONE      |                           | excluded | remembered | outlook-deleted
LEFT_SCOPE UNKNOWN   |                           | waiting  |            | unknown-outlook
DELETED    UNCHANGED | trash-item                | excluded | orphaned   | crm-deleted
DELETED    CHANGED   | unlink                    | excluded | orphaned   | crm-deleted
DELETED    GONE      |                           | excluded | orphaned   | outlook-deleted
DELETED    UNKNOWN   |                           | waiting  |            | unknown-outlook
UNKNOWN    UNCHANGED |                           | waiting  |            | unknown-crm
UNKNOWN    CHANGED   |                           | waiting  |            | unknown-crm
UNKNOWN    GONE      |                           | waiting  |            | unknown-crm
UNKNOWN    UNKNOWN   |                           | waiting  |            | unknown-crm
NEW_RECORD UNCHANGED | update-item               | in-step  | live       | adopted
NEW_RECORD GONE      |                           | waiting  |            | unknown-outlook
NEW_RECORD UNKNOWN   |                           | waiting  |            | unknown-outlook
NEW_ITEM   UNCHANGED |                           | excluded |            | not-tracked
NEW_ITEM   GONE      |                           | waiting  |            | unknown-outlook
NEW_ITEM   UNKNOWN   |                           | waiting  |            | unknown-outlook
RETURNED   UNCHANGED |                           | in-step  | live       | in-scope-again
RETURNED   CHANGED   | update-record             | in-step  | live       | in-scope-again
RETURNED   GONE      | create-item               | in-step  | live       | created
RETURNED   UNKNOWN   |                           | waiting  |            | unknown-outlook
RELEASED   UNCHANGED |                           | excluded | released   | at-rest
RELEASED   CHANGED   |                           | excluded | released   | at-rest
RELEASED   GONE      |                           | excluded | released   | outlook-deleted
RELEASED   UNKNOWN   |                           | excluded | released   | at-rest
REMEMBERED UNCHANGED |                           | in-step  | live       | back-in-folder
REMEMBERED CHANGED   | update-record             | in-step  | live       | back-in-folder
REMEMBERED GONE      |                           | excluded | remembered | at-rest
REMEMBERED UNKNOWN   |                           | waiting  |            | unknown-outlook
ORPHANED   UNCHANGED |                           | excluded | orphaned   | at-rest
ORPHANED   CHANGED   |                           | excluded | orphaned   | at-rest
ORPHANED   GONE      |                           | excluded | orphaned   | outlook-deleted
ORPHANED   UNKNOWN   |                           | waiting  |            | unknown-outlook
COPY       UNCHANGED |                           | excluded |            | copy
COPY       CHANGED   |                           | excluded |            | copy
COPY       GONE      |                           | excluded |            | copy
COPY       UNKNOWN   |                           | waiting  |            | unknown-outlook
PRIVATE    UNCHANGED | withdraw unlink           | excluded | released   | made-private
PRIVATE    CHANGED   | withdraw unlink           | excluded | released   | made-private
PRIVATE    GONE      | withdraw unlink           | excluded | remembered | made-private
PRIVATE    UNKNOWN   |                           | waiting  |            | unknown-outlook
"""
# Without a link nothing is known to have changed.
NOWHERE = {(Row.NEW_RECORD, Column.CHANGED), (Row.NEW_ITEM, Column.CHANGED)}

CRM_OF: dict[Row, CrmFacts] = {
    Row.UNCHANGED: crm(),
    Row.CHANGED: crm(BASE.patched(CRM_EDIT)),
    Row.LEFT_SCOPE: crm(BASE, OUT),
    Row.DELETED: crm(None, DELETED),
    Row.UNKNOWN: crm(None, UNKNOWN),
    Row.NEW_RECORD: crm(),
    Row.NEW_ITEM: crm(None, OUT),
    Row.RETURNED: crm(),
    Row.RELEASED: crm(BASE, OUT),
    Row.REMEMBERED: crm(),
    Row.ORPHANED: crm(None, DELETED),
    Row.COPY: crm(),
    Row.PRIVATE: crm(),
}
LINK_OF: dict[Row, Link | None] = {
    **dict.fromkeys(Row, link()),
    Row.NEW_RECORD: None,
    Row.NEW_ITEM: None,
    Row.RETURNED: link(state=LinkState.RELEASED),
    Row.RELEASED: link(state=LinkState.RELEASED),
    Row.REMEMBERED: link(state=LinkState.REMEMBERED),
    Row.ORPHANED: link(state=LinkState.ORPHANED),
    Row.COPY: link(state=LinkState.COPY),
}
ITEM_OF: dict[Column, ItemFacts] = {
    Column.UNCHANGED: item(),
    Column.CHANGED: item(BASE.patched(OUTLOOK_EDIT)),
    Column.GONE: item(None, ItemPresence.DELETED),
    Column.UNKNOWN: item(None, ItemPresence.UNKNOWN),
}


def situation(row: Row, column: Column) -> Case:
    """A case that lands in a cell."""
    seen = ITEM_OF[column]
    if row is Row.PRIVATE:
        seen = replace(seen, private=True)
    return case(CRM_OF[row], seen, LINK_OF[row])


def squeezed(line: str) -> str:
    """A line of a table without its padding."""
    return " | ".join(part.strip() for part in line.split("|"))


ROWS = [line.split("|", 1) for line in OUTCOMES.strip().splitlines()]
CONCRETE = [
    (Row[cell.split()[0]], Column[cell.split()[1]], squeezed(outcome)) for cell, outcome in ROWS
]


@pytest.mark.parametrize(("row", "column", "outcome"), CONCRETE)
def test_a_cell_comes_to(row: Row, column: Column, outcome: str) -> None:
    """Facts land in their cell, and the cell comes to these verbs, stand, state and reason."""
    facts = situation(row, column)
    assert (row_of(facts, RULES), column_of(facts, RULES)) == (row, column)
    assert told(decide(facts, RULES)) == outcome


def test_every_cell_that_can_be_is_shown() -> None:
    """No cell goes without an example."""
    assert {(row, column) for row, column, _ in CONCRETE} == EXISTENCE.keys() - NOWHERE


# --- the same from both sides --------------------------------------------------------------------

MEANING = {
    Action.NOTHING: "write nothing",
    Action.WAIT: "write nothing",
    Action.TO_CRM: "to the other side",
    Action.TO_OUTLOOK: "to the other side",
    Action.MERGE: "merge",
    Action.REMEMBER: "what the policy says of deletions on this side",
    Action.UNMAKE: "what the policy says of deletions on this side",
    Action.KEEP: "what the policy says of deletions on this side",
    Action.REST: "rest",
}
MIRRORED = {
    Row.UNCHANGED: Column.UNCHANGED,
    Row.CHANGED: Column.CHANGED,
    Row.DELETED: Column.GONE,
    Row.UNKNOWN: Column.UNKNOWN,
}


@pytest.mark.parametrize(("one", "two"), list(product(MIRRORED, repeat=2)))
def test_existence_is_symmetric_under_mirrored_policies(one: Row, two: Row) -> None:
    """Of a live link the table says the same of both sides, but for whose deletion policy it is."""
    here, there = EXISTENCE[one, MIRRORED[two]], EXISTENCE[two, MIRRORED[one]]
    assert MEANING[here] == MEANING[there]


def test_a_resting_link_keeps_its_images() -> None:
    """What is at rest is not decided: no group has an outcome, so that no image moves."""
    for row, column, _ in CONCRETE:
        decision = decide(situation(row, column), RULES)
        if decision.link_state in (
            LinkState.RELEASED,
            LinkState.REMEMBERED,
        ) and Verb.UPDATE_RECORD not in (decision.verbs):
            assert decision.groups == ()


def test_what_is_unknown_writes_nothing() -> None:
    """P5: a side that could not be read is never written for, and never counts as empty."""
    for row, column in product(Row, Column):
        if Row.UNKNOWN is row or Column.UNKNOWN is column:
            decision = decide(situation(row, column), RULES)
            assert decision.verbs == ()
            assert decision.link_state in (None, LinkState.RELEASED)
            assert decision.stand is Stand.WAITING or row is Row.RELEASED


def test_a_row_with_a_link_has_one() -> None:
    """A case without a link in a row that has one is a mistake of ours, and says so."""
    with pytest.raises(ValueError, match="has a link"):
        _ = case(crm(BASE, IN_SCOPE), item()).tied


def test_every_reason_of_an_item_left_alone_says_why() -> None:
    """P12: whatever is excluded or waits has a reason other than that all is well."""
    for row, column, _ in CONCRETE:
        decision = decide(situation(row, column), RULES)
        if decision.stand is not Stand.IN_STEP:
            assert decision.reason is not Reason.EQUAL


@pytest.mark.parametrize(
    ("state", "outcome"),
    [
        (LinkState.COPY, " | excluded |  | copy"),
        (LinkState.ORPHANED, " | excluded | orphaned | at-rest"),
    ],
)
def test_what_was_not_read_is_not_tracked_anew(state: LinkState, outcome: str) -> None:
    """Whom it is about, and what would be taken of it, is not known (P5)."""
    found = case(crm(None, DELETED), item(None, tracked=True), link(state=state))
    assert told(decide(found, RULES)) == outcome
