"""Bringing a database to the present schema, with Alembic."""

from importlib import resources
from pathlib import Path
from typing import Literal

from alembic import command
from alembic.config import Config
from sqlalchemy.exc import SQLAlchemyError

from isthmus.errors import CannotRun

Database = Literal["platform", "bridge"]


def folder() -> Path:
    """Return the folder with one Alembic environment a database: in the wheel, or in the checkout."""
    packaged = Path(str(resources.files("isthmus"))) / "migrations"
    return packaged if packaged.is_dir() else Path(__file__).parents[2] / "migrations"


def config(database: Database, url: str) -> Config:
    """Return Alembic's configuration for ``database`` at ``url`` (the owner's address)."""
    settings = Config()
    settings.set_main_option("script_location", str(folder() / database))
    settings.attributes["url"] = url.replace("postgresql://", "postgresql+psycopg://", 1)
    return settings


def upgrade(database: Database, url: str) -> None:
    """Apply what is missing; nothing when the schema is present. Raises :class:`CannotRun`."""
    try:
        command.upgrade(config(database, url), "head")
    except SQLAlchemyError as error:
        reason = str(getattr(error, "orig", error)).strip()
        raise CannotRun(
            f"The {database}'s database could not be brought to the present schema: {reason}"
        ) from error
