"""Someone at the portal's door, without a browser."""

from dataclasses import dataclass

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

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
