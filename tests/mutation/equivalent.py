"""Mutants that say the same as what they were made of, each with the reason."""

from __future__ import annotations

from collections.abc import Mapping

# (file, before, after) → why nothing can tell them apart
EQUIVALENT: Mapping[tuple[str, str, str], str] = {
    ("actions.py", "CrmPresence.OUT_OF_SCOPE", "CrmPresence.DELETED"): (
        "an item that is new to the CRM is decided without asking where its record is"
    ),
}
