"""Alembic's entry: the connection, its transaction already begun, comes from :mod:`expeval.store.open`."""

from __future__ import annotations

from alembic import context

from expeval.store.schema import Base

context.configure(
    connection=context.config.attributes["connection"], target_metadata=Base.metadata, transactional_ddl=True
)
context.run_migrations()
