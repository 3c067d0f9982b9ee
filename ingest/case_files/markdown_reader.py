"""Cases in Markdown: one article per file, its facts in front matter."""

from collections.abc import Iterator
from pathlib import Path

from ingest.case_files import front_matter
from ingest.case_files.case_fields import case_from, is_of_a_site
from ingest.encodings import open_text
from ingest.records.entries import WHOLE_FILE, Entry, NotInput
from kb.errors import InputError

MAX_BYTES = 5_000_000
"""The largest file of a case, as of any article in Markdown."""


def read_markdown(path: Path) -> Iterator[Entry]:
    """Reads the case that a Markdown file tells.

    Raises:
        NotInput: the file has no front matter, or that of an article of a site.
        InputError: the file is empty, too large, or is not text.
    """
    size = path.stat().st_size
    if size > MAX_BYTES:
        raise InputError("large_feed", size=size, most=MAX_BYTES)
    with open_text(path) as file:
        article = file.read()
    try:
        values, text = front_matter.split(article)
    except InputError as error:
        yield Entry(WHOLE_FILE, reason=error.remark)
        return
    if is_of_a_site(values):
        raise NotInput("front_matter_of_a_site")
    try:
        yield Entry(WHOLE_FILE, case_from(values, text))
    except InputError as error:
        yield Entry(WHOLE_FILE, reason=error.remark)
