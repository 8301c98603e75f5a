"""Existence: what to do about one link, as a literal table the manual prints from.

Detection says what is so (the row and the column); the table says what follows. Scope-exit and
delete policies are applied after it, so that no rule hides inside detection.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from syncd.model.fields import Side
from syncd.model.policy import KindPolicy
from syncd.model.values import Value
from syncd.reconcile.facts import (
    CrmFacts,
    CrmPresence,
    ItemFacts,
    ItemPresence,
    Link,
    LinkState,
    Origin,
)
from syncd.reconcile.images import AGREED, Standing, differs
from syncd.reconcile.match import contradict
from syncd.reconcile.merge import GroupFacts, GroupOutcome, Timing, adopt, carry, merge
from syncd.reconcile.reasons import Reason


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
    RELEASED = "released"
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


class Action(StrEnum):
    """What follows."""

    NOTHING = "nothing"
    TO_OUTLOOK = "to Outlook"
    TO_CRM = "to CRM"
    MERGE = "merge"
    REMEMBER = "delete policy"
    WAIT = "wait"
    EXIT = "scope-exit policy by origin"
    TAKE_AND_EXIT = "take the edit, then the scope-exit policy"
    UNMAKE = "by origin: to Deleted Items, or kept as orphaned"
    KEEP = "keep, rest as orphaned"
    REST = "rest"
    MATCH = "match, else create"
    TRACK = "tracked: into the CRM; else excluded"
    REVIVE = "live again, merge from the kept images"
    REVIVE_OR_REMEMBER = "gone from its user's folder: remembered; from ours: create"
    RESPECT = "respect it"
    NEW_ACT = "a new act of tracking makes it a new item"
    WITHDRAW = "withdraw, then rest"


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
        Row.NEW_RECORD: (_A.MATCH, _A.MATCH, _A.MATCH, _A.WAIT),
        Row.NEW_ITEM: (_A.TRACK, _A.TRACK, _A.NOTHING, _A.WAIT),
        Row.RETURNED: (_A.REVIVE, _A.REVIVE, _A.REVIVE_OR_REMEMBER, _A.WAIT),
        Row.RELEASED: (_A.NOTHING, _A.NOTHING, _A.REST, _A.NOTHING),
        Row.REMEMBERED: (_A.REVIVE, _A.REVIVE, _A.RESPECT, _A.WAIT),
        Row.ORPHANED: (_A.NEW_ACT, _A.NEW_ACT, _A.REST, _A.WAIT),
        Row.COPY: (_A.NEW_ACT, _A.NEW_ACT, _A.REST, _A.WAIT),
        Row.PRIVATE: (_A.WITHDRAW, _A.WITHDRAW, _A.REST, _A.WAIT),
    }.items()
    for column, action in zip(_COLUMNS, actions, strict=True)
}


class Verb(StrEnum):
    """One intended write. The breaker counts by verb."""

    CREATE_ITEM = "create-item"
    UPDATE_ITEM = "update-item"
    MOVE_ITEM = "move-item"
    TRASH_ITEM = "trash-item"
    CREATE_RECORD = "create-record"
    UPDATE_RECORD = "update-record"
    UNLINK = "unlink"
    RESTORE_ITEM = "restore-item"

    @property
    def side(self) -> Side:
        """Where it writes."""
        return Side.CRM if self in (Verb.CREATE_RECORD, Verb.UPDATE_RECORD) else Side.OUTLOOK


class Stand(StrEnum):
    """What an item seen comes to (P9): exactly one of these."""

    IN_STEP = "in-step"
    EXCLUDED = "excluded"
    QUARANTINED = "quarantined"
    WAITING = "waiting"


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do about one link: writes, and how the link stands once they are done.

    `verbs` are in the order they are carried out. `link_state` and `origin` are `None` where no
    link remains or comes about. `stamp` says that the item gets the link's stamp.
    """

    action: Action
    reason: Reason
    stand: Stand
    verbs: tuple[Verb, ...] = ()
    groups: tuple[GroupOutcome, ...] = ()
    link_state: LinkState | None = None
    origin: Origin | None = None
    stamp: bool = False
    withdraw: bool = False

    def patch(self, side: Side) -> dict[str, Value]:
        """All fields to be written to a side."""
        return {n: v for g in self.groups for n, v in g.writes.get(side, {}).items()}


@dataclass(frozen=True, slots=True)
class Case:
    """One thing to decide: a link with its facts, or a record or item without one.

    `met` says why a record and an item without a link belong together.
    """

    crm: CrmFacts
    item: ItemFacts
    link: Link | None = None
    met: Reason = Reason.ADOPTED

    @property
    def tied(self) -> Link:
        """The link, in a row of the table that has one."""
        if self.link is None:
            raise ValueError("a case of this row has a link")
        return self.link


