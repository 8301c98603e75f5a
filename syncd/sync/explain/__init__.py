"""Why a record is in a mailbox, is not, or is not up to date (P12).

`looking` reads the store, `verdict` and `chain` say what follows, `trace` has it for admins. No
server is asked; nothing of an item that is not tied to the record or tracked is told (P14).
"""
