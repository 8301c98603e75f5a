"""The rules of existence, stated once more and naively: what becomes of a contact and its item.

Written from the words of the design and the rules alone, one sentence after the other, for a
gadget whose link knows `serial` and `brand`: in the CRM the serial number is edited or is not, in
Outlook nothing, the brand, or the serial number (otherwise than in the CRM). Nothing here knows
how `syncd.reconcile` goes about it.
"""

from __future__ import annotations

from dataclasses import replace

from syncd.model.policy import Copies, CrmDelete, OutlookDelete, ScopeExit
from syncd.reconcile.decision import Stand, Verb
from syncd.reconcile.facts import CrmPresence, ItemPresence, LinkState, Origin
from syncd.reconcile.reasons import Reason
from tests.unit.reconcile import naive_groups as groups
from tests.unit.reconcile.naive_words import (
    ANY_STATE,
    CRM,
    GONE,
    MERGES,
    NO_LINK,
    OUTLOOK,
    Expected,
    Situation,
    crm_may_remove,
    crm_speaks,
    edited_in_outlook,
    group,
    is_marked,
    left_alone,
    now,
    outlook_speaks,
    rests,
    waits,
)


def expected(s: Situation) -> Expected:
    """What is to be done."""
    # CRM unknown: wait, whatever else is so.
    if s.crm is CrmPresence.UNKNOWN:
        return waits(Reason.UNKNOWN_CRM)
    # Another folder is named: what is in the former one is the same item, and is moved along.
    if s.item is ItemPresence.FORMER:
        told = expected(replace(s, item=ItemPresence.PRESENT))
        if told.states != {LinkState.LIVE} or Verb.CREATE_RECORD in told.does:
            return told
        if not s.moves:  # only its user can bring it along
            return waits(Reason.ONLY_BY_HAND)
        return replace(
            told,
            does=told.does | {Verb.RESTORE_ITEM},
            reasons=told.reasons | {Reason.OTHER_FOLDER},
        )
    # Elsewhere: moved. Our own folder is that too, but for what was put there or left the folder.
    if s.item is ItemPresence.ARCHIVED and s.link != LinkState.RELEASED:
        s = replace(s, item=ItemPresence.MOVED, item_edit="", tracked=False)
    if s.link == NO_LINK:
        return unlinked(s)
    if s.link == LinkState.COPY:
        return another(s)
    # Made private: withdraw, then rest, also what rests already and is still known.
    if s.private:
        return withdrawn(s)
    return live(s) if s.link == LinkState.LIVE else resting(s)


# without a link


def unlinked(s: Situation) -> Expected:
    """In scope: match, else create. Not in the CRM: tracked, else excluded."""
    if s.item is ItemPresence.UNKNOWN or s.item in GONE:
        return waits(Reason.UNKNOWN_OUTLOOK)  # "-": nothing is known to be gone
    if s.crm is not CrmPresence.IN_SCOPE:
        return taken(s)
    if not s.there:
        if not s.pushes:  # "no active filter pushes nothing"
            return left_alone({Reason.NO_FILTER})
        if not crm_speaks(s):
            return left_alone({Reason.ONE_WAY})
        return Expected(
            frozenset({Verb.CREATE_ITEM}),
            frozenset({Stand.IN_STEP}),
            frozenset({LinkState.LIVE}),
            frozenset({Reason.CREATED}),
        )
    if s.private:  # "a private item is never matched"
        known = frozenset({None, LinkState.RELEASED})  # its stamp may say whose it is
        return left_alone({Reason.PRIVATE}, known)
    return adopted(s)


def adopted(s: Situation) -> Expected:
    """Equal is agreed; where both differ the CRM's is written, Outlook's kept; it is stamped."""
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
        frozenset({Reason.ADOPTED}),
        carries=carries,
        kept=frozenset(kept),
    )


def taken(
    s: Situation, *, alone: frozenset[Reason] = frozenset(), state: str | None = None
) -> Expected:
    """What enters the CRM is what its user put there: direction allowing, sensitivity normal."""
    states: frozenset[LinkState | None] = frozenset({None})
    if state:
        states |= {LinkState(state)}
    why = set(alone)
    if not s.tracked:
        why |= {Reason.NOT_TRACKED}
    if s.private:
        why |= {Reason.PRIVATE}
    if not outlook_speaks(s):
        why |= {Reason.DIRECTION}
    if not s.creates:
        why |= {Reason.NOT_WRITABLE}
    if why:
        return left_alone(why, states)
    return Expected(
        frozenset({Verb.CREATE_RECORD}),
        frozenset({Stand.IN_STEP}),
        frozenset({LinkState.LIVE}),
        frozenset({Reason.TRACKED}),
        may=frozenset({Verb.UPDATE_ITEM}),  # the stamp
    )


# with a link


