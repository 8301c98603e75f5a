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
    ("oscillation.py", "0", "1"): (
        "of the turns that are compared all of one side must be the same, which is asked next"
    ),
    (
        "settle.py",
        "was is had is None and here is not None and (here == there)",
        "here is not None and here == there",
    ): "what was known before comes to the same images the long way, which shares no object",
}
