"""What another user's private item had brought goes before an item is let go (P7)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from syncd.model.fields import Direction, Side
from syncd.model.policy import CrmDelete
from syncd.model.record import Record
from syncd.reconcile.decide import Case, Rules, decide
from syncd.reconcile.facts import CrmFacts, ItemFacts, ItemPresence, Link, LinkState, Origin
from syncd.reconcile.images import AGREED, Mark, Standing
from syncd.reconcile.reasons import Reason
from tests.toy import policy
from tests.unit.reconcile.situations import (
    BASE,
    DELETED,
    KEY,
    OUT,
    OUTLOOK_EDIT,
    RULES,
    case,
    crm,
    imaged,
    item,
    link,
    told,
)

WITHOUT = BASE.patched({"serial": None})  # the record, since the serial number was taken back
LEFT, GONE = crm(WITHOUT, OUT), crm(None, DELETED)
EDITED, RETYPED = BASE.patched(OUTLOOK_EDIT), BASE.patched({"serial": "mine"})


def waiting(origin: Origin = Origin.CREATED, record: Record = WITHOUT) -> Link:
    """A link that is yet to lose its serial number: of Outlook's only a hash is known."""
    marks = {"serial": Mark(Standing.UNSETTLED, Reason.MADE_PRIVATE)}
    tie = link(record, BASE, origin=origin, marks=marks, tracked=origin is Origin.TRACKED)
    hashes = imaged(BASE, hashes=True)
    outlook = {**tie.images[Side.OUTLOOK], "serial": hashes["serial"]}
    return replace(tie, images={**tie.images, Side.OUTLOOK: outlook})


FIRST = "update-item | in-step | live | crm-changed"  # and how it ends is decided after that
ONE_WAY = Rules(policy(serial=Direction.TO_CRM), KEY)
KEEPS = Rules(replace(policy(), on_crm_delete=CrmDelete.RELEASE), KEY)
# record, item, how the item came about, rules → what is done, and what of it is the emptying
TAKEN = {
    "out of scope it goes before the item": (
        LEFT, item(), Origin.CREATED, RULES,
        FIRST, {"serial": None},
    ),
    "and before an edit of another field is taken": (
        LEFT, item(EDITED), Origin.CREATED, RULES,
        FIRST,
        {"serial": None},
    ),
    "so it is with an item of its user's own, which stays": (
        LEFT, item(), Origin.ADOPTED, RULES,
        FIRST, {"serial": None},
    ),
    "and where the record is deleted": (
        GONE, item(), Origin.CREATED, RULES,
        FIRST, {"serial": None},
    ),
    "though the item outlives it": (
        GONE, item(), Origin.CREATED, KEEPS,
        FIRST, {"serial": None},
    ),
    "and where its user tracks it no more": (
        LEFT, item(), Origin.TRACKED, RULES,
        FIRST, {"serial": None},
    ),
    "and where it lies in a folder of before": (
        LEFT, item(presence=ItemPresence.FORMER), Origin.CREATED, RULES,
        FIRST, {"serial": None},
    ),
    "what was not read is read first": (
        LEFT, item(None), Origin.CREATED, RULES, " | waiting |  | unknown-outlook", {},
    ),
    "what its user has typed over it is theirs": (
        LEFT, item(RETYPED), Origin.CREATED, RULES,
        "update-record move-item | excluded | released | left-scope", {},
    ),
    "what is gone already is not written": (
        LEFT, item(WITHOUT), Origin.CREATED, RULES,
        "move-item | excluded | released | left-scope", {},
    ),
    "where nothing may be written, nothing is": (
        LEFT, item(), Origin.CREATED, ONE_WAY,
        "move-item | excluded | released | left-scope", {},
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", TAKEN)
def test_what_was_taken_back_goes_first(what: str) -> None:
    """The name of the case is the law."""
    record, thing, origin, rules, outcome, patch = TAKEN[what]
    assert isinstance(record, CrmFacts)
    assert isinstance(thing, ItemFacts)
    decision = decide(case(record, thing, waiting(origin)), rules)
    assert told(decision) == outcome
    assert decision.patch(Side.OUTLOOK) == patch


def test_what_the_crm_holds_by_now_takes_its_place() -> None:
    """It is the CRM's own word, as long as there is a record that says it."""
    said = BASE.patched({"serial": "of the office"})
    left = decide(case(crm(said, OUT), item(), waiting()), RULES)
    assert left.patch(Side.OUTLOOK) == {"serial": "of the office"}
    deleted = decide(case(GONE, item(), waiting(record=said)), RULES)
    assert deleted.patch(Side.OUTLOOK) == {"serial": None}


AT_REST = replace(waiting(), state=LinkState.RELEASED)
# record, item, link → what is done
ALONE = {
    "an item that is private itself is its user's": (
        LEFT, item(private=True), waiting(), "withdraw unlink | excluded | released | made-private",
    ),
    "one that its user filed is out of reach": (
        LEFT, item(presence=ItemPresence.MOVED), waiting(),
        " | excluded | remembered | outlook-moved",
    ),
    "one that is at rest is nobody's to write to": (
        LEFT, item(), AT_REST, " | excluded | released | at-rest",
    ),
    "where nothing is to be taken nothing is to be read": (
        LEFT, item(None), link(WITHOUT, BASE),
        "move-item | excluded | released | left-scope",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", ALONE)
def test_what_is_let_alone(what: str) -> None:
    """The name of the case is the law."""
    record, thing, tie, outcome = ALONE[what]
    decision = decide(case(record, thing, tie), RULES)
    assert told(decision) == outcome
    assert decision.patch(Side.OUTLOOK) == {}


def test_nothing_of_it_is_kept_as_a_loser() -> None:
    """It is nobody's any more; and its group is agreed from here on."""
    decision = decide(case(LEFT, item(), waiting()), RULES)
    (serial,) = decision.groups
    assert (serial.reason, serial.mark, serial.loser) == (Reason.MADE_PRIVATE, AGREED, None)


def test_nothing_else_is_taken_back() -> None:
    """Of what no private item had brought nothing goes with the tie."""
    plain: Case = case(LEFT, item(), link(WITHOUT, BASE))
    assert decide(plain, RULES).patch(Side.OUTLOOK) == {}


def test_so_it_is_where_the_item_had_been_private_itself() -> None:
    """Shown again it meets its record as on adoption, but for what is not its user's (P7)."""
    marks = {"serial": Mark(Standing.UNSETTLED, Reason.MADE_PRIVATE)}
    tie = link(BASE, hashes=True, state=LinkState.RELEASED, marks=marks)
    decision = decide(case(crm(WITHOUT), item(), tie), RULES)
    assert told(decision) == "update-item | in-step | live | in-scope-again"
    assert decision.patch(Side.OUTLOOK) == {"serial": None}
    assert [each.reason for each in decision.groups if each.writes] == [Reason.CRM_CHANGED]
    assert not any(each.loser for each in decision.groups)


@pytest.mark.parametrize(
    ("presence", "rests"),
    [
        (ItemPresence.PRESENT, LinkState.RELEASED),
        (ItemPresence.ARCHIVED, LinkState.RELEASED),
        (ItemPresence.MOVED, LinkState.REMEMBERED),
        (ItemPresence.DELETED, LinkState.REMEMBERED),
    ],
)
def test_how_a_private_item_rests_is_told_by_where_it_is(
    presence: ItemPresence, rests: LinkState
) -> None:
    """One that its user took out of the folder does not come back for being shown again."""
    decision = decide(case(crm(), item(presence=presence, private=True), link()), RULES)
    assert told(decision) == f"withdraw unlink | excluded | {rests} | made-private"
