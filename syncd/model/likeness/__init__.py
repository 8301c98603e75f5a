"""Which leads, contacts and accounts of the CRM may be one.

`keys` says which records are worth comparing: two that `compare` finds share a key. `compare` says
how alike two are, and why. A lead is compared with an account through `as_account`. The rules and
what each counts are one table, `RULES`; what is too little is `THRESHOLD`.
"""

from syncd.model.likeness.rules import LABELS, RULES, THRESHOLD, Reason, Rule
from syncd.model.likeness.scoring import Because, Likeness, compare, liken
from syncd.model.likeness.traits import KEY_LENGTH, MOST_KEYS, Traits, as_account, keys, traits

__all__ = [
    "KEY_LENGTH",
    "LABELS",
    "MOST_KEYS",
    "RULES",
    "THRESHOLD",
    "Because",
    "Likeness",
    "Reason",
    "Rule",
    "Traits",
    "as_account",
    "compare",
    "keys",
    "liken",
    "traits",
]
