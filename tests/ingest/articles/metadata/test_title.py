import pytest

from ingest.articles.formats.text import parse_text
from ingest.articles.metadata import title
from ingest.articles.metadata.findings import Findings
from ingest.articles.metadata.layout import Layout
from ingest.articles.metadata.title import TITLE_WEIGHTS, find_title
from tests.ingest.sample_articles import FIRST, SECOND, TITLE


def found_title(text: str) -> str:
    layout = Layout(parse_text(text))
    findings = Findings(words=layout.words)
    find_title(layout, findings)
    return findings.fields["title"].value if "title" in findings.fields else ""


def test_each_weight_is_of_a_sign_of_lines() -> None:
    layout = Layout(parse_text(f"{TITLE}\n\n{FIRST}"))
    assert list(title._signs(layout, 0, layout.lines[:1], None)) == list(TITLE_WEIGHTS)


@pytest.mark.parametrize(
    "above",
    ["Lettre d'information n° 12", "Accueil | Agenda", "Mairie de Saint-Flour", "1. Sommaire"],
    ids=["masthead", "bars", "organisation", "few words"],
)
def test_the_title_stands_out_from_what_pages_print_above_it(above: str) -> None:
    assert found_title(f"{above}\n\n{TITLE}\n\n{FIRST}\n\n{SECOND}") == TITLE


def test_a_weight_decides_between_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    text = f"# {TITLE}\n\nUn titre de plus dans la page\n\n{FIRST}"
    assert found_title(text) == TITLE
    monkeypatch.setattr(title, "TITLE_WEIGHTS", {**TITLE_WEIGHTS, "is_heading": -9.0})
    assert found_title(text) == "Un titre de plus dans la page"
