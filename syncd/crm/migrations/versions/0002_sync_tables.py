"""The sync engine's tables: mailboxes, links, observations, the journal, what waits."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    identity = sa.String(36)
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "installation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", identity, nullable=False),
        sa.Column("hash_key", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_installation"),
    )
    op.create_table(
        "snapshot",
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("hash", name="pk_snapshot"),
    )
    op.create_table(
        "mailbox",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("user_id", identity, nullable=False),
        sa.Column("policy", sa.Text(), nullable=False),
        sa.Column("username", sa.Text()),
        sa.Column("password_file", sa.Text()),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("trouble", sa.Text()),
        sa.Column("due", moment, nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("last_success", moment),
        sa.Column("lease_owner", sa.Text()),
        sa.Column("lease_until", moment),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name="fk_mailbox_user_id_user"),
        sa.PrimaryKeyConstraint("id", name="pk_mailbox"),
        sa.UniqueConstraint("address", name="uq_mailbox_address"),
        sa.UniqueConstraint("user_id", name="uq_mailbox_user_id"),
    )
    op.create_index("ix_mailbox_state_due", "mailbox", ["state", "due"], unique=False)
    op.create_table(
        "held",
        sa.Column("mailbox_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("verb", sa.String(length=12), nullable=False),
        sa.Column("crm_version", sa.Integer(), nullable=False),
        sa.Column("remote_version", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("at", moment, nullable=False),
        sa.Column("approved_at", moment),
        sa.ForeignKeyConstraint(["mailbox_id"], ["mailbox.id"], name="fk_held_mailbox_id_mailbox"),
        sa.PrimaryKeyConstraint("mailbox_id", "kind", "subject", "verb", name="pk_held"),
    )
    op.create_table(
        "link",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("mailbox_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("crm_id", identity, nullable=False),
        sa.Column("remote_id", sa.Text(), nullable=False),
        sa.Column("remote_version", sa.Text(), nullable=False),
        sa.Column("origin", sa.String(length=12), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("tracked", sa.Boolean(), nullable=False),
        sa.Column("crm_version", sa.Integer(), nullable=False),
        sa.Column("crm_image", sa.String(length=64), nullable=False),
        sa.Column("outlook_image", sa.String(length=64), nullable=False),
        sa.Column("marks", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["mailbox_id"], ["mailbox.id"], name="fk_link_mailbox_id_mailbox"),
        sa.PrimaryKeyConstraint("id", name="pk_link"),
        sa.UniqueConstraint("mailbox_id", "kind", "crm_id", name="uq_link_mailbox_id_kind_crm_id"),
    )
    op.create_index("ix_link_kind_crm_id", "link", ["kind", "crm_id"], unique=False)
    op.create_index(
        "ix_link_mailbox_id_kind_remote_id",
        "link",
        ["mailbox_id", "kind", "remote_id"],
        unique=False,
    )
    op.create_table(
        "mailbox_kind",
        sa.Column("mailbox_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("folder", sa.Text(), nullable=False),
        sa.Column("folder_id", sa.Text()),
        sa.Column("archive_id", sa.Text()),
        sa.Column("cursor", sa.Text()),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("listing", sa.Boolean(), nullable=False),
        sa.Column(
            "crm_cursor", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("rules", sa.Text(), nullable=False),
        sa.Column("contact_state", sa.String(length=12), nullable=False),
        sa.Column("proposal", sa.JSON()),
        sa.Column("counters", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["mailbox_id"], ["mailbox.id"], name="fk_mailbox_kind_mailbox_id_mailbox"
        ),
        sa.PrimaryKeyConstraint("mailbox_id", "kind", name="pk_mailbox_kind"),
    )
    op.create_table(
        "match_value",
        sa.Column("mailbox_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("hash", sa.String(length=32), nullable=False),
        sa.Column("remote_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["mailbox_id"], ["mailbox.id"], name="fk_match_value_mailbox_id_mailbox"
        ),
        sa.PrimaryKeyConstraint("mailbox_id", "kind", "hash", "remote_id", name="pk_match_value"),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_match_value_mailbox_id_kind_remote_id",
        "match_value",
        ["mailbox_id", "kind", "remote_id"],
        unique=False,
    )
    op.create_table(
        "noticed",
        sa.Column("mailbox_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("crm_id", identity, nullable=False),
        sa.Column("stand", sa.String(length=12)),
        sa.Column("reason", sa.String(length=24)),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("retry_at", moment),
        sa.Column("error", sa.Text()),
        sa.ForeignKeyConstraint(
            ["mailbox_id"], ["mailbox.id"], name="fk_noticed_mailbox_id_mailbox"
        ),
        sa.PrimaryKeyConstraint("mailbox_id", "kind", "crm_id", name="pk_noticed"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "observed",
        sa.Column("mailbox_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("remote_id", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("unsettled", sa.Boolean(), nullable=False),
        sa.Column("stand", sa.String(length=12), nullable=False),
        sa.Column("reason", sa.String(length=24), nullable=False),
        sa.Column("stamp_link", sa.Text()),
        sa.Column("stamp_key", sa.Text()),
        sa.Column("missing_since", moment),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("retry_at", moment),
        sa.Column("error", sa.Text()),
        sa.ForeignKeyConstraint(
            ["mailbox_id"], ["mailbox.id"], name="fk_observed_mailbox_id_mailbox"
        ),
        sa.PrimaryKeyConstraint("mailbox_id", "kind", "remote_id", name="pk_observed"),
    )
    op.create_index("ix_observed_stamp_key", "observed", ["mailbox_id", "stamp_key"], unique=False)
    op.create_index(
        "ix_observed_stamp_link", "observed", ["mailbox_id", "stamp_link"], unique=False
    )
    op.create_index(
        "ix_observed_unsettled",
        "observed",
        ["mailbox_id", "kind"],
        unique=False,
        sqlite_where=sa.text("unsettled = 1"),
        postgresql_where=sa.text("unsettled"),
    )
    op.create_table(
        "run",
        sa.Column("id", sa.String(length=12), nullable=False),
        sa.Column("mailbox_id", sa.Integer(), nullable=False),
        sa.Column("cause", sa.String(length=16), nullable=False),
        sa.Column("started", moment, nullable=False),
        sa.Column("ended", moment),
        sa.Column("outcome", sa.String(length=12)),
        sa.Column("counts", sa.JSON()),
        sa.Column("requests", sa.Integer()),
        sa.Column("error", sa.Text()),
        sa.ForeignKeyConstraint(["mailbox_id"], ["mailbox.id"], name="fk_run_mailbox_id_mailbox"),
        sa.PrimaryKeyConstraint("id", name="pk_run"),
    )
    op.create_index("ix_run_mailbox_id_started", "run", ["mailbox_id", "started"], unique=False)
    op.create_table(
        "conflict",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.String(length=12), nullable=False),
        sa.Column("mailbox_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("crm_id", identity, nullable=False),
        sa.Column("field_group", sa.String(length=32), nullable=False),
        sa.Column("loser", sa.String(length=8), nullable=False),
        sa.Column("kept", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.String(length=24), nullable=False),
        sa.Column("at", moment, nullable=False),
        sa.ForeignKeyConstraint(
            ["mailbox_id"], ["mailbox.id"], name="fk_conflict_mailbox_id_mailbox"
        ),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name="fk_conflict_run_id_run"),
        sa.PrimaryKeyConstraint("id", name="pk_conflict"),
    )
    op.create_index(
        "ix_conflict_mailbox_id_kind_crm_id",
        "conflict",
        ["mailbox_id", "kind", "crm_id"],
        unique=False,
    )
    op.create_table(
        "operation",
        sa.Column("key", identity, nullable=False),
        sa.Column("run_id", sa.String(length=12), nullable=False),
        sa.Column("mailbox_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("crm_id", identity),
        sa.Column("remote_id", sa.Text()),
        sa.Column("verb", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.String(length=24), nullable=False),
        sa.Column("before", sa.String(length=64)),
        sa.Column("after", sa.String(length=64)),
        sa.Column("precondition", sa.Text()),
        sa.Column("cursor", sa.Text()),
        sa.Column("counted", sa.Boolean(), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("error", sa.Text()),
        sa.Column("at", moment, nullable=False),
        sa.Column("settled_at", moment),
        sa.ForeignKeyConstraint(
            ["mailbox_id"], ["mailbox.id"], name="fk_operation_mailbox_id_mailbox"
        ),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name="fk_operation_run_id_run"),
        sa.PrimaryKeyConstraint("key", name="pk_operation"),
    )
    op.create_index(
        "ix_operation_counted",
        "operation",
        ["mailbox_id", "kind", "at"],
        unique=False,
        sqlite_where=sa.text("counted = 1"),
        postgresql_where=sa.text("counted"),
    )
    op.create_index(
        "ix_operation_mailbox_id_kind_crm_id",
        "operation",
        ["mailbox_id", "kind", "crm_id"],
        unique=False,
    )
    op.create_index(
        "ix_operation_open",
        "operation",
        ["mailbox_id", "kind"],
        unique=False,
        sqlite_where=sa.text("settled_at IS NULL"),
        postgresql_where=sa.text("settled_at IS NULL"),
    )
    op.create_index("ix_operation_run_id", "operation", ["run_id"], unique=False)


def downgrade() -> None:
    """Drop the tables."""
    for name in (
        "operation",
        "conflict",
        "run",
        "observed",
        "noticed",
        "match_value",
        "mailbox_kind",
        "link",
        "held",
        "mailbox",
        "snapshot",
        "installation",
    ):
        op.drop_table(name)
