"""Existence: what to do about one link, as a literal table the manual prints from.

Detection says what is so (the row and the column); the table says what follows; `actions` says how.
Scope-exit and delete policies are part of the how, so that no rule hides inside detection.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from syncd.model.fields import Side
from syncd.reconcile.actions import DECIDERS, pair
from syncd.reconcile.decision import Action, Case, Decision, Rules, Stand, Verb
from syncd.reconcile.facts import CrmPresence, ItemPresence, Link, LinkState
from syncd.reconcile.groups import edited_groups
from syncd.reconcile.images import Standing
from syncd.reconcile.leaving import given_back

__all__ = [  # the front door: what a run needs to decide
    "EXISTENCE", "Action", "Case", "Column", "Decision", "Row", "Rules", "Stand", "Verb",
    "column_of", "decide", "pair", "row_of",
]  # fmt: skip


class Row(StrEnum):
    """Where the CRM record and the link stand."""

    UNCHANGED = "CRM unchanged, in scope"
    CHANGED = "CRM changed, in scope"
    LEFT_SCOPE = "CRM left scope"
    DELETED = "CRM deleted"
    UNKNOWN = "CRM unknown"
    NEW_RECORD = "no link, in scope"
    NEW_ITEM = "no link, not in the CRM"
    RETURNED = "released, in scope again"
    RELEASED = "released or remembered, not in scope or private"
    REMEMBERED = "remembered"
    ORPHANED = "orphaned"
    COPY = "copy"
    PRIVATE = "made private"


class Column(StrEnum):
    """Where the Outlook item stands. Gone is deleted or moved away by its user."""

    UNCHANGED = "Outlook unchanged"
    CHANGED = "Outlook changed"
    GONE = "Outlook: gone by its user's hand"
    UNKNOWN = "Outlook: unknown"


_A = Action
_COLUMNS = (Column.UNCHANGED, Column.CHANGED, Column.GONE, Column.UNKNOWN)

EXISTENCE: Mapping[tuple[Row, Column], Action] = {
    (row, column): action
    for row, actions in {
        Row.UNCHANGED: (_A.NOTHING, _A.TO_CRM, _A.REMEMBER, _A.NOTHING),
        Row.CHANGED: (_A.TO_OUTLOOK, _A.MERGE, _A.REMEMBER, _A.WAIT),
        Row.LEFT_SCOPE: (_A.EXIT, _A.TAKE_AND_EXIT, _A.REST, _A.WAIT),
        Row.DELETED: (_A.UNMAKE, _A.KEEP, _A.REST, _A.WAIT),
        Row.UNKNOWN: (_A.WAIT, _A.WAIT, _A.WAIT, _A.WAIT),
        Row.NEW_RECORD: (_A.MATCH, _A.MATCH, _A.NEVER, _A.WAIT),
        Row.NEW_ITEM: (_A.TRACK, _A.TRACK, _A.NEVER, _A.WAIT),
        Row.RETURNED: (_A.REVIVE, _A.REVIVE, _A.REVIVE_OR_REMEMBER, _A.WAIT),
        Row.RELEASED: (_A.NOTHING, _A.NOTHING, _A.REST, _A.NOTHING),
        Row.REMEMBERED: (_A.REVIVE, _A.REVIVE, _A.RESPECT, _A.WAIT),
        Row.ORPHANED: (_A.NEW_ACT, _A.NEW_ACT, _A.REST, _A.WAIT),
        Row.COPY: (_A.NEW_ACT, _A.NEW_ACT, _A.REST, _A.WAIT),
        Row.PRIVATE: (_A.WITHDRAW, _A.WITHDRAW, _A.WITHDRAW, _A.WAIT),
    }.items()
    for column, action in zip(_COLUMNS, actions, strict=True)
}

_AT_REST = {
    LinkState.COPY: Row.COPY,
    LinkState.ORPHANED: Row.ORPHANED,
    LinkState.RELEASED: Row.RETURNED,
    LinkState.REMEMBERED: Row.REMEMBERED,
}
_LIVE = {
    CrmPresence.DELETED: Row.DELETED,
    CrmPresence.OUT_OF_SCOPE: Row.LEFT_SCOPE,
}


def decide(case: Case, rules: Rules) -> Decision:
    """Decide one case."""
    decision = DECIDERS[EXISTENCE[row_of(case, rules), column_of(case, rules)]](case, rules)
    return given_back(decision, case, rules)


def row_of(case: Case, rules: Rules) -> Row:
    """The row of the table a case is in."""
    link, presence = case.link, case.crm.presence
    if presence is CrmPresence.UNKNOWN:
        return Row.UNKNOWN
    if link is None:
        return Row.NEW_RECORD if case.crm.record is not None else Row.NEW_ITEM
    if case.item.private and link.state is not LinkState.COPY and _is_kept(link):
        return Row.PRIVATE
    if link.state is LinkState.LIVE:
        changed = edited_groups(case, rules, Side.CRM) or _unsettled(link)
        return _LIVE.get(presence, Row.CHANGED if changed else Row.UNCHANGED)
    row = _AT_REST[link.state]
    if row not in (Row.RETURNED, Row.REMEMBERED):
        return row
    if presence is CrmPresence.DELETED:
        return Row.ORPHANED
    inside = presence is CrmPresence.IN_SCOPE and not case.item.private
    return row if inside else Row.RELEASED


def column_of(case: Case, rules: Rules) -> Column:
    """The column of the table a case is in."""
    presence = case.item.presence
    if presence is ItemPresence.UNKNOWN:
        return Column.UNKNOWN
    if presence in (ItemPresence.DELETED, ItemPresence.MOVED):
        return Column.GONE
    put_there = case.link is not None and case.link.state is LinkState.RELEASED
    if presence is ItemPresence.ARCHIVED and not put_there:
        return Column.GONE  # its user put it into our folder: moved away like into any other
    return Column.CHANGED if edited_groups(case, rules, Side.OUTLOOK) else Column.UNCHANGED


def _unsettled(link: Link) -> bool:
    return any(mark.standing is Standing.UNSETTLED for mark in link.marks.values())


def _is_kept(link: Link) -> bool:
    """Whether anything of the item is still kept: the link is live, or has content."""
    return link.state is LinkState.LIVE or any(
        each.values is not None for image in link.images.values() for each in image.values()
    )
