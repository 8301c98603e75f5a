"""What a mailbox needs that is large, or was served for long: its open runs, and its listing."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add them. Of a listing that is under way it is not known what for: it is begun anew."""
    op.add_column("mailbox_kind", sa.Column("listed_for", sa.Text()))
    op.create_index(
        "ix_run_open",
        "run",
        ["mailbox_id"],
        unique=False,
        sqlite_where=sa.text("outcome IS NULL"),
        postgresql_where=sa.text("outcome IS NULL"),
    )


def downgrade() -> None:
    """Drop them again."""
    op.drop_index("ix_run_open", "run")
    op.drop_column("mailbox_kind", "listed_for")
