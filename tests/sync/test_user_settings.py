"""What users set for themselves is kept by mailbox, whatever sort of value it is."""

from __future__ import annotations

from sqlalchemy import Engine

from syncd.crm import database, users
from syncd.crm.database import utcnow
from syncd.sync import mailboxes, user_settings
from tests.sync.world import ALICE, BOB


def test_a_value_is_kept_as_it_is_until_it_is_taken_away(engine: Engine) -> None:
    """Text, yes and no, a list; each user's own; a second value replaces the first."""
    with database.write(engine) as conn:
        alice, bob = (
            mailboxes.add(conn, each, users.add(conn, each).id, "sales", utcnow()).id
            for each in (ALICE, BOB)
        )
        user_settings.put(conn, alice, "interval", "5m", utcnow())
        user_settings.put(conn, alice, "interval", "10m", utcnow())
        user_settings.put(conn, alice, "contacts.company", False, utcnow())
        user_settings.put(conn, bob, "interval", ["2m", 1], utcnow())
    with database.write(engine) as conn:
        assert user_settings.of(conn, alice) == {"interval": "10m", "contacts.company": False}
        assert user_settings.of(conn, bob) == {"interval": ["2m", 1]}
        user_settings.remove(conn, alice, "interval")
        user_settings.remove(conn, alice, "never.set")
    with database.read(engine) as conn:
        assert user_settings.of(conn, alice) == {"contacts.company": False}
        assert user_settings.of(conn, bob) == {"interval": ["2m", 1]}
