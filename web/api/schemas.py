"""The shapes of the JSON API, version 1: what each field means, and how records fill them."""

from collections.abc import Sequence
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

import kb.language_model.wording
import kb.models
import kb.search.query
import kb.search.results
import kb.search.trades.likely_trades
from kb.language_model.wording import PhraseKind, WordingState
from kb.reference.fields import ACTOR_FIELDS, CASE_FIELDS
from kb.reference.flows import Flow
from kb.reference.roles import Part, Role
from kb.search.query import PartKind
from kb.search.results import Absence, EvidenceKind, Fit
from kb.text.flow import case_flow
from web.api.record_fields import with_fields, without
from web.http.urls import AbsoluteUrl, address, web_link

_FIT = (
    "How well it answers the query, measured against all trades: `strong`, `possible`, `weak`, "
    "or `none` for a close result that is not an answer."
)
_PAGE = "The address of its page, in the requested language."
_SCORE = "Higher is better; compare scores only within one answer."

Id = Annotated[str, Field(description="Its identifier.", examples=["avel"])]
Themes = Annotated[list[str], Field(description="Its themes.", examples=[["Cuir et chaussure"]])]
IsoDate = Annotated[
    str, Field(description="ISO 8601 date or time, or empty.", examples=["2020-07-01"])
]
EdtfPeriod = Annotated[
    str,
    Field(description=CASE_FIELDS["period"].meaning, examples=[CASE_FIELDS["period"].example]),
]
Lang = Annotated[
    str, Field(description="The language of its text: ISO 639-1 code.", examples=["fr"])
]
SourceUrl = Annotated[
    str,
    AfterValidator(web_link),
    Field(
        description="The address of its source, or empty.", examples=["https://www.angouleme.fr/"]
    ),
]
Score = Annotated[float, Field(description=_SCORE, examples=[2.41])]
Rank = Annotated[int, Field(description="The rank, from 1 (best).", examples=[1])]


class Shape(BaseModel):
    """An answer, or a part of one.

    A shape that is named `SomethingOut` shows the value `Something` of `kb`: by the attributes of
    the same names, or by its method `of`, which adds what the value does not have.
    """

    model_config = ConfigDict(frozen=True, from_attributes=True)

    @classmethod
    def read(cls, *values: object, **added: Any) -> Self:
        """Returns the shape with the `added` fields, and the attributes of the values as others.

        Each field is read from the first value that has an attribute of its name.
        """
        names = cls.model_fields.keys() - added.keys()
        found = {
            name: getattr(value, name)
            for value in reversed(values)
            for name in names
            if hasattr(value, name)
        }
        return cls(**found, **added)


class Problem(Shape):
    """A refusal or a failure."""

    detail: str = Field(
        description="One line that gives the problem and the solution.",
        examples=["limit: input should be less than or equal to 100 (given: 500)"],
    )


class CaseReference(Shape):
    """A case, with the role of an actor that took part in it."""

    id: Id
    title: str = Field(examples=["Angoulême : du cirage au gel hydroalcoolique"])
    date: IsoDate
    period: EdtfPeriod
    role: Role | None = Field(
        default=None, description="The actor's role in the case.", examples=["producer"]
    )
    contribution: str = Field(
        description="What the actor did, or empty.", examples=["Fabrique et conditionne le gel."]
    )
    url: str = Field(description=_PAGE)

    @classmethod
    def of(
        cls,
        case: kb.models.Case,
        participation: kb.models.Participation | None,
        absolute_url: AbsoluteUrl,
    ) -> Self:
        return cls.read(
            case,
            role=participation.role if participation else None,
            contribution=participation.contribution if participation else "",
            url=absolute_url(address("case", case.id)),
        )


class ActorReference(Shape):
    """An actor, by name."""

    id: Id
    name: str = Field(examples=["Avel (Saphir)"])
    url: str = Field(description=_PAGE)

    @classmethod
    def of(cls, actor: kb.models.Actor, absolute_url: AbsoluteUrl, **added: Any) -> Self:
        return cls.read(actor, url=absolute_url(address("actor", actor.id)), **added)


