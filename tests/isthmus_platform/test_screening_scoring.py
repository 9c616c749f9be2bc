"""Scores: what is normalised, what counts as alike, and that the index misses nothing. Pure."""

import string
import tracemalloc
from dataclasses import replace
from random import Random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from isthmus_platform.screening import normal, scoring
from isthmus_platform.screening.index import Entry, Index, Value, compare

THRESHOLDS = {"PARTY": 85, "VESSEL": 85, "GOODS": 85}
SYLLABLES = ("al", "ber", "da", "fo", "gra", "kon", "li", "mar", "nor", "ost", "ra", "sun", "ti", "wes")
WORD = st.lists(st.sampled_from(SYLLABLES), min_size=1, max_size=3).map("".join)
NAMES = st.lists(WORD, min_size=1, max_size=4).map(" ".join)
TEXTS = st.text(max_size=40)


def score(given: str, listed: str) -> int:
    return scoring.of_names(normal.name(given), normal.name(listed)).points


@given(TEXTS)
@example("S.A.R.L. Étoile")
@example("Co. Ltd")
def test_normalising_again_changes_nothing(text: str) -> None:
    for form in (normal.name, normal.vessel, normal.words):
        once = form(text)
        assert form(str(once)) == once
        assert all(token.isascii() and token == token.lower() for token in once.tokens)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Formosa Precision Machinery Co., Ltd.", "FORMOSA PRECISION MACHINERY"),
        ("Société Générale d'Étoile S.A.R.L.", "Societe Generale dEtoile SARL"),
        ("Machinery, Precision (Formosa)", "Formosa Precision Machinery Company Limited"),
        ("Северный Ветер", "Severnyy Veter OOO"),
        ("北極光國際貿易", "北極光國際貿易"),
        ("Al Rashid", "Alrashid"),
    ],
    ids=["legal form", "accents", "order", "script", "same script", "space"],
)
def test_names_that_are_written_differently_are_the_same(one: str, other: str) -> None:
    assert score(one, other) == 100


@pytest.mark.parametrize(
    ("one", "other", "points", "rule"),
    [
        ("Nordwind Shipping", "Nordwynd Shipping", 93, "tokens"),
        ("Nordwind Shipping", "Sudwind Shipping", 81, "joined"),
        ("Nordwind Shipping Hamburg Branch Office", "Nordwind Shipping", 90, "contained"),
        ("Nordwind", "Nordwind Shipping", 66, "tokens"),
        ("Ost", "Osts", 75, "tokens"),
        ("Nordwind", "Alabaster", 0, "tokens"),
    ],
    ids=["a letter", "half a word", "contained", "half a name", "a short word", "another"],
)
def test_the_score_is_as_documented(one: str, other: str, points: int, rule: str) -> None:
    found = scoring.of_names(normal.name(one), normal.name(other))
    assert (found.points, found.rule) == (points, rule)


@given(TEXTS)
def test_an_exact_match_scores_100(text: str) -> None:
    name = normal.name(text)
    assert scoring.of_names(name, name).points == (100 if name.tokens else 0)


@given(NAMES, NAMES)
def test_a_score_is_within_bounds_and_the_same_each_time(one: str, other: str) -> None:
    assert 0 <= score(one, other) == score(one, other) <= 100


@given(NAMES, NAMES)
def test_by_tokens_and_joined_it_is_symmetric(one: str, other: str) -> None:
    def symmetric(given: str, listed: str) -> tuple[int, int]:
        first, second = normal.name(given), normal.name(listed)
        return scoring._by_tokens(first, second).points, scoring.alike(first.joined, second.joined)

    assert symmetric(one, other) == symmetric(other, one)


@given(NAMES, st.randoms(use_true_random=False))
def test_the_order_of_tokens_does_not_count(name: str, random: Random) -> None:
    tokens = name.split()
    random.shuffle(tokens)
    assert score(" ".join(tokens), name) == 100


@given(NAMES, NAMES, st.data())
def test_each_letter_that_is_spoilt_makes_it_no_better(one: str, other: str, data: st.DataObject) -> None:
    spoilt, before = list(one), score(one, other)
    places = [place for place, letter in enumerate(spoilt) if letter in string.ascii_lowercase]
    for place in data.draw(st.permutations(places)):
        spoilt[place] = "q"  # in no name here
        after = score("".join(spoilt), other)
        assert after <= before
        before = after


