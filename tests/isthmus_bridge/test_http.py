"""What the bridge takes over HTTP, from whom, and what it refuses."""

import hashlib
import hmac
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import psycopg
import pytest
from flask.testing import FlaskClient
from psycopg import sql
from werkzeug.test import TestResponse

from counterparts import (
    KEYRING,
    KEYS,
    UCR,
    Neighbour,
    Signer,
    agreement,
    at,
    declaration,
    reply,
    status_agreement,
)
from isthmus_bridge.database import create_bridge_engine
from isthmus_bridge.delivery import deliver_due
from isthmus_bridge.http import create_app
from isthmus_bridge.service import Bridge
from isthmus_protocol.canonical import canonical
from isthmus_protocol.checkpoint import open_note
from isthmus_protocol.keys import Holder, SigningKey
from standing import StandingClock

NOBODYS = "0198c0de-0000-7000-8000-000000000000"
JSON = {"Content-Type": "application/json"}


AGREEMENTS = 2
"""How many entries of the log tell of the agreements that the exchanges here stand on."""


def size_of_log(client: FlaskClient) -> int:
    """Return how many entries there are about exchanges."""
    return open_note(client.get("/v1/log/checkpoint").text, KEYRING, Holder.LOG).size - AGREEMENTS


def test_a_declaration_under_an_agreement_is_agreed_and_in_the_log(
    agreed: None, as_platform: Signer, as_authority: Signer, bridge: Bridge
) -> None:
    response = as_platform.post("/v1/exchanges", declaration())
    assert response.status_code == 201, response.text
    answer = response.get_json()
    assert answer["state"] == "AGREED"
    assert answer["agreement"] == {"id": "export-declaration", "version": 1}
    listed = as_authority.get("/v1/log/entries?start=0&limit=10").get_json()
    assert listed["size"] == AGREEMENTS + 1
    record = listed["entries"][answer["logIndex"]]["record"]
    assert record["decision"] == "PERMITTED"
    assert record["fields"] == ["/goods/hsCode", "/goods/statisticalValueMinor", "/ucr"]


def test_nothing_crosses_without_an_agreement_and_the_refusal_is_in_the_log(
    as_platform: Signer, as_authority: Signer
) -> None:
    answer = as_platform.post("/v1/exchanges", declaration()).get_json()
    assert (answer["state"], answer["reason"], answer["agreement"]) == ("REFUSED", "NO_AGREEMENT", None)
    (entry,) = as_authority.get("/v1/log/entries").get_json()["entries"]
    assert (entry["record"]["decision"], entry["record"]["fields"]) == ("REFUSED", [])


def test_a_field_that_is_not_agreed_is_refused_by_name_and_the_rest_does_not_cross(
    agreed: None, as_platform: Signer
) -> None:
    body = declaration(fields=["/ucr", "/invoice/bankAccount"])
    answer = as_platform.post("/v1/exchanges", body).get_json()
    assert (answer["state"], answer["reason"], answer["field"]) == (
        "REFUSED",
        "FIELD_NOT_PERMITTED",
        "/invoice/bankAccount",
    )


