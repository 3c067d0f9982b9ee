"""The shapes that the widget reads, version 1. They may grow; a change that would break it is v2.

Texts come as pieces, marked or not, so that a page never has to make HTML of them.
"""

from collections.abc import Sequence
from typing import Literal, NamedTuple, Self

from kb.models import Actor
from kb.reference.departments import NAMES
from kb.search.results import ActorHit, Evidence, EvidenceKind, Fit, SearchResult
from web.api.schemas import Shape
from web.http.safe_html import excerpt
from web.http.urls import AbsoluteUrl, address
from web.search.evidence_text import is_named
from web.search.pages import Answers
from web.search.request import SearchRequest

MAX_LIMIT = 20
"""How many answers can be asked for."""

NEAREST = 3
"""How many uncertain actors are given where none fits: there is little room."""

PASSAGE_CHARS = 150


class Piece(NamedTuple):
    """A piece of a passage, and whether it is marked as distinctive."""

    text: str
    marked: bool


class WidgetPassage(Shape):
    """The strongest passage. `lang` is its language."""

    lang: str
    pieces: list[Piece]


class WidgetCase(Shape):
    """The case that supports the hit.

    `ground`: `shown`, the actor took part in it; `inferred`, its trade is close to that of the
    `witness`, who did. If that is a firm `elsewhere`, `title` is what it did and `url` its source.
    """

    ground: Literal["shown", "inferred"]
    title: str
    lang: str
    url: str
    witness: str
    elsewhere: bool

    @classmethod
    def of(cls, evidence: Sequence[Evidence], absolute_url: AbsoluteUrl) -> Self | None:
        for kind in (EvidenceKind.CASE, EvidenceKind.SIMILAR):
            for ground in evidence:
                if ground.kind is kind and ground.case:
                    witness = ground.precedent.name if ground.precedent else ""
                    url = absolute_url(address("case", ground.case.id))
                    elsewhere = False
                    if ground.precedent and not ground.precedent.id:
                        witness += f" ({ground.precedent.place}, {ground.case.period})"
                        url, elsewhere = ground.case.source_url, True
                    return cls(
                        ground="shown" if kind is EvidenceKind.CASE else "inferred",
                        title=ground.case.title,
                        lang=ground.case.lang,
                        url=url,
                        witness=witness,
                        elsewhere=elsewhere,
                    )
        return None


class WidgetHit(Shape):
    """An actor found. `url` leads to its page, `named` says that the query is its name.

    `means` is inferred: what its trade's usual means would do for, or empty.
    """

    id: str
    name: str
    place: str
    fit: Fit
    named: bool
    url: str
    passage: WidgetPassage | None
    case: WidgetCase | None
    means: str

    @classmethod
    def of(cls, hit: ActorHit, absolute_url: AbsoluteUrl) -> Self:
        return cls.read(
            hit,
            hit.actor,
            place=_place(hit.actor),
            named=is_named(hit),
            url=absolute_url(address("actor", hit.actor.id)),
            passage=_passage(hit),
            case=WidgetCase.of(hit.evidence, absolute_url),
            means=next((ground.means.phrase for ground in hit.evidence if ground.means), ""),
        )


class WidgetAnswer(Shape):
    """`fits` is false where `hits` are but the nearest. `url` leads to the page of all results."""

    query: str
    total: int
    fits: bool
    hits: list[WidgetHit]
    url: str
    took_ms: float

    @classmethod
    def of(
        cls, result: SearchResult, asked: SearchRequest, limit: int, absolute_url: AbsoluteUrl
    ) -> Self:
        answers = Answers.of(result, limit)
        hits = answers.fitting or answers.leads[:NEAREST] or answers.nearest[:NEAREST]
        return cls.read(
            result,
            fits=bool(answers.fitting),
            hits=[WidgetHit.of(hit, absolute_url) for hit in hits],
            url=absolute_url(asked.at()),
            took_ms=round(result.took_ms, 1),
        )


def _place(actor: Actor) -> str:
    """Returns the town and department, which need no translation: "Jarnac, Charente (16)"."""
    department = actor.department and (
        f"{NAMES[actor.department]} ({actor.department})"
        if actor.department in NAMES
        else actor.department
    )
    country = "" if actor.country == "FR" else actor.country
    return ", ".join(part for part in (actor.place, department, country) if part)


def _passage(hit: ActorHit) -> WidgetPassage | None:
    """Returns the first passage with marks, the actor's own text first; else the first passage."""
    texts = [
        evidence
        for kind in (EvidenceKind.PASSAGE, EvidenceKind.CASE, EvidenceKind.SIMILAR)
        for evidence in hit.evidence
        if evidence.kind is kind
    ]
    if not texts:
        return None
    shown = next((evidence for evidence in texts if evidence.marks), texts[0])
    lang = shown.case.lang if shown.kind is EvidenceKind.CASE and shown.case else hit.actor.lang
    pieces = excerpt(shown.text, shown.marks, PASSAGE_CHARS)
    return WidgetPassage(lang=lang, pieces=[Piece(*piece) for piece in pieces])
