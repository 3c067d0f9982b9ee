"""The reading processes of this process, and the limits of what they read."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from ingest.articles.article import NoArticle
from ingest.sandbox.limits import ReadingLimits
from ingest.sandbox.pool import ReaderPool
from kb.errors import InputError
from kb.settings import Settings

ANSWER_MB = 64
"""The most of each part of an answer: a row of a directory has at most 16 million letters."""

CLOCK_TIMES = 3
"""The clock may show so many times the processor's time: a busy machine, text recognition."""

TABLE_UNIT_BYTES = 10_000_000
MOST_TABLE_MEMORY_MB = 4096
"""A directory may take more time and memory with each unit, up to this; docs/ingesting.md."""

REFUSALS: Mapping[str, type[InputError]] = {kind.__name__: kind for kind in (InputError, NoArticle)}


@cache
def readers() -> ReaderPool:
    """The pool of this process."""
    return ReaderPool("ingest.reading.child", REFUSALS)


def document_limits() -> ReadingLimits:
    """The limits of an article, a feed or a picture, by the settings of now."""
    settings = Settings.from_environment()
    seconds = settings.reading_seconds
    return ReadingLimits(settings.reading_memory_mb, seconds, CLOCK_TIMES * seconds, ANSWER_MB)


def table_limits(path: Path) -> ReadingLimits:
    """The limits of a directory, by its size."""
    return document_limits().for_bytes(
        path.stat().st_size, unit=TABLE_UNIT_BYTES, most_memory_mb=MOST_TABLE_MEMORY_MB
    )