@dataclass(frozen=True, slots=True)
class Rules:
    """What decisions are made under. `clock_sound`: the server's clock is right to a minute."""

    policy: KindPolicy
    key: bytes
    clock_sound: bool = True


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


def row_of(case: Case, rules: Rules) -> Row:
    """The row of the table a case is in."""
    link, presence = case.link, case.crm.presence
    if presence is CrmPresence.UNKNOWN:
        return Row.UNKNOWN
    if link is None:
        return Row.NEW_RECORD if case.crm.record is not None else Row.NEW_ITEM
    if link.state is LinkState.LIVE:
        if case.item.private:
            return Row.PRIVATE
        changed = _edited(case, rules, Side.CRM) or _unsettled(link)
        return _LIVE.get(presence, Row.CHANGED if changed else Row.UNCHANGED)
    row = _AT_REST[link.state]
    kept_out = case.item.private or presence is not CrmPresence.IN_SCOPE
    return Row.RELEASED if kept_out and row in (Row.RETURNED, Row.REMEMBERED) else row


def column_of(case: Case, rules: Rules) -> Column:
    """The column of the table a case is in."""
    if case.item.presence is ItemPresence.UNKNOWN:
        return Column.UNKNOWN
    if case.item.presence in (ItemPresence.DELETED, ItemPresence.MOVED):
        return Column.GONE
    return Column.CHANGED if _edited(case, rules, Side.OUTLOOK) else Column.UNCHANGED


def _edited(case: Case, rules: Rules, side: Side) -> bool:
    record = case.crm.record if side is Side.CRM else case.item.record
    if record is None or case.link is None:
        return False
    images = case.link.images.get(side, {})
    return any(
        differs(rules.key, group, images.get(name), record.group(group))
        for name, group in rules.policy.kind.groups.items()
    )


def _unsettled(link: Link) -> bool:
    return any(mark.standing is Standing.UNSETTLED for mark in link.marks.values())


def decide(case: Case, rules: Rules) -> Decision:
    """Decide one case."""
    action = EXISTENCE[row_of(case, rules), column_of(case, rules)]
    return _DECIDERS[action](case, rules)


# --- a live link ---------------------------------------------------------------------------------


def _merged(case: Case, rules: Rules) -> Decision:
    """Nothing, to one side, or to both: field group by field group."""
    if case.tied.tracked and _untracked(case):
        return _resting(Action.EXIT, Reason.UNTRACKED, LinkState.RELEASED, Verb.UNLINK)
    groups = _merge_groups(case, rules)
    return _with_writes(
        Decision(
            Action.MERGE,
            _headline(groups),
            Stand.IN_STEP,
            groups=groups,
            link_state=LinkState.LIVE,
            stamp=not case.item.stamped,
        )
    )


def _untracked(case: Case) -> bool:
    """The user took back the act of tracking that had made this link."""
    read = case.item.record is not None
    return case.tied.origin is Origin.TRACKED and read and not case.item.tracked


def _merge_groups(case: Case, rules: Rules) -> tuple[GroupOutcome, ...]:
    facts = _group_facts(case, rules)
    here = Side.OUTLOOK
    edited = {
        f.group.name for f in facts if differs(rules.key, f.group, f.images[here], f.now[here])
    }
    return tuple(
        merge(
            each,
            rules.policy.conflict,
            Timing(
                crm=case.crm.origins.get(each.group.name),
                outlook=case.item.modified,
                clock_sound=rules.clock_sound,
                others_changed=bool(edited - {each.group.name}),
            ),
            rules.key,
        )
        for each in facts
    )


def _group_facts(case: Case, rules: Rules) -> list[GroupFacts]:
    images = case.link.images if case.link else {}
    marks = case.link.marks if case.link else {}
    records = {Side.CRM: case.crm.record, Side.OUTLOOK: case.item.record}
    return [
        GroupFacts(
            group=group,
            direction=rules.policy.direction_of(group),
            images={side: images.get(side, {}).get(name) for side in Side},
            now={side: (r.group(group) if r else None) for side, r in records.items()},
            mark=marks.get(name, AGREED),
            writable=case.crm.writable,
        )
        for name, group in rules.policy.kind.groups.items()
    ]


def _headline(groups: tuple[GroupOutcome, ...]) -> Reason:
    """The reason that speaks for the whole: a conflict before an edit before nothing."""
    said = [g.reason for g in groups if g.loser] + [g.reason for g in groups if g.writes]
    if not said:
        return Reason.EQUAL
    sides = {side for g in groups for side in g.writes}
    both = len(sides) > 1 and not any(g.loser for g in groups)
    return Reason.BOTH_CHANGED if both else said[0]


