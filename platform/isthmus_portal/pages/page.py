"""What a module of pages gives the portal: addresses, entries of the navigation, queries, words."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from flask import Blueprint

from isthmus_portal.face import Face
from isthmus_portal.navigation import Item


@dataclass(frozen=True)
class Page:
    """One module of pages, as :data:`isthmus_portal.pages.PAGES` lists it."""

    add: Callable[[Blueprint, Face], None]
    """Adds the addresses to the blueprint, as views named ``portal.…``."""
    items: tuple[Item, ...] = ()
    """The entries of the navigation."""
    queries: tuple[str, ...] = ()
    """Every text it sends to the schema; a test holds them to the schema and its limits."""
    words: Mapping[str, str] = field(default_factory=dict)
    """Codes of the schema as a person reads them, if not in plain letters; read first on its own pages."""
    tones: Mapping[str, str] = field(default_factory=dict)
    """Codes of the schema and the tone of their chips: ``good``, ``warn`` or ``bad``."""
