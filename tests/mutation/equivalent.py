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
        "bool(more) and any((field.name in more for field in group.fields))",
        "any((field.name in more for field in group.fields))",
    ): "nothing is in what is empty; it is asked first for speed",
}
