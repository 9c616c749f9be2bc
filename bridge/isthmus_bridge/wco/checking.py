"""Does a document hold to the published schemas? Nothing is repaired first."""

from isthmus_bridge.wco.schemas import Kind, Schemas
from isthmus_protocol.xml import Fault, MalformedXml, parse


def faults(data: bytes, schemas: Schemas) -> list[Fault]:
    """Return what is wrong with the document; none exactly where the schemas hold.

    What cannot be read is one fault, with the rule that the reading refused it by. Raises
    :class:`~isthmus_bridge.wco.schemas.SchemasMissing`.
    """
    try:
        root = parse(data)
    except MalformedXml as refused:
        return [Fault(refused.line or 0, refused.rule, refused.detail)]
    return schemas.of(Kind.of(root)).faults(root)