def withdrawn(s: Situation) -> Expected:
    """The CRM gives back what came from here; the item is not touched."""
    if s.item is ItemPresence.UNKNOWN:
        return waits(Reason.UNKNOWN_OUTLOOK)
    rests_in = {LinkState.REMEMBERED if s.item in GONE else LinkState.RELEASED}
    if s.item is ItemPresence.MOVED:
        rests_in = {LinkState.REMEMBERED, LinkState.RELEASED}  # it is there, wherever that is
    return Expected(
        frozenset({Verb.WITHDRAW} | ({Verb.UNLINK} if s.link == LinkState.LIVE else set())),
        frozenset({Stand.EXCLUDED}),
        frozenset(rests_in if s.link == LinkState.LIVE else {LinkState(s.link)}),
        frozenset({Reason.MADE_PRIVATE}),
    )


# with a live link


def live(s: Situation) -> Expected:
    """The first four rows of the table."""
    if s.item is ItemPresence.UNKNOWN:
        return waits(Reason.UNKNOWN_OUTLOOK)
    if s.item in GONE:
        return gone(s)
    if s.crm is CrmPresence.DELETED:
        return deleted(s)
    # Removing the category of a tracked item untracks it: the link rests, the record stays.
    # What syncd made, or found by a filter, was put there by the filter.
    if s.origin is Origin.TRACKED and s.tracked_before and not s.tracked:
        return rests(LinkState.RELEASED, {Reason.UNTRACKED}, Verb.UNLINK)
    if s.crm is CrmPresence.OUT_OF_SCOPE:
        return left(s)
    return merged(s, MERGES)


