"""The lexicons of articles, in `lexicons/`, as `kb.text.lexicon` reads them."""

from pathlib import Path

from kb.text.lexicon import Lexicons

_LEXICONS = Lexicons(Path(__file__).parent / "lexicons")
phrases, any_of, rows = _LEXICONS.phrases, _LEXICONS.any_of, _LEXICONS.rows