class TradeOut(Shape):
    """A trade."""

    code: str = Field(description="Its class of NACE.", examples=["20.42"])
    fr: str = Field(description="Its description in French.")
    en: str = Field(description="Its description in English.")


class PrecedentOut(ActorReference):
    """An actor that met such a need, here or elsewhere; its trade is close to the hit's."""

    place: str = Field(description="Its town, or empty.", examples=["Magnac-Lavalette"])
    case: CaseReference = Field(
        description="The case, with the precedent's role. For a firm elsewhere, its `id` and that "
        "of the case are empty, each `url` is the source, and `title` is what it made or supplied."
    )

    @classmethod
    def in_case(
        cls, actor: kb.models.Actor, case: CaseReference, absolute_url: AbsoluteUrl
    ) -> Self:
        if actor.id:
            return cls.of(actor, absolute_url, case=case)
        case = case.model_copy(update={"id": "", "url": actor.source_url})
        return cls.read(actor, url=actor.source_url, case=case)


class MeansOut(Shape):
    """What firms of the hit's trade could do with their usual means."""

    trade: TradeOut
    phrase: str = Field(
        description="What they could make, or take in if something is offered: the closest to the "
        "need.",
        examples=["surblouse de soins réutilisable"],
    )
    means: list[str] = Field(
        description="Their usual means.",
        examples=[["machine à coudre industrielle", "coupe de textile"]],
    )


class EvidenceOut(Shape):
    """Evidence for a hit.

    New kinds may appear within a version: keep hits whose kind of evidence you do not know.
    """

    kind: EvidenceKind = Field(
        description="`passage`: a described competence, in the text of the actor or the case. "
        "`case`: a competence shown in a case. `name`: the query names the actor. `similar`: "
        "inferred: the actor's trade is close to that of the `precedent`, which met such a need; "
        "`text` is the closest passage. `means`: inferred: what firms of its trade could do with "
        "their usual means; `text` is the passage that tells the trade."
    )
    text: str = Field(examples=["Avel fabrique des cirages et les conditionne en flacons."])
    marks: list[tuple[int, int]] = Field(
        description="The distinctive words, as half-open spans of `text`, in Unicode code points.",
        examples=[[[5, 13]]],
    )
    source: SourceUrl
    case: CaseReference | None = Field(
        default=None, description="The matched case; absent for the other kinds."
    )
    precedent: PrecedentOut | None = Field(
        default=None,
        description="The actor that did it, for the kind `similar`; absent for other kinds.",
    )
    means: MeansOut | None = Field(
        default=None, description="For the kind `means`; absent for other kinds."
    )

    @classmethod
    def of(cls, evidence: kb.search.results.Evidence, absolute_url: AbsoluteUrl) -> Self:
        if evidence.case is None:
            return cls.read(evidence)
        case = CaseReference.of(evidence.case, evidence.participation, absolute_url)
        if evidence.precedent is None:
            return cls.read(evidence, case=case)
        precedent = PrecedentOut.in_case(evidence.precedent, case, absolute_url)
        return cls.read(evidence, case=None, precedent=precedent)


_ANSWERED_OF_ACTORS = without(ACTOR_FIELDS, {"description", "facts", "closed_on"})


@with_fields(_ANSWERED_OF_ACTORS)
class _AnsweredActor(Shape):
    pass


class ActorOut(_AnsweredActor):
    """A firm or other organisation. Its contacts are those that are public."""

    url: str = Field(description=_PAGE)

    @classmethod
    def of(cls, actor: kb.models.Actor, absolute_url: AbsoluteUrl, **added: Any) -> Self:
        return cls.read(actor.public, url=absolute_url(address("actor", actor.id)), **added)


class DescribedActor(ActorOut):
    """An actor with its description."""

    description: str = Field(
        description="Its described competences, in the language of the source."
    )
    closed_on: str = Field(description="The day on which it closed: ISO 8601, or empty.")


class ActorWithCases(DescribedActor):
    """An actor with its description, facts and cases."""

    facts: dict[str, str] = Field(description="Other facts from the source, in its own words.")
    cases: list[CaseReference] = Field(description="Its shown competences, latest case first.")


