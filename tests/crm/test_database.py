"""Opening and migrating: one history, whole steps, and no step onto what a later syncd wrote."""

from __future__ import annotations

import shutil
import stat
import traceback
from datetime import UTC, datetime, timedelta, timezone
from importlib import import_module
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import (
    Column,
    Engine,
    MetaData,
    String,
    Table,
    delete,
    insert,
    inspect,
    select,
    text,
)
from sqlalchemy.exc import DBAPIError, IntegrityError

from syncd.crm import clock, migration, users
from syncd.crm.database import open_database, read, write
from syncd.crm.errors import DatabaseProblem, NewerDatabase, UserExists
from syncd.crm.tables import UtcTime, metadata
from tests.conftest import SQLITE


def test_the_migrations_lead_to_the_tables_of_the_code(engine: Engine) -> None:
    """The field map, the tables and the history of the database cannot drift apart."""
    import_module("syncd.sync.tables")  # adds its tables to the same metadata
    with read(engine) as conn:
        context = MigrationContext.configure(conn, opts={"compare_type": _other_type})
        changes = compare_metadata(context, metadata)
    assert changes == []


def _other_type(
    context: MigrationContext, _column: object, _said: object, stands: object, wanted: object
) -> bool | None:
    """Whether a type is another one; `None` as Alembic sees it. SQLite minds no width of a text."""
    texts = isinstance(stands, String) and isinstance(wanted, String)
    return False if texts and context.dialect.name == "sqlite" else None


def test_the_history_is_one_line(engine: Engine) -> None:
    """Revisions are numbered files, and the last one is the head that Alembic sees."""
    config = Config()
    config.set_main_option("script_location", str(migration.SCRIPTS))
    heads = ScriptDirectory.from_config(config).get_heads()
    assert heads == migration.revisions()[-1:]
    with read(engine) as conn:
        assert migration.current(conn) == heads[0]


def test_upgrading_twice_does_nothing_the_second_time(new_url: str) -> None:
    """A database that is up to date is left alone."""
    engine = open_database(new_url)
    assert migration.upgrade(engine)
    assert not migration.upgrade(engine)
    engine.dispose()


def test_the_history_goes_back_as_it_came(engine: Engine) -> None:
    """Every revision can be taken back, and taken again."""
    config = Config()
    config.set_main_option("script_location", str(migration.SCRIPTS))
    with write(engine) as conn:
        config.attributes["connection"] = conn
        command.downgrade(config, "base")
        assert inspect(conn).get_table_names() == ["alembic_version"]
    assert migration.upgrade(engine)


def test_a_newer_database_is_refused(engine: Engine) -> None:
    """An older syncd does not write into what it does not know."""
    with write(engine) as conn:
        conn.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(
        NewerDatabase, match="Install the version of syncd that wrote it"
    ) as refusal:
        migration.upgrade(engine)
    assert refusal.value.revision == "9999"


