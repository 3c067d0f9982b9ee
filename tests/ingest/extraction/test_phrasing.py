import re
from functools import cache
from pathlib import Path

import pytest

from ingest.articles.readers import read_article
from ingest.articles.suffixes import ARTICLE_SUFFIXES
from ingest.extraction.proposals.propose import propose
from ingest.extraction.roles.phrasing import clause_start, phrase
from ingest.extraction.tokens import sentences
from tests.article_evaluation.labels import demonstration_actors

ARTICLES = Path(__file__).parents[2] / "data" / "articles"
READ = [
    path
    for folder in ("others/tune", "tune")
    for path in sorted((ARTICLES / folder).iterdir())
    if path.suffix in ARTICLE_SUFFIXES and path.name != "README.md"
][::4]


def phrase_at(word: str, text: str, *, from_clause: bool = False, more: int = 40) -> str:
    """The phrase that begins with a word of a sentence, or with the clause that it stands in."""
    (sentence,) = sentences("", text)
    at = next(number for number, token in enumerate(sentence.tokens) if token.text == word)
    first = clause_start(sentence.tokens, at) if from_clause else at
    return phrase(sentence, first, at, at + more)


@pytest.mark.parametrize(
    ("word", "text", "words"),
    [
        ("fournit", "Merlet fournit l'alcool, Avel le gel.", "fournit l'alcool"),
        ("vend", "Elle vend des « beanbags » au marché.", "vend des « beanbags » au marché"),
        ("livre", "Il livre (dit-on) du bois.", "livre"),
        (
            "verse",
            "Il verse 3,5 t de lait au producteur(s).",
            "verse 3,5 t de lait au producteur(s)",
        ),
        ("titre", "L'alcool titre 96° et brûle", "titre 96° et brûle"),
        ("titre", "L'alcool titre 96°.", "titre 96°"),
        ("coupe", "L'atelier coupe au laser-cut.", "coupe au laser-cut"),
        ("mobiliser", "(flacons, alcool) ou encore de mobiliser du bois.", "mobiliser du bois"),
        ("porte", "Il nous porte du pain (deux fois.", "porte du pain"),
        ("dit", 'Elle "dit merci" à tous.', "dit merci"),
    ],
)
def test_a_phrase_ends_with_its_clause(word: str, text: str, words: str) -> None:
    assert phrase_at(word, text) == words


def is_phrase(text: str, sentence: str) -> bool:
    """Whether a text is whole words of a sentence, with brackets and quotation marks in pairs."""
    whole = text.removesuffix("…")
    open_ones: list[str] = []
    for sign in whole:
        if sign in "([{«“":
            open_ones.append(sign)
        elif sign in ")]}»”" and (
            not open_ones or "([{«“".index(open_ones.pop()) != ")]}»”".index(sign)
        ):
            return False
    begins = re.match(r"[^\W_]|[(\[«“\"]", whole)
    ends = re.search(r"([^\W_]|[)\]»”\"°%€$£²³])$", whole)
    at = re.search(rf"(?<![^\W_]){re.escape(whole)}(?![^\W_]|-\w)", sentence)
    return not open_ones and whole.count('"') % 2 == 0 and all((begins, ends, at))


@cache
def contributions() -> list[tuple[str, str]]:
    """Each contribution that is read in every fourth article to learn from, with its sentence."""
    actors = demonstration_actors()
    return [
        (proposed.participation.contribution, proposed.sentence)
        for path in READ
        for proposed in propose(read_article(path), actors).participations
        if proposed.participation.contribution
    ]


def test_every_contribution_that_is_read_is_a_phrase() -> None:
    assert len(contributions()) > 100
    assert [one for one in contributions() if not is_phrase(*one)] == []
