"""``python tests/kit/error_codes.py > docs/errors.md`` writes the table of error codes from the source.

A code is a constant handed to a parameter or put into a class attribute of the name ``code``, by whatever
function or error class takes one; its words are those of the first place that uses it.
"""

import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCES = ("platform/isthmus_platform", "platform/isthmus/entrance.py", "graphql", "billing")
CODE = re.compile(r"[a-z][a-z_]{3,}|[A-Z][A-Z_]{3,}")
# Their parameter is a code of something else: a place, an event, a document, a country.
NOT_ERRORS = frozenset(
    {"Agency", "TrackingEvent", "TimelineEntry", "find", "name_of", "DocumentType", "Place"}
)
NOT_OURS = frozenset({"payments_standin.py"})
# Where the place that uses a code has no words of its own.
EXPLAINED = {
    "bad_signature": "A webhook of the payment provider is not signed by it.",
    "condition_syntax": "The condition is no CEL expression over the facts that it may speak of.",
    "DEADLINE": "This took too long; ask for less.",
    "INPUT": "A variable or argument has a value of the wrong type.",
    "INTERNAL": "Something went wrong on our side; `requestId` leads to it.",
    "INTROSPECTION": "The schema is not told in production: it is in `graphql/schema.graphql`.",
    "length_required": "Send Content-Length.",
    "malformed_event": "A webhook of the payment provider is no event.",
    "method_not_allowed": "Another method is wanted: `Allow` says which.",
    "OPERATION": "Name one of the document's operations; there are no subscriptions at this address.",
    "PARSE_FAILED": "The document is not GraphQL.",
    "PERSISTED_QUERY_NOT_FOUND": "PersistedQueryNotFound: send the text along with its hash.",
    "signature": "The signature is not by the key of the one it must be by.",
    "timed_out": "The request came too slowly.",
    "timeout": "The request came too slowly.",
    "xml_": "The XML is not taken; what follows the underscore is the rule that it breaks.",
    "UNAVAILABLE": "The database does not answer; try again.",
    "unavailable": "Something that is needed does not answer; try again.",
    "VALIDATION_FAILED": "The document does not fit the schema.",
}
HEAD = """# Errors

Codes are stable; words may change. Written by `python tests/kit/error_codes.py > docs/errors.md`.

- Plain HTTP answers `application/problem+json` (RFC 9457): `code`, and `field` where an input is at fault.
- GraphQL answers `errors[].extensions.code` and `field`, or `userErrors { code field message }`.
- `POST /oauth/token` answers in OAuth's words: `invalid_client`, `invalid_request`, `invalid_scope`,
  `unsupported_grant_type`, `invalid_dpop_proof`, `use_dpop_nonce` (RFC 6749, RFC 9449), our code in brackets.
- `401` carries `WWW-Authenticate`, `429` and `503` may carry `Retry-After`.
"""


@dataclass(frozen=True)
class Use:
    """One place that uses a code: the status it answers with, if it is told there, and its words."""

    code: str
    status: int | None
    words: str


class _Takers(ast.NodeVisitor):
    """Finds who takes a code: functions with a parameter of that name, classes with such an ``__init__``."""

    def __init__(self) -> None:
        self.positions: dict[str, int | None] = {}
        self.statuses: dict[str, int] = {}
        self.bases: dict[str, list[str]] = {}
        self._class: list[str] = []

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        if node.bases:  # else it is no error, whatever its name
            self.bases[node.name] = [ast.unparse(base).rpartition(".")[2] for base in node.bases]
        for name, value in _attributes(node):
            if name == "status" and isinstance(value, ast.Constant) and isinstance(value.value, int):
                self.statuses[node.name] = value.value
        self._class.append(node.name)
        self.generic_visit(node)
        self._class.pop()

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        names = [each.arg for each in node.args.args]
        taker = self._class[-1] if node.name == "__init__" and self._class else node.name
        offset = 1 if names[:1] in (["self"], ["cls"]) else 0
        if "code" in names:
            self.positions[taker] = names.index("code") - offset
        elif "code" in [each.arg for each in node.args.kwonlyargs]:
            self.positions[taker] = None
        self.generic_visit(node)

    def takes(self, name: str) -> bool:
        """Tell whether ``name`` takes a code, or inherits to take one."""
        return name in self.positions or any(self.takes(base) for base in self.bases.get(name, ()))

    def position(self, name: str) -> int | None:
        """Return where ``name`` takes it."""
        if name in self.positions:
            return self.positions[name]
        return next((self.position(base) for base in self.bases.get(name, ()) if self.takes(base)), None)

    def status(self, name: str) -> int | None:
        """Return the status of an error class."""
        if name in self.statuses:
            return self.statuses[name]
        return next((found for base in self.bases.get(name, ()) if (found := self.status(base))), None)


