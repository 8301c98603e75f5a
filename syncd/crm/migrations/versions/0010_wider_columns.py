"""What was too long for PostgreSQL: `deactivate-record`, and a long custom field in a conflict."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Widen the columns where their width counts. SQLite minds none, and would copy the tables."""
    if op.get_bind().dialect.name == "postgresql":
        op.alter_column("operation", "verb", type_=sa.String(24), existing_nullable=False)
        op.alter_column("conflict", "field_group", type_=sa.String(64), existing_nullable=False)


def downgrade() -> None:
    """Leave them: what is in them may need their width."""
