"""What a database holds, whoever may see it: to be compared with what it held before."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import text

from isthmus_platform.database import Platform


def rows(platform: Platform, tables: Iterable[str]) -> list[Any]:
    """Return every row of ``tables``."""
    each = " UNION ALL ".join(f"SELECT '{table}', t::text FROM {table} t" for table in tables)
    return as_owner(platform, f"{each} ORDER BY 1, 2")


def as_owner(platform: Platform, statement: str) -> list[Any]:
    """Return what a statement finds when the database's owner sends it."""
    with platform.engine.begin() as connection:
        connection.execute(text("SET LOCAL ROLE NONE"))
        return [tuple(row) for row in connection.execute(text(statement))]
