"""Parties and a tariff in force for each test of billing."""

import pytest

import billing_cast
from billing_cast import BillingCast
from isthmus_platform.database import Platform


@pytest.fixture
def cast(platform: Platform) -> BillingCast:
    return billing_cast.assemble(platform)
