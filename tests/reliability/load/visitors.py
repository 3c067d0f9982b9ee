"""Those who use a site at once: each has an address of its own, and thinks between requests.

How long they think has a log-normal distribution, as dwell times on pages have (Liu, White and
Dumais 2010, *Understanding web browsing behaviors through Weibull analysis of dwell time*, compare
it with others): half of the time less than `median_s`, a sixth of the time more than twice that.
"""

import asyncio
import contextlib
import csv
import io
import json
import random
import textwrap
import time
import zipfile
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar
from urllib.parse import quote

import httpx

from tests.benchmarks.corpus import firms
from tests.data.articles.make_documents import make_docx, make_pdf
from tests.reliability.load.site import ROOT, Site
from web.http.urls import WIDGET_PREFIX

SPREAD = 0.7
"""Of the logarithm of what is thought."""

LONGEST_PAUSE_S = 20.0
"""Most of `Retry-After` that is waited for; a person comes back before a minute is over."""

DATA = ROOT / "tests" / "data"
TOO_MANY = frozenset({429, 503})


@dataclass
class Tally:
    """What was answered. `seconds` by kind; what must not be is in `faults`."""

    seconds: dict[str, list[float]] = field(default_factory=dict)
    refused: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    published: dict[str, str] = field(default_factory=dict)
    """The titles of the cases whose publication was acknowledged, by id."""
    jobs: list[tuple[str, str]] = field(default_factory=list)
    """The ids of jobs that were taken, with the token that asked."""


class Visitor:
    """One of many; `hurry` divides what it thinks."""

    median_s: ClassVar[float]

    def __init__(self, number: int, seed: int, site: Site, tally: Tally, hurry: float) -> None:
        self.chance = random.Random(1000 * seed + number)
        self.site = site
        self.tally = tally
        self.number = number
        self._hurry = hurry
        self._client = httpx.AsyncClient(
            base_url=site.url,
            headers={"X-Forwarded-For": f"198.51.100.{number}", "User-Agent": "load"},
            timeout=site.patience_s,
        )

    async def live(self, until: float) -> None:
        """Uses the site until a time of `time.monotonic`."""
        async with self._client:
            await self._pause(self.chance.uniform(0, self.median_s / self._hurry), until)
            while time.monotonic() < until:
                await self.act()
                times = self.chance.lognormvariate(0, SPREAD)
                await self._pause(self.median_s * times / self._hurry, until)

    async def act(self) -> None:
        """Asks for something, once or several times."""
        raise NotImplementedError

    async def ask(
        self,
        kind: str,
        path: str,
        method: str = "GET",
        expected: Iterable[int] = (200,),
        **sent: Any,
    ) -> httpx.Response | None:
        """Sends a request; None if the answer was not what it should be, or to come back later."""
        started = time.monotonic()
        try:
            answer = await self._client.request(method, path, **sent)
        except httpx.HTTPError as error:
            took = time.monotonic() - started
            self.tally.faults.append(f"{kind}: {error!r} after {took:.1f} s, {method} {path}")
            return None
        took = time.monotonic() - started
        wait = answer.headers.get("Retry-After", "")
        if answer.status_code in TOO_MANY and wait.isdecimal():
            self.tally.refused[f"{kind} {answer.status_code}"] += 1
            await asyncio.sleep(min(float(wait), LONGEST_PAUSE_S))
            return None
        if answer.status_code not in expected:
            said = answer.text[:200]
            self.tally.faults.append(f"{kind}: {answer.status_code}, {method} {path}: {said}")
            return None
        self.tally.seconds.setdefault(kind, []).append(took)
        return answer

    async def _pause(self, seconds: float, until: float) -> None:
        await asyncio.sleep(max(0.0, min(seconds, until - time.monotonic())))


class Searcher(Visitor):
    """Looks for a need, on pages in two languages and in the API."""

    median_s = 6.0

    async def act(self) -> None:
        query, lang = self.chance.choice(queries())
        asked = {"q": query}
        if self.chance.random() < 0.2:
            asked["department"] = self.chance.choice(("16", "17", "24", "33", "87"))
        if self.chance.random() < 0.25:
            path = "/api/search"
            asked["lang"] = lang
        else:
            path = "/fr/recherche" if lang == "fr" else "/en/search"
        await self.ask("search", path, params=asked)


