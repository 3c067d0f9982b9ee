"""Who signs an article and when, as sites, presses, mail programs and networks show it."""

import pytest

from ingest.articles.article import Person
from tests.ingest.sample_articles import BODY, PARAGRAPHS, TITLE, page, read


@pytest.mark.parametrize(
    ("lines", "author", "date"),
    [
        ("Par Jeanne Morel | Publié le 02/11/2021 à 16h30 | Mis à jour le 03/11/2021 à 09h10",
         "Jeanne Morel", "2021-11-02T16:30"),
        ("Économie | Publié le 11 avril 2024", "", "2024-04-11"),
        ("Publié le 11 avril 2024 par admin", "", "2024-04-11"),
        ("Publié le 11/04/2024 à 10:00 - É. Morel", "É. Morel", "2024-04-11T10:00"),
        ("J. M. – 11/04/2024", "J. M.", "2024-04-11"),
        ("Par J. Morel, avec la collaboration de Luc Bernard", "J. Morel, Luc Bernard", ""),
        ("Blog of the institute / April 11, 2024 / Jane Miller", "Jane Miller", "2024-04-11"),
        ("La quatrième ligne · @la4eligne · 11 avril 2024", "La quatrième ligne", "2024-04-11"),
        ("Posté le 11/04/2024 par Jeanne dans Transports", "Jeanne", "2024-04-11"),
        ("Rédigé par jeanne m. · Repost 0 · S'inscrire à la newsletter · Commenter cet article",
         "jeanne m", ""),
        ("(AFP) - mis en ligne le 11 avril 2024, 15:20", "AFP", "2024-04-11T15:20"),
        ("Staff Report", "Staff Report", ""),
        ("Grâces (France), Apr 11, 2024", "", "2024-04-11"),
        ("Série « L'eau », 3/5 — 11.04.2024, J. Mrl", "J. Mrl", "2024-04-11"),
        ("Jeanne Morel / Luc Bernard | 11 avril 2024", "Jeanne Morel, Luc Bernard", "2024-04-11"),
        ("Gwendal Le Hénaff • Abonné\nAmateur de café serré\n11 avril 2024 • 🌐",
         "Gwendal Le Hénaff", "2024-04-11"),
        ("Allier · Montagne bourbonnaise · 11 avril 2024", "", "2024-04-11"),
        ("DOSSIER DU MOIS · 11 avril 2024", "", "2024-04-11"),
        ("Tell a friend   Follow us   Published 11 April 2024", "", "2024-04-11"),
        ("Le jeudi 11 avril 2024, dans Solidarité, par la rédaction", "la rédaction",
         "2024-04-11"),
        ("Posted by Jane at 10:15 AM", "Jane", ""),
        ("April 11, 2024 By Jane Miller Leave a Comment", "Jane Miller", "2024-04-11"),
        ("By FPJ Staff \u00a0 14 December 2006", "FPJ Staff", "2006-12-14"),
        ("by jmorel » Fri May 03, 2019 9:12 am", "jmorel", "2019-05-03T09:12"),
        (", par LaRevueDurable", "LaRevueDurable", ""),
        ("De notre correspondante, Jeanne Morel", "Jeanne Morel", ""),
        ("AFP\nPublié le 11/04/2024 à 08:00", "AFP", "2024-04-11T08:00"),
        ("Par notre correspondant, Jean Morel", "Jean Morel", ""),
        ("Reportage : Jeanne Morel", "Jeanne Morel", ""),
        ("Jeanne Morel Publié le 11 avril 2024", "Jeanne Morel", "2024-04-11"),
        ("De Jeanne Morel", "Jeanne Morel", ""),
        ("Rédaction, le 11 avril 2024", "Rédaction", "2024-04-11"),
        ("Le service communication", "Le service communication", ""),
        ("Terra 11 avril 2024 à 15h00 | Par Jeanne Morel", "Jeanne Morel", "2024-04-11T15:00"),
        ("PUBLISHED: 16:23 11 April 2024\nJane Miller", "Jane Miller", "2024-04-11T16:23"),
        ("Journal de Saône-et-Loire, édition de Gueugnon, samedi 11 avril 2020", "",
         "2020-04-11"),
        ("Communiqué par les services techniques", "les services techniques", ""),
        ("Article rédigé par la CCI Charente le 11 avril 2024", "la CCI Charente", "2024-04-11"),
        ("Rédigé par Jeanne Morel et publié depuis Overblog", "Jeanne Morel", ""),
        ("Florence Morel\n2e\nDirectrice chez Avel\n2 sem. • Modifié • Tout le monde\n+ Suivre",
         "Florence Morel", ""),
    ],
)  # fmt: skip
def test_above_the_text(lines: str, author: str, date: str) -> None:
    article = read(f"{TITLE}\n\n{lines}\n\n{BODY}\n")
    assert (article.title, article.author.name, article.date) == (TITLE, author, date)
    assert article.text == BODY


