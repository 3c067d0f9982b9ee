"""Targets: what reads text or files of strangers, and what must hold of whatever they send."""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import cache, partial
from html import unescape
from pathlib import Path
from tempfile import mkdtemp
from typing import Any
from urllib.parse import urlsplit

from kb.errors import InputError
from kb.models import Actor, Case, Participation
from kb.reference.roles import Role
from kb.registers.drafts import Proposals, ProposedField, ProposedParticipation
from tests.reliability.fuzzing import seeds, words

Check = Callable[[bytes], object]
"""Does something with an input; raises AssertionError if what must hold does not."""

SECRET = "a secret of thirty-two characters"
_FOLDER = Path(mkdtemp(prefix="quisait-fuzz-"))


@dataclass(frozen=True, slots=True)
class Target:
    """Something to fuzz: `start` gives honest inputs, `words` what they are changed by."""

    name: str
    check: Check
    start: Callable[[], Sequence[bytes]]
    words: Sequence[bytes]
    is_archive: bool = False


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def _raw_text(data: bytes) -> str:
    """With lone surrogates, as a command line or JSON may have them."""
    return data.decode("utf-8", "surrogateescape")


@contextmanager
def _apart() -> Iterator[None]:
    """As in a reading process: what nobody foresaw in a file is a line."""
    try:
        yield
    except (InputError, AssertionError):
        raise
    except Exception as error:  # noqa: BLE001
        raise InputError("damaged_file", kind=type(error).__name__) from None


# Articles ---------------------------------------------------------------------------------------


def _article(suffix: str, data: bytes) -> None:
    from ingest.articles.readers import article_from_bytes
    from kb.models import MAX_TEXT_CHARS

    article = article_from_bytes(data, suffix, url="https://a.example/b")
    assert 0 < len(article.text) <= MAX_TEXT_CHARS
    _is_kept(article.text, article.title, article.author.name, *article.themes)
    assert not article.date or date.fromisoformat(f"{article.date}-01-01"[:10])


def _is_kept(*texts: str) -> None:
    """What a database and a page can hold: no NUL, no half of a pair."""
    for text in texts:
        assert "\0" not in text, "NUL"
        text.encode()


def _pasted(data: bytes) -> None:
    from ingest.articles.readers import pasted_article

    _is_kept(pasted_article(_raw_text(data)).text)


def _feed(data: bytes) -> None:
    from ingest.articles.feeds import item_article, read_feed
    from ingest.reading import fetched_document

    with _apart():
        items = read_feed(data, url="https://a.example/feed")
    for item in items:
        _is_kept(item.title)
        if item.is_whole:
            item_article(item, None, fetched_document)


def _feed_link(data: bytes) -> None:
    from ingest.articles.formats.html.page import feed_link

    link = feed_link(_text(data), "https://a.example/b")
    assert not link or urlsplit(link).scheme in {"http", "https"}


def _picture(data: bytes) -> None:
    from kb.registers.pictures import MOST_BYTES, photograph

    for picture in photograph(data):
        assert len(picture.content) <= MOST_BYTES


# Directories ------------------------------------------------------------------------------------


def _directory(suffix: str, data: bytes) -> None:
    from ingest.directories.readers import preview, read_directory

    path = _FOLDER / f"a{suffix}"
    path.write_bytes(data)
    with _apart():
        looked_at = preview(path, "a", persons_kept=True)
        entries = list(read_directory(path))
    assert looked_at.kept + looked_at.failed <= looked_at.rows
    for entry in entries:
        record = entry.record
        assert record is None or isinstance(record, Actor)
        if record is not None:
            _is_kept(record.id, record.name, record.description, *record.facts.values())


def _headers(data: bytes) -> None:
    from ingest.directories.columns_of import HeaderMap, choices_in

    first, *options = _text(data).split("\n")
    header = tuple(first.split(";"))
    columns = HeaderMap().columns(header)
    assert len(columns) == len(header)
    HeaderMap(choices_in([option for option in options if option][:20]), persons_kept=True)