class Reader(Visitor):
    """Reads what the catalogue has, and now and then asks why somebody was found."""

    median_s = 4.0

    async def act(self) -> None:
        chance = self.chance
        actor, case = (quote(chance.choice(ids), "") for ids in (self.site.actors, self.site.cases))
        if chance.random() < 0.02:
            query, _ = chance.choice(queries())
            asked = {"q": query, "actor": chance.choice(self.site.actors)}
            await self.ask("explanation", "/api/explain", params=asked)
            return
        fr_or_en: Sequence[tuple[str, dict[str, str]]] = (
            ("/fr/", {}),
            ("/en/", {}),
            (f"/fr/acteurs/{actor}", {}),
            (f"/en/actors/{actor}", {}),
            (f"/fr/cas/{case}", {}),
            (f"/en/cases/{case}", {}),
            ("/fr/themes", {}),
            ("/en/themes", {"theme": chance.choice(self.site.themes)}),
            ("/fr/besoins-et-offres", {}),
            ("/fr/flux/cas.atom", {}),
            ("/en/about", {}),
            ("/api/status", {}),
            ("/api/cases", {}),
            ("/fr/contribuer/organisation", {}),
        )
        path, asked = chance.choice(fr_or_en)
        await self.ask("page", path, params=asked, expected=(200, 303))


class Typist(Visitor):
    """Types a need into the field of the site or into the widget, which ask at each pause."""

    median_s = 12.0

    async def act(self) -> None:
        query, lang = self.chance.choice(queries())
        is_widget = self.chance.random() < 0.5
        path = f"{WIDGET_PREFIX}/search" if is_widget else "/api/suggestions"
        for end in range(6, min(len(query), 40), 6):
            asked = {"q": query[:end], "lang": lang}
            await self.ask("widget" if is_widget else "suggestions", path, params=asked)
            await asyncio.sleep(self.chance.uniform(0.2, 0.6))


class _Writer(Visitor):
    """Someone with an account and a token."""

    def __init__(self, number: int, seed: int, site: Site, tally: Tally, hurry: float) -> None:
        super().__init__(number, seed, site, tally, hurry)
        self.token = site.tokens[number % len(site.tokens)]
        self._client.headers["Authorization"] = f"Bearer {self.token}"
        self._written = 0

    def new_title(self) -> str:
        """A title that no other article has, with a word that no other has."""
        self._written += 1
        letters = "bcdfglmnprstvz"
        word = "".join(self.chance.choice(letters) + self.chance.choice("aeiou") for _ in range(5))
        return f"Un essai de {word}{self.number}x{self._written}"

    def new_text(self) -> str:
        return "\n\n".join(self.chance.sample(paragraphs(), 5))


class Publisher(_Writer):
    """Contributes an article and publishes it."""

    median_s = 15.0

    async def act(self) -> None:
        title = self.new_title()
        sent = {"title": title, "text": self.new_text()}
        path = "/api/contributions"
        answer = await self.ask("contribution", path, "POST", (201,), json=sent)
        if answer is None:
            return
        draft = answer.json()
        await asyncio.sleep(self.chance.uniform(0.5, 3))
        seen = {"If-Match": f'"{draft["revision"]}"'}
        path = f"{path}/{draft['id']}/publish"
        answer = await self.ask("publication", path, "POST", headers=seen)
        if answer is not None:
            self.tally.published[answer.json()["case"]["id"]] = draft["title"]


