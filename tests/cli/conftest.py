"""The office that the verbs are tried in."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from syncd.crm import users
from syncd.crm.database import open_database, write
from syncd.sandbox.server import Sandbox
from tests.cli.crm_desk import BOSS, REP, CrmDesk
from tests.cli.office import ALICE, BOB, Office


@pytest.fixture
def office(tmp_path: Path, empty_database: Path) -> Iterator[Office]:
    """Alice is served, and the CRM has one contact of hers."""
    shutil.copy(empty_database, tmp_path / "syncd.db")  # making one takes longer than most tests
    (tmp_path / "password").write_text("sandbox\n")
    (tmp_path / "password").chmod(0o600)
    with Sandbox(users=[ALICE, BOB]) as box:
        made = Office(tmp_path, box)
        made.configure(box.url)
        made.done("users", "add", ALICE, "--policy", "sales")
        made.done(
            "crm", "contact", "new", "--owner", ALICE, "--first-name", "Ann", "--last-name", "Lee",
            "--email", "ann@contoso.test",
        )  # fmt: skip
        yield made


@pytest.fixture(scope="session")
def crm_store(tmp_path_factory: pytest.TempPathFactory, empty_database: Path) -> Path:
    """A store with a rep and a boss, to be copied by the tests."""
    path = tmp_path_factory.mktemp("crm") / "syncd.db"
    shutil.copy(empty_database, path)
    engine = open_database(f"sqlite:///{path}")
    with write(engine) as conn:
        users.add(conn, REP, "Rita Rep")
        users.add(conn, BOSS, "Bea Boss")
    engine.dispose()
    return path


@pytest.fixture
def crm(crm_store: Path, tmp_path: Path) -> CrmDesk:
    """`syncd crm` over a store with two users and no record."""
    shutil.copy(crm_store, tmp_path / "syncd.db")
    (tmp_path / "syncd.toml").write_text("")
    return CrmDesk(tmp_path)


@pytest.fixture
def clay(crm: CrmDesk) -> str:
    """The id of a lead: Robert Clay of Contoso Corp, who may buy laptops."""
    return crm.id(
        f"lead new --owner {REP} --first-name Robert --last-name Clay"
        " --topic '100 laptops for Contoso Corp' --company 'Contoso Corp'"
        " --email robert.clay@contoso.test --business-phone '+1 425 555 0100' --value 120000"
    )
