import pytest

from kb.evaluation.fifty_lines import FiftyLines
from kb.models import Actor
from tests.encoders import WordCountEncoder

TANNER = Actor("tanner", "Bastin", "tannage du cuir", themes=("peaux",))
GLOVER = Actor("glover", "Agnelle", "gants de cuir")
BAKER = Actor("baker", "Dupain", "", activity_code="10.71C")
ENGLISH = Actor("english", "Smith", "leather technology", lang="en")


@pytest.fixture
def contestant() -> FiftyLines:
    return FiftyLines([TANNER, GLOVER, BAKER, ENGLISH], WordCountEncoder())


def test_ranks_are_joined(contestant: FiftyLines) -> None:
    found = contestant.rank("gants de cuir", 10)
    # First for both; second for both; the others are found by their embeddings alone.
    assert list(found)[:2] == ["glover", "tanner"]
    assert found["glover"] == pytest.approx(2 / 61)
    assert found["tanner"] == pytest.approx(2 / 62)
    assert sorted(found.values())[:2] == pytest.approx([1 / 64, 1 / 63])
    assert list(contestant.rank("gants de cuir", 1)) == ["glover"]
    # Function words are no words: nothing is found twice.
    assert max(contestant.rank("de du", 10).values()) == pytest.approx(1 / 61)


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("peaux", "tanner"),
        ("boulangerie", "baker"),
        ("Agnelle", "glover"),
        ("technology", "english"),
    ],
)
def test_names_themes_and_what_a_code_means_are_read(
    contestant: FiftyLines, query: str, first: str
) -> None:
    # By their embeddings and by their words.
    assert contestant.rank(query, 10)[first] == pytest.approx(2 / 61)


@pytest.mark.parametrize(("query", "first"), [("tannages", "tanner"), ("technologies", "english")])
def test_words_are_stemmed_in_the_language_of_the_text(
    contestant: FiftyLines, query: str, first: str
) -> None:
    # No embedding has such a word.
    assert next(iter(contestant.rank(query, 10))) == first


def test_of_words_those_that_are_rare_count_more() -> None:
    actors = [Actor(text, "", text) for text in ("cuir souple", "cuir dur", "sabots durs")]
    # Embeddings have it first; only if the words have it first too is it first twice.
    contestant = FiftyLines(actors, WordCountEncoder(weights={"sabots": 2.0}))
    assert contestant.rank("cuir sabots", 10)["sabots durs"] == pytest.approx(2 / 61)


def test_of_words_those_in_short_texts_count_more() -> None:
    long = Actor("long", "", "cuir, bois, verre, carton, béton, papier")
    contestant = FiftyLines([long, Actor("short", "", "cuir souple")], WordCountEncoder())
    assert contestant.rank("cuir", 10)["short"] == pytest.approx(2 / 61)
