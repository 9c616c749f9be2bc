"""What changed in the schema since it was last recorded: ``python -m isthmus_graphql.changes``.

``graphql/recorded.graphql`` is the schema that clients were last told of, ``graphql/CHANGELOG.md`` what they
were told. The command writes the section *Unreleased* anew and refuses while something would break a client;
with a version (``… changes 1.4``) it turns that section into the version's and records the schema. A break is
recorded by whoever means it, with ``--break``.
"""

import sys
from datetime import UTC, datetime
from pathlib import Path

from graphql import (
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    build_schema,
    find_breaking_changes,
    find_dangerous_changes,
)

from isthmus_graphql.schema import sdl

FOLDER = Path(__file__).parents[1]
RECORDED = FOLDER / "recorded.graphql"
CHANGELOG = FOLDER / "CHANGELOG.md"
UNRELEASED = "## Unreleased\n"


def present() -> GraphQLSchema:
    """Return the schema as clients are told it."""
    return build_schema(sdl())


def breaking(old: GraphQLSchema, new: GraphQLSchema) -> list[str]:
    """Return what in ``new`` breaks a client of ``old``."""
    return sorted(change.description for change in find_breaking_changes(old, new))


def lines(old: GraphQLSchema, new: GraphQLSchema) -> list[str]:
    """Return every change from ``old`` to ``new`` as a line of the changelog."""
    told = [f"- **Breaking**: {each}" for each in breaking(old, new)]
    told += sorted(f"- Take care: {each.description}" for each in find_dangerous_changes(old, new))
    before, after = _parts(old), _parts(new)
    told += [f"- Added: `{part}`" for part in after if part not in before]
    told += [
        f"- Deprecated: `{part}`: {reason}"
        for part, reason in after.items()
        if reason is not None and before.get(part) is None
    ]
    return told


def unreleased(old: GraphQLSchema, new: GraphQLSchema) -> str:
    """Return the section of what is not released."""
    return UNRELEASED + "\n" + ("\n".join(lines(old, new)) or "Nothing yet.") + "\n"


def written(changelog: str, section: str) -> str:
    """Return ``changelog`` with ``section`` in the place of its first."""
    head, _, rest = changelog.partition(UNRELEASED)
    following = rest.find("\n## ")
    return head + section + (rest[following:] if following >= 0 else "")


def main(arguments: list[str]) -> int:
    """Write the changelog, and with a version record the schema; return 1 when that would break a client."""
    old, new = build_schema(RECORDED.read_text()), present()
    broken = breaking(old, new)
    if broken and "--break" not in arguments:
        sys.stderr.write("This breaks clients (--break records it all the same):\n")
        sys.stderr.writelines(f"  {each}\n" for each in broken)
        return 1
    section = unreleased(old, new)
    versions = [each for each in arguments if not each.startswith("-")]
    if versions:
        title = f"## {versions[0]}, {datetime.now(UTC):%Y-%m-%d}\n"
        section = unreleased(new, new) + "\n" + section.replace(UNRELEASED, title)
        RECORDED.write_text(sdl())
    CHANGELOG.write_text(written(CHANGELOG.read_text(), section))
    return 0


def _parts(schema: GraphQLSchema) -> dict[str, str | None]:
    """Return types, fields and arguments, each with the reason for which it is deprecated, if it is."""
    parts: dict[str, str | None] = {}
    for name, kind in schema.type_map.items():
        if name.startswith("__"):
            continue
        parts[name] = None
        if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType | GraphQLInputObjectType):
            for field_name, field in kind.fields.items():
                parts[f"{name}.{field_name}"] = field.deprecation_reason
                for argument_name, argument in getattr(field, "args", {}).items():
                    parts[f"{name}.{field_name}({argument_name})"] = argument.deprecation_reason
    return parts


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
