"""Beginnings of texts: the first sentence, or what fits in a line."""

import re

_END_OF_SENTENCE = re.compile(r"(?<=\w\w[.!?])\s(?=[A-ZÀ-ÖØ-Þ«“\"])")


def first_sentence(text: str, most: int = 110) -> str:
    """Returns the first sentence of a text, cut after `most` characters at a whole word."""
    line = " ".join(text.split())
    # A point within the first words is that of an abbreviation: "J.M. Weston".
    end = _END_OF_SENTENCE.search(line, 30, most)
    return line[: end.start()] if end else beginning(line, most)


def beginning(text: str, most: int) -> str:
    """Returns a text, cut where a sentence ends in the second half of `most`, else at a word."""
    line = " ".join(text.split())
    if len(line) <= most:
        return line
    ends = [end.start() for end in _END_OF_SENTENCE.finditer(line, most // 2, most + 1)]
    return line[: ends[-1]] if ends else f"{line[: most + 1].rpartition(' ')[0].rstrip(' ,;:.')}…"
