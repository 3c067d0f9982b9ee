"""The shapes of the answers to a search, and of explanations: what a score is made of."""

from dataclasses import asdict
from typing import Self, cast

from pydantic import Field

from kb.explanation.explanation import (
    CasePath,
    Explanation,
    PassageExplanation,
    SimilarPath,
    WordShares,
    score_table,
)
from kb.language_model import PhraseKind, WordingState
from kb.models import Actor
from kb.reference.roles import Part
from kb.search.query import PartKind
from kb.search.results import Absence, ActorHit, Filters, PartAnswer, SearchResult, Steering
from web.api.schemas import (
    ActorHitOut,
    ActorOut,
    CaseHitOut,
    CaseReference,
    FlowOut,
    PrecedentOut,
    Score,
    Shape,
    SourceUrl,
    TradeOut,
    about,
)
from web.http.urls import AbsoluteUrl


class Facets(Shape):
    """The number of actors that each value of a filter would leave, most first."""

    departments: dict[str, int] = Field(examples=[{"16": 9, "17": 4}])
    themes: dict[str, int] = Field(examples=[{"Emballage": 5}])
    distances: dict[int, int] = about("By kilometres from `near`; empty without it.", {"10": 1})


class NeedPhraseOut(Shape):
    """A phrase that a language model words for a need."""

    kind: PhraseKind = about("What it is of.", "trade")
    text: str = Field(examples=["fabrication de savons"])


class WordingOut(Shape):
    """The phrases of a language model that the search was moved towards."""

    model: str = about("The name of the model; empty if this site has none.", "")
    state: WordingState = about(
        "`given`, `missing` (not in time, or not usable), `withheld` (a letter, a name or a number "
        "is not sent to it), or `off` (not asked)."
    )
    phrases: list[NeedPhraseOut]
    taken_back: list[NeedPhraseOut] = about("Its phrases left out because of `taken_back`.")


class LikelyTradeOut(TradeOut):
    """A trade in which the need would be filed."""

    share: float = about("How likely the need would be filed in it, 0 to 1.", 0.62)


class NeedPartOut(Shape):
    """A part of a need beside its object; its words count for nothing else."""

    kind: PartKind = about("What it says; `for`: who asks, or for whom.", "quantity")
    text: str = about("As typed; sent as `taken_back`, it counts as any words do.", "40 tonnes")
    unit: str = about("Of a quantity, if it has one.", "tonnes")
    near: str = about("The town of a place, or empty.", "Saintes (17)")
    within: int = about("The greatest distance from it, in kilometres; 0 if none is said.", 30)
    departments: list[str] = about("Those of a place or region; a filter goes before.", ["17"])


class AskedFor(Shape):
    """The query as understood, and the examples that were used."""

    text: str = about("The need, without signs and excluded words.", "gel hydroalcoolique flacon")
    required: list[str] = about("Words in quotation marks: required.", [])
    wanted: list[str] = about("Words after `+`: they count more.", ["flacon"])
    unwanted: list[str] = about("Words after `-`: actors that mention them are left out.", [])
    object: str = about("What alone is searched: without the `parts` and the words that only ask.")
    parts: list[NeedPartOut] = about("What else is said: quantity, time, place, price…")
    like: list[str] = about("The ids of the examples: actors with a similar trade count more.", [])
    unlike: list[str] = about("The ids of the counterexamples; they are left out.", [])
    flow: FlowOut = None
    near: str = about("The town that distances are measured from, or empty.", "Angoulême (16)")
    trades: list[LikelyTradeOut] = about("Where the need would be filed, likeliest first.")
    wording: WordingOut

    @classmethod
    def of(cls, found: SearchResult | Explanation, steering: Steering) -> Self:
        near = found.filters.near
        return cls.read(
            found.asked,
            steering,
            object=found.asked.need,
            parts=[
                NeedPartOut.read(part, near=part.near.label if part.near else "")
                for part in found.asked.reading.parts
            ],
            near=near.label if near else "",
            trades=[LikelyTradeOut.read(likely, likely.trade) for likely in found.trades],
            wording=WordingOut.read(found.wording),
        )


