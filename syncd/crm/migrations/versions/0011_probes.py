"""When the refused sign-in of a suspended mailbox is tried once more."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add it. What is suspended already waits for a person, as was said when that happened."""
    op.add_column("mailbox", sa.Column("probe_at", sa.DateTime(timezone=True)))


def downgrade() -> None:
    """Drop it again."""
    op.drop_column("mailbox", "probe_at")
