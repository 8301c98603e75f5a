"""Mutants that say the same as what they were made of, each with the reason."""

from __future__ import annotations

from collections.abc import Mapping

# (file, before, after) → why nothing can tell them apart
EQUIVALENT: Mapping[tuple[str, str, str], str] = {
    ("actions.py", "CrmPresence.OUT_OF_SCOPE", "CrmPresence.DELETED"): (
        "an item that is new to the CRM is decided without asking where its record is"
    ),
    ("actions.py", "ItemPresence.PRESENT", "ItemPresence.ARCHIVED"): (
        "what is made anew is decided without asking where it is: it is nowhere"
    ),
    ("claim.py", "said.counter < max(own)", "said.counter <= max(own)"): (
        "one that is the same as any of ours was returned before"
    ),
    (
        "groups.py",
        "case.link is None or known is None or now is None or (case.item.record is None)",
        "known is None or now is None or case.item.record is None",
    ): "without a link no time is known; it is asked for the types",
    (
        "groups.py",
        "bool(more) and any((field.name in more for field in group.fields))",
        "any((field.name in more for field in group.fields))",
    ): "nothing is in what is empty; it is asked first for speed",
    (
        "merge.py",
        "mark.standing is Standing.APART and mark.reason is Reason.NOT_WRITABLE",
        "mark.reason is Reason.NOT_WRITABLE",
    ): "what agrees has another reason, and what is unsettled is to be decided whatever its reason",
    (
        "merge.py",
        "not any(edited.values()) and facts.mark.standing is Standing.AGREED",
        "facts.mark.standing is Standing.AGREED",
    ): "what is not known beside an edit was read before it is merged (`unread`)",
    (
        "merge.py",
        "facts.mark.standing is Standing.UNSETTLED and facts.mark.reason is Reason.LEFT_SCOPE",
        "facts.mark.reason is Reason.LEFT_SCOPE",
    ): "nothing is marked with that reason but what is unsettled",
    ("merge.py", "Reason.BOTH_CHANGED", "Reason.CONFLICT_CRM"): (
        "nobody may speak there, and that is the reason which is told"
    ),
    ("merged.py", "record.group(group) or {}", "record.group(group)"): (
        "a group that was edited was read"
    ),
    ("oscillation.py", "0", "1"): (
        "of the turns that are compared all of one side must be the same, which is asked next"
    ),
    (
        "settle.py",
        "here is not None and crm is not None",
        "here is not None",
    ): "a side that was not read holds what its image says, and gets the same one again",
    (
        "settle.py",
        "there is not None and outlook is not None",
        "there is not None",
    ): "as for the CRM's",
    (
        "settle.py",
        "was is had is None and here is not None and (here == there)",
        "here is not None and here == there",
    ): "what was known before comes to the same images the long way, which shares no object",
}
