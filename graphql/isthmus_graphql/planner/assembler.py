"""The generated function that turns rows into an answer: dict literals inside comprehensions.

Only names that we choose and ``repr`` of GraphQL names ever enter the code, so nothing of a request is run.
"""

from collections.abc import Callable, Sequence
from typing import Any

from isthmus_graphql.planner.statements import Level
from isthmus_graphql.planner.values import CALLED


def _first(items: Sequence[Any]) -> Any:
    return items[0] if items else None


class Code:
    """The code of one operation, as it grows."""

    def __init__(self) -> None:
        self.names: dict[str, Any] = {**CALLED, "first": _first}
        self.checks: list[str] = []
        self.pages: list[str] = []
        self.patterns: list[tuple[str, Level]] = []

    def constant(self, value: Any) -> str:
        """Return the name of a value that the code may use."""
        for name, held in self.names.items():
            if held is value:
                return name
        name = f"c{len(self.names)}"
        self.names[name] = value
        return name

    def before(self, line: str) -> None:
        """Run ``line`` before anything is assembled."""
        self.checks.append(line)

    def items(self, level: Level, rows: str, item: str) -> str:
        """Return the code of a list: ``item`` for each of ``rows`` of ``level``."""
        return f"[{item} for {self._pattern(level)} in {rows}]"

    def page(self, level: Level, rows: str, made: str) -> str:
        """Return the code of a page of ``rows``, of which ``made`` is the object; in it they are ``rows``."""
        number = level.number
        self.pages.append(
            f"    def page{number}(rows):\n"
            f"        more = len(rows) > n{number}\n"
            f"        if more: rows = rows[:n{number}]\n"
            f"        return {made}\n"
        )
        return f"page{number}({rows})"

    def _pattern(self, level: Level) -> str:
        """Return a mark that becomes the level's row once all its columns are known."""
        mark = f"<{level.number}>"
        self.patterns.append((mark, level))
        return mark

    def function(
        self, levels: Sequence[Level], members: Sequence[tuple[str, str]]
    ) -> tuple[Callable[..., dict[str, Any]], str]:
        """Return the function from rows, sizes and what is given to the answer, and its code."""
        lines = ["def assemble(results, sizes, given):\n"]
        for level in levels:
            number = level.number
            if not level.columns:
                level.column("1")
            lines.append(f"    r{number} = results[{number}]; n{number} = sizes[{number}]\n")
            if level.parent is not None:
                lines.append(f"    g{number} = by_parent(r{number})\n")
        lines += [f"    {check}\n" for check in self.checks]
        lines += self.pages
        lines.append("    return {" + ", ".join(f"{key!r}: {made}" for key, made in members) + "}\n")
        source = "".join(lines)
        for mark, level in self.patterns:
            above = ["_"] if level.parent is not None else []
            names = [*above, *level.columns.values(), *("_" for _ in level.led_to)]
            source = source.replace(mark, f"({', '.join(names)},)" if names else "()")
        exec(compile(source, "<planned>", "exec"), self.names)  # noqa: S102 (our own code, see above)
        made: Callable[..., dict[str, Any]] = self.names["assemble"]
        return made, source
