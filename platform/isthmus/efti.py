"""The commands ``isthmus efti``: freight information as Regulation (EU) 2020/1056 has it."""

from typing import IO, TYPE_CHECKING

import click

from isthmus.errors import CannotRun, Misconfigured
from isthmus.settings import load

if TYPE_CHECKING:
    from pathlib import Path

SCHEMAS_WANTED = (
    "ISTHMUS_STANDARDS: set it to the folder of published standards, in which efti/xsd holds the eFTI schemas"
    " (consignment-common.xsd and those it imports). They are published at"
    " https://github.com/EFTI4EU/reference-implementation."
)


class Refused(CannotRun):
    """The document, or what is asked of it, is refused."""

    def __init__(self, message: str, *, exit_code: int = 1) -> None:
        super().__init__(message)
        self.exit_code = exit_code


@click.group()
def efti() -> None:
    """Freight information for the European eFTI gates."""


@efti.command("filter")
@click.option(
    "--subset", "subsets", multiple=True, required=True, metavar="ID", help="For example EU01; repeatable."
)
@click.argument("file", type=click.File("rb"))
def filter_(subsets: tuple[str, ...], file: IO[bytes]) -> None:
    """Print a consignment with only what the subsets may see.

    Exit 0 with the document; 1 when FILE is no valid consignment; 2 when a subset is unknown or the schemas
    are missing. The schemas are read from ISTHMUS_STANDARDS.
    """
    from isthmus_bridge.efti.subsets import NotAConsignment, SchemasMissing, SubsetRefused, filtered
    from isthmus_protocol.xml import ORDINARY, MalformedXml

    try:
        document = file.read(ORDINARY.document + 1)
        result = filtered(schemas(), document, frozenset(subsets))
    except SchemasMissing as missing:
        raise Misconfigured([f"{missing}", SCHEMAS_WANTED]) from None
    except SubsetRefused as refused:
        raise Refused(str(refused), exit_code=2) from None
    except NotAConsignment as refused:
        lines = [f"{file.name}:{fault.line}: {fault.message} [{fault.rule}]" for fault in refused.faults]
        raise Refused("\n".join([f"{file.name}: {refused}", *lines])) from None
    except MalformedXml as malformed:
        raise Refused(f"{file.name} is not the XML we take: {malformed}") from None
    click.echo(result)


def schemas() -> "Path":
    """Return the folder of the published eFTI schemas; raise :class:`Misconfigured` where none is set."""
    standards = load().standards
    if standards is None:
        raise Misconfigured([SCHEMAS_WANTED])
    return standards / "efti" / "xsd"
