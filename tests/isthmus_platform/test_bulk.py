"""What goes to PostgreSQL as arrays comes out as it went in."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from isthmus_platform import bulk
from isthmus_platform.database import Duty, Platform, new_id

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
HOSTILE = st.sampled_from(["", "NULL", '"', "\\", "{", "}", ",", " ", "a\nb", '\\"', "{}", "'; --", "%s :x"])


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(values=st.lists(st.none() | TEXTS | HOSTILE, max_size=6))
def test_any_text_survives(platform: Platform, values: list[str | None]) -> None:
    assert _back(platform, values, "text[]") == values


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([new_id(), None], "uuid[]"),
        ([datetime(2026, 5, 1, 12, 0, 0, 123456, tzinfo=UTC), None], "timestamptz[]"),
        ([True, False, None], "boolean[]"),
        ([0, -7, None], "int[]"),
        ([], "text[]"),
    ],
    ids=["uuid", "time", "boolean", "number", "empty"],
)
def test_other_values_survive(platform: Platform, values: list[Any], kind: str) -> None:
    assert _back(platform, values, kind) == values


def _back(platform: Platform, values: list[Any], kind: str) -> Any:
    with platform.begin(Duty("none")) as work:
        return work.session.scalar(text(f"SELECT CAST(:given AS {kind})"), {"given": bulk.literal(values)})
