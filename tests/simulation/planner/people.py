"""What people do to a pair: by whim, and independently on either side, so that it collides."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import timedelta

from syncd.model.record import Record
from syncd.model.values import Value
from syncd.reconcile.facts import CrmPresence, ItemPresence
from tests.simulation.planner.ledger import Ledger, tokens
from tests.simulation.planner.pairs import GONE, Pair
from tests.toy import gadget

WORDS = ("brand", "model", "serial", "hint")
LATER = timedelta(minutes=1)


class People:
    """Everybody: the office, who edits the CRM, and the rep in Outlook."""

    def __init__(self, chance: random.Random, ledger: Ledger) -> None:
        self._chance = chance
        self._ledger = ledger

    def values(self, where: str, *, secret: bool = False) -> dict[str, Value]:
        """Some values that nobody wrote before; empty ones among them."""
        chance, made = self._chance, dict[str, Value]()
        for name in WORDS:
            if chance.random() < 0.4:
                word = self._ledger.word(f"{name} {where}", secret=secret)
                made[name] = None if chance.random() < 0.2 else f"  {word} text "
                if made[name] is None:
                    self._ledger.over.add(word)
        if chance.random() < 0.3:
            made["parts"] = (self._ledger.word(f"parts {where}", secret=secret),)
        return made

    def record(self, where: str, *, secret: bool = False) -> Record:
        """A record with some of its fields filled."""
        return gadget(**self.values(where, secret=secret))

    def edit_crm(self, pair: Pair) -> None:
        """The office edits, deletes, reassigns or gets back the record."""
        chance, ledger = self._chance, self._ledger
        if pair.crm is None or pair.scope is CrmPresence.DELETED:
            return
        pair.crm_version += 1
        if chance.random() < 0.75:
            patch = self.values(f"of {pair.number} in the CRM")
            if "parts" in patch and chance.random() < 0.6:
                patch["parts"] = (*_parts(pair.crm), *_parts(patch))
            pair.crm = self._patched(pair.crm, patch)
            pair.crm_at += chance.choice((LATER, 3 * LATER))
        elif chance.random() < 0.5:
            inside = pair.scope is CrmPresence.IN_SCOPE
            pair.scope = CrmPresence.OUT_OF_SCOPE if inside else CrmPresence.IN_SCOPE
            ledger.did(pair.number, "left scope" if inside else "came into scope")
        else:
            pair.scope = CrmPresence.DELETED
            ledger.did(pair.number, "deleted in the CRM")
            ledger.throw(pair.crm.fields)

    def edit_outlook(self, pair: Pair) -> None:
        """The rep edits, throws away, moves, marks or tracks the item."""
        chance, ledger = self._chance, self._ledger
        if pair.item is None or pair.thrown:
            return
        pair.item_version += 1
        pair.item_at += chance.choice((LATER, 3 * LATER))
        whim = chance.random()
        if whim < 0.6:
            patch = self.values(f"of {pair.number} in Outlook", secret=pair.private)
            if "parts" in patch and chance.random() < 0.6:
                patch["parts"] = (*_parts(pair.item), *_parts(patch))
            pair.item = self._patched(pair.item, patch)
        elif whim < 0.7 and pair.place is ItemPresence.PRESENT:
            pair.place = ItemPresence.DELETED
            ledger.did(pair.number, "deleted in Outlook")
            ledger.throw(pair.item.fields)
        elif whim < 0.78 and (pair.link is not None or not pair.stamped):
            back = pair.place in GONE
            pair.place = ItemPresence.PRESENT if back else ItemPresence.MOVED
            ledger.did(pair.number, "moved")
        elif whim < 0.86 and not pair.private:
            pair.private = True
            ledger.did(pair.number, "made private")
            ledger.throw(pair.item.fields)
        elif whim < 0.92:
            labels = () if pair.tracked else ("CRM",)
            pair.item = pair.item.patched({"labels": labels or None})
            ledger.did(pair.number, "tracked")
        else:
            pair.stamped = False  # a phone dropped it

    def _patched(self, record: Record, patch: Mapping[str, Value]) -> Record:
        """The record with a patch, by somebody who sees what it replaces and what stays."""
        seen = tokens({name: record.fields.get(name) for name in patch})
        self._ledger.over |= seen - tokens(patch)
        return record.patched(patch)


def _parts(held: Record | Mapping[str, Value]) -> tuple[str, ...]:
    fields = held.fields if isinstance(held, Record) else held
    parts = fields.get("parts")
    return parts if isinstance(parts, tuple) else ()
