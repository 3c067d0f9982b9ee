import json

import pytest

from ingest.articles.article import Article, Person
from tests.ingest.sample_articles import (
    BODY,
    FIRST,
    NETWORK_HTML,
    NETWORK_PAGE,
    PARAGRAPHS,
    SECOND,
    TITLE,
    page,
    read,
)

THEMES = ("Lait", "Circuits courts", "Mutualisation d'équipements")
BOILERPLATE = (
    "Suivre", "Dernière modération", "Auteur de la page", "Autres actualités", "Plus d'articles",
    "Sur les mêmes thèmes", "Anne Le Goff", "Jeanne Morel", "Le lin revient", "cookies", "Accueil",
    "Facebook", "Lire la suite",
)  # fmt: skip


# The page of a network, as it is printed and as it is marked up


def test_a_network_page_is_read_as_printed_and_as_marked_up() -> None:
    for text, suffix, themes in (
        (NETWORK_PAGE, ".txt", THEMES),
        (NETWORK_HTML, ".html", THEMES[:2]),
    ):
        article = read(text, suffix)
        assert (article.title, article.themes) == (TITLE, themes)
        assert article.author == Person("Jeanne Morel", "Coordinatrice Technique")
        assert article.moderator == Person("Anne Le Goff", "Cheffe de projets")
        dates = (article.date, article.modified, article.moderated)
        assert dates == ("", "2019-05-03T17:05", "2019-05-04T08:30")
        assert not [line for line in BOILERPLATE if line in article.text]


def test_the_body_of_a_network_page_is_markdown() -> None:
    lines = read(NETWORK_PAGE).text.splitlines()
    assert lines[:6] == [FIRST, "", SECOND, "", "Deux conditions ont compté :", ""]
    assert [line[:25] for line in lines[6:]] == [
        "- Une citerne propre. La ",
        "- Un prix juste. Il est r",
    ]


def test_each_value_says_where_it_comes_from() -> None:
    article = read(NETWORK_PAGE)
    found = {field.field: field for field in article.found}
    assert found["moderated"].sentence == "Dernière modération le 04/05/2019 - 08:30"
    assert found["author"].sentence == "Auteur de la page Jeanne Morel"
    assert found["themes"].value == " | ".join(THEMES)
    assert all(0 < field.confidence <= 1 for field in article.found)
    assert "Auteur de la page" in article.page_text


# Other layouts


def test_a_byline_above_the_text() -> None:
    article = read(
        f"{TITLE}\nPar Jeanne Morel, chargée de mission\n"
        f"Publié le 3 mai 2019 à 9h15, mis à jour le 04/05/2019\n\n{BODY}\n"
    )
    assert article.author == Person("Jeanne Morel", "chargée de mission")
    assert (article.date, article.modified) == ("2019-05-03T09:15", "2019-05-04")
    assert (article.title, article.text) == (TITLE, BODY)


def test_notices_below_the_text() -> None:
    article = read(
        f"{TITLE}\n\n{BODY}\n\nRédigé par : Jeanne Morel\nFonction : chargée de mission\n"
        "Date de publication : 03/05/2019\nValidé par Luc Bernard le 4 mai 2019\n"
        "Étiquettes : lait, élevage\nContact\nRéseau du Plateau\n12 rue des Tilleuls\n"
    )
    assert article == Article(
        title=TITLE,
        text=BODY,
        author=Person("Jeanne Morel", "chargée de mission"),
        moderator=Person("Luc Bernard"),
        date="2019-05-03",
        moderated="2019-05-04",
        themes=("lait", "élevage"),
        lang="fr",
    )


def test_an_english_page() -> None:
    text = (
        "The dairy on the hill had no use for its whey, and the mill was looking for protein.\n\n"
        "A meeting on March 12, 2019 put the two managers at the same table, and that was enough."
    )
    article = read(
        f"Whey for the herd\n\n{text}\n\nWritten by Jane Miller, Programme Officer\n"
        "Posted on May 3rd, 2019\nLast updated: 4 May 2019 at 10:30 am\n"
        "Reviewed by Paul Webb on 5 May 2019\nTags: whey, feed\n\nShare this: Facebook | Email\n"
        "Related posts\nLinen is back\n3 comments\nBob says: I liked this article a lot, thank "
        "you so much for writing it.\n"
    )
    assert article == Article(
        title="Whey for the herd",
        text=text,
        author=Person("Jane Miller", "Programme Officer"),
        moderator=Person("Paul Webb"),
        date="2019-05-03",
        modified="2019-05-04T10:30",
        moderated="2019-05-05",
        themes=("whey", "feed"),
        lang="en",
    )


def test_markdown_keeps_its_marks() -> None:
    body = (
        f"{FIRST}\n\n## Le premier camion\n\nIl a **tout** changé, et [le club](https://club.example)"
        f" l'a filmé.\n\n> Personne ne devine.\n\n1. une citerne\n2. un prix\n\n"
        "| Flux | Tonnes |\n| --- | --- |\n| Petit-lait | 12 |"
    )
    article = read(
        f"# {TITLE}\n\n*Jeanne Morel, chargée de mission* — 2019-05-03\n\n{body}\n", ".md"
    )
    assert article.author == Person("Jeanne Morel", "chargée de mission")
    assert (article.title, article.date, article.text) == (TITLE, "2019-05-03", body)


