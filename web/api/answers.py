"""The shapes of explanations in the JSON API: what a score is made of, word by word."""

from dataclasses import asdict
from typing import Self, cast

from pydantic import Field

import kb.explanation.attribution
import kb.explanation.explanation
import kb.models
import kb.search.results
from kb.explanation.score_table import score_table
from web.api.schemas import (
    ActorHitOut,
    ActorOut,
    AskedFor,
    CaseReference,
    NeedPhraseOut,
    PrecedentOut,
    Score,
    Shape,
    SourceUrl,
)
from web.http.urls import AbsoluteUrl


class CountedPart(Shape):
    """A part of a score, with its weight."""

    name: str = Field(
        description="`own`: its own words. `case`: a case in which it took part. `inferred`: by "
        "the means of its trade, and by actors with a close trade that did it. `limit`: what is "
        "taken off. `name`: the query is its name, or close to it.",
        examples=["case"],
    )
    value: float = Field(examples=[7.88])
    share: float = Field(description="From 0 to 1.", examples=[1.0])
    counted: float = Field(
        description="The value times the share. The sum is the score.", examples=[7.88]
    )


class WordShareOut(Shape):
    """The share of a word in a value."""

    word: str = Field(examples=["hydroalcoolique"])
    start: int = Field(description="Its start, in Unicode code points.")
    end: int = Field(description="Its end, exclusive.")
    share: float = Field(description="Its part of the value; negative if it counts against.")


class WordSharesOut(Shape):
    """A value as a sum over words: the words and the rest add up to the total."""

    words: list[WordShareOut]
    rest: float = Field(description="The part that belongs to no single word.")
    total: float

    @classmethod
    def of(cls, shares: kb.explanation.attribution.WordShares, text: str) -> Self:
        words = [
            WordShareOut.read(share, word=text[share.start : share.end]) for share in shares.words
        ]
        return cls.read(shares, words=words)


class CloseWordOut(Shape):
    """A word of a passage with a meaning similar to a word of the need."""

    start: int
    end: int
    need_word: str = Field(description="The word of the need.", examples=["hydroalcoolique"])
    closeness: float = Field(description="The similarity: 1 for the same meaning.", examples=[0.62])


class PhraseShareOut(NeedPhraseOut):
    """A phrase of the language model, with its share in a value."""

    share: float = Field(description="Its part of the value; negative if it counts against.")


class PassageExplanationOut(Shape):
    """A passage with the parts of its score: meaning, words and trades."""

    text: str
    lang: str
    part: str = Field(
        description="The part of the record that contains it.", examples=["description"]
    )
    source: SourceUrl
    score: Score
    cosine: float | None = Field(
        description="The cosine of need and passage, or null if only the words match."
    )
    dense: float = Field(description="That cosine, in standard deviations above a random trade.")
    lexical: float = Field(description="The value of the words of the need: BM25.")
    filing: float | None = Field(
        description="The overlap of the trades in which the two would be filed, 0 to 1; null where "
        "that is not known."
    )
    able: float | None = Field(
        description="The overlap of its trades with those that have the means for the need, 0 to "
        "1; null where that is not known."
    )
    marks: list[tuple[int, int]] = Field(
        description="The distinctive words: half-open spans of `text`."
    )
    matches: list[str] = Field(description="Words of the passage that are also in the need.")
    close: list[CloseWordOut]
    need_shares: WordSharesOut | None = Field(
        description="With `phrases`: `dense`, split over the words of the need; null "
        "if the encoder does not give words."
    )
    phrases: list[PhraseShareOut] = Field(
        description="The phrases of the language model; empty if there is none."
    )
    passage_shares: WordSharesOut | None = Field(
        description="`dense`, split over the words of `text`, or null."
    )

    @classmethod
    def of(cls, passage: kb.explanation.explanation.PassageExplanation, need: str) -> Self:
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
    need: PassageExplanationOut | None = Field(description="The need of the case.")
    closeness: float = Field(
        description="The closeness of that need: its `dense`, plus its `lexical` in proportion to "
        "the query's words that it contains."
    )
    relevance: float = Field(description="The similarity of the two needs, 0 to 1.")
    weight: float = Field(description="The weight of the actor's role, 0 to 1.")
    probability: float = Field(
        description="How likely the case makes the actor an answer, 0 to 1: `relevance` times "
        "`weight`, as far as the role allows. The value of a case in `score` is of this.",
        examples=[0.85],
    )

    @classmethod
    def of(
        cls, path: kb.explanation.explanation.CasePath, need: str, absolute_url: AbsoluteUrl
    ) -> Self:
        return cls.read(
            path,
            case=CaseReference.of(path.case, path.participation, absolute_url),
            need=path.need and PassageExplanationOut.of(path.need, need),
        )


