"""Bringing a database up to the tables of this program. Quick when it is there already."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text

from syncd.crm.database import read, write
from syncd.crm.errors import NewerDatabase

SCRIPTS = Path(__file__).parent / "migrations"


def revisions() -> list[str]:
    """The revisions that this program knows, oldest first: `["0001", "0002"]`."""
    return sorted(path.name.split("_")[0] for path in SCRIPTS.glob("versions/[0-9]*_*.py"))


def current(conn: Connection) -> str | None:
    """The revision of a database; `None` when it has none of our tables yet."""
    if not inspect(conn).has_table("alembic_version"):
        return None
    return conn.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()


def upgrade(engine: Engine) -> bool:
    """Bring the database to the newest revision, whole or not at all. True when it was older.

    Raises NewerDatabase on a revision that this program does not know; nothing is changed then.
    """
    known = revisions()
    with read(engine) as conn:
        found = current(conn)
    if found == known[-1]:
        return False
    if found is not None and found not in known:
        raise NewerDatabase(found, known[-1])
    with write(engine, durable=True, alone=True) as conn:
        _run(conn)
        complete(conn)
    return True


def complete(conn: Connection) -> None:
    """What no revision says because it follows from the code.

    What the database refuses; and what records from before there were keys are recognised by.
    """
    from syncd.crm import duplicate_keys, strictness
    from syncd.crm.entities import ENTITIES

    strictness.install(conn)
    for stored in ENTITIES.values():
        duplicate_keys.fill(conn, stored)


def _run(conn: Connection) -> None:
    """Hand the connection to Alembic, which is slow to import and only needed here."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    config.attributes["connection"] = conn
    command.upgrade(config, "head")
