"""``python -m isthmus_graphql > graphql/schema.graphql`` writes the schema anew."""

import sys

from isthmus_graphql.schema import sdl

sys.stdout.write(sdl())
