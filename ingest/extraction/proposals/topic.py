"""The topic of an article, by the stems of its title and its need."""

from dataclasses import dataclass
from typing import Self

from ingest.articles.article import Article
from ingest.extraction import lexicon
from ingest.extraction.needs.need import Need
from kb.text.analysis import FRAMING_WORDS, FUNCTION_WORDS, STEMMERS, stem, words

_ENGLISH = lexicon.words("language_words", "en")
_FRENCH = lexicon.words("language_words", "fr")


@dataclass(frozen=True, slots=True)
class Topic:
    """The stems of what an article is about, in its language."""

    stems: frozenset[str]
    lang: str

    @classmethod
    def of(cls, title: str, need: Need | None, lang: str) -> Self:
        text = f"{title} {need.phrase if need else ''}"
        return cls(frozenset(stems_of(text, lang, without=FUNCTION_WORDS | FRAMING_WORDS)), lang)

    def covers(self, text: str) -> bool:
        return any(
            stem(form, self.lang) in self.stems for word in words(text) for form in word.forms
        )


def stems_of(text: str, lang: str, *, without: frozenset[str] = FUNCTION_WORDS) -> set[str]:
    """The stems of the words of a text that have a meaning of their own."""
    return {
        stem(form, lang)
        for word in words(text)
        for form in word.forms
        if form not in without and len(form) > 2
    }


def language_of(article: Article) -> str:
    """The language that an article declares, or else that of most of its small words."""
    if article.lang[:2] in STEMMERS:
        return article.lang[:2]
    forms = [word.forms[0] for word in words(article.text)]
    english = sum(form in _ENGLISH for form in forms)
    french = sum(form in _FRENCH for form in forms)
    return "en" if english > french else "fr"
