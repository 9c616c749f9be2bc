"""A real Chromium, and the portal on example data for it."""

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from browsing import ARGUMENTS
from counterparts import serving
from portal_example import Example, portal_app


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Yield the machine's Chromium; without one the tests are skipped."""
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        pytest.skip("There is no chromium on this machine: the pages were not looked at in a browser.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def example() -> Example:
    return Example()


@pytest.fixture
def site(example: Example) -> Iterator[str]:
    """Yield the address of the portal on example data."""
    with serving(portal_app(example), patience=0.2) as address:
        yield address
