"""The first line of an explanation, and the last: how it is, why, and what comes next. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from syncd.model.fields import Direction, Side
from syncd.model.policy import ScopeExit
from syncd.reconcile.decide import Stand, Verb
from syncd.reconcile.facts import LinkState, Origin
from syncd.reconcile.images import Standing
from syncd.reconcile.reasons import Reason
from syncd.sync.catalogue import texts
from syncd.sync.conflicts import ASKS
from syncd.sync.explain.facts import Facts, Seen
from syncd.sync.explain.said import Remedy, Said, because
from syncd.sync.mailboxes import SERVED, MailboxState

_BACK = (Reason.IN_SCOPE_AGAIN, Reason.BACK_IN_FOLDER, Reason.PUT_BACK)
_CAME = (
    Reason.CREATED, Reason.ADOPTED, Reason.STAMP_FOUND, Reason.TRACKED, Reason.DUPLICATE_LINKED,
    Reason.DUPLICATE_UNSEEN, Reason.ANSWERED,
)  # fmt: skip
_GONE = (Reason.OUTLOOK_DELETED, Reason.OUTLOOK_MOVED)
_PRIVATE = (Reason.MADE_PRIVATE, Reason.PRIVATE)
_COMES_AND_GOES = (  # it waits for nobody, and mostly not for long
    Reason.SECOND_LOOK, Reason.IN_DOUBT, Reason.RETRY, Reason.EDITED_MEANWHILE,
    Reason.UNKNOWN_OUTLOOK,
)  # fmt: skip
# Why a group differs, the one first that somebody is most likely to ask about.
_WORST = (
    Reason.ASKED, Reason.GUARDED, Reason.NOT_WRITABLE, Reason.ONE_WAY, Reason.DIRECTION_NONE,
    Reason.RULE_CHANGED, Reason.PERSONAL,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Verdict:
    """How it is, and why. `code` is a reason code, or a key of the catalogue's `why`."""

    how: str  # a key of the catalogue's `verdict`
    code: str
    why: Said

    def said(self, facts: Facts) -> Said:
        """It as one sentence."""
        names = {"name": facts.about.name, "mailbox": facts.mailbox.address}
        return Said(f"verdict.{self.how}", {**names, "why": self.why})


def verdict(facts: Facts) -> Verdict:
    """How a record stands in one mailbox, and why: what weighs most.

    A missing right goes before everything: the rest is nothing that the mailbox's user may read.
    """
    if not facts.readable:
        return _why(_unread(facts), "no-right")
    if facts.link is None:
        return _without(facts)
    if not facts.live:
        return _resting(facts, facts.link.state)
    return _kept_up(facts)


def _unread(facts: Facts) -> str:
    if facts.link is None or facts.link.state is LinkState.REMEMBERED or _trashed(facts):
        return "absent"
    return "left"


# --- with an item that is kept in step -----------------------------------------------------------


def _kept_up(facts: Facts) -> Verdict:
    if blocked := _blocked(facts):
        gone = any(each.reason in _GONE and not each.discarded for each in facts.held)
        return _of("absent" if gone else "behind", *blocked)
    if not facts.inside:
        if keeps_updating(facts):
            return _for("there", Reason.KEPT_UPDATING)
        return _why("there", "leaves-next")
    if (facts.changed or facts.stirred) and not _served(facts):
        return _why("behind", "unserved", state=facts.mailbox.state.value)
    if facts.changed:
        return _why("behind", "claimed" if facts.claim else "next-change")
    if differing := differences(facts):
        reason = min(differing, key=_weight)
        differs = Said("why.differs", {"fields": differing[reason], "why": reason})
        return _of("behind", reason.value, differs)
    return _arrived(facts)


def _arrived(facts: Facts) -> Verdict:
    """Why it is there at all."""
    came = facts.last(*_BACK, *_CAME)
    seen = facts.seen.reason if facts.seen is not None else None
    for reason in (seen, came.reason if came else None):
        if reason in _BACK:
            return _for("back", reason)
    if facts.link is not None and facts.link.origin is Origin.CREATED:
        return _why("there", "belongs")
    if came is not None and came.reason is not Reason.CREATED:
        return _for("there", came.reason)
    tracked = facts.link is not None and facts.link.origin is Origin.TRACKED
    return _for("there", Reason.TRACKED if tracked else Reason.ADOPTED)


