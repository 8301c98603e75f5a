"""Where the stamp and the claim are kept: named properties in a property set of syncd's own.

The same set and names serve EWS and Graph, so that a mailbox may change its backend and keep
every link. Never change them: the stamps of every item in every mailbox would be lost.
"""

from __future__ import annotations

from syncd.model.fields import Named

SET_ID = "5f0b9c1e-7d43-4a86-9e1b-2c6a8f3d4e70"

LINK = Named(SET_ID, name="SyncdLink")
KEY = Named(SET_ID, name="SyncdKey")
CLAIM = Named(SET_ID, name="SyncdClaim")  # of a folder: who serves it