def collect() -> list[Use]:
    """Return every use of a code in the source, in the order of files and lines."""
    trees = {file: ast.parse(file.read_text()) for file in _files()}
    takers = _Takers()
    for tree in trees.values():
        takers.visit(tree)
    return [
        use
        for file, tree in trees.items()
        for use in _uses(tree, takers)
        if use.code.islower() or "isthmus_graphql" in file.parts  # capitals elsewhere are a standard's codes
    ]


def table() -> str:
    """Return the page."""
    known: dict[str, list[Use]] = {}
    for use in collect():
        known.setdefault(use.code, []).append(use)
    plain = sorted(code for code in known if code.islower())
    parts = [
        HEAD,
        "## Of the services, over HTTP and in GraphQL\n",
        "| code | status | says |\n|---|---|---|",
    ]
    for code in plain:
        uses = known[code]
        statuses = ", ".join(str(each) for each in sorted({use.status for use in uses if use.status}))
        parts.append(f"| `{code}` | {statuses} | {_words(uses)} |")
    parts += ["\n## Of a GraphQL document, before or while it runs\n", "| code | says |\n|---|---|"]
    parts += [f"| `{code}` | {_words(known[code])} |" for code in sorted(known) if not code.islower()]
    return "\n".join(parts) + "\n"


def _files() -> list[Path]:
    found: list[Path] = []
    for source in SOURCES:
        place = ROOT / source
        found += sorted(place.rglob("*.py")) if place.is_dir() else [place]
    return [file for file in found if file.name not in NOT_OURS]


def _uses(tree: ast.Module, takers: _Takers) -> Iterator[Use]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield from _of_call(node, takers, tree)
        elif isinstance(node, ast.ClassDef):
            words = (ast.get_docstring(node) or "").partition("\n")[0]
            for name, value in _attributes(node):
                if name == "code" and isinstance(value, ast.Constant):
                    yield from _coded(value, takers.status(node.name), words)
        elif isinstance(node, ast.Dict):
            yield from _of_dict(node)


def _of_call(node: ast.Call, takers: _Takers, tree: ast.Module) -> Iterator[Use]:
    name = ast.unparse(node.func).rpartition(".")[2]
    if name in NOT_ERRORS or not takers.takes(name):
        return
    position = takers.position(name)
    given = [each.value for each in node.keywords if each.arg == "code"]
    if position is not None and len(node.args) > position:
        given.append(node.args[position])
    status = takers.status(name) or (401 if name == "refused" else None)
    if name == "problem" and isinstance(node.args[0], ast.Constant):
        status = int(str(node.args[0].value))
    texts = [_text(_assigned(each, tree)) for each in node.args]
    for value in given:
        words = next((each for each in texts if " " in each), "")
        yield from _coded(value, status, words)


def _of_dict(node: ast.Dict) -> Iterator[Use]:
    for key, value in zip(node.keys, node.values, strict=True):
        if not isinstance(key, ast.Constant) or not isinstance(value, ast.Constant):
            continue
        if key.value == "code":
            yield from _coded(value, None, "")
        elif isinstance(key.value, int) and 400 <= key.value < 600:
            yield from _coded(value, key.value, "")


def _coded(value: ast.expr, status: int | None, words: str) -> Iterator[Use]:
    for each in ast.walk(value):
        if isinstance(each, ast.Constant) and isinstance(each.value, str) and CODE.fullmatch(each.value):
            yield Use(each.value, status, words)


def _attributes(node: ast.ClassDef) -> Iterator[tuple[str, ast.expr]]:
    for each in node.body:
        if isinstance(each, ast.Assign) and isinstance(each.targets[0], ast.Name):
            yield each.targets[0].id, each.value


def _assigned(node: ast.expr, tree: ast.Module) -> ast.expr:
    """Return what a name stands for, as last written above its use."""
    if not isinstance(node, ast.Name):
        return node
    found = [
        each
        for each in ast.walk(tree)
        if isinstance(each, ast.Assign)
        and isinstance(each.targets[0], ast.Name)
        and each.targets[0].id == node.id
        and each.lineno < node.lineno
    ]
    return max(found, key=lambda each: each.lineno).value if found else node


def _text(node: ast.expr) -> str:
    """Return a message as it reads, with … for what is put in."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    if isinstance(node, ast.JoinedStr):
        return "".join(_text(each) if isinstance(each, ast.Constant) else "…" for each in node.values)
    return ""


def _words(uses: list[Use]) -> str:
    words = EXPLAINED.get(uses[0].code) or next((use.words for use in uses if use.words), "")
    return words.replace("|", "\\|").replace("\n", " ")


if __name__ == "__main__":
    sys.stdout.write(table())
