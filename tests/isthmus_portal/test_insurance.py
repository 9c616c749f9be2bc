"""The pages of insurance on the real schema: covers with their balance, quotes, claims, delay."""

from datetime import timedelta
from functools import partial
from hashlib import sha256
from uuid import UUID

import pytest
from graphql_relay import to_global_id

from insurance_trade import DESK, TRUST, UCR, InsuredTrade, open_insured_trade
from isthmus_platform.database import Platform
from isthmus_platform.http.documents import give_out
from isthmus_portal import Files
from isthmus_protocol.documents import verify_document
from isthmus_protocol.insurance_file import verify_insurance
from portal_frame import is_sound
from portal_services import acquainted, done, offered, refused
from portal_visitor import AsParty
from standing import StandingClock


@pytest.fixture
def trade(platform: Platform) -> InsuredTrade:
    return open_insured_trade(platform)


@pytest.fixture
def as_party(trade: InsuredTrade) -> AsParty:
    files = Files(document=partial(give_out, trade.platform, DESK.vault))
    return acquainted(trade.platform, DESK, trade.papers.trade.actors, files)


def at(kind: str, key: UUID) -> str:
    """Return the address of a cover, quote, declaration or claim."""
    folder = {
        "OpenCover": "covers",
        "InsuranceQuote": "quotes",
        "CoverDeclaration": "declarations",
        "InsuranceClaim": "claims",
    }[kind]
    return f"/insurance/{folder}/{to_global_id(kind, str(key))}"


CONTENTS = b"Two crates were found broken."
OFFER: dict[str, str | list[str]] = {
    "insured": "trader",
    "number": "OC-7",
    "limitMinor": "1,000,000.00",
    "perConveyanceMinor": "800000",
    "perLocationMinor": "900000",
    "perPeriodMinor": "750000",
    "clauses": ["ICC_A", "WAR"],
}


def test_a_cover_is_offered_and_taken_and_nobody_else_sees_it(trade: InsuredTrade, as_party: AsParty) -> None:
    insurer, trader = as_party("insurer"), as_party("trader")
    cover = done(insurer, is_sound(insurer.get("/insurance")), "Offer the cover", **OFFER)
    assert "US$1,000,000.00" in cover.section("Limits and terms").text
    assert "US$750,000.00 in 12 months" in cover.section("Limits and terms").text
    (period,) = cover.section("Balance of each policy period").one("tbody").all("tr")
    assert [cell.text for cell in period.all("td")][3:] == ["US$750,000.00", "US$0.00", "US$750,000.00"]
    assert offered(cover) == ["Withdraw the offer"]
    address = trader.get("/insurance").link("OC-7")
    as_party("stranger").get(address, status=404)
    taken = done(trader, is_sound(trader.get(address)), "Take the cover")
    assert "Active" in taken.one(css="head-status").text
    assert offered(taken) == ["Ask for a quote", "Cancel the cover"]
    assert offered(insurer.get(address)) == ["Widen the cover", "Cancel the cover"]
    assert [row.all("td")[2].text for row in taken.section("Signed steps").one("tbody").all("tr")] == [
        "Offer",
        "Accept",
    ]


def test_what_cannot_be_read_is_said_beside_its_field_and_what_was_entered_stays(
    trade: InsuredTrade, as_party: AsParty
) -> None:
    insurer = as_party("insurer")
    before = trade.everything()
    wrong = {**OFFER, "limitMinor": "12.345", "number": "", "insured": "<nobody>", "noticeDays": "soon"}
    shown = refused(insurer, insurer.get("/insurance"), "Offer the cover", **wrong)
    faults = {
        field.attributes["name"]: shown.one(id=field.attributes["aria-describedby"]).text
        for field in shown.all("input")
        if field.attributes.get("aria-invalid") == "true"
    }
    assert faults == {
        "limitMinor": "USD has 2 decimals.",
        "number": "This is needed.",
        "noticeDays": "A whole number.",
    }
    assert shown.one("input", name_="insured").attributes["value"] == "<nobody>"
    assert "checked" in shown.one("input", name_="clauses", value="WAR").attributes
    unknown = refused(insurer, shown, "Offer the cover", **{**OFFER, "insured": "nobody", "noticeDays": "7"})
    assert unknown.one("p", id="offer-insured-said").text
    assert trade.everything() == before


