import pytest

from ingest.articles.formats.text import parse_text
from ingest.articles.metadata.layout import Findings, Layout
from ingest.articles.metadata.title import (
    find_title,
    title_lines,
    title_weights,
)
from tests.ingest.sample_articles import FIRST, SECOND, TITLE


def found_title(text: str) -> str:
    layout = Layout(parse_text(text))
    findings = Findings(words=layout.words)
    find_title(layout, findings)
    return findings.fields["title"].value if "title" in findings.fields else ""


def test_each_weight_is_of_a_feature_of_lines() -> None:
    layout = Layout(parse_text(f"{TITLE}\n\n{FIRST}"))
    assert set(title_lines(layout, None)[0].features) == set(title_weights())


@pytest.mark.parametrize(
    "above",
    [
        "Lettre d'information n° 12",
        "Accueil | Agenda",
        "Mairie de Saint-Flour",
        "1. Sommaire",
        "LE COURRIER DES ATELIERS - Toutes les infos - Produits - Location",
        "BRÈVE – FILIÈRE LAIT",
        "Pharmacie des hôpitaux de l'Est",
    ],
    ids=["masthead", "bars", "organisation", "few words", "menu", "kicker", "site"],
)
def test_the_title_stands_out_from_what_pages_print_above_it(above: str) -> None:
    assert found_title(f"{above}\n\n{TITLE}\n\n{FIRST}\n\n{SECOND}") == TITLE


def test_a_greeting_is_no_title() -> None:
    assert found_title(f"Bonjour à tous,\n\n{FIRST}\n\n{SECOND}") == ""
