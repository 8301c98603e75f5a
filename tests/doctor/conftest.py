"""The clinic, and the sandboxes that its patients stand on."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from syncd.crm.database import open_database
from syncd.crm.migration import upgrade


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated store with nothing in it: copied by the tests, for migrating takes a second."""
    path = tmp_path_factory.mktemp("store") / "syncd.db"
    engine = open_database(f"sqlite:///{path}")
    upgrade(engine)
    engine.dispose()
    return path


@pytest.fixture(scope="session")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the certificates of the sandbox, made once."""
    return tmp_path_factory.mktemp("tls")


@pytest.fixture(scope="session")
def key() -> rsa.RSAPrivateKey:
    """An RSA key: making one is what costs."""
    return rsa.generate_private_key(65537, 2048)
