"""People of a trade at the portal, recognised without a password: what a page shows them is asked here."""

from collections.abc import Mapping
from typing import TypeAlias

from flask import Flask

from isthmus_graphql.execution import GraphQL
from isthmus_graphql.schema import build
from isthmus_platform.crossings import BridgeClient
from isthmus_platform.database import Actor, Platform
from isthmus_platform.errors import NotAuthenticated
from isthmus_platform.outgoing_addresses import Outgoing
from isthmus_platform.papers.signing import Desk
from isthmus_platform.webhook_signing import SigningSecrets
from isthmus_portal import Files, create_portal
from page import Element, page
from portal_example import Remembered
from portal_frame import is_sound
from portal_visitor import AsParty, Visitor

Push: TypeAlias = tuple[Outgoing, SigningSecrets]
"""Where webhooks may go, and their secrets."""


def portal_of(
    platform: Platform,
    desk: Desk,
    actors: Mapping[str, Actor],
    files: Files,
    bridge: BridgeClient | None = None,
    push: Push | None = None,
) -> Flask:
    """Return the portal on a platform and its real schema, for the parties that ``actors`` names."""
    by_subject = {actor.subject: actor for actor in actors.values()}

    def sign_in(email: str, _password: str) -> Actor:
        return actors[email.partition("@")[0]]

    def actor_of(subject: str) -> Actor:
        if subject not in by_subject:
            raise NotAuthenticated("Nobody here.")
        return by_subject[subject]

    app = Flask("portal_of_services", static_folder=None)
    app.secret_key = "a secret of this test"
    execute = GraphQL(platform, build(), desk=desk, bridge=bridge, push=push).execute
    app.register_blueprint(
        create_portal(execute, sign_in, actor_of, Remembered(), files=files, clock=platform.clock)
    )
    return app


def acquainted(
    platform: Platform,
    desk: Desk,
    actors: Mapping[str, Actor],
    files: Files,
    bridge: BridgeClient | None = None,
    push: Push | None = None,
) -> AsParty:
    """Return how those parties come to the portal."""
    app = portal_of(platform, desk, actors, files, bridge, push)
    return lambda party: Visitor(app.test_client()).sign_in(party)


def done(visitor: Visitor, on: Element, button: str, **entered: str | list[str]) -> Element:
    """Send a form, which must be taken, and return the sound page that it leads to."""
    answer = visitor.send(on, button, **entered)
    assert answer.status_code == 303, page(answer.text).one("main").text
    return is_sound(visitor.get(answer.headers["Location"]))


def refused(visitor: Visitor, on: Element, button: str, **entered: str | list[str]) -> Element:
    """Send a form, which must be refused, and return the sound page that says why."""
    answer = visitor.send(on, button, **entered)
    assert answer.status_code == 422, answer.text
    return is_sound(page(answer.text))


def offered(shown: Element) -> list[str]:
    """Return the buttons of what may be done now."""
    return [button.text for each in shown.all("div", css="acts") for button in each.all("button")]
