"""The lexicons of extraction, in `lexicons/`, as `kb.text.lexicon` reads them."""

from pathlib import Path

from kb.text.lexicon import Lexicons

_LEXICONS = Lexicons(Path(__file__).parent / "lexicons")

words, phrases = _LEXICONS.words, _LEXICONS.phrases
any_of, rows = _LEXICONS.any_of, _LEXICONS.rows
