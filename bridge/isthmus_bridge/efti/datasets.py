"""Datasets of the eFTI platform: deposited whole, and given to gates only as far as a subset may see."""

from pathlib import Path

from lxml import etree
from sqlalchemy.dialects.postgresql import insert

from isthmus_bridge.efti import crossing
from isthmus_bridge.efti.crossing import Asked, Crossed, Depositor
from isthmus_bridge.efti.subsets import COMMON, IDENTIFIERS, NotAConsignment, filtered, load, schema_of
from isthmus_bridge.models import FreightDataset
from isthmus_bridge.service import Bridge
from isthmus_protocol.agreements import Role
from isthmus_protocol.canonical import JsonObject
from isthmus_protocol.messages import ExchangeAnswer
from isthmus_protocol.xml import Limits, parse

LARGEST = Limits(document=480_000)
"""Of a dataset: as a string in canonical JSON it may be twice as long, and must fit a message."""

_UNPREFIXED: dict[str, str] = {None: IDENTIFIERS}  # type: ignore[dict-item]  # lxml's word for no prefix


class NoSuchDataset(Exception):
    """Nobody deposited a dataset under this id."""


def deposit(bridge: Bridge, schemas: Path, dataset_id: str, depositor: Depositor, document: bytes) -> None:
    """Keep ``document``, a valid consignment, under ``dataset_id``, in place of what was there.

    Raises :class:`~isthmus_protocol.xml.MalformedXml` and :class:`NotAConsignment`; nothing has changed then.
    """
    root = parse(document, LARGEST)
    schema = schema_of(schemas, root)
    if schema.namespace != COMMON:
        raise NotAConsignment("A dataset is a whole consignment, not its identifiers.")
    schema.check(root)
    kept = {
        "party": depositor.party,
        "role": depositor.role.value,
        "owner": depositor.owner,
        "document": etree.tostring(root, encoding="unicode"),
        "deposited_at": bridge.clock(),
    }
    with bridge.begin() as session:
        session.execute(
            insert(FreightDataset)
            .values(id=dataset_id, **kept)
            .on_conflict_do_update(index_elements=["id"], set_=kept)
        )


def give(
    bridge: Bridge, schemas: Path, asked: Asked, dataset_id: str, subsets: frozenset[str]
) -> tuple[bytes, Crossed]:
    """Return the consignment as far as ``subsets`` may see it, as it has crossed.

    An agreement permits it by naming ``/datasetId``, ``/consignment`` and each subset as ``/subsets/ID``.
    Raises :class:`~isthmus_bridge.efti.subsets.SubsetRefused`, :class:`NoSuchDataset` (which is logged) and
    :class:`~isthmus_bridge.efti.crossing.CrossingRefused`.
    """
    load(schemas, COMMON).check_subsets(subsets)
    found = _found(bridge, asked, dataset_id, crossing.CONSIGNMENT)
    seen = filtered(schemas, found.document.encode(), subsets)
    payload: JsonObject = {
        "datasetId": dataset_id,
        "subsets": dict.fromkeys(sorted(subsets), True),
        "consignment": seen.decode(),
    }
    crossed = crossing.outward(bridge, asked, crossing.CONSIGNMENT, dataset_id, _depositor(found), payload)
    return str(crossed.body["consignment"]).encode(), crossed


def follow_up(bridge: Bridge, asked: Asked, dataset_id: str, message: str) -> ExchangeAnswer:
    """Let the gate's message about a dataset cross to whoever deposited it.

    Raises :class:`NoSuchDataset` and :class:`~isthmus_bridge.efti.crossing.CrossingRefused`.
    """
    _found(bridge, asked, dataset_id, crossing.FOLLOW_UP)
    payload: JsonObject = {"datasetId": dataset_id, "message": message}
    return crossing.inward(bridge, asked, dataset_id, payload)


def identifiers(bridge: Bridge, schemas: Path, asked: Asked, dataset_id: str) -> Crossed:
    """Let a dataset's identifiers cross, to be announced.

    Raises :class:`NoSuchDataset`, :class:`NotAConsignment` where they are not valid by themselves, and
    :class:`~isthmus_bridge.efti.crossing.CrossingRefused`.
    """
    found = _found(bridge, asked, dataset_id, crossing.IDENTIFIERS)
    announced = identifiers_of(schemas, found.document.encode())
    payload: JsonObject = {"datasetId": dataset_id, "consignment": announced.decode()}
    return crossing.outward(bridge, asked, crossing.IDENTIFIERS, dataset_id, _depositor(found), payload)


def identifiers_of(schemas: Path, document: bytes) -> bytes:
    """Return what a consignment announces: what the identifier subset sees, in the schema for that."""
    root = parse(filtered(schemas, document, frozenset({"identifier"})))
    renamed = etree.Element(f"{{{IDENTIFIERS}}}consignment", nsmap=_UNPREFIXED)
    _rename(root, renamed)
    load(schemas, IDENTIFIERS).check(renamed)
    return etree.tostring(renamed, encoding="UTF-8", xml_declaration=True)


def _rename(source: etree._Element, target: etree._Element) -> None:
    for child in source.iterchildren("*"):
        attributes = {str(name): str(value) for name, value in child.attrib.items()}
        copy = etree.SubElement(target, f"{{{IDENTIFIERS}}}{etree.QName(child).localname}", attributes)
        if len(child):
            _rename(child, copy)
        else:
            copy.text = child.text


def _found(bridge: Bridge, asked: Asked, dataset_id: str, message: str) -> FreightDataset:
    with bridge.begin() as session:
        found = session.get(FreightDataset, dataset_id)
    if found is None:
        crossing.refuse_unknown(bridge, asked, message)
        raise NoSuchDataset("There is no such consignment.")
    return found


def _depositor(dataset: FreightDataset) -> Depositor:
    return Depositor(dataset.party, Role(dataset.role), dataset.owner)
