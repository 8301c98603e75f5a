"""Ids, change keys and sync states: opaque to clients, checked when they come back.

They have the look and the habits of Exchange's (base64, case-sensitive, an item's id names the
folder that holds it and so changes with it), but their inside is the sandbox's own.
"""

import base64
import binascii
import enum
import gzip
import json
import struct
import uuid
import zlib
from dataclasses import dataclass


class MalformedIdError(ValueError):
    """The text is no id that this server gave out."""


class MalformedChangeKeyError(ValueError):
    """The text is no change key that this server gave out."""


class MalformedSyncStateError(ValueError):
    """The text is no sync state that this server gave out."""


class IdKind(enum.Enum):
    """What an id names."""

    ITEM = b"\x46"
    FOLDER = b"\x2e"


@dataclass(frozen=True, slots=True)
class ParsedId:
    """The inside of an id: what it names, in which mailbox, in which folder, under which number."""

    kind: IdKind
    mailbox: uuid.UUID
    container: int
    number: int


_ID_HEAD = b"\x00\x03\x24"  # gives the AAMk that Exchange's ids begin with
_ID_LENGTH = 42
_LASTING_HEAD = b"\x00\x09\x00\x2e"  # gives the AAkAL that Exchange's immutable ids begin with
_LASTING_LENGTH = 33  # a multiple of three: no padding
_KEY_HEAD = b"\x11\x00\x00\x00\x16\x00\x00\x00"  # gives EQAAABYAAAA
_KEY_LENGTH = 30


def item_id(mailbox: uuid.UUID, folder: int, number: int) -> str:
    """Return the id of item `number` while it is in folder `folder`."""
    return _make(IdKind.ITEM, mailbox, folder, number)


def folder_id(mailbox: uuid.UUID, number: int) -> str:
    """Return the id of folder `number`; it stays the same wherever the folder goes."""
    return _make(IdKind.FOLDER, mailbox, 0, number)


def _make(kind: IdKind, mailbox: uuid.UUID, container: int, number: int) -> str:
    body = _ID_HEAD + kind.value + mailbox.bytes + struct.pack(">QQ", container, number)
    return base64.b64encode(body + b"\0\0" + zlib.crc32(body).to_bytes(4, "big")).decode()


def parse_id(text: str) -> ParsedId:
    """Take an id apart.

    Raises:
        MalformedIdError: not one of ours: cut, re-cased or invented.

    """
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise MalformedIdError(text) from error
    body, check = raw[:-6], raw[-4:]
    if len(raw) != _ID_LENGTH or zlib.crc32(body).to_bytes(4, "big") != check:
        raise MalformedIdError(text)
    container, number = struct.unpack(">QQ", body[20:36])
    return ParsedId(IdKind(body[3:4]), uuid.UUID(bytes=body[4:20]), container, number)


def lasting_id(mailbox: uuid.UUID, first: int) -> str:
    """Return the immutable id of the item that came into being as number `first`, for a URL."""
    body = _LASTING_HEAD + mailbox.bytes + struct.pack(">Q", first) + b"\0"
    return base64.urlsafe_b64encode(body + zlib.crc32(body).to_bytes(4, "big")).decode()


def parse_lasting_id(text: str) -> tuple[uuid.UUID, int]:
    """Return the mailbox and the first number in an immutable id.

    Raises:
        MalformedIdError: not one of ours.

    """
    try:
        raw = base64.b64decode(text, altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise MalformedIdError(text) from error
    body = raw[:-4]
    if (
        len(raw) != _LASTING_LENGTH
        or not body.startswith(_LASTING_HEAD)
        or zlib.crc32(body).to_bytes(4, "big") != raw[-4:]
    ):
        raise MalformedIdError(text)
    return uuid.UUID(bytes=body[4:20]), struct.unpack(">Q", body[20:28])[0]


def change_number(key: str) -> int:
    """Return the number of the change that a change key of ours is of."""
    return int.from_bytes(base64.b64decode(key)[-6:], "big")


def change_key(mailbox: uuid.UUID, number: int) -> str:
    """Return the change key of the version that change `number` made."""
    return base64.b64encode(_KEY_HEAD + mailbox.bytes + number.to_bytes(6, "big")).decode()


def check_change_key(text: str) -> None:
    """Refuse what cannot be a change key.

    Raises:
        MalformedChangeKeyError: not base64, or not the length and the head of one.

    """
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise MalformedChangeKeyError(text) from error
    if len(raw) != _KEY_LENGTH or not raw.startswith(_KEY_HEAD):
        raise MalformedChangeKeyError(text)


@dataclass(frozen=True, slots=True)
class Position:
    """How far a client has read one folder's change log.

    Everything up to `low` is known to the client. While a run of several pages is under way, `high`
    is where it started and `cursor` where its next page starts (pages go from new to old). `missed`
    are items that changed while the run went past them: the client has never seen them, so they
    come as created next time.
    """

    low: int = 0
    high: int = 0
    cursor: int = 0
    missed: frozenset[str] = frozenset()


def sync_state(mailbox: uuid.UUID, folder: int, position: Position) -> str:
    """Return the text a client hands back to go on from `position`."""
    inside = [
        mailbox.hex,
        folder,
        position.low,
        position.high,
        position.cursor,
        sorted(position.missed),
    ]
    packed = gzip.compress(json.dumps(inside, separators=(",", ":")).encode(), 1, mtime=0)
    return base64.b64encode(packed).decode()


def parse_sync_state(text: str, mailbox: uuid.UUID, folder: int) -> Position:
    """Return the position in a sync state that was given out for this very folder.

    Raises:
        MalformedSyncStateError: cut, invented, or given out for another folder or mailbox.

    """
    try:
        inside = json.loads(gzip.decompress(base64.b64decode(text, validate=True)))
        guid, number, low, high, cursor, missed = inside
    except (ValueError, TypeError, OSError, EOFError, zlib.error) as error:
        raise MalformedSyncStateError(text) from error
    if guid != mailbox.hex or number != folder:
        raise MalformedSyncStateError(text)
    return Position(low, high, cursor, frozenset(missed))
