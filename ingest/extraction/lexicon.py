"""The lexicons of extraction, in `lexicons/`, as `kb.text.lexicon` reads them."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

from kb.text.lexicon import Lexicons

_LEXICONS = Lexicons(Path(__file__).parent / "lexicons")
words, phrases = _LEXICONS.words, _LEXICONS.phrases
any_of, rows = _LEXICONS.any_of, _LEXICONS.rows


def alternatives(rows: Iterable[Sequence[str]]) -> dict[str, str]:
    """Maps each key to its patterns, joined by `|`, from rows of a key and a pattern."""
    patterns = defaultdict(list)
    for key, pattern in rows:
        patterns[key].append(pattern)
    return {key: "|".join(several) for key, several in patterns.items()}
