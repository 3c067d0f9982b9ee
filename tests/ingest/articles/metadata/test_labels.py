import pytest

from ingest.articles.metadata.labels import Announcement
from ingest.articles.metadata.layout import themes_of
from ingest.articles.metadata.lines import notices


def values(line: str, *, english: bool = False) -> list[tuple[str, str]]:
    return [(notice.announced.value, notice.value) for notice in notices(line, english=english)]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("Modérateur", [("moderator", "")]),
        ("Autrice de la page", [("author", "")]),
        ("Dernière modération le 04/05/2019 - 08:30", [("moderated", "2019-05-04T08:30")]),
        ("Dernière modification de l'auteur le 03/05/2019", [("modified", "2019-05-03")]),
        (
            "Publié le 27/03/2020 - Mis à jour le 02/04/2020",
            [("date", "2020-03-27"), ("modified", "2020-04-02")],
        ),
        (
            "Par Jeanne Morel — Publié le 3 mai 2019 à 9h15",
            [("author", "Jeanne Morel"), ("date", "2019-05-03T09:15")],
        ),
        (
            "Posted by Jane Miller on May 3, 2019 | 4 comments | 3 min read",
            [("author", "Jane Miller"), ("date", "2019-05-03")],
        ),
        (
            "Fiche rédigée le 3 mai 2019, approuvée par M. Luc Bernard, président, le 4 mai 2019.",
            [("date", "2019-05-03"), ("moderator", "Luc Bernard"), ("moderated", "2019-05-04")],
        ),
        (
            "Mis en ligne le 3 mai 2019 par Jeanne Morel dans Élevage",
            [("date", "2019-05-03"), ("author", "Jeanne Morel")],
        ),
        (
            "Last updated: 4 May 2019 by Luc Bernard",
            [("modified", "2019-05-04"), ("author", "Luc Bernard")],
        ),
        (
            "Jeanne Morel, chargée de mission — 2019-05-03",
            [("author", "Jeanne Morel"), ("date", "2019-05-03")],
        ),
        ("De : Jeanne Morel <j.morel@club.example>", [("author", "Jeanne Morel")]),
        ("Auteur : Réseau du Plateau", [("author", "Réseau du Plateau")]),
        (
            "Publié par la rédaction le 3 mai 2019",
            [("author", "la rédaction"), ("date", "2019-05-03")],
        ),
        ("Mots-clés : lait, élevage", [("themes", "lait, élevage")]),
        ("Filed under: feed; whey", [("categories", "feed; whey")]),
        ("Aurillac, le 3 mai 2019", [("date", "2019-05-03")]),
    ],
)  # fmt: skip
def test_what_a_line_announces(line: str, expected: list[tuple[str, str]]) -> None:
    assert values(line) == expected


@pytest.mark.parametrize(
    "line",
    [
        "Publié par une équipe de chercheurs, le rapport montre que le petit-lait se vend bien.",
        "Par ailleurs, le Centre Hospitalier a acheté tout le stock.",
        "De la mairie à l'usine, tout le monde s'y est mis.",
        "Le 14 mai 2019, le club a réuni les deux directeurs.",
        "En mars 2020, la mairie cherchait des masques.",
        "Auteurs et acheteurs se sont retrouvés autour d'une table.",
        "By the river stands a mill that nobody had looked at for years.",
        "Date limite de consommation",
        "Le marché du 3 mai 2019 – onze producteurs et deux cents clients – a tout changé ici",
        "Jeanne Morel",
        "",
    ],
)
def test_a_sentence_is_no_notice(line: str) -> None:
    assert values(line) == []


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("Par Mme Anne-Laure LE GOFF", "Anne-Laure Le Goff"),
        ("by HARGREAVES, Judith", "Judith Hargreaves"),
        ("Par Jeanne de La Tour et Luc O'Brien", "Jeanne de La Tour, Luc O'Brien"),
        ("Auteur : jmorel15", "jmorel15"),
    ],
)
def test_names_as_one_says_them(line: str, name: str) -> None:
    (notice,) = notices(line)
    assert isinstance(notice, Announcement)
    assert notice.person.name == name


@pytest.mark.parametrize(
    ("value", "themes"),
    [
        ("lait, élevage", ("lait", "élevage")),
        ("Achats, ventes ; Transport", ("Achats, ventes", "Transport")),
        ("#lait #élevage", ("lait", "élevage")),
        ("lait / élevage / coopération", ("lait", "élevage", "coopération")),
        ("Lait | lait | Élevage.", ("Lait", "Élevage")),
        ("lait", ("lait",)),
    ],
)
def test_themes_of_a_value(value: str, themes: tuple[str, ...]) -> None:
    assert themes_of(value) == themes
