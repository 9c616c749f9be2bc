"""A bound token is of use only to who holds its key, for one request, once (RFC 9449)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from isthmus_platform import access, proofs, tokens
from isthmus_platform.database import Duty, Platform
from isthmus_platform.errors import NotAuthenticated
from isthmus_platform.http import event_feed
from isthmus_platform.proofs import Nonces, Target, UsedProof
from machine import ADDRESS, SECRET, Machine, door
from standing import StandingClock
from trade import Trade, open_trade

SIGNING = Ed25519PrivateKey.generate()
FEED = "/v3/events"

# RFC 9449 sections 4.1, 6.1 and 7.1.
THEIR_KEY = {
    "kty": "EC",
    "x": "l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs",
    "y": "9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA",
    "crv": "P-256",
}
THEIR_THUMBPRINT = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"
THEIR_TOKEN = "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU"
THEIR_TOKEN_HASH = "fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo"
THEIR_PROOF = (
    "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0Rs"
    "cEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2"
    "In19.eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2Vu"
    "IiwiaWF0IjoxNTYyMjYyNjE2fQ.2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xRZT"
    "3Lg"
)


class Always(Nonces):
    """The RFC's proof has no nonce."""

    def takes(self, nonce: object) -> bool:
        return nonce is None


@pytest.fixture
def trade(platform: Platform) -> Trade:
    trade = open_trade(platform)
    with platform.begin(Duty("onboarding")) as work:
        access.add_client(work, "trader", "trader-1", [tokens.public_jwk(SIGNING)], demands_proof=True)
    return trade


@pytest.fixture
def machine(trade: Trade, clock: StandingClock) -> Machine:
    web, authenticate = door(trade.platform, clock)
    web.register_blueprint(event_feed.blueprint(trade.platform, authenticate))
    return Machine(web.test_client(), clock, "trader-1", SIGNING)


def challenge(answer: TestResponse) -> tuple[int, str]:
    """Return the status and the error of the challenge."""
    said = answer.headers["WWW-Authenticate"]
    assert said.startswith("DPoP ")
    assert 'algs="EdDSA ES256"' in said
    return answer.status_code, said.partition('error="')[2].partition('"')[0]


def test_the_examples_of_the_standard_are_read_as_it_says() -> None:
    at = datetime.fromtimestamp(1562262616, UTC)
    target = Target("POST", "https://server.example.com/token")
    proof = proofs.read(THEIR_PROOF, target, Always(b"", lambda: at))
    assert tokens.thumbprint(THEIR_KEY) == THEIR_THUMBPRINT == proof.thumbprint
    assert proofs.token_hash(THEIR_TOKEN) == THEIR_TOKEN_HASH
    assert proof.expires_at == at + proofs.OLDEST


def test_a_client_that_proves_its_key_obtains_a_token_bound_to_it_and_uses_it(machine: Machine) -> None:
    token = machine.token()
    bound = jwt.decode(token, options={"verify_signature": False})["cnf"]
    assert bound == {"jkt": tokens.thumbprint(tokens.public_jwk(machine.proving))}
    answer = machine.send("GET", FEED + "?limit=5", token)
    assert (answer.status_code, answer.get_json()) == (200, {"events": []})
    assert answer.headers["DPoP-Nonce"] == machine.nonce


def test_a_stolen_token_is_of_no_use_without_its_key(machine: Machine) -> None:
    token = machine.token()
    thief = Machine(machine.http, machine.clock, "trader-1", Ed25519PrivateKey.generate())
    assert challenge(thief.send("GET", FEED, token)) == (401, "invalid_token")
    as_bearer = machine.http.get(FEED, headers={"Authorization": f"Bearer {token}"})
    assert challenge(as_bearer) == (401, "invalid_token")
    seen = machine.proof("GET", FEED, token)
    assert machine.send("GET", FEED, token, seen).status_code == 200
    assert challenge(thief.send("GET", FEED, token, seen)) == (401, "invalid_dpop_proof")
    bare = machine.http.get(FEED, headers={"Authorization": f"DPoP {token}"})
    assert challenge(bare) == (401, "invalid_dpop_proof")


