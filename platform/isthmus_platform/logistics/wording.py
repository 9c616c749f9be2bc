"""Words that parties give: short, on one line."""

from isthmus_platform.errors import InvalidInput


def one_line(value: str, field: str, longest: int = 255) -> str:
    """Return ``value`` stripped, if it is 1 to ``longest`` printable characters; else raise (``length``)."""
    text = value.strip()
    if not 0 < len(text) <= longest or not text.isprintable():
        raise InvalidInput(f"Say it in 1 to {longest} characters on one line.", field=field, code="length")
    return text
