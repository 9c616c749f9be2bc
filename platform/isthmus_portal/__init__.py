"""The web pages of Isthmus: a client of the GraphQL schema like any other, served by the same process."""

from isthmus_portal.blueprint import create_portal
from isthmus_portal.face import Invitation
from isthmus_portal.files import Files

__all__ = ["Files", "Invitation", "create_portal"]
