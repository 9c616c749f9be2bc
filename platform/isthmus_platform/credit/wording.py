"""How an examiner reads what documents say: names of companies, and how many originals there are.

A name is the same in whatever case, spacing and punctuation it is written, and with the usual abbreviations
(ISBP 821 paragraph A1: Ltd is Limited, Co is Company, Int'l is International). A part of it is another name.
"""

import re
import unicodedata
from collections.abc import Sequence

from isthmus_platform.credit.case import words

SHORT = {
    "public limited company": "plc",
    "limited liability company": "llc",
    "limited liability partnership": "llp",
    "gesellschaft mit beschrankter haftung": "gmbh",
    "gesellschaft mit beschraenkter haftung": "gmbh",
    "aktiengesellschaft": "ag",
    "kommanditgesellschaft": "kg",
    "societe anonyme": "sa",
    "sociedad anonima": "sa",
    "societa per azioni": "spa",
    "naamloze vennootschap": "nv",
    "besloten vennootschap": "bv",
    "aktiebolag": "ab",
    "private": "pte",
    "pvt": "pte",
    "limited": "ltd",
    "company": "co",
    "corporation": "corp",
    "incorporated": "inc",
    "international": "intl",
    "int l": "intl",
    "brothers": "bros",
    "manufacturing": "mfg",
}
"""Long forms with the abbreviation that is as good."""
FORMS = frozenset(
    words(
        "ab ag bhd bv co corp gmbh inc kg kgaa kk llc llp ltd nv ohg oy oyj plc pte"
        " sa sarl sas sdn se spa srl"
    )
)
"""Legal forms of companies: where one stands alone in the next line, the name goes on there."""
DENIALS = frozenset(words("not no never none nobody without unendorsed"))
EXCLUSIONS = frozenset(words("but except excepting excluded excludes excluding not no without"))
GERMAN = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa", "ø": "oe", "æ": "ae"})
LATIN = str.maketrans({"ø": "o", "æ": "ae", "ł": "l", "đ": "d"})
_LONG = re.compile(r"\b(?:" + "|".join(sorted(SHORT, key=len, reverse=True)) + r")\b")
_BEHALF = re.compile(r"\b(?:for and )?on behalf of\b", re.IGNORECASE)
_BY = re.compile(r"^\s*(?:endorsed by|for|per pro|p\.? ?p\.?)\s+", re.IGNORECASE)
_ORDER = re.compile(r"^\s*(?:to )?(?:the )?order\b(?: of\b)?", re.IGNORECASE)


def _spelt(text: str) -> frozenset[str]:
    """Return how a name may be spelt in plain letters: SWIFT has neither umlauts nor accents."""
    small = text.casefold()
    spellings = set()
    for letters in (small.translate(GERMAN), small.translate(LATIN)):
        plain = "".join(
            one for one in unicodedata.normalize("NFKD", letters) if not unicodedata.combining(one)
        )
        said = [word for word in words(plain) if word != "and"]
        spellings.add(_LONG.sub(lambda long: SHORT[long[0]], " ".join(said)).replace(" ", ""))
    return frozenset(spellings - {""})


def same_name(one: str, other: str) -> bool:
    """Say whether two texts are the same name but for case, spaces, punctuation and abbreviations."""
    return bool(_spelt(one) & _spelt(other))


def names(lines: Sequence[str], name: str) -> bool:
    """Say whether the lines of a name and address are of ``name``, the whole of it.

    The name may end with any of the lines, or within one at a comma after its legal form, but not before
    what is a legal form alone.
    """
    pieces = [
        (piece, place == len(line.split(",")) - 1)
        for line in (each.rstrip(", ") for each in lines)
        for place, piece in enumerate(line.split(","))
    ]
    for end, (piece, whole) in enumerate(pieces, 1):
        if not whole and not _ends_in_form(piece):
            continue
        if end < len(pieces) and _is_form(pieces[end][0]):
            continue
        if same_name(" ".join(each for each, _ in pieces[:end]), name):
            return True
    return False


def _forms(text: str) -> list[bool]:
    return [SHORT.get(word, word) in FORMS for word in words(text)]


