"""The composition root: settings, command line, supervisor, application factories, demo."""

from importlib.metadata import version

__version__ = version("isthmus")
