"""What a letter says to its readers is no part of what it tells."""

import pytest

from ingest.articles.courtesies import without_courtesies
from ingest.articles.readers import pasted_article

TOLD = "En mars 2026, l'ESAT L'Arche à Cognac a repris 300 couvertures usées."


@pytest.mark.parametrize(
    ("letter", "told"),
    [
        (f"Bonjour à tous,\n\n{TOLD}\n\nDites-moi si vous voulez le contact.", TOLD),
        (f"Bonjour à toutes et à tous, {TOLD[:1].lower()}{TOLD[1:]}", TOLD),
        (f"Salut les collègues !\n\n{TOLD} N'hésitez pas à me contacter.\n\nBonne journée,", TOLD),
        (f"Chers tous,\n{TOLD}\nSi quelqu'un est intéressé, je peux vous donner son nom.", TOLD),
        ("Hello everyone,\n\nThe mill gave its bran. Let me know if you want it.\n\nBest wishes,",
         "The mill gave its bran."),
        ("La mairie dit bonjour aux vélos. On peut donner une seconde vie aux palettes.",) * 2,
        ("Merci le vent : la ferme tourne seule.",) * 2,
    ],
)  # fmt: skip
def test_courtesies_are_left_out(letter: str, told: str) -> None:
    assert without_courtesies(letter) == told


def test_a_pasted_letter_keeps_what_it_tells() -> None:
    article = pasted_article(f"Bonjour à tous,\n\n{TOLD}\n\nDites-moi si vous voulez le contact.")
    assert article.text == TOLD
    assert "Bonjour" in article.page_text
