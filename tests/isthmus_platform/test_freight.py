"""A shipment's freight data (eFTI) is published when asked for, seen in subsets, and written about."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from lxml import etree
from sqlalchemy import select

from freight_border import AGREEMENTS, SCHEMAS, TRUCK, FreightBorder, open_freight_border
from isthmus_bridge.models import FreightDataset
from isthmus_platform import crossings, dcsa, freight, tracking
from isthmus_platform.database import Platform
from isthmus_platform.dcsa import Standard
from isthmus_platform.errors import Conflict, InvalidInput, NotFound, NotPermitted
from isthmus_platform.freight_dataset import MODES
from isthmus_protocol.xml import faults, parse
from paperwork import Paperwork, open_paperwork
from standing import StandingClock
from trade import CONTAINERS, DRAFT

pytestmark = pytest.mark.skipif(not SCHEMAS.is_dir(), reason="the published eFTI schemas are not here")

NS = "{http://efti.eu/v1/consignment/common}"
ED = "{http://efti.eu/v1/edelivery}"
PERMITTED = ["AGREED", "SENT", "DELIVERED"]


@pytest.fixture
def papers(platform: Platform) -> Paperwork:
    opened = open_paperwork(platform)
    opened.trade.ship()
    return opened


@pytest.fixture
def border(
    papers: Paperwork, bridge_url: str, clock: StandingClock, tmp_path: Path
) -> Iterator[FreightBorder]:
    with open_freight_border(papers, bridge_url, clock, tmp_path) as opened:
        opened.agree(*AGREEMENTS)
        yield opened


@pytest.fixture
def dataset(border: FreightBorder) -> UUID:
    """Return the id of the shipment's dataset, published by its owner."""
    crossing_id = border.publish()
    assert border.drain() == 1
    border.deliver()
    published = border.crossing(crossing_id)
    assert (published.state, published.reason) == ("DELIVERED", None)
    assert published.shipment_id is not None
    return published.shipment_id


def deposited(border: FreightBorder) -> etree._Element:
    """Return the one dataset that lies with the bridge."""
    with border.bridge.begin() as session:
        (dataset,) = session.scalars(select(FreightDataset)).all()
    return parse(dataset.document.encode())


def text(root: etree._Element, path: str) -> str | None:
    return root.findtext("/".join(NS + step for step in path.split("/")))


def events_of(border: FreightBorder) -> None:
    """Let the carrier tell of gate-in, loading and departure at the origin."""

    def event(number: int, hour: int, **changes: Any) -> dict[str, Any]:
        at = f"2026-05-20T{hour:02d}:30:00+08:00"
        return {
            "eventID": f"3cecb101-7a1a-43a4-9d62-{number:012d}",
            "eventCreatedDateTime": at,
            "eventClassifierCode": "ACT",
            "eventDateTime": at,
            "transportCall": {
                "transportCallID": "MA-TWKHH",
                "UNLocationCode": "TWKHH",
                "modeOfTransport": "VESSEL",
                "vessel": {"vesselIMONumber": "9321483", "vesselName": "Meridian Aurora"},
            },
            "documentReferences": [{"documentReferenceType": "BKG", "documentReferenceValue": "BOOKING1"}],
        } | changes

    def box(number: int, hour: int, code: str) -> dict[str, Any]:
        return event(
            number,
            hour,
            eventType="EQUIPMENT",
            equipmentEventTypeCode=code,
            equipmentReference=CONTAINERS[0],
            ISOEquipmentCode="22G1",
            emptyIndicatorCode="LADEN",
        )

    told = [
        box(1, 8, "GTIN"),
        box(2, 12, "LOAD"),
        event(3, 18, eventType="TRANSPORT", transportEventTypeCode="DEPA"),
    ]
    with border.papers.platform.begin(border.papers["carrier"]) as work:
        tracking.record(work, Standard.DCSA_2_2, dcsa.parse(Standard.DCSA_2_2, told, work.now))


# Publishing.


