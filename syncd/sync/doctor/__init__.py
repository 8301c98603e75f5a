"""Looking over an installation: what keeps syncd from its mailboxes, and what to do about it.

`catalogue.py` has the checks and their order, `causes.py` what each may find, in words. A check
asks and concludes; nothing is written anywhere, but by the one that is asked for with `--write`.
"""
