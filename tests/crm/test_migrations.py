"""Upgrades: from every earlier revision, with data in place, and nothing is lost."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, text

from syncd.crm import duplicates, migration, records
from syncd.crm.api import Crm
from syncd.crm.database import open_database, read, write
from syncd.crm.entities import ACCOUNTS
from syncd.crm.records import CONTACTS
from tests.crm.conftest import BY_HAND

TIME = datetime(2026, 10, 5, 12, tzinfo=UTC)
OWNER, FIRM, KIM, LEE = (f"{n:08}-0000-4000-8000-000000000000" for n in range(4))


def upgraded_to(engine: Engine, revision: str) -> None:
    """Bring an empty database to an earlier revision."""
    config = Config()
    config.set_main_option("script_location", str(migration.SCRIPTS).replace("%", "%%"))
    with write(engine) as conn:
        config.attributes["connection"] = conn
        command.upgrade(config, revision)


def fill(conn: Connection) -> None:
    """What a store of the first revision may hold: a user, an account, two contacts, a feed."""
    times = {"created_at": TIME, "modified_at": TIME}
    conn.execute(
        text("INSERT INTO \"user\" (id, address, name) VALUES (:id, 'ann@contoso.com', 'Ann')"),
        {"id": OWNER},
    )
    conn.execute(
        text(
            "INSERT INTO account (id, name, owner_id, statecode, version, created_at, modified_at)"
            " VALUES (:id, 'Fabrikam', :owner, 'active', 3, :created_at, :modified_at)"
        ),
        {"id": FIRM, "owner": OWNER, **times},
    )
    for contact, first, parent, state in (
        (KIM, "Kim", FIRM, "active"),
        (LEE, "Lee", None, "inactive"),
    ):
        conn.execute(
            text(
                "INSERT INTO contact (id, owner_id, parentcustomerid, firstname, lastname, "
                "emailaddress1, statecode, version, origins, created_at, modified_at) VALUES "
                "(:id, :owner, :parent, :first, 'Abercrombie', :mail, :state, 7, '{}', "
                ":created_at, :modified_at)"
            ),
            {
                "id": contact, "owner": OWNER, "parent": parent, "first": first, "state": state,
                "mail": f"{first.lower()}@fabrikam.com", **times,
            },
        )  # fmt: skip
        conn.execute(
            text(
                "INSERT INTO crm_change (kind, record_id, verb, changed_fields, actor_kind, "
                "actor_name, at) VALUES ('contact', :id, 'create', '[\"lastname\"]', 'import', "
                "'team.vcf', :at)"
            ),
            {"id": contact, "at": TIME},
        )


@pytest.mark.parametrize("revision", migration.revisions()[:-1])
def test_what_was_there_is_there_after_an_upgrade(blank: Engine, revision: str) -> None:
    """P1: every record with its version and links; closed ones closed; the feed as it was."""
    upgraded_to(blank, revision)
    with write(blank) as conn:
        fill(conn)
        if revision >= "0004":  # from here on records have a status reason
            for table in ("account", "contact"):
                conn.execute(text(f"UPDATE {table} SET statuscode = statecode"))  # noqa: S608 - ours
    assert migration.upgrade(blank)
    with read(blank) as conn:
        held = records.read(conn, CONTACTS, [KIM, LEE])
        kim, lee = held[KIM], held[LEE]
        assert (kim.name, kim.version, kim.active) == ("Kim Abercrombie", 7, True)
        assert (kim.record.fields["companyname"], kim.extras["parentcustomerid"]) == (
            "Fabrikam",
            FIRM,
        )
        assert (lee.active, lee.statuscode) == (False, "inactive")
        firm = records.read(conn, ACCOUNTS, [FIRM])[FIRM]
        assert (firm.name, firm.version, firm.statuscode) == ("Fabrikam", 3, "active")
    crm = Crm(blank, BY_HAND)
    assert [(c.number, c.id, c.fields) for c in crm.changes(0)] == [
        (1, KIM, ("lastname",)),
        (2, LEE, ("lastname",)),
    ]
    edited = crm.edit("contact", KIM, {"jobtitle": "CEO"})
    assert edited.version == 8


def test_records_from_before_are_recognised(blank: Engine) -> None:
    """P3: what was entered before there were keys is found by them all the same."""
    upgraded_to(blank, "0001")
    with write(blank) as conn:
        fill(conn)
    migration.upgrade(blank)
    with read(blank) as conn:
        found = duplicates.find(conn, CONTACTS, {"emailaddress1": "KIM@fabrikam.com"}, None)
    assert [each.record.id for each in found] == [KIM]


@pytest.fixture
def blank(new_url: str) -> Iterator[Engine]:
    """A database without any table."""
    engine = open_database(new_url)
    yield engine
    engine.dispose()