def test_what_is_published_is_a_valid_consignment_with_what_the_shipment_says(
    border: FreightBorder, dataset: UUID
) -> None:
    found = deposited(border)
    schema = etree.XMLSchema(etree.parse(str(SCHEMAS / "consignment-common.xsd")))
    assert faults(schema, found) == []
    said = {
        "associatedDocument/id": DRAFT.ucr,
        "carrier/name": "Carrier Ltd",
        "carrierAcceptanceLocation/id": "TWKHH",
        "consignee/name": DRAFT.consignee_name,
        "consignee/postalAddress/countryCode": "DE",
        "consigneeReceiptLocation/name": "Hamburg",
        "consignor/name": "Trader Ltd",
        "grossWeight": "31330.5",
        "netWeight": "29100",
        "numberOfPackages": "5",
        "mainCarriageTransportMovement/modeCode": "3",
        "mainCarriageTransportMovement/dangerousGoodsIndicator": "false",
        "mainCarriageTransportMovement/usedTransportMeans/id": "HH-IS 417",
        "preCarriageTransportMovement/usedTransportMeans/name": DRAFT.vessel,
        "transportContractDocument/id": DRAFT.bill_of_lading,
        "transshipmentLocation/id": "KRPUS",
        "usedTransportEquipment/sizeTypeCode": "22G1",
    }
    assert {path: text(found, path) for path in said} == said
    boxes = found.findall(f"{NS}usedTransportEquipment/{NS}id")
    assert tuple(each.text for each in boxes) == CONTAINERS
    assert [each.text for each in found.iter(f"{NS}identificationText")] == [
        "845710 Machining centre",
        "845811 Lathe",
    ]


def test_commercial_terms_and_values_are_not_in_it(border: FreightBorder, dataset: UUID) -> None:
    document = etree.tostring(deposited(border)).decode()
    for secret in ("0110-4577", "FPM-1", "60 days", "5674", "18650000", "186500", "USD"):
        assert secret not in document


def test_the_carriers_events_tell_when_the_goods_were_taken_over(border: FreightBorder) -> None:
    events_of(border)
    border.publish()
    border.drain()
    found = deposited(border)
    assert text(found, "carrierAcceptanceDateTime") == "202605200030+0000"
    sea = "preCarriageTransportMovement"
    assert text(found, f"{sea}/loadingEvent/actualOccurrenceDateTime") == "202605200430+0000"
    assert text(found, f"{sea}/departureEvent/actualOccurrenceDateTime") == "202605201030+0000"
    assert text(found, f"{sea}/arrivalEvent/actualOccurrenceDateTime") is None
    assert text(found, f"{sea}/arrivalEvent/occurrenceLocation/id") == "DEHAM"


@pytest.mark.parametrize("mode", sorted(MODES))
def test_every_mode_gives_a_dataset_that_the_bridge_takes(border: FreightBorder, mode: str) -> None:
    crossing_id = border.publish(carriage=replace(TRUCK, mode=mode, dangerous_goods=True))
    border.drain()
    assert border.crossing(crossing_id).state == "AGREED"


def test_the_bare_shipment_gives_a_dataset_too(border: FreightBorder) -> None:
    border.papers.trade.ship(
        reference="BARE-1", ucr="6TW-BARE", transhipments=(), carrier=None, booking_reference=None,
        bill_of_lading=None, vessel=None, consignee_name=None, consignee_country=None, equipment=(),
        goods=(), incoterm=None, invoice=None,
    )  # fmt: skip
    with border.papers.platform.begin(border.papers["trader"]) as work:
        carriage = replace(TRUCK, equipment_country=None)
        crossing_id = freight.publish(work, "BARE-1", carriage).crossing.id
    border.drain()
    assert border.crossing(crossing_id).state == "AGREED"


def test_the_gate_finds_it_by_its_identifiers_and_the_log_says_how_it_came(
    border: FreightBorder, dataset: UUID
) -> None:
    assert border.ask("hh-is 417") == [str(dataset)]
    assert border.ask(CONTAINERS[1]) == [str(dataset)]
    assert border.ask("another") == []
    assert border.logged() == [("EFTI_IDENTIFIERS", phase, "PERMITTED") for phase in PERMITTED]