def test_a_quote_is_explained_line_by_line_and_declared_once(trade: InsuredTrade, as_party: AsParty) -> None:
    trade.publish()
    cover = trade.cover()
    trader = as_party("trader")
    form = is_sound(trader.get(at("OpenCover", cover)))
    quote = done(trader, form, "Ask for a quote", basic="ICC_A", beside=["WAR", "STRIKES"])
    lines = [[cell.text for cell in row.all("td")] for row in quote.one("tbody").all("tr")]
    assert [line[0].split(" goods")[0] for line in lines[:3]] == [
        "Institute Cargo Clauses (A)",
        "Institute War Clauses (Cargo)",
        "Institute Strikes Clauses (Cargo)",
    ]
    assert lines[0][1] == "ICC_A: HS 8457, ASIA to EUROPE, VESSEL"
    assert lines[0][3] == "0.1250 %"
    assert "Premium" in quote.one("tfoot").text
    assert "14 d left" in quote.one(css="head-status").text
    address, values = quote.form("Declare the cargo")
    sent = [trader.client.post(address, data=values) for _ in range(2)]
    assert [answer.status_code for answer in sent] == [303, 303]
    assert len({answer.headers["Location"] for answer in sent}) == 1
    assert trade.read_cover(cover).declarations == 1
    declared = is_sound(trader.get(sent[0].headers["Location"]))
    data = trader.client.get(declared.section("Certificate").link("Signed data")).data
    assert verify_document(data, TRUST)[0].passed
    assert offered(declared) == ["Notify a claim", "Adjust the declaration", "Take the declaration back"]
    adjusted = done(
        trader,
        declared,
        "Adjust the declaration",
        cifMinor="200000.00",
        conveyance="Ada",
        sailsOn="2026-06-10",
        reason="Sold part",
    )
    assert "Sails on or about 2026-06-10" in adjusted.section("What is insured").text
    assert "US$220,000.00" in adjusted.section("What is insured").text
    (row,) = adjusted.section("Adjusted").one("tbody").all("tr")
    cells = [cell.text for cell in row.all("td")]
    assert cells[2].startswith("Sold part")
    assert "was US$312,070.00" in cells[3]
    assert cells[5] == "-US$157.50"
    assert verify_document(data, TRUST)[0].passed, "what was downloaded before knows nothing of it"
    new = trader.client.get(adjusted.section("Certificate").link("Signed data")).data
    assert verify_document(new, TRUST)[0].passed


def test_delay_cover_is_asked_for_whole_or_not_at_all(trade: InsuredTrade, as_party: AsParty) -> None:
    cover = trade.cover()
    trader = as_party("trader")
    asked: dict[str, str | list[str]] = {
        "basic": "ICC_A",
        "delay.agreedArrival": (trade.now + timedelta(days=30)).strftime("%Y-%m-%dT%H:%M"),
        "delay.afterDays": "2",
        "delay.perDayMinor": "1000",
        "delay.terminal": "terminal",
        "delay.customs": "authority",
    }
    form = trader.get(at("OpenCover", cover))
    half = refused(trader, form, "Ask for a quote", **asked)
    assert half.one("p", id="quote-delay.mostDays-said").text == "This is needed with the others."
    quote = done(trader, form, "Ask for a quote", **asked, **{"delay.mostDays": "10"})
    assert "past 2 days US$1,000.00 a day, 10 days at most" in quote.section("What is insured").text
    assert "its own word is waited for" in quote.text
    insurer = as_party("insurer")
    waiting = insurer.get("/insurance?show=quotes").one("tbody").one("a").attributes["href"]
    answered = done(insurer, is_sound(insurer.get(waiting)), "Quote this premium", premiumMinor="812.50")
    assert "as the insurer quoted" in answered.one("tbody").text
    assert "US$812.50" in answered.one("tfoot").text


def test_the_running_balance_is_drawn_and_told_step_by_step(
    trade: InsuredTrade, as_party: AsParty, clock: StandingClock
) -> None:
    trade.publish()
    cover = trade.cover()
    clock.advance(days=1)
    declaration = trade.declared(cover)
    clock.advance(days=1)
    trade.cancel(declaration.id)
    shown = is_sound(as_party("trader").get(at("OpenCover", cover))).section("Running balance")
    assert "US$1,000,000.00" in shown.one("p", css="big").text
    rows = [[cell.text for cell in row.all("td")][2:] for row in shown.one("tbody").all("tr")]
    assert rows == [
        ["Offer", "US$1,000,000.00", "US$0.00", "US$1,000,000.00"],
        ["Declare", "-US$312,070.00", "US$312,070.00", "US$687,930.00"],
        ["Declaration taken back", "US$312,070.00", "US$0.00", "US$1,000,000.00"],
    ]
    assert shown.one("path", css="under-limit").attributes["d"] == "M0 40.00H50.00V28.14H100.00V40.00H100"


