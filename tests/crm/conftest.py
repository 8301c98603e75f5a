"""A real store in a database of its own, with two users and one account."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine

from syncd.crm import accounts, users
from syncd.crm.accounts import Account
from syncd.crm.database import write
from syncd.crm.feed import Actor, ActorKind
from syncd.crm.users import User

NOON = datetime(2026, 10, 5, 12, 0, 0, 123456, tzinfo=UTC)
LATER = NOON + timedelta(hours=1)

BY_HAND = Actor(ActorKind.USER, "admin")
FROM_OUTLOOK = Actor(ActorKind.MAILBOX, "ann@contoso.com")
BY_UNDO = Actor(ActorKind.UNDO, "admin")


@dataclass(frozen=True)
class Store:
    """The database under test, and what is in it from the start."""

    engine: Engine
    ann: User
    bob: User
    fabrikam: Account


@pytest.fixture
def store(engine: Engine) -> Store:
    """A store with users and an account."""
    with write(engine) as conn:
        ann = users.add(conn, "Ann@Contoso.com", "Ann van Dyk")
        bob = users.add(conn, "bob@contoso.com")
        fabrikam = accounts.create(conn, "Fabrikam Inc.", owner_id=ann.id, actor=BY_HAND, at=NOON)
    return Store(engine, ann, bob, fabrikam)
