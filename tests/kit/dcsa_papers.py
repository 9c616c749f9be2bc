"""Transport documents of every shape that say what DCSA eBL 3.0 wants, and nothing it has no place for."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from isthmus_platform.papers.carriage import (
    CARGO_MOVEMENTS,
    CARRIER_CODE_LISTS,
    RECEIPT_TYPES,
    Carriage,
    Contact,
)
from isthmus_platform.papers.kinds import TransportDocument
from isthmus_platform.papers.parts import Address, Container, Goods, Location, Measure, TradeParty
from papers_of_trade import UCR

DAYS = st.dates(date(2020, 1, 1), date(2035, 12, 31))
CODED = st.sampled_from([Location("TWKHH"), Location("DEHAM", "Hamburg"), Location("NLRTM", "Rotterdam")])
PLACES = CODED | st.builds(Location, st.none(), st.sampled_from(["Inland depot", "高雄"]))


def texts(longest: int) -> st.SearchStrategy[str]:
    """Return texts as DCSA takes them: no space at either end, one line."""
    letters = st.characters(codec="utf-8", categories=["L", "N", "P"])
    words = st.lists(st.text(letters, min_size=1, max_size=longest // 3), min_size=1, max_size=2)
    return words.map(" ".join)


def measures(*units: str) -> st.SearchStrategy[Measure]:
    """Return measures above nothing, of at most three decimals."""
    values = st.decimals(Decimal("0.001"), Decimal(10) ** 7, places=3)
    return st.builds(Measure, values, st.sampled_from(units))


def maybe(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | strategy


ADDRESSES = st.builds(
    Address,
    texts(70),
    texts(35),
    maybe(texts(10)),
    maybe(texts(60)),
    maybe(st.sampled_from(["TW", "DE", "BR"])),
)
CODES = st.sampled_from(["GLEIF", "DNB", "ZZZ"])
KNOWN = st.builds(TradeParty, texts(70), texts(100), maybe(ADDRESSES), CODES)
PARTIES = KNOWN | st.builds(TradeParty, texts(70), st.none(), maybe(ADDRESSES))
CONTACTS = st.builds(Contact, texts(35), texts(30), st.none()) | st.builds(
    Contact, texts(35), maybe(texts(30)), st.just("docs@meridian.example")
)
CARRIAGES = st.builds(
    Carriage,
    terms_and_conditions=texts(300),
    carrier_code=st.sampled_from(["MSK", "MCLX"]),
    carrier_code_list_provider=st.sampled_from(sorted(CARRIER_CODE_LISTS)),
    electronic=st.booleans(),
    receipt_type_at_origin=st.sampled_from(sorted(RECEIPT_TYPES)),
    delivery_type_at_destination=st.sampled_from(sorted(RECEIPT_TYPES)),
    cargo_movement_type_at_origin=st.sampled_from(sorted(CARGO_MOVEMENTS)),
    cargo_movement_type_at_destination=st.sampled_from(sorted(CARGO_MOVEMENTS)),
    place_of_receipt=maybe(PLACES),
    place_of_delivery=maybe(PLACES),
    planned_departure_on=DAYS,
    planned_arrival_on=DAYS,
    freight_payable_at=st.sampled_from([Location("DEHAM"), Location(None, "Destination")]),
    place_of_issue=maybe(CODED),
    number_of_originals_with_charges=maybe(st.integers(0, 3)),
    number_of_originals_without_charges=maybe(st.integers(0, 3)),
    service_contract=maybe(texts(30)),
    carrier_clauses=st.lists(texts(200), max_size=2).map(tuple),
    contacts=st.lists(CONTACTS, min_size=1, max_size=2).map(tuple),
)
CONTAINERS = st.lists(
    st.builds(
        Container,
        st.sampled_from(["MCLU4200170", "MCLU4200185"]),
        maybe(st.just("22G1")),
        st.lists(texts(15), min_size=1, max_size=2).map(tuple),
        st.booleans(),
    ),
    min_size=1,
    max_size=2,
).map(tuple)
PACKED = st.builds(
    Goods,
    number=st.just("1"),
    description=st.lists(texts(35), min_size=1, max_size=3).map("\n".join),
    gross_mass=measures("KGM", "LBR"),
    net_mass=maybe(measures("KGM", "LBR")),
    volume=maybe(measures("MTQ", "FTQ")),
    hs_code=st.sampled_from(["845710", "8457109000"]),
    containers=st.just(("MCLU4200170",)),
    packages=st.integers(1, 10**6),
    package_type=maybe(st.just("CR")),
    package_description=texts(100),
)
CARGOES = st.lists(PACKED, min_size=1, max_size=3).map(
    lambda many: tuple(replace(each, number=str(index)) for index, each in enumerate(many, 1))
)
DOCUMENTS = st.builds(
    TransportDocument,
    type=st.just("705"),
    number=texts(20),
    issued_on=DAYS,
    shipper=PARTIES,
    carrier=st.builds(TradeParty, texts(70), st.none(), ADDRESSES),
    consignee=KNOWN,
    notify=PARTIES,
    to_order=st.booleans(),
    ucr=maybe(st.sampled_from([UCR, "own reference"])),
    booking_reference=texts(35),
    vessel=texts(50),
    voyage=texts(50),
    loading=PLACES,
    discharge=PLACES,
    freight=st.sampled_from([None, "PREPAID", "COLLECT"]),
    shipped_on=DAYS,
    carriage=CARRIAGES,
    goods=CARGOES,
    containers=CONTAINERS,
)
