"""An Exchange on loopback, for the demo, for tests and for trying a policy first.

`mailbox.py` and what it uses know mailboxes, folders, items, change keys and change logs, and no
protocol; `ews/` is the SOAP face over them; `server.py` puts both on a port. Nothing here imports
the rest of syncd: a test double that shares code with what it tests proves nothing.
"""