class ScorePartsOut(Shape):
    """The parts of a score. An explanation says how they are added."""

    own: float = Field(
        description="The value of its own words: its best passage, from `dense`, `lexical`, "
        "and `filing`.",
        examples=[1.63],
    )
    dense: float = Field(
        description="The value of the meaning: a standardised cosine.", examples=[1.63]
    )
    lexical: float = Field(description="The value of the words: BM25.", examples=[0.0])
    filing: float | None = Field(
        default=None,
        description="The overlap of the trades in which it and the need would be filed, 0 to 1; "
        "null or absent where that is not known.",
        examples=[0.3],
    )
    able: float | None = Field(
        default=None,
        description="The overlap of its trades with those that have the means for the need, 0 to "
        "1; null or absent where that is not known.",
        examples=[0.4],
    )
    case: float = Field(
        description="The value of the best case in which it took part.", examples=[7.88]
    )
    inferred: float = Field(
        description="The value of what is inferred: by the means of its trade (`able`), and "
        "`similar`.",
        examples=[2.1],
    )
    similar: float = Field(
        description="The value inferred from actors with a close trade that did it: it grows with "
        "`likeness` and `example`.",
        examples=[1.5],
    )
    example: float = Field(description="The weight of the best precedent, 0 to 1.", examples=[0.9])
    likeness: float = Field(
        description="The likeness of its trade to those of the precedents, in standard deviations "
        "above chance.",
        examples=[2.1],
    )
    limit: float = Field(
        description="What is taken off, 0 or less, so that the score says no more than its grounds "
        "allow: nobody is a strong fit by what is only inferred.",
        examples=[0.0],
    )
    name: float = Field(description="The value of an exact or similar name.", examples=[0.0])


class ActorHitOut(Shape):
    """An actor in the results."""

    rank: Rank
    score: Score
    fit: Fit = Field(description=_FIT)
    actor: ActorOut
    distance_km: int | None = Field(
        None,
        description="About how many kilometres it is from `near`, as the crow flies, from town "
        "hall to town hall if its source has no coordinates; absent if that is not known.",
        examples=[12],
    )
    evidence: list[EvidenceOut]
    parts: ScorePartsOut

    @classmethod
    def of(
        cls,
        hit: kb.search.results.ActorHit,
        filters: kb.search.results.Filters,
        absolute_url: AbsoluteUrl,
    ) -> Self:
        return cls.read(
            hit,
            distance_km=filters.whole_km_to(hit.actor),
            actor=ActorOut.of(hit.actor, absolute_url),
            evidence=[EvidenceOut.of(evidence, absolute_url) for evidence in hit.evidence],
        )


class CaseHitOut(Shape):
    """A case in the results."""

    rank: Rank
    id: Id
    title: str
    date: IsoDate
    period: EdtfPeriod
    score: Score
    fit: Fit = Field(description=_FIT)
    url: str = Field(description=_PAGE)
    need: str = Field(description="The need that the case met, or empty.")
    flow: Flow | None = Field(
        default=None,
        description="Whether the need sought a thing, offered one or wanted to share one, as the "
        "case or else its words say; absent if they do not.",
        examples=["offers"],
    )
    themes: Themes
    evidence: list[EvidenceOut]

    @classmethod
    def of(cls, hit: kb.search.results.CaseHit, absolute_url: AbsoluteUrl) -> Self:
        return cls.read(
            hit,
            hit.case,
            url=absolute_url(address("case", hit.case.id)),
            flow=case_flow(hit.case),
            evidence=[EvidenceOut.of(evidence, absolute_url) for evidence in hit.evidence],
        )


class Facets(Shape):
    """The number of actors that each value of a filter would leave, most first."""

    departments: dict[str, int] = Field(examples=[{"16": 9, "17": 4}])
    themes: dict[str, int] = Field(examples=[{"Emballage": 5}])
    distances: dict[int, int] = Field(
        description="By the greatest distance from `near`, in kilometres; empty without `near`.",
        examples=[{"10": 1, "25": 4}],
    )


class NeedPhraseOut(Shape):
    """A phrase that a language model words for a need."""

    kind: PhraseKind = Field(description="What it is of.", examples=["trade"])
    text: str = Field(examples=["fabrication de savons"])


