"""One person in both places: the record, the item, their link; and how an operation changes them.

What `sync` does around a decision is here in a few lines: the CRM's part is applied and settled at
once, the mailbox's part with a precondition, and read back.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from syncd.model.fields import Side
from syncd.model.record import Record
from syncd.reconcile.decide import Case, Decision, Rules, Stand, Verb, decide
from syncd.reconcile.facts import (
    CrmFacts,
    CrmPresence,
    ItemFacts,
    ItemPresence,
    Link,
    LinkState,
    Origin,
)
from syncd.reconcile.settle import hashes_only, settle
from tests.simulation.planner.ledger import Ledger, Violation
from tests.toy import GADGET, gadget

START = datetime(2026, 11, 2, 12, tzinfo=UTC)
CRM, OUTLOOK = Side.CRM, Side.OUTLOOK
GONE = (ItemPresence.DELETED, ItemPresence.MOVED)
OF_THE_CRM = (
    Verb.CREATE_RECORD,
    Verb.UPDATE_RECORD,
    Verb.DEACTIVATE_RECORD,
    Verb.DELETE_RECORD,
    Verb.WITHDRAW,
)

Manner = Callable[[str], str]


@dataclass
class Pair:
    """A record (`None`: there is none) and an item (`None`: there is none), and their tie."""

    number: int
    crm: Record | None = None
    scope: CrmPresence = CrmPresence.IN_SCOPE
    crm_version: int = 1
    crm_at: datetime = START
    item: Record | None = None
    place: ItemPresence = ItemPresence.PRESENT
    item_version: int = 1
    item_at: datetime = START
    private: bool = False
    stamped: bool = False
    link: Link | None = None
    thrown: bool = False  # into Deleted Items, by syncd
    unsettled: bool = False  # half of what was decided is yet to be done: the item is read again

    @property
    def tracked(self) -> bool:
        """Whether the item has the category that puts it into the CRM."""
        labels = self.item.fields.get("labels") if self.item else None
        return isinstance(labels, tuple) and "CRM" in labels

    def seen(self, *, crm: bool, outlook: bool, read: bool) -> Case | None:
        """What a run sees of it: `crm`, `outlook`: that side can be read; `read`: the whole item.

        `None`: nothing of it comes before the planner.
        """
        link = self.link
        presence = self.scope if crm else CrmPresence.UNKNOWN
        gone = self.item is None or self.place in GONE
        if link is None and self.crm is None and gone:
            return None
        rests = link is not None and link.state is not LinkState.LIVE
        released = link is not None and link.state is LinkState.RELEASED
        if rests and gone and not (released and presence is CrmPresence.IN_SCOPE):
            return None
        deleted = presence in (CrmPresence.DELETED, CrmPresence.UNKNOWN)
        origins = dict.fromkeys(GADGET.groups, self.crm_at)
        record = None if deleted else self.crm
        if link is None and self.crm is None:
            presence = CrmPresence.OUT_OF_SCOPE if crm else CrmPresence.UNKNOWN
        facts = CrmFacts(presence, record, self.crm_version, origins)
        if not outlook:
            return Case(facts, ItemFacts(ItemPresence.UNKNOWN), link)
        if self.item is None or (link is None and self.place in GONE):
            there = ItemPresence.PRESENT if link is None else ItemPresence.DELETED
            return Case(facts, ItemFacts(there), link)
        return Case(
            facts,
            ItemFacts(
                self.place, "i", f"v{self.item_version}",
                self.item if read and not gone else None, self.item_at,
                self.private, self.tracked, self.stamped,
            ),
            link,
        )  # fmt: skip


@dataclass
class Operation:
    """What is left of a decision to be carried out: the CRM's part first, then the mailbox's."""

    pair: Pair
    case: Case
    decision: Decision
    rules: Rules
    manner: Manner
    ledger: Ledger
    crm: Record | None
    crm_version: int
    item: Record | None
    item_version: int
    begun: bool = False

    @classmethod
    def of(
        cls,
        pair: Pair,
        case: Case,
        decision: Decision,
        rules: Rules,
        manner: Manner,
        ledger: Ledger,
    ) -> Operation:
        """An operation at its start."""
        return cls(
            pair, case, decision, rules, manner, ledger, case.crm.record, pair.crm_version,
            case.item.record, pair.item_version,
        )  # fmt: skip

    @property
    def _outlook_verbs(self) -> list[Verb]:
        quiet = (*OF_THE_CRM, Verb.UNLINK)
        return [verb for verb in self.decision.verbs if verb not in quiet]

    def step(self, edit_before_read_back: Callable[[Pair], None]) -> bool:
        """Carry out the next part; whether there is another one."""
        if not self.begun:
            self.begun = True
            return self._in_the_crm() and bool(self._outlook_verbs)
        self._in_outlook(edit_before_read_back)
        return False

    def _in_the_crm(self) -> bool:
        pair, decision = self.pair, self.decision
        wrote = [verb for verb in decision.verbs if verb in OF_THE_CRM]
        if wrote and pair.crm_version != self.crm_version:
            return False  # a refused precondition: decided anew
        if Verb.CREATE_RECORD in wrote:
            self.ledger.begin_anew(pair.item.fields if pair.item else None)
            pair.crm, pair.scope = gadget(), CrmPresence.IN_SCOPE
        if patch := decision.patch(CRM):
            assert pair.crm is not None
            pair.crm = self.crm = pair.crm.patched(patch)
            pair.crm_version += 1
            pair.crm_at = self.case.item.modified or pair.crm_at
            self.crm_version = pair.crm_version
            self._keep(CRM)
        if Verb.DELETE_RECORD in wrote:
            pair.scope = CrmPresence.DELETED
        if Verb.DEACTIVATE_RECORD in wrote:
            pair.scope = CrmPresence.OUT_OF_SCOPE
        if not self._outlook_verbs:
            self._keep(OUTLOOK)
            self._settle(decision.link_state)
        elif patch or Verb.CREATE_RECORD in wrote:
            waiting = {g.group for g in decision.groups if OUTLOOK in g.writes}
            before = self.case.link
            self._settle(before.state if before else decision.link_state, frozenset(waiting))
        return True

    def _in_outlook(self, meanwhile: Callable[[Pair], None]) -> None:
        pair, decision, verbs = self.pair, self.decision, self._outlook_verbs
        if pair.crm is not None and pair.crm_version != self.crm_version:
            return  # edited since it was decided: not meant any more
        if Verb.CREATE_ITEM in verbs:
            alive = pair.item is not None and pair.place not in GONE and not pair.thrown
            if alive and pair.stamped:
                raise Violation(f"P3: a second item for {pair.number}")
            if pair.item is not None:
                self.ledger.throw(pair.item.fields)  # in Deleted Items, or where its user put it
                self.ledger.begin_anew(pair.crm.fields if pair.crm else None)
            pair.item, pair.place, pair.stamped = gadget(), ItemPresence.PRESENT, True
            pair.private = pair.thrown = False
            self.item = gadget()
        elif pair.item is None or pair.item_version != self.item_version:
            return  # a refused precondition
        pair.item_version += 1
        self._keep(OUTLOOK)
        patch = decision.patch(OUTLOOK)
        sent = (self.item or pair.item).patched(patch)
        if patch:
            assert pair.item is not None
            pair.item = as_held(self.manner, pair.item.patched(patch), patch.keys())
            pair.item_at += timedelta(seconds=1)
        pair.stamped = pair.stamped or decision.stamp
        for verb, place in _PLACES.items():
            if verb in verbs:
                pair.place = place
        pair.thrown = pair.thrown or Verb.TRASH_ITEM in verbs
        wrote = pair.item_version
        meanwhile(pair)
        self.item = pair.item if pair.item_version == wrote else sent
        self._settle(decision.link_state, version=wrote)

    def _keep(self, side: Side) -> None:
        for group in self.decision.groups:
            if group.loser and group.loser.side is side:
                self.ledger.keep(group.loser.values)

    def _settle(
        self,
        state: LinkState | None,
        pending: frozenset[str] = frozenset(),
        version: int | None = None,
    ) -> None:
        decision, before, pair = self.decision, self.case.link, self.pair
        if state is None:
            return
        pair.unsettled = version is None and bool(self._outlook_verbs)
        outcomes = {each.group: each for each in decision.groups}
        if state is not LinkState.LIVE:
            taken = {name for name, each in outcomes.items() if CRM in each.writes}
            pending |= GADGET.groups.keys() - taken
        held = {CRM: self.crm, OUTLOOK: self.item}
        images, marks = settle(
            GADGET.groups, outcomes, before, held, self.rules.key, pending=pending
        )
        if decision.withdraws:
            images = {s: hashes_only(GADGET, self.rules.key, image) for s, image in images.items()}
        origin = decision.origin or (before.origin if before else Origin.ADOPTED)
        pair.link = Link(
            "c", origin, state, "i", f"v{version or self.item_version}", self.crm_version, images,
            marks, tracked=pair.tracked, aside=decision.aside,
        )  # fmt: skip


_PLACES = {
    Verb.RESTORE_ITEM: ItemPresence.PRESENT,
    Verb.MOVE_ITEM: ItemPresence.ARCHIVED,
    Verb.TRASH_ITEM: ItemPresence.DELETED,
}


def as_held(manner: Manner, record: Record, written: object) -> Record:
    """What a server makes of what it is sent."""
    assert hasattr(written, "__contains__")
    fields = {
        name: manner(value) if isinstance(value, str) and name in written else value
        for name, value in record.fields.items()
    }
    return Record(GADGET, fields)


def decided(pair: Pair, case: Case, rules: Rules) -> tuple[Case, Decision]:
    """Decide a case; one that has to be read first is read, as `gather` does."""
    decision = decide(case, rules)
    blind = case.item.record is None and case.item.presence is not ItemPresence.UNKNOWN
    if blind and decision.stand is Stand.WAITING and pair.item is not None:
        case = replace(case, item=replace(case.item, record=pair.item))
        decision = decide(case, rules)
    return case, decision
