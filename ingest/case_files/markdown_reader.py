"""Cases in Markdown: one article per file, its facts in front matter."""

from collections.abc import Iterator
from pathlib import Path

from ingest.case_files import front_matter
from ingest.case_files.case_fields import case_from
from ingest.encodings import open_text
from ingest.records.entries import WHOLE_FILE, Entry
from kb.errors import InputError


def read_markdown(path: Path) -> Iterator[Entry]:
    """Reads the case that a Markdown file tells.

    Raises:
        NotInput: the file has no front matter.
        InputError: the file is empty or is not text.
    """
    with open_text(path) as file:
        article = file.read()
    try:
        yield Entry(WHOLE_FILE, case_from(*front_matter.split(article)))
    except InputError as error:
        yield Entry(WHOLE_FILE, reason=error.remark)