def test_a_claim_goes_its_way_with_its_evidence_and_its_times(
    trade: InsuredTrade, as_party: AsParty, clock: StandingClock
) -> None:
    trade.publish()
    trade.papers.store(CONTENTS, title="Survey report")
    declaration = trade.declared(trade.cover())
    clock.advance(days=10)
    trader, insurer = as_party("trader"), as_party("insurer")
    occurred = (trade.now - timedelta(days=9)).strftime("%Y-%m-%dT%H:%M")
    claim = done(
        trader,
        trader.get(at("CoverDeclaration", declaration.id)),
        "Notify a claim",
        kind="DAMAGE",
        occurredAt=occurred,
        claimedMinor="20,000.00",
        description="Two crates fell\nfrom the hook",
    )
    times = claim.section("Notice and documents").text
    assert "late: 7 days" in times
    assert "60 d left" in times
    address = claim.form("Add documents")[0]
    assert offered(insurer.get(address)) == ["Decline the claim"]
    survey = next(box for box in claim.all("label") if "Survey report" in box.text).one("input")
    documented = done(trader, claim, "Add documents", documents=[survey.attributes["value"]])
    row = documented.section("Evidence").one("tbody").all("tr")[-1]
    assert sha256(CONTENTS).hexdigest() in row.one("code").attributes["title"]
    assert offered(documented) == ["Add documents", "Withdraw the claim"]
    assessed = done(
        insurer, insurer.get(address), "Assess the claim", assessedMinor="15000", remark="By the surveyor"
    )
    assert "US$14,375.86" in assessed.section("Claimed and paid").text
    accepted = done(insurer, assessed, "Accept as assessed")
    assert offered(accepted) == ["Record the payment"]
    settled = done(insurer, accepted, "Record the payment", reference="PAY-1")
    assert "Settled" in settled.one(css="head-status").text
    assert offered(settled) == []
    file = insurer.client.get(settled.link("Download all signed steps")).data
    assert verify_insurance(file, TRUST)[0].passed
    assert "Settled" in trader.get("/insurance?show=claims").one("tbody").text


def test_a_refused_step_says_why_and_changes_nothing(trade: InsuredTrade, as_party: AsParty) -> None:
    trade.publish()
    claim = trade.notify(trade.declared(trade.cover()).id)
    insurer = as_party("insurer")
    form = insurer.get(at("InsuranceClaim", claim.id))
    before = trade.everything()
    shown = refused(insurer, form, "Decline the claim", reason="LATE_NOTICE", remark="Too late")
    assert shown.one("p", id="decline-reason-said").text == "The notice was in time."
    address, values = form.form("Decline the claim")
    assert insurer.client.post(address, data={**values, "act": "nothing"}).status_code == 400
    assert trade.everything() == before


def test_a_delay_says_who_said_what_and_whose_word_counted(
    trade: InsuredTrade, as_party: AsParty, clock: StandingClock
) -> None:
    trade.publish()
    declaration = trade.declared(trade.cover(), delay=trade.delay())
    agreed = trade.now + timedelta(days=30)
    clock.advance(days=40)
    trader = as_party("trader")
    address = at("CoverDeclaration", declaration.id)

    def words() -> list[tuple[str, str, str]]:
        table = trader.get(address).section("Delay, by the word of two of three").one("tbody")
        cells = [row.all("td") for row in table.all("tr")]
        return [(row[0].text.split()[0], row[2].text, row[4].text) for row in cells]

    assert [word[2] for word in words()] == ["Not told yet"] * 3
    for party, days in (("carrier", 3), ("terminal", 7)):
        teller = as_party(party)
        told = teller.send(
            teller.get("/releases"),
            "Tell when a consignment arrived",
            ucr=UCR,
            arrivedAt=(agreed + timedelta(days=days)).strftime("%Y-%m-%dT%H:%M"),
        )
        assert told.status_code == 303
    assert words() == [("Carrier", "3", "Told"), ("Terminal", "7", "Told"), ("Customs", "—", "Not told yet")]
    assert "Not decided" in trader.get(address).text
    trade.arrived("authority", agreed + timedelta(days=7))
    shown = is_sound(trader.get(address)).section("Delay, by the word of two of three").text
    assert "7 days late" in shown
    assert "5 days paid, US$5,000.00" in shown
    assert "4 days off (basis risk)" in shown
    assert words() == [
        ("Carrier", "3 (-4)", "Differs, does not count"),
        ("Terminal", "7", "Counts"),
        ("Customs", "7", "Counts"),
    ]
    assert "Delay" in trader.get(address).section("Claims").text
