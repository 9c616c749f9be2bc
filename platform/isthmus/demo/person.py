"""A person of the story at the portal, for what no machine may do."""

import re

import httpx

from isthmus.demo import cast as people
from isthmus.demo.member import UnexpectedAnswer
from isthmus.demo.story import Cast

FORM_KEY = re.compile(r'name="csrf_token" value="([^"]+)"')


class Person:
    """A person at the portal, in a session of their own."""

    def __init__(self, cast: Cast, name: str) -> None:
        self._http = httpx.Client(base_url=cast.trader.base_url, timeout=30)
        self.name, self._password = name, people.password(cast.folder, name)

    def __enter__(self) -> "Person":
        entered = {"email": f"{self.name}@isthmus.example", "password": self._password}
        answer = self._http.post("/sign-in", data=self._key("/sign-in") | entered)
        if answer.status_code != httpx.codes.SEE_OTHER:
            self._http.close()
            raise UnexpectedAnswer(f"{self.name} was not signed in: {answer.status_code}")
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def send(self, address: str, once: str, **entered: str) -> bool:
        """Send a form of the page at ``address`` once for the key ``once``; say whether it was taken."""
        answer = self._http.post(address, data=self._key(address) | {"once": once} | entered)
        if answer.status_code not in (httpx.codes.SEE_OTHER, httpx.codes.UNPROCESSABLE_ENTITY):
            raise UnexpectedAnswer(f"{self.name} at {address}: {answer.status_code} {answer.text[:300]}")
        return answer.status_code == httpx.codes.SEE_OTHER

    def _key(self, address: str) -> dict[str, str]:
        """Return the key of the forms of a page; sign-out has one on every page."""
        found = FORM_KEY.search(self._http.get(address).text)
        if found is None:
            raise UnexpectedAnswer(f"{address} has no form")
        return {"csrf_token": found[1]}