def test_a_proof_is_good_once_whichever_process_saw_it_first(machine: Machine, trade: Trade) -> None:
    web, authenticate = door(trade.platform, machine.clock)
    web.register_blueprint(event_feed.blueprint(trade.platform, authenticate))
    other = Machine(web.test_client(), machine.clock, "trader-1", SIGNING, machine.proving)
    token = machine.token()
    proof = machine.proof("GET", FEED, token)
    assert machine.send("GET", FEED, token, proof).status_code == 200
    assert challenge(other.send("GET", FEED, token, proof)) == (401, "invalid_dpop_proof")
    proof = machine.proof("POST", "/oauth/token")
    assert machine.request_token(proof).status_code == 200
    again = other.request_token(proof)
    assert (again.status_code, again.get_json()["error"]) == (400, "invalid_dpop_proof")


def test_used_proofs_are_forgotten_when_they_have_expired(
    machine: Machine, trade: Trade, clock: StandingClock
) -> None:
    for _ in range(5):
        machine.token()
    clock.advance(minutes=5)
    for _ in range(200):
        machine.token()
        with trade.platform.begin(access.SIGN_IN) as work:
            live = work.session.scalar(select(func.count()).where(UsedProof.expires_at < work.now))
        if live == 0:
            return
    pytest.fail("expired proofs are kept")


def test_a_nonce_of_ours_is_asked_for_and_told(machine: Machine, clock: StandingClock) -> None:
    asked = machine.request_token(machine.proof("POST", "/oauth/token", nonce=None))
    assert (asked.status_code, asked.get_json()["error"]) == (400, "use_dpop_nonce")
    nonce = asked.headers["DPoP-Nonce"]
    given = machine.request_token(machine.proof("POST", "/oauth/token", nonce=nonce))
    token = given.get_json()["access_token"]
    clock.advance(minutes=4)
    assert machine.send("GET", FEED, token, machine.proof("GET", FEED, token, nonce=nonce)).status_code == 200
    clock.advance(minutes=1)
    old = machine.send("GET", FEED, token, machine.proof("GET", FEED, token, nonce=nonce))
    assert challenge(old) == (401, "use_dpop_nonce")
    fresh = machine.proof("GET", FEED, token, nonce=old.headers["DPoP-Nonce"])
    assert machine.send("GET", FEED, token, fresh).status_code == 200


def test_a_client_that_must_prove_its_key_gets_no_other_token(machine: Machine, trade: Trade) -> None:
    refused = machine.request_token()
    assert (refused.status_code, refused.get_json()["error"]) == (400, "invalid_dpop_proof")
    assert "access_token" not in refused.text


def test_a_demand_holds_for_tokens_issued_before_it(machine: Machine, trade: Trade) -> None:
    def demand(*, proof: bool) -> None:
        with trade.platform.begin(Duty("onboarding")) as work:
            access.set_client_rules(work, "trader-1", scopes=None, demands_proof=proof)

    demand(proof=False)
    answer = machine.request_token().get_json()
    assert answer["token_type"] == "Bearer"
    bearer = {"Authorization": f"Bearer {answer['access_token']}"}
    assert machine.http.get(FEED, headers=bearer).status_code == 200
    unbound = machine.send("GET", FEED, answer["access_token"])
    assert unbound.status_code == 401
    assert unbound.headers["WWW-Authenticate"].startswith("Bearer ")
    demand(proof=True)
    assert challenge(machine.http.get(FEED, headers=bearer)) == (401, "invalid_token")


