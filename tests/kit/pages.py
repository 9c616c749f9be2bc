"""The written pages as tests read them: their blocks of code, and the commands in these."""

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
COMMAND = re.compile(r"(?:[A-Z]+=\$\()?((?:[A-Z_]+=\S+ )*)isthmus ([^)]*?)\)?(?:\s+# .*|\s{3,}.*)?")


@dataclass(frozen=True)
class Command:
    """A command of ``isthmus`` as a page gives it: the variables that are set for it, and its words."""

    variables: dict[str, str]
    words: list[str]


@dataclass(frozen=True)
class Page:
    """A page, by its path below the root of the repository."""

    path: str

    @property
    def text(self) -> str:
        return (ROOT / self.path).read_text()

    def blocks(self, *languages: str) -> list[str]:
        """Return the blocks in ``languages``, or all; the language of a bare block is the empty one."""
        return [
            text for language, text in FENCED.findall(self.text) if not languages or language in languages
        ]

    def block(self, language: str, number: int = 0) -> str:
        """Return one block in ``language``, counted from 0."""
        return self.blocks(language)[number]

    def commands(self, group: str | None = None) -> list[Command]:
        """Return the commands of ``isthmus`` in the page's shell and bare blocks, or those of one group."""
        every = [command for block in self.blocks("sh", "") for command in commands(block)]
        return [command for command in every if group in (None, command.words[0])]


def commands(block: str) -> list[Command]:
    """Return the commands of ``isthmus`` in a block, without what is said of them beside."""
    lines = re.sub(r" \\\n *", " ", block).splitlines()
    found = [COMMAND.fullmatch(line) for line in lines]
    return [
        Command(dict(each.split("=", 1) for each in command[1].split()), shlex.split(command[2]))
        for command in found
        if command
    ]


PAGES = [
    Page(str(file.relative_to(ROOT)))
    for folder in ("docs", "docs/reference")
    for file in sorted((ROOT / folder).glob("*.md"))
] + [Page("README.md")]
"""Every page but the decisions, which are history."""
