"""Oscillation: two writers that undo each other for ever, told from people who edit.

A phone that writes numbers in a form of its own and a workflow that puts them back would have each
value carried to the other side, and back again, with every run.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from syncd.model.fields import Group, Side
from syncd.model.normal import normal
from syncd.model.values import Value
from syncd.reconcile.actions import headline, with_writes
from syncd.reconcile.decision import Decision, Verb
from syncd.reconcile.images import FROZEN
from syncd.reconcile.merge import ANSWERED, GroupOutcome
from syncd.reconcile.reasons import Reason

TURNS = 6  # writes in a row, three there and three back; the last of them is not made any more

SAID = (*ANSWERED, Reason.RULE_CHANGED)  # a person has said so, or by what rule it goes


@dataclass(frozen=True, slots=True)
class Written:
    """One write of a group: to which side, and what."""

    side: Side
    values: Mapping[str, Value]


def oscillates(group: Group, writes: Sequence[Written]) -> bool:
    """Whether the last of these writes, oldest first, would only undo what the one before did.

    Two values must have taken turns: somebody who goes on editing writes another one each time.
    """
    turns = [(each.side, _compared(group, each.values)) for each in writes[-TURNS:]]
    there, back = turns[::2], turns[1::2]
    taken = len(turns) == TURNS and there[0][1] != back[0][1]
    return taken and there == there[:1] * len(there) and back == back[:1] * len(back)


def _compared(group: Group, values: Mapping[str, Value]) -> Mapping[str, object]:
    types = {field.name: field.type for field in group.fields}
    return {name: normal(types[name], value) for name, value in values.items() if name in types}


def frozen(decision: Decision, names: Collection[str]) -> Decision:
    """The same decision without a write of these groups: each side keeps its own, and waits."""
    groups = tuple(
        GroupOutcome(each.group, Reason.FROZEN, FROZEN) if each.group in names else each
        for each in decision.groups
    )
    writes = {Verb.UPDATE_RECORD, Verb.UPDATE_ITEM}
    left = with_writes(
        replace(decision, groups=groups), *(v for v in decision.verbs if v not in writes)
    )
    reason = headline(groups) if any(each.writes for each in groups) else Reason.FROZEN
    return replace(left, reason=reason)
