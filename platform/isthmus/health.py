"""Whether a process can do its work: ``/healthz`` (it lives) and ``/readyz`` (what it stands on is there)."""

from collections.abc import Callable
from dataclasses import dataclass

from alembic.script import ScriptDirectory
from flask import Flask, Response, jsonify
from sqlalchemy import Engine, text
from sqlalchemy.exc import SQLAlchemyError

from isthmus import broker, migrations
from isthmus.migrations import Database


@dataclass(frozen=True)
class Finding:
    """One thing looked at; ``vital`` when the process is of no use without it."""

    name: str
    detail: str
    well: bool
    vital: bool = True


Look = Callable[[], Finding]


def heads(database: Database) -> str:
    """Return the newest migration that this code knows."""
    head = ScriptDirectory.from_config(migrations.config(database, "")).get_current_head()
    return head or "none"


def look_at_database(engine: Engine, database: Database) -> Look:
    """Return a look that the database answers, as a harmless role, with the schema that this code expects."""
    expected = heads(database)

    def look() -> Finding:
        try:
            with engine.connect() as connection:
                role, harmful = connection.execute(
                    text(
                        "SELECT rolname, rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user"
                    )
                ).one()
                present = connection.scalar(text("SELECT version_num FROM alembic_version"))
        except SQLAlchemyError as error:
            reason = str(getattr(error, "orig", error)).strip().splitlines()[0]
            return Finding("database", reason, well=False)
        if harmful:
            return Finding("database", f"the role {role} can bypass row-level security", well=False)
        if present != expected:
            return Finding("database", f"the schema is at {present}, this code needs {expected}", well=False)
        return Finding("database", f"as {role}, schema {present}", well=True)

    return look


def look_at_broker(url: str) -> Look:
    """Return a look at the broker. Without it work is late, not lost: the outbox waits."""

    def look() -> Finding:
        try:
            broker.look(url)
        except broker.Silent as error:
            return Finding("broker", str(error), well=False, vital=False)
        return Finding("broker", "answers", well=True, vital=False)

    return look


def add(app: Flask, *looks: Look) -> None:
    """Give ``app`` the two addresses; ``/readyz`` answers 503 when something vital is amiss."""

    @app.get("/healthz")
    def healthz() -> Response:
        return jsonify(status="alive")

    @app.get("/readyz")
    def readyz() -> tuple[Response, int]:
        findings = [look() for look in looks]
        ready = all(finding.well for finding in findings if finding.vital)
        checks = {f.name: {"well": f.well, "detail": f.detail} for f in findings}
        return jsonify(status="ready" if ready else "not ready", checks=checks), 200 if ready else 503
