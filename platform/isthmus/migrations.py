"""Bringing a database to the present schema, with Alembic."""

from importlib import resources
from pathlib import Path
from typing import Literal

from alembic import command
from alembic.config import Config

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
    """Apply what is missing; nothing when the schema is present."""
    command.upgrade(config(database, url), "head")
