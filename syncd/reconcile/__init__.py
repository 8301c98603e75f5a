"""The heart: match, merge, decide, guard. Pure functions over facts.

No I/O, no clock, no randomness: times and keys are arguments. Nothing here names a kind.
The contract, after Unison's specification: detection is a safe estimate (it may call an equal
pair dirty, never the reverse); what a user changed is never changed under him; changes that do not
conflict all travel; a conflict's loser is kept; an image moves only to what a side was seen to
hold.
"""
