"""What is not as it was left: a table of what a side holds now against its own image."""

from __future__ import annotations

import pytest

from syncd.model.record import Record
from syncd.reconcile.divergence import Divergence, of_item, record_differs
from syncd.reconcile.facts import ItemFacts
from tests.toy import GADGET, seen
from tests.unit.reconcile.situations import BASE, KEY, item, link

OTHER = BASE.patched({"serial": "z9"})

# what was read of an item whose two sides were left differently → what is wrong with it
ITEMS: dict[str, tuple[ItemFacts, Divergence | None]] = {
    "as Outlook was left": (item(OTHER), None),
    "as the CRM was left": (item(BASE), Divergence.ITEM_DIFFERS),
    "made private, and edited": (item(BASE, private=True), Divergence.MADE_PRIVATE),
    "another stamp": (item(OTHER, stamped=False), Divergence.STAMP_LOST),
    "another stamp, and edited": (item(BASE, stamped=False), Divergence.ITEM_DIFFERS),
    "not read": (item(None), None),
    "read in part, that part as it was left": (item(seen(brand="Acme", model="One")), None),
}


@pytest.mark.parametrize("hashes", [False, True])
@pytest.mark.parametrize("what", ITEMS)
def test_an_item_is_held_against_its_own_side(what: str, *, hashes: bool) -> None:
    """Whatever the CRM holds, and whether content is kept or a hash alone."""
    found, wrong = ITEMS[what]
    tie = link(BASE, OTHER, hashes=hashes)
    assert of_item(KEY, GADGET, tie, found) is wrong


RECORDS: dict[str, tuple[Record, bool]] = {
    "as the CRM was left": (BASE, False),
    "as Outlook was left": (OTHER, True),
}


@pytest.mark.parametrize("hashes", [False, True])
@pytest.mark.parametrize("what", RECORDS)
def test_a_record_is_held_against_its_own_side(what: str, *, hashes: bool) -> None:
    """Whatever Outlook holds."""
    record, differs = RECORDS[what]
    assert record_differs(KEY, GADGET, link(BASE, OTHER, hashes=hashes), record) is differs