def test_an_agent_publishes_under_its_delegation_and_nobody_else_does(border: FreightBorder) -> None:
    border.papers.trade.delegate()
    crossing_id = border.publish(by="forwarder")
    border.drain()
    assert border.crossing(crossing_id, by="forwarder").state == "AGREED"
    with pytest.raises(NotPermitted) as refused:
        border.publish(by="carrier")
    assert refused.value.code == "not_owner"
    with pytest.raises(NotFound):
        border.publish(by="stranger")


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        ({"mode": "TELEPORT"}, "mode", "unknown_mode"),
        ({"means": ""}, "meansOfTransport", "length"),
        ({"means": "x" * 18}, "meansOfTransport", "length"),
        ({"means": "a\x07"}, "meansOfTransport", "length"),
        ({"country": "ZZ"}, "registrationCountry", "unknown_country"),
        ({"equipment_country": "zz"}, "equipmentCountry", "unknown_country"),
        ({"equipment_country": None}, "equipmentCountry", "required"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_published(
    border: FreightBorder, changes: dict[str, Any], field: str, code: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        border.publish(carriage=replace(TRUCK, **changes))
    assert (refused.value.field, refused.value.code) == (field, code)
    assert border.drain() == 0


def test_while_it_waits_it_is_not_published_again_and_then_it_is(border: FreightBorder) -> None:
    border.publish()
    with pytest.raises(Conflict) as refused:
        border.publish()
    assert refused.value.code == "publication_waits"
    border.drain()
    border.publish(carriage=replace(TRUCK, means="HH-IS 418"))
    border.drain()
    assert border.ask("HH-IS 418")
    assert border.ask("HH-IS 417") == []


def test_it_survives_a_bridge_that_is_down(
    border: FreightBorder, papers: Paperwork, clock: StandingClock
) -> None:
    away = replace(border.sender, bridge=replace(border.sender.bridge, base_url="http://127.0.0.1:9"))
    crossing_id = border.publish()
    assert replace(border, sender=away).drain() == 0
    assert border.crossing(crossing_id).state == "REQUESTED"
    clock.advance(minutes=10)
    assert border.drain() == 1
    border.deliver()
    assert border.crossing(crossing_id).state == "DELIVERED"


def test_an_announcement_whose_answer_was_lost_is_made_once(border: FreightBorder) -> None:
    crossing_id = border.publish()
    sends = border.sender.outgoing[freight.MESSAGE].send

    def cut(*given: Any) -> Any:
        sends(*given)
        raise crossings.BridgeUnavailable("the answer is lost")

    lossy = {freight.MESSAGE: replace(border.sender.outgoing[freight.MESSAGE], send=cut)}
    replace(border, sender=replace(border.sender, outgoing=lossy)).drain()
    assert border.crossing(crossing_id).state == "REQUESTED"
    border.papers.platform.clock.advance(minutes=1)  # type: ignore[attr-defined]
    border.drain()
    border.deliver()
    assert border.crossing(crossing_id).state == "DELIVERED"
    assert border.logged() == [("EFTI_IDENTIFIERS", phase, "PERMITTED") for phase in PERMITTED]


def test_without_an_agreement_it_is_refused_and_nothing_lies_with_the_bridge(
    papers: Paperwork, bridge_url: str, clock: StandingClock, tmp_path: Path
) -> None:
    with open_freight_border(papers, bridge_url, clock, tmp_path) as border:
        crossing_id = border.publish()
        border.drain()
        crossing = border.crossing(crossing_id)
        assert (crossing.state, crossing.reason) == ("REFUSED", "NO_AGREEMENT")
        assert border.logged() == [("EFTI_IDENTIFIERS", "AGREED", "REFUSED")]
        with border.bridge.begin() as session:
            assert session.scalars(select(FreightDataset)).all() == []


def test_without_the_schemas_it_fails_and_says_so(
    papers: Paperwork, bridge_url: str, clock: StandingClock, tmp_path: Path
) -> None:
    with open_freight_border(papers, bridge_url, clock, tmp_path, schemas=None) as border:
        border.agree(*AGREEMENTS)
        crossing_id = border.publish()
        border.drain()
        crossing = border.crossing(crossing_id)
        assert (crossing.state, crossing.reason) == ("FAILED", "schemas_missing")


# An authority asks.


def test_an_authority_sees_the_consignment_in_the_subsets_it_asks_for(
    border: FreightBorder, dataset: UUID
) -> None:
    answer = border.see(dataset, "EU01")
    assert answer.status_code == 200, answer.data
    response = parse(answer.data)
    schema = etree.XMLSchema(etree.parse(str(SCHEMAS / "edelivery" / "gate.xsd")))
    assert faults(schema, response) == []
    consignment = response.find(f"{NS}consignment")
    assert consignment is not None
    assert text(consignment, "consignor/name") == "Trader Ltd"
    assert consignment.find(f"{NS}numberOfPackages") is None, "which EU01 may not see"
    assert border.logged()[3:] == [("EFTI_CONSIGNMENT", phase, "PERMITTED") for phase in PERMITTED[:2]]
    border.deliver()
    assert border.logged()[5:] == [("EFTI_CONSIGNMENT", "DELIVERED", "PERMITTED")]


@pytest.mark.parametrize(
    ("subsets", "status", "said"),
    [
        (("EU01", "FI01"), 400, "FIELD_NOT_PERMITTED /subsets/FI01"),
        (("XX99",), 400, "unknown_subset"),
        ((), 400, "no_subset"),
    ],
)
def test_what_no_agreement_lets_an_authority_see_it_does_not_see(
    border: FreightBorder, dataset: UUID, subsets: tuple[str, ...], status: int, said: str
) -> None:
    answer = border.see(dataset, *subsets)
    assert answer.status_code == status
    response = parse(answer.data)
    assert response.get("status") == str(status)
    assert said in str(response.findtext(f"{ED}description"))
    assert b"Trader Ltd" not in answer.data


def test_what_is_not_published_is_not_found(border: FreightBorder, dataset: UUID) -> None:
    assert border.see(UUID(int=7), "EU01").status_code == 404
    assert border.see("..%2f", "EU01").status_code == 404
    elsewhere = border.gate.post(
        "/v0/uil-queries",
        data=f'<uilQuery xmlns="{ED[1:-1]}" requestId="r"><uil><gateId>FI1</gateId>'
        f"<platformId>x</platformId><datasetId>{dataset}</datasetId></uil><subsetId>EU01</subsetId></uilQuery>",
    )
    assert elsewhere.status_code == 404
    assert border.gate.post("/v0/uil-queries", data=b"<!DOCTYPE a><a/>").status_code == 400
    assert border.gate.post("/v0/uil-queries", data=b"<a/>").status_code == 400


# And writes.


def test_what_an_authority_writes_is_on_the_shipments_timeline_and_a_crossing_of_it(
    border: FreightBorder, dataset: UUID
) -> None:
    border.see(dataset, "EU01")
    message = "Gross weight of MCLU4200170 is missing.\nPlease amend & resend."
    told = border.tell(dataset, message)
    assert told.status_code == 200, told.data
    border.deliver()
    with border.papers.platform.begin(border.papers["trader"]) as work:
        (kept,) = freight.messages(work, [dataset])[dataset]
        (entry,) = freight.timeline(work, [dataset])[dataset]
        newest = crossings.page(work, shipment_id=dataset)[0]
    assert kept.text == message
    assert (entry.kind, entry.code) == ("FREIGHT", "FOLLOW_UP")
    assert "Gross weight of MCLU4200170 is missing. Please amend & resend." in entry.title
    assert (newest.message, newest.direction, newest.state) == (freight.FOLLOW_UP, "FROM_WINDOW", "DELIVERED")
    assert newest.exchange == kept.exchange
    assert newest.receipt is not None
    assert newest.legal_basis is not None
    mine = [entry for entry in border.logged() if entry[0] == "EFTI_FOLLOW_UP"]
    assert mine == [("EFTI_FOLLOW_UP", phase, "PERMITTED") for phase in PERMITTED]


def test_only_whoever_acts_for_the_owner_reads_what_an_authority_wrote(
    border: FreightBorder, dataset: UUID
) -> None:
    border.see(dataset, "EU01")
    border.tell(dataset, "Weight is missing")
    border.deliver()
    for other in ("carrier", "stranger", "operator", "authority", "bank"):
        with border.papers.platform.begin(border.papers[other]) as work:
            assert freight.messages(work, [dataset])[dataset] == []


def test_an_authority_writes_only_about_what_it_was_given(border: FreightBorder, dataset: UUID) -> None:
    early = border.tell(dataset, "Weight is missing")
    assert early.status_code == 400
    assert b"UNKNOWN_EXCHANGE" in early.data
    border.see(dataset, "EU01")
    assert border.tell(dataset, "x").status_code == 400
    assert border.tell(UUID(int=7), "Weight is missing").status_code == 404


def test_a_follow_up_on_what_was_published_by_an_agent_reaches_the_owner(border: FreightBorder) -> None:
    border.papers.trade.delegate()
    crossing_id = border.publish(by="forwarder")
    border.drain()
    border.deliver()
    dataset = border.crossing(crossing_id, by="forwarder").shipment_id
    assert dataset is not None
    border.see(dataset, "EU01")
    border.tell(dataset, "Weight is missing")
    border.deliver()
    for reader in ("trader", "forwarder"):
        with border.papers.platform.begin(border.papers[reader]) as work:
            assert [kept.text for kept in freight.messages(work, [dataset])[dataset]] == ["Weight is missing"]
