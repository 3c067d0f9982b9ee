"""Runs of the rows of a directory, which other workers encode ahead of the one that ingests it.

That one waits for none: it takes what they have embedded, and encodes the rest. So nothing of a run
has to be exact, or done at all. It goes from the first row to the last, and they go towards it: the
last run is the first to be taken, and the last rows of a run are the first to be encoded.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path

from ingest.directories.columns.header_map import HeaderMap
from ingest.directories.preview import remembered
from ingest.directories.readers import read_directory
from ingest.directories.table import DirectoryRow
from ingest.reading.tables import rows_of
from kb.knowledge_base import KnowledgeBase
from kb.models import Actor

SHARED_FROM = 2_000
"""Rows of a directory from which on it has runs: fewer are soon done."""

RUN_ROWS = 250
"""Least rows of a run: some seconds of encoding."""

MOST_RUNS = 40
"""Most runs of a directory: whoever takes one reads all rows before it, as files are read."""

EMBEDDED_AT_ONCE = 128
"""Rows of a run after which what was embedded is kept."""


def runs_of(rows: int) -> list[range]:
    """The runs of a directory of so many rows, counted from 0, in the order to take them in."""
    if rows < SHARED_FROM:
        return []
    size = max(RUN_ROWS, -(-rows // MOST_RUNS))
    return [range(first, min(first + size, rows)) for first in reversed(range(0, rows, size))]


def encode_run(
    knowledge_base: KnowledgeBase,
    path: Path,
    run: range,
    *,
    job: str,
    encoder: str,
    source: str,
    choices: Mapping[str, str],
    is_passed: Callable[[int], bool],
    progress: Callable[[int], object],
) -> None:
    """Encodes rows of a directory for the `job` that ingests it by the same `encoder`.

    `source` and `choices` are as the job reads the directory; `is_passed` says whether it has come
    to a row, so that it encodes those up to there itself. `progress` is called with how many rows
    are done, and with 0 at each that is read; it may raise, to stop.

    Raises:
        InputError: the file cannot be read.
        KnowledgeBaseError: this process has another encoder than the job, or other rules.
    """
    if is_passed(run[-1]):
        return
    known = remembered(path, source, choices, knowledge_base, None)
    header_map = HeaderMap(known.choices, persons_kept=known.persons_kept)
    rows = partial(_rows_in, run, progress)
    records = [entry.record for entry in read_directory(path, header_map, reader=rows)]
    for first in reversed(range(0, len(records), EMBEDDED_AT_ONCE)):
        if is_passed(run.start + first):
            return
        some = records[first : first + EMBEDDED_AT_ONCE]
        actors = [record for record in some if isinstance(record, Actor)]
        knowledge_base.encode_ahead(job, encoder, actors, lambda _: progress(0))
        progress(len(some))


def _rows_in(
    run: range, progress: Callable[[int], object], path: Path, header_map: HeaderMap
) -> Iterator[DirectoryRow]:
    number = 0
    for row in rows_of(path, header_map):
        progress(0)
        if row.notice:
            continue
        if number >= run.start:
            yield row
        number += 1
        if number == run.stop:
            return