def test_another_country_takes_points_off_and_is_told() -> None:
    entry = Entry("E", "d", "PARTY", ("Nordwind Shipping",), ("GB", "DE"))
    value = Value("PARTY", "consignee", "Nordwind Shipping")
    scores = [compare(replace(value, country=country), entry) for country in (None, "DE", "FR")]
    assert [each and (each.score.points, each.score.taken_off) for each in scores] == [
        (100, ()),
        (100, ()),
        (95, (("country", 5),)),
    ]


@pytest.mark.parametrize(
    ("name", "imo", "points", "rule"),
    [
        ("Renamed Twice", "9074729", 100, "imo"),
        ("Black Petrel", "9176187", None, None),
        ("M/V BLACK PETREL", None, 100, "tokens"),
        ("Blackpetrel", None, 100, "joined"),
    ],
    ids=["same number", "other number", "same name", "same name joined"],
)
def test_a_vessel_is_known_by_its_number_and_else_by_its_name(
    name: str, imo: str | None, points: int | None, rule: str | None
) -> None:
    entry = Entry("V", "d", "VESSEL", ("Black Petrel",), imo="9074729")
    found = compare(Value("VESSEL", "vessel", name, imo=imo), entry)
    assert (found and found.score.points, found and found.score.rule) == (points, rule)


@pytest.mark.parametrize(
    ("text", "hs_code", "points", "rule"),
    [
        ("Gas centrifuge", "8401.20", 100, "hs+keyword"),
        ("gas centrifuges for enrichment", "84012000", 96, "hs+keyword"),
        ("Kitchen pump, not a gas-centrifuge at all", "8413", 90, "keyword"),
        ("Parts", "840120", 60, "hs"),
        ("Parts", "841320", None, None),
    ],
    ids=["both", "plural", "misdeclared", "heading alone", "neither"],
)
def test_goods_are_known_by_code_and_keyword(
    text: str, hs_code: str, points: int | None, rule: str | None
) -> None:
    entry = Entry("G", "d", "GOODS", prefixes=("8401", "840140"), keywords=("gas centrifuge",))
    found = compare(Value("GOODS", "goods.1", text, hs_code=hs_code), entry)
    assert (found and found.score.points, found and found.score.rule) == (points, rule)


LISTED = st.lists(st.tuples(st.lists(NAMES, min_size=1, max_size=2), NAMES), min_size=1, max_size=12)


@settings(deadline=None)
@given(LISTED, NAMES, st.integers(60, 100), st.sampled_from(["PARTY", "VESSEL", "GOODS"]))
def test_the_index_finds_what_comparing_everything_finds(
    listed: list[tuple[list[str], str]], named: str, least: int, kind: str
) -> None:
    entries = [
        Entry(f"E{number}", "d", kind, tuple(names), prefixes=("84",) * (number % 2), keywords=(keyword,))
        for number, (names, keyword) in enumerate(listed)
    ]
    value = Value(kind, "place", named, hs_code="8457")
    index = Index(entries, dict.fromkeys(THRESHOLDS, least))
    everything = [match for entry in entries if (match := compare(value, entry)) is not None]
    assert {match.entry.reference: match.score for match in index.search(value)} == {
        match.entry.reference: match.score for match in everything if match.score.points >= least
    }


def test_a_list_of_50_000_entries_is_searched_in_bounds() -> None:
    random = Random(1)
    letters = string.ascii_lowercase
    words = ["".join(random.choices(letters, k=random.randint(5, 9))) for _ in range(20_000)]
    words += ["trading", "shipping", "international"] * 700

    def name() -> str:
        return " ".join(random.choices(words, k=3))

    entries = [Entry(f"E{number}", "d", "PARTY", (name(),)) for number in range(50_000)]
    tracemalloc.start()
    index = Index(entries, THRESHOLDS)
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert held < 64 * 1024 * 1024
    wanted = random.sample(range(50_000), 5)
    for number in wanted:
        text = entries[number].names[0]
        spoilt = text[:4] + "q" + text[5:] + " Ltd."
        value = Value("PARTY", "consignee", spoilt)
        assert f"E{number}" in {match.entry.reference for match in index.search(value)}
        assert len(index.candidates(value)) < 500, "of 50,000, so few are compared"
