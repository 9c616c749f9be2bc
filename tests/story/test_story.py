"""The story, asserted from outside: over HTTP, against the real processes."""

import base64
import json
import subprocess
import sys
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import pytest

from installation import Installation

pytestmark = pytest.mark.xdist_group("isthmus")

REFERENCE = "KHH-HAM-0417"
UCR = "6TW24536806-FPM0417"
HELD_BACK = ("Irrevocable credit", "567400", "0110-4577-8190-3", "FPM-2026-0417")


def ask(client: httpx.Client, query: str, **variables: Any) -> dict[str, Any]:
    answer = client.post("/graphql", json={"query": query, "variables": variables})
    assert answer.status_code == 200, answer.text
    assert "errors" not in answer.json(), answer.text
    data: dict[str, Any] = answer.json()["data"]
    return data


def nodes(connection: dict[str, Any]) -> list[dict[str, Any]]:
    return [edge["node"] for edge in connection["edges"]]


@pytest.fixture(scope="module")
def trader(isthmus: Installation) -> Iterator[httpx.Client]:
    with isthmus.client("trader") as client:
        yield client


@pytest.fixture(scope="module")
def forwarder(isthmus: Installation) -> Iterator[httpx.Client]:
    with isthmus.client("forwarder") as client:
        yield client


@pytest.fixture(scope="module")
def carrier(isthmus: Installation) -> Iterator[httpx.Client]:
    with isthmus.client("carrier") as client:
        yield client


@pytest.fixture(scope="module")
def bank(isthmus: Installation) -> Iterator[httpx.Client]:
    with isthmus.client("bank") as client:
        yield client


@pytest.fixture(scope="module")
def operator(isthmus: Installation) -> Iterator[httpx.Client]:
    with isthmus.client("operator") as client:
        yield client


@pytest.fixture(scope="module")
def authority(isthmus: Installation) -> Iterator[httpx.Client]:
    with isthmus.client("authority") as client:
        yield client


def the_shipment(client: httpx.Client, selection: str) -> dict[str, Any]:
    found = ask(client, f"query ($r: String!) {{ shipment(reference: $r) {{ {selection} }} }}", r=REFERENCE)[
        "shipment"
    ]
    assert found is not None
    return dict(found)


def the_documents(client: httpx.Client) -> dict[str, dict[str, Any]]:
    selection = "documents(first: 20) { edges { node { id type title sha256 contentUrl } } }"
    return {node["type"]: node for node in nodes(the_shipment(client, selection)["documents"])}


class TestTracking:
    def test_the_forwarder_sees_the_shipment_it_made_for_the_trader(self, forwarder: httpx.Client) -> None:
        seen = the_shipment(
            forwarder, "owner { name } origin { code name } destination { name } equipment { reference }"
        )
        assert seen["owner"]["name"] == "trader"
        assert seen["origin"] == {"code": "TWKHH", "name": "Kaohsiung"}
        assert seen["destination"]["name"] == "Hamburg"
        assert [box["reference"] for box in seen["equipment"]] == ["MCLU4200170", "MCLU4200185"]

    def test_an_event_that_came_twice_stands_once_and_a_late_one_in_its_place(
        self, forwarder: httpx.Client
    ) -> None:
        timeline = nodes(
            the_shipment(
                forwarder,
                "timeline(first: 100) { edges { node { at kind code classifier correction } } }",
            )["timeline"]
        )
        carried = [entry for entry in timeline if entry["kind"] != "CUSTOMS"]
        standing = [
            entry for entry in carried if not entry["correction"] or entry["correction"] != "SUPERSEDED"
        ]
        actual = sorted(
            (entry for entry in standing if entry["classifier"] == "ACTUAL"), key=lambda entry: entry["at"]
        )
        assert [entry["code"] for entry in actual] == [
            *("GTIN", "GTIN", "LOAD", "LOAD", "DEPA", "ARRI", "DEPA"),
            "DROP",  # by the proof of its delivery
        ]

    def test_the_status_follows_the_latest_actual_event_and_the_eta_the_latest_estimate(
        self, forwarder: httpx.Client
    ) -> None:
        seen = the_shipment(forwarder, "status { code place { code } } eta bookingReference")
        assert seen["status"]["place"]["code"] == "KRPUS"
        assert seen["eta"] is not None

    def test_the_events_posted_again_change_nothing(
        self, isthmus: Installation, forwarder: httpx.Client
    ) -> None:
        selection = "status { code } eta timeline(first: 100) { edges { node { id } } }"
        before = the_shipment(forwarder, selection)
        played = isthmus.command("demo")
        assert played.returncode == 0, played.stdout + played.stderr
        assert the_shipment(forwarder, selection) == before


