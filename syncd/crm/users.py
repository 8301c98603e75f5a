"""The users of the CRM, who own records. A user is known by an e-mail address, in lower case."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import uuid4

from sqlalchemy import Connection, insert, select, update

from syncd.crm.checking import MAX_KEYED, MAX_TEXT, checked_text
from syncd.crm.errors import InvalidValue, RecordExists, UserExists
from syncd.crm.tables import user
from syncd.model.normal import text


@dataclass(frozen=True, slots=True)
class User:
    """One user."""

    id: str
    address: str
    name: str | None


def add(
    conn: Connection,
    address: str,
    name: str | None = None,
    *,
    id: str | None = None,  # noqa: A002 - the name that callers read
) -> User:
    """Add a user. Raises UserExists, RecordExists (the id), InvalidValue (that is no address)."""
    key = _new_key(conn, address)
    if id and conn.execute(select(user.c.id).where(user.c.id == id)).first():
        raise RecordExists("user", id)
    made = User(id or str(uuid4()), key, text(checked_text("name", name or "", MAX_TEXT) or ""))
    conn.execute(insert(user).values(id=made.id, address=made.address, name=made.name))
    return made


def readdress(conn: Connection, user_id: str, address: str) -> None:
    """Give a user another address. Raises UserExists, InvalidValue (that is no address)."""
    key = _new_key(conn, address)
    conn.execute(update(user).where(user.c.id == user_id).values(address=key))


def get(conn: Connection, address: str) -> User | None:
    """The user with this address, whatever its case."""
    row = conn.execute(select(user).where(user.c.address == key_of(address))).one_or_none()
    return None if row is None else User(row.id, row.address, row.name)


def every(conn: Connection) -> list[User]:
    """All users, by address."""
    rows = sorted(conn.execute(select(user)), key=lambda row: row.address)
    return [User(row.id, row.address, row.name) for row in rows]


def key_of(address: str) -> str:
    """An address as the store keeps it."""
    return address.strip().lower()


def is_address(text: str) -> bool:
    """Whether a text can name a user, or a mailbox."""
    key = key_of(text)
    local, at, domain = key.rpartition("@")
    return bool(local and at and domain) and " " not in key and key.isprintable()


def _new_key(conn: Connection, address: str) -> str:
    """An address that nobody has yet, as the store keeps it."""
    key = key_of(address)
    if not is_address(address):
        raise InvalidValue("address", f"{address!r} is not an e-mail address")
    checked_text("address", key, MAX_KEYED)
    if get(conn, key):
        raise UserExists(key)
    return key
