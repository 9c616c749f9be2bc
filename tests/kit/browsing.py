"""Looking at pages with Chromium: windows of a size and scheme, and everything they complain of."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Browser, Page

ARGUMENTS = [
    "--no-sandbox",
    "--headless",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SIZES = {"desk": (1280, 800), "phone": (390, 844)}
Scheme = Literal["light", "dark"]


@dataclass
class Window:
    """A browser window on a site, and what its pages complained of."""

    page: Page
    site: str
    complaints: list[str] = field(default_factory=list)

    def go(self, address: str) -> Page:
        """Open an address of the site."""
        self.page.goto(self.site + address)
        return self.page

    def sign_in(self, email: str, password: str) -> Page:
        """Sign in as a person does."""
        page = self.go("/sign-in")
        page.get_by_label("Email").fill(email)
        page.get_by_label("Password").fill(password)
        page.get_by_role("button", name="Sign in").click()
        page.get_by_role("button", name="Sign out").wait_for()
        return page

    def violations(self) -> list[str]:
        """Return what axe-core finds serious or critical, each with where it is."""
        found: list[dict[str, Any]] = Axe().run(self.page).response["violations"]
        return [
            f"{each['id']}: {each['help']} at {[node['target'] for node in each['nodes']]}"
            for each in found
            if each["impact"] in ("serious", "critical")
        ]

    def is_wider_than_the_screen(self) -> bool:
        """Tell whether the page scrolls sideways, which only tables within it may."""
        return bool(self.page.evaluate("document.documentElement.scrollWidth > window.innerWidth"))


@contextmanager
def window(browser: Browser, site: str, size: str = "desk", scheme: Scheme = "light") -> Iterator[Window]:
    """Open a window of its own cookies."""
    width, height = SIZES[size]
    context = browser.new_context(
        viewport={"width": width, "height": height}, color_scheme=scheme, accept_downloads=True
    )
    context.set_default_timeout(15_000)
    opened = Window(context.new_page(), site)
    opened.page.on("pageerror", lambda error: opened.complaints.append(str(error)))
    opened.page.on(
        "console",
        lambda said: opened.complaints.append(said.text) if said.type in ("error", "warning") else None,
    )
    yield opened
    context.close()


def looked_at(opened: Window, address: str, scheme: Scheme) -> list[str]:
    """Return what is wrong with a page with everything opened that can be, as wide as a desk and a phone."""
    page = opened.go(address)
    page.emulate_media(color_scheme=scheme)
    page.evaluate("document.querySelectorAll('main details').forEach((it) => { it.open = true; })")
    found = [*opened.violations(), *opened.complaints]
    for size, (width, height) in SIZES.items():
        page.set_viewport_size({"width": width, "height": height})
        if opened.is_wider_than_the_screen():
            found.append(f"scrolls sideways on a {size}")
    return found