class MentionedParticipant(Shape):
    """A participant of a case without an entry here."""

    name: str = Field(examples=["Agence régionale de santé"])
    case: CaseReference = about("The case, with the participant's role.")


class PartAnswerOut(Shape):
    """The actors that could take one part of meeting the need."""

    role: Part = about("The part.", "containers")
    need: str = about("What it requires; empty if its name is enough.", "flacons, bouchons")
    cases: list[CaseReference] = about("The similar cases that needed it; empty if only usual.")
    hits: list[ActorHitOut] = about("First the actors that took this part, then those that could.")
    mentioned: list[MentionedParticipant]

    @classmethod
    def of(cls, answer: PartAnswer, filters: Filters, absolute_url: AbsoluteUrl) -> Self:
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
    took_ms: float = about("The search time, in milliseconds.", 12.4)
    total: int = about("The number of actors that fit, before the limit.", 14)
    hits: list[ActorHitOut] = about("Actors, best first, at most `limit`.")
    total_cases: int = about("The number of cases that fit, before the limit.", 2)
    cases: list[CaseHitOut] = about("Cases, best first, at most `limit`.")
    nothing_fits: bool = about("Whether no actor and no case is worth a call.")
    unsaid: list[str] = about("The words in quotation marks that no text here says.", [])
    absent: Absence | None = about("What of an organisation not here the query is.", default=None)
    facets: Facets
    roles: list[PartAnswerOut] = about("Who could take which part; empty without similar cases.")

    @classmethod
    def of(cls, result: SearchResult, steering: Steering, absolute_url: AbsoluteUrl) -> Self:
        filters = result.filters
        return cls.read(
            result,
            asked=AskedFor.of(result, steering),
            took_ms=round(result.took_ms, 1),
            hits=[ActorHitOut.of(hit, filters, absolute_url) for hit in result.hits],
            cases=[CaseHitOut.of(hit, absolute_url) for hit in result.cases],
            facets=Facets.read(result),
            roles=[PartAnswerOut.of(answer, filters, absolute_url) for answer in result.parts],
        )


class CountedPart(Shape):
    """A part of a score, with its weight."""

    name: str = about(
        "`own`, `case`, `inferred`, `limit` or `name`: what these say among the parts of a hit.",
        "case",
    )
    value: float = Field(examples=[7.88])
    share: float = about("From 0 to 1.", 1.0)
    counted: float = about("The value times the share. The sum is the score.", 7.88)


class WordShareOut(Shape):
    """The share of a word in a value."""

    word: str = Field(examples=["hydroalcoolique"])
    start: int = about("Its start, in Unicode code points.")
    end: int = about("Its end, exclusive.")
    share: float = about("Its part of the value; negative if it counts against.")


class WordSharesOut(Shape):
    """A value as a sum over words: the words and the rest add up to the total."""

    words: list[WordShareOut]
    rest: float = about("The part that belongs to no single word.")
    total: float

    @classmethod
    def of(cls, shares: WordShares, text: str) -> Self:
        words = [
            WordShareOut.read(share, word=text[share.start : share.end]) for share in shares.words
        ]
        return cls.read(shares, words=words)


class CloseWordOut(Shape):
    """A word of a passage with a meaning similar to a word of the need."""

    start: int
    end: int
    need_word: str = about("The word of the need.", "hydroalcoolique")
    closeness: float = about("The similarity: 1 for the same meaning.", 0.62)


class PhraseShareOut(NeedPhraseOut):
    """A phrase of the language model, with its share in a value."""

    share: float = about("Its part of the value; negative if it counts against.")


