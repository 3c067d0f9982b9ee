"""Signatures: who signs an article, read from the lines around it when rules find nobody."""

from dataclasses import dataclass
from itertools import groupby

from ingest.extraction.reader.encoded import encoded
from ingest.extraction.reader.heads import naming

LEAST_TOKEN, LEAST = 0.3, 0.95  # least probability of a token of who signs, and of the surest
_CUT_AT = 120  # characters of a line: of a paragraph, its beginning is enough
_MOST_ABOVE, _MOST_BELOW = 24, 16  # lines
_AROUND = " \t.,;:|/·•*_()[]–—-"


@dataclass(frozen=True, slots=True)
class Signature:
    """Who signs, the line that says so, and how likely."""

    name: str
    line: str
    likely: float


def signature(page_text: str) -> Signature | None:
    """The likeliest signature among the lines around an article; None where nobody signs."""
    if not (text := edges(page_text)):
        return None
    read = encoded(text)
    likely = naming("sign", read)
    is_one = (likely >= LEAST_TOKEN) & (read.spans[:, 0] < read.spans[:, 1])
    found = []
    for signs, group in groupby(range(len(is_one)), key=lambda at: bool(is_one[at])):
        tokens = list(group)
        start, end = int(read.spans[tokens[0]][0]), int(read.spans[tokens[-1]][1])
        while start and not text[start].isspace() and not text[start - 1].isspace():
            start -= 1
        while end < len(text) and not text[end].isspace():
            end += 1
        name = text[start:end].strip().split("\n")[0].strip(_AROUND)
        if signs and len(name) > 1:
            line = text[text.rfind("\n", 0, end - 1) + 1 :].split("\n")[0]
            found.append(Signature(name, line, float(likely[tokens].max())))
    best = max(found, key=lambda each: each.likely, default=None)
    return best if best and best.likely >= LEAST else None


def edges(page_text: str) -> str:
    """The first and last lines of a page, each cut."""
    lines = [line[:_CUT_AT] for line in page_text.splitlines() if line.strip()]
    if len(lines) > _MOST_ABOVE + _MOST_BELOW:
        lines = [*lines[:_MOST_ABOVE], *lines[-_MOST_BELOW:]]
    return "\n".join(lines)