def _case_file(data: bytes) -> None:
    from ingest.records.case_file import read_markdown
    from ingest.records.entries import NotInput

    path = _FOLDER / "a.md"
    path.write_bytes(data)
    try:
        for entry in read_markdown(path):
            if isinstance(entry.record, Case):
                _is_kept(entry.record.id, entry.record.text)
    except NotInput:
        return


# Text -------------------------------------------------------------------------------------------


def _markdown(data: bytes) -> None:
    from kb.text.markdown import plain_text
    from web.http.safe_html import article

    text = _text(data)
    plain_text(text)
    html = article(text)
    assert html_is_safe(html), html[:200]


_TAG = re.compile(r"<\s*(?P<closes>/?)\s*(?P<name>[^\s>/]*)(?P<rest>[^>]*)>")
_ATTRIBUTE = re.compile(r"([^\s=\"'>/]+)(?:\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s>]+)))?")
_MAY_BE = {
    *"a blockquote br code em h2 h3 h4 h5 h6 hr li ol p pre strong table tbody td th".split(),
    *"thead tr ul".split(),
}


def html_is_safe(html: str) -> bool:
    """Whether HTML has harmless tags and attributes alone, and links that run nothing."""
    for tag in _TAG.finditer(html):
        if tag["name"] not in _MAY_BE:
            return False
        for name, *values in _ATTRIBUTE.findall(tag["rest"]):
            value = unescape("".join(values)).strip()
            if name not in {"href", "title", "class", "start", "rel"}:
                return False
            if name == "href" and _scheme(value) not in {"", "http", "https", "mailto"}:
                return False
    return html.count("<") == len(_TAG.findall(html))


def _scheme(address: str) -> str:
    """The scheme as a browser reads it: it drops what is white, and other signs of control."""
    bare = "".join(letter for letter in address if letter > " ")
    head, colon, _ = bare.partition(":")
    return head.lower() if colon and re.fullmatch(r"[A-Za-z][A-Za-z0-9+.-]*", head) else ""


def _passages(data: bytes) -> None:
    from kb.text.splitter import split

    most = 5 + (data[0] if data else 0)
    text = _text(data[1:])
    end = 0
    for piece in split(text, most):
        assert end <= piece.start < piece.end <= len(text), "out of order"
        assert piece.end - piece.start <= most, "too long"
        written = text[piece.start : piece.end]
        assert written == written.strip(), "with white space"
        end = piece.end


def _query(data: bytes) -> None:
    from kb.search.need.letters import has_contact, sentences_of
    from kb.search.query import MAX_QUERY_CHARS, parse

    query = parse(_raw_text(data))
    assert query.text.strip()
    assert len(query.typed) <= MAX_QUERY_CHARS
    _is_kept(query.text, query.need, *query.required, *query.wanted, *query.unwanted, *query.stems)
    assert query.thing_for_somebody in query.need
    sentences_of(query.text)
    has_contact(query.text)


def _search(data: bytes) -> None:
    near, _, typed = _raw_text(data).partition("\x1f")
    from kb.search.filters import filters_near

    filters = filters_near("", "", near[:30] if typed else "", 10)
    found = _sample_base().search(typed or near, filters=filters)
    ranks = [hit.rank for hit in found.hits]
    assert ranks == list(range(1, len(ranks) + 1)), "ranks"
    for hit in found.hits:
        for evidence in hit.evidence:
            for start, stop in evidence.marks:
                assert 0 <= start < stop <= len(evidence.text), "marks"


@cache
def _sample_base() -> Any:
    from tests.web.sample_base import SampleBase

    return SampleBase()


def _times(data: bytes) -> None:
    from ingest.articles.metadata.dates import dates_in, only_date, unclear_dates_in
    from kb.text.periods import NoPeriod, Period, periods_in, read_period, schema_coverage

    text = _text(data)
    for written in periods_in(text):
        assert str(Period.of(written.edtf)) == written.edtf
        schema_coverage(written.edtf)
    try:
        known = read_period(text)
    except NoPeriod:
        pass
    else:
        assert read_period(known) == known
    list(dates_in(text)), list(dates_in(text, english=True)), list(unclear_dates_in(text))
    only_date(text)


