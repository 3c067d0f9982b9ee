"""The ways in which pages lay out what they say of an article, each as small as it gets."""

import pytest

from tests.ingest.sample_articles import BODY, FIRST, SECOND, TITLE, page, read

# Labels


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
