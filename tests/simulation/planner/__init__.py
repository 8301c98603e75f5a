"""The planner alone: three correlated states, shuffled operations, and a ledger as oracle.

No store and no mailbox: a decision is taken to be carried out, operation by operation, in any
order, with people editing in between. That both sides become equal proves little, since a planner
that deletes everything makes them equal, too; so a ledger knows what people wrote.
"""