NOT_FOR_THIS: dict[str, tuple[dict[str, Any], str]] = {
    "another method": ({"htm": "POST"}, "proof_method"),
    "a method in small letters": ({"htm": "get"}, "proof_method"),
    "another path": ({"htu": f"{ADDRESS}/v2/events"}, "proof_address"),
    "another host": ({"htu": f"https://elsewhere.example{FEED}"}, "proof_address"),
    "another port": ({"htu": f"{ADDRESS}:8443{FEED}"}, "proof_address"),
    "another scheme": ({"htu": f"http://isthmus.example{FEED}"}, "proof_address"),
    "no address": ({"htu": "https://[broken"}, "proof_address"),
    "a number for an address": ({"htu": 7}, "proof_address"),
    "somebody's address": ({"htu": f"https://a@isthmus.example{FEED}"}, "proof_address"),
    "another token": ({"ath": proofs.token_hash("another")}, "proof_token"),
    "no token": ({"ath": None}, "proof_token"),
    "no id": ({"jti": None}, "proof_invalid"),
    "an empty id": ({"jti": ""}, "proof_invalid"),
    "an endless id": ({"jti": "x" * 201}, "proof_invalid"),
    "no time": ({"iat": None}, "proof_invalid"),
    "a time that is none": ({"iat": "now"}, "proof_invalid"),
    "a truth for a time": ({"iat": True}, "proof_invalid"),
    "a time out of reach": ({"iat": 1e300}, "proof_invalid"),
    "a nonce of another house": ({"nonce": Nonces(b"other").current()}, "proof_nonce"),
    "a nonce that is no text": ({"nonce": 5}, "proof_nonce"),
    "another type": ({"header": {"typ": "JWT"}}, "proof_invalid"),
    "no key": ({"header": {"jwk": None}}, "proof_invalid"),
    "a key that is no object": ({"header": {"jwk": "k"}}, "proof_invalid"),
    "a key of parts that are no text": (
        {"header": {"jwk": {"kty": "OKP", "crv": "Ed25519", "x": [1]}}},
        "proof_invalid",
    ),
    "a key of an unknown kind": ({"header": {"jwk": {"kty": ["OKP"], "crv": {}}}}, "proof_invalid"),
    "a private key": (
        {"header": {"jwk": tokens.public_jwk(SIGNING) | {"d": "AA"}}, "key": SIGNING},
        "proof_invalid",
    ),
    "the signature of another key": ({"key": SIGNING}, "proof_invalid"),
    "an extension that must be understood": ({"header": {"crit": ["b64"], "b64": True}}, "proof_invalid"),
}


def code_of(given: str, target: Target, nonces: Nonces) -> str:
    with pytest.raises(NotAuthenticated) as refused:
        proofs.read(given, target, nonces)
    return refused.value.code


@pytest.fixture
def unconnected(clock: StandingClock) -> Machine:
    web, _ = door(Platform(None, clock), clock)  # type: ignore[arg-type]  # nothing is asked of a database
    return Machine(web.test_client(), clock, "trader-1", SIGNING)


@pytest.mark.parametrize("name", NOT_FOR_THIS)
def test_a_proof_for_anything_else_is_refused(name: str, unconnected: Machine) -> None:
    changes, code = NOT_FOR_THIS[name]
    target = Target("GET", ADDRESS + FEED, "token")
    nonces = Nonces(SECRET, unconnected.clock)
    proofs.read(unconnected.proof("GET", FEED, "token"), target, nonces)
    assert code_of(unconnected.proof("GET", FEED, "token", **changes), target, nonces) == code


@pytest.mark.parametrize(("seconds", "code"), [(-121, "proof_expired"), (31, "proof_not_yet_valid")])
def test_a_proof_is_fresh(unconnected: Machine, seconds: int, code: str) -> None:
    target, nonces = Target("GET", ADDRESS + FEED), Nonces(SECRET, unconnected.clock)
    edge = seconds + 1 if seconds < 0 else seconds - 1
    at = unconnected.clock()

    def dated(by: int) -> str:
        return unconnected.proof("GET", FEED, iat=int((at + timedelta(seconds=by)).timestamp()))

    proofs.read(dated(edge), target, nonces)
    assert code_of(dated(seconds), target, nonces) == code


def test_an_address_may_be_written_otherwise_and_carry_a_query(unconnected: Machine) -> None:
    nonces = Nonces(SECRET, unconnected.clock)
    for htu in ("HTTPS://Isthmus.Example:443/v3/events?limit=1#end", f"{ADDRESS}/v3%2Fevents"):
        proofs.read(unconnected.proof("GET", FEED, htu=htu), Target("GET", ADDRESS + FEED), nonces)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_proof_with_any_character_altered_is_refused(unconnected: Machine, data: st.DataObject) -> None:
    target, nonces = Target("GET", ADDRESS + FEED, "token"), Nonces(SECRET, unconnected.clock)
    proof = unconnected.proof("GET", FEED, "token")
    at = data.draw(st.integers(0, len(proof) - 2))  # the last character holds bits that mean nothing
    other = data.draw(st.characters(codec="utf-8").filter(lambda each: each != proof[at]))
    altered = proof[:at] + other + proof[at + 1 :]
    assert code_of(altered, target, nonces) == "proof_invalid"
    cut = data.draw(st.integers(0, len(proof) - 3))
    assert code_of(proof[:cut], target, nonces) == "proof_invalid"


def test_two_proofs_are_none(machine: Machine) -> None:
    token = machine.token()
    both = ", ".join(machine.proof("GET", FEED, token) for _ in range(2))
    assert challenge(machine.send("GET", FEED, token, both)) == (401, "invalid_dpop_proof")
