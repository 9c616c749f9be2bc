"""Transport documents as DCSA Bill of Lading 3.0 JSON: read, held to the published schema, given out.

Any transport document that says what DCSA wants is given out so. One that came as DCSA and says more than a
paper's members (charges, dangerous goods) keeps all of it (``beyond``), and what is given out is what was
read, equal as JSON. A paper whose members and ``beyond`` differ is refused.
"""

import datetime as dt
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import orjson
import yaml
from jsonschema import Draft202012Validator, FormatChecker

from isthmus_platform.errors import InvalidInput
from isthmus_platform.papers import plain
from isthmus_platform.papers.dcsa_reading import paper_of
from isthmus_platform.papers.dcsa_writing import document_of
from isthmus_platform.papers.kinds import Paper, TransportDocument
from isthmus_platform.papers.ubl import SETTING, SchemasMissing

FILE = "EBL_v3.0.0.yaml"
ISSUED = "ISSUED"
VOIDED = "VOIDED"
LONGEST_SAID = 200

_formats = FormatChecker(formats=())


@_formats.checks("date", raises=ValueError)
def _is_date(value: object) -> bool:
    return not isinstance(value, str) or bool(len(value) == 10 and dt.date.fromisoformat(value))


@dataclass(frozen=True)
class Schema:
    """The folder of DCSA's OpenAPI document of Bill of Lading 3.0.0; threads may share it."""

    folder: Path

    def check(self, document: object) -> None:
        """Raise :class:`InvalidInput` (``dcsa_schema``) with the place of the first fault."""
        faults = _validator(self.folder.resolve()).iter_errors(document)
        fault = min(faults, key=lambda each: [str(step) for step in each.absolute_path], default=None)
        if fault is not None:
            place = ".".join(str(step) for step in fault.absolute_path)
            raise InvalidInput(
                f"{place or 'The document'}: {fault.message[:LONGEST_SAID]}", field="dcsa", code="dcsa_schema"
            )


@cache
def _validator(folder: Path) -> Draft202012Validator:
    file = folder / FILE
    if not file.is_file():
        raise SchemasMissing(f"{SETTING} holds no {FILE}.", field="dcsa")
    document = yaml.load(file.read_bytes(), getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 (safe)
    return Draft202012Validator(
        {"$ref": "#/components/schemas/TransportDocument", "components": _of_today(document["components"])},
        format_checker=_formats,
    )


def _of_today(schema: Any) -> Any:
    """Return a schema of OpenAPI 3.0 as JSON Schema 2020-12 has it: there a bound is exclusive by itself."""
    if isinstance(schema, list):
        return [_of_today(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if schema.get("exclusiveMinimum") is True:
        schema = {name: value for name, value in schema.items() if name != "minimum"} | {
            "exclusiveMinimum": schema["minimum"]
        }
    return {name: _of_today(value) for name, value in schema.items()}


def read(document: object, schema: Schema) -> Paper:
    """Return the paper that a transport document of DCSA says.

    Raises :class:`InvalidInput`: ``dcsa_schema`` for one that breaks its schema, else the code and place of
    the member at fault (a container's check digit, a place that is not in UN/LOCODE).
    """
    schema.check(document)
    if not isinstance(document, dict):  # the schema says so too
        raise InvalidInput("A transport document is an object.", field="dcsa", code="dcsa_schema")
    paper = paper_of(document)
    if _says_all(paper, document):
        return paper
    return replace(paper, beyond=orjson.dumps(document, option=orjson.OPT_SORT_KEYS).decode())


def _says_all(paper: TransportDocument, document: dict[str, Any]) -> bool:
    try:
        return document_of(paper, ISSUED) == document
    except InvalidInput:  # it says otherwise than we would, or less
        return False


def is_kept(paper: Paper) -> bool:
    """Return whether ``paper`` keeps the DCSA JSON it came as."""
    return paper.beyond is not None and paper.beyond.startswith("{")


def write(paper: Paper, schema: Schema | None = None, *, status: str = ISSUED) -> dict[str, Any]:
    """Return ``paper`` as DCSA's JSON, held to ``schema`` where there is one; ``status`` is DCSA's.

    What it came as is given out as it came. Raises :class:`InvalidInput`: ``no_dcsa`` for what is no
    transport document, ``dcsa_lacks`` (``DcsaLacks``) for one that does not say what DCSA wants,
    ``dcsa_schema`` where a text is longer than DCSA takes, ``contradiction`` for one that says otherwise than
    the document it came from.
    """
    if not isinstance(paper, TransportDocument):
        raise InvalidInput(
            "DCSA eBL 3.0 is for bills of lading and sea waybills.", field="type", code="no_dcsa"
        )
    document = _as_it_came(paper) if is_kept(paper) else document_of(paper, status)
    if schema is not None:
        schema.check(document)
    return document


def _as_it_came(paper: TransportDocument) -> dict[str, Any]:
    try:
        document = orjson.loads(paper.beyond or "")
        same = plain.says_no_other(paper, paper_of(document, carriage=paper.carriage is not None))
    except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError, IndexError):
        same = False
    if not same:
        raise InvalidInput(
            "What it came as says otherwise than its members.", field="beyond", code="contradiction"
        )
    found: dict[str, Any] = document
    return found