def _contacts(data: bytes) -> None:
    from kb.text.email_addresses import addresses_in, is_of_a_person
    from kb.text.phone_numbers import is_mobile, numbers_in, shown_number

    text = _text(data)
    for region in ("FR", "DE", ""):
        for number in numbers_in(text, region).kept:
            assert shown_number(number, region)
            is_mobile(number)
    for address in addresses_in(text).kept:
        assert address.count("@") == 1
        assert addresses_in(address).kept == (address,)
        is_of_a_person(address, text[:40])


def _names(data: bytes) -> None:
    from ingest.records.fields import country_code, folded, language, record_id, theme_names
    from kb.text.analysis import index_words, meaning_spans, query_stems, says
    from kb.text.flow import flow_of
    from kb.text.know_how import statement_kind
    from kb.text.organisation_name import analyse_name, name_key

    text = _text(data)
    list(analyse_name(text).placed())
    name_key(text)
    for spans in meaning_spans(text, "fr").values():
        assert all(0 <= start < end <= len(text) for start, end in spans)
    index_words(text, "en"), query_stems(text), says(text, text[:20]), flow_of(text)
    statement_kind(text), folded(text), theme_names(text), country_code(text[:80])
    language("", text)
    assert re.fullmatch(r"\S+", record_id("", text[:200] or "a"))


def _encoding(data: bytes) -> None:
    from ingest.encodings import decoded, unscrambled

    text = decoded(data, "latin-1" if data[:1] == b"l" else "")
    assert "\0" not in unscrambled(text) or b"\0" in data


# Languages models, reports, credentials, assistants -----------------------------------------------


def _chat(data: bytes) -> None:
    import httpx

    from ingest.articles.article import Article
    from ingest.extraction.llm import Assistant
    from kb.language_model import MAX_PHRASE_CHARS, ChatService, NoAnswer, worded

    whole = {"choices": [{"message": {"content": _text(data)}}]}
    body = data if data[:1] == b"!" else json.dumps(whole).encode()
    transport = httpx.MockTransport(lambda _: httpx.Response(200, content=body))
    service = ChatService("http://127.0.0.1:9", "m", timeout_s=60, transport=transport)
    try:
        phrases = worded(service, "du gel")
    except NoAnswer:
        phrases = ()
    assert all(0 < len(phrase.text) <= MAX_PHRASE_CHARS for phrase in phrases)
    article = Article(title="Du gel", text="La savonnerie a fait le gel. Machin a livré l'alcool.")
    part = Participation("La savonnerie", Role.PRODUCER)
    said = "La savonnerie a fait le gel."
    found = Proposals(
        (ProposedField("need", "gel", said, 0.5, "rules"),),
        (ProposedParticipation(part, said, 0.6, "rules"),),
    )
    refined = Assistant(service).refine(article, found).proposals
    for proposal in refined.participations:
        assert 0 <= proposal.confidence <= 1
        assert proposal.participation.name.casefold() in article.text.casefold()


def _report(data: bytes) -> None:
    from kb.explanation.report_files import verify

    assert not verify(data, SECRET) or _cells(data) in map(_cells, _reports()), "a changed report"


def _cells(report: bytes) -> bytes:
    """A report without what its layout is made of."""
    return re.sub(rb'[\s";,\xef\xbb\xbf]', b"", report)


@cache
def _reports() -> Sequence[bytes]:
    from kb.explanation.report_files import as_csv, as_json

    report = _sample_base().report("cirages")
    return [as_json(report, SECRET), as_csv(report, SECRET, "fr"), as_csv(report, SECRET)]


@cache
def _site() -> Any:
    from fastapi.testclient import TestClient
    from pydantic import SecretStr

    from kb.settings import Settings
    from tests.web.signed_in import SITE
    from web.app import create_app

    settings = Settings(
        public_url=f"{SITE}/", secret=SecretStr(SECRET), searches_a_minute=0, writes_an_hour=0
    )
    return TestClient(create_app(_sample_base(), settings), base_url=SITE, follow_redirects=False)


