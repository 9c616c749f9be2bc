"""The page of webhooks on the real schema: addresses, secrets shown once, the log and what was given up."""

from functools import partial

import pytest

from isthmus_platform import outbox, webhook_delivery
from isthmus_platform import webhooks as platform_webhooks
from isthmus_platform.changes import Kind
from isthmus_platform.database import Platform
from isthmus_platform.outgoing import Caller
from isthmus_platform.outgoing_addresses import Outgoing
from isthmus_platform.webhook_delivery import Deliverer
from isthmus_platform.webhook_signing import SigningSecrets
from isthmus_portal import Files
from isthmus_portal.pages.webhook_acts import services
from page import Element, page
from paperwork import Paperwork, open_paperwork
from portal_frame import is_sound
from portal_services import acquainted, done, refused
from portal_visitor import AsParty, Visitor
from receiving import receiving
from standing import StandingClock
from title_trade import DESK

HERE = Outgoing(loopback=True)
SECRETS = SigningSecrets(b"m" * 32)
HOOK = "https://hooks.example.com/isthmus"
DAYS = 4
"""More than a delivery is attempted for."""
PAUSE = {"minutes": 6}
"""More than an address that failed is left alone for."""


@pytest.fixture
def papers(platform: Platform) -> Paperwork:
    return open_paperwork(platform)


@pytest.fixture
def as_party(papers: Paperwork) -> AsParty:
    return acquainted(papers.platform, DESK, papers.trade.actors, Files(), push=(HERE, SECRETS))


def shown_secret(visitor: Visitor, on: Element, button: str, **entered: str | list[str]) -> Element:
    """Send a form that is answered with a secret, and return the sound page that shows it."""
    answer = visitor.send(on, button, **entered)
    assert answer.status_code == 200, answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    return is_sound(page(answer.text))


def secret_of(shown: Element, url: str = HOOK) -> str:
    return shown.section(f"The secret of {url}").one("code").text


def work(platform: Platform) -> None:
    """Do what the worker does, once."""
    outbox.drain(platform, webhook_delivery.CHANGE_TOPIC, partial(webhook_delivery.spread, platform))
    outbox.drain(platform, platform_webhooks.TOPIC, Deliverer(platform, SECRETS, Caller(HERE)))


def test_an_address_is_registered_its_secret_shown_once_renewed_and_the_address_removed(
    as_party: AsParty,
) -> None:
    trader = as_party("trader")
    chosen = {"kinds.Shipments": ["shipment.created"], "kinds.Insurance": ["claim.settled"]}
    made = shown_secret(trader, is_sound(trader.get("/webhooks")), "Register a webhook", url=HOOK, **chosen)
    secret = secret_of(made)
    assert secret.startswith("whsec_")
    assert "Told of Claim settled, Shipment created" in made.section(HOOK).text
    assert secret not in trader.get("/webhooks").text, "it is shown once"
    renewed = shown_secret(trader, made, "Give it a new secret")
    assert secret_of(renewed) not in ("", secret)
    assert "The old secret signs until" in renewed.section(HOOK).text
    removed = done(trader, renewed, "Remove it")
    assert "Removed" in removed.section(HOOK).text
    assert "Give it a new secret" not in removed.text
    assert "No webhook yet" in as_party("carrier").get("/webhooks").text


def test_what_was_given_up_is_seen_with_its_attempts_and_attempted_again(
    papers: Paperwork, as_party: AsParty, clock: StandingClock
) -> None:
    trader = as_party("trader")
    with receiving() as receiver:
        receiver.status = 500
        shown_secret(trader, trader.get("/webhooks"), "Register a webhook", url=receiver.url)
        papers.trade.ship()
        work(papers.platform)
        waiting = is_sound(trader.get("/webhooks?state=WAITING"))
        assert "Refused, status 500" in waiting.section("What was delivered").text
        assert "Attempt it again" not in waiting.text
        clock.advance(days=DAYS)
        work(papers.platform)
        trader = as_party("trader")
        dead = is_sound(trader.get("/webhooks"))
        assert "Given up" in dead.section("What was delivered").one("tbody").text
        lacking = refused(trader, dead, "Attempt it again", reason=" ")
        assert "This is needed." in lacking.section("What was delivered").text
        again = done(trader, dead, "Attempt it again", reason="Our certificate had run out")
        assert "Replayed: Our certificate had run out" in again.section("What was delivered").text
        receiver.status = 204
        clock.advance(**PAUSE)
        work(papers.platform)
        assert receiver.kinds[-1] == "shipment.created"
    delivered = is_sound(trader.get("/webhooks?state=DELIVERED"))
    assert "Shipment created" in delivered.section("What was delivered").one("tbody").text
    assert "None that stands so." in trader.get("/webhooks?state=DEAD").text
    assert "Nothing yet." in as_party("carrier").get("/webhooks").text
    trader.get("/webhooks?state=LOST", status=404)


@pytest.mark.parametrize(
    ("entered", "field", "said"),
    [
        ({"url": "https://2852039166/"}, "url", "address"),
        ({"url": ""}, "url", "This is needed."),
        ({"url": HOOK, "kinds.Shipments": ["shipment.lost"]}, "kinds.Shipments", "Choose one of these."),
    ],
    ids=["address", "nothing", "no such kind"],
)
def test_an_address_that_cannot_be_told_is_refused_beside_its_field_and_no_secret_is_shown(
    as_party: AsParty, entered: dict[str, str | list[str]], field: str, said: str
) -> None:
    trader = as_party("trader")
    wrong = refused(trader, trader.get("/webhooks"), "Register a webhook", **entered)
    assert said in wrong.one("p", id=f"register-{field}-said").text
    assert "whsec_" not in wrong.text
    assert "No webhook yet" in wrong.text


def test_every_kind_of_change_can_be_chosen_and_one_without_a_service_stands_under_its_own_word(
    as_party: AsParty, monkeypatch: pytest.MonkeyPatch
) -> None:
    boxes = is_sound(as_party("trader").get("/webhooks")).all("input", type="checkbox")
    assert sorted(box.attributes["value"] for box in boxes) == sorted(kind.value for kind in Kind)
    monkeypatch.delitem(services.__globals__["SERVICES"], "receivable")
    assert set(services()["Receivable"]) == {kind for kind in Kind if kind.startswith("receivable.")}