def differences(facts: Facts) -> Mapping[Reason, tuple[str, ...]]:
    """The labels of groups that are known to differ, by the reason why they may.

    A form of the server's own is no difference, nor is what the field map keeps out for everybody.
    """
    found: dict[Reason, tuple[str, ...]] = {}
    for name, mark in facts.marks.items():
        group = facts.about.kind.groups.get(name)
        if group is None or mark.standing is Standing.AGREED:
            continue
        reason = Reason.RULE_CHANGED if mark.standing is Standing.UNSETTLED else mark.reason
        never = reason is Reason.DIRECTION_NONE and group.direction is Direction.NONE
        if reason not in (Reason.NOT_TAKEN, Reason.EQUAL) and not never:
            found[reason] = (*found.get(reason, ()), *facts.labels(name))
    return found


def keeps_updating(facts: Facts) -> bool:
    """Whether the rule keeps its item in step although it left scope."""
    if facts.link is None or facts.policy is None or facts.about.record.deleted:
        return False
    rule: ScopeExit = getattr(facts.policy.on_scope_exit, facts.link.origin.value)
    return rule is ScopeExit.KEEP_UPDATING


# --- at rest, or not there -----------------------------------------------------------------------


def _resting(facts: Facts, state: LinkState) -> Verdict:
    if state is LinkState.COPY:
        return _for("left", Reason.COPY)
    if state is LinkState.ORPHANED:
        how = "absent" if _trashed(facts) else "left"
        return _of(how, *(_ended(facts) or _because(Reason.CRM_DELETED)))
    if blocked := _blocked(facts):
        return _of("left", *blocked)
    if state is LinkState.REMEMBERED:
        last = facts.last(*_GONE)
        reason = facts.memory.reason if facts.memory else last.reason if last else None
        seen = facts.seen.reason if facts.seen is not None else None
        return _for("absent", reason or (seen if seen in _GONE else None) or _GONE[0])
    if resting_private(facts):
        return _for("left", Reason.MADE_PRIVATE)
    if facts.last(Reason.UNTRACKED) and not facts.pinned and not _returned(facts):
        return _for("left", Reason.UNTRACKED)
    return _of("left", *(_kept_out(facts) or _coming(facts)))


def _trashed(facts: Facts) -> bool:
    """Whether syncd moved the item to Deleted Items."""
    return any(each.verb is Verb.TRASH_ITEM and each.status == "done" for each in facts.done)


def resting_private(facts: Facts) -> bool:
    """Whether it is left alone because its user marked it private."""
    seen = facts.seen.reason if facts.seen is not None else None
    return seen in _PRIVATE or (seen is None and facts.last(*_PRIVATE) is not None)


def _returned(facts: Facts) -> bool:
    last = facts.last(Reason.UNTRACKED, Reason.LEFT_SCOPE, *_BACK)
    return last is not None and last.reason is not Reason.UNTRACKED


def _without(facts: Facts) -> Verdict:
    found = (
        _ended(facts)
        or _blocked(facts)
        or _decided_against(facts)
        or _kept_out(facts)
        or _coming(facts)
    )
    return _of("absent", *found)


def _ended(facts: Facts) -> tuple[str, Said] | None:
    if facts.about.merged_into is not None:
        other, _ = facts.about.merged_into
        return Reason.MERGED.value, Said("why.merged-into", {"other": other})
    return _because(Reason.CRM_DELETED) if facts.about.record.deleted else None


def _decided_against(facts: Facts) -> tuple[str, Said] | None:
    """What a person did or said that keeps it out."""
    if facts.memory is not None or facts.thrown:
        return _because(Reason.REMEMBERED)
    answered = facts.settled_against
    if answered is not None and answered.reason is Reason.HELD:
        return _because(Reason.DISCARDED)
    if answered is not None:
        return _because(Reason.NEVER if answered.answer == "never" else Reason.IGNORED)
    if any(each.discarded for each in facts.held):
        return _because(Reason.DISCARDED)
    if facts.noticed is not None and facts.noticed.stand is Stand.EXCLUDED:
        return _because(facts.noticed.reason or Reason.AT_REST)
    return None


def _blocked(facts: Facts) -> tuple[str, Said] | None:
    """What it waits for, if it waits."""
    waiting = facts.waiting
    if waiting is not None and waiting.reason is not None:
        return _because(waiting.reason)
    if facts.asked is not None:
        return _because(facts.asked.reason)
    if facts.unclear:
        return _because(Reason.UNKNOWN_CRM)
    for reason in ASKS:
        asked = [each for each in facts.contested if each.open and each.reason is reason]
        if labels := [label for each in asked for label in each.labels]:
            return reason.value, Said("why.differs", {"fields": labels, "why": reason})
    return None


