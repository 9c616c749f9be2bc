"""Transport documents and shipping instructions as JSON of DCSA Bill of Lading 3.0, held to its schema.

Any that says what DCSA wants is given out so. One that came as DCSA and says more than a paper's members
(charges, dangerous goods) keeps all of it (``beyond``), and what is given out is what was read, equal as
JSON. A paper whose members and ``beyond`` differ is refused.
"""

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

import orjson
import yaml
from jsonschema import Draft202012Validator, FormatChecker

from isthmus_platform.errors import Conflict, InvalidInput
from isthmus_platform.papers import plain
from isthmus_platform.papers.dcsa_instruction import document_of as instruction_said
from isthmus_platform.papers.dcsa_instruction import instruction_of
from isthmus_platform.papers.dcsa_reading import paper_of
from isthmus_platform.papers.dcsa_writing import document_of
from isthmus_platform.papers.kinds import Paper, TransportDocument
from isthmus_platform.papers.shipping_instruction import ShippingInstruction
from isthmus_platform.papers.ubl import SETTING, SchemasMissing

FILE = "EBL_v3.0.0.yaml"
TRANSPORT_DOCUMENT = "TransportDocument"
NEW_INSTRUCTION = "CreateShippingInstructions"
INSTRUCTION = "ShippingInstructions"
ISSUED = "ISSUED"
VOIDED = "VOIDED"
LONGEST_SAID = 200
Said: TypeAlias = TransportDocument | ShippingInstruction

_formats = FormatChecker(formats=())


@_formats.checks("date", raises=ValueError)
def _is_date(value: object) -> bool:
    return not isinstance(value, str) or bool(len(value) == 10 and dt.date.fromisoformat(value))


@dataclass(frozen=True)
class Schema:
    """The folder of DCSA's OpenAPI document of Bill of Lading 3.0.0; threads may share it."""

    folder: Path

    def check(self, document: object, name: str = TRANSPORT_DOCUMENT) -> None:
        """Raise :class:`InvalidInput` (``dcsa_schema``) with the place of the first fault in a ``name``."""
        faults = _validator(self.folder.resolve(), name).iter_errors(document)
        fault = min(faults, key=lambda each: [str(step) for step in each.absolute_path], default=None)
        if fault is not None:
            place = ".".join(str(step) for step in fault.absolute_path)
            raise InvalidInput(
                f"{place or 'The document'}: {fault.message[:LONGEST_SAID]}", field="dcsa", code="dcsa_schema"
            )


@cache
def _validator(folder: Path, name: str) -> Draft202012Validator:
    return Draft202012Validator(
        {"$ref": f"#/components/schemas/{name}", "components": _components(folder)}, format_checker=_formats
    )


@cache
def _components(folder: Path) -> Any:
    file = folder / FILE
    if not file.is_file():
        raise SchemasMissing(f"{SETTING} holds no {FILE}.", field="dcsa")
    document = yaml.load(file.read_bytes(), getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 (safe)
    return _of_today(document["components"])


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


def read(document: object, schema: Schema, code: str = "705") -> Paper:
    """Return the paper that a document of DCSA says: a shipping instruction for 340, else of transport.

    Raises :class:`InvalidInput`: ``dcsa_schema`` for one that breaks its schema, else the code and place of
    the member at fault (a container's check digit, a place that is not in UN/LOCODE).
    """
    instructs = code in ShippingInstruction.TYPES
    schema.check(document, _named(document) if instructs else TRANSPORT_DOCUMENT)
    if not isinstance(document, dict):  # the schema says so too
        raise InvalidInput("A document of DCSA is an object.", field="dcsa", code="dcsa_schema")
    paper = instruction_of(document) if instructs else paper_of(document)
    if _says_all(paper, document):
        return paper
    return replace(paper, beyond=orjson.dumps(document, option=orjson.OPT_SORT_KEYS).decode())


def _named(document: object) -> str:
    """Return which schema of DCSA an instruction is held to: the carrier's, once it says how it stands."""
    answered = isinstance(document, dict) and "shippingInstructionsStatus" in document
    return INSTRUCTION if answered else NEW_INSTRUCTION


def _says_all(paper: Said, document: dict[str, Any]) -> bool:
    try:
        return _said(paper, ISSUED) == document
    except InvalidInput:  # it says otherwise than we would, or less
        return False


def _said(paper: Said, status: str) -> dict[str, Any]:
    return instruction_said(paper) if isinstance(paper, ShippingInstruction) else document_of(paper, status)


def is_kept(paper: Paper) -> bool:
    """Return whether ``paper`` keeps the DCSA JSON it came as."""
    return paper.beyond is not None and paper.beyond.startswith("{")


def write(paper: Paper, schema: Schema | None = None, *, status: str = ISSUED) -> dict[str, Any]:
    """Return ``paper`` as DCSA's JSON, held to ``schema`` where there is one; ``status`` is DCSA's.

    What it came as is given out as it came. An instruction goes as it is sent to a carrier, who says how it
    stands. Raises :class:`InvalidInput`: ``no_dcsa`` for what is neither, ``dcsa_lacks`` (``DcsaLacks``) for
    one that does not say what DCSA wants, ``dcsa_schema`` where a text is longer than DCSA takes,
    ``contradiction`` for one that says otherwise than the document it came from; :class:`Conflict`
    (``instruction_revoked``) for an instruction that is ``VOIDED``.
    """
    if not isinstance(paper, Said):
        raise InvalidInput(
            "DCSA eBL 3.0 is for bills of lading, sea waybills and shipping instructions.",
            field="type",
            code="no_dcsa",
        )
    if isinstance(paper, ShippingInstruction) and status == VOIDED:
        # DCSA has no word by which a shipper says so: whoever got this would take it to stand.
        raise Conflict("The instruction was revoked.", field="document", code="instruction_revoked")
    document = _as_it_came(paper) if is_kept(paper) else _said(paper, status)
    if schema is not None:
        schema.check(
            document, _named(document) if isinstance(paper, ShippingInstruction) else TRANSPORT_DOCUMENT
        )
    return document


def _as_it_came(paper: Said) -> dict[str, Any]:
    try:
        document = orjson.loads(paper.beyond or "")
        same = any(plain.says_no_other(paper, read()) for read in _readings(paper, document))
    except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError, IndexError):
        same = False
    if not same:
        raise InvalidInput(
            "What it came as says otherwise than its members.", field="beyond", code="contradiction"
        )
    found: dict[str, Any] = document
    return found


def _readings(paper: Said, document: Any) -> Iterator[Callable[[], Said]]:
    """Yield how the document is read, and how it was when cargo items were not put together."""
    if isinstance(paper, ShippingInstruction):
        yield lambda: instruction_of(document)
        return
    carriage = paper.carriage is not None
    yield lambda: paper_of(document, carriage=carriage)
    yield lambda: paper_of(document, carriage=carriage, together=False)
