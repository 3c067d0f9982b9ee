"""The shapes of the JSON API, version 1: what each field means, and how records fill them."""

from collections.abc import Callable, Collection, Mapping
from typing import Annotated, Any, Self, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, create_model

from kb.models import Actor, Case, Participation
from kb.reference.fields import ACTOR_FIELDS, CASE_FIELDS, LIST_KINDS, FieldKind, FieldTraits
from kb.reference.roles import Flow, Role
from kb.search.results import ActorHit, CaseHit, Evidence, EvidenceKind, Filters, Fit
from kb.text.flow import case_flow
from web.http.urls import AbsoluteUrl, address, web_link


def about(description: str, example: object = None, **more: Any) -> Any:
    """Returns a pydantic field with a description and, if not None, an example."""
    return Field(description=description, examples=None if example is None else [example], **more)


_PAGE = "The address of its page, in the requested language."
Id = Annotated[str, about("Its identifier.", "avel")]
Themes = Annotated[list[str], about("Its themes.", ["Cuir et chaussure"])]
IsoDate = Annotated[str, about("ISO 8601 date or time, or empty.", "2020-07-01")]
EdtfPeriod = Annotated[str, about(CASE_FIELDS["period"].meaning, CASE_FIELDS["period"].example)]
SourceUrl = Annotated[
    str,
    AfterValidator(web_link),
    about("The address of its source, or empty.", "https://www.angouleme.fr/"),
]
Score = Annotated[float, about("Higher is better; compare scores only within one answer.", 2.41)]
Rank = Annotated[int, about("The rank, from 1 (best).", 1)]
FitOut = Annotated[
    Fit, about("How well it answers the query; `none`: a close result that is not an answer.")
]
FlowOut = Annotated[
    Flow | None, about("Whether a thing is sought, offered or shared; absent if not said.")
]


class Shape(BaseModel):
    """An answer, or a part of one; `SomethingOut` shows the value `Something` of `kb`."""

    model_config = ConfigDict(frozen=True, from_attributes=True)

    @classmethod
    def read(cls, *values: object, **added: Any) -> Self:
        """Returns the shape: `added`, else the attribute of the first value that has it."""
        found = {
            name: getattr(value, name)
            for value in reversed(values)
            for name in cls.model_fields
            if hasattr(value, name)
        }
        return cls(**found | added)


AnyShape = TypeVar("AnyShape", bound=BaseModel)

_TYPES: Mapping[FieldKind, Any] = {
    **dict.fromkeys(LIST_KINDS, list[str]),
    FieldKind.FACTS: dict[str, str],
}
_ANSWERED_TYPES: Mapping[FieldKind, Any] = {
    **_TYPES,
    FieldKind.WEB_ADDRESS: Annotated[str, AfterValidator(web_link)],
}


def with_fields(
    fields: Mapping[str, FieldTraits], *, is_sent: bool = False, meanings: Mapping[str, str] = {}
) -> Callable[[type[AnyShape]], type[AnyShape]]:
    """Gives a shape these fields, optional ones too if sent; `meanings` replace descriptions."""
    kind_types = _TYPES if is_sent else _ANSWERED_TYPES

    def field(name: str, traits: FieldTraits) -> tuple[Any, Any]:
        options: dict[str, Any] = {"description": meanings.get(name, traits.meaning) or None}
        if traits.example:
            is_list = traits.kind in LIST_KINDS
            options["examples"] = [[traits.example] if is_list else traits.example]
        if is_sent and not traits.required:
            options["default"] = _TYPES.get(traits.kind, str)()
        return kind_types.get(traits.kind, str), Field(**options)

    def decorate(shape: type[AnyShape]) -> type[AnyShape]:
        types: dict[str, Any] = {name: field(name, traits) for name, traits in fields.items()}
        return create_model(
            shape.__name__,
            __base__=shape,
            __module__=shape.__module__,
            __doc__=shape.__doc__,
            **types,
        )

    return decorate


def without(fields: Mapping[str, FieldTraits], names: Collection[str]) -> Mapping[str, FieldTraits]:
    return {name: traits for name, traits in fields.items() if name not in names}


class Problem(Shape):
    """A refusal or a failure: problem details (RFC 9457)."""

    title: str = about("The meaning of the status.", "Not Found")
    status: int = about("The status.", 404)
    detail: str = about("One line that gives the problem and the solution.")


class CaseReference(Shape):
    """A case, with the role of an actor that took part in it."""

    id: Id
    title: str = Field(examples=["Angoulême : du cirage au gel hydroalcoolique"])
    date: IsoDate
    period: EdtfPeriod
    role: Role | None = about("The actor's role in the case.", "producer", default=None)
    contribution: str = about("What the actor did, or empty.", "Fabrique et conditionne le gel.")
    url: str = about(_PAGE)

    @classmethod
    def of(cls, case: Case, participation: Participation | None, absolute_url: AbsoluteUrl) -> Self:
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
    url: str = about(_PAGE)

    @classmethod
    def of(cls, actor: Actor, absolute_url: AbsoluteUrl, **added: Any) -> Self:
        return cls.read(actor.public, url=absolute_url(address("actor", actor.id)), **added)


class TradeOut(Shape):
    """A trade."""

    code: str = about("Its class of NACE.", "20.42")
    fr: str = about("Its description in French.")
    en: str = about("Its description in English.")


