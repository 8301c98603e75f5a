"""Names for what waits for a person, losers with their operation, items no listing showed yet."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns and indexes."""
    op.add_column("observed", sa.Column("name", sa.Text()))
    op.create_index(
        "ix_observed_unlisted",
        "observed",
        ["mailbox_id", "kind"],
        unique=False,
        sqlite_where=sa.text("generation = 0"),
        postgresql_where=sa.text("generation = 0"),
    )
    op.add_column("held", sa.Column("reason", sa.String(length=24)))
    op.add_column("conflict", sa.Column("operation_key", sa.String(length=36)))
    op.create_index("ix_conflict_operation_key", "conflict", ["operation_key"], unique=False)


def downgrade() -> None:
    """Drop them again."""
    op.drop_index("ix_conflict_operation_key", "conflict")
    op.drop_column("conflict", "operation_key")
    op.drop_column("held", "reason")
    op.drop_index("ix_observed_unlisted", "observed")
    op.drop_column("observed", "name")