def gone(s: Situation) -> Expected:
    """Gone by its user's hand."""
    why = Reason.OUTLOOK_DELETED if s.item is ItemPresence.DELETED else Reason.OUTLOOK_MOVED
    if s.crm is CrmPresence.DELETED:
        return rests(LinkState.ORPHANED, {why, Reason.CRM_DELETED})
    if s.crm is CrmPresence.OUT_OF_SCOPE:
        return rests(LinkState.REMEMBERED, {why, Reason.LEFT_SCOPE}, Verb.UNLINK, optional=True)
    # Moved away = at rest as remembered, the CRM untouched. What is thrown away goes by the
    # policy, where Outlook may speak and its user may change the record.
    deleting = s.item is ItemPresence.DELETED and outlook_speaks(s) and s.writable
    done = {
        OutlookDelete.DEACTIVATE: (Verb.DEACTIVATE_RECORD, Reason.RECORD_DEACTIVATED),
        OutlookDelete.DELETE_IF_OWNER: (Verb.DELETE_RECORD, Reason.RECORD_DELETED),
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
    """CRM deleted: by origin; changed in Outlook: keep, rest as orphaned."""
    stays = rests(LinkState.ORPHANED, {Reason.CRM_DELETED}, Verb.UNLINK)
    if s.tracked:  # "our category removed in the same update"
        stays = replace(stays, does=stays.does | {Verb.UPDATE_ITEM})
    if outlook_speaks(s) and s.writable:  # "conflict": the edit that came too late is kept
        stays = replace(stays, kept=frozenset(edited_in_outlook(s)))
    goes = rests(LinkState.ORPHANED, {Reason.CRM_DELETED}, Verb.TRASH_ITEM)
    # An edit of the item comes first; and a direction in which the CRM may not speak to Outlook
    # does not let it say "delete", either.
    if s.item_edit or s.tracked != s.tracked_before or not crm_may_remove(s):
        return stays
    return {
        CrmDelete.DELETE_CREATED: goes if s.origin is Origin.CREATED else stays,
        CrmDelete.DELETE_IF_NOT_OWNER: stays if s.owned else goes,
        CrmDelete.DELETE: goes,
        CrmDelete.RELEASE: stays,
    }[s.on_crm_delete]


def left(s: Situation) -> Expected:
    """Take the edit if its user may still write; then the scope-exit policy by origin."""
    # A lost read right or a direction still release it, whatever the policy says.
    if s.on_exit is ScopeExit.KEEP_UPDATING and s.readable:
        return merged(s, MERGES | {Reason.KEPT_UPDATING})
    verb = Verb.UNLINK
    if crm_may_remove(s):
        verb = {
            ScopeExit.ARCHIVE: Verb.MOVE_ITEM,
            ScopeExit.DELETE: Verb.TRASH_ITEM,
        }.get(s.on_exit, Verb.UNLINK)
    does, carries, kept, stays = {verb}, {}, set(), set()
    if verb is Verb.MOVE_ITEM and not s.moves:  # in its place, under a category
        does = {Verb.UPDATE_ITEM, Verb.UNLINK}
    for name in edited_in_outlook(s):
        told = groups.group(group(s, name))
        if told.speaks is OUTLOOK:
            does.add(Verb.UPDATE_RECORD)
            carries[name] = OUTLOOK
            kept |= {name} if told.kept else set()
        # Else keep it as a loser: always of an item that goes (P1), and of a record that may not
        # be written any more; what the rules let the CRM win or keep apart stays in the item.
        elif verb is Verb.TRASH_ITEM or (outlook_speaks(s) and not s.writable):
            kept.add(name)
        else:
            stays.add(name)
    return Expected(
        frozenset(does),
        frozenset({Stand.EXCLUDED}),
        frozenset({LinkState.RELEASED}),
        frozenset({Reason.LEFT_SCOPE}),
        carries=carries,
        kept=frozenset(kept),
        or_kept=frozenset(stays),
    )


# with a link at rest


def resting(s: Situation) -> Expected:
    """The rows of the links that are at rest."""
    # Whose record was deleted is as orphaned, however it came to rest.
    if s.link == LinkState.ORPHANED or s.crm is CrmPresence.DELETED:
        return another(s)
    if s.crm is not CrmPresence.IN_SCOPE:
        why = {Reason.OUTLOOK_DELETED, Reason.OUTLOOK_MOVED} if s.item in GONE else {Reason.AT_REST}
        return left_alone(why, frozenset({LinkState(s.link)}))
    if s.item is ItemPresence.UNKNOWN:
        return waits(Reason.UNKNOWN_OUTLOOK)
    if s.item in GONE:
        return away(s)
    # Removing the category untracks it: the link rests; adding it again is a new act.
    if s.origin is Origin.TRACKED and not s.tracked:
        return left_alone({Reason.AT_REST}, frozenset({LinkState(s.link)}))
    released = s.link == LinkState.RELEASED
    back = merged(s, frozenset({Reason.IN_SCOPE_AGAIN if released else Reason.BACK_IN_FOLDER}))
    if s.item is ItemPresence.ARCHIVED and not s.moves:  # only its user can put it back
        return waits(Reason.ONLY_BY_HAND)
    if s.item is ItemPresence.ARCHIVED:  # where syncd puts aside: it goes back
        return replace(back, does=back.does | {Verb.RESTORE_ITEM})
    if is_marked(s):  # our category comes off
        return replace(back, does=back.does | {Verb.UPDATE_ITEM})
    return back


def made_anew(s: Situation) -> Expected:
    """What was thrown away and cannot be moved back is made anew from what is known of it."""
    if not crm_speaks(s):
        return left_alone({Reason.NO_FILTER if not s.pushes else Reason.ONE_WAY})
    told = merged(s, frozenset({Reason.RECREATED}))
    does = (told.does & {Verb.UPDATE_RECORD}) | {Verb.CREATE_ITEM}
    return replace(told, does=does, carries={})


def away(s: Situation) -> Expected:
    """Gone from where its user kept it: remembered; gone from our own folder: create."""
    remembered = frozenset({LinkState.REMEMBERED})
    if s.link == LinkState.REMEMBERED and s.aside:  # a person wants it back
        return made_anew(s)
    if s.link == LinkState.REMEMBERED:
        return left_alone({Reason.AT_REST}, remembered)
    # What was marked in its place, and is in another folder, is where its user keeps it.
    if not s.aside or (not s.moves and s.item is ItemPresence.MOVED):
        return left_alone({Reason.OUTLOOK_DELETED, Reason.OUTLOOK_MOVED}, remembered)
    if not crm_speaks(s):
        return left_alone({Reason.NO_FILTER if not s.pushes else Reason.ONE_WAY})
    return Expected(
        frozenset({Verb.CREATE_ITEM}),
        frozenset({Stand.IN_STEP}),
        frozenset({LinkState.LIVE}),
        frozenset({Reason.CREATED}),
    )


def another(s: Situation) -> Expected:
    """Orphaned, copy: nothing; a new act of tracking makes it a new item."""
    if s.item is ItemPresence.UNKNOWN:
        return waits(Reason.UNKNOWN_OUTLOOK)
    alone = frozenset({Reason.COPY if s.link == LinkState.COPY else Reason.AT_REST})
    if s.item in GONE:
        return left_alone(
            alone | {Reason.OUTLOOK_DELETED, Reason.OUTLOOK_MOVED}, ANY_STATE - {LinkState.LIVE}
        )
    if s.link == LinkState.COPY:
        # A copy is excluded; once its user changes who it is about and tracks it, a new item.
        # Who it is about is the name: Ann with another address is Ann.
        act = s.tracked and (s.copies is Copies.TAKE or s.item_edit == "brand")
    else:
        act = s.tracked and not s.tracked_before
    if not act:
        why = alone | {Reason.NOT_TRACKED, Reason.PRIVATE}
        return left_alone(why, ANY_STATE - {LinkState.LIVE})
    told = taken(s, state=s.link)
    return replace(told, reasons=told.reasons | alone) if not told.does else told


# what they have in common


def merged(s: Situation, reasons: frozenset[Reason]) -> Expected:
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
