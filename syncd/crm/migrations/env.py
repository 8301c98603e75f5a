"""Run by Alembic. The connection, and the transaction it is in, come from `crm.migration`."""

from __future__ import annotations

from alembic import context

from syncd.crm.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
