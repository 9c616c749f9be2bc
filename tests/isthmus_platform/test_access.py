"""Nobody comes in without proof, and nobody stays in after it has ended."""

import base64
from datetime import timedelta
from typing import Any
from uuid import uuid4

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from jwt.algorithms import ECAlgorithm
from sqlalchemy import select
from sqlalchemy.exc import ProgrammingError

from isthmus_platform import access, assertions, parties, tokens
from isthmus_platform.access import ApiClient, ClientAssertion, User
from isthmus_platform.database import Duty, PartyRole, Platform
from isthmus_platform.errors import Conflict, InvalidInput, NotAuthenticated, NotFound, NotPermitted
from isthmus_platform.tokens import TokenIssuer
from standing import StandingClock
from trade import Trade, open_trade

ISSUER, AUDIENCE = "https://isthmus.example", "https://isthmus.example"
ENDPOINT = f"{ISSUER}/oauth/token"
PASSWORD = "correct horse battery"


def pem(key: Ed25519PrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


OLD, NEW, FOREIGN, CLIENT = (Ed25519PrivateKey.generate() for _ in range(4))


@pytest.fixture
def trade(platform: Platform) -> Trade:
    return open_trade(platform)


@pytest.fixture
def issuer(clock: StandingClock) -> TokenIssuer:
    return TokenIssuer(ISSUER, AUDIENCE, [pem(OLD), pem(NEW)], clock)


def add_client(trade: Trade, *keys: dict[str, Any]) -> str:
    with trade.platform.begin(Duty("onboarding")) as work:
        added = access.add_client(work, "carrier", "carrier-1", keys or [tokens.public_jwk(CLIENT)])
    return f"client:{added}"


def add_user(trade: Trade) -> str:
    with trade.platform.begin(Duty("onboarding")) as work:
        return f"user:{access.add_user(work, 'trader', 'Anna@Trader.example', PASSWORD)}"


def forged(issuer: TokenIssuer, key: Any = NEW, algorithm: str = "EdDSA", **changes: Any) -> str:
    """Return a token as the issuer would make it, but for ``changes``; None takes a claim or header out."""
    good = issuer.issue(uuid4(), "client:1")
    claims = jwt.decode(good, options={"verify_signature": False}) | changes
    header = jwt.get_unverified_header(good) | {"alg": algorithm} | changes.get("header", {})
    claims.pop("header", None)
    return jwt.encode(
        {name: value for name, value in claims.items() if value is not None}, key, algorithm, headers=header
    )


def code_of(issuer: TokenIssuer, token: str) -> str:
    with pytest.raises(NotAuthenticated) as refused:
        issuer.verify(token)
    return refused.value.code


def test_a_token_says_who_acts_until_it_expires(issuer: TokenIssuer, clock: StandingClock) -> None:
    party = uuid4()
    token = issuer.issue(party, "client:1")
    assert (issuer.verify(token).party_id, issuer.verify(token).subject) == (party, "client:1")
    clock.advance(minutes=14, seconds=59)
    issuer.verify(token)
    clock.advance(seconds=1)
    assert code_of(issuer, token) == "token_expired", "also when it was seen before"


def test_the_newest_key_signs_and_every_key_of_ours_verifies(clock: StandingClock) -> None:
    before = TokenIssuer(ISSUER, AUDIENCE, [pem(OLD)], clock)
    during = TokenIssuer(ISSUER, AUDIENCE, [pem(OLD), pem(NEW)], clock)
    after = TokenIssuer(ISSUER, AUDIENCE, [pem(NEW)], clock)
    old, new = before.issue(uuid4(), "client:1"), during.issue(uuid4(), "client:1")
    assert during.verify(old).subject == after.verify(new).subject == "client:1"
    assert code_of(before, new) == code_of(after, old) == "token_unknown_key"
    assert [key["kid"] for key in during.jwks()["keys"]][-1] == jwt.get_unverified_header(new)["kid"]
    assert all("d" not in key for key in during.jwks()["keys"])


def test_a_token_that_is_not_one_of_ours_is_refused_by_its_fault(
    issuer: TokenIssuer, clock: StandingClock
) -> None:
    public = NEW.public_key().public_bytes_raw()  # 32 bytes that everybody knows
    faults = {
        "token_expired": forged(issuer, exp=int(clock().timestamp())),
        "token_not_yet_valid": forged(issuer, iat=int(clock().timestamp()) + 300),
        "token_audience": forged(issuer, aud="https://elsewhere.example"),
        "token_issuer": forged(issuer, iss="https://elsewhere.example"),
        "token_use": forged(issuer, token_use="refresh"),
        "token_unknown_key": forged(issuer, FOREIGN, header={"kid": "mine"}),
        "token_unsigned": forged(issuer, None, "none"),
    }
    assert {code_of(issuer, token): token for token in faults.values()} == faults
    for name in ("exp", "iat", "iss", "aud", "jti", "sub", "party", "token_use"):
        without: dict[str, Any] = {name: None}
        assert code_of(issuer, forged(issuer, **without)) == "token_claim_missing", name
    for token in (
        forged(issuer, FOREIGN),
        forged(issuer, public, "HS256"),
        forged(issuer, header={"typ": "JWT"}),
        forged(issuer, party="carrier"),
        forged(issuer, exp="soon"),
        forged(issuer, exp=10**30),
        issuer.issue(uuid4(), "client:1")[:-4] + "AAAA",
        "x" * 5000,
        "a.b.c",
        "",
    ):
        assert code_of(issuer, token) == "token_invalid", token[:80]


def test_rights_are_what_the_database_says_now_not_what_the_token_said(
    trade: Trade, issuer: TokenIssuer
) -> None:
    subject = add_client(trade)
    token = issuer.issue(trade["carrier"].party_id, subject)
    actor = access.actor_of_token(trade.platform, issuer, token)
    assert actor.party_id == trade["carrier"].party_id
    assert actor.roles == {PartyRole.CARRIER}
    with trade.platform.begin(Duty("onboarding")) as work:
        parties.get(work, actor.party_id).roles = ["TRADER"]
    assert access.actor_of_token(trade.platform, issuer, token).roles == {PartyRole.TRADER}
    other = issuer.issue(trade["trader"].party_id, subject)
    with pytest.raises(NotAuthenticated):
        access.actor_of_token(trade.platform, issuer, other)
    with trade.platform.begin(Duty("onboarding")) as work:
        access.revoke_client(work, "carrier-1")
    with pytest.raises(NotAuthenticated) as refused:
        access.actor_of_token(trade.platform, issuer, token)
    assert refused.value.code == "unknown_subject"


NOBODY = "01a205ac-0fd0-70c4-b698-45e83c182b33"


@pytest.mark.parametrize("subject", ["", "user", "user:1", "party:1", f"user:{NOBODY}", f"client:{NOBODY}"])
def test_a_subject_that_is_not_known_is_nobody(trade: Trade, subject: str) -> None:
    with pytest.raises(NotAuthenticated):
        access.actor_of_subject(trade.platform, subject)


def test_a_person_signs_in_with_address_and_password(trade: Trade) -> None:
    subject = add_user(trade)
    actor = access.sign_in(trade.platform, " anna@trader.EXAMPLE ", PASSWORD)
    assert (actor.subject, actor.party_id) == (subject, trade["trader"].party_id)
    for email, password in (("anna@trader.example", "wrong"), ("nobody@trader.example", PASSWORD), ("", "")):
        with pytest.raises(NotAuthenticated) as refused:
            access.sign_in(trade.platform, email, password)
        assert refused.value.code == "wrong_credentials"
    with pytest.raises(Conflict):
        add_user(trade)


def test_five_wrong_passwords_lock_the_account_for_a_quarter_of_an_hour(
    trade: Trade, clock: StandingClock
) -> None:
    add_user(trade)

    def attempt(password: str) -> bool:
        try:
            return bool(access.sign_in(trade.platform, "anna@trader.example", password))
        except NotAuthenticated:
            return False

    assert [attempt("wrong") for _ in range(4)] == [False] * 4
    assert attempt(PASSWORD), "the right one in time begins the count anew"
    assert [attempt("wrong") for _ in range(5)] == [False] * 5
    assert not attempt(PASSWORD)
    clock.advance(minutes=15)
    assert attempt(PASSWORD)


def test_passwords_and_keys_are_seen_by_no_other_party(trade: Trade) -> None:
    add_user(trade)
    add_client(trade)
    for party, users, clients in (
        ("trader", 1, 0),
        ("carrier", 0, 1),
        ("stranger", 0, 0),
        ("operator", 0, 0),
    ):
        with trade.platform.begin(trade[party]) as work:
            assert len(work.session.scalars(select(User)).all()) == users
            assert len(work.session.scalars(select(ApiClient)).all()) == clients
            assert work.session.scalars(select(ClientAssertion)).all() == []
    with trade.platform.begin(Duty("sign-in")) as work:
        assert PASSWORD not in work.session.scalars(select(User.password_hash)).one()


@pytest.mark.parametrize(
    ("key", "code"),
    [
        ({"kty": "OKP", "crv": "Ed25519", "x": "AA", "d": "AA"}, "private_key"),
        ({"kty": "oct", "k": "AA"}, "unknown_key_type"),
        ({"kty": "RSA", "n": "AA", "e": "AQAB"}, "unknown_key_type"),
        ({"kty": "OKP", "crv": "Ed25519", "x": "AA"}, "format"),
        ({"kty": "EC", "crv": "P-256", "x": "AA"}, "format"),
    ],
)
def test_a_client_brings_public_keys_of_the_two_kinds_only(
    trade: Trade, key: dict[str, Any], code: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        add_client(trade, key)
    assert (refused.value.field, refused.value.code) == ("keys[0]", code)


def asserted(
    clock: StandingClock, key: Any = CLIENT, algorithm: str = "EdDSA", header: Any = None, **changes: Any
) -> str:
    now = int(clock().timestamp())
    claims = {"iss": "carrier-1", "sub": "carrier-1", "aud": ENDPOINT, "jti": str(uuid4()), "exp": now + 60}
    claims |= changes
    kept = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode(kept, key, algorithm, headers=header)


def refusal(trade: Trade, assertion: str) -> str:
    with pytest.raises(NotAuthenticated) as refused:
        assertions.accept(trade.platform, assertion, [ENDPOINT, ISSUER])
    return refused.value.code


def test_an_assertion_is_good_once(trade: Trade, clock: StandingClock) -> None:
    subject = add_client(trade)
    assertion = asserted(clock)
    actor = assertions.accept(trade.platform, assertion, [ENDPOINT, ISSUER])
    assert (actor.subject, actor.party_id) == (subject, trade["carrier"].party_id)
    assert refusal(trade, assertion) == "assertion_replayed"
    clock.advance(minutes=2)
    assertions.accept(trade.platform, asserted(clock, aud=[ISSUER]), [ENDPOINT, ISSUER])
    with trade.platform.begin(Duty("sign-in")) as work:
        assert len(work.session.scalars(select(ClientAssertion)).all()) == 1, "what expired is forgotten"


def test_an_assertion_that_proves_nothing_is_refused_by_its_fault(trade: Trade, clock: StandingClock) -> None:
    add_client(trade)
    now = int(clock().timestamp())
    x = base64.urlsafe_b64decode(tokens.public_jwk(CLIENT)["x"] + "=")
    own = {"jwk": tokens.public_jwk(FOREIGN)}
    for assertion, code in (
        (asserted(clock, FOREIGN), "assertion_invalid"),
        (asserted(clock, FOREIGN, header=own), "assertion_invalid"),
        (asserted(clock, None, "none"), "assertion_invalid"),
        (asserted(clock, x + bytes(32), "HS256"), "assertion_invalid"),
        (asserted(clock, iss="nobody", sub="nobody"), "assertion_invalid"),
        (asserted(clock, sub="another"), "assertion_invalid"),
        (asserted(clock, header={"kid": "another"}), "assertion_unknown_key"),
        (asserted(clock, aud="https://elsewhere.example"), "assertion_audience"),
        (asserted(clock, exp=None), "assertion_claim_missing"),
        (asserted(clock, jti=None), "assertion_claim_missing"),
        (asserted(clock, exp=now), "assertion_expired"),
        (asserted(clock, exp=now + 301), "assertion_too_long"),
        (asserted(clock, nbf=now + 60), "assertion_not_yet_valid"),
        (asserted(clock, iat=now + 60), "assertion_not_yet_valid"),
        (asserted(clock, exp=10**40), "assertion_invalid"),
        (asserted(clock, jti="x" * 201), "assertion_invalid"),
        ("not a token", "assertion_invalid"),
        ("", "assertion_invalid"),
    ):
        assert refusal(trade, assertion) == code
    with trade.platform.begin(Duty("sign-in")) as work:
        assert work.session.scalars(select(ClientAssertion)).all() == []


def test_a_client_rotates_its_keys(trade: Trade, clock: StandingClock) -> None:
    add_client(trade)
    curve = generate_private_key(SECP256R1())
    new: dict[str, Any] = {**ECAlgorithm.to_jwk(curve.public_key(), as_dict=True), "kid": "2026"}
    with trade.platform.begin(Duty("onboarding")) as work:
        access.set_client_keys(work, "carrier-1", [tokens.public_jwk(CLIENT), new])
    old_kid = tokens.thumbprint(tokens.public_jwk(CLIENT))
    for key, algorithm, kid in ((CLIENT, "EdDSA", old_kid), (curve, "ES256", "2026")):
        assertions.accept(trade.platform, asserted(clock, key, algorithm, {"kid": kid}), [ENDPOINT])
    with trade.platform.begin(Duty("onboarding")) as work:
        access.set_client_keys(work, "carrier-1", [new])
    assert refusal(trade, asserted(clock, header={"kid": old_kid})) == "assertion_unknown_key"
    with trade.platform.begin(Duty("onboarding")) as work:
        access.revoke_client(work, "carrier-1")
    assert refusal(trade, asserted(clock, curve, "ES256", {"kid": "2026"})) == "assertion_invalid"


def test_only_onboarding_adds_parties_users_and_clients(trade: Trade) -> None:
    for party in ("operator", "trader"):
        refused = pytest.raises(ProgrammingError, match="row-level security")
        with refused, trade.platform.begin(trade[party]) as work:
            parties.register(work, "newcomer", "Newcomer Ltd", "TW", [PartyRole.TRADER])
        with refused, trade.platform.begin(trade[party]) as work:
            access.add_user(work, "trader", "new@trader.example", PASSWORD)
        with trade.platform.begin(trade[party]) as work, pytest.raises(NotFound):
            access.set_client_keys(work, "carrier-1", [tokens.public_jwk(CLIENT)])


def test_a_delegation_is_given_by_its_principal_and_ended_by_nobody_else(
    trade: Trade, clock: StandingClock
) -> None:
    delegation = trade.delegate(hours=1)
    for party in ("forwarder", "stranger", "operator"):
        with trade.platform.begin(trade[party]) as work, pytest.raises(NotFound):
            parties.revoke_delegation(work, delegation)
    with trade.platform.begin(trade["stranger"]) as work:
        assert parties.delegations(work) == []
    with trade.platform.begin(trade["forwarder"]) as work:
        assert parties.act_for(work, "trader").name == "trader"
        assert parties.act_for(work, None).name == "forwarder"
        with pytest.raises(NotPermitted):
            parties.act_for(work, "stranger")
        with pytest.raises(NotFound):
            parties.act_for(work, "nobody")
    clock.advance(hours=1)
    with trade.platform.begin(trade["forwarder"]) as work, pytest.raises(NotPermitted):
        parties.act_for(work, "trader")
    with trade.platform.begin(trade["trader"]) as work:
        for agent, lasting, code in (("trader", 1, "own_party"), ("forwarder", 0, "not_in_future")):
            with pytest.raises(InvalidInput) as refused:
                parties.record_delegation(work, agent, clock() + timedelta(hours=lasting))
            assert refused.value.code == code
        with pytest.raises(NotFound):
            parties.record_delegation(work, "nobody", clock() + timedelta(hours=1))


@pytest.mark.parametrize(
    ("name", "legal_name", "country", "roles", "field"),
    [
        ("Trader", "T", "TW", [PartyRole.TRADER], "name"),
        ("-t", "T", "TW", [PartyRole.TRADER], "name"),
        ("t", " ", "TW", [PartyRole.TRADER], "legalName"),
        ("t", "T", "XX", [PartyRole.TRADER], "country"),
        ("t", "T", "TWN", [PartyRole.TRADER], "country"),
        ("t", "T", "TW", [], "roles"),
    ],
)
def test_a_party_has_a_slug_a_legal_name_a_country_and_a_role(
    platform: Platform, name: str, legal_name: str, country: str, roles: list[PartyRole], field: str
) -> None:
    with platform.begin(Duty("onboarding")) as work, pytest.raises(InvalidInput) as refused:
        parties.register(work, name, legal_name, country, roles)
    assert refused.value.field == field
