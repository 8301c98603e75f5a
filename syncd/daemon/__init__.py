"""`syncd run`: decides when mailboxes run, runs a few at a time, and says how it goes."""
