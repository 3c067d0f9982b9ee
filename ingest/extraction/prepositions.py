"""The preposition that governs a noun phrase."""

from collections.abc import Sequence

from ingest.extraction import lexicon
from ingest.extraction.actions import verbs
from ingest.extraction.tokens import TextToken
from kb.text.analysis import FUNCTION_WORDS

_PREPOSITIONS = lexicon.words("prepositions", "any")
_DETERMINERS = lexicon.words("determiners", "before_organisation")
_PARTS = lexicon.words("organisation_classes", "part_that_acts")


def preposition(tokens: Sequence[TextToken], first: int) -> str:
    """The preposition that governs the phrase beginning at a token, "" for none.

    "des" counts as a preposition only after a noun: "des transporteurs ont…" has none.
    """
    at = first - 1
    while at >= 0 and tokens[at].form in _DETERMINERS and tokens[at].text not in {"à", "À"}:
        if tokens[at].form in {"du", "au", "aux"}:
            return tokens[at].form
        at -= 1
    if at < 0:
        return ""
    form = tokens[at].form
    before = tokens[at - 1] if at else None
    if before is not None and form == "des":
        if before.form in _PREPOSITIONS and before.text != "a":
            form = before.form
        elif before.form not in _PREPOSITIONS and _is_noun_like(before):
            form = "de"
    elif before is not None and form in {"de", "d'", "du", "of"} and before.form in _PARTS:
        return preposition(tokens, at - 1)  # "les camions de X"
    elif before is not None and form in {"de", "d'"} and before.form == "aupres":
        form = "aupres"
    return form if form in _PREPOSITIONS else ""


def _is_noun_like(token: TextToken) -> bool:
    """Whether a word may be a noun that "des" links with the next."""
    form = token.form
    if not token.is_word or form in FUNCTION_WORDS or form.endswith("ment"):
        return form in {"aupres", "pres", "chez", "avec"}
    return not verbs(form) or form in {"aide", "soutien", "appui", "part"}