class WordingOut(Shape):
    """The phrases of a language model that the search was moved towards."""

    model: str = Field(
        description="The name of the model; empty if this site has none.", examples=[""]
    )
    state: WordingState = Field(
        description="`given`: the model has answered. `missing`: not in time, or not usably. "
        "`withheld`: the text is a letter, a name or a number, which is not sent to it. `off`: it "
        "was not asked."
    )
    phrases: list[NeedPhraseOut] = Field(examples=[[]])
    taken_back: list[NeedPhraseOut] = Field(
        description="Its phrases that were not used, because `taken_back` has them.", examples=[[]]
    )


class LikelyTradeOut(TradeOut):
    """A trade in which the need would be filed."""

    share: float = Field(
        description="How likely the need would be filed in it, 0 to 1.", examples=[0.62]
    )

    @classmethod
    def of(cls, likely: kb.search.trades.likely_trades.LikelyTrade) -> Self:
        return cls.read(likely, likely.trade)


class NeedPartOut(Shape):
    """A part of a need beside its object; its words count for nothing else."""

    kind: PartKind = Field(
        description="What it says; `for`: who asks, or for whom.", examples=["quantity"]
    )
    text: str = Field(
        description="In the words typed; sent as `taken_back`, they count as any words do.",
        examples=["40 tonnes"],
    )
    unit: str = Field(description="Of a quantity, if it has one.", examples=["tonnes"])
    near: str = Field(description="The town of a place, or empty.", examples=["Saintes (17)"])
    within: int = Field(
        description="The greatest distance from it, in kilometres; 0 if none is said.",
        examples=[30],
    )
    departments: list[str] = Field(
        description="The codes of the department of a place, or of those of a region; one that is "
        "asked for as a filter goes before.",
        examples=[["17"]],
    )

    @classmethod
    def of(cls, part: kb.search.query.NeedPart) -> Self:
        return cls.read(part, near=part.near.label if part.near else "")


class AskedFor(Shape):
    """The query as understood, and the examples that were used."""

    text: str = Field(
        description="The need, without signs and excluded words.",
        examples=["gel hydroalcoolique flacon"],
    )
    required: list[str] = Field(description="Words in quotation marks: required.", examples=[[]])
    wanted: list[str] = Field(
        description="Words after `+`: they count more.", examples=[["flacon"]]
    )
    unwanted: list[str] = Field(
        description="Words after `-`: actors that mention them are left out.",
        examples=[["parfum"]],
    )
    object: str = Field(
        description="What is asked for, without the `parts` and the words that only ask: it alone "
        "is searched.",
        examples=["gel hydroalcoolique flacon"],
    )
    parts: list[NeedPartOut] = Field(
        description="What else the need says, by rules: how much, how often, until when, where, "
        "for whom, at what price.",
        examples=[[]],
    )
    sentences: list[str] = Field(
        description="The sentences of a long text that ask for something, by which it is searched; "
        "empty for a short one.",
        examples=[[]],
    )
    like: list[str] = Field(
        description="The ids of the examples: actors with a similar trade count more.",
        examples=[[]],
    )
    unlike: list[str] = Field(
        description="The ids of the counterexamples; they are left out.", examples=[[]]
    )
    flow: Flow | None = Field(
        default=None,
        description="Whether the query seeks a thing, offers one or wants to share one; absent "
        "if its words do not say.",
        examples=["seeks"],
    )
    near: str = Field(
        description="The town that distances are measured from, or empty.",
        examples=["Angoulême (16)"],
    )
    trades: list[LikelyTradeOut] = Field(
        description="The trades in which the need would be filed, likeliest first, at most three; "
        "empty for a name or a number, and where no trade is likely.",
        examples=[[]],
    )
    wording: WordingOut

    @classmethod
    def of(
        cls,
        asked: kb.search.query.Query,
        filters: kb.search.results.Filters,
        steering: kb.search.results.Steering,
        wording: kb.language_model.wording.Wording,
        likely: Sequence[kb.search.trades.likely_trades.LikelyTrade],
    ) -> Self:
        return cls.read(
            asked,
            steering,
            object=asked.need,
            parts=[NeedPartOut.of(part) for part in asked.reading.parts],
            near=filters.near.label if filters.near else "",
            trades=[LikelyTradeOut.of(trade) for trade in likely],
            wording=WordingOut.read(wording),
        )