class Uploader(_Writer):
    """Sends articles as files; one in six is made to do harm."""

    median_s = 20.0

    async def act(self) -> None:
        is_hostile = self.chance.random() < 1 / 6
        if is_hostile:
            name, content = self.chance.choice(hostile_files())
        else:
            name, content = await asyncio.to_thread(self._article)
        # What is refused is refused in words; what is read all the same is read once only.
        expected = (200, 201, 400, 409, 413, 415, 422) if is_hostile else (201,)
        kind, sent = "hostile file" if is_hostile else "file", {"file": (name, content)}
        await self.ask(kind, "/api/contributions", "POST", expected, files=sent)

    def _article(self) -> tuple[str, bytes]:
        title, text = self.new_title(), self.new_text()
        if self.chance.random() < 0.3:
            page = f"<html><title>{title}</title><h1>{title}</h1><p>{text}</p></html>"
            return f"{title}.html", page.encode()
        lines = [f"# {title}", *textwrap.wrap(text, 85)]
        lines = [line.encode("latin-1", "replace").decode("latin-1") for line in lines]
        suffix, make = self.chance.choice(((".pdf", make_pdf), (".docx", make_docx)))
        with TemporaryDirectory() as scratch:
            path = Path(scratch) / f"article{suffix}"
            make({"title": title}, lines, path)
            return f"{title}{suffix}", path.read_bytes()


class Directory(_Writer):
    """Sends directories of twenty firms, each of which becomes a job."""

    median_s = 25.0

    async def act(self) -> None:
        written = io.StringIO()
        sent = list(firms(20, seed=self.chance.randrange(2**32)))
        rows = csv.DictWriter(written, list(sent[0]))
        rows.writeheader()
        rows.writerows(sent)
        answer = await self.ask(
            "directory",
            "/api/directories",
            "POST",
            (202,),
            files={"file": ("firms.csv", written.getvalue().encode())},
            data={"source": f"Firms of {self.number}"},
        )
        if answer is not None:
            self.tally.jobs.append((answer.json()["id"], self.token))


Kinds = Mapping[type[Visitor], int]
"""How many there are of each."""


def share_of(kinds: Kinds, clients: int) -> Kinds:
    """As many clients in about the same proportions, at least one of each."""
    whole = sum(kinds.values())
    return {kind: max(1, count * clients // whole) for kind, count in kinds.items()}


async def visit(site: Site, kinds: Kinds, seconds: float, *, seed: int, hurry: float) -> Tally:
    """Has all of them use the site for so long; they ask for other things with another seed."""
    tally, until = Tally(), time.monotonic() + seconds
    each = [kind for kind, count in kinds.items() for _ in range(count)]
    visitors = [kind(number, seed, site, tally, hurry) for number, kind in enumerate(each, start=1)]
    await asyncio.gather(*(visitor.live(until) for visitor in visitors))
    return tally


@cache
def queries() -> Sequence[tuple[str, str]]:
    """Needs in French and English, as people word them, with their language."""
    lines = (DATA / "demo-needs" / "queries.jsonl").read_text(encoding="utf-8").splitlines()
    needs = [json.loads(line) for line in lines]
    found = [(need["text"], need["metadata"]["lang"]) for need in needs]
    with (DATA / "development" / "everyday.tsv").open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file, delimiter="\t")
        return found + [(row["query"], row["lang"]) for row in rows if row["lang"] in {"fr", "en"}]


@cache
def paragraphs() -> Sequence[str]:
    """Paragraphs of articles about how needs were met."""
    texts = [
        path.read_text("utf-8", "ignore") for path in sorted((DATA / "articles/tune").glob("*.txt"))
    ]
    return sorted({part.strip() for text in texts for part in text.split("\n") if len(part) > 120})


@cache
def hostile_files() -> Sequence[tuple[str, bytes]]:
    """Files that take much to read, or are none of what they say."""
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("[Content_Types].xml", "<Types/>")
        packed.writestr("word/document.xml", b"<w>" + bytes(100_000_000))
    with TemporaryDirectory() as scratch:
        path = Path(scratch) / "whole.pdf"
        with contextlib.suppress(OSError):
            make_pdf({"title": "cut"}, ["# Cut", *["a line of a page"] * 200], path)
        cut = path.read_bytes()[:-700]
    noise = random.Random(7).randbytes(200_000)
    return (
        ("bomb.docx", bomb.getvalue()),
        ("cut.pdf", cut),
        ("noise.docx", noise),
        ("noise.pdf", b"%PDF-1.7\n" + noise),
        ("deep.html", b"<div>" * 200_000),
        ("nested.eml", b"Content-Type: message/rfc822\n\n" * 20_000),
    )
