"""A paper's pages stand as the UN Layout Key wants, say all it says and interpret none of it."""

import io
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from typing import Any

import pytest
from pypdf import PdfReader

from isthmus_platform.papers import plain
from isthmus_platform.papers.kinds import Paper, code_of
from isthmus_platform.papers.pages.drawing import BOTTOM, HALF, LEFT, Colophon, draw
from isthmus_platform.papers.pages.faces import FACES
from isthmus_platform.papers.pages.fonts import MISSING, drawable
from isthmus_platform.papers.pages.sheet import sheet
from papers_of_trade import ALL, BILL, BUYER, GOODS, INVOICE, PACKING_LIST

MILLIMETRE = 72 / 25.4
MIDDLE = LEFT + HALF
ADDRESS = "https://isthmus.example/verify/abc"
COLOPHON = Colophon(
    "Isthmus document 1", ADDRESS, ("Signed by trader",), datetime(2026, 5, 21, tzinfo=UTC), b'{"signed":1}'
)
YES_OR_NO = {"toOrder", "partialShipments", "electronic", "shipperOwned", "shippedOnBoard", "entryZone"}
Placed = list[tuple[int, float, float, str]]
"""Each text with its page and its place: millimetres from the left and from the top."""


def drawn(code: str, data: dict[str, Any]) -> bytes:
    return draw(sheet(code, data), COLOPHON)


@cache
def of(name: str) -> PdfReader:
    return reader(ALL[name])


def reader(paper: Paper) -> PdfReader:
    return PdfReader(io.BytesIO(drawn(code_of(paper), plain.to_json(paper))))


def placed(pdf: PdfReader) -> Placed:
    found: Placed = []
    for number, page in enumerate(pdf.pages):

        def note(text: str, _cm: Any, matrix: Any, _font: Any, _size: Any, number: int = number) -> None:
            if text.strip():
                at = (matrix[4] / MILLIMETRE, 297 - matrix[5] / MILLIMETRE)
                found.append((number, *at, text.strip()))

        page.extract_text(visitor_text=note)
    return found


def text_of(pdf: PdfReader) -> str:
    return " ".join(" ".join(page.extract_text() for page in pdf.pages).split())


def where(texts: Placed, wanted: str) -> tuple[float, float]:
    return next((x, y) for _, x, y, text in texts if text.startswith(wanted))


@pytest.mark.parametrize("name", list(ALL))
def test_consignor_stands_top_left_and_the_reference_top_right(name: str) -> None:
    texts, face = placed(of(name)), FACES[code_of(ALL[name])]
    x, y = where(texts, face.parties[0][0].upper())
    assert LEFT <= x < MIDDLE
    assert y < 20
    x, below = where(texts, face.parties[1][0].upper())
    assert LEFT <= x < MIDDLE
    assert y < below < 60
    x, y = where(texts, face.title)
    assert x > MIDDLE
    assert y < 30
    x, y = where(texts, ALL[name].number)
    assert x > MIDDLE
    assert y < 45
    x, y = where(texts, "VERIFY THIS DOCUMENT")
    assert x > MIDDLE
    assert y > BOTTOM - 46


@pytest.mark.parametrize("name", list(ALL))
def test_nothing_that_is_said_is_left_out(name: str) -> None:
    text = text_of(of(name))
    text += f" {text}".replace("(", " ").replace(")", " ").replace(",", " ")
    for leaf in leaves(plain.to_json(ALL[name])):
        assert set(leaf.split()) <= set(text.split()), leaf


def leaves(value: Any) -> list[str]:
    if isinstance(value, dict):
        skipped = {"unit", "value", "type", "freight", *YES_OR_NO}  # told in words
        return [leaf for name, each in value.items() if name not in skipped for leaf in leaves(each)]
    if isinstance(value, list):
        return [leaf for each in value for leaf in leaves(each)]
    return [str(value)]


def test_numbers_are_told_with_their_units() -> None:
    assert "18,450.5 kg" in text_of(of("bill of lading"))
    assert "USD 50,000,000.00" in text_of(of("invoice"))
    assert "42.50 m³" in text_of(of("packing list"))


@pytest.mark.parametrize("name", list(ALL))
def test_a_page_is_a4_and_carries_what_was_signed(name: str) -> None:
    pdf = of(name)
    page = pdf.pages[0].mediabox
    assert (round(page.width / MILLIMETRE), round(page.height / MILLIMETRE)) == (210, 297)
    assert pdf.attachments == {"document.json": [COLOPHON.attached]}
    root: Any = pdf.trailer["/Root"]
    assert b"<pdfaid:part>3" in root["/Metadata"].get_object().get_data()
    assert root["/AF"][0].get_object()["/AFRelationship"] == "/Data"
    resources: Any = pdf.pages[0]["/Resources"]
    for font in resources["/Font"].values():
        descriptor = font.get_object()["/DescendantFonts"][0].get_object()["/FontDescriptor"].get_object()
        assert "/FontFile2" in descriptor


