"""The text of a mutation as the portal sends all of them: one input, what it changed, and typed errors."""


def change(name: str, fields: str) -> str:
    """Return the mutation ``name`` answering ``fields`` of what it changed."""
    named = name[0].upper() + name[1:]
    return (
        f"mutation Portal{named}($input: {named}Input!)"
        f" {{ {name}(input: $input) {{ {fields} userErrors {{ code field message }} }} }}"
    )