class TestDeclaration:
    def test_customs_answers_are_in_the_timeline(self, forwarder: httpx.Client) -> None:
        seen = the_shipment(
            forwarder,
            "declaration { mrn status channel duty { amountMinor currency } }"
            " timeline(first: 100) { edges { node { kind code } } }",
        )
        assert seen["declaration"]["status"] == "RELEASED"
        assert seen["declaration"]["channel"] in ("GREEN", "YELLOW")
        assert len(seen["declaration"]["mrn"]) == 18
        assert isinstance(seen["declaration"]["duty"]["amountMinor"], int)
        customs = {entry["code"] for entry in nodes(seen["timeline"]) if entry["kind"] == "CUSTOMS"}
        assert {"ACCEPTED", "CHANNEL_ASSIGNED", "DUTY_ASSESSED", "RELEASED"} <= customs

    def test_goods_cross_and_payment_terms_discount_and_bank_account_do_not(
        self, isthmus: Installation
    ) -> None:
        declarations = httpx.get(f"{isthmus.window_url}/declarations.json").text
        assert "Vertical machining centre VMC-850" in declarations
        assert "845811" in declarations
        assert [held for held in HELD_BACK if held in declarations] == []

    def test_an_attempt_to_send_a_bank_account_is_refused_and_in_the_log(
        self, forwarder: httpx.Client, authority: httpx.Client
    ) -> None:
        own = nodes(
            ask(forwarder, "{ crossings(first: 50) { edges { node { state reason field logIndex } } } }")[
                "crossings"
            ]
        )
        refused = [crossing for crossing in own if crossing["state"] == "REFUSED"]
        assert [(crossing["reason"], crossing["field"]) for crossing in refused] == [
            ("FIELD_NOT_PERMITTED", "/invoice/bankAccount")
        ]
        log = nodes(
            ask(
                authority,
                "{ crossings(first: 100) { edges { node { decision reason field logIndex party } } } }",
            )["crossings"]
        )
        assert refused[0]["logIndex"] in [
            entry["logIndex"] for entry in log if entry["decision"] == "REFUSED"
        ]


class TestFinance:
    def test_the_bank_fetches_what_it_was_granted_and_the_digest_matches(
        self, trader: httpx.Client, bank: httpx.Client
    ) -> None:
        for type_code, document in the_documents(trader).items():
            if type_code in ("380", "705"):
                fetched = bank.get(document["contentUrl"])
                assert fetched.status_code == 200
                assert sha256(fetched.content).hexdigest() == document["sha256"]

    def test_the_bank_may_not_fetch_the_packing_list_and_the_trader_sees_the_try(
        self, trader: httpx.Client, bank: httpx.Client
    ) -> None:
        packing_list = the_documents(trader)["271"]
        refused = bank.get(packing_list["contentUrl"])
        assert refused.status_code == 404
        assert refused.headers["Content-Type"] == "application/problem+json"
        assert packing_list["title"] not in refused.text
        entries = nodes(
            ask(
                trader,
                "{ accessLog(first: 100) { edges { node { reader { name } outcome document { title } } } } }",
            )["accessLog"]
        )
        assert {
            "reader": {"name": "bank"},
            "outcome": "REFUSED",
            "document": {"title": packing_list["title"]},
        } in entries

    def test_the_bank_does_not_see_the_shipment(self, bank: httpx.Client) -> None:
        assert ask(bank, f'{{ shipment(reference: "{REFERENCE}") {{ id }} }}')["shipment"] is None

    def test_the_bank_learns_that_the_declaration_is_released_and_nothing_more(
        self, bank: httpx.Client
    ) -> None:
        own = nodes(
            ask(
                bank,
                "{ crossings(first: 50) { edges { node {"
                " message direction state fields answer { exists released } } } } }",
            )["crossings"]
        )
        asked = [crossing for crossing in own if crossing["message"] == "DECLARATION_QUERY"]
        answers = [crossing for crossing in own if crossing["message"] == "DECLARATION_ANSWER"]
        assert [crossing["answer"] for crossing in asked] == [{"exists": True, "released": True}]
        assert [sorted(crossing["fields"]) for crossing in answers] == [["/exists", "/released"]]
        assert {crossing["message"] for crossing in own} == {"DECLARATION_QUERY", "DECLARATION_ANSWER"}