MARKUP = "<b>A&amp;B</b> <img src=x> **bold** __u__ [a](http://b) ${x} {nb} {{ 7*7 }} \\n %d"


def test_a_text_is_never_taken_as_markup() -> None:
    pdf = reader(replace(INVOICE, note=MARKUP, buyer=replace(BUYER, name=MARKUP[:60])))
    assert MARKUP in text_of(pdf)
    assert MARKUP[:60] in text_of(pdf)
    assert all("/Annots" not in page for page in pdf.pages)


def test_a_text_cannot_turn_a_line_round() -> None:
    assert drawable("USD \u202e0001") == f"USD {MISSING}0001"
    assert drawable("a\u00adb\u200bc\ufeff\ud83d") == f"a{MISSING}b{MISSING}c{MISSING}{MISSING}"


def test_names_are_written_in_their_own_script() -> None:
    names = ("高雄精密機械股份有限公司", "Όμιλος Ναυτιλίας", "Завод имени Кирова", "Łódź Żegluga")
    for name in names:
        assert drawable(name) == name
    pdf = reader(replace(INVOICE, seller=replace(BUYER, name=names[0]), note="\n".join(names[1:])))
    text = text_of(pdf)
    assert all(name in text for name in names)


def test_arabic_and_thai_are_joined_and_marked_as_they_are_read() -> None:
    thai, arabic = "บริษัท ขนส่งทางน้ำ", "شركة الشحن"
    assert (drawable(thai), drawable(arabic)) == (thai, arabic)
    pdf = reader(replace(INVOICE, buyer=replace(BUYER, name=thai), note=arabic))
    assert thai in text_of(pdf)
    letters = "".join(filter(str.isalpha, text_of(pdf)))  # the font draws dots by themselves
    assert all(word in letters for word in arabic.split())
    embedded = fonts_of(pdf)
    assert any("NotoSansThai" in name for name in embedded)
    assert any("NotoSansArabic" in name for name in embedded)
    assert not any("Noto" in name for name in fonts_of(of("invoice"))), "others carry no font they do not use"
    assert drawable("부산") == MISSING * 2, "said so in the decision"


def fonts_of(pdf: PdfReader) -> set[str]:
    resources: Any = pdf.pages[0]["/Resources"]
    return {str(font.get_object()["/BaseFont"]) for font in resources["/Font"].values()}


def test_a_text_longer_than_its_box_is_told_whole_below() -> None:
    terms = " ".join(f"term{number}" for number in range(400))
    pdf = reader(replace(INVOICE, payment_terms=terms))
    assert "… continued below" in text_of(pdf)
    assert terms in " ".join(text_of(pdf).split())


def test_many_goods_go_on_over_pages_under_the_same_columns() -> None:
    goods = tuple(replace(GOODS[0], number=str(number), description="word " * 40) for number in range(45))
    pdf = reader(replace(PACKING_LIST, goods=goods))
    assert len(pdf.pages) > 2
    texts = placed(pdf)
    for number in range(3):
        assert any(page == number and text == "DESCRIPTION OF GOODS" for page, _, _, text in texts)
        assert any(
            page == number and text == f"Page {number + 1} of {len(pdf.pages)}" for page, _, _, text in texts
        )
    assert all(y < 297 - 7 for _, _, y, _ in texts)


def test_a_description_longer_than_a_page_goes_on_over_pages() -> None:
    words = [f"w{number}" for number in range(900)]
    goods = (replace(GOODS[0], description=" ".join(words)),)
    pdf = reader(replace(BILL, goods=goods))
    assert len(pdf.pages) > 1
    text = text_of(pdf).split()
    assert set(words) <= set(text)


def test_a_paper_shown_in_part_shows_that_part_alone() -> None:
    part = {"total": {"value": "5", "currency": "USD"}, "lines": [{"amount": {"value": "5"}}]}
    pdf = PdfReader(io.BytesIO(drawn("380", part)))
    assert "USD 5" in text_of(pdf)
    assert BUYER.name not in text_of(pdf)


@pytest.mark.parametrize("code", list(FACES))
def test_an_empty_part_is_an_empty_form(code: str) -> None:
    assert FACES[code].title in text_of(PdfReader(io.BytesIO(drawn(code, {}))))


def test_a_member_without_a_box_stands_at_the_foot() -> None:
    found = sheet("380", {"oddMember": {"value": "3", "unit": "KGM"}, "beyond": "<a/>"})
    assert [(box.label, box.lines) for box in found.free] == [("Odd member", ("3 kg",))]