def _with_writes(decision: Decision, *before: Verb) -> Decision:
    """The decision with the verbs that its patches call for."""
    to_crm = (Verb.UPDATE_RECORD,) if decision.patch(Side.CRM) else ()
    touched = decision.patch(Side.OUTLOOK) or decision.stamp
    to_outlook = (Verb.UPDATE_ITEM,) if touched else ()
    return replace(decision, verbs=(*before, *to_crm, *to_outlook))


def _resting(action: Action, reason: Reason, state: LinkState, *verbs: Verb) -> Decision:
    return Decision(action, reason, Stand.EXCLUDED, verbs, link_state=state)


def _remember(case: Case, rules: Rules) -> Decision:
    """The default delete policy: the CRM is untouched, and the deletion is respected."""
    del rules
    return _resting(Action.REMEMBER, _gone(case), LinkState.REMEMBERED, Verb.UNLINK)


def _gone(case: Case) -> Reason:
    moved = case.item.presence is ItemPresence.MOVED
    return Reason.OUTLOOK_MOVED if moved else Reason.OUTLOOK_DELETED


def _wait(case: Case, rules: Rules) -> Decision:
    del rules
    unknown = case.crm.presence is CrmPresence.UNKNOWN
    reason = Reason.UNKNOWN_CRM if unknown else Reason.UNKNOWN_OUTLOOK
    return Decision(Action.WAIT, reason, Stand.WAITING)


def _exit(case: Case, rules: Rules) -> Decision:
    """Leaving scope is not deletion: what syncd made is put aside, the user's own stays."""
    del rules
    verb = Verb.MOVE_ITEM if case.tied.origin is Origin.CREATED else Verb.UNLINK
    return _resting(Action.EXIT, Reason.LEFT_SCOPE, LinkState.RELEASED, verb)


def _take_and_exit(case: Case, rules: Rules) -> Decision:
    """The user's last edit still goes to the CRM; nothing more goes to Outlook."""
    taken = tuple(
        replace(each, writes={s: p for s, p in each.writes.items() if s is Side.CRM})
        for each in _merge_groups(case, rules)
    )
    leaving = _exit(case, rules)
    taking = (Verb.UPDATE_RECORD,) if any(each.writes for each in taken) else ()
    return replace(
        leaving, action=Action.TAKE_AND_EXIT, verbs=(*taking, *leaving.verbs), groups=taken
    )


def _unmake(case: Case, rules: Rules) -> Decision:
    if case.tied.origin is not Origin.CREATED:
        return _keep(case, rules)
    return _resting(Action.UNMAKE, Reason.CRM_DELETED, LinkState.REMEMBERED, Verb.TRASH_ITEM)


def _keep(case: Case, rules: Rules) -> Decision:
    """The user's item stays, with its stamp; the category that put it into the CRM comes off."""
    kind, category = rules.policy.kind, rules.policy.track_category
    resting = _resting(Action.KEEP, Reason.CRM_DELETED, LinkState.ORPHANED, Verb.UNLINK)
    labels = case.item.record.fields.get(kind.labels) if case.item.record else None
    if not isinstance(labels, tuple) or category not in labels:
        return resting
    left = tuple(each for each in labels if each != category) or None
    group = kind.by_name[kind.labels].group
    off = GroupOutcome(group, Reason.CRM_DELETED, AGREED, {Side.OUTLOOK: {kind.labels: left}})
    return replace(resting, groups=(off,), verbs=(Verb.UPDATE_ITEM, Verb.UNLINK))


def _rest(case: Case, rules: Rules) -> Decision:
    del rules
    state = case.tied.state
    resting = LinkState.REMEMBERED if state is LinkState.LIVE else state
    return _resting(Action.REST, _gone(case), resting)


def _withdraw(case: Case, rules: Rules) -> Decision:
    """Its user made it private: the CRM gives back what came from this mailbox (P7)."""
    del case, rules
    resting = _resting(Action.WITHDRAW, Reason.MADE_PRIVATE, LinkState.RELEASED, Verb.UNLINK)
    return replace(resting, withdraw=True)


# --- no link yet ---------------------------------------------------------------------------------


def _match(case: Case, rules: Rules) -> Decision:
    """A record in scope without a link: tied to the item that was found for it, else created."""
    if case.item.record is not None:
        return pair(case, rules, case.met)
    if not rules.policy.direction.speaks(Side.CRM):
        return Decision(Action.MATCH, Reason.ONE_WAY, Stand.EXCLUDED)
    groups = tuple(carry(f, Side.CRM, Reason.CREATED) for f in _group_facts(case, rules))
    return _new(Reason.CREATED, Origin.CREATED, groups, Verb.CREATE_ITEM)


