"""A PostgreSQL that cannot be used is told of in words that help; nobody's password is in them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, make_url, text

from syncd.crm import postgres as on_server
from syncd.crm.database import UNUSABLE, cause_of, open_database, read, write
from syncd.crm.errors import DatabaseProblem, ServerUnreachable
from tests.conftest import POSTGRESQL
from tests.postgres import Postgres

URL = make_url("postgresql://ann:hunter2@db1/crm")
SAID = 'connection failed: connection to server at "10.0.0.1", port 5432 failed: '

# what libpq says, what of it a person is told, what they are to do
REFUSALS = [
    (f'{SAID}FATAL:  password authentication failed for user "ann"', "the password of ann", "file"),
    (f"{SAID}fe_sendauth: no password supplied", "asks for a password of ann", ".pgpass"),
    (f'{SAID}FATAL:  database "crm" does not exist', "There is no database crm on db1", "createdb"),
    (f'{SAID}FATAL:  role "ann" does not exist', "does not let ann in", "createuser ann"),
    (f'{SAID}FATAL:  no pg_hba.conf entry for host "10.0.0.2"', "does not let ann in", "pg_hba"),
    (f'{SAID}FATAL:  Peer authentication failed for user "ann"', "not let ann in", "pg_hba"),
]


@pytest.mark.parametrize(("said", "what", "todo"), REFUSALS)
def test_a_refusal_says_what_helps(said: str, what: str, todo: str) -> None:
    """Each has a cause of its own, and another thing to type; trying again would not help."""
    problem = on_server._refused(f"{said}\n\tIs it on?\nMultiple attempts failed", URL)
    assert what in problem.what
    assert todo in problem.todo
    assert not isinstance(problem, ServerUnreachable)
    assert "hunter2" not in str(problem)


@pytest.mark.parametrize("said", ["Connection refused\n\tIs it on?", "the server is starting up"])
def test_a_server_that_is_down_may_be_asked_again(said: str) -> None:
    """What libpq says is told in one line."""
    problem = on_server._refused(f"{SAID}{said}", URL)
    assert isinstance(problem, ServerUnreachable)
    assert said.split("\n")[0] in problem.what
    assert "\n" not in str(problem)


@pytest.fixture
def without_letters(postgres: Postgres) -> Iterator[str]:
    """A database that keeps bytes, and not text."""
    url = postgres.empty(encoding="SQL_ASCII", locale="C")
    yield url
    postgres.drop(url)


def test_a_database_that_keeps_no_text_is_refused(without_letters: str) -> None:
    """MÜLLER would not be found as müller, and what is no UTF-8 would come in."""
    with pytest.raises(DatabaseProblem, match="does not keep text as Unicode") as refusal:
        open_database(without_letters)
    assert "createdb" in refusal.value.todo


@pytest.mark.parametrize("kept_in", [POSTGRESQL], indirect=True)
class TestSessions:
    """What each connection is set to."""

    def test_times_are_in_utc_and_waits_end(self, engine: Engine) -> None:
        """Whatever the server's own settings are."""
        for begin in (read, write):
            with begin(engine) as conn:
                assert conn.execute(text("SHOW TimeZone")).scalar_one() == "UTC"
                assert conn.execute(text("SHOW lock_timeout")).scalar_one() == "30s"

    def test_a_wait_that_was_too_long_is_said_so(
        self, store_url: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A writer behind one that hangs fails, and another time it does not."""
        monkeypatch.setitem(on_server._SESSION, "lock_timeout", "50ms")
        engine = open_database(store_url)
        with write(engine, alone=True):
            with pytest.raises(UNUSABLE) as refusal, write(engine):
                pass
            assert "another process has kept it busy" in cause_of(refusal.value)
        with write(engine) as conn:
            conn.execute(text("SELECT 1"))
        engine.dispose()

    def test_a_server_that_was_restarted_is_connected_to_again(self, engine: Engine) -> None:
        """A connection that was lost between two transactions costs neither."""
        with write(engine) as conn:
            mine = conn.execute(text("SELECT pg_backend_pid()")).scalar_one()
        other = open_database(engine.url.render_as_string(hide_password=False))
        with write(other) as conn:
            conn.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": mine})
        other.dispose()
        with write(engine) as conn:
            assert conn.execute(text("SELECT pg_backend_pid()")).scalar_one() != mine


@pytest.mark.parametrize("kept_in", [POSTGRESQL], indirect=True)
def test_no_plan_outlives_the_table_it_was_made_for(engine: Engine) -> None:
    """One made while a table was empty reads it through when it is full: plans are made anew."""
    with read(engine) as conn:
        assert conn.execute(text("SHOW plan_cache_mode")).scalar_one() == "force_custom_plan"


@pytest.mark.parametrize("kept_in", [POSTGRESQL], indirect=True)
def test_another_machines_upgrade_does_not_stop_whoever_is_connected(engine: Engine) -> None:
    """A statement that was prepared before a column was widened would be refused ever after."""
    look, widen = (
        text("SELECT verb FROM operation"),
        text("ALTER TABLE operation ALTER COLUMN verb TYPE varchar(40)"),
    )
    for _ in range(2):
        for _ in range(10):
            with read(engine) as conn:
                conn.execute(look).all()
        other = open_database(engine.url.render_as_string(hide_password=False))
        with write(other, alone=True) as conn:
            conn.execute(widen)
        other.dispose()
