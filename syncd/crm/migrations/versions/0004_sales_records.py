"""Leads, opportunities, activities, notes; whole accounts; teams, rights, keys.

Columns are added one by one and never by copying a table: on SQLite dropping a copied table would
empty what refers to it. What the database itself refuses is in `crm.strictness`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_ID = sa.String(36)
_MOMENT = sa.DateTime(timezone=True)
_ADDRESS = (
    "address1_line1", "address1_line2", "address1_line3", "address1_city",
    "address1_stateorprovince", "address1_postalcode", "address1_country",
)  # fmt: skip
_ACCOUNT_TEXTS = (
    "accountnumber", "customertypecode", "telephone1", "fax", "emailaddress1", "websiteurl",
    *_ADDRESS, "description",
)  # fmt: skip
_SINCE = ("statuscode", "created_by", "modified_by")  # what records have had from here on
_SUBJECTS = ("lead", "account", "contact", "opportunity")
# table → column → what it refers to
_POINTERS = {
    "account": {
        "parentaccountid": "account",
        "primarycontactid": "contact",
        "originatingleadid": "lead",
    },
    "contact": {"originatingleadid": "lead"},
    "lead": {
        "parentaccountid": "account",
        "parentcontactid": "contact",
        "qualifyingopportunityid": "opportunity",
    },
    "opportunity": {
        "customer_account_id": "account",
        "customer_contact_id": "contact",
        "parentcontactid": "contact",
        "originatingleadid": "lead",
    },
}


def upgrade() -> None:
    """Create the tables, and add to those there were."""
    _ownership()
    _leads_and_opportunities()
    _complete("account")
    for name in _ACCOUNT_TEXTS:
        op.add_column("account", sa.Column(name, sa.Text()))
    op.add_column("account", sa.Column("origins", sa.JSON(), nullable=False, server_default="{}"))
    op.add_column("account", sa.Column("deleted_at", _MOMENT))
    op.add_column("account", sa.Column("merged_into", _ID))
    op.create_index("ix_account_owner_id", "account", ["owner_id"])
    _complete("contact")
    for table, columns in _POINTERS.items():
        _point(table, columns)
    _activities()
    _keys()
    op.create_index(
        "ix_crm_change_kind_record_id_number", "crm_change", ["kind", "record_id", "number"]
    )
    # What had a state has its status reason from here on.
    op.execute("UPDATE account SET statuscode = statecode")
    op.execute("UPDATE contact SET statuscode = statecode")


def downgrade() -> None:
    """Remove them again."""
    _unguard()
    op.drop_index("ix_crm_change_kind_record_id_number", "crm_change")
    for table in (
        "access_rule", "share", "duplicate_key", "external_key", "activity_party", "activity",
        "note",
    ):  # fmt: skip
        op.drop_table(table)
    for table, columns in _POINTERS.items():
        for column in columns:
            op.drop_index(f"ix_{table}_{column}", table)
            op.drop_column(table, column)
    for table in ("opportunity", "lead", "team_member", "team"):
        op.drop_table(table)
    op.drop_index("ix_account_owner_id", "account")
    for name in (*_ACCOUNT_TEXTS, "origins", "deleted_at", "merged_into"):
        op.drop_column("account", name)
    for table in ("account", "contact"):
        for name in _SINCE:
            op.drop_column(table, name)


def _unguard() -> None:
    """Take away the triggers of `crm.strictness`, which name columns that go."""
    sqlite = op.get_bind().dialect.name == "sqlite"
    for table in ("account", "activity", "contact", "lead", "note", "opportunity"):
        for event in ("insert", "update"):
            name = f"strict_{table}_{event}"
            if sqlite:
                op.execute(f"DROP TRIGGER IF EXISTS {name}")
            else:
                op.execute(f"DROP FUNCTION IF EXISTS {name}() CASCADE")


def _ownership() -> None:
    op.create_table(
        "team",
        sa.Column("id", _ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_team"),
        sa.UniqueConstraint("name", name="uq_team_name"),
    )
    op.create_table(
        "team_member",
        sa.Column("team_id", _ID, nullable=False),
        sa.Column("user_id", _ID, nullable=False),
        sa.PrimaryKeyConstraint("team_id", "user_id", name="pk_team_member"),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name="fk_team_member_team_id_team"),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name="fk_team_member_user_id_user"),
    )
    op.create_index("ix_team_member_user_id", "team_member", ["user_id"])


def _leads_and_opportunities() -> None:
    _record_table(
        "lead",
        [
            *_texts(
                "subject", "firstname", "lastname", "companyname", "jobtitle", "emailaddress1",
                "emailaddress2", "telephone1", "mobilephone", "telephone2", "fax", "websiteurl",
                *_ADDRESS, "description", "campaignid", "leadsourcecode", "leadqualitycode",
            ),
            sa.Column("estimatedamount", sa.BigInteger()),
            sa.Column("estimatedclosedate", sa.Date()),
        ],
    )  # fmt: skip
    _record_table(
        "opportunity",
        [
            *_texts("name", "salesstage", "description"),
            sa.Column("estimatedvalue", sa.BigInteger()),
            sa.Column("estimatedclosedate", sa.Date()),
            sa.Column("actualvalue", sa.BigInteger()),
            sa.Column("actualclosedate", sa.Date()),
        ],
    )


def _activities() -> None:
    _record_table(
        "activity",
        [
            sa.Column("kind", sa.Text(), nullable=False),
            *_texts("subject", "description", "location", "phonenumber", "messageid"),
            *_texts("prioritycode", "directioncode"),
            *(
                sa.Column(name, _MOMENT)
                for name in ("scheduledstart", "scheduledend", "actualstart", "actualend")
            ),
            sa.Column("percentcomplete", sa.Integer()),
            sa.Column("isalldayevent", sa.Boolean()),
        ],
    )
    _record_table("note", _texts("subject", "notetext"))
    for table in ("activity", "note"):
        _point(table, {f"regarding_{entity}_id": entity for entity in _SUBJECTS})
    targets = ("user", "contact", "account", "lead")
    op.create_table(
        "activity_party",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("activity_id", _ID, nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        *(sa.Column(f"{target}_id", _ID) for target in targets),
        sa.Column("address", sa.Text()),
        sa.Column("name", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_activity_party"),
        sa.ForeignKeyConstraint(
            ["activity_id"], ["activity.id"], name="fk_activity_party_activity_id_activity"
        ),
        *(
            sa.ForeignKeyConstraint(
                [f"{each}_id"], [f"{each}.id"], name=f"fk_activity_party_{each}_id_{each}"
            )
            for each in targets
        ),
    )
    for column in ("activity_id", *(f"{target}_id" for target in targets)):
        op.create_index(f"ix_activity_party_{column}", "activity_party", [column])


def _keys() -> None:
    op.create_table(
        "external_key",
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("source", "entity", "key")),
        sa.Column("record_id", _ID, nullable=False),
        sa.Column("told", sa.JSON()),
        sa.PrimaryKeyConstraint("source", "entity", "key", name="pk_external_key"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_external_key_record_id", "external_key", ["record_id"])
    op.create_table(
        "duplicate_key",
        sa.Column("entity", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("record_id", _ID, nullable=False),
        sa.PrimaryKeyConstraint("entity", "key", "record_id", name="pk_duplicate_key"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_duplicate_key_record_id", "duplicate_key", ["record_id"])
    op.create_table(
        "share",
        sa.Column("entity", sa.Text(), nullable=False),
        sa.Column("record_id", _ID, nullable=False),
        sa.Column("principal_id", _ID, nullable=False),
        sa.Column("may_write", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("entity", "record_id", "principal_id", name="pk_share"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_share_principal_id", "share", ["principal_id"])
    op.create_table(
        "access_rule",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("entity", sa.Text(), nullable=False),
        sa.Column("field", sa.Text()),
        sa.Column("team_id", _ID),
        sa.Column("read", sa.Text(), nullable=False),
        sa.Column("write", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_access_rule"),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name="fk_access_rule_team_id_team"),
    )


def _texts(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.Text()) for name in names]


def _record_table(name: str, columns: Iterable[sa.Column[Any]]) -> None:
    """A table of records: its own columns, and those that all records have."""
    op.create_table(
        name,
        sa.Column("id", _ID, nullable=False),
        sa.Column("owner_id", _ID, nullable=False),
        *columns,
        sa.Column("statecode", sa.Text(), nullable=False),
        sa.Column("statuscode", sa.Text()),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("origins", sa.JSON(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("created_by", sa.Text()),
        sa.Column("modified_at", _MOMENT, nullable=False),
        sa.Column("modified_by", sa.Text()),
        sa.Column("deleted_at", _MOMENT),
        sa.Column("merged_into", _ID),
        sa.PrimaryKeyConstraint("id", name=f"pk_{name}"),
        sa.ForeignKeyConstraint(["owner_id"], ["user.id"], name=f"fk_{name}_owner_id_user"),
    )
    op.create_index(f"ix_{name}_owner_id", name, ["owner_id"])


def _complete(table: str) -> None:
    for name in _SINCE:
        op.add_column(table, sa.Column(name, sa.Text()))


def _point(table: str, columns: dict[str, str]) -> None:
    """Columns that refer to other tables, each with its index."""
    for column, target in columns.items():
        name = f"fk_{table}_{column}_{target}"
        op.execute(
            f'ALTER TABLE "{table}" ADD COLUMN {column} VARCHAR(36) '
            f'CONSTRAINT {name} REFERENCES "{target}" (id)'
        )
        op.create_index(f"ix_{table}_{column}", table, [column])