def pair(case: Case, rules: Rules, reason: Reason) -> Decision:
    """Adopt: tie a record to an item that was there already."""
    groups = tuple(adopt(facts) for facts in _group_facts(case, rules))
    origin = Origin.TRACKED if case.item.tracked else Origin.ADOPTED
    return _with_writes(_new(reason, origin, groups))


def _new(
    reason: Reason, origin: Origin, groups: tuple[GroupOutcome, ...], *verbs: Verb
) -> Decision:
    return Decision(
        Action.MATCH, reason, Stand.IN_STEP, verbs, groups, LinkState.LIVE, origin, stamp=True
    )


def _track(case: Case, rules: Rules) -> Decision:
    """An item enters the CRM only by its user's act on it (P14)."""
    item = case.item
    if item.private:
        return Decision(Action.TRACK, Reason.PRIVATE, Stand.EXCLUDED)
    if not item.tracked or item.record is None:
        return Decision(Action.TRACK, Reason.NOT_TRACKED, Stand.EXCLUDED)
    if not rules.policy.direction.speaks(Side.OUTLOOK):
        return Decision(Action.TRACK, Reason.DIRECTION, Stand.EXCLUDED)
    groups = tuple(carry(f, Side.OUTLOOK, Reason.TRACKED) for f in _group_facts(case, rules))
    made = _new(Reason.TRACKED, Origin.TRACKED, groups, Verb.CREATE_RECORD, Verb.UPDATE_ITEM)
    return replace(made, action=Action.TRACK)


# --- a link at rest ------------------------------------------------------------------------------


def _revive(case: Case, rules: Rules) -> Decision:
    link = case.tied
    if link.origin is Origin.TRACKED and _untracked(case):
        return _resting(Action.NOTHING, Reason.AT_REST, link.state)
    archived = case.item.presence is ItemPresence.ARCHIVED
    returned = link.state is LinkState.RELEASED
    reason = Reason.IN_SCOPE_AGAIN if returned else Reason.BACK_IN_FOLDER
    groups = _merge_groups(case, rules)
    revived = Decision(
        Action.REVIVE, reason, Stand.IN_STEP, (), groups, LinkState.LIVE,
        stamp=not case.item.stamped,
    )  # fmt: skip
    return _with_writes(revived, *((Verb.RESTORE_ITEM,) if archived else ()))


def _revive_or_remember(case: Case, rules: Rules) -> Decision:
    if case.tied.origin is not Origin.CREATED:
        return _remember(case, rules)
    # We had put it into our own folder for former contacts; its user's tidying up there is no
    # decision about a contact that is in scope again.
    return _match(Case(case.crm, ItemFacts(ItemPresence.PRESENT)), rules)


def _stay(case: Case, rules: Rules) -> Decision:
    del rules
    reason = Reason.COPY if case.tied.state is LinkState.COPY else Reason.AT_REST
    return _resting(Action.RESPECT, reason, case.tied.state)


def _new_act(case: Case, rules: Rules) -> Decision:
    """A copy about somebody else, or an orphan tracked again, is a new item."""
    item, link = case.item, case.tied
    if item.private or not item.tracked or item.record is None:
        return _stay(case, rules)
    if link.state is LinkState.COPY:
        known = case.crm.record
        kind = rules.policy.kind
        if known is None or not contradict(kind, item.record.fields, known.fields):
            return _stay(case, rules)
    elif link.tracked:
        return _stay(case, rules)
    return _track(Case(CrmFacts(CrmPresence.OUT_OF_SCOPE), item), rules)


def _nothing(case: Case, rules: Rules) -> Decision:
    if case.link is None:
        return Decision(Action.NOTHING, Reason.EQUAL, Stand.EXCLUDED)
    if case.link.state is LinkState.LIVE:
        return _merged(case, rules)  # to tell apart from agreed, and to restore a lost stamp
    reason = Reason.PRIVATE if case.item.private else Reason.AT_REST
    return _resting(Action.NOTHING, reason, case.link.state)


_DECIDERS: Mapping[Action, Callable[[Case, Rules], Decision]] = {
    Action.NOTHING: _nothing,
    Action.TO_OUTLOOK: _merged,
    Action.TO_CRM: _merged,
    Action.MERGE: _merged,
    Action.REMEMBER: _remember,
    Action.WAIT: _wait,
    Action.EXIT: _exit,
    Action.TAKE_AND_EXIT: _take_and_exit,
    Action.UNMAKE: _unmake,
    Action.KEEP: _keep,
    Action.REST: _rest,
    Action.MATCH: _match,
    Action.TRACK: _track,
    Action.REVIVE: _revive,
    Action.REVIVE_OR_REMEMBER: _revive_or_remember,
    Action.RESPECT: _stay,
    Action.NEW_ACT: _new_act,
    Action.WITHDRAW: _withdraw,
}
