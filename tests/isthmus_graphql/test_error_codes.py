"""Every code that the source can answer is in the table, and nothing else is."""

import error_codes

COMMITTED = error_codes.ROOT / "docs" / "errors.md"


def test_the_table_of_errors_is_the_sources() -> None:
    assert COMMITTED.read_text() == error_codes.table(), (
        "run: python tests/kit/error_codes.py > docs/errors.md"
    )


def test_every_code_has_words() -> None:
    silent = [line for line in error_codes.table().splitlines() if line.endswith(("|  |", "| |"))]
    assert silent == [], "say it where it is raised, or in error_codes.EXPLAINED"


def test_codes_raised_in_every_manner_are_found() -> None:
    uses = error_codes.collect()
    found = {use.code for use in uses}
    told = {(use.code, use.status) for use in uses}
    assert ("token_expired", 401) in told, "by a function"
    assert ("insufficient_scope", 403) in told, "by an error class"
    assert ("too_large", 413) in told, "as a class attribute"
    assert {"COST", "PARSE_FAILED", "INPUT", "PERSISTED_QUERY_MISMATCH", "VALIDATION_FAILED"} <= found
