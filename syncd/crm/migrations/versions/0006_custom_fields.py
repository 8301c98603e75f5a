"""A column for the values of custom fields."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    op.add_column("contact", sa.Column("custom", sa.JSON()))


def downgrade() -> None:
    """Drop it again, and first the triggers of `crm.strictness`, which name it."""
    sqlite = op.get_bind().dialect.name == "sqlite"
    for event in ("insert", "update"):
        name = f"strict_contact_{event}"
        op.execute(f"DROP TRIGGER IF EXISTS {name}" + ("" if sqlite else " ON contact"))
    op.drop_column("contact", "custom")
