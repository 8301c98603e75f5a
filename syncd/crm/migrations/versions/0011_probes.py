"""When the refused sign-in of a suspended mailbox is tried once more."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add them. What is suspended already waits for a person, as was said when that happened."""
    op.add_column("mailbox", sa.Column("probe_at", sa.DateTime(timezone=True)))
    op.add_column("mailbox", sa.Column("probe_of", sa.Text()))
    refused = sa.Column("probes", sa.Integer(), nullable=False, server_default="0")
    op.add_column("mailbox", refused)


def downgrade() -> None:
    """Drop them again."""
    for each in ("probes", "probe_of", "probe_at"):
        op.drop_column("mailbox", each)
