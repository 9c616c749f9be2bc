"""Each command that a page gives is one that ``isthmus`` has, with options and variables that it knows."""

import re

import click
import pytest

from isthmus import cli
from isthmus.settings import Settings
from pages import PAGES, Page

PAGES_OF_COMMANDS = [page for page in PAGES if page.commands()]
VARIABLE = re.compile(r"\b(?:ISTHMUS|STRIPE|(?:BRIDGE_)?(?:DATABASE|REDIS))_[A-Z_]+")


def known_variables() -> set[str]:
    """Return the environment variables that settings are read from."""
    found = set()
    for name, field in Settings.model_fields.items():
        alias = field.validation_alias
        found |= {alias} if isinstance(alias, str) else set(getattr(alias, "choices", ()))
        found.add(f"ISTHMUS_{name.upper()}")
    return found


def named(words: list[str]) -> tuple[click.Command, list[str]]:
    """Return the command that ``words`` begin with, and what they give it."""
    command: click.Command = cli.isthmus
    while isinstance(command, click.Group) and words and words[0] in command.commands:
        command, words = command.commands[words[0]], words[1:]
    return command, words


def taken(words: list[str]) -> None:
    """Let the command take ``words``: optional ones as if they were given, and the first of alternatives."""
    command, rest = named([word.strip("[]") for word in words])
    assert command is not cli.isthmus, f"there is no command {words[0]}"
    assert not isinstance(command, click.Group) or command.invoke_without_command, f"a command of {words}"
    given = rest[: rest.index(">")] if ">" in rest else rest
    _, unknown, _ = command.make_parser(click.Context(command)).parse_args(given)
    assert unknown == [], f"{words} say more than the command takes"


@pytest.mark.parametrize("page", PAGES_OF_COMMANDS, ids=lambda page: page.path)
def test_each_command_of_the_page_is_taken(page: Page) -> None:
    lines = "".join(page.blocks("sh", ""))
    assert len(page.commands()) == len(re.findall(r"\bisthmus [a-z]", lines)), "one is not understood"
    for command in page.commands():
        assert command.variables.keys() <= known_variables()
        taken(command.words)


def test_every_variable_that_a_page_names_is_a_setting() -> None:
    named = {name for page in PAGES for name in VARIABLE.findall(page.text)}
    assert named - known_variables() == set()


@pytest.mark.parametrize("words", ["agreement burn", "key rotate BRIDGE --loudly", "wco check one two"])
def test_another_command_is_not(words: str) -> None:
    with pytest.raises((AssertionError, click.UsageError)):
        taken(words.split())