def test_no_secret_is_kept_anywhere_in_the_database_or_told_to_the_logs(
    agreed: None, as_platform: Signer, bridge_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    as_platform.post("/v1/exchanges", declaration())
    with psycopg.connect(bridge_url) as connection:
        tables = connection.execute(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
        ).fetchall()
        rows = [
            connection.execute(sql.SQL("SELECT {0}::text FROM {0}").format(sql.Identifier(name))).fetchall()
            for (name,) in tables
        ]
    held = str(rows)
    assert "845811" in held, "what was released waits for its delivery"
    assert "SECRET" not in held
    printed = capsys.readouterr().out
    assert "/v1/exchanges" in printed
    assert "845811" not in printed
    assert UCR not in printed


def test_the_subject_is_kept_as_a_keyed_hash_alone(
    agreed: None, as_platform: Signer, as_authority: Signer, bridge: Bridge
) -> None:
    as_platform.post("/v1/exchanges", declaration())
    *_, entry = as_authority.get("/v1/log/entries").get_json()["entries"]
    expected = hmac.new(bridge.subject_key, UCR.encode(), hashlib.sha256).hexdigest()
    assert entry["record"]["subject"] == expected


class TestIdempotency:
    """One key, one exchange."""

    def test_the_same_request_again_is_the_same_exchange(self, agreed: None, as_platform: Signer) -> None:
        first = as_platform.post("/v1/exchanges", declaration())
        again = as_platform.post("/v1/exchanges", declaration())
        assert (first.status_code, again.status_code) == (201, 200)
        assert first.get_json() == again.get_json()
        assert size_of_log(as_platform.client) == 1

    def test_a_refusal_is_repeated_too_even_when_it_would_be_agreed_by_now(
        self, as_platform: Signer, put_in_force: Callable[..., None]
    ) -> None:
        first = as_platform.post("/v1/exchanges", declaration())
        put_in_force(agreement())
        assert as_platform.post("/v1/exchanges", declaration()).get_json() == first.get_json()

    def test_the_same_key_with_another_request_is_a_conflict(self, agreed: None, as_platform: Signer) -> None:
        as_platform.post("/v1/exchanges", declaration())
        response = as_platform.post("/v1/exchanges", declaration(party="trader"))
        problem = response.get_json()
        assert (response.status_code, problem["code"]) == (409, "idempotency_key_reused")
        assert problem["field"] == "/idempotencyKey"
        assert size_of_log(as_platform.client) == 1

    def test_callers_do_not_share_keys(
        self, agreed: None, as_platform: Signer, as_window: Signer, bridge: Bridge
    ) -> None:
        asked = as_platform.post("/v1/exchanges", declaration("shared")).get_json()["exchange"]
        deliver_due(bridge)
        answer = as_window.post("/v1/exchanges", reply(asked, "shared"))
        assert (answer.status_code, answer.get_json()["state"]) == (201, "AGREED")

    def test_many_at_once_with_one_key_make_one_exchange(
        self, agreed: None, as_platform: Signer, bridge: Bridge, clock: StandingClock
    ) -> None:
        app = create_app(bridge)
        platforms = [Signer(app.test_client(), KEYS[Holder.PLATFORM], clock) for _ in range(6)]

        def send(platform: Signer) -> tuple[int, str]:
            response = platform.post("/v1/exchanges", declaration())
            return response.status_code, response.get_json()["exchange"]

        with ThreadPoolExecutor(6) as pool:
            answers = list(pool.map(send, platforms))
        assert sorted(status for status, _ in answers) == [200] * 5 + [201]
        assert len({exchange for _, exchange in answers}) == 1


class TestReplies:
    """What the window may send: answers to what was sent to it, and for the same purpose."""

    def test_a_reply_to_nothing_is_refused_and_logged(
        self, agreed: None, as_window: Signer, private: Neighbour, bridge: Bridge
    ) -> None:
        for key, to in (("a", NOBODYS), ("b", "no-uuid")):
            answer = as_window.post("/v1/exchanges", reply(to, key)).get_json()
            assert (answer["state"], answer["reason"]) == ("REFUSED", "UNKNOWN_EXCHANGE")
        deliver_due(bridge)
        assert private.arrivals == []
        assert size_of_log(as_window.client) == 2

    def test_a_reply_to_what_was_never_sent_is_refused(
        self, agreed: None, as_platform: Signer, as_window: Signer
    ) -> None:
        refused = as_platform.post("/v1/exchanges", declaration(role="BANK")).get_json()["exchange"]
        waiting = as_platform.post("/v1/exchanges", declaration("waits")).get_json()["exchange"]
        for key, to in (("a", refused), ("b", waiting)):
            answer = as_window.post("/v1/exchanges", reply(to, key)).get_json()
            assert (answer["state"], answer["reason"]) == ("REFUSED", "UNKNOWN_EXCHANGE")

    def test_a_reply_for_another_purpose_is_refused(
        self,
        agreed: None,
        as_platform: Signer,
        as_window: Signer,
        bridge: Bridge,
        put_in_force: Callable[..., None],
    ) -> None:
        put_in_force(status_agreement(id="status-for-banks", purpose="TRADE_FINANCE"))
        asked = as_platform.post("/v1/exchanges", declaration()).get_json()["exchange"]
        deliver_due(bridge)
        answer = as_window.post("/v1/exchanges", reply(asked, purpose="TRADE_FINANCE")).get_json()
        assert (answer["state"], answer["reason"]) == ("REFUSED", "UNKNOWN_EXCHANGE")

    def test_a_reply_needs_the_consent_that_the_question_came_with(
        self,
        as_platform: Signer,
        as_window: Signer,
        bridge: Bridge,
        clock: StandingClock,
        put_in_force: Callable[..., None],
    ) -> None:
        put_in_force(agreement(), status_agreement(consentRequired=True))
        consent = {
            "owner": "trader",
            "reader": "forwarder",
            "purpose": "CUSTOMS_EXPORT_CLEARANCE",
            "validUntil": at(clock.now.replace(hour=10)),
            "grant": "grant-1",
        }
        without = as_platform.post("/v1/exchanges", declaration("without")).get_json()["exchange"]
        given = as_platform.post("/v1/exchanges", declaration("given", consents=[consent])).get_json()
        deliver_due(bridge)
        answers = [as_window.post("/v1/exchanges", reply(without, "1")).get_json()["reason"]]
        answers.append(as_window.post("/v1/exchanges", reply(given["exchange"], "2")).get_json()["reason"])
        clock.advance(hours=1)
        answers.append(as_window.post("/v1/exchanges", reply(given["exchange"], "3")).get_json()["reason"])
        assert answers == ["CONSENT_MISSING", None, "CONSENT_EXPIRED"]


class TestAuthentication:
    """Who may do what is told by the key that signed, once."""

    def refused(self, response: TestResponse, status: int = 401, code: str = "not_authenticated") -> None:
        assert response.status_code == status, response.text
        assert response.content_type == "application/problem+json"
        assert response.get_json()["code"] == code

    def test_an_unsigned_request_is_refused(self, agreed: None, client: FlaskClient) -> None:
        self.refused(client.post("/v1/exchanges", json=declaration()))
        assert size_of_log(client) == 0

    def test_a_stranger_is_refused_whatever_holder_it_claims(
        self, agreed: None, client: FlaskClient, clock: StandingClock
    ) -> None:
        stranger = Signer(client, SigningKey.generate(Holder.PLATFORM), clock)
        self.refused(stranger.post("/v1/exchanges", declaration()))
        assert size_of_log(client) == 0

    def test_a_request_is_good_for_one_use(self, agreed: None, as_platform: Signer) -> None:
        body = canonical(declaration())
        headers = as_platform.sign("POST", "/v1/exchanges", body) | JSON
        client = as_platform.client
        assert client.post("/v1/exchanges", data=body, headers=headers).status_code == 201
        self.refused(client.post("/v1/exchanges", data=body, headers=headers))
        assert size_of_log(client) == 1

    def test_a_request_that_was_refused_is_used_up_too(self, as_platform: Signer) -> None:
        body = canonical(declaration())
        headers = as_platform.sign("POST", "/v1/exchanges", body) | JSON
        first = as_platform.client.post("/v1/exchanges", data=body, headers=headers)
        assert first.get_json()["reason"] == "NO_AGREEMENT"
        self.refused(as_platform.client.post("/v1/exchanges", data=body, headers=headers))

    def test_a_signature_covers_this_body_this_path_and_this_minute(
        self, agreed: None, as_platform: Signer, clock: StandingClock
    ) -> None:
        body = canonical(declaration())
        client = as_platform.client
        headers = as_platform.sign("POST", "/v1/exchanges", body) | JSON
        other = canonical(declaration(party="trader"))
        self.refused(client.post("/v1/exchanges", data=other, headers=headers))
        self.refused(client.post("/v1/agreements", data=body, headers=headers))
        self.refused(client.post("/v1/exchanges?x=1", data=body, headers=headers))
        self.refused(client.post("/v1/exchanges", data=body, headers=headers, base_url="http://elsewhere"))
        clock.advance(seconds=61)
        self.refused(client.post("/v1/exchanges", data=body, headers=headers))
        assert size_of_log(client) == 0

    def test_nonces_are_forgotten_when_their_signatures_are_long_expired(
        self, as_authority: Signer, clock: StandingClock, bridge_url: str
    ) -> None:
        for _ in range(5):
            as_authority.get("/v1/agreements")
        clock.advance(minutes=3)
        as_authority.get("/v1/agreements")
        with psycopg.connect(bridge_url) as connection:
            assert connection.execute("SELECT count(*) FROM seen_nonce").fetchone() == (1,)

    @pytest.mark.parametrize("holder", [Holder.OPERATOR, Holder.AUTHORITY, Holder.BRIDGE, Holder.LOG])
    def test_only_platform_and_window_ask_for_exchanges(
        self, agreed: None, client: FlaskClient, clock: StandingClock, holder: Holder
    ) -> None:
        self.refused(
            Signer(client, KEYS[holder], clock).post("/v1/exchanges", declaration()), 403, "not_permitted"
        )
        assert size_of_log(client) == 0

    def test_neither_side_speaks_for_the_other(
        self, agreed: None, as_platform: Signer, as_window: Signer
    ) -> None:
        self.refused(as_window.post("/v1/exchanges", declaration()), 403, "not_permitted")
        self.refused(
            as_platform.post("/v1/exchanges", reply(NOBODYS)),
            403,
            "not_permitted",
        )
        assert size_of_log(as_platform.client) == 0

    def test_the_window_sees_neither_the_log_nor_evidence_nor_what_was_refused_before_it(
        self, agreed: None, as_platform: Signer, as_window: Signer, as_authority: Signer
    ) -> None:
        refused = as_platform.post("/v1/exchanges", declaration(role="BANK")).get_json()["exchange"]
        self.refused(as_window.get("/v1/log/entries"), 403, "not_permitted")
        self.refused(as_window.get(f"/v1/exchanges/{refused}/evidence"), 403, "not_permitted")
        self.refused(as_window.get(f"/v1/exchanges/{refused}"), 404, "not_found")
        assert as_authority.get(f"/v1/exchanges/{refused}").get_json()["state"] == "REFUSED"


MALFORMED = [
    (b"", 400, "syntax"),
    (b"{", 400, "syntax"),
    (b"\xff\xfe", 400, "invalid_utf8"),
    (b'{"a":1,"a":2}', 400, "duplicate_member"),
    (b'{"a":NaN}', 400, "not_a_number"),
    (b'{"a":1.5}', 400, "float"),
    (b"[" * 100 + b"]" * 100, 400, "too_deep"),
    (b"[]", 400, "not_an_object"),
    (b"{}", 422, "missing"),
    (canonical(declaration(surprise=1)), 422, "unknown_member"),
    (canonical(declaration(direction="SIDEWAYS")), 422, "unknown_code"),
    (canonical(declaration(party="no spaces please")), 422, "pattern"),
    (canonical(declaration(fields=["/goods/*"])), 422, "path"),
    (canonical(declaration(fields=["/goods/0/hsCode"])), 422, "path"),
    (canonical(declaration(payload=[])), 422, "not_an_object"),
    (canonical(declaration(idempotencyKey="")), 422, "length"),
    (canonical(declaration(subject=None)), 422, "missing"),
]


class TestBadInput:
    """A bad request names what is wrong with it and changes nothing."""

    def test_a_malformed_request_is_refused(self, agreed: None, as_platform: Signer) -> None:
        for body, status, code in MALFORMED:
            response = as_platform.send("POST", "/v1/exchanges", body, JSON)
            assert (response.status_code, response.get_json()["code"]) == (status, code), response.text
            assert response.content_type == "application/problem+json"
        assert size_of_log(as_platform.client) == 0

    def test_the_problem_names_the_field(self, as_platform: Signer) -> None:
        problem = as_platform.post("/v1/exchanges", declaration(role="KING")).get_json()
        assert (problem["field"], problem["code"], problem["status"]) == ("/role", "unknown_code", 422)

    def test_another_content_type_is_refused(self, as_platform: Signer) -> None:
        body = canonical(declaration())
        response = as_platform.send("POST", "/v1/exchanges", body, {"Content-Type": "text/plain"})
        assert (response.status_code, response.get_json()["code"]) == (415, "unsupported_media_type")

    def test_a_body_of_more_than_a_mebibyte_is_refused(self, agreed: None, as_platform: Signer) -> None:
        body = canonical(declaration(payload={"ucr": "x" * 1_048_576}))
        response = as_platform.send("POST", "/v1/exchanges", body, JSON)
        assert (response.status_code, response.get_json()["code"]) == (413, "request_entity_too_large")
        assert size_of_log(as_platform.client) == 0

    def test_a_bad_address_is_a_problem_too(self, client: FlaskClient) -> None:
        addresses = {
            "/v1/log/inclusion": 422,
            "/v1/log/inclusion?index=-1&size=1": 422,
            "/v1/log/inclusion?index=0&size=99999999999999999999": 422,
            "/v1/log/inclusion?index=0&size=1": 404,
            "/v1/log/consistency?from=0&to=0": 404,
            "/v1/nothing": 404,
            "/v1/suspensions": 405,
        }
        answers = {path: client.get(path) for path in addresses}
        assert {path: answer.status_code for path, answer in answers.items()} == addresses
        assert {answer.content_type for answer in answers.values()} == {"application/problem+json"}

    def test_active_agreements_are_asked_for_by_three_codes(self, as_platform: Signer) -> None:
        assert as_platform.get("/v1/agreements/active?message=A").status_code == 422
        response = as_platform.get("/v1/agreements/active?message=A&direction=TO_WINDOW&purpose=B")
        assert (response.status_code, response.get_json()["code"]) == (404, "NO_AGREEMENT")


def test_a_request_id_is_given_back_and_made_where_none_came(client: FlaskClient) -> None:
    assert client.get("/healthz", headers={"X-Request-Id": "abc-1"}).headers["X-Request-Id"] == "abc-1"
    made = client.get("/healthz", headers={"X-Request-Id": "bad id\t"}).headers["X-Request-Id"]
    assert len(made) == 36


def test_a_database_that_is_gone_is_said_to_be_so(bridge: Bridge, clock: StandingClock) -> None:
    engine = create_bridge_engine("postgresql://nobody@127.0.0.1:9/nothing")
    client = create_app(replace(bridge, engine=engine)).test_client()
    signer = Signer(client, KEYS[Holder.PLATFORM], clock)
    for response, code in (
        (signer.post("/v1/exchanges", declaration()), "log_unavailable"),
        (signer.get("/v1/agreements"), "database_unavailable"),
    ):
        assert (response.status_code, response.get_json()["code"]) == (503, code)
    assert client.get("/readyz").status_code == 503
    assert client.get("/healthz").status_code == 200
    engine.dispose()
