"""How Alembic runs the migrations: on the connection that it is given."""

from __future__ import annotations

from alembic import context

from bot.storage.tables import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
    # Together with the lock in one transaction, which the caller began.
    transactional_ddl=False,
)
context.run_migrations()
