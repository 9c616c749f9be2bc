"""The portal on example data, and people at its door."""

from collections.abc import Callable

import pytest

from portal_example import Example, portal_app
from portal_visitor import Visitor


@pytest.fixture
def example() -> Example:
    return Example()


@pytest.fixture
def visitor(example: Example) -> Visitor:
    return Visitor(portal_app(example).test_client())


@pytest.fixture
def as_party(example: Example) -> Callable[[str], Visitor]:
    return lambda party: Visitor(portal_app(example).test_client()).sign_in(party)
