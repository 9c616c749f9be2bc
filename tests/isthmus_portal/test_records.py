"""The crossing log of the authority, and the access log of owners."""

from copy import deepcopy
from uuid import UUID

from flask import Response, request

from isthmus_platform.database import Actor
from isthmus_portal import Files
from portal_example import CROSSINGS, EXCHANGE, REFERENCE, Example, portal_app
from portal_visitor import AsParty, Visitor


def test_the_log_tells_index_time_message_parties_decision_reason_and_fields(as_party: AsParty) -> None:
    rows = as_party("authority").get("/log").one("tbody").all("tr")
    assert len(rows) == len(CROSSINGS)
    refused = rows[-1]
    assert "refused" in refused.classes
    for told in ("3", "02:00:01 UTC", "Export declaration", "forwarder for trader", "Refused"):
        assert told in refused.text
    assert "The agreement does not list this field, so nothing crossed. /invoice/bankAccount" in refused.text
    assert "exists released" in rows[0].text


def test_refusals_can_be_looked_at_alone(as_party: AsParty, example: Example) -> None:
    rows = as_party("authority").get("/log?decision=REFUSED").one("tbody").all("tr")
    assert ["refused" in row.classes for row in rows] == [True]
    assert {"decision": "REFUSED"} in [variables.get("filter") for _, variables in example.asked]


def test_an_unknown_decision_is_not_sent_to_the_schema(as_party: AsParty, example: Example) -> None:
    as_party("authority").get("/log?decision=ANY")
    assert all(not variables.get("filter") for _, variables in example.asked)


def test_a_crossing_tells_its_agreement_and_how_to_check_its_evidence(as_party: AsParty) -> None:
    authority = as_party("authority")
    page = authority.get("/log/crossing:2")
    assert "export-declaration v1" in page.text
    exchange = EXCHANGE.format(2)
    assert page.link("Download the bundle") == f"/download/evidence/{exchange}"
    command = f"isthmus verify evidence-{exchange}.json"
    assert page.one("p", css="command").one("code").text == command
    bundle = authority.client.get(page.link("Download the bundle"))
    assert bundle.content_type == "application/json"


def test_a_crossing_that_is_not_there_is_not_there(as_party: AsParty) -> None:
    as_party("authority").get("/log/crossing:99", status=404)


def test_the_owner_sees_who_read_what_for_what_and_each_refusal(as_party: AsParty) -> None:
    rows = as_party("trader").get("/access").one("tbody").all("tr")
    assert ["refused" in row.classes for row in rows] == [False, True, False]
    for told in ("Kaohsiung Export Bank", "Download", "Commercial invoice", "Trade finance", "Allowed"):
        assert told in rows[0].text
    assert "Packing list" in rows[1].text
    assert "No grant covers this." in rows[1].text


def test_the_owner_takes_its_log_along(example: Example) -> None:
    asked: list[Actor] = []

    def file(actor: Actor) -> Response:
        asked.append(actor)
        return Response(f"as {request.args['format']}", content_type="text/plain")

    trader = Visitor(portal_app(example, files=Files(access_log=file)).test_client()).sign_in("trader")
    page = trader.get("/access")
    for format_ in ("CSV", "JSON"):
        answer = trader.client.get(page.link(f"Take along as {format_}"))
        assert answer.text == f"as {format_.lower()}"
    assert [actor.subject for actor in asked] == ["user:trader"] * 2


def test_where_no_file_is_made_there_is_no_button(as_party: AsParty) -> None:
    trader = as_party("trader")
    assert "Take along" not in trader.get("/access").text
    trader.get("/download/access-log", status=404)


def test_a_signed_document_is_taken_along_as_pages(example: Example) -> None:
    example.shipments = deepcopy(example.shipments)
    document = next(one for one in example.shipments if one["reference"] == REFERENCE)["documents"]
    node = document["edges"][0]["node"]
    node["mediaType"] = "application/vnd.isthmus.document+json"
    asked: list[str] = []

    def pages(actor: Actor, document_id: UUID) -> Response:
        asked.append(f"{actor.subject} {document_id}")
        return Response(b"%PDF-", content_type="application/pdf")

    trader = Visitor(portal_app(example, files=Files(pages=pages)).test_client()).sign_in("trader")
    link = trader.get(f"/shipments/{REFERENCE}").link(f"PDF of {node['title']}")
    assert trader.client.get(link).content_type == "application/pdf"
    assert asked == [f"user:trader {link.split('/')[3]}"]
