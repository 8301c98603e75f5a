"""What a record is: kinds, fields, values, field maps, the compiled policy.

Pure: imports nothing else of syncd, does no I/O, reads no clock, draws no random number.
"""
