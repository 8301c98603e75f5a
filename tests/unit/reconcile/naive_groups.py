"""The rules for one group of fields, stated once more and naively: who is written, what is kept.

Written from the words of the design alone, as a person would say them, one sentence after the
other: nothing here knows how `syncd.reconcile` goes about it. A value is a text or `None`.
"""

from __future__ import annotations

from dataclasses import dataclass

from syncd.model.fields import Direction, Side
from syncd.model.policy import ConflictPolicy
from syncd.reconcile.reasons import Reason

CRM, OUTLOOK = Side.CRM, Side.OUTLOOK
Text = str | None


@dataclass(frozen=True)
class Group:
    """One group: what it held when last settled, holds now, and the rules for it.

    `mark` is `agreed`, `apart`, `unsettled`, `remapped`, `asked`, `answered-crm`,
    `answered-outlook`, `frozen`, `ruled-anew` (it was frozen, and its direction changed); `why` is
    the reason of one that is apart. `imaged` is false where nothing is known of what either side
    held. `later` is the side that was edited later, `None` if unknown.
    """

    was: tuple[Text, Text]
    now: tuple[Text, Text]
    mark: str = "agreed"
    why: Reason = Reason.EQUAL
    imaged: bool = True
    personal: bool = False
    direction: Direction = Direction.TWO_WAY
    policy: ConflictPolicy = ConflictPolicy.LATEST
    writable: bool = True
    guarded: bool = False
    later: Side | None = None


@dataclass(frozen=True)
class Verdict:
    """The side whose value is carried to the other, or `None`, and the reasons it may have.

    `kept` is the value that is overwritten without both sides having agreed on it. One that is
    empty need not be kept.
    """

    speaks: Side | None
    reasons: frozenset[Reason]
    kept: Text = None
    agreed: bool = False
    parked: bool = False
    frozen: bool = False


def group(g: Group) -> Verdict:
    """What is to be done about one group."""
    crm, outlook = g.now

    # Both changed to the same: agreed.
    if crm == outlook:
        return Verdict(None, frozenset({Reason.EQUAL}), agreed=True)

    # Adoption has no images to merge with: so has a group that the map has newly.
    if not g.imaged:
        return once(g)

    crm_edited, outlook_edited = crm != g.was[0], outlook != g.was[1]

    # It goes with another field of Outlook now; what was empty is filled, what differs stays.
    # What Outlook held is of the other field, so nobody edited that.
    if g.mark == "remapped":
        return carried(g, CRM) if crm_edited else filled(g)

    # Two keep undoing each other: apart until a person thaws it, whatever a side edits.
    if g.mark == "frozen":
        return frozen()

    # A person said which counts, about what was shown.
    if g.mark.startswith("answered") and not crm_edited and not outlook_edited:
        winner = CRM if g.mark == "answered-crm" else OUTLOOK
        said = Reason.ANSWERED_CRM if winner is CRM else Reason.ANSWERED_OUTLOOK
        return carried(g, winner, {said})

    # "If somebody edits one of them before the next sync, it is asked again": where the rule does
    # not say to ask, what they were asked about was frozen. Where one side alone speaks, none asks.
    if g.mark.startswith("answered") and g.policy is not ConflictPolicy.ASK:
        return conflict(g) if any(may(g, side) for side in Side) else frozen()

    # Both changed differently: conflict. One that is parked stays one, whoever edits next.
    if (crm_edited and outlook_edited) or g.mark == "asked" or g.mark.startswith("answered"):
        return conflict(g)

    # Only one side changed: carry it over, if the direction allows.
    if crm_edited:
        return carried(g, CRM, {Reason.CRM_CHANGED})
    if outlook_edited:
        return carried(g, OUTLOOK, {Reason.OUTLOOK_CHANGED})

    # Neither changed: agreed, or apart by a named rule: nothing; unsettled: decided once.
    # A right that is there now and was not is a rule that changed.
    if g.mark in ("unsettled", "ruled-anew") or (g.why is Reason.NOT_WRITABLE and g.writable):
        return once(g)
    return Verdict(None, frozenset({g.why}))


def frozen() -> Verdict:
    """Each side keeps its own, and a person is asked."""
    return Verdict(None, frozenset({Reason.FROZEN}), frozen=True)


