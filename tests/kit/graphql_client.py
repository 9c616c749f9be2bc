"""A platform with parties, reached through GraphQL over HTTP with Flask's test client."""

from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from isthmus_graphql.execution import GraphQL
from isthmus_graphql.http import blueprint
from isthmus_platform import parties
from isthmus_platform.database import Actor, Duty, PartyRole, Platform
from isthmus_platform.errors import NotAuthenticated

CAST = {
    "trader": PartyRole.TRADER,
    "rival": PartyRole.TRADER,
    "forwarder": PartyRole.FORWARDER,
    "carrier": PartyRole.CARRIER,
    "bank": PartyRole.BANK,
    "insurer": PartyRole.INSURER,
    "operator": PartyRole.OPERATOR,
    "authority": PartyRole.AUTHORITY,
}


@dataclass(frozen=True)
class Asker:
    """One party's client. Its token is its name: how tokens are made and checked is tested elsewhere."""

    name: str
    actor: Actor
    http: FlaskClient

    def post(self, body: Any = None, **request: Any) -> TestResponse:
        headers = {"Authorization": f"Bearer {self.name}", **request.pop("headers", {})}
        if body is not None:
            request["json"] = body
        return self.http.post("/graphql", headers=headers, **request)

    def ask(self, query: str, **variables: Any) -> dict[str, Any]:
        """Return the whole response of an operation."""
        answer = self.post({"query": query, "variables": variables})
        assert answer.status_code == 200, answer.text
        body: dict[str, Any] = answer.get_json()
        return body

    def data(self, query: str, **variables: Any) -> dict[str, Any]:
        """Return the data of an operation that must succeed."""
        body = self.ask(query, **variables)
        assert "errors" not in body, body
        data: dict[str, Any] = body["data"]
        return data

    def codes(self, query: str, **variables: Any) -> list[str]:
        """Return the codes of the errors that an operation answers."""
        return [error["extensions"]["code"] for error in self.ask(query, **variables).get("errors", [])]

    def change(self, mutation: str, selection: str, **given: Any) -> dict[str, Any]:
        """Return the payload of a mutation; a key is made where none is given."""
        kind = mutation[0].upper() + mutation[1:] + "Input"
        text = (
            f"mutation ($input: {kind}!) {{ {mutation}(input: $input)"
            f" {{ {selection} userErrors {{ code field message }} }} }}"
        )
        data = self.data(text, input={"idempotencyKey": str(uuid4()), **given})
        payload: dict[str, Any] = data[mutation]
        return payload

    def done(self, mutation: str, selection: str, **given: Any) -> dict[str, Any]:
        """Return the payload of a mutation that must succeed, and that sent again changes nothing more."""
        given = {"idempotencyKey": str(uuid4()), **given}
        payload = self.change(mutation, selection, **given)
        assert payload["userErrors"] == [], payload
        assert self.change(mutation, selection, **given) == payload, f"{mutation} sent again"
        return payload

    def refused(self, mutation: str, selection: str, **given: Any) -> list[tuple[str, str | None]]:
        """Return (code, field) of why a mutation was refused; its result must be absent."""
        payload = self.change(mutation, selection, **given)
        assert [value for name, value in payload.items() if name != "userErrors" and value] == []
        return [(error["code"], error["field"]) for error in payload["userErrors"]]


def register_cast(platform: Platform) -> dict[str, Actor]:
    """Register the parties and return each as an actor."""
    with platform.begin(Duty("onboarding")) as work:
        registered = {
            name: parties.register(work, name, f"{name.title()} Ltd", "GB", [role])
            for name, role in CAST.items()
        }
    return {name: parties.actor_of(party, f"client:{name}") for name, party in registered.items()}


def serve(graphql: GraphQL, cast: dict[str, Actor], **more: Any) -> dict[str, Asker]:
    """Serve ``graphql``, with ``more`` of what its blueprint takes, and return each party's client."""

    def authenticate(header: str) -> Actor:
        scheme, _, name = header.partition(" ")
        if scheme != "Bearer" or name not in cast:
            raise NotAuthenticated("Send a bearer token.")
        return cast[name]

    app = Flask(__name__)
    app.register_blueprint(blueprint(graphql, authenticate, **more))
    return {name: Asker(name, actor, app.test_client()) for name, actor in cast.items()}


def nodes(connection: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the nodes of a connection."""
    return [edge["node"] for edge in connection["edges"]]
