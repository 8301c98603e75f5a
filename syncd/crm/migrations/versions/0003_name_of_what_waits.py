"""What an item is called that its user tracked, while it waits for a person's decision."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    op.add_column("observed", sa.Column("name", sa.Text()))


def downgrade() -> None:
    """Drop it again."""
    op.drop_column("observed", "name")