class PrecedentOut(ActorReference):
    """An actor with a close trade that met such a need; without ids if it is elsewhere."""

    place: str = about("Its town, or empty.", "Magnac-Lavalette")
    case: CaseReference = about("The case, with the precedent's role.")

    @classmethod
    def in_case(cls, actor: Actor, case: CaseReference, absolute_url: AbsoluteUrl) -> Self:
        if actor.id:
            return cls.of(actor, absolute_url, case=case)
        case = case.model_copy(update={"id": "", "url": actor.source_url})
        return cls.read(actor, url=actor.source_url, case=case)


class MeansOut(Shape):
    """What firms of the hit's trade could do with their usual means."""

    trade: TradeOut
    phrase: str = about("What they could make or take in: the closest to the need.")
    means: list[str] = about("Their usual means.", ["coupe de textile"])


class EvidenceOut(Shape):
    """Evidence for a hit. Keep hits whose kind of evidence you do not know: kinds may be added."""

    kind: EvidenceKind = about(
        "`passage`: described in its text. `trade`: the words of its activity `code`, which nobody "
        "said. `case`: shown in a case. `name`: the query names it. "
        "`similar`: inferred from the `precedent`. `means`: inferred from the means of its trade."
    )
    text: str = about("The passage, or the one closest to what is inferred.")
    marks: list[tuple[int, int]] = about(
        "The distinctive words: half-open spans of `text`, in Unicode code points.", [[5, 13]]
    )
    source: SourceUrl
    case: CaseReference | None = about("For the kind `case`.", default=None)
    precedent: PrecedentOut | None = about("For the kind `similar`: who did it.", default=None)
    means: MeansOut | None = about("For the kind `means`.", default=None)
    code: str = about("The activity code, if `text` is the meaning of one; else empty.", default="")

    @classmethod
    def of(cls, evidence: Evidence, absolute_url: AbsoluteUrl) -> Self:
        if evidence.case is None:
            return cls.read(evidence)
        case = CaseReference.of(evidence.case, evidence.participation, absolute_url)
        if evidence.precedent is None:
            return cls.read(evidence, case=case)
        precedent = PrecedentOut.in_case(evidence.precedent, case, absolute_url)
        return cls.read(evidence, case=None, precedent=precedent)


@with_fields(without(ACTOR_FIELDS, {"description", "facts", "closed_on"}))
class _AnsweredActor(ActorReference):
    pass


class ActorOut(_AnsweredActor):
    """A firm or other organisation. Its contacts are those that are public."""


class DescribedActor(ActorOut):
    """An actor with its description."""

    description: str = about("Its described competences, in the language of the source.")
    closed_on: str = about("The day on which it closed: ISO 8601, or empty.")


class ActorWithCases(DescribedActor):
    """An actor with its description, facts and cases."""

    facts: dict[str, str] = about("Other facts from the source, in its own words.")
    cases: list[CaseReference] = about("Its shown competences, latest case first.")


class ScorePartsOut(Shape):
    """The parts of a score. An explanation says how they are added."""

    own: float = about("Its best passage, from `dense`, `lexical` and `filing`.", 1.63)
    dense: float = about("The value of the meaning: a standardised cosine.", 1.63)
    lexical: float = about("The value of the words: BM25.", 0.0)
    filing: float | None = about(
        "The overlap of its trades with those of the need, 0 to 1, if known.", default=None
    )
    able: float | None = about(
        "The overlap of its trades with those that have the means, if known.", default=None
    )
    case: float = about("The value of the best case in which it took part.", 7.88)
    inferred: float = about("What is inferred: by the means of its trade, and `similar`.", 2.1)
    similar: float = about("By actors with a close trade that did it.", 1.5)
    example: float = about("The weight of the best precedent, 0 to 1.", 0.9)
    likeness: float = about("The likeness of its trade to the precedents', in deviations.", 2.1)
    limit: float = about("What is taken off where all is only inferred, 0 or less.")
    name: float = about("The value of an exact or similar name.", 0.0)


class ActorHitOut(Shape):
    """An actor in the results."""

    rank: Rank
    score: Score
    fit: FitOut
    actor: ActorOut
    distance_km: int | None = about(
        "The kilometres from `near`, as the crow flies; absent if not known.", 12, default=None
    )
    near: bool | None = about(
        "Whether it is at most `within` kilometres away, or 25; absent if not known.",
        True,
        default=None,
    )
    evidence: list[EvidenceOut]
    parts: ScorePartsOut

    @classmethod
    def of(cls, hit: ActorHit, filters: Filters, absolute_url: AbsoluteUrl) -> Self:
        return cls.read(
            hit,
            distance_km=filters.whole_km_to(hit.actor),
            near=filters.is_near(hit.actor),
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
    fit: FitOut
    url: str = about(_PAGE)
    need: str = about("The need that the case met, or empty.")
    flow: FlowOut = None
    themes: Themes
    evidence: list[EvidenceOut]

    @classmethod
    def of(cls, hit: CaseHit, absolute_url: AbsoluteUrl) -> Self:
        return cls.read(
            hit,
            hit.case,
            url=absolute_url(address("case", hit.case.id)),
            flow=case_flow(hit.case),
            evidence=[EvidenceOut.of(evidence, absolute_url) for evidence in hit.evidence],
        )
