"""Alembic's environment for the bridge's database; the address comes from the caller, never from a file."""

from alembic import context
from sqlalchemy import NullPool, create_engine

from isthmus_bridge.models import Base

url = context.config.attributes["url"]

with create_engine(url, poolclass=NullPool).connect() as connection:
    context.configure(connection=connection, target_metadata=Base.metadata, compare_type=True)
    with context.begin_transaction():
        # One migration at a time, however many processes start together.
        connection.exec_driver_sql("SELECT pg_advisory_xact_lock(4711002)")
        context.run_migrations()
