"""How alike a value and an entry are: 0 to 100 in whole numbers, by rules that the explanation names. Pure.

Whole numbers only, rounded down, so that every machine comes to the same score. ``VERSION`` is kept with
every hit; another rule here is another version.

Two tokens are alike by the share of letters that need no edit (optimal string alignment: insertion, deletion,
substitution, swap of neighbours); below :data:`LEAST_PAIR` they are not a pair. A name's score is the best of

``tokens``     pairs weighted by their letters, each token in one pair, against all letters of both names;
``joined``     the names written without spaces (``Al Rashid``, ``Alrashid``);
``contained``  how much of the listed name is in the given one, of which :data:`CONTAINED` percent count:
               only for listed names of two tokens and eight letters or more.

The first two are symmetric. :data:`ELSEWHERE` points are taken off when both countries are known and differ.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from rapidfuzz.distance import OSA

from isthmus_platform.screening.normal import Name

VERSION = "1"
LEAST_PAIR = 75
LEAST_KEYWORD = 80
MOST_TOKENS = 8
"""Tokens of a name that are paired, its longest; all count when the names' letters are weighed."""
CONTAINED = 90
CONTAINED_FROM = 8
ELSEWHERE = 5
HS_PART, KEYWORD_PART, KEYWORD_ALONE = 60, 40, 90
"""Goods whose entry has codes and keywords: points of each where both match, percent of keywords alone."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A token of the given value, the token of the entry that it was held against, and how alike they are."""

    given: str
    listed: str
    score: int


@dataclass(frozen=True, slots=True)
class Score:
    """A score with the rule that made it, the pairs of tokens, and what was taken off for which rule."""

    points: int
    rule: str
    pairs: tuple[Pair, ...] = ()
    taken_off: tuple[tuple[str, int], ...] = field(default=())


NOTHING = Score(0, "none")


def alike(one: str, other: str) -> int:
    """Return how alike two texts are, 0 to 100; two empty ones are not."""
    longest = max(len(one), len(other))
    return 100 * (longest - OSA.distance(one, other)) // longest if longest else 0


def of_names(given: Name, listed: Name) -> Score:
    """Return the score of a given name against a listed one: the best rule, the first of equals."""
    if given.tokens == listed.tokens and given.tokens:
        return Score(100, "tokens", tuple(Pair(token, token, 100) for token in given.tokens))
    found = [_by_tokens(given, listed), Score(alike(given.joined, listed.joined), "joined")]
    if len(listed.tokens) > 1 and listed.size >= CONTAINED_FROM:
        share, pairs = covered(given, listed, LEAST_PAIR)
        found.append(Score(CONTAINED * share // 100, "contained", pairs))
    return max(found, key=lambda score: score.points)


def elsewhere(score: Score, given: str | None, listed: Collection[str]) -> Score:
    """Return ``score`` less what a country that is known to be another takes off."""
    if given is None or not listed or given in listed or not score.points:
        return score
    points = max(0, score.points - ELSEWHERE)
    return Score(points, score.rule, score.pairs, (*score.taken_off, ("country", score.points - points)))


def covered(given: Name, listed: Name, least: int) -> tuple[int, tuple[Pair, ...]]:
    """Return what share of ``listed`` is found in ``given``, by letters, and the pairs that say so."""
    pairs = [
        max((Pair(each, token, alike(each, token)) for each in given.tokens), key=lambda pair: pair.score)
        for token in listed.tokens
        if given.tokens
    ]
    kept = tuple(pair for pair in pairs if pair.score >= least)
    points = sum(len(pair.listed) * pair.score for pair in kept)
    return (points // listed.size if listed.size else 0), kept


def of_vessels(given: Name, given_imo: str | None, listed: Sequence[Name], listed_imo: str | None) -> Score:
    """Return the score of a vessel: by IMO number alone where both are known, else by its name."""
    if given_imo is not None and listed_imo is not None:
        return Score(100, "imo", (Pair(given_imo, listed_imo, 100),)) if given_imo == listed_imo else NOTHING
    return max((of_names(given, each) for each in listed), key=lambda score: score.points, default=NOTHING)


def of_goods(given: Name, hs_code: str, prefixes: Collection[str], keywords: Sequence[Name]) -> Score:
    """Return the score of goods: by the longest prefix of their HS code, by the best keyword, or by both."""
    prefix = max((each for each in prefixes if hs_code.startswith(each)), key=len, default=None)
    by_code = () if prefix is None else (Pair(hs_code, prefix, 100),)
    share, pairs = max(
        (covered(given, each, LEAST_KEYWORD) for each in keywords),
        key=lambda found: found[0],
        default=(0, ()),
    )
    if not keywords:
        return Score(100, "hs", by_code) if by_code else NOTHING
    if not prefixes:
        return Score(share, "keyword", pairs)
    if by_code and share:
        return Score(HS_PART + KEYWORD_PART * share // 100, "hs+keyword", (*by_code, *pairs))
    return Score(HS_PART, "hs", by_code) if by_code else Score(KEYWORD_ALONE * share // 100, "keyword", pairs)


def _by_tokens(given: Name, listed: Name) -> Score:
    mine, theirs = _longest(given.tokens), _longest(listed.tokens)
    chances = [
        [Pair(one, other, score) if (score := alike(one, other)) >= LEAST_PAIR else None for other in theirs]
        for one in mine
    ]
    gained, pairs = _best(chances, 0, 0, {})
    total = given.size + listed.size
    return Score(gained // total if total else 0, "tokens", pairs)


def _longest(tokens: tuple[str, ...]) -> tuple[str, ...]:
    """Return the longest tokens, in an order that does not depend on theirs."""
    return tuple(sorted(tokens, key=lambda token: (-len(token), token))[:MOST_TOKENS])


Chances = list[list[Pair | None]]
Best = tuple[int, tuple[Pair, ...]]


def _best(chances: Chances, at: int, taken: int, known: dict[tuple[int, int], Best]) -> Best:
    """Return the best way to pair the tokens from ``at`` on with those not ``taken`` (a bit each)."""
    if at == len(chances):
        return 0, ()
    if (at, taken) not in known:
        best = _best(chances, at + 1, taken, known)
        for place, pair in enumerate(chances[at]):
            if pair is not None and not taken >> place & 1:
                gained, pairs = _best(chances, at + 1, taken | 1 << place, known)
                gained += (len(pair.given) + len(pair.listed)) * pair.score
                if gained > best[0]:
                    best = gained, (pair, *pairs)
        known[at, taken] = best
    return known[at, taken]