def may(g: Group, side: Side) -> frozenset[Reason]:
    """Why a side may not speak; nothing if it may.

    "An edit on a side that may not speak is a deviation and left." "What they may not change goes
    to Outlook only." "Rich notes are never replaced by plain text."
    """
    if g.direction is Direction.NONE:
        return frozenset({Reason.DIRECTION_NONE})
    if side is CRM and g.direction is Direction.TO_CRM:
        return frozenset({Reason.ONE_WAY})
    if side is OUTLOOK and g.direction is Direction.TO_OUTLOOK:
        return frozenset({Reason.ONE_WAY})
    if side is OUTLOOK and not g.writable:
        return frozenset({Reason.NOT_WRITABLE})
    if side is CRM and g.guarded:
        return frozenset({Reason.GUARDED})
    return frozenset()


def carried(g: Group, side: Side, reasons: set[Reason] | None = None) -> Verdict:
    """A side's value goes to the other, if the rules let it; else each keeps its own."""
    if refused := may(g, side):
        return Verdict(None, refused)
    overwritten = g.now[1] if side is CRM else g.now[0]
    known = g.was[1] if side is CRM else g.was[0]
    # The loser is kept: what both had agreed on is no loser.
    fine = g.mark == "agreed" and g.imaged and overwritten == known
    any_reason = frozenset(reasons or {Reason.CRM_CHANGED, Reason.MAP_CHANGED, Reason.RULE_CHANGED})
    return Verdict(side, any_reason, None if fine else overwritten, agreed=True)


def conflict(g: Group) -> Verdict:
    """Both edited: where one side alone may speak, it wins; else the policy says."""
    won = {Reason.CONFLICT_CRM, Reason.CONFLICT_OUTLOOK, Reason.CRM_CHANGED, Reason.OUTLOOK_CHANGED}
    rules = Group(g.was, g.now, direction=g.direction, writable=g.writable)  # a note aside
    if may(rules, CRM) and may(rules, OUTLOOK):
        return Verdict(None, may(rules, CRM) | may(rules, OUTLOOK))
    if may(rules, CRM):
        return carried(g, OUTLOOK, won)
    if may(rules, OUTLOOK):
        return carried(g, CRM, won)
    if g.policy is ConflictPolicy.ASK:
        return Verdict(None, frozenset({Reason.ASKED}), parked=True)
    if g.policy is ConflictPolicy.CRM:
        return carried(g, CRM, {Reason.CONFLICT_CRM})
    if g.policy is ConflictPolicy.OUTLOOK:
        return carried(g, OUTLOOK, {Reason.CONFLICT_OUTLOOK})
    # `latest` compares; a tie, a clock that is off, or no image: CRM.
    if g.later is OUTLOOK:
        return carried(g, OUTLOOK, {Reason.LATEST_OUTLOOK, Reason.LATEST_ESTIMATED})
    return carried(g, CRM, {Reason.LATEST_CRM, Reason.LATEST_UNKNOWN})


def once(g: Group) -> Verdict:
    """A rule changed: "the only speaking side wins; two-way as on adoption; the loser kept".

    Adoption: "an empty CRM value takes Outlook's for business groups; where both are filled and
    differ the CRM's is written and Outlook's kept; personal groups are apart until a side edits".
    An empty value wins over nothing: it is what a side never said.
    """
    changed = {Reason.RULE_CHANGED}
    crm, outlook = g.now
    rules = Group(g.was, g.now, direction=g.direction, writable=g.writable)
    if g.personal and g.direction is Direction.TWO_WAY:
        return Verdict(None, frozenset({Reason.PERSONAL}))
    if may(rules, CRM) and may(rules, OUTLOOK):
        return Verdict(None, may(rules, CRM) | may(rules, OUTLOOK))
    if may(rules, CRM):
        return carried(g, OUTLOOK, changed) if outlook else Verdict(None, may(rules, CRM))
    if may(rules, OUTLOOK):
        return carried(g, CRM, changed) if crm else Verdict(None, may(rules, OUTLOOK))
    return carried(g, CRM if crm else OUTLOOK, changed)


def filled(g: Group) -> Verdict:
    """What goes with another field now: an empty side is filled; personal details are left."""
    crm, outlook = g.now
    stays = Verdict(None, frozenset({Reason.MAP_CHANGED}))
    if g.personal or (crm and outlook):
        return stays
    return carried(g, CRM if crm else OUTLOOK, {Reason.MAP_CHANGED})
