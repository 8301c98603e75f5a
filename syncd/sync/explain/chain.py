"""The chain of an explanation: from the record to what comes next, step by step. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from syncd.model.fields import Direction
from syncd.model.policy import Track
from syncd.reconcile.decide import Verb
from syncd.reconcile.facts import LinkState, Origin
from syncd.reconcile.reasons import Reason
from syncd.settings.filter_clauses import Clause, Joint
from syncd.settings.policies import THE_FILTER
from syncd.sync.explain.facts import Contested, Facts, HeldBack, Seen
from syncd.sync.explain.said import Said, Step, because
from syncd.sync.explain.verdict import differences, next_step, resting_private
from syncd.sync.mailboxes import SERVED

_FEW = 5  # entries of the journal that are told


def chain(facts: Facts) -> tuple[Step, ...]:
    """Every step, in the order in which one depends on the other.

    It is read by the mailbox's user: what they may not read in the CRM is not told here, either.
    """
    steps = (
        ("record", _record),
        ("mailbox", _mailbox),
        ("right", _right),
        ("filter", _filter),
        ("tracking", _tracking),
        ("direction", _direction),
        ("item", _item),
        ("waits", _waits),
        ("memory", _memory),
        ("answers", _answers),
        ("history", _history),
    )
    told = [Step(topic, tuple(say(facts))) for topic, say in steps]
    return (*told, Step("next", (next_step(facts),)))


def _record(facts: Facts) -> Iterator[Said]:
    about = facts.about
    if not facts.readable:
        return
    yield Said("record.owned", {"name": about.name, "owner": about.owner})
    if not about.record.name:
        yield Said("record.nameless")
    if about.merged_into is not None:
        other, _ = about.merged_into
        yield Said("record.merged", {"other": other})
    elif about.record.deleted:
        yield Said("record.deleted")
    elif about.record.active:
        yield Said("record.active")
    else:
        yield Said("record.inactive", {"state": about.record.statecode})


def _mailbox(facts: Facts) -> Iterator[Said]:
    row = facts.mailbox
    if not facts.served:
        yield Said("mailbox.no-policy", {"policy": row.policy})
    elif facts.policy is None:
        yield Said("mailbox.no-kind", {"policy": row.policy})
    if row.state not in SERVED:
        yield Said("mailbox.state", {"state": row.state.value})
    elif row.last_success is not None:
        yield Said("mailbox.live", {"when": row.last_success})
    elif not facts.waits_for_approval:
        yield Said("mailbox.never")
    if facts.waits_for_approval:
        yield Said("mailbox.first-contact")
    if facts.claim is not None:
        yield Said(f"claim.{facts.claim}")
    if row.trouble:
        yield Said("mailbox.trouble", {"trouble": row.trouble})


def _right(facts: Facts) -> Iterator[Said]:
    if not facts.readable:
        yield Said("right.hidden", {"user": facts.mailbox.address})
        return
    yield Said("right.read")
    if not facts.about.record.deleted:
        yield Said("right.change" if facts.writable else "right.locked")


def _filter(facts: Facts) -> Iterator[Said]:
    if facts.policy is None or not facts.readable:
        return
    if facts.pinned:
        yield Said("filter.pinned")
    if not facts.filters:
        yield Said("filter.nothing")
        return
    yield Said("filter.inside" if facts.inside else "filter.outside")
    named = len(facts.filters) > 1 or facts.filters[0].name != THE_FILTER
    for each in facts.filters:
        heading = "keeps-out" if each.excludes else "takes-in" if named else "only"
        yield Said(f"filter.{heading}", {"name": each.name}, depth=1)
        yield from _clause(facts, each.clause, 2)


def _clause(facts: Facts, clause: Clause, depth: int) -> Iterator[Said]:
    word = "yes" if clause.holds else "no"
    if clause.joint is Joint.LEAF:
        yield _leaf(facts, clause, word, depth)
        return
    yield Said(f"filter.{clause.joint}-{word}", depth=depth)
    for each in clause.parts:
        yield from _clause(facts, each, depth + 1)


def _leaf(facts: Facts, clause: Clause, word: str, depth: int) -> Said:
    values = {"clause": clause.text, "field": clause.field or "", "value": str(clause.value)}
    if clause.field is None or clause.field in facts.hidden:
        return Said(f"filter.{word}", values, depth)
    if clause.value is None:
        return Said(f"filter.{word}-empty", values, depth)
    if clause.owner:
        values["value"] = facts.about.people.get(str(clause.value), str(clause.value))
        return Said(f"filter.{word}-owner", values, depth)
    return Said(f"filter.{word}-value", values, depth)


def _tracking(facts: Facts) -> Iterator[Said]:
    if facts.act is not None:
        yield Said(
            f"tracking.{'by-hand' if facts.act.tracked else 'undone'}", {"when": facts.act.at}
        )
        return
    policy, link = facts.policy, facts.link
    if link is None or policy is None or not (link.tracked or link.origin is Origin.TRACKED):
        yield Said("tracking.no")
    elif policy.track is Track.CATEGORY:
        yield Said("tracking.category", {"category": policy.track_category})
    else:
        yield Said(f"tracking.{policy.track}")


def _direction(facts: Facts) -> Iterator[Said]:
    if facts.policy is None:
        return
    policy, ways = facts.policy, dict[Direction, list[str]]()
    yield Said(f"direction.{policy.direction}")
    for name, group in facts.about.kind.groups.items():
        way = policy.direction_of(group)
        if way is not policy.direction:
            ways.setdefault(way, []).extend(facts.labels(name))
    for way, fields in ways.items():
        how = Said(f"direction.{way}")
        yield Said("direction.only", {"fields": fields, "how": how}, depth=1)
    for reason, labels in differences(facts).items():
        yield Said("direction.differ", {"fields": labels, "why": reason}, depth=1)


def _item(facts: Facts) -> Iterator[Said]:
    link = facts.link
    if link is None:
        yield Said("item.none")
        return
    yield Said(f"item.{link.origin}")
    state: str = link.state.value
    last = facts.last(Reason.UNTRACKED, Reason.LEFT_SCOPE)
    if link.state is LinkState.RELEASED:
        if resting_private(facts):
            state = "released-private"
        elif last is not None and last.reason is Reason.UNTRACKED:
            state = "released-untracked"
        elif link.aside:
            by_move = (
                last is not None and last.verb is Verb.MOVE_ITEM
            )  # also before it changed over
            moved = by_move or facts.mailbox.moves is not False
            state = "released-aside" if moved else "released-marked"
    kind = facts.about.kind
    put = {"folder": kind.archive_folder, "category": kind.archive_category}
    yield Said(f"item.{state}", put)
    if facts.live and facts.changed:
        yield Said("item.changed", {"fields": facts.changed})


def _waits(facts: Facts) -> Iterator[Said]:
    told = [
        *_standing(facts.waiting),
        *(_held(each) for each in facts.held),
        *(
            Said("waits.question", {"when": each.at, "why": each.reason, "count": each.count})
            for each in facts.questions
            if each.answer is None
        ),
        *(_contested(facts, each) for each in facts.contested if each.open),
    ]
    if facts.stirred:
        told.append(Said("waits.unseen"))
    yield from told or [Said("waits.nothing")]


def _standing(waiting: Seen | None) -> Iterator[Said]:
    if waiting is None or waiting.reason is None:
        return
    yield Said("waits.reason", {"why": waiting.reason})
    if waiting.error:
        yield Said("waits.tries", {"count": waiting.attempts, "error": waiting.error}, depth=1)


def _held(each: HeldBack) -> Said:
    key = "approved" if each.approved else "discarded" if each.discarded else "held"
    why = because(each.reason) if each.reason is not None else ""
    what = Said(f"held.{each.verb}")
    return Said(f"waits.{key}", {"what": what, "when": each.at, "why": why})


def _memory(facts: Facts) -> Iterator[Said]:
    if facts.memory is not None:
        yield Said("memory.thrown", {"when": facts.memory.at, "why": facts.memory.reason})
    else:
        yield Said("memory.alike" if facts.thrown else "memory.nothing")


def _answers(facts: Facts) -> Iterator[Said]:
    answered = [each for each in facts.questions if each.answer is not None]
    if not answered:
        yield Said("answers.nothing")
    for each in answered:
        yield Said(f"answers.{each.answer}", {"when": each.answered_at or each.at})


def _contested(facts: Facts, each: Contested) -> Said:
    if each.writer is None:
        return Said("waits.conflict", {"fields": each.labels, "why": each.reason})
    who = {"writer": each.writer, "mailbox": facts.mailbox.address}
    return Said("waits.frozen", {"fields": each.labels, "why": each.reason, **who})


def _history(facts: Facts) -> Iterator[Said]:
    told = []
    for each in facts.done[:_FEW]:
        key = {"done": "done", "failed": "failed", "lost": "failed"}.get(each.status, "open")
        what = Said(f"verb.{each.verb}")
        told.append(Said(f"history.{key}", {"when": each.at, "what": what, "why": each.reason}))
    for kept in facts.contested:
        if not kept.open:
            values = {"when": kept.at, "fields": kept.labels, "why": kept.reason}
            told.append(Said("history.kept", {**values, "side": Said(f"side.{kept.side}")}))
    yield from told or [Said("history.nothing")]