def _credentials(data: bytes) -> None:
    from web.mail import SignedLinks

    cookie, _, token = data.replace(b"\r", b"").replace(b"\n", b"").partition(b"\x1f")
    assert SignedLinks(SECRET).read("alerts", _text(cookie)) is None
    headers = [(b"Cookie", b"__Host-quisait=" + cookie + b"; __Host-quisait-device=" + cookie)]
    if token:
        headers.append((b"Authorization", b"Bearer " + token))
    page = _site().get("/en/account", headers=headers)
    assert page.status_code in {303, 400}, page.status_code
    if token:
        answer = _site().get("/api/contributions", headers=headers)
        assert answer.status_code in {400, 401}, answer.status_code


def _assistant(data: bytes) -> None:
    headers = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
    answer = _site().post("/mcp", content=data, headers=headers)
    assert answer.status_code < 500, answer.status_code
    if answer.content:
        told = answer.json()
        assert told.get("error", {}).get("code") != -32603, told["error"].get("message", "")[:60]


# What there is ----------------------------------------------------------------------------------


def _plain(start: Sequence[str]) -> Callable[[], Sequence[bytes]]:
    return lambda: [text.encode() for text in start]


def _target(
    name: str,
    check: Check,
    start: Callable[[], Sequence[bytes]],
    given: Sequence[bytes],
) -> Target:
    return Target(name, check, cache(start), given)


_ARCHIVES: Sequence[tuple[str, Callable[[str, bytes], None], Callable[[], Sequence[bytes]]]] = (
    (".docx", _article, lambda: [seeds.small_docx(), seeds.documents(".docx")[0]]),
    (".odt", _article, lambda: [seeds.made_document(".odt"), *seeds.documents(".odt")]),
    (".pptx", _article, lambda: [seeds.slides()]),
    (".epub", _article, lambda: [seeds.book()]),
    (".xlsx", _directory, lambda: [seeds.workbook()]),
    (".ods", _directory, lambda: [seeds.open_workbook()]),
)
_NEEDS = """
du gel hydroalcoolique +flacon -parfum "sans alcool"
qui sait coudre du cuir épais ?
bocaux pour du miel
73282932000074
Bonjour, nous cherchons des bocaux pour du miel. Appelez le 05 45 00 00 00. Cordialement, J. Morel.
C++ et porte-fût
je donne des chutes de tissu
Angoulême\x1fcirages
"""
_PERIODS = """
printemps 2020
mars à mai 2020
since 2019
2019/..
2020-02-29
de 1998 à 2003
entre le 3 et le 5 mai 2020
winter 2019-2020
le 04/05/2019 - 08:30
XIXe siècle
May 3rd, 2019 at 10am
Tue, 14 Mar 2023 09:12:33 +0100
2019-05-03T10:00:00Z
"""
_CELLS = """
05 45 00 00 10/11
+33 (0)5 45 00 00 00 ext. 12
Tél. : 05.45.00.00.00 - Port : 06 00 00 00 00
0049 621 123-45
Contact [at] avel.fr
jeanne.martin@avel.fr / contact@avel.fr
3949
mailto:a@b.fr?subject=x
néant
0545000000 0600000000
"""
_ORGANISATIONS = """
S.A.R.L. Avel (Saphir)
Ets J.-P. Morel & Fils
L'Atelier d'à côté
CCI de la Charente
Une tonnellerie. Elle cintre le bois, d'après M. Sel.
Nous recherchons des palettes
"""


def _lines(texts: str) -> Callable[[], Sequence[bytes]]:
    return lambda: [line.encode() for line in texts.strip().split("\n")]


