"""Lines of the log of long work, shown in a terminal or written where its output goes."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def log_to_terminal() -> Iterator[None]:
    """Writes the log of this room to standard error for as long as the context lasts."""
    logger = logging.getLogger("ingest")
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s", "%H:%M:%S"))
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
