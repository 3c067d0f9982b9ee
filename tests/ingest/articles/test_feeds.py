from collections.abc import Iterator
from html import escape

import pytest

from ingest.articles.article import MAX_FEED_ITEMS, Article, Person
from ingest.articles.feeds import item_article, read_feed
from ingest.fetching.safe_fetch import Fetcher
from ingest.reading import fetched_document
from kb.errors import InputError
from tests.ingest.local_site import Site, page, serving
from tests.ingest.sample_articles import BODY, FIRST, PARAGRAPHS, TITLE


def rss(*items: str, language: str = "fr") -> bytes:
    return (
        '<?xml version="1.0" encoding="utf-8"?><rss version="2.0" '
        'xmlns:content="http://purl.org/rss/1.0/modules/content/" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>Le réseau</title>'
        f"<language>{language}</language>{''.join(items)}</channel></rss>"
    ).encode()


def item(*, title: str = TITLE, link: str = "", content: str = "", description: str = "") -> str:
    return (
        f"<item><title>{title}</title><link>{link}</link>"
        "<pubDate>Fri, 03 May 2019 09:15:00 +0200</pubDate>"
        "<dc:creator>Jeanne Morel</dc:creator><category>Lait</category>"
        "<category>Bétail</category>"
        f"<description>{escape(description)}</description>"
        f"<content:encoded>{escape(content)}</content:encoded></item>"
    )


ATOM = f"""<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="fr"><title>Le réseau</title>
<entry><title>{TITLE}</title><link href="/articles/12"/><updated>2019-05-04T10:30:00+02:00</updated>
<published>2019-05-03T09:15:00+02:00</published><author><name>Jeanne Morel</name></author>
<category term="Lait"/>
<content type="html">{escape(PARAGRAPHS)}</content></entry></feed>""".encode()


def test_an_item_that_holds_its_article() -> None:
    (found,) = read_feed(rss(item(link="https://reseau.example/12", content=PARAGRAPHS)))
    assert item_article(found, None, fetched_document) == Article(
        title=TITLE,
        text=BODY,
        author=Person("Jeanne Morel"),
        date="2019-05-03T09:15+02:00",
        themes=("Lait", "Bétail"),
        lang="fr",
        source_url="https://reseau.example/12",
    )


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_feed_with_any_line_ends(end: str) -> None:
    lines = ATOM.replace(b"><", b">\n<").replace(b" term=", b"\nterm=")
    (found,) = read_feed(lines.replace(b"\n", end.encode()), url="https://reseau.example/feed")
    (plain,) = read_feed(ATOM, url="https://reseau.example/feed")
    assert found == plain


def test_an_entry_of_an_atom_feed() -> None:
    (found,) = read_feed(ATOM, url="https://reseau.example/feed")
    article = item_article(found, None, fetched_document)
    assert found.url == "https://reseau.example/articles/12"
    assert (article.date, article.modified) == (
        "2019-05-03T09:15+02:00",
        "2019-05-04T10:30+02:00",
    )
    assert (article.title, article.author.name, article.text) == (TITLE, "Jeanne Morel", BODY)


@pytest.fixture
def site() -> Iterator[Site]:
    with serving({"/12": page(f"<html lang=fr><h1>{TITLE}</h1>{PARAGRAPHS}</html>")}) as served:
        yield served


def test_an_item_that_holds_its_beginning_only_is_fetched(site: Site) -> None:
    beginning = f"<p>{FIRST} […]</p>"
    (found,) = read_feed(rss(item(link=site.url("/12"), description=beginning)))
    article = item_article(found, Fetcher(local={site.origin}), fetched_document)
    assert (article.title, article.text, article.source_url) == (TITLE, BODY, site.url("/12"))
    # What the page does not say, the feed does.
    assert (article.author.name, article.date) == ("Jeanne Morel", "2019-05-03T09:15+02:00")
    assert article.themes == ("Lait", "Bétail")


def test_a_feed_that_is_a_page_names_its_feed() -> None:
    html = (
        '<!doctype html><html><head><link rel="alternate" type="application/rss+xml" '
        f'href="/feed.xml"></head><body>{PARAGRAPHS}</body></html>'
    )
    with pytest.raises(InputError) as refusal:
        read_feed(html.encode(), url="https://reseau.example/actualites")
    assert str(refusal.value) == (
        "is a page, not a feed: its feed is https://reseau.example/feed.xml"
    )


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"<!doctype html><html></html>", "is a page, not a feed: give the address of its RSS"),
        (b"Bonjour", "is not a feed: a feed is RSS or Atom"),
        (b"<rss version='2.0'><channel></channel></rss>", "is a feed without items"),
        (b"<rss version='2.0'><channel><item", "is a feed without items, or one that is damaged"),
    ],
)
def test_what_is_no_feed(content: bytes, reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        read_feed(content)


def test_a_feed_with_very_many_items_is_read_so_far() -> None:
    items = [item(title=f"Article {n}") for n in range(MAX_FEED_ITEMS + 5)]
    assert len(read_feed(rss(*items))) == MAX_FEED_ITEMS
