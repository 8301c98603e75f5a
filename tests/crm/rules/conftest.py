"""A desk to try the rules at."""

from __future__ import annotations

import pytest

from syncd.crm.api import Crm
from tests.crm.conftest import BY_HAND, NOON, Store
from tests.crm.rules.desk import Desk


@pytest.fixture
def desk(store: Store) -> Desk:
    """A CRM whose clock stands at noon."""
    return Desk(Crm(store.engine, BY_HAND, clock=lambda: NOON), store.ann, store.bob)
