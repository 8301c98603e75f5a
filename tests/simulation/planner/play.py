"""One case: a few pairs that were in step once, perturbed on both sides, and planned to the end."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

from syncd.model.fields import Direction
from syncd.model.policy import (
    ConflictPolicy,
    CrmDelete,
    ExitPolicy,
    KindPolicy,
    OutlookDelete,
    ScopeExit,
)
from syncd.reconcile.decide import Rules
from tests.simulation.planner import checks
from tests.simulation.planner.ledger import Ledger, Violation
from tests.simulation.planner.pairs import Manner, Operation, Pair, decided
from tests.simulation.planner.people import People
from tests.toy import GADGET

ROUNDS = 12
RESTLESS = 3  # rounds in which people go on editing, and a side cannot be read at times
MANNERS: tuple[Manner, ...] = (str, str.strip, lambda text: text[:12])


@dataclass
class Play:
    """A case by its seed. `run` raises Violation."""

    seed: int
    ledger: Ledger = field(default_factory=Ledger)
    trace: list[str] = field(default_factory=list)

    def run(self) -> int:
        """Play it to rest; in how many rounds."""
        chance = random.Random(self.seed)  # noqa: S311 - it is to be repeatable
        people = People(chance, self.ledger)
        rules, manner = rules_of(chance), chance.choice(MANNERS)
        pairs = [_pair(number, chance, people) for number in range(chance.randint(1, 3))]
        for number in range(ROUNDS):
            restless = number < RESTLESS
            if restless or number == RESTLESS:
                for pair in pairs:
                    self._perturb(chance, people, pair)
            work = self._plan(chance, pairs, rules, manner, restless=restless)
            self._carry_out(chance, people, work, restless=restless)
            for pair in pairs:
                checks.no_secret(pair, self.ledger)
            if not restless and not any(each.decision.verbs for each in work):
                self._rest(pairs, rules)
                return number + 1
        raise Violation(f"P2: not at rest after {ROUNDS} rounds")

    def _perturb(self, chance: random.Random, people: People, pair: Pair) -> None:
        if chance.random() < 0.5:
            people.edit_crm(pair)
        if chance.random() < 0.5:
            people.edit_outlook(pair)

    def _plan(
        self,
        chance: random.Random,
        pairs: Sequence[Pair],
        rules: Rules,
        manner: Manner,
        *,
        restless: bool,
    ) -> list[Operation]:
        work = []
        for pair in pairs:
            crm, outlook = ((not restless or chance.random() > 0.1) for _ in range(2))
            changed = (
                pair.unsettled
                or pair.link is None
                or (pair.link.remote_version != f"v{pair.item_version}")
            )
            case = pair.seen(crm=crm, outlook=outlook, read=changed or chance.random() < 0.5)
            if case is None:
                continue
            case, decision = decided(pair, case, rules)
            checks.check(pair, case, decision, rules, self.ledger)
            self.trace.append(f"{pair.number}: {decision.reason} {list(decision.verbs)}")
            work.append(Operation.of(pair, case, decision, rules, manner, self.ledger))
        return work

    def _carry_out(
        self, chance: random.Random, people: People, work: Sequence[Operation], *, restless: bool
    ) -> None:
        """In any order, each in its parts; people do not wait for it."""

        def meanwhile(pair: Pair) -> None:
            if restless and chance.random() < 0.1:
                people.edit_outlook(pair)

        left = list(work)
        while left:
            each = left.pop(chance.randrange(len(left)))
            if restless and chance.random() < 0.15:
                self._perturb(chance, people, each.pair)
            if each.step(meanwhile):
                left.append(each)

    def _rest(self, pairs: Sequence[Pair], rules: Rules) -> None:
        for pair in pairs:
            case = pair.seen(crm=True, outlook=True, read=True)
            if case is not None:
                decision = decided(pair, case, rules)[1]
                checks.at_rest(pair, decision, rules, self.ledger)
        self.ledger.check(
            each.fields for pair in pairs for each in (pair.crm, pair.item) if each is not None
        )


def rules_of(chance: random.Random) -> Rules:
    """Rules by whim; the usual ones more often than not."""
    usual = chance.random() < 0.5
    directions = {
        name: chance.choice(tuple(Direction))
        for name in GADGET.groups
        if name != "labels" and chance.random() < 0.25
    }
    exits = ExitPolicy(*(chance.choice(tuple(ScopeExit)) for _ in range(3)))
    policy = KindPolicy(
        GADGET,
        Direction.TWO_WAY if usual else chance.choice(tuple(Direction)),
        {} if usual else directions,
        chance.choice(tuple(ConflictPolicy)),
        on_scope_exit=ExitPolicy() if usual else exits,
        on_crm_delete=CrmDelete.DELETE_CREATED if usual else chance.choice(tuple(CrmDelete)),
        on_outlook_delete=(
            OutlookDelete.REMEMBER if usual else chance.choice(tuple(OutlookDelete))
        ),
    )
    return Rules(policy, b"a key", chance.random() < 0.9, moves=chance.random() < 0.7)


def _pair(number: int, chance: random.Random, people: People) -> Pair:
    """Somebody in the CRM, in Outlook, or in both; as they meet they come in step."""
    pair, whim = Pair(number), chance.random()
    if whim < 0.7:
        pair.crm = people.record(f"of {number} in the CRM, at first")
    if whim > 0.5:
        pair.private = chance.random() < 0.1
        pair.item = people.record(f"of {number} in Outlook, at first", secret=pair.private)
        pair.stamped = pair.crm is not None and chance.random() < 0.3
        if chance.random() < 0.5:
            pair.item = pair.item.patched({"labels": ("CRM",)})
    return pair
