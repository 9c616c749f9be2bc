"""Someone at the portal's door, without a browser."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from isthmus_graphql.execution import GraphQL
from isthmus_platform import access
from isthmus_platform.database import Duty, Platform
from isthmus_platform.ended_sessions import EndedSessions
from isthmus_portal import Files, create_portal
from isthmus_portal.face import Papers
from page import Element, page
from portal_example import PASSWORD


@dataclass
class Visitor:
    """A browser as far as tests need one: it keeps cookies and sends the forms it is shown."""

    client: FlaskClient

    def get(self, address: str, status: int = 200) -> Element:
        answer = self.client.get(address, headers={"Accept": "text/html"})
        assert answer.status_code == status, answer.text
        return page(answer.text)

    def send(self, on: Element, button: str, **entered: str | list[str]) -> TestResponse:
        """Send the form with this button, with what is entered over what it held."""
        address, values = on.form(button)
        return self.client.post(address, data={**values, **entered})

    def sign_in(self, party: str) -> "Visitor":
        answer = self.send(self.get("/sign-in"), "Sign in", email=f"{party}@demo.example", password=PASSWORD)
        assert answer.status_code == 303, answer.text
        return self


AsParty: TypeAlias = Callable[[str], Visitor]
"""Signs a party in."""


def add_users(platform: Platform, *parties: str) -> None:
    """Give each party a user that signs in as ``<party>@demo.example``."""
    with platform.begin(Duty("onboarding")) as work:
        for party in parties:
            access.add_user(work, party, f"{party}@demo.example", PASSWORD)


def visitors(
    platform: Platform, graphql: GraphQL, files: Files | None = None, papers: Papers | None = None
) -> AsParty:
    """Return how parties with users come to the portal on this platform and its real schema."""
    app = portal_on(platform, graphql, files, papers)
    return lambda party: Visitor(app.test_client()).sign_in(party)


def portal_on(
    platform: Platform, graphql: GraphQL, files: Files | None = None, papers: Papers | None = None
) -> Flask:
    """Return an app with nothing but the portal on this platform and its real schema."""
    app = Flask("portal_on_a_platform", static_folder=None)
    app.secret_key = "a secret of this test"
    app.register_blueprint(
        create_portal(
            graphql.execute,
            partial(access.sign_in, platform),
            partial(access.actor_of_subject, platform),
            EndedSessions(platform),
            files=files or Files(),
            clock=platform.clock,
            papers=papers,
        )
    )
    return app


def newcomers(
    platform: Platform, graphql: GraphQL, files: Files | None = None, papers: Papers | None = None
) -> AsParty:
    """Return the same for parties without users: each is given one when it first comes."""
    come, known = visitors(platform, graphql, files, papers), set[str]()

    def enter(party: str) -> Visitor:
        if party not in known:
            add_users(platform, party)
            known.add(party)
        return come(party)

    return enter
