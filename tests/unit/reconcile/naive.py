"""The rules of existence, stated once more and naively: what becomes of a contact and its item.

Written from the words of the design and the rules alone, one sentence after the other, for a
gadget whose link knows `serial` and `brand`: in the CRM the serial number is edited or is not, in
Outlook nothing, the brand, or the serial number (otherwise than in the CRM). Nothing here knows
how `syncd.reconcile` goes about it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from syncd.model.fields import Direction, Side
from syncd.model.policy import Copies, CrmDelete, OutlookDelete, ScopeExit
from syncd.reconcile.decision import Stand, Verb
from syncd.reconcile.facts import CrmPresence, ItemPresence, LinkState, Origin
from syncd.reconcile.reasons import Reason as R
from tests.unit.reconcile import naive_groups as groups

CRM, OUTLOOK = Side.CRM, Side.OUTLOOK
NO_LINK = "none"
GONE = (ItemPresence.DELETED, ItemPresence.MOVED)
AT_REST = frozenset(set(LinkState) - {LinkState.LIVE})
SERIAL_WAS, SERIAL_CRM, SERIAL_OUTLOOK, BRAND_WAS, BRAND_OUTLOOK = "a1", "a2", "a3", "Acme", "Apex"


@dataclass(frozen=True)
class Situation:
    """One combination: what is so, and what the policy says. `there` is false for no item at all."""

    crm: CrmPresence
    crm_edited: bool
    item: ItemPresence
    item_edit: str  # "", "brand" or "serial"
    link: str  # a state of a link, or `NO_LINK`
    origin: Origin
    aside: bool
    tracked_before: bool
    tracked: bool
    private: bool
    writable: bool
    readable: bool
    owned: bool
    direction: Direction
    on_exit: ScopeExit  # what the policy says for this origin
    on_crm_delete: CrmDelete
    on_outlook_delete: OutlookDelete
    copies: Copies
    pushes: bool
    creates: bool
    there: bool = True


@dataclass(frozen=True)
class Expected:
    """What a careful person expects.

    `does` is what is written, `may` what may be written besides. `states` are the states that the
    link may end in (`None`: there is none, or it is not touched). `carries` is by group the side
    whose value goes to the other; `kept` are the values that are kept as losers.
    """

    does: frozenset[Verb]
    stand: frozenset[Stand]
    states: frozenset[LinkState | None]
    reasons: frozenset[R]
    may: frozenset[Verb] = frozenset()
    carries: dict[str, Side] = field(default_factory=dict)
    kept: frozenset[str] = frozenset()


ANY_STATE: frozenset[LinkState | None] = frozenset({None, *LinkState})
MERGES = frozenset(
    {
        R.EQUAL, R.CRM_CHANGED, R.OUTLOOK_CHANGED, R.BOTH_CHANGED, R.CONFLICT_CRM,
        R.CONFLICT_OUTLOOK, R.LATEST_CRM, R.LATEST_OUTLOOK, R.LATEST_UNKNOWN, R.LATEST_ESTIMATED,
        R.ONE_WAY, R.DIRECTION_NONE, R.NOT_WRITABLE,
    }
)  # fmt: skip


def expected(s: Situation) -> Expected:
    """What is to be done."""
    # "CRM unknown: wait", whatever else is so; "Outlook: unknown: wait".
    if s.crm is CrmPresence.UNKNOWN:
        return waits(R.UNKNOWN_CRM)
    if s.link == NO_LINK:
        return unlinked(s)
    if s.link == LinkState.LIVE:
        return live(s)
    return resting(s)


# without a link


def unlinked(s: Situation) -> Expected:
    """ "No link, in scope: match, else create." "No link, not in the CRM: tracked, else excluded." """
    if s.item is ItemPresence.UNKNOWN or s.item in GONE:
        return waits(R.UNKNOWN_OUTLOOK)  # "-": nothing is known to be gone
    if s.crm is not CrmPresence.IN_SCOPE:
        return taken(s)
    if not s.there:
        if not s.pushes:  # "no active filter pushes nothing"
            return left_alone({R.NO_FILTER, R.DIRECTION})
        if not crm_speaks(s):
            return left_alone({R.DIRECTION})
        return Expected(
            frozenset({Verb.CREATE_ITEM}),
            frozenset({Stand.IN_STEP}),
            frozenset({LinkState.LIVE}),
            frozenset({R.CREATED}),
        )
    if s.private:  # "a private item is never matched"
        return left_alone({R.PRIVATE})
    return adopted(s)


def adopted(s: Situation) -> Expected:
    """ "Equal is agreed; where both differ the CRM's is written, Outlook's kept; it gets a stamp." """
    does, carries, kept = set(), {}, set()
    for name, (crm, outlook) in now(s).items():
        told = groups.once(group(s, name)) if crm != outlook else None
        if told and told.speaks:
            does.add(Verb.UPDATE_ITEM if told.speaks is CRM else Verb.UPDATE_RECORD)
            carries[name] = told.speaks
            kept.add(name)
    does.add(Verb.UPDATE_ITEM)  # the stamp
    return Expected(
        frozenset(does),
        frozenset({Stand.IN_STEP}),
        frozenset({LinkState.LIVE}),
        frozenset({R.ADOPTED}),
        carries=carries,
        kept=frozenset(kept),
    )


def taken(s: Situation, *, alone: frozenset[R] = frozenset(), state: str | None = None) -> Expected:
    """ "What enters the CRM is what its user put there: direction allowing, sensitivity normal." """
    states: frozenset[LinkState | None] = frozenset({None})
    if state:
        states |= {LinkState(state)}
    why = set(alone)
    if not s.tracked:
        why |= {R.NOT_TRACKED}
    if s.private:
        why |= {R.PRIVATE}
    if not outlook_speaks(s):
        why |= {R.DIRECTION}
    if not s.creates:
        why |= {R.NOT_WRITABLE}
    if why:
        return left_alone(why, states)
    return Expected(
        frozenset({Verb.CREATE_RECORD}),
        frozenset({Stand.IN_STEP}),
        frozenset({LinkState.LIVE}),
        frozenset({R.TRACKED}),
        may=frozenset({Verb.UPDATE_ITEM}),  # the stamp
    )


# with a live link


def live(s: Situation) -> Expected:
    """The first four rows of the table, and the last."""
    if s.item is ItemPresence.UNKNOWN:
        return waits(R.UNKNOWN_OUTLOOK)
    if s.private:  # "Made private: withdraw, then rest."
        return Expected(
            frozenset({Verb.WITHDRAW}),
            frozenset({Stand.EXCLUDED}),
            frozenset({LinkState.RELEASED, LinkState.REMEMBERED, LinkState.ORPHANED}),
            frozenset({R.MADE_PRIVATE}),
            may=frozenset({Verb.UNLINK}),
        )
    if s.item in GONE:
        return gone(s)
    if s.crm is CrmPresence.DELETED:
        return deleted(s)
    # "Removing the category of a tracked item untracks it: the link rests, the record stays."
    if s.tracked_before and not s.tracked:
        return rests(LinkState.RELEASED, {R.UNTRACKED}, Verb.UNLINK)
    if s.crm is CrmPresence.OUT_OF_SCOPE:
        return left(s)
    return merged(s, MERGES)


def gone(s: Situation) -> Expected:
    """ "Gone by its user's hand." """
    why = R.OUTLOOK_DELETED if s.item is ItemPresence.DELETED else R.OUTLOOK_MOVED
    if s.crm is CrmPresence.DELETED:
        return rests(LinkState.ORPHANED, {why, R.CRM_DELETED})
    if s.crm is CrmPresence.OUT_OF_SCOPE:
        return rests(LinkState.REMEMBERED, {why, R.LEFT_SCOPE}, Verb.UNLINK, optional=True)
    # "Moved away = at rest as remembered, the CRM untouched." What is thrown away goes by the
    # policy, where Outlook may speak and its user may change the record.
    deleting = s.item is ItemPresence.DELETED and outlook_speaks(s) and s.writable
    done = {
        OutlookDelete.DEACTIVATE: (Verb.DEACTIVATE_RECORD, R.RECORD_DEACTIVATED),
        OutlookDelete.DELETE_IF_OWNER: (Verb.DELETE_RECORD, R.RECORD_DELETED),
    }
    if not deleting or s.on_outlook_delete not in done:
        return rests(LinkState.REMEMBERED, {why}, Verb.UNLINK)
    if s.on_outlook_delete is OutlookDelete.DELETE_IF_OWNER and not s.owned:
        return rests(LinkState.REMEMBERED, {why}, Verb.UNLINK)
    verb, reason = done[s.on_outlook_delete]
    return replace(
        rests(LinkState.REMEMBERED, {reason}, verb),
        may=frozenset({Verb.UNLINK}),
        states=frozenset({LinkState.REMEMBERED, LinkState.ORPHANED}),
    )


def deleted(s: Situation) -> Expected:
    """ "CRM deleted: by origin; changed in Outlook: keep, rest as orphaned." """
    stays = replace(
        rests(LinkState.ORPHANED, {R.CRM_DELETED}, Verb.UNLINK),
        may=frozenset({Verb.UPDATE_ITEM}),  # "our category removed in the same update"
    )
    goes = rests(LinkState.ORPHANED, {R.CRM_DELETED}, Verb.TRASH_ITEM)
    if s.item_edit or not crm_speaks(s):
        return stays
    return {
        CrmDelete.DELETE_CREATED: goes if s.origin is Origin.CREATED else stays,
        CrmDelete.DELETE_IF_NOT_OWNER: stays if s.owned else goes,
        CrmDelete.DELETE: goes,
        CrmDelete.RELEASE: stays,
    }[s.on_crm_delete]


def left(s: Situation) -> Expected:
    """ "Scope-exit policy by origin", after "take the edit if its user may still write". """
    # A lost read right releases, whatever the policy says; so does a direction.
    if s.on_exit is ScopeExit.KEEP_UPDATING and s.readable:
        return merged(s, MERGES | {R.KEPT_UPDATING})
    verb = Verb.UNLINK
    if crm_speaks(s):
        verb = {
            ScopeExit.ARCHIVE: Verb.MOVE_ITEM,
            ScopeExit.DELETE: Verb.TRASH_ITEM,
        }.get(s.on_exit, Verb.UNLINK)
    if verb is Verb.MOVE_ITEM and s.item is ItemPresence.ARCHIVED:
        verb = Verb.UNLINK  # it is there
    does, carries, kept = {verb}, {}, set()
    for name in edited_in_outlook(s):
        told = groups.group(group(s, name))
        if told.speaks is OUTLOOK:
            does.add(Verb.UPDATE_RECORD)
            carries[name] = OUTLOOK
            if told.kept:
                kept.add(name)
        elif outlook_speaks(s):
            kept.add(name)
    return Expected(
        frozenset(does),
        frozenset({Stand.EXCLUDED}),
        frozenset({LinkState.RELEASED}),
        frozenset({R.LEFT_SCOPE}),
        carries=carries,
        kept=frozenset(kept),
    )


# with a link at rest


def resting(s: Situation) -> Expected:
    """The rows of the links that are at rest."""
    if s.link in (LinkState.ORPHANED, LinkState.COPY):
        return another(s)
    if s.crm is not CrmPresence.IN_SCOPE or s.private:
        why = {R.AT_REST, R.PRIVATE, R.OUTLOOK_DELETED, R.OUTLOOK_MOVED, R.CRM_DELETED}
        return left_alone(why | {R.UNKNOWN_OUTLOOK}, ANY_STATE - {LinkState.LIVE}, waiting=True)
    if s.item is ItemPresence.UNKNOWN:
        return waits(R.UNKNOWN_OUTLOOK)
    if s.item in GONE:
        return away(s)
    # "Removing the category untracks it: the link rests; adding it again is a new act."
    if s.origin is Origin.TRACKED and not s.tracked and s.link == LinkState.RELEASED:
        if not s.tracked_before:
            return left_alone({R.AT_REST, R.UNTRACKED, R.NOT_TRACKED}, ANY_STATE - {LinkState.LIVE})
        return left_alone({R.UNTRACKED}, ANY_STATE)
    back = merged(s, frozenset({R.IN_SCOPE_AGAIN, R.BACK_IN_FOLDER, R.TRACKED}))
    if s.item is ItemPresence.ARCHIVED and s.link == LinkState.RELEASED and s.aside:
        return replace(back, does=back.does | {Verb.RESTORE_ITEM})
    return back


def away(s: Situation) -> Expected:
    """ "Gone from where its user kept it: remembered; gone from our own folder: create." """
    still = left_alone(
        {R.AT_REST, R.OUTLOOK_DELETED, R.OUTLOOK_MOVED, R.DIRECTION, R.NO_FILTER, R.REMEMBERED},
        frozenset({LinkState.REMEMBERED, None}),
        may=frozenset({Verb.UNLINK}),
    )
    if s.link == LinkState.REMEMBERED or not s.aside:
        return still
    if not crm_speaks(s):
        return replace(still, states=ANY_STATE - {LinkState.LIVE})
    return Expected(
        frozenset({Verb.CREATE_ITEM}),
        frozenset({Stand.IN_STEP}),
        frozenset({LinkState.LIVE}),
        frozenset({R.CREATED, R.IN_SCOPE_AGAIN}),
    )


def another(s: Situation) -> Expected:
    """ "Orphaned, copy: nothing; a new act of tracking makes it a new item." """
    if s.item is ItemPresence.UNKNOWN:
        return waits(R.UNKNOWN_OUTLOOK)
    alone = frozenset({R.COPY if s.link == LinkState.COPY else R.AT_REST})
    if s.item in GONE:
        return left_alone(alone | {R.OUTLOOK_DELETED, R.OUTLOOK_MOVED}, ANY_STATE - {LinkState.LIVE})
    if s.link == LinkState.COPY:
        # "A copy is excluded; once its user changes who it is about and tracks it, a new item."
        act = s.tracked and (s.copies is Copies.TAKE or bool(s.item_edit))
    else:
        act = s.tracked and not s.tracked_before
    if not act:
        why = alone | {R.NOT_TRACKED, R.PRIVATE}
        return left_alone(why, ANY_STATE - {LinkState.LIVE})
    told = taken(s, state=s.link)
    return replace(told, reasons=told.reasons | alone) if not told.does else told


# what they have in common


def merged(s: Situation, reasons: frozenset[R]) -> Expected:
    """Group by group, on a link that is live, or live again."""
    does, carries, kept = set(), {}, set()
    for name, (crm, outlook) in now(s).items():
        told = groups.group(group(s, name))
        if crm != outlook and told.speaks:
            does.add(Verb.UPDATE_ITEM if told.speaks is CRM else Verb.UPDATE_RECORD)
            carries[name] = told.speaks
            if told.kept:
                kept.add(name)
    return Expected(
        frozenset(does),
        frozenset({Stand.IN_STEP}),
        frozenset({LinkState.LIVE}),
        reasons,
        carries=carries,
        kept=frozenset(kept),
    )


def now(s: Situation) -> dict[str, tuple[str, str]]:
    """What the CRM and Outlook hold, by group."""
    serial = SERIAL_OUTLOOK if s.item_edit == "serial" else SERIAL_WAS
    return {
        "serial": (SERIAL_CRM if s.crm_edited else SERIAL_WAS, serial),
        "title": (BRAND_WAS, BRAND_OUTLOOK if s.item_edit == "brand" else BRAND_WAS),
    }


def group(s: Situation, name: str) -> groups.Group:
    """A group of the gadget. Nobody knows who edited it later, so that the CRM wins."""
    was = SERIAL_WAS if name == "serial" else BRAND_WAS
    direction = ruled(s)
    return groups.Group((was, was), now(s)[name], direction=direction, writable=s.writable)


def edited_in_outlook(s: Situation) -> list[str]:
    """The groups that its user edited."""
    return {"": [], "brand": ["title"], "serial": ["serial"]}[s.item_edit]


def ruled(s: Situation) -> Direction:
    """The direction; "no active filter pushes nothing"."""
    if s.pushes:
        return s.direction
    return Direction.TO_CRM if outlook_speaks(s) else Direction.NONE


def crm_speaks(s: Situation) -> bool:
    """Whether anything may go to Outlook."""
    return s.pushes and s.direction in (Direction.TWO_WAY, Direction.TO_OUTLOOK)


def outlook_speaks(s: Situation) -> bool:
    """Whether anything may go to the CRM."""
    return s.direction in (Direction.TWO_WAY, Direction.TO_CRM)


def waits(why: R) -> Expected:
    """Nothing is done, nothing follows."""
    stands = frozenset({Stand.WAITING})
    return Expected(frozenset(), stands, ANY_STATE, frozenset({why, R.UNKNOWN_CRM}))


def left_alone(
    why: set[R] | frozenset[R],
    states: frozenset[LinkState | None] = frozenset({None}),
    *,
    waiting: bool = False,
    may: frozenset[Verb] = frozenset(),
) -> Expected:
    """Nothing is written; it is counted as excluded, for a reason that is so."""
    stand = {Stand.EXCLUDED} | ({Stand.WAITING} if waiting else set())
    return Expected(frozenset(), frozenset(stand), states, frozenset(why), may)


def rests(
    state: LinkState, reasons: set[R], verb: Verb | None = None, *, optional: bool = False
) -> Expected:
    """The link goes to rest."""
    verbs = frozenset({verb} if verb else set())
    return Expected(
        frozenset() if optional else verbs,
        frozenset({Stand.EXCLUDED}),
        frozenset({state}),
        frozenset(reasons),
        may=verbs if optional else frozenset(),
    )