def _kept_out(facts: Facts) -> tuple[str, Said] | None:
    """Which rule keeps a record out of the mailbox; `None` when none does."""
    if ended := _ended(facts):
        return ended
    if facts.pinned:
        return None
    if facts.policy is None:
        return None
    for each in facts.filters:
        if each.excludes and each.clause.holds:
            clause = [part.text for part in each.clause.deciding()]
            return "excluded", Said("why.excluded", {"clause": clause})
    if not facts.policy.pushes:
        return _because(Reason.NO_FILTER)
    takes_in = [each.clause for each in facts.filters if not each.excludes]
    if takes_in and not any(each.holds for each in takes_in):
        failing = [part for each in takes_in for part in each.failing()]
        told = {part.field for part in failing} - facts.hidden
        if any(part.owner and part.field in told for part in failing):
            return "not-owned", Said("why.not-owned", {"owner": facts.about.owner})
        if not facts.about.record.active and "statecode" in told:
            return "not-in-use", Said("why.not-in-use")
        clause = [part.text for part in failing]
        return "not-in-filter", Said("why.not-in-filter", {"clause": clause})
    if not facts.policy.direction.speaks(Side.CRM):
        return "no-push", Said("why.no-push")
    return None


def _coming(facts: Facts) -> tuple[str, Said]:
    """Nothing keeps it out: what it still takes."""
    if facts.waits_for_approval:
        return _because(Reason.FIRST_CONTACT)
    if not _served(facts):
        return "unserved", Said("why.unserved", {"state": facts.mailbox.state.value})
    if facts.claim is not None:
        return "claimed", Said("why.claimed")
    if not facts.synced:
        return "first-time", Said("why.first-time")
    return "next-run", Said("why.next-run")


# --- what comes next -----------------------------------------------------------------------------


def next_step(facts: Facts) -> Said:
    """What the next run will do, or what a person can do."""
    address, when = facts.mailbox.address, facts.mailbox.due
    if stops := _stops(facts):
        return stops
    run = {"when": when, "mailbox": address}
    if any(each.approved for each in facts.held):
        return Said("next.go", run)
    waiting = facts.waiting
    if waiting is not None and (waiting.reason in _COMES_AND_GOES or _is_tried_again(waiting)):
        at = waiting.retry_at
        return (
            Said("next.retry", {"when": at, "mailbox": address}) if at else Said("next.look", run)
        )
    found = verdict(facts)
    if _blocked(facts) is not None:
        return _todo("next.person", found.code, address)
    if facts.live and not facts.inside and not keeps_updating(facts):
        return Said("next.leave", run)
    if facts.live and facts.changed:
        return Said("next.update", run)
    if found.code in ("next-run", "first-time"):
        return Said("next.create", run)
    if facts.stirred:
        return Said("next.look", run)
    if found.how in ("there", "back"):
        return Said("next.nothing")
    return _todo("next.stays-todo", found.code, address)


def _is_tried_again(waiting: Seen) -> bool:
    """Whether what failed is yet to be tried some more, before it is set aside for a person."""
    return waiting.attempts > 0 and waiting.stand is Stand.WAITING and waiting.retry_at is not None


def _stops(facts: Facts) -> Said | None:
    """Why no run comes, or none that does anything."""
    row = facts.mailbox
    where = {"mailbox": row.address}
    if not facts.served:
        return Said("next.policy", where)
    if row.state in (MailboxState.PAUSED, MailboxState.SUSPENDED):
        return Said("next.resume", where)
    if row.state not in SERVED:
        return Said("next.approve")
    if facts.claim is not None:
        return Said("next.relink", where)
    return Said("next.onboard", where) if facts.waits_for_approval else None


def _todo(key: str, code: str, mailbox: str) -> Said:
    known = code in set(Reason) and f"remedy.{code}" in texts("en")
    if not known:
        return Said("next.stays" if key == "next.stays-todo" else key, {"todo": ""})
    return Said(key, {"todo": Remedy(Reason(code), mailbox)})


def _served(facts: Facts) -> bool:
    return facts.served and facts.mailbox.state in SERVED


def _weight(reason: Reason) -> int:
    return _WORST.index(reason) if reason in _WORST else len(_WORST)


def _because(reason: Reason) -> tuple[str, Said]:
    return reason.value, because(reason)


def _for(how: str, reason: Reason) -> Verdict:
    return _of(how, *_because(reason))


def _why(how: str, key: str, **values: object) -> Verdict:
    return _of(how, key, Said(f"why.{key}", values))


def _of(how: str, code: str, why: Said) -> Verdict:
    return Verdict(how, code, why)