class MentionedParticipant(Shape):
    """A participant of a case without an entry here."""

    name: str = Field(examples=["Agence régionale de santé"])
    case: CaseReference = Field(description="The case, with the participant's role.")


class PartAnswerOut(Shape):
    """The actors that could take one part of meeting the need."""

    role: Part = Field(description="The part.", examples=["containers"])
    need: str = Field(
        description="What the part requires, in a few words; empty if its name is enough.",
        examples=["flacons et bouteilles, bidons et récipients en plastique, bouchons"],
    )
    cases: list[CaseReference] = Field(
        description="The similar cases that needed the part; empty if it is only usual."
    )
    hits: list[ActorHitOut] = Field(
        description="First the actors that took this part, then those that could."
    )
    mentioned: list[MentionedParticipant]

    @classmethod
    def of(
        cls,
        answer: kb.search.results.PartAnswer,
        filters: kb.search.results.Filters,
        absolute_url: AbsoluteUrl,
    ) -> Self:
        return cls.read(
            answer,
            role=answer.part,
            cases=[CaseReference.of(case, None, absolute_url) for case in answer.cases],
            hits=[ActorHitOut.of(hit, filters, absolute_url) for hit in answer.hits],
            mentioned=[
                MentionedParticipant(
                    name=mention.participation.name,
                    case=CaseReference.of(mention.case, mention.participation, absolute_url),
                )
                for mention in answer.mentioned
            ],
        )


class SearchAnswer(Shape):
    """The answer to a search."""

    query: str = Field(examples=["du gel hydroalcoolique"])
    asked: AskedFor
    took_ms: float = Field(description="The search time, in milliseconds.", examples=[12.4])
    total: int = Field(
        description="The number of actors that fit, before the limit.", examples=[14]
    )
    hits: list[ActorHitOut] = Field(description="Actors, best first, at most `limit`.")
    total_cases: int = Field(
        description="The number of cases that fit, before the limit.", examples=[2]
    )
    cases: list[CaseHitOut] = Field(description="Cases, best first, at most `limit`.")
    nothing_fits: bool = Field(
        description="Whether no actor and no case is worth a call: what is given is but a lead."
    )
    unsaid: list[str] = Field(
        description="The words in quotation marks that no text here says.", examples=[[]]
    )
    absent: Absence | None = Field(
        None, description="`number` or `name` if the query is that of an organisation not here."
    )
    facets: Facets
    roles: list[PartAnswerOut] = Field(
        description="Who could take which part, makers first; empty if no case is similar."
    )

    @classmethod
    def of(
        cls,
        result: kb.search.results.SearchResult,
        steering: kb.search.results.Steering,
        absolute_url: AbsoluteUrl,
    ) -> Self:
        filters = result.filters
        return cls.read(
            result,
            asked=AskedFor.of(result.asked, filters, steering, result.wording, result.trades),
            took_ms=round(result.took_ms, 1),
            hits=[ActorHitOut.of(hit, filters, absolute_url) for hit in result.hits],
            cases=[CaseHitOut.of(hit, absolute_url) for hit in result.cases],
            facets=Facets.read(result),
            roles=[PartAnswerOut.of(answer, filters, absolute_url) for answer in result.parts],
        )


class StatusOut(Shape):
    """The contents and the state of the knowledge base: what concerns visitors, not the folder."""

    actors: int = Field(examples=[63])
    cases: int = Field(examples=[9])
    passages: int
    embedded: int = Field(description="The number of passages that the encoder has embedded.")
    ready: bool = Field(description="Whether searches are possible.")
    model: str = Field(description="The encoder's model.")
    engine: str = Field(description="What runs the encoder.")
    encoder: str = Field(description="The fingerprint of everything that determines an embedding.")
    dimension: int = Field(examples=[384])
    schema_version: int
    generation: str = Field(description="Changes with every change of the base.")
    size_bytes: int
    updated_at: str = Field(description="The time of the last change: ISO 8601, or empty.")
