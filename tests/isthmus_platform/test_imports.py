"""A file of shipments is taken whole; good rows are kept, bad rows are named, and what broke off goes on."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from isthmus_platform import imports, outbox, shipment_rows, shipments
from isthmus_platform.database import Actor, Platform
from isthmus_platform.errors import InvalidInput
from isthmus_platform.http import imports as entry
from isthmus_platform.shipments import ShipmentFilter
from trade import Trade, open_trade

HEADER = "reference,ucr,origin,destination,carrier,bookingReference,equipment\n"


@pytest.fixture
def trade(platform: Platform) -> Trade:
    return open_trade(platform)


@pytest.fixture
def web(trade: Trade) -> FlaskClient:
    def authenticate(header: str) -> Actor:
        return trade[header.removeprefix("Bearer ")]

    app = Flask("test")
    app.register_blueprint(entry.blueprint(trade.platform, authenticate))
    return app.test_client()


def line(n: int, **changes: str) -> str:
    values = {
        "reference": f"R{n}",
        "ucr": f"U{n}",
        "origin": "TWKHH",
        "destination": "DEHAM",
        "carrier": "carrier",
        "bookingReference": f"B{n}",
        "equipment": "MCLU4200170 MCLU4200185",
    } | changes
    return ",".join(values.values()) + "\n"


def send(
    web: FlaskClient, body: str | bytes, upload: str = "may", by: str = "trader", kind: str = "text/csv"
) -> TestResponse:
    headers = {"Authorization": f"Bearer {by}", "Content-Type": kind}
    return web.post(f"/shipments/import?upload={upload}", data=body, headers=headers)


def report(web: FlaskClient, upload: str = "may", by: str = "trader", **query: str) -> dict[str, Any]:
    answer = web.get(
        f"/shipments/import/{upload}", headers={"Authorization": f"Bearer {by}"}, query_string=query
    )
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.get_json()
    return body


def work(trade: Trade, limit: int = 1000) -> int:
    """Do what the worker's task does."""
    return outbox.drain(
        trade.platform, imports.TOPIC, lambda m: imports.handle(trade.platform, m), limit=limit
    )


def made(trade: Trade, by: str = "trader") -> list[str]:
    with trade.platform.begin(trade[by]) as reading:
        page = shipments.page(reading, ShipmentFilter(), first=20_000)
        return [each.reference for each in page][::-1]


def test_good_rows_are_made_and_bad_rows_named_with_field_and_rule(trade: Trade, web: FlaskClient) -> None:
    bad = [
        line(2, origin="XXXXX"),
        line(3, equipment="MCLU4200171"),
        line(1),
        line(5, carrier="stranger"),
        line(6, ucr=""),
        line(7)[:-1] + ",surplus\n",
    ]
    answer = send(web, HEADER + line(1) + "".join(bad) + line(8))
    assert answer.status_code == 202
    assert answer.get_json() == {
        "upload": "may",
        "rows": 8,
        "waiting": 8,
        "made": 0,
        "refused": 0,
        "finishedAt": None,
    }
    assert made(trade) == [], "nothing before the worker"
    assert work(trade) == 1
    told = report(web)
    assert (told["waiting"], told["made"], told["refused"]) == (0, 2, 6)
    assert told["finishedAt"] is not None
    assert [(each["row"], each["outcome"], each["code"], each["field"]) for each in told["lines"]] == [
        (1, "MADE", None, None),
        (2, "REFUSED", "unknown_place", "origin"),
        (3, "REFUSED", "check_digit", "equipment[0].reference"),
        (4, "REFUSED", "reference_taken", "reference"),
        (5, "REFUSED", "not_a_carrier", "carrier"),
        (6, "REFUSED", "required", "ucr"),
        (7, "REFUSED", "unknown_field", "column 8"),
        (8, "MADE", None, None),
    ]
    assert made(trade) == ["R1", "R8"]


def test_the_same_file_again_changes_nothing_and_another_under_its_id_is_refused(
    trade: Trade, web: FlaskClient
) -> None:
    file = HEADER + line(1) + line(2)
    with ThreadPoolExecutor(3) as pool:
        answers = list(pool.map(lambda _: send(web, file).status_code, range(3)))
    assert answers == [202] * 3
    assert work(trade) == 1
    assert send(web, file).get_json()["made"] == 2
    assert work(trade) == 0
    refused = send(web, HEADER + line(3))
    assert (refused.status_code, refused.get_json()["code"]) == (409, "upload_id_reused")
    assert made(trade) == ["R1", "R2"]