TARGETS: dict[str, Target] = {
    target.name: target
    for target in (
        *(
            Target(
                suffix[1:],
                partial(check, suffix),
                cache(start),
                (*words.XML, *words.HTML),
                is_archive=True,
            )
            for suffix, check, start in _ARCHIVES
        ),
        _target(
            "pdf",
            partial(_article, ".pdf"),
            lambda: [seeds.drawn_pdf(), seeds.made_document(".pdf"), *seeds.documents(".pdf")],
            words.PDF,
        ),
        _target("html", partial(_article, ".html"), lambda: seeds.of_data(".html"), words.HTML),
        _target(
            "md",
            partial(_article, ".md"),
            lambda: [*seeds.of_data(".md"), *seeds.of_data(".txt")],
            (*words.YAML, *words.MARKDOWN),
        ),
        _target(
            "pasted",
            _pasted,
            lambda: ["\n\n".join(seeds.LINES).encode(), *seeds.of_data(".txt")[:9]],
            (*words.WORDS, *words.MARKDOWN),
        ),
        _target("rtf", partial(_article, ".rtf"), _plain([seeds.MESSAGE_IN_RTF]), words.RTF),
        _target("eml", partial(_article, ".eml"), lambda: [seeds.message()], words.MIME),
        _target(
            "mhtml",
            partial(_article, ".mhtml"),
            lambda: [seeds.saved_page()],
            (*words.MIME, *words.HTML),
        ),
        _target("feed", _feed, _plain([seeds.RSS, seeds.ATOM]), words.FEED),
        _target(
            "feed link",
            _feed_link,
            _plain(['<link rel=alternate type="application/rss+xml" href=/f>']),
            words.HTML,
        ),
        _target("picture", _picture, seeds.pictures, (b"IHDR", b"\xff\xc0", b"VP8X")),
        _target("parquet", partial(_directory, ".parquet"), lambda: [seeds.parquet()], ()),
        _target(
            "csv",
            partial(_directory, ".csv"),
            _plain([seeds.CSV]),
            (b";", b"\t", b'"', *words.WORDS),
        ),
        _target(
            "json",
            partial(_directory, ".json"),
            lambda: [
                json.dumps(seeds.GEOJSON).encode(),
                b'[{"nom": "Avel", "x": {"y": [1, "a"]}}]',
            ],
            words.JSON,
        ),
        _target(
            "jsonl",
            partial(_directory, ".jsonl"),
            _plain(['{"nom": "Avel", "siret": 1}\n{"nom": ["B"], "a": {"b": null}}\n']),
            words.JSON,
        ),
        _target(
            "headers",
            _headers,
            _plain([seeds.CSV.split("\n")[1] + "\nDate=fact\nCP=ignored"]),
            words.WORDS,
        ),
        _target(
            "case file",
            _case_file,
            _plain(
                [
                    "---\ntitre: Du gel\ndate: 2020-05-03\nthemes: a | b\nparticipants:\n- nom: A"
                    "\n  role: producteur\n---\n" + "\n".join(seeds.LINES)
                ]
            ),
            words.YAML,
        ),
        _target(
            "markdown",
            _markdown,
            lambda: [
                *seeds.of_data(".md")[:9],
                *words.MARKDOWN,
                b"# a\n\n[x](http://a 'b')\n\n|a|\n|-|\n|b|",
            ],
            words.MARKDOWN,
        ),
        _target(
            "passages",
            _passages,
            lambda: seeds.of_data(".txt")[:9],
            (*words.WORDS, *words.MARKDOWN),
        ),
        _target("query", _query, _lines(_NEEDS), words.WORDS),
        _target("search", _search, _lines(_NEEDS), words.WORDS),
        _target("times", _times, _lines(_PERIODS), words.WORDS),
        _target("contacts", _contacts, _lines(_CELLS), words.WORDS),
        _target("names", _names, _lines(_ORGANISATIONS), words.WORDS),
        _target(
            "encoding",
            _encoding,
            lambda: [
                "Énergie Ã©tÃ© œuf".encode(),
                "été".encode("latin-1"),
                "été".encode("utf-16"),
                "мир".encode("cp1251"),
            ],
            (),
        ),
        _target("chat", _chat, lambda: list(words.CHAT), words.CHAT),
        _target("report", _report, _reports, (*words.JSON, b'"sha256"', b"\n\n")),
        _target(
            "credentials",
            _credentials,
            _plain(["e30.aaaa.bbbb\x1fqsf_abc", ".x.y", "a\x1f"]),
            (b".", b"\x1f"),
        ),
        _target("assistant", _assistant, lambda: list(words.CALLS), (*words.JSON, *words.CALLS)),
    )
}
