"""Targets: what reads text or files of strangers, and what must hold of whatever they send."""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import cache, partial
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from kb.errors import InputError
from kb.models import Actor, Case, Participation
from kb.reference.roles import Role
from kb.registers.drafts import Proposals, ProposedField, ProposedParticipation
from tests.reliability.fuzzing import seeds, words

Check = Callable[[bytes], object]
"""Does something with an input; raises AssertionError if what must hold does not."""
Start = Callable[[], Sequence[bytes]]

SECRET = "a secret of thirty-two characters"
_FOLDER = Path(mkdtemp(prefix="quisait-fuzz-"))


@dataclass(frozen=True, slots=True)
class Target:
    """Something to fuzz: `start` gives honest inputs, `words` what they are changed by."""

    name: str
    check: Check
    start: Start
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


def _query(data: bytes) -> None:
    from kb.search.need.reading import read_need
    from kb.search.query import MAX_QUERY_CHARS, parse

    query = parse(_raw_text(data))
    assert query.text.strip()
    assert len(query.typed) <= MAX_QUERY_CHARS
    _is_kept(query.text, query.need, *query.required, *query.wanted, *query.unwanted, *query.stems)
    assert query.thing_for_somebody in query.need
    assert read_need(query.words).object.strip()


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


_ARCHIVES: Sequence[tuple[str, Callable[[str, bytes], None], Start]] = (
    (".docx", _article, lambda: [seeds.small_docx(), seeds.documents(".docx")[0]]),
    (".odt", _article, lambda: [seeds.made_document(".odt"), *seeds.documents(".odt")]),
    (".pptx", _article, lambda: [seeds.slides()]),
    (".epub", _article, lambda: [seeds.book()]),
    (".xlsx", _directory, lambda: [seeds.workbook()]),
    (".ods", _directory, lambda: [seeds.open_workbook()]),
)
_NEEDS = """\
du gel hydroalcoolique +flacon -parfum "sans alcool"
qui sait coudre du cuir épais ?
bocaux pour du miel
73282932000074
Bonjour, nous cherchons des bocaux pour du miel. Appelez le 05 45 00 00 00. Cordialement, J. Morel.
C++ et porte-fût
je donne des chutes de tissu
Angoulême\x1fcirages""".split("\n")


def _few(*texts: str) -> Start:
    return lambda: [text.encode() for text in texts]


_FILES: Sequence[tuple[str, Callable[[str, bytes], None], Start, Sequence[bytes]]] = (
    (
        ".pdf",
        _article,
        lambda: [seeds.drawn_pdf(), seeds.made_document(".pdf"), *seeds.documents(".pdf")],
        words.PDF,
    ),
    (".html", _article, lambda: seeds.of_data(".html"), words.HTML),
    (
        ".md",
        _article,
        lambda: [*seeds.of_data(".md"), *seeds.of_data(".txt")],
        (*words.YAML, *words.MARKDOWN),
    ),
    (".rtf", _article, _few(seeds.MESSAGE_IN_RTF), words.RTF),
    (".eml", _article, lambda: [seeds.message()], words.MIME),
    (".mhtml", _article, lambda: [seeds.saved_page()], (*words.MIME, *words.HTML)),
    (".parquet", _directory, lambda: [seeds.parquet()], ()),
    (".csv", _directory, _few(seeds.CSV), (b";", b"\t", b'"', *words.WORDS)),
    (
        ".json",
        _directory,
        _few(json.dumps(seeds.GEOJSON), '[{"nom": "Avel", "x": {"y": [1, "a"]}}]'),
        words.JSON,
    ),
    (
        ".jsonl",
        _directory,
        _few('{"nom": "Avel", "siret": 1}\n{"nom": ["B"], "a": {"b": null}}\n'),
        words.JSON,
    ),
)
_CASE_FILE = (
    "---\ntitre: Du gel\ndate: 2020-05-03\nthemes: a | b\nparticipants:\n- nom: A"
    "\n  role: producteur\n---\n" + "\n".join(seeds.LINES)
)
_OTHERS: Sequence[tuple[str, Check, Start, Sequence[bytes]]] = (
    (
        "pasted",
        _pasted,
        lambda: ["\n\n".join(seeds.LINES).encode(), *seeds.of_data(".txt")[:9]],
        (*words.WORDS, *words.MARKDOWN),
    ),
    ("feed", _feed, _few(seeds.RSS, seeds.ATOM), words.FEED),
    ("picture", _picture, seeds.pictures, (b"IHDR", b"\xff\xc0", b"VP8X")),
    ("case file", _case_file, _few(_CASE_FILE), words.YAML),
    ("query", _query, _few(*_NEEDS), words.WORDS),
    ("search", _search, _few(*_NEEDS), words.WORDS),
    ("chat", _chat, lambda: words.CHAT, words.CHAT),
    (
        "credentials",
        _credentials,
        _few("e30.aaaa.bbbb\x1fqsf_abc", ".x.y", "a\x1f"),
        (b".", b"\x1f"),
    ),
    ("assistant", _assistant, lambda: words.CALLS, (*words.JSON, *words.CALLS)),
)
TARGETS: dict[str, Target] = {
    suffix[1:]: Target(suffix[1:], partial(check, suffix), cache(start), given)
    for suffix, check, start, given in _FILES
} | {name: Target(name, check, cache(start), given) for name, check, start, given in _OTHERS}
TARGETS |= {
    suffix[1:]: Target(
        suffix[1:], partial(check, suffix), cache(start), (*words.XML, *words.HTML), is_archive=True
    )
    for suffix, check, start in _ARCHIVES
}
