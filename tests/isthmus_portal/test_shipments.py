"""A party's shipments, and one of them."""

import pytest

from page import Element
from portal_example import DECLARED, DOCUMENT, REFERENCE, SHIPMENT, UCR, Example, another
from portal_visitor import AsParty


@pytest.fixture
def shipment(as_party: AsParty) -> Element:
    return as_party("forwarder").get(f"/shipments/{REFERENCE}")


def test_the_list_tells_route_status_arrival_and_customs(as_party: AsParty) -> None:
    first = as_party("forwarder").get("/shipments").one("ol", css="shipments").all("li", css="card")[0]
    assert first.one("h2").text == REFERENCE
    assert [port.text for port in first.all("span", css="port")] == [
        "Kaohsiung TWKHH",
        "Busan KRPUS",
        "Hamburg DEHAM",
    ]
    assert [chip.text for chip in first.all("span", css="chip")] == ["Departed", "Released"]
    assert "2026-07-10T21:00:00Z" in [time.attributes["datetime"] for time in first.all("time")]


def test_filters_and_cursor_go_to_the_schema_and_stay_in_the_address(
    as_party: AsParty, example: Example
) -> None:
    onward = as_party("forwarder").get("/shipments?reference=KHH&status=LOADED").link("Next page")
    assert example.asked[-2][1]["filter"] == {"reference": "KHH", "status": "LOADED"}
    assert "reference=KHH" in onward
    assert "status=LOADED" in onward
    as_party("forwarder").get(onward)
    assert example.asked[-2][1]["after"] == "c3"


def test_no_filter_is_sent_where_none_was_chosen(as_party: AsParty, example: Example) -> None:
    as_party("forwarder").get("/shipments?reference=&status=")
    assert example.asked[-2][1]["filter"] is None


def test_an_empty_list_says_what_will_come(as_party: AsParty, example: Example) -> None:
    example.shipments = []
    assert "No shipment yet" in as_party("trader").get("/shipments").one("main").text


def test_a_shipment_that_is_not_theirs_is_not_there(as_party: AsParty) -> None:
    page = as_party("bank").get(f"/shipments/{REFERENCE}", status=404)
    assert page.one("h1").text == "Nothing here"
    assert UCR not in page.text


def test_customs_stands_out_in_the_timeline(shipment: Element) -> None:
    customs = shipment.section("Timeline").all("li", css="customs")
    assert customs[0].one("p", css="event-title").text == "Released for export"
    assert all("customs, over the bridge" in event.text for event in customs)


def test_what_is_expected_is_told_from_what_happened(shipment: Element) -> None:
    timeline = shipment.section("Timeline")
    assert [event.one("p", css="event-title").text for event in timeline.all("li", css="planned")] == [
        "Discharged Planned"
    ]
    estimated = timeline.all("li", css="estimated")
    assert ["overtaken" in event.classes for event in estimated] == [False, True]


def test_a_correction_is_shown_as_one(shipment: Element) -> None:
    corrected = [e for e in shipment.section("Timeline").all("li", css="event") if "Corrected" in e.text]
    assert ["Vessel departed" in event.text for event in corrected] == [True]


def test_the_map_shows_every_port_and_names_the_route_for_those_who_do_not_see_it(shipment: Element) -> None:
    map_ = shipment.one("figure", css="map")
    assert map_.one("svg").attributes["aria-label"] == "Map of the route: Kaohsiung, then Busan, then Hamburg"
    assert [line.classes for line in map_.all("path", css="leg")] == [{"leg", "sailed"}, {"leg"}]


def test_no_map_without_positions(as_party: AsParty, example: Example) -> None:
    nowhere = {**SHIPMENT["destination"], "code": "DEZZZ", "latitude": None, "longitude": None}
    example.shipments = [another("X", destination=nowhere, transhipments=[])]
    assert as_party("trader").get("/shipments/X").all("figure", css="map") == []


def test_what_crossed_is_told_field_by_field(shipment: Element) -> None:
    crossed = shipment.section("What crossed the bridge")
    declared = next(c for c in crossed.all("li", css="crossing") if "Export declaration Ack" in c.text)
    assert f"{len(DECLARED['fields'])} fields crossed" in declared.text
    assert "Customs Act, article 17" in declared.text
    assert "hsCode" in declared.one("ul", css="fields").text


def test_a_refusal_says_in_words_why_and_which_field(shipment: Element) -> None:
    refused = shipment.section("What crossed the bridge").one("li", css="refused")
    assert refused.one("p", css="refusal").text == (
        "The agreement does not list this field, so nothing crossed. /invoice/bankAccount"
    )
    assert f"Nothing crossed; {len(DECLARED['fields']) + 1} fields asked" in refused.text
    assert "fields crossed" not in refused.text