class SimilarPathOut(Shape):
    """The path from a case through a precedent to an actor with a close trade."""

    precedent: PrecedentOut
    by: CasePathOut = Field(description="The path from the need to the precedent.")
    text: str = Field(description="The actor's passage closest to the precedent's trade.")
    likeness: float = Field(
        description="The likeness of the two trades, in standard deviations above chance."
    )
    weight: float = Field(description="The weight of this precedent, 0 to 1.")

    @classmethod
    def of(
        cls, path: kb.explanation.explanation.SimilarPath, need: str, absolute_url: AbsoluteUrl
    ) -> Self:
        by = CasePathOut.of(path.by, need, absolute_url)
        precedent = PrecedentOut.in_case(path.precedent, by.case, absolute_url)
        return cls.read(
            path, precedent=precedent, by=by.model_copy(update={"case": precedent.case})
        )


class ExplanationOut(Shape):
    """Why an actor has its rank in a search."""

    asked: AskedFor
    actor: ActorOut
    hit: ActorHitOut | None = Field(
        description="Its place among all candidates, with its evidence; null if the search leaves "
        "it out: by a filter, by a word, as a counterexample, or because it is closed."
    )
    score: list[CountedPart] = Field(description="The score as a sum; empty without a hit.")
    passages: list[PassageExplanationOut] = Field(
        description="Its best passages; the first counts."
    )
    cases: list[CasePathOut]
    similar: list[SimilarPathOut]
    probability: float | None = Field(
        description="How likely the hit is an answer, 0 to 1, by its score: its fit is measured by "
        "this. Null without a hit.",
        examples=[0.82],
    )
    ceiling: float = Field(
        description="The closeness of the closest of all trades to the need. The higher it is, the "
        "more a score has to be."
    )
    need: float = Field(
        description="How likely the query is a need at all, 0 to 1. Where this is low, a score has "
        "to be higher.",
        examples=[0.98],
    )
    constants: dict[str, dict[str, int | float | dict[str, int | float]]] = Field(
        description="Every constant of the ranking, by purpose and name."
    )

    @classmethod
    def of(
        cls, explanation: kb.explanation.explanation.Explanation, absolute_url: AbsoluteUrl
    ) -> Self:
        """`explanation` is of an actor."""
        need = explanation.asked.need
        hit = cast("kb.search.results.ActorHit | None", explanation.hit)
        return cls.read(
            explanation,
            asked=AskedFor.of(
                explanation.asked,
                explanation.filters,
                explanation.steering,
                explanation.wording,
                explanation.trades,
            ),
            actor=ActorOut.of(cast("kb.models.Actor", explanation.record), absolute_url),
            hit=hit and ActorHitOut.of(hit, explanation.filters, absolute_url),
            score=score_table(hit, explanation.weights) if hit else (),
            passages=[PassageExplanationOut.of(passage, need) for passage in explanation.passages],
            cases=[CasePathOut.of(path, need, absolute_url) for path in explanation.cases],
            similar=[SimilarPathOut.of(path, need, absolute_url) for path in explanation.similar],
            constants=asdict(explanation.weights),
        )
