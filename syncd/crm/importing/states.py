"""The state that a row names: our words, Dataverse's numbers and labels, Outlook's words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from syncd.crm.importing.report import BadRow
from syncd.crm.stored import StoredKind
from syncd.model.kinds import Schema

# How Outlook and Dynamics call what we call otherwise: labels in the case of nobody.
_LABELS: Mapping[str, str] = {
    "cancelled": "canceled",
    "won": "won",
    "complete": "completed",
    "waiting on someone else": "waiting",
    "no longer interested": "no longer interested",
    "out of office": "out of office",
    "out-sold": "out sold",
    "working elsewhere": "free",
}


def status_of(
    stored: StoredKind[Schema], said: Mapping[str, object], left_out: Counter[str]
) -> str | None:
    """The status reason that a row means. A number of somebody's own making is counted.

    Raises BadRow on a word that there is not, and on a state and reason that do not go together.
    """
    states = stored.states.states
    named = _word(said.get("statecode"))
    state = next((s for s in states if named in (s.name, str(s.code))), None)
    if named and state is None:
        if named.isdecimal():
            left_out[f"statecode {named} (no such state)"] += 1
        else:
            known = ", ".join(each.name for each in states)
            raise BadRow(f"statecode: {named[:40]!r} is none of {known}")
    word = next(
        (w for n in ("statuscode", "task status", "show as") if (w := _word(said.get(n)))), ""
    )
    if not word:
        return state.default if state else None
    reasons = {
        r: s for s in ((state,) if state else states) for r, code in s.reasons.items()
        if word in (r, str(code))
    }  # fmt: skip
    if reasons:
        return next(iter(reasons))
    if word.isdecimal() or "show as" in said:
        left_out[f"statuscode {word} (no such status reason)"] += 1
        return state.default if state else None
    known = ", ".join(r for s in ((state,) if state else states) for r in s.reasons)
    raise BadRow(f"statuscode: {word[:40]!r} is none of {known}")


def _word(said: object) -> str:
    if said is None:
        return ""
    text = " ".join(str(int(said) if isinstance(said, bool) else said).replace("_", " ").split())
    folded = text.casefold()
    return _LABELS.get(folded, folded)
