"""Many rows in one statement: each column goes as one array, and PostgreSQL unfolds them."""

import re
from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any

import orjson
from sqlalchemy import Table, TextClause, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session

from isthmus_platform.database import Base

DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]
WRITTEN_AT = "updated_at"
OTHER_ESCAPE = re.compile(r"\\[^\"\\]")


def literal(values: Sequence[Any]) -> str:
    """Return ``values`` (texts, ids, times, numbers, true, false, None) as PostgreSQL writes an array.

    The driver's own arrays take several times as long to write, and a batch has thousands of values. JSON
    writes the same but for what it escapes beside quotes and backslashes, such as a line's end.
    """
    listed = orjson.dumps(values).decode()
    if OTHER_ESCAPE.search(listed):
        return "{" + ",".join(map(_written, values)) + "}"
    return "{" + listed[1:-1] + "}"


def _written(value: Any) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if isinstance(value, datetime):
        return '"' + value.isoformat() + '"'
    return str(value)


def upsert(session: Session, model: type[Base], rows: Sequence[dict[str, Any]]) -> None:
    """Add ``rows`` to the table of ``model``, or change those with their primary key; equal rows stay.

    ``updated_at`` alone is no difference. Every row gives every column.
    """
    if rows:
        statement = _statement(model)
        session.execute(statement, {name: literal([row[name] for row in rows]) for name in rows[0]})


@cache
def _statement(model: type[Base]) -> TextClause:
    table = model.__table__
    if not isinstance(table, Table):
        raise TypeError(f"{model.__name__} has no table of its own")
    names = [column.name for column in table.columns]
    keys = [column.name for column in table.primary_key]
    kinds = [column.type.compile(dialect=DIALECT) for column in table.columns]
    others = [name for name in names if name not in keys]
    told = [name for name in others if name != WRITTEN_AT]
    arrays = ", ".join(f"CAST(:{name} AS {kind}[])" for name, kind in zip(names, kinds, strict=True))
    changes = ", ".join(f"{name} = EXCLUDED.{name}" for name in others)
    before, after = ", ".join(f"held.{name}" for name in told), ", ".join(f"EXCLUDED.{name}" for name in told)
    every = ", ".join(names)
    return text(
        f"""
        INSERT INTO {table.name} AS held ({every}) SELECT {every} FROM unnest({arrays}) AS given ({every})
        ON CONFLICT ({", ".join(keys)}) DO UPDATE SET {changes} WHERE ({before}) IS DISTINCT FROM ({after})
        """  # noqa: S608 (the names are columns of ours)
    )
