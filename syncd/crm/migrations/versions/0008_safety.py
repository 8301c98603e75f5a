"""The claim on a folder, how old an item is, and how far the audit has come."""

from __future__ import annotations

from uuid import uuid4

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_CLAIM = ("claim", "claim_next", "claim_found")


def upgrade() -> None:
    """Add the columns. No folder bears a claim yet, and of no item it is known how old it is."""
    with op.batch_alter_table("installation") as table:  # of a single row
        table.add_column(sa.Column("epoch", sa.String(36)))
    op.execute(sa.text("UPDATE installation SET epoch = :epoch").bindparams(epoch=str(uuid4())))
    with op.batch_alter_table("installation") as table:
        table.alter_column("epoch", existing_type=sa.String(36), nullable=False)
    op.add_column("mailbox", sa.Column("audit_due", sa.DateTime(timezone=True)))
    for column in _CLAIM:
        op.add_column("mailbox_kind", sa.Column(column, sa.Text()))
    audited = sa.Column("audited", sa.Integer(), nullable=False, server_default="0")
    op.add_column("mailbox_kind", audited)
    op.add_column("link", sa.Column("remote_modified", sa.DateTime(timezone=True)))


def downgrade() -> None:
    """Drop them again."""
    op.drop_column("link", "remote_modified")
    for column in ("audited", *_CLAIM):
        op.drop_column("mailbox_kind", column)
    op.drop_column("mailbox", "audit_due")
    op.drop_column("installation", "epoch")
