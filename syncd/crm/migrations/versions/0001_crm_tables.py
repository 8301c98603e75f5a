"""The CRM's tables: users, accounts, contacts, the change feed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_ADDRESS_PARTS = (
    "line1", "line2", "line3", "city", "stateorprovince", "postalcode", "country",
)  # fmt: skip
_CONTACT_TEXTS = (
    "salutation", "firstname", "middlename", "lastname", "suffix", "jobtitle", "companyname",
    "department", "emailaddress1", "emailaddress2", "emailaddress3", "telephone1", "business2",
    "telephone2", "home2", "mobilephone", "telephone3", "pager", "fax", "callback", "company",
    "assistantname", "assistantphone", "managername",
    *(f"address{number}_{part}" for number in (1, 2, 3) for part in _ADDRESS_PARTS),
    "spousesname", "nickname", "governmentid", "ftpsiteurl", "websiteurl", "imaddress",
    "description", "yomifirstname", "yomilastname", "accountrolecode",
)  # fmt: skip


def upgrade() -> None:
    """Create the tables."""
    identity = sa.String(36)
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "user",
        sa.Column("id", identity, nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("name", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_user"),
        sa.UniqueConstraint("address", name="uq_user_address"),
    )
    op.create_table(
        "account",
        sa.Column("id", identity, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("owner_id", identity, nullable=False),
        sa.Column("statecode", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("modified_at", moment, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_account"),
        sa.ForeignKeyConstraint(["owner_id"], ["user.id"], name="fk_account_owner_id_user"),
    )
    op.create_index("ix_account_name", "account", ["name"])
    op.create_table(
        "contact",
        sa.Column("id", identity, nullable=False),
        sa.Column("owner_id", identity, nullable=False),
        sa.Column("parentcustomerid", identity),
        *(sa.Column(name, sa.Text()) for name in _CONTACT_TEXTS),
        sa.Column("birthdate", sa.Date()),
        sa.Column("anniversary", sa.Date()),
        sa.Column("childrensnames", sa.JSON()),
        sa.Column("categories", sa.JSON()),
        sa.Column("statecode", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("origins", sa.JSON(), nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("modified_at", moment, nullable=False),
        sa.Column("deleted_at", moment),
        sa.Column("merged_into", identity),
        sa.PrimaryKeyConstraint("id", name="pk_contact"),
        sa.ForeignKeyConstraint(["owner_id"], ["user.id"], name="fk_contact_owner_id_user"),
        sa.ForeignKeyConstraint(
            ["parentcustomerid"],
            ["account.id"],
            name="fk_contact_parentcustomerid_account",
            ondelete="SET NULL",
        ),
    )
    op.create_index("ix_contact_owner_id", "contact", ["owner_id"])
    op.create_index("ix_contact_parentcustomerid", "contact", ["parentcustomerid"])
    op.create_table(
        "crm_change",
        sa.Column(
            "number",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("record_id", identity, nullable=False),
        sa.Column("verb", sa.Text(), nullable=False),
        sa.Column("changed_fields", sa.JSON(), nullable=False),
        sa.Column("actor_kind", sa.Text(), nullable=False),
        sa.Column("actor_name", sa.Text(), nullable=False),
        sa.Column("at", moment, nullable=False),
        sa.Column("merged_into", identity),
        sa.PrimaryKeyConstraint("number", name="pk_crm_change"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_crm_change_kind_number", "crm_change", ["kind", "number"])


def downgrade() -> None:
    """Remove the tables."""
    for table in ("crm_change", "contact", "account", "user"):
        op.drop_table(table)
