"""Sets of words that several modules on references share, folded."""

from ingest.extraction import lexicon
from ingest.extraction.tokens import TextToken

INDEFINITE = lexicon.words("determiners", "indefinite")
DEFINITE = lexicon.words("determiners", "definite")
LINKS = lexicon.words("name_links", "inside")
"""What joins the words of a name."""

NEVER_IN_A_NAME = lexicon.words("verb_forms", "not_in_a_name")
OF = lexicon.words("prepositions", "of")
OTHER_ACRONYMS = lexicon.words("not_organisations", "acronym")
PLACES_AND_TIMES = lexicon.words("not_organisations", "place_or_time")
BEFORE_A_PLACE = lexicon.words("prepositions", "before_place")
SENTENCE_OPENERS = lexicon.words("sentence_openers")


def is_acronym(token: TextToken) -> bool:
    return token.text.isupper() and 2 <= len(token.form) <= 6
