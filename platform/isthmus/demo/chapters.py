"""The chapters in the order in which they are told; each service has its own in a module beside the story."""

from collections.abc import Callable, Iterator

from isthmus.demo import (
    credit_chapter,
    financing_chapter,
    freight_chapter,
    insurance_chapter,
    receivable_chapter,
    release_chapter,
    risk_chapter,
    screening_chapter,
    story,
    title_chapter,
)
from isthmus.demo.story import Cast, Line

Chapter = tuple[str, Callable[[Cast], Iterator[Line]]]

BEFORE: tuple[Chapter, ...] = story.CHAPTERS[:4]
"""The consignment as private parties and the window see it."""
SERVICES: tuple[Chapter, ...] = (
    financing_chapter.CHAPTER,
    release_chapter.TOO_EARLY,
    title_chapter.CHAPTER,
    credit_chapter.CHAPTER,
    release_chapter.CHAPTER,
    insurance_chapter.CHAPTER,
    freight_chapter.CHAPTER,
    receivable_chapter.CHAPTER,
    risk_chapter.CHAPTER,
    screening_chapter.CHAPTER,
)
"""A chapter a service: what it uses is billed in the end."""
AFTER: tuple[Chapter, ...] = story.CHAPTERS[4:]
"""The audit and the bill."""

CHAPTERS: tuple[Chapter, ...] = (*BEFORE, *SERVICES, *AFTER)
