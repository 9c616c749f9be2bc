"""Places as ready JSON. UN/LOCODE comes with a release of the platform and never changes while it runs."""

from functools import lru_cache
from typing import Any

import orjson

from isthmus_graphql.planner.values import uncovered
from isthmus_platform import places


class Fragments(dict[str, Any]):
    """The selected members of each place, written once and kept, by UN/LOCODE; None for an unknown code."""

    def __init__(self, members: tuple[tuple[str, str], ...]) -> None:
        super().__init__()
        self.members = members

    def __missing__(self, code: str) -> Any:
        found = places.known(code)
        if found is None:
            return None  # not kept: anybody may name codes that are none
        made = orjson.Fragment(orjson.dumps({key: _member(found, name) for key, name in self.members}))
        self[code] = made
        return made


def _member(place: places.Place, name: str) -> Any:
    return "Place" if name == "__typename" else getattr(place, name)


@lru_cache(maxsize=256)
def fragments(members: tuple[tuple[str, str], ...]) -> Fragments:
    """Return the places with ``members``: the answer's key and the field's name of each."""
    for _, name in members:
        if name not in ("__typename", "code", "name", "country", "latitude", "longitude"):
            uncovered(f"Place.{name}")
    return Fragments(members)
