"""Finding the entries that may match without comparing each: an index of one list in memory.

It misses nothing that comparing every entry would find (a test holds it to that): tokens and joined names
that are near enough come from RapidFuzz over what is of a possible length, and an entry is scored only if the
tokens it shares can reach the threshold at all.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from sys import intern

from rapidfuzz import process
from rapidfuzz.distance import OSA

from isthmus_platform.screening import normal, scoring
from isthmus_platform.screening.normal import Name
from isthmus_platform.screening.scoring import Score

KINDS = ("PARTY", "VESSEL", "GOODS")
REMEMBERED = 20_000
"""Tokens whose near ones are remembered."""


@dataclass(frozen=True, slots=True)
class Value:
    """What somebody named: a party, a vessel or goods, and where (``consignee``, ``goods.1``)."""

    kind: str
    place: str
    text: str
    country: str | None = None
    imo: str | None = None
    hs_code: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry as it is compared; ``digest`` is of all that it says."""

    reference: str
    digest: str
    kind: str
    names: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    imo: str | None = None
    prefixes: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Match:
    """An entry that a value comes close to: the score, and the listed name or keyword that it is for."""

    entry: Entry
    score: Score
    listed: str


def compare(value: Value, entry: Entry) -> Match | None:
    """Return how ``value`` and ``entry`` match; None for things of different kinds or nothing in common."""
    if value.kind != entry.kind:
        return None
    if value.kind == "GOODS":
        return _goods(value, entry)
    best: Match | None = None
    for listed in entry.names or ("",):
        score = _named(value, entry, listed)
        if score.points and (best is None or score.points > best.score.points):
            best = Match(entry, score, listed)
    return best


def _named(value: Value, entry: Entry, listed: str) -> Score:
    if value.kind == "VESSEL":
        return scoring.of_vessels(
            normal.vessel(value.text), value.imo, [normal.vessel(listed)] if listed else [], entry.imo
        )
    score = scoring.of_names(normal.name(value.text), normal.name(listed))
    return scoring.elsewhere(score, value.country, entry.countries)


def _goods(value: Value, entry: Entry) -> Match | None:
    given, code = normal.words(value.text), normal.digits(value.hs_code)
    keywords = [normal.words(each) for each in entry.keywords]
    score = scoring.of_goods(given, code, entry.prefixes, keywords)
    if not score.points:
        return None
    shares = [scoring.covered(given, each, scoring.LEAST_KEYWORD)[0] for each in keywords]
    listed = entry.keywords[shares.index(max(shares))] if any(shares) else ""
    return Match(entry, score, listed)


