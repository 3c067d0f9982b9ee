"""The readiness of the site: whether searches can be answered now, and if not, why."""

import logging
import shutil
import sqlite3
from dataclasses import dataclass

from kb.errors import KnowledgeBaseError
from kb.knowledge_base import KnowledgeBase

LEAST_FREE_BYTES = 100_000_000
"""Below this, the next ingest or upload may fill the disk."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether the site is ready; `reasons` say why not, to anybody: no folder, no detail.

    `writable`: not where the base is served to be read alone, which is well. `index_current`: not
    for a moment after a change, while searches find the former state.
    """

    ready: bool
    reasons: tuple[str, ...]
    writable: bool
    index_current: bool


def readiness_of(knowledge_base: KnowledgeBase) -> Readiness:
    reasons: list[str] = []
    writable = current = False
    try:
        writable = knowledge_base.writable
        current = knowledge_base.is_current()
    except (KnowledgeBaseError, sqlite3.Error, OSError) as error:
        _log.warning("Not ready: %s", error)
        reasons.append("the knowledge base cannot be searched")
    if free_bytes(knowledge_base) < LEAST_FREE_BYTES:
        reasons.append("the disk is nearly full")
    return Readiness(not reasons, tuple(reasons), writable, current)


def free_bytes(knowledge_base: KnowledgeBase) -> int:
    """Returns how much room the disk of the base has; 0 if that cannot be told."""
    try:
        return shutil.disk_usage(knowledge_base.folder).free
    except OSError:
        return 0