def test_the_declaration_card_tells_mrn_channel_duty_and_release(shipment: Element) -> None:
    card = shipment.section("Customs").text
    for told in ("26TW00012345678901", "Green: no check", "NT$0.00", "Released 5 Jun 2026, 02:00 UTC"):
        assert told in card


def test_a_released_shipment_is_not_declared_again(shipment: Element) -> None:
    assert "File the export declaration" not in shipment.text


def test_filing_asks_the_schema_once_however_often_the_button_is_pressed(
    as_party: AsParty, example: Example
) -> None:
    example.shipments = [another("X", declaration=None)]
    forwarder = as_party("forwarder")
    page = forwarder.get("/shipments/X")
    for _ in range(2):
        assert forwarder.send(page, "File the export declaration").status_code == 303
    (name, first), (_, second) = example.changes
    assert name == "submitDeclaration"
    assert first == second
    assert first["shipment"] == "X"
    assert len(first["idempotencyKey"]) == 32


def test_a_refused_filing_says_why(as_party: AsParty, example: Example) -> None:
    example.shipments = [another("X", declaration=None)]
    example.user_errors = [{"code": "conflict", "field": None, "message": "It is declared already."}]
    forwarder = as_party("forwarder")
    forwarder.send(forwarder.get("/shipments/X"), "File the export declaration")
    assert forwarder.get("/shipments/X").one(role="alert").text == "It is declared already."


def test_a_carrier_may_look_but_not_file_or_grant(as_party: AsParty, example: Example) -> None:
    example.shipments = [another("X", declaration=None)]
    page = as_party("carrier").get("/shipments/X")
    for action in ("File the export declaration", "Give access", "Revoke"):
        assert action not in page.text


def test_the_whole_day_chosen_is_granted(as_party: AsParty, example: Example) -> None:
    trader = as_party("trader")
    answer = trader.send(
        trader.get(f"/shipments/{REFERENCE}"),
        "Give access",
        reader=" bank ",
        purpose="TRADE_FINANCE",
        documents=["document:380", "document:705"],
        validUntil="2026-07-18",
    )
    assert answer.status_code == 303
    ((name, given),) = example.changes
    assert name == "grantAccess"
    assert given["idempotencyKey"]
    assert {key: given[key] for key in given if key != "idempotencyKey"} == {
        "reader": "bank",
        "purpose": "TRADE_FINANCE",
        "validUntil": "2026-07-18T23:59:59Z",
        "documents": ["document:380", "document:705"],
    }


@pytest.mark.parametrize(
    ("entered", "said"),
    [
        ({"validUntil": "soon", "documents": "document:380"}, "Choose the last day of the access."),
        ({"validUntil": "2026-07-18"}, "Choose at least one document, or the whole shipment."),
    ],
)
def test_an_incomplete_grant_is_said_beside_the_field_and_not_sent(
    as_party: AsParty, example: Example, entered: dict[str, str], said: str
) -> None:
    trader = as_party("trader")
    form = {"reader": "bank", "purpose": "TRADE_FINANCE", **entered}
    answer = trader.send(trader.get(f"/shipments/{REFERENCE}"), "Give access", **form)
    assert answer.status_code == 422
    assert said in answer.text
    assert example.changes == []


def test_what_the_service_refuses_stands_beside_its_field_with_what_was_entered(
    as_party: AsParty, example: Example
) -> None:
    example.user_errors = [{"code": "unknown_party", "field": "reader", "message": "No such party."}]
    trader = as_party("trader")
    form = {"reader": "bnak", "purpose": "TRADE_FINANCE", "documents": "document:380"}
    answer = trader.send(
        trader.get(f"/shipments/{REFERENCE}"), "Give access", validUntil="2026-07-18", **form
    )
    assert answer.status_code == 422
    assert "No such party." in answer.text
    assert 'value="bnak"' in answer.text


def test_a_grant_is_revoked_from_the_page(as_party: AsParty, example: Example) -> None:
    trader = as_party("trader")
    answer = trader.send(trader.get(f"/shipments/{REFERENCE}"), "Revoke the access of bank")
    assert answer.status_code == 303
    assert [(name, given["grant"]) for name, given in example.changes] == [("revokeAccess", "grant:1")]


def test_a_document_is_downloaded_as_its_service_gives_it_out(as_party: AsParty) -> None:
    trader = as_party("trader")
    address = trader.get(f"/shipments/{REFERENCE}").link("Download Commercial invoice FPM-2026-0417")
    assert address == f"/download/documents/{DOCUMENT}"
    answer = trader.client.get(address)
    assert answer.data == b"<Invoice/>"
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_document_that_is_not_theirs_is_not_there(as_party: AsParty) -> None:
    as_party("bank").get("/download/documents/0190a2f4-0000-7000-8000-000000000000", status=404)
