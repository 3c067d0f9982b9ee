"""Wordable needs: whether the words of a query may leave this server, for a language model.

A model words needs (`kb.language_model`). It gets no letter, no text with an address or a telephone
number, and no name or number of an organisation: these may say who asks, or about whom, and no
trade can be worded of them.
"""

from dataclasses import replace

from kb.language_model.wording import MAX_NEED_CHARS
from kb.search.boosts.name_search import boost_names, is_number, named_actors
from kb.search.context import SearchContext
from kb.search.literal.name_reading import NameReading, name_reading
from kb.search.need.letters import has_contact, is_letter
from kb.search.query import Query


def is_wordable(query: str, asked: Query, context: SearchContext) -> bool:
    """Returns whether a query may be sent; it stays here if it could be a letter or a name.

    Args:
        query: as it was typed, with its lines.
        asked: the query as it is understood.
        context: the base, whose actors the query may name, exactly or nearly.
    """
    if len(asked.typed) > MAX_NEED_CHARS or len(query.strip().splitlines()) > 1:
        return False
    if has_contact(query) or is_letter(query, context.weights.letters):
        return False
    if is_number(asked.text):
        return False
    if boost_names(asked.text, named_actors(asked.text, context), context, near=True):
        return False
    # A name in quotation marks, or behind a sign, is a name all the same.
    plain = replace(asked, required=(), wanted=(), unwanted=())
    return name_reading(plain, context.store) is NameReading.NEED