def test_what_broke_off_goes_on_where_it_stopped(
    trade: Trade, web: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imports, "CHUNK", 4)
    send(web, HEADER + "".join(line(n) for n in range(10)))
    assert work(trade, limit=1) == 1
    assert len(made(trade)) == 4
    assert report(web)["waiting"] == 6

    def killed(message: outbox.Message) -> None:
        imports.handle(trade.platform, message)
        raise RuntimeError("killed after its commit, before the outbox knew")

    outbox.drain(trade.platform, imports.TOPIC, killed, limit=1)
    assert len(made(trade)) == 8
    work(trade)
    told = report(web)
    assert (told["made"], told["refused"], told["waiting"]) == (10, 0, 0)
    assert made(trade) == [f"R{n}" for n in range(10)], "each once"


def test_a_json_list_may_use_the_names_of_dcsa(trade: Trade, web: FlaskClient) -> None:
    row = {
        "shipmentReference": "R1",
        "UCR": "U1",
        "placeOfReceipt": "TWKHH",
        "placeOfDelivery": "DEHAM",
        "carrierBookingReference": "B1",
        "equipmentReferences": ["MCLU4200170"],
    }
    bad = row | {"shipmentReference": "R2", "UCR": 7}
    assert send(web, json.dumps({"shipments": [row, bad, 3]}), kind="application/json").status_code == 202
    work(trade)
    assert [(each["outcome"], each["field"]) for each in report(web)["lines"]] == [
        ("MADE", None),
        ("REFUSED", "UCR (not a text)"),
        ("REFUSED", "(not an object)"),
    ]
    with trade.platform.begin(trade["trader"]) as reading:
        assert shipments.by_reference(reading, "R1").booking_reference == "B1"


@pytest.mark.parametrize(
    ("body", "kind", "status", "code"),
    [
        (b"", "text/csv", 422, "header"),
        (HEADER.encode(), "text/csv", 422, "empty"),
        (b"reference,ucr\nR1,U1\n", "text/csv", 422, "header"),
        (HEADER.replace("carrier", "colour").encode(), "text/csv", 422, "header"),
        (HEADER.encode() + b"\xff\xfe", "text/csv", 422, "encoding"),
        (HEADER.encode() + b"R1,U\x001,TWKHH,DEHAM,,,\n", "text/csv", 422, "malformed_csv"),
        (HEADER.encode() + b'"R1,U1', "text/csv", 422, "malformed_csv"),
        (b"{", "application/json", 422, "malformed_json"),
        (b'{"shipments": 3}', "application/json", 422, "type"),
        (b"[" + b"{}," * 10_000 + b"{}]", "application/json", 422, "too_many"),
        (b"R1", "text/plain", 415, "unsupported_media_type"),
    ],
    ids=["nothing", "no-row", "short", "column", "encoding", "nul", "quote", "json", "type", "many", "media"],
)
def test_a_file_that_cannot_be_read_is_refused_whole(
    trade: Trade, web: FlaskClient, body: bytes, kind: str, status: int, code: str
) -> None:
    answer = send(web, body, kind=kind)
    assert (answer.status_code, answer.get_json()["code"]) == (status, code)
    assert work(trade) == 0


def test_an_import_is_its_senders_alone(trade: Trade, web: FlaskClient) -> None:
    send(web, HEADER + line(1))
    work(trade)
    for other in ("stranger", "forwarder", "operator"):
        answer = web.get("/shipments/import/may", headers={"Authorization": f"Bearer {other}"})
        assert answer.status_code == 404
    assert send(web, HEADER + line(1), by="carrier").status_code == 403
    assert send(web, HEADER + line(1), by="stranger").status_code == 202, "its own of the same name"


def test_the_report_is_read_in_pages(trade: Trade, web: FlaskClient) -> None:
    send(web, HEADER + "".join(line(n) for n in range(5)))
    first = report(web, first="3")
    assert ([each["row"] for each in first["lines"]], first["next"]) == ([1, 2, 3], 3)
    last = report(web, first="3", after="3")
    assert ([each["row"] for each in last["lines"]], last["next"]) == ([4, 5], None)
    answer = web.get("/shipments/import/may?first=0", headers={"Authorization": "Bearer trader"})
    assert (answer.status_code, answer.get_json()["field"]) == (400, "first")


def test_ten_thousand_rows_are_read_and_kept(trade: Trade, web: FlaskClient) -> None:
    body = HEADER + "".join(line(n) for n in range(10_000))
    assert len(shipment_rows.read_csv(body.encode())) == 10_000
    assert send(web, body).get_json()["waiting"] == 10_000
    assert work(trade, limit=1) == 1
    assert report(web)["made"] == imports.CHUNK
    with pytest.raises(InvalidInput, match="At most"):
        shipment_rows.read_csv((body + line(10_000)).encode())
