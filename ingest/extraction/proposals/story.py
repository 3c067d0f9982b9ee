"""The story of an article: its sentences, with the organisations that they mention."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ingest.articles.article import Article
from ingest.extraction import lexicon
from ingest.extraction.actions import BY_PRODUCT
from ingest.extraction.candidates.participants import Participant, SentenceMentions, gathered
from ingest.extraction.candidates.references import References
from ingest.extraction.gazetteer import KnownActors
from ingest.extraction.tokens import Sentence, TextPart
from kb.text.analysis import STEMMERS, words

_TAKES_NO_PART = re.compile(rf"\b{lexicon.any_of('disclaimers', 'takes_no_part')}", re.IGNORECASE)
_POINTS_BACK = re.compile(rf"\W*{lexicon.any_of('disclaimers', 'points_back')}", re.IGNORECASE)
_SOURCES = re.compile(rf"^{lexicon.any_of('clause_cues', 'sources')}\b")
_ENGLISH = lexicon.words("language_words", "en")
_FRENCH = lexicon.words("language_words", "fr")


@dataclass(frozen=True, slots=True)
class Story:
    """The participants of an article, and its sentences; sentences exclude the `doubted`."""

    lang: str
    is_about_leftovers: bool
    participants: Sequence[Participant]
    passages: Sequence[SentenceMentions]
    doubted: frozenset[Participant]


def read_story(sentences: Sequence[Sentence], lang: str, actors: KnownActors) -> Story:
    """Reads the sentences of an article, its title last: it uses what the text names."""
    references = References(sentences, actors)
    in_order = sorted(sentences, key=lambda sentence: sentence.part is TextPart.TITLE)
    passages, participants = gathered((each, references.of(each)) for each in in_order)
    hits = [sentence for sentence in sentences if BY_PRODUCT.search(sentence.words)]
    about = len(hits) > 2 or any(sentence.part is TextPart.TITLE for sentence in hits)
    return Story(lang, about, participants, passages, _doubted(passages))


def _doubted(passages: Sequence[SentenceMentions]) -> frozenset[Participant]:
    """The participants that a sentence excludes; "C'est une autre histoire." means the last."""
    doubted: set[Participant] = set()
    last: set[Participant] = set()
    for passage in passages:
        text = passage.sentence.text
        if not _TAKES_NO_PART.search(text):
            last = passage.participants
        elif passage.mentions or _POINTS_BACK.match(text):
            doubted |= passage.participants or last
    return frozenset(doubted)


def is_about_sources(sentence: Sentence) -> bool:
    return bool(_SOURCES.match(sentence.words))


def language_of(article: Article) -> str:
    """The language that an article declares, or else that of most of its small words."""
    if article.lang[:2] in STEMMERS:
        return article.lang[:2]
    forms = [word.forms[0] for word in words(article.text)]
    english = sum(form in _ENGLISH for form in forms)
    return "en" if english > sum(form in _FRENCH for form in forms) else "fr"
