"""What a client hands back to go on: opaque, and checked when it comes back."""

import base64
import binascii
import json
import uuid
import zlib
from dataclasses import dataclass

from syncd.sandbox.graph.errors import GraphError
from syncd.sandbox.ids import Position


@dataclass(frozen=True, slots=True)
class Token:
    """How far a client has read a folder, or the list of folders (`folder` is 0), and what of it.

    `known` are the folders that the client has been told of.
    """

    mailbox: uuid.UUID
    folder: int
    position: Position
    select: str = ""
    known: frozenset[int] = frozenset()

    def text(self) -> str:
        """Write it for a URL."""
        at = self.position
        inside = [
            self.mailbox.hex,
            self.folder,
            [at.low, at.high, at.cursor, sorted(at.missed)],
            self.select,
            sorted(self.known),
        ]
        packed = zlib.compress(json.dumps(inside, separators=(",", ":")).encode(), 1)
        check = zlib.crc32(packed).to_bytes(4, "big")
        return base64.urlsafe_b64encode(packed + check).decode().rstrip("=")


def read_token(text: str, mailbox: uuid.UUID, folder: int) -> Token:
    """Read a token that was given out for this very folder.

    Raises:
        GraphError: cut, invented, or given out for another one.

    """
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        if zlib.crc32(raw[:-4]).to_bytes(4, "big") != raw[-4:]:
            raise badly_formed()
        guid, number, at, select, known = json.loads(zlib.decompress(raw[:-4]))
    except (binascii.Error, ValueError, TypeError, zlib.error):
        raise badly_formed() from None
    if guid != mailbox.hex or number != folder:
        raise GraphError("ErrorInvalidIdMalformed")
    low, high, cursor, missed = at
    return Token(
        mailbox, folder, Position(low, high, cursor, frozenset(missed)), select, frozenset(known)
    )


def badly_formed() -> GraphError:
    """Return the refusal of a token that is none."""
    return GraphError("BadRequest", "Badly formed token.")
