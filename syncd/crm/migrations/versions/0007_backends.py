"""Which server a mailbox is on, which protocol it speaks, and what requests were made of."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns. All mailboxes so far are reached over EWS."""
    op.add_column("mailbox", sa.Column("server", sa.Text()))
    op.add_column("mailbox", sa.Column("backend", sa.String(8)))
    op.add_column("mailbox", sa.Column("moves", sa.Boolean()))
    op.add_column("run", sa.Column("subrequests", sa.Integer()))
    op.execute(
        "UPDATE mailbox SET backend = 'ews' WHERE EXISTS (SELECT 1 FROM mailbox_kind "
        "WHERE mailbox_kind.mailbox_id = mailbox.id AND mailbox_kind.folder_id IS NOT NULL)"
    )


def downgrade() -> None:
    """Drop them again."""
    op.drop_column("run", "subrequests")
    for column in ("moves", "backend", "server"):
        op.drop_column("mailbox", column)
