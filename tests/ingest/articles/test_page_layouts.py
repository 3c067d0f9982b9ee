"""The ways in which pages lay out what they say of an article, each as small as it gets."""

import pytest

from ingest.articles.article import Article, Person
from ingest.articles.metadata.labels import notices
from ingest.articles.readers import article_from_bytes
from tests.ingest.sample_articles import BODY, FIRST, SECOND, TITLE


def read(text: str) -> Article:
    return article_from_bytes(text.encode(), ".txt")


def page(body: str) -> Article:
    html = f"<html lang=fr><head><title>x</title></head><body>{body}</body></html>"
    return article_from_bytes(html.encode(), ".html")


def values(line: str) -> list[tuple[str, str]]:
    return [(notice.announced.value, notice.value) for notice in notices(line)]


# Labels


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (
            "Contribution de Jeanne Morel (animatrice), déposée le 3 mai 2019",
            [("author", "Jeanne Morel"), ("date", "2019-05-03")],
        ),
        (
            "Billet de Jeanne Morel, formatrice · 3 mai 2019 · Temps de lecture : 2 minutes",
            [("author", "Jeanne Morel"), ("date", "2019-05-03")],
        ),
        ("Étiquettes | Lait | Élevage", [("themes", "Lait | Élevage")]),
        ("Thème(s) : lait, élevage", [("themes", "lait, élevage")]),
        ("Rubrique : Retours d'expérience", [("section", "Retours d'expérience")]),
        ("Territoire", []),
        (
            "Auteure : Jeanne Morel · Publié : 3/5/2019 · Thèmes : lait, élevage",
            [("author", "Jeanne Morel"), ("date", "2019-05-03"), ("themes", "lait, élevage")],
        ),
        (
            "Thèmes : lait, élevage | Publié le 3 mai 2019",
            [("themes", "lait, élevage"), ("date", "2019-05-03")],
        ),
        (
            "Text: Jane Miller, reporter. Edited by Luke Barnard",
            [("author", "Jane Miller"), ("moderator", "Luke Barnard")],
        ),
        (
            "Words and pictures: Jane Miller. First published 3 May 2019; revised 6 May 2019.",
            [("author", "Jane Miller"), ("date", "2019-05-03"), ("modified", "2019-05-06")],
        ),
        (
            "Relevé établi le 3 mai 2019 par J. Morel, relu le 6 mai 2019 par A. Bernard.",
            [("date", "2019-05-03"), ("author", "J. Morel"), ("moderated", "2019-05-06"),
             ("moderator", "A. Bernard")],
        ),
        (
            "Paru le 3 mai 2019, actualisé le 6 mai 2019, par Jeanne Morel",
            [("date", "2019-05-03"), ("modified", "2019-05-06"), ("author", "Jeanne Morel")],
        ),
        (
            "Validation : Luc Bernard, 6 mai 2019",
            [("moderator", "Luc Bernard"), ("moderated", "2019-05-06")],
        ),
        ("Directeur de la publication : Luc Bernard", []),
        ("Par le service développement local", [("author", "le service développement local")]),
        ("Published by the newsroom on 3 May 2019", [("author", "the newsroom"),
                                                     ("date", "2019-05-03")]),
        ("Posté par jmorel le 3 mai 2019", [("author", "jmorel"), ("date", "2019-05-03")]),
        ("COMPTE RENDU DE LA RÉUNION DU 3 MAI 2019", []),
        ("Publié en 2016, un premier rapport avait compté les tonnes perdues.", []),
    ],
)  # fmt: skip
def test_what_a_line_announces(line: str, expected: list[tuple[str, str]]) -> None:
    assert values(line) == expected


@pytest.mark.parametrize(
    ("line", "person"),
    [
        ("JEANNE MOREL, JOURNALISTE", Person("Jeanne Morel", "journaliste")),
        ("Auteur : Jeanne Morel, animatrice, Le Club", Person("Jeanne Morel", "animatrice")),
        ("Relu par Luc Bernard, responsable éditorial, 6 mai 2019",
         Person("Luc Bernard", "responsable éditorial")),
    ],
)  # fmt: skip
def test_who_a_line_names_and_what_they_do(line: str, person: Person) -> None:
    assert notices(line)[0].person == person


# Titles


@pytest.mark.parametrize(
    "above",
    [
        "Chambre des métiers – Flash\n===\n[ Formations ] [ Aides ] [ Contact ]\n\n",
        "Commune · Vie économique\n\n",
        "CLUB DES VOISINS – PAYS HAUT\n\n",
        "COMMUNIQUÉ DE PRESSE\nAurillac, le 3 mai 2019\n\n",
        "Le journal du plateau\nNuméro 12 · page 4\n\n",
        "Retour d'expérience\n\n",
        "Rubrique : Élevage\n",
        "AU SOMMAIRE\n- Un lavoir pour trois\n\n",
    ],
)
def test_what_stands_above_a_title(above: str) -> None:
    article = read(f"{above}{TITLE}\n\n{BODY}\n")
    assert (article.title, article.text) == (TITLE, BODY)


# Who and when


def test_a_press_release_opens_with_its_place_and_day() -> None:
    article = page(f"<h1>{TITLE}</h1><p><b>Aurillac, 3 mai 2019</b> – {FIRST}</p><p>{SECOND}</p>")
    assert article.date == "2019-05-03"


# Themes


@pytest.mark.parametrize(
    "below",
    [
        "#Lait #Élevage #Logistique J'aime (18) Signaler",
        "Classé dans : Lait, Élevage, Logistique",
        "Tags : Lait, Élevage, Logistique – Plus d'articles",
        "Les commentaires sont fermés.\nTags : Lait, Élevage, Logistique",
        "Thèmes : [Lait](#) [Élevage](#) [Logistique](#)",
        "Lait\nÉlevage\nLogistique\n\nRelu le 6 mai 2019 par Luc Bernard",
    ],
)
def test_themes_below_the_text(below: str) -> None:
    article = read(f"{TITLE}\n\n{BODY}\n\n{below}\n")
    assert (article.themes, article.text) == (("Lait", "Élevage", "Logistique"), BODY)


# Where the text ends


@pytest.mark.parametrize(
    "below",
    [
        "Diffusion restreinte – copie au classement",
        "Documents à télécharger : plan (PDF, 210 ko)",
        "Mots-clés : lait\nImprimé chez nous. Nos lecteurs écrivent, et nous répondons parfois.",
        "#lait #élevage\n\nRéf. 2020-117 / Ne pas répondre à ce message / Une question ? Écrivez !",
        "À propos du club\nLe club réunit quarante entreprises du plateau, petites et grandes.",
        "###\n\nThe club brings together forty firms of the plateau, large and small alike.",
        "Cet article vous a plu ?\nOui\nNon",
    ],
)
def test_what_stands_below_a_text(below: str) -> None:
    assert read(f"{TITLE}\n\n{BODY}\n\n{below}\n").text == BODY


@pytest.mark.parametrize(
    "last",
    [
        "La suite est à écrire.",
        "À propos de la cuve commune, les deux patrons hésitent encore : où la mettre, et quand ?",
        "Partager une citerne, c'est aussi partager ses jours de lavage et ses petites habitudes.",
    ],
)
def test_what_a_text_ends_with(last: str) -> None:
    assert read(f"{TITLE}\n\n{BODY}\n\n{last}\n").text == f"{BODY}\n\n{last}"