class TestAudit:
    @pytest.fixture
    def bundle(self, authority: httpx.Client, tmp_path: Path) -> Path:
        log = nodes(
            ask(
                authority,
                "{ crossings(first: 100) { edges { node { message decision evidenceUrl } } } }",
            )["crossings"]
        )
        address = next(
            entry["evidenceUrl"]
            for entry in log
            if entry["message"] == "EXPORT_DECLARATION" and entry["decision"] == "PERMITTED"
        )
        answer = authority.get(address)
        assert answer.status_code == 200
        file = tmp_path / "evidence.json"
        file.write_bytes(answer.content)
        return file

    def test_a_bundle_verifies_offline(self, isthmus: Installation, bundle: Path) -> None:
        trust = isthmus.home / "keys" / "trust.json"
        verdict = isthmus.command("verify", str(bundle), "--trust", str(trust))
        assert verdict.returncode == 0, verdict.stdout + verdict.stderr
        assert "pass  witness     cosigned by" in verdict.stdout

    @staticmethod
    def verified_by_protocol(bundle: Path) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "isthmus_protocol.verify", str(bundle)]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    def test_the_protocol_alone_verifies_it(self, bundle: Path) -> None:
        verdict = self.verified_by_protocol(bundle)
        assert verdict.returncode == 0, verdict.stdout + verdict.stderr

    @pytest.mark.parametrize("tenth", range(10))
    def test_a_flipped_byte_fails(self, bundle: Path, tenth: int) -> None:
        body = bytearray(bundle.read_bytes())
        body[len(body) * tenth // 10] ^= 1
        bundle.write_bytes(bytes(body))
        assert self.verified_by_protocol(bundle).returncode == 1

    def test_the_bundle_holds_no_payload(self, bundle: Path) -> None:
        body = bundle.read_text()
        assert "machining" not in body
        assert UCR not in body
        assert "845710" not in body


class TestBilling:
    def test_forwarder_and_bank_have_an_invoice_whose_lines_lead_back_to_usage(
        self, forwarder: httpx.Client, bank: httpx.Client
    ) -> None:
        query = (
            "{ invoices(first: 5) { edges { node { status total { amountMinor } concessionFee { amountMinor }"
            " lines { meter quantity amount { amountMinor } usageEvents(first: 100) {"
            " edges { node { name quantity } } } } } } } }"
        )
        for client, meter in ((forwarder, "declaration.submitted"), (bank, "document.read")):
            invoice = nodes(ask(client, query)["invoices"])[0]
            assert invoice["status"] == "FINALISED"
            assert invoice["total"]["amountMinor"] == sum(
                line["amount"]["amountMinor"] for line in invoice["lines"]
            )
            assert 0 < invoice["concessionFee"]["amountMinor"] < invoice["total"]["amountMinor"]
            line = next(line for line in invoice["lines"] if line["meter"] == meter)
            assert sum(event["quantity"] for event in nodes(line["usageEvents"])) == line["quantity"]

    def test_invoice_numbers_have_no_gap(self, operator: httpx.Client) -> None:
        invoices = nodes(ask(operator, "{ invoices(first: 100) { edges { node { number } } } }")["invoices"])
        serials = sorted(int(invoice["number"].rsplit("-", 1)[1]) for invoice in invoices)
        assert serials == list(range(1, len(serials) + 1))

    def test_the_operator_cannot_open_any_document(
        self, trader: httpx.Client, operator: httpx.Client
    ) -> None:
        for document in the_documents(trader).values():
            assert operator.get(document["contentUrl"]).status_code == 404
            found = ask(operator, "query ($id: ID!) { document(id: $id) { title } }", id=document["id"])
            assert found["document"] is None


def test_played_again_it_changes_nothing_that_stands(isthmus: Installation, operator: httpx.Client) -> None:
    query = "{ invoices(first: 100) { edges { node { number total { amountMinor } } } } }"
    log = f"{isthmus.bridge_url}/v1/log/checkpoint?cosigned=false"
    before = ask(operator, query), httpx.get(log).text.splitlines()[1]
    again = isthmus.command("demo")
    assert again.returncode == 0, again.stdout + again.stderr
    assert (ask(operator, query), httpx.get(log).text.splitlines()[1]) == before


def test_a_token_names_its_party_and_no_more_than_fifteen_minutes(isthmus: Installation) -> None:
    claims = json.loads(base64.urlsafe_b64decode(isthmus.token("bank").split(".")[1] + "=="))
    assert claims["exp"] - claims["iat"] == 15 * 60
    assert {"iss", "aud", "exp", "iat", "jti"} <= set(claims)