# What must not be lost, nor made up


@pytest.mark.parametrize("line", ["mai 2019", "Publié en mai 2019", "Date : mai 2019"])
def test_a_date_without_a_day_is_a_month(line: str) -> None:
    assert read(f"{TITLE}\n{line}\n\n{BODY}\n").date == "2019-05"


# HTML


def test_what_a_page_says_of_itself_in_linked_data() -> None:
    data = {
        "@context": "https://schema.org",
        "@graph": [
            {"@type": "BreadcrumbList"},
            {
                "@type": "BlogPosting",
                "headline": TITLE,
                "datePublished": "2019-05-03T09:15:00+02:00",
                "dateModified": "2019-05-04",
                "author": [{"name": "Jeanne Morel", "jobTitle": "Chargée d'études"}],
                "keywords": ["lait", "élevage"],
            },
        ],
    }  # fmt: skip
    head = f'<script type="application/ld+json">{json.dumps(data)}</script>'
    article = page(f"<div>{TITLE}</div>{PARAGRAPHS}", head)
    assert article.author == Person("Jeanne Morel", "Chargée d'études")
    assert (article.date, article.modified) == ("2019-05-03T09:15+02:00", "2019-05-04")
    assert (article.title, article.themes, article.text) == (TITLE, ("lait", "élevage"), BODY)


@pytest.mark.parametrize(
    ("name", "author", "date", "tag"),
    [
        ("name", "author", "date", "keywords"),
        ("name", "DC.creator", "DC.date", "DC.subject"),
        ("property", "article:author", "article:published_time", "article:tag"),
        ("name", "citation_author", "citation_date", "citation_keywords"),
    ],
)
def test_what_a_page_says_of_itself_in_meta_tags(
    name: str, author: str, date: str, tag: str
) -> None:
    head = (
        f'<meta {name}="{author}" content="Jeanne Morel">'
        f'<meta {name}="{date}" content="2019-05-03">'
        f'<meta {name}="{tag}" content="lait, élevage"><meta property="og:title" content="{TITLE}">'
    )
    article = page(f"<h2>{TITLE}</h2>{PARAGRAPHS}", head)
    assert (article.title, article.author.name, article.date, article.themes) == (
        TITLE,
        "Jeanne Morel",
        "2019-05-03",
        ("lait", "élevage"),
    )


@pytest.mark.parametrize(
    "around",
    [
        '<div id="nav-wrapper"><div class="header-page">{}</div></div>',
        '<form id="aspnetForm"><div class="sidebar-layout">{}</div></form>',
        '<div class="comments-enabled share-page">{}</div>',
        '<div aria-hidden="true">{}</div>',
        "<header>{}</header>",
        "<aside>{}</aside>",
    ],
)
def test_a_text_is_not_lost_whatever_its_page_is_called(around: str) -> None:
    article = page(around.format(f"<h1>{TITLE}</h1>{PARAGRAPHS}"))
    assert (article.title, article.text) == (TITLE, BODY)


def test_menus_comments_and_boxes_are_left_out() -> None:
    article = page(
        "<header><a href=/>Le réseau</a><nav><ul><li>Accueil</li></ul></nav></header>"
        f"<h1>{TITLE}</h1>{PARAGRAPHS}"
        "<div class=newsletter><p>Recevez nos actualités chaque semaine dans votre boîte.</p></div>"
        "<aside><h3>Le réseau</h3><p>Quatre cents membres échangent ici chaque jour.</p></aside>"
        "<section id=comments><p>Par Luc Bernard le 9 mai 2020 : une bien belle idée, merci !</p>"
        "</section><footer>Mis à jour le 12/11/2023 - Mentions légales</footer>"
    )
    assert article.text == BODY
    assert article.author == Person()


def test_html_is_never_kept_as_html() -> None:
    article = page(
        f"<h1>{TITLE}</h1>{PARAGRAPHS}<p>Voir <a href='javascript:alert(1)'>ceci</a>, "
        "<a href='https://a.example/x'>cela</a>, <b onclick=x()>gras</b> et &lt;script&gt;.</p>"
        "<script>alert(1)</script><iframe src=//a.example></iframe>"
    )
    last = article.text.split("\n\n")[-1]
    assert last == r"Voir ceci, [cela](https://a.example/x), **gras** et \<script>."


def test_what_markdown_would_take_for_marks_is_escaped() -> None:
    article = page(
        f"<h1>{TITLE}</h1>{PARAGRAPHS}<p># 3 * 4 * 5 [x](y) ne se lisent pas en titre.</p>"
    )
    assert article.text.endswith(r"\# 3 \* 4 \* 5 \[x\](y) ne se lisent pas en titre.")
