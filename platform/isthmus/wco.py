"""``isthmus wco``: documents of the WCO Data Model, checked where they lie; and who speaks it."""

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from isthmus.errors import CannotRun

if TYPE_CHECKING:
    from isthmus.settings import Settings
    from isthmus_bridge.wco.schemas import Schemas
    from isthmus_protocol.canonical import JsonObject, JsonValue

SHOWN = 50
"""Faults that are listed; of the others the number is said."""


@click.group()
def wco() -> None:
    """Documents of the WCO Data Model, as the UK's CDS profiles it."""


@wco.command()
@click.argument("file", type=click.Path(path_type=Path))
def check(file: Path) -> None:
    """Check FILE against the published schemas; exit 0 exactly where they hold, else say what is wrong.

    Nothing is repaired first. Exit 1: FILE is not valid, or cannot be read. Exit 2: the schemas are missing
    (they are read from ISTHMUS_STANDARDS).
    """
    from isthmus_bridge.wco import checking, schemas

    try:
        found = checking.faults(_content(file), schemas.published())
    except schemas.SchemasMissing as missing:
        raise SchemasNeeded(str(missing)) from missing
    for fault in found[:SHOWN]:
        click.echo(f"{file}:{fault.line}: {fault.rule}: {fault.message}", err=True)
    if len(found) > SHOWN:
        click.echo(f"{file}: and {len(found) - SHOWN} more", err=True)
    if found:
        sys.exit(1)
    click.echo(f"{file}: valid")


class SchemasNeeded(CannotRun):
    """The published schemas are not here: nothing can be said of the document."""

    exit_code = 2


def _content(file: Path) -> bytes:
    """Return the bytes of ``file``, no more than are needed to see that it is too large."""
    from isthmus_protocol.xml import ORDINARY

    if file.is_dir():
        raise CannotRun(f"{file} is a directory; give one XML file.")
    try:
        with file.open("rb") as opened:
            return opened.read(ORDINARY.document + 1)
    except FileNotFoundError as error:
        raise CannotRun(f"There is no file {file}.") from error
    except ValueError as error:  # a name no file can have
        raise CannotRun(f"{str(file)!r} cannot be the name of a file.") from error


DECLARATION, STATUS = "EXPORT_DECLARATION", "DECLARATION_STATUS"


def speaker(settings: "Settings") -> "Callable[[JsonObject], JsonObject]":
    """Return how the bridge puts envelopes for the window: as JSON, or as WCO XML where that is set."""
    from isthmus_bridge.service import as_it_is

    if DECLARATION not in settings.wco_messages:
        return as_it_is
    from isthmus_bridge.wco import envelopes

    return partial(envelopes.as_xml, schemas=_schemas())


def listener(settings: "Settings") -> "Callable[[JsonValue], JsonValue]":
    """Return how the reference window understands envelopes; JSON it always understands."""
    from isthmus_window.service import as_it_is

    if DECLARATION not in settings.wco_messages:
        return as_it_is
    from isthmus_bridge.wco import envelopes

    return partial(envelopes.as_json, schemas=_schemas())


def window_speaker(settings: "Settings") -> "Callable[[JsonObject], JsonObject]":
    """Return how the reference window puts statuses to the bridge: as JSON, or as DMS notifications."""
    from isthmus_window.service import in_json

    if STATUS not in settings.wco_messages:
        return in_json
    from isthmus_bridge.wco import statuses

    return partial(statuses.as_xml, schemas=_schemas())


def bridge_listener(settings: "Settings") -> "Callable[[JsonObject], JsonObject]":
    """Return how the bridge hears requests, before the gate; JSON it always hears."""
    from isthmus_bridge.service import as_it_is

    if STATUS not in settings.wco_messages:
        return as_it_is
    from isthmus_bridge.wco import statuses

    return partial(statuses.as_json, schemas=_schemas())


def _schemas() -> "Schemas":
    from isthmus_bridge.wco import schemas

    try:
        return schemas.published()
    except schemas.SchemasMissing as missing:
        raise SchemasNeeded(str(missing)) from missing