def test_a_migration_that_fails_leaves_nothing(
    new_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A database is at a revision or at the one before it, never between."""
    scripts = tmp_path / "migrations"
    shutil.copytree(migration.SCRIPTS, scripts)
    last = migration.revisions()[-1]
    (scripts / "versions" / "9000_broken.py").write_text(
        "from alembic import op\n"
        f"revision, down_revision = '9000', '{last}'\n"
        "def upgrade():\n"
        "    op.execute('CREATE TABLE half (id INTEGER)')\n"
        "    op.execute('CREATE nonsense')\n"
    )
    engine = open_database(new_url)
    migration.upgrade(engine)
    monkeypatch.setattr(migration, "SCRIPTS", scripts)
    with pytest.raises(DBAPIError):
        migration.upgrade(engine)
    with read(engine) as conn:
        assert migration.current(conn) == last
        assert not inspect(conn).has_table("half")
    engine.dispose()


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("nonsense", "is not the address of a database"),
        ("mysql://ann:hunter2@localhost/syncd", "keeps no store in mysql"),
        ("mysql//ann:hunter2@localhost", "is not the address of a database"),
        ("sqlite:////nowhere/that/is/syncd.db", "There is no database at"),
    ],
)
def test_an_address_that_cannot_be_opened_is_explained(url: str, reason: str) -> None:
    """The error says what is wrong and what helps."""
    with pytest.raises(DatabaseProblem, match=reason) as refusal:
        open_database(url, create=False)
    assert refusal.value.todo
    assert "hunter2" not in str(refusal.value)


def test_a_new_database_is_its_owners(tmp_path: Path) -> None:
    """It will hold addresses of people: nobody else on the machine reads it."""
    open_database(f"sqlite:///{tmp_path}/new.db").dispose()
    assert stat.S_IMODE((tmp_path / "new.db").stat().st_mode) == 0o600


def test_transactions_are_what_they_are_begun_as(engine: Engine) -> None:
    """A reader cannot write; a durable writer is on disk when it returns; the others are quick."""
    on_sqlite = engine.dialect.name == SQLITE
    with read(engine) as conn, pytest.raises(DBAPIError):
        users.add(conn, "x@contoso.com")
    asked = text("PRAGMA synchronous" if on_sqlite else "SHOW synchronous_commit")
    levels: list[tuple[bool, object]] = [(True, 2 if on_sqlite else "on")]
    levels.append((False, 1 if on_sqlite else "off"))
    for durable, level in (*levels, levels[0]):
        with write(engine, durable=durable) as conn:
            assert conn.execute(asked).scalar_one() == level


def test_a_reader_sees_one_state(engine: Engine) -> None:
    """From its first look to its last, whatever is committed meanwhile."""
    with read(engine) as conn:
        assert users.every(conn) == []
        with write(engine) as other:
            users.add(other, "ann@contoso.com")
        assert users.every(conn) == []
    with read(engine) as conn:
        assert len(users.every(conn)) == 1


@pytest.mark.parametrize("kept_in", [SQLITE], indirect=True)
def test_a_file_is_kept_as_many_may_use_it(engine: Engine) -> None:
    """Readers go beside the writer, and what belongs together stays together."""
    with write(engine) as conn:
        assert conn.execute(text("PRAGMA journal_mode")).scalar_one() == "wal"
        assert conn.execute(text("PRAGMA foreign_keys")).scalar_one() == 1


def test_errors_of_the_database_name_no_person(engine: Engine) -> None:
    """Logs carry no addresses: a failing statement does not print what was bound."""
    with write(engine) as conn:
        users.add(conn, "ann@contoso.com")
        twin = {"id": "1", "address": "ann@contoso.com"}
        query = text('INSERT INTO "user" (id, address) VALUES (:id, :address)')
    with pytest.raises(IntegrityError, match=r"(?i)unique") as failure, write(engine) as conn:
        conn.execute(query, twin)
    assert "ann@contoso.com" not in "".join(traceback.format_exception(failure.value))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])  # one table for them all
@given(
    st.timedeltas(min_value=timedelta(days=-40_000), max_value=timedelta(days=40_000)),
    st.integers(-14 * 60, 14 * 60),
)
def test_a_moment_comes_back_as_the_same_moment(
    engine: Engine, since: timedelta, offset: int
) -> None:
    """Aware in Python, UTC in the database, to the microsecond."""
    zone = timezone(timedelta(minutes=offset))
    aware = datetime(2026, 10, 5, tzinfo=zone) + since
    moments = Table("moments", MetaData(), Column("at", UtcTime))
    with write(engine) as conn:
        moments.create(conn, checkfirst=True)
        conn.execute(delete(moments))
        conn.execute(insert(moments).values(at=aware))
        back = conn.execute(select(moments.c.at)).scalar_one()
    assert back == aware
    assert back.tzinfo is UTC


def test_who_shares_a_store_goes_by_its_clock(
    engine: Engine, kept_in: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A machine whose clock is wrong takes no lease for run out; a file knows no other clock."""
    wrong = timedelta(hours=1)
    monkeypatch.setattr(clock, "utcnow", lambda: datetime.now(UTC) - wrong)
    ours = clock.StoreClock()
    with read(engine) as conn:
        ours.ask(conn)
    behind = datetime.now(UTC) - ours()
    assert abs(behind - (wrong if kept_in == SQLITE else timedelta())) < timedelta(seconds=5)


def test_a_user_is_known_by_one_address_in_lower_case(engine: Engine) -> None:
    """Addresses are told apart by no server by case, and so not here."""
    with write(engine) as conn:
        ann = users.add(conn, " Ann@Contoso.COM ", "Ann  van Dyk")
        assert (ann.address, ann.name) == ("ann@contoso.com", "Ann van Dyk")
        assert users.get(conn, "ANN@contoso.com") == ann
        assert users.get(conn, "bob@contoso.com") is None
        with pytest.raises(UserExists):
            users.add(conn, "ann@CONTOSO.com")
        assert users.every(conn) == [ann]
