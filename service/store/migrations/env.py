"""Alembic environment: the connection comes from the caller, inside its one transaction."""

from alembic import context

from service.store.migrate import is_ours
from service.store.models import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    include_object=is_ours,
    transaction_per_migration=False,
)
context.run_migrations()
