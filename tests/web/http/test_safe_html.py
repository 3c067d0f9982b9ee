import re
from html import unescape
from urllib.parse import urlsplit

from hypothesis import given
from hypothesis import strategies as st
from markupsafe import escape

from web.http.safe_html import article, marked


def test_marks_are_half_open_spans_of_the_text() -> None:
    assert marked("du gel <fin>", [(3, 6), (7, 12)]) == (
        "du <mark>gel</mark> <mark>&lt;fin&gt;</mark>"
    )
    assert marked("a & b", []) == "a &amp; b"


@given(st.text(), st.data())
def test_marking_changes_no_word(text: str, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.sets(st.integers(0, len(text)), max_size=6)))
    marks = list(zip(cuts[::2], cuts[1::2], strict=False))
    html = marked(text, marks)
    assert html.replace("<mark>", "").replace("</mark>", "") == escape(text)
    assert html.count("<mark>") == html.count("</mark>") == len(marks)


def test_headings_of_an_article_start_at_the_second_level_and_skip_none() -> None:
    assert article("### a\n# b\n###### c\n### d") == (
        "<h2>a</h2>\n<h2>b</h2>\n<h3>c</h3>\n<h3>d</h3>\n"
    )


def test_html_in_an_article_is_text() -> None:
    assert article("<script>alert(1)</script>") == (
        "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>\n"
    )
    assert article("un <b>mot</b>") == "<p>un &lt;b&gt;mot&lt;/b&gt;</p>\n"


def test_links_of_an_article_are_marked_as_foreign_and_safe() -> None:
    assert article("[ici](https://a.example/?b&c)") == (
        '<p><a href="https://a.example/?b&amp;c" rel="nofollow noopener">ici</a></p>\n'
    )
    assert article("[ici](javascript:alert(1))") == "<p>[ici](javascript:alert(1))</p>\n"


def test_an_image_of_an_article_is_a_link_to_it() -> None:
    assert article('![une "photo"](https://a.example/p.png)') == (
        '<p><a href="https://a.example/p.png" rel="nofollow noopener">une "photo"</a></p>\n'
    )
    assert article("![](https://a.example/p.png)") == (
        '<p><a href="https://a.example/p.png" rel="nofollow noopener">'
        "https://a.example/p.png</a></p>\n"
    )


@given(st.text(alphabet="<>[]()!\"'`|-*#& \n:/jascriptdeonlxm=&;", max_size=200))
def test_whatever_is_written_no_script_no_style_and_no_foreign_scheme_comes_out(text: str) -> None:
    html = article(text)
    for tag in re.findall(r"<\s*/?\s*([a-zA-Z0-9]+)", html):
        assert tag in {*"a p em strong code pre blockquote ul ol li hr br".split()} | {
            *"table thead tbody tr th td h2 h3 h4 h5 h6".split()
        }
    for href in re.findall(r'href="([^"]*)"', html):
        scheme = urlsplit(unescape(href)).scheme
        assert scheme in {"", "http", "https", "mailto"}
    assert not re.search(r"<[^>]*\s(?:on\w+|style)\s*=", html)