class PassageExplanationOut(Shape):
    """A passage with the parts of its score: meaning, words and trades."""

    text: str
    lang: str
    part: str = about("The part of the record that contains it.", "description")
    source: SourceUrl
    score: Score
    cosine: float | None = about("The cosine of need and passage, or null if only the words match.")
    dense: float = about("That cosine, in standard deviations above a random trade.")
    lexical: float = about("The value of the words of the need: BM25.")
    filing: float | None = about("The overlap of the trades of the two, 0 to 1, or null.")
    able: float | None = about("The same with the trades that have the means.")
    marks: list[tuple[int, int]] = about("The distinctive words: half-open spans of `text`.")
    matches: list[str] = about("Words of the passage that are also in the need.")
    close: list[CloseWordOut]
    need_shares: WordSharesOut | None = about("With `phrases`: `dense`, by words of the need.")
    phrases: list[PhraseShareOut] = about("The phrases of the language model.")
    passage_shares: WordSharesOut | None = about("`dense`, by words of `text`, or null.")

    @classmethod
    def of(cls, passage: PassageExplanation, need: str) -> Self:
        return cls.read(
            passage,
            matches=[passage.text[slice(*match.spans[0])] for match in passage.matches],
            close=[
                CloseWordOut.read(word, need_word=need[word.other_start : word.other_end])
                for word in passage.close
            ],
            phrases=[PhraseShareOut.read(phrase, phrase.phrase) for phrase in passage.phrases],
            need_shares=passage.query_shares and WordSharesOut.of(passage.query_shares, need),
            passage_shares=passage.passage_shares
            and WordSharesOut.of(passage.passage_shares, passage.text),
        )


class CasePathOut(Shape):
    """The path from the need through a case to an actor."""

    case: CaseReference
    need: PassageExplanationOut | None = about("The need of the case.")
    closeness: float = about("Its `dense`, and its `lexical` by the share of words it contains.")
    relevance: float = about("The similarity of the two needs, 0 to 1.")
    weight: float = about("The weight of the actor's role, 0 to 1.")
    probability: float = about("`relevance` times `weight`, as the role allows; makes the value.")

    @classmethod
    def of(cls, path: CasePath, need: str, absolute_url: AbsoluteUrl) -> Self:
        return cls.read(
            path,
            case=CaseReference.of(path.case, path.participation, absolute_url),
            need=path.need and PassageExplanationOut.of(path.need, need),
        )


class SimilarPathOut(Shape):
    """The path from a case through a precedent to an actor with a close trade."""

    precedent: PrecedentOut
    by: CasePathOut = about("The path from the need to the precedent.")
    text: str = about("The actor's passage closest to the precedent's trade.")
    likeness: float = about("The likeness of the two trades, in standard deviations above chance.")
    weight: float = about("The weight of this precedent, 0 to 1.")

    @classmethod
    def of(cls, path: SimilarPath, need: str, absolute_url: AbsoluteUrl) -> Self:
        by = CasePathOut.of(path.by, need, absolute_url)
        precedent = PrecedentOut.in_case(path.precedent, by.case, absolute_url)
        return cls.read(
            path, precedent=precedent, by=by.model_copy(update={"case": precedent.case})
        )


class ExplanationOut(Shape):
    """Why an actor has its rank in a search."""

    asked: AskedFor
    actor: ActorOut
    hit: ActorHitOut | None = about("Its place among all candidates; null if it is left out.")
    score: list[CountedPart] = about("The score as a sum; empty without a hit.")
    passages: list[PassageExplanationOut] = about("Its best passages; the first counts.")
    cases: list[CasePathOut]
    similar: list[SimilarPathOut]
    probability: float | None = about("How likely the hit is an answer, 0 to 1: makes its fit.")
    ceiling: float = about("The closeness of the closest of all trades: a score is held to it.")
    need: float = about(
        "How likely the query is a need at all, 0 to 1; if low, a score weighs less."
    )
    constants: dict[str, dict[str, int | float | dict[str, int | float]]] = about(
        "Every constant of the ranking, by purpose and name."
    )

    @classmethod
    def of(cls, explanation: Explanation, absolute_url: AbsoluteUrl) -> Self:
        """`explanation` is of an actor."""
        need = explanation.asked.need
        hit = cast("ActorHit | None", explanation.hit)
        return cls.read(
            explanation,
            asked=AskedFor.of(explanation, explanation.steering),
            actor=ActorOut.of(cast("Actor", explanation.record), absolute_url),
            hit=hit and ActorHitOut.of(hit, explanation.filters, absolute_url),
            score=score_table(hit, explanation.weights) if hit else (),
            passages=[PassageExplanationOut.of(passage, need) for passage in explanation.passages],
            cases=[CasePathOut.of(path, need, absolute_url) for path in explanation.cases],
            similar=[SimilarPathOut.of(path, need, absolute_url) for path in explanation.similar],
            constants=asdict(explanation.weights),
        )
