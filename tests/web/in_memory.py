"""A knowledge base whose answers can be told by hand, for the tests of pages and API.

Two words are the same when their first five letters are, whatever the accents. An actor's score is
how many words of the query its description has, plus two when a case whose need has one of them
tells of the actor. Two or more is strong, one possible, none none. A query equal to an actor's name
puts it first, one but for the last letter is near to it. An actor of `CLOSE_TRADES` has one more
where such a case tells of the other; what is unwanted and who is not liked are left out. A case
that is met tells of its parts, and boxes are usual.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from kb.errors import UnknownRecord
from kb.explanation.attribution import CloseWord, WordShare, WordShares
from kb.explanation.explanation import (
    CasePath,
    Explanation,
    PassageExplanation,
    SimilarPath,
    StemMatch,
    TradeShare,
)
from kb.explanation.report import BaseState, EncoderState, LeftOut, SearchReport
from kb.knowledge_base import KnowledgeBase, Status, ThemeCount
from kb.models import Actor, Case, Kind, Participation
from kb.reference.roles import Part, Role
from kb.registers.claims import Claims, SourcedClaim
from kb.registers.sites import Site, SiteCounts, Sites
from kb.search.boosts.case_matching import one_edition_each
from kb.search.parts import brought_in, part_of
from kb.search.query import parse
from kb.search.results import (
    ActorHit,
    CaseHit,
    Evidence,
    EvidenceKind,
    Filters,
    Fit,
    Mention,
    PartAnswer,
    ScoreParts,
    SearchResult,
    Steering,
)
from kb.search.weights import DEFAULT_WEIGHTS

AVEL = Actor(
    id="avel",
    name="Avel (Saphir)",
    description="Avel fabrique des cirages et des crèmes, les mélange et les conditionne.",
    place="Magnac-Lavalette",
    department="16",
    country="FR",
    activity_code="20.41Z",
    siret="12345678900012",
    website="https://avel.example/",
    themes=("Cuir et chaussure", "Chimie et formulation"),
    source_url="https://www.angouleme.example/avel",
    facts={"Effectif": "35"},
)
DISTILLERY = Actor(
    id="distillerie-merlet",
    name="Distillerie Merlet",
    description="La distillerie produit des alcools et des eaux-de-vie de Cognac.",
    place="Saint-Sauvant",
    department="17",
    country="FR",
    themes=("Spiritueux et distillation",),
    source_url="https://merlet.example/",
)
WEAVER = Actor(
    id="weavers & co? 100%",
    name="Kalundborg Weavers",
    description="We weave thick cloth and sew bags.",
    place="Kalundborg",
    country="DK",
    lang="en",
    themes=("Cuir et chaussure",),
)
HOSTILE = Actor(
    id="hostile",
    name='<script>alert("name")</script>',
    description='Cirages</p><img src=x onerror="alert(1)"> & <b>gras</b>',
    place="</h1><script>alert('place')</script>",
    department="16",
    website="javascript:alert(1)",
    themes=('"><script>alert("theme")</script>',),
    source_url="javascript:alert(2)",
    facts={"<i>fact</i>": "</dd><script>alert(3)</script>"},
)
ANGOULEME = Case(
    id="angouleme",
    title="Angoulême : du cirage au gel hydroalcoolique",
    text=(
        "# Le printemps 2020\n\nAvel **mélange** et met en flacons.\n\n### Ensuite\n\n"
        "Voir [la page](https://www.angouleme.example/) ou [ceci](javascript:alert(1)).\n\n"
        "<script>alert('case')</script>\n\n![une photo](https://elsewhere.example/photo.png)\n"
    ),
    date="2020-07-01",
    modified="2020-07-02T11:51:00+02:00",
    author="Qui sait faire ?",
    moderator="Vincent",
    themes=("Chimie et formulation", "Santé"),
    need="Fournir du gel hydroalcoolique (sanitiser) à l'hôpital",
    source_url="https://www.angouleme.example/cas",
    participants=(
        Participation("Avel", Role.PRODUCER, "avel", "fabrique et conditionne le gel"),
        Participation("Merlet", Role.SUPPLIER, "distillerie-merlet", "fournit l'alcool"),
        Participation("Agence régionale de santé", Role.AUTHORITY, "", "valide la formule"),
    ),
)
ENGLISH_CASE = Case(
    id="kalundborg",
    title="Kalundborg: steam from one firm to the next",
    text="A </script> in the text.",
    lang="en",
    date="1972",
    need="Use lost steam",
    participants=(Participation("Kalundborg Weavers", Role.BUYER, WEAVER.id),),
)

PERFUMER = Actor(
    id="parfumeur",
    name="Parfums d'Angoulême",
    description="Un atelier qui compose des eaux de toilette à base d'alcool.",
    place="Angoulême",
    department="16",
    country="FR",
    source_url="https://parfums.example/",
)
CLOSE_TRADES = {PERFUMER.id: AVEL.id}
"""Whose trade is close to whose."""

TRADES = (
    ("20.42Z", "Composer des parfums.", "Compose perfumes."),
    ("20.41Z", "Faire du savon.", "Make soap."),
    ("20.59Z", "Faire de l'encre.", "Make ink."),
    ("20.52Z", "Faire de la colle.", "Make glue."),
    ("15.20Z", "Faire des chaussures.", "Make shoes."),
)
"""Trades that every need points to; what they give adds up to a quarter."""

BARE_ACTOR = Actor(id="bare", name="Known by its name alone")
BARE_CASE = Case(id="bare", title="A story without people or themes", text="SourceRow in a line.")

ACTORS = (AVEL, DISTILLERY, WEAVER, HOSTILE)
CASES = (ANGOULEME, ENGLISH_CASE)


def _words(text: str) -> list[tuple[str, int, int]]:
    """The words of four letters or more, folded to five, each with its place."""
    found = []
    for match in re.finditer(r"\w{4,}", text):
        letters = unicodedata.normalize("NFD", match[0].lower())
        folded = "".join(letter for letter in letters if not unicodedata.combining(letter))
        found.append((folded[:5], *match.span()))
    return found


def _shared(query: str, text: str) -> list[tuple[int, int]]:
    asked = {word for word, _, _ in _words(query)}
    return [(start, end) for word, start, end in _words(text) if word in asked]


def _fit(score: int) -> Fit:
    return (Fit.NONE, Fit.POSSIBLE, Fit.STRONG)[min(score, 2)]


class NoClaims(Claims):
    """No source is known of anyone."""

    def __init__(self) -> None:
        pass

    def of(self, actor_id: str) -> Sequence[SourcedClaim]:
        return ()


class RegisteredSites(Sites):
    """Sites that are there from the beginning; what is counted for them adds up."""

    def __init__(self, sites: Sequence[Site] = ()) -> None:
        self.known = {site.key: site for site in sites}
        self.counted: dict[tuple[str, str], SiteCounts] = {}

    def get(self, key: str) -> Site:
        if key not in self.known:
            raise UnknownRecord(f"There is no site with the key {key!r}.")
        return self.known[key]

    def count(self, day: str, counts: Mapping[str, SiteCounts]) -> None:
        for key, more in counts.items():
            self.counted[key, day] = self.counted.get((key, day), SiteCounts()) + more

    def counts(self, key: str, *, since: str = "") -> Sequence[tuple[str, SiteCounts]]:
        return [
            (day, counts)
            for (of, day), counts in sorted(self.counted.items(), reverse=True)
            if of == key and day >= since
        ]


class InMemoryKnowledgeBase(KnowledgeBase):
    def __init__(
        self,
        actors: Sequence[Actor] = ACTORS,
        cases: Sequence[Case] = CASES,
        sites: Sequence[Site] = (),
    ) -> None:
        self.folder = Path("/nowhere")
        self.claims = NoClaims()
        self.sites = RegisteredSites(sites)
        self._actors = {actor.id: actor for actor in actors}
        self._cases = {case.id: case for case in cases}
        self.searches: list[tuple[str, int, Filters]] = []
        self.steerings: list[Steering] = []

    @property
    def writable(self) -> bool:
        return False

    def search(
        self,
        query: str,
        *,
        limit: int = 10,
        filters: Filters = Filters(),
        lang: str = "",
        steering: Steering = Steering(),
        options: object = None,
        complete: bool = False,
    ) -> SearchResult:
        self.searches.append((query, limit, filters))
        self.steerings.append(steering)
        asked = parse(query)
        query = asked.text
        scored = (
            []
            if filters.kind is Kind.CASE
            else [
                self._scored(query, actor)
                for actor in self.actors(filters)
                if actor.id not in steering.unlike
                and not any(_shared(said, actor.description) for said in asked.unwanted)
            ]
        )
        scored.sort(key=lambda one: (-one.score, one.actor.id))
        scored = [replace(hit, rank=rank) for rank, hit in enumerate(scored, 1)]
        fitting = [hit.actor for hit in scored if hit.score]
        limit = len(self._actors) if complete else limit
        cases = (
            []
            if filters.kind is Kind.ACTOR
            else [(len(_shared(query, case.need)), case) for case in self.cases(filters)]
        )
        cases.sort(key=lambda one: (-one[0], one[1].id))
        return SearchResult(
            query=asked.typed,
            asked=asked,
            hits=tuple(scored[:limit]),
            cases=tuple(
                CaseHit(
                    rank,
                    float(score),
                    _fit(score),
                    case,
                    (
                        Evidence(
                            EvidenceKind.PASSAGE,
                            case.need,
                            tuple(_shared(query, case.need)),
                            case.source_url,
                        ),
                    ),
                )
                for rank, (score, case) in enumerate(cases[:limit], 1)
            ),
            total=len(fitting),
            total_cases=sum(1 for score, _ in cases if score),
            departments=dict(Counter(a.department for a in fitting if a.department).most_common()),
            themes=dict(Counter(theme for a in fitting for theme in a.themes).most_common()),
            took_ms=1.25,
            parts=self._roles([case for score, case in cases if score], scored),
        )

    def _scored(self, query: str, actor: Actor) -> ActorHit:
        evidence = []
        marks = tuple(_shared(query, actor.description))
        own, shown, inferred, name = len(marks), 0, 0, 0
        if query.casefold() == actor.name.casefold():
            name = 1000
            whole = ((0, len(actor.name)),)
            evidence.append(Evidence(EvidenceKind.NAME, actor.name, whole, actor.source_url))
        elif query.casefold()[:-1] == actor.name.casefold()[:-1]:
            name = 90
            evidence.append(Evidence(EvidenceKind.NAME, actor.name, (), actor.source_url))
        for case, part in self._endorsing(query, actor.id):
            shown += 2
            spans = tuple(_shared(query, case.need))
            evidence.append(
                Evidence(EvidenceKind.CASE, case.need, spans, case.source_url, case, part)
            )
        evidence.append(Evidence(EvidenceKind.PASSAGE, actor.description, marks, actor.source_url))
        precedent = self._actors.get(CLOSE_TRADES.get(actor.id, ""))
        for case, part in self._endorsing(query, precedent.id) if precedent else ():
            inferred = 1
            evidence.append(
                Evidence(
                    EvidenceKind.SIMILAR,
                    actor.description,
                    (),
                    actor.source_url,
                    case,
                    part,
                    precedent,
                )
            )
        score = own + shown + inferred + name
        return ActorHit(
            0,
            float(score),
            _fit(score),
            actor,
            tuple(evidence),
            ScoreParts(
                dense=float(own),
                own=float(own),
                case=float(shown),
                similar=float(inferred),
                support=2.0 * inferred,
                target=(own + 2.0) * inferred,
                name=float(name),
            ),
        )

    def _endorsing(self, query: str, actor_id: str) -> list[tuple[Case, Participation]]:
        return [
            (case, next(one for one in case.participants if one.actor_id == actor_id))
            for case in self.cases_of(actor_id)
            if _shared(query, case.need)
        ]

    def _roles(self, cases: Sequence[Case], hits: Sequence[ActorHit]) -> tuple[PartAnswer, ...]:
        by_id = {hit.actor.id: hit for hit in hits}
        parts: dict[Part, list[tuple[Case, Participation]]] = {}
        for case in cases:
            for part in case.participants:
                parts.setdefault(part_of(part, brought_in(part)), []).append((case, part))
        if parts:
            parts[Part.PACKAGING] = []
        needs = {Part.INPUTS: "alcool", Part.PACKAGING: "emballages en carton"}
        return tuple(
            PartAnswer(
                role,
                needs.get(role, ""),
                tuple({case.id: case for case, _ in parts[role]}.values()),
                tuple(by_id[part.actor_id] for _, part in parts[role] if part.actor_id in by_id)
                if role is not Part.PACKAGING
                else tuple(by_id[id_] for id_ in [WEAVER.id] if id_ in by_id),
                tuple(Mention(case, part) for case, part in parts[role] if not part.actor_id),
            )
            for role in Part
            if role in parts
        )

    def explain(
        self,
        query: str,
        id: str,
        *,
        kind: Kind = Kind.ACTOR,
        filters: Filters = Filters(),
        lang: str = "",
        steering: Steering = Steering(),
    ) -> Explanation:
        """Each word of the query gives a half, and nothing is left; in the text, all to one."""
        result = self.search(query, filters=filters, steering=steering, complete=True)
        actor = self.actor(id)
        hit = next((one for one in result.hits if one.actor.id == id), None)
        need = result.asked.need

        def passage(part: str, text: str, lang: str) -> PassageExplanation:
            shares = [WordShare(start, end, 0.5) for _, start, end in _words(need)]
            found = _shared(need, text)
            return PassageExplanation(
                part=part,
                lang=lang,
                text=text,
                source=actor.source_url,
                score=2.0,
                cosine=0.9,
                dense=1.75,
                lexical=1.25,
                overlap=0.5,
                query_shares=WordShares(tuple(shares), 1.5 - len(shares) / 2),
                trades=tuple(
                    TradeShare(code, french, english, 0.2, share)
                    for (code, french, english), share in zip(
                        TRADES, (0.4, 0.3, 0.2, -0.3, -0.35), strict=True
                    )
                ),
                passage_shares=WordShares((), 1.75),
                matches=tuple(StemMatch(text[a:b], ((a, b),)) for a, b in found),
                close=tuple(
                    CloseWord(start, end, *_words(need)[0][1:], 0.6)
                    for _, start, end in _words(text)[:1]
                    if (start, end) not in found
                ),
            )

        def path(case: Case, part: Participation) -> CasePath:
            return CasePath(case, part, passage("need", case.need, case.lang), 1.75, 0.5, 1.0)

        evidence = hit.evidence if hit else ()
        return Explanation(
            asked=result.asked,
            record=actor,
            hit=hit,
            passages=(passage("description", actor.description, actor.lang),),
            cases=tuple(
                path(one.case, one.participation)
                for one in evidence
                if one.kind is EvidenceKind.CASE and one.case and one.participation
            ),
            similar=tuple(
                SimilarPath(
                    path(one.case, one.participation),
                    one.precedent,
                    one.text,
                    0.9,
                    4.0,
                    5.0,
                    1.0,
                    2.0,
                    5.0,
                )
                for one in evidence
                if one.case and one.participation and one.precedent
            ),
            filters=filters,
            steering=steering,
            ceiling=5.0,
            weights=DEFAULT_WEIGHTS,
        )

    def report(
        self,
        query: str,
        *,
        filters: Filters = Filters(),
        lang: str = "",
        steering: Steering = Steering(),
    ) -> SearchReport:
        result = self.search(query, filters=filters, steering=steering, complete=True)
        return SearchReport(
            at="2020-07-03T08:00:00Z",
            version="0",
            asked=result.asked,
            filters=filters,
            steering=steering,
            base=BaseState("7", len(self._actors), len(self._cases), 6),
            encoder=EncoderState("by-hand", "by-hand", "a delta"),
            weights=DEFAULT_WEIGHTS,
            ceiling=3.5,
            matched=(),
            hits=result.hits,
            left_out=LeftOut(len(self._actors) - len(self.actors(filters)), 0, 0, 0, 0),
        )

    def actor(self, actor_id: str) -> Actor:
        if actor_id not in self._actors:
            raise UnknownRecord(f"No actor has the id {actor_id!r}.")
        return self._actors[actor_id]

    def case(self, case_id: str) -> Case:
        if case_id not in self._cases:
            raise UnknownRecord(f"No case has the id {case_id!r}.")
        return self._cases[case_id]

    def actors(self, filters: Filters = Filters()) -> Sequence[Actor]:
        return [
            actor
            for actor in self._actors.values()
            if filters.department in ("", actor.department)
            and (not filters.theme or filters.theme in actor.themes)
        ]

    def cases(self, filters: Filters = Filters()) -> Sequence[Case]:
        return [
            case
            for case in self._cases.values()
            if not filters.theme or filters.theme in case.themes
        ]

    def cases_of(self, actor_id: str, lang: str = "fr") -> Sequence[Case]:
        found = [
            case
            for case in self._cases.values()
            if any(one.actor_id == actor_id for one in case.participants)
        ]
        return one_edition_each(sorted(found, key=lambda case: case.date, reverse=True), lang)

    def translations(self, case: Case) -> Sequence[Case]:
        return [one for one in self._cases.values() if one.story == case.story and one != case]

    def themes(self) -> Sequence[ThemeCount]:
        actors = Counter(theme for actor in self._actors.values() for theme in actor.themes)
        cases = Counter(theme for case in self._cases.values() for theme in case.themes)
        return [
            ThemeCount(name, actors[name], cases[name]) for name in sorted(actors.keys() | cases)
        ]

    def departments(self) -> Sequence[tuple[str, int]]:
        codes = Counter(actor.department for actor in self._actors.values() if actor.department)
        return codes.most_common()

    def ids(self, kind: Kind) -> set[str]:
        return set(self._cases if kind is Kind.CASE else self._actors)

    def status(self) -> Status:
        return Status(
            folder=Path("/secret/folder"),
            schema_version=1,
            generation="7",
            actors=len(self._actors),
            cases=len(self._cases),
            stories=len({case.story for case in self._cases.values()}),
            passages=6,
            embedded=6,
            model="by-hand",
            engine="hand",
            encoder="by-hand",
            dimension=3,
            size_bytes=4096,
            updated_at="2020-07-03T08:00:00+00:00",
            problems=(),
        )
