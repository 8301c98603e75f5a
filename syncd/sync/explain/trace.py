"""An explanation for admins and for programs: codes, ids, versions, and the mark of each group."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from syncd.reconcile.images import AGREED
from syncd.sync.explain.facts import Facts, Seen
from syncd.sync.explain.verdict import verdict


def trace(facts: Facts, chain: dict[str, list[str]], first: str) -> dict[str, object]:
    """All that is known of a record in one mailbox. `chain` and `first`: it in words."""
    link, record = facts.link, facts.about.record
    found = verdict(facts)
    return {
        "mailbox": facts.mailbox.address,
        "number": facts.mailbox.id,
        "mailbox_state": facts.mailbox.state.value,
        "policy": facts.mailbox.policy,
        "claim": facts.claim and facts.claim.value,
        "due": _moment(facts.mailbox.due),
        "how": found.how,
        "code": found.code,
        "sentence": first,
        "record": {
            "id": record.id,
            "name": record.name,
            "owner": facts.about.owner,
            "state": record.statecode,
            "version": record.version,
            "deleted": record.deleted,
            "merged_into": record.merged_into,
        },
        "readable": facts.readable,
        "writable": facts.writable,
        "filters": [
            {"name": each.name, "excludes": each.excludes, **each.clause.to_json()}
            for each in facts.filters
        ],
        "pinned": facts.pinned,
        "in_scope": facts.inside,
        "direction": facts.policy.direction.value if facts.policy else None,
        "link": None
        if link is None
        else {
            "item": link.remote_id,
            "item_version": link.remote_version,
            "record_version": link.crm_version,
            "origin": link.origin.value,
            "state": link.state.value,
            "tracked": link.tracked,
        },
        "changed": list(facts.changed),
        "groups": list(_groups(facts)),
        "item": _seen(facts.seen),
        "noticed": _seen(facts.noticed),
        "held": [
            {
                "verb": each.verb.value,
                "reason": each.reason.value if each.reason else None,
                "at": _moment(each.at),
                "approved": each.approved,
                "discarded": each.discarded,
            }
            for each in facts.held
        ],
        "questions": [
            {
                "reason": each.reason.value,
                "asked": _moment(each.at),
                "candidates": each.count,
                "answer": each.answer,
                "answered": _moment(each.answered_at),
            }
            for each in facts.questions
        ],
        "conflicts": [
            {
                "fields": list(each.labels),
                "reason": each.reason.value,
                "at": _moment(each.at),
                "loser": each.side,
                "open": each.open,
                "writer": each.writer,
            }
            for each in facts.contested
        ],
        "remembered": None
        if facts.memory is None
        else {"reason": facts.memory.reason.value, "at": _moment(facts.memory.at)},
        "thrown_away": facts.thrown,
        "act": None
        if facts.act is None
        else {"tracked": facts.act.tracked, "at": _moment(facts.act.at)},
        "operations": [
            {
                "key": each.key,
                "run": each.run,
                "operation": each.verb.value,
                "reason": each.reason.value,
                "status": each.status,
                "error": each.error,
                "at": _moment(each.at),
            }
            for each in facts.done
        ],
        "chain": chain,
    }


def _groups(facts: Facts) -> Iterator[dict[str, object]]:
    """Every group: which way it may go, and how its two sides stood when last settled."""
    if facts.policy is None:
        return
    for name, group in facts.about.kind.groups.items():
        told: dict[str, object] = {
            "group": name,
            "direction": facts.policy.direction_of(group).value,
        }
        if facts.link is not None:
            mark = facts.marks.get(name, AGREED)
            told |= {"mark": mark.standing.value, "reason": mark.reason.value}
        yield told


def _seen(seen: Seen | None) -> dict[str, object] | None:
    if seen is None:
        return None
    return {
        "stand": seen.stand.value if seen.stand else None,
        "reason": seen.reason.value if seen.reason else None,
        "error": seen.error,
        "attempts": seen.attempts,
        "retry_at": _moment(seen.retry_at),
        "unsettled": seen.unsettled,
    }


def _moment(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