def _ends_in_form(text: str) -> bool:
    return _forms(text)[-1:] == [True] or _is_form(text)


def _is_form(text: str) -> bool:
    """Say whether the text is a legal form and nothing else: ``Ltd.``, ``S.A.``, ``Co. Ltd``."""
    said = _forms(text)
    return bool(said) and (all(said) or "".join(words(text)) in FORMS)


def denies(text: str, name: str = "") -> bool:
    """Say whether a text denies what it speaks of, in words that are not part of ``name``."""
    return bool((set(words(text)) - set(words(name))) & DENIALS)


def done_by(said: str, name: str) -> bool:
    """Say whether ``said`` tells that something was done by ``name``, or by another on its behalf."""
    last = _BY.sub("", _BEHALF.split(said)[-1])
    return not denies(said, name) and (same_name(said, name) or names(last.split(","), name))


def covers(clauses: str, risks: str) -> bool:
    """Say whether the words of ``risks`` stand in ``clauses`` together, and are not excluded there."""
    said, wanted = words(clauses), words(risks)
    return any(
        said[at : at + len(wanted)] == wanted and not EXCLUSIONS & set(said[max(at - 2, 0) : at])
        for at in range(len(said) - len(wanted) + 1)
    )


def whose_order(consignee: str) -> str:
    """Return to whose order a bill is that names this consignee; empty where it is plainly to order."""
    return _ORDER.sub("", consignee).strip()


COUNTED = "one two three four five six seven eight nine ten"
NUMBERS = {word: number for number, word in enumerate(words(COUNTED), 1)}
MULTIPLES = {"duplicate": 2, "triplicate": 3, "quadruplicate": 4}
_NUMBER = rf"(?:{'|'.join(NUMBERS)}|[1-9])"
_TWICE = rf"(?:{_NUMBER} )?({_NUMBER})"
_BILLS = r"(?:b s? ?ls?|bs l|bls?|bills? of lading|bills)"
_ITSELF = r"(?=$| (?:bills?|b|bs|bl|bls|waybills?|sea|policy|policies|certificates?|documents?|and|plus)\b)"
_OTHER = r"(?! (?:of )?(?:the )?(?:\w+ )?(?:invoices?|packing|lists?|letters?|of origin|credits?)\b)"
_SETS = (
    re.compile(rf"\b{_TWICE} (?:\w+ )?(?:originals|original{_ITSELF}){_OTHER}"),
    re.compile(rf"(?:^|\b(?:number|no|nos|nr) )of (?:\w+ )?originals?(?: [a-z]+){{0,5}}? {_TWICE}\b"),
    re.compile(rf"(?:^|\b(?:number|no|nos|nr) )of {_BILLS}(?: issued)? {_TWICE}\b"),
    re.compile(rf"\boriginals?(?: {_BILLS})?(?: issued)? {_TWICE}$"),
    re.compile(rf"\boriginal {_NUMBER} of ({_NUMBER})\b"),
    re.compile(rf"\b(?:first|second|third|1st|2nd|3rd) original of ({_NUMBER})\b"),
    re.compile(rf"\b(?:issued|signed|made out|drawn up|executed) in (?:a )?(?:full )?(?:set of )?{_TWICE}$"),
    re.compile(rf"\bfull set(?: of)? {_TWICE}\b"),
    re.compile(rf"^({_NUMBER}) \1$"),
)
_MULTIPLE = re.compile(rf"(?:^|\b(?:issued|signed|made out|drawn up|executed) )in ({'|'.join(MULTIPLES)})\b")


def originals_stated(text: str) -> int:
    """Return in how many originals a document says that it was issued; 0 where it does not say.

    Read are sentences such as ``Issued in 2 originals``, ``two (2) originals``, ``in triplicate``, ``full set
    3/3`` and ``Number of original bills: 3``; of several the largest number is told.
    """
    found = [0]
    for sentence in re.split(r"[.;\n](?!\d)", text):
        said = " ".join(words(sentence))
        found += [MULTIPLES[each] for each in _MULTIPLE.findall(said)]
        for pattern in _SETS:
            found += [NUMBERS.get(each) or int(each) for each in pattern.findall(said)]
    return max(found)