class Near:
    """Texts by length, of which those near to a given one are found."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._by_length: dict[int, list[str]] = defaultdict(list)
        for text in texts:
            self._by_length[len(text)].append(text)

    def find(self, given: str, least: int) -> Iterator[str]:
        """Yield each text that is alike to ``given`` by ``least`` or more."""
        size = len(given)
        for length in range(-(-size * least // 100), size * 100 // least + 1):
            of_length = self._by_length.get(length)
            if of_length:
                furthest = max(size, length) * (100 - least) // 100
                found = process.extract_iter(
                    given, of_length, scorer=OSA.distance, processor=None, score_cutoff=furthest
                )
                yield from (text for text, _, _ in found)


class Names:
    """Listed names, each of an entry by its number, found by tokens or as they read without spaces."""

    def __init__(self, named: Iterable[tuple[int, Name]]) -> None:
        self._entries: list[int] = []
        self._sizes: list[int] = []
        self._holding: dict[str, list[int]] = defaultdict(list)
        self._joined: dict[str, list[int]] = defaultdict(list)
        for number, listed in named:
            place = len(self._entries)
            self._entries.append(number)
            self._sizes.append(listed.size)
            for token in listed.tokens:  # as often as it stands there: each is to be covered
                self._holding[intern(token)].append(place)
            self._joined[listed.joined].append(place)
        self._near = Near(self._holding)
        self._near_joined = Near(self._joined)
        self._pairs = lru_cache(maxsize=REMEMBERED)(self._paired)

    def _paired(self, token: str) -> tuple[tuple[str, int], ...]:
        found = self._near.find(token, scoring.LEAST_PAIR)
        return tuple((other, scoring.alike(token, other)) for other in found)

    def candidates(self, given: Name, least: int) -> set[int]:
        """Return the numbers of entries with a name that may score ``least`` or more against ``given``."""
        gained: dict[int, int] = defaultdict(int)
        covered: dict[int, int] = defaultdict(int)
        for token, times in _counted(given.tokens).items():
            for other, score in self._pairs(token):
                gain, share = (len(token) + len(other)) * score * times, len(other) * score
                for place in self._holding[other]:
                    gained[place] += gain
                    covered[place] += share
        size = given.size
        found = {
            self._entries[place]
            for place, gain in gained.items()
            if gain >= least * (size + self._sizes[place])
            or scoring.CONTAINED * covered[place] >= 100 * least * self._sizes[place]
        }
        for text in self._near_joined.find(given.joined, least):
            found.update(self._entries[place] for place in self._joined[text])
        return found

    def containing(self, given: Name, least: int) -> set[int]:
        """Return the numbers of entries with a name of which ``given`` may contain the share ``least``."""
        covered: dict[int, int] = defaultdict(int)
        for token in dict.fromkeys(given.tokens):
            for other, score in self._pairs(token):
                for place in self._holding[other]:
                    covered[place] += len(other) * score
        return {
            self._entries[place] for place, share in covered.items() if share >= least * self._sizes[place]
        }


def _counted(tokens: Sequence[str]) -> dict[str, int]:
    return {token: tokens.count(token) for token in tokens}


class Index:
    """The entries of one version of a list, ready to be searched."""

    def __init__(self, entries: Sequence[Entry], thresholds: dict[str, int]) -> None:
        self._entries = entries
        self.thresholds = thresholds
        self._imos: dict[str, list[int]] = defaultdict(list)
        self._prefixes: dict[str, list[int]] = defaultdict(list)
        for number, entry in enumerate(entries):
            if entry.imo:
                self._imos[entry.imo].append(number)
            for prefix in entry.prefixes:
                self._prefixes[prefix].append(number)
        self._parties = Names(self._named("PARTY", normal.name.__wrapped__))
        self._vessels = Names(self._named("VESSEL", normal.vessel.__wrapped__))
        self._keywords = Names(
            (number, normal.words(each)) for number, entry in enumerate(entries) for each in entry.keywords
        )

    def _named(self, kind: str, form: Callable[[str], Name]) -> Iterator[tuple[int, Name]]:
        for number, entry in enumerate(self._entries):
            if entry.kind == kind:
                for each in entry.names:
                    yield number, form(each)

    def __len__(self) -> int:
        return len(self._entries)

    def candidates(self, value: Value) -> set[int]:
        """Return the numbers of the entries that are worth comparing with ``value``."""
        least = self.thresholds[value.kind]
        if value.kind == "PARTY":
            return self._parties.candidates(normal.name(value.text), least)
        if value.kind == "VESSEL":
            by_number = self._imos.get(value.imo, []) if value.imo else []
            return {*by_number, *self._vessels.candidates(normal.vessel(value.text), least)}
        code = normal.digits(value.hs_code)
        found = {number for end in range(2, len(code) + 1) for number in self._prefixes.get(code[:end], ())}
        return found | self._keywords.containing(normal.words(value.text), least)

    def search(self, value: Value) -> list[Match]:
        """Return the entries that ``value`` comes close enough to, the closest first."""
        least = self.thresholds[value.kind]
        compared = (compare(value, self._entries[number]) for number in sorted(self.candidates(value)))
        found = [match for match in compared if match is not None and match.score.points >= least]
        return sorted(found, key=lambda match: (-match.score.points, match.entry.reference))
