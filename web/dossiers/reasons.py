"""Reasons: why a search finds organisations for a need, in words that a dossier keeps."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from kb.errors import QueryError
from kb.registers.clock import today
from kb.registers.dossiers import MAX_ENTRIES, Ground, Told, Why
from kb.search.query import PartKind, Query
from kb.search.results import ActorHit, Evidence, Filters, Fit, Steering
from kb.text.beginnings import first_sentence
from web.dossiers.rows import EVIDENCE_LABELS, Row, rows_of
from web.http.labels import FIT_LABELS
from web.http.routing import PageRequest
from web.http.security.throttle import Quota, count_for_address
from web.search.evidence_text import in_order

MOST_REASONS = 3
MOST_NEEDS = 5  # that are searched for one form
_PARTS_TOLD = {
    "quantity": (PartKind.QUANTITY, PartKind.FREQUENCY),
    "place": (PartKind.PLACE,),
    "until": (PartKind.DEADLINE,),
}


def with_whys(request: PageRequest, rows: Sequence[Row]) -> Iterator[tuple[Told, list[Row]]]:
    """Yields each need of rows as a search reads it, and its rows with why they fit."""
    for number, need in enumerate(dict.fromkeys(row.entry.need for row in rows)):
        of_need = [row for row in rows if row.entry.need == need]
        told, whys = Told(need=need), dict[str, Why]()
        if need and number < MOST_NEEDS:
            told, whys = _search(request, need, [row.entry.actor_id for row in of_need])
        for place, row in enumerate(of_need):
            why = whys.get(row.entry.actor_id, Why())
            of_need[place] = row._replace(entry=replace(row.entry, why=why))
        yield told, of_need


def rows_with_whys(request: PageRequest, rows: Sequence[Row]) -> list[Row]:
    """Returns rows of what no account keeps, with why they fit as the base says now."""
    found = (row for _, of_need in with_whys(request, rows) for row in of_need)
    return rows_of(request.knowledge_base, found)


def _search(
    request: PageRequest, need: str, actor_ids: Sequence[str]
) -> tuple[Told, dict[str, Why]]:
    base = request.knowledge_base
    actors = base.actors_by_id(actor_ids)
    count_for_address(request.http, Quota.SEARCHES)
    try:
        found = base.search(
            need,
            limit=MAX_ENTRIES,
            filters=Filters(actors=frozenset(actor.id for actor in actors.values())),
            lang=request.language,
            # The page of a link, which anybody opens, sends nothing to another service.
            steering=Steering(worded=False),
        )
    except QueryError:
        return Told(need=need), {}
    hits: dict[str, tuple[ActorHit, str]] = {}
    hits |= {hit.actor.id: (hit, answer.part) for answer in found.parts for hit in answer.hits}
    for hit in found.hits:
        if hit.fit.is_worth_a_call or hit.actor.id not in hits:
            hits[hit.actor.id] = (hit, "")
    whys = {id_: _why(request, *hits[one.id]) for id_, one in actors.items() if one.id in hits}
    return _told(need, found.asked), whys


def _told(need: str, asked: Query) -> Told:
    said = {
        name: " ".join(part.text for part in asked.reading.parts if part.kind in kinds)
        for name, kinds in _PARTS_TOLD.items()
    }
    cut = {name: first_sentence(text, 78) for name, text in {"title": asked.told, **said}.items()}
    return Told(need=need, **cut)


def _why(request: PageRequest, hit: ActorHit, part: str) -> Why:
    # Two passages may have one first sentence.
    reasons = dict.fromkeys(_reason(request, ground, hit) for ground in in_order(hit.evidence))
    most = MOST_REASONS if hit.fit is not Fit.NONE else 1
    return Why(today(), hit.fit.value, part, tuple(reasons)[:most])


def _reason(request: PageRequest, ground: Evidence, hit: ActorHit) -> Ground:
    text = request.text("dossiers/reason.txt", ground=ground)
    case, precedent, source = ground.case, ground.precedent, ground.source
    lang = case.lang if case else hit.actor.lang
    if ground.means or precedent:
        lang, source = request.language, precedent.source_url if precedent else ""
    if case is None or (precedent and not precedent.id):
        return Ground(ground.kind, text, lang, source, code=ground.code)
    return Ground(ground.kind, text, lang, source, case.id, case.title)


def in_words(why: Why, say: Callable[[str], str]) -> str:
    """Returns the reasons as lines of text, that of the fit first; empty if there are none."""
    lines = [say(FIT_LABELS[Fit(why.fit)])] if why.fit in set(Fit) else []
    for reason in why.reasons:
        told = " – ".join(filter(None, (reason.text, reason.case_title, reason.source)))
        label = say(EVIDENCE_LABELS.get(reason.kind, reason.kind)) % {"code": reason.code}
        lines.append(f"{label}: {told}")
    return "\n".join(lines)