@pytest.mark.parametrize(
    ("lines", "author"),
    [
        ("Jeanne Morel\nChargée de mission", Person("Jeanne Morel", "Chargée de mission")),
        ("Le président,\nLuc Bernard", Person("Luc Bernard", "président")),
        ("L'équipe municipale", Person("L'équipe municipale")),
        ("La rédaction", Person("La rédaction")),
        ("(AFP)", Person("AFP")),
        ("— Jeanne", Person("Jeanne")),
        ("Contact presse\n\nJeanne Morel, chargée de mission", Person()),
    ],
)
def test_below_the_text(lines: str, author: Person) -> None:
    article = read(f"{TITLE}\n\n{BODY}\n\n{lines}\n")
    assert (article.title, article.author, article.text) == (TITLE, author, BODY)


@pytest.mark.parametrize(
    ("head", "author", "date"),
    [
        ("De : Jeanne Morel <j@x.example>\nEnvoyé : mardi 14 mars 2023 09:12\nÀ : Luc Bernard\n"
         f"Objet : RE: {TITLE}\n", "Jeanne Morel", "2023-03-14T09:12"),
        ("From: Jane Miller <j@x.example>\nSent: Tuesday, March 14, 2023 9:12 AM\n"
         f"To: Luke Barnard\nSubject: {TITLE}\n", "Jane Miller", "2023-03-14T09:12"),
        ("De: Jeanne Morel <j@x.example>\nDate: mar. 14 mars 2023 à 09:12\n"
         f"Subject: Fwd: {TITLE}\nTo: Luc <l@x.example>\n", "Jeanne Morel", "2023-03-14T09:12"),
    ],
)  # fmt: skip
def test_the_head_of_a_message(head: str, author: str, date: str) -> None:
    article = read(f"{head}\n{BODY}\n")
    assert (article.title, article.author.name, article.date) == (TITLE, author, date)


def test_the_first_message_of_a_thread_dates_it() -> None:
    article = read(
        f"De : Jeanne Morel\nEnvoyé : mardi 14 mars 2023 17:22\nObjet : {TITLE}\n\n{BODY}\n\n"
        "--\nJeanne Morel, coordinatrice (mi-temps)\n\n"
        "> De : Luc Bernard\n> Envoyé : mardi 14 mars 2023 11:05\n> Vous en êtes où ?\n"
    )
    assert article.author == Person("Jeanne Morel", "coordinatrice")
    assert article.date == "2023-03-14T17:22"


@pytest.mark.parametrize(
    ("html", "author", "date"),
    [
        (f'<h1>{TITLE}</h1><div class="byline">Par <a href="/a">jmorel</a></div>', "jmorel", ""),
        (f'<h1>{TITLE}</h1><div class="pub">Publiée le 02/11/2022 par l\'équipe de l\'agence</div>',
         "l'équipe de l'agence", "2022-11-02"),
        (f'<h1>{TITLE}</h1><p class="author">Jeanne</p><time datetime="2024-04-11">11 avril</time>',
         "Jeanne", "2024-04-11"),
        (f'<h1>{TITLE}</h1><p class="info">mis en ligne le jeudi 11 avril 2024 <span>par <span '
         'class="vcard author"><a class="url fn spip_in" href="a">jmorel</a></span></span></p>',
         "jmorel", "2024-04-11"),
        (f'<h1>{TITLE}</h1><span>Submitted by <span class="username">jmorel</span> on 11 April 2024'
         "</span>", "jmorel", "2024-04-11"),
        (f'<h1>{TITLE}</h1><p>par <span itemprop="author">Loïc et Anne</span> · <span '
         'itemprop="datePublished">mardi 17 novembre 2020</span> · 4 min de lecture</p>',
         "Loïc et Anne", "2020-11-17"),
        ('<div class="site-title"><h1>Mon blog</h1></div><h2 class="entry-title">'
         f'{TITLE}</h2><div class="post-meta">by <a rel="author">Jane</a></div>', "Jane", ""),
        (f"<div id=\"top\"><p>This banner says at some length what readers do not want.</p></div>"
         f'<h1>{TITLE}</h1><p class="author">Voir tous les articles</p>', "", ""),
    ],
)  # fmt: skip
def test_what_markup_calls_the_author(html: str, author: str, date: str) -> None:
    article = page(html + PARAGRAPHS)
    assert (article.title, article.author.name, article.date) == (TITLE, author, date)
    assert article.text == BODY
