"""The shapes of explanations in the JSON API: what a score is made of, word by word."""

from dataclasses import asdict
from typing import cast

from pydantic import Field

import kb.explanation.attribution
import kb.explanation.explanation
import kb.models
import kb.search.results
from kb.explanation.score_table import score_table
from web.api.schemas import (
    Actor,
    ActorHit,
    ActorReference,
    AskedFor,
    CaseReference,
    Score,
    Shape,
    SourceUrl,
)
from web.http.urls import AbsoluteUrl, web_link


class CountedPart(Shape):
    """A part of a score, and with which share of itself it counts."""

    name: str = Field(
        description="`own`: its own words. `case`: a case in which it took part. `similar`: "
        "inferred from those who did. `name`: the query is its name, or nearly.",
        examples=["case"],
    )
    value: float = Field(examples=[7.88])
    share: float = Field(description="From 0 to 1.", examples=[1.0])
    counted: float = Field(
        description="Value times share; these add up to the score.", examples=[7.88]
    )


class WordShare(Shape):
    """What a word has in a figure."""

    word: str = Field(examples=["hydroalcoolique"])
    start: int = Field(description="Where it begins, in Unicode code points.")
    end: int = Field(description="Where it ends, not included.")
    share: float = Field(description="Its part of the figure; below 0 if it speaks against.")


class WordShares(Shape):
    """How a figure is made up of words; they and the rest add up to the total."""

    words: list[WordShare]
    rest: float = Field(description="What no single word has a part in.")
    total: float

    @classmethod
    def of(cls, shares: kb.explanation.attribution.WordShares, text: str) -> "WordShares":
        return cls(
            words=[
                WordShare(
                    word=text[one.start : one.end], start=one.start, end=one.end, share=one.share
                )
                for one in shares.words
            ],
            rest=shares.rest,
            total=shares.total,
        )


class CloseWord(Shape):
    """A word of a passage that means like one of the need."""

    start: int
    end: int
    need_word: str = Field(description="The word of the need.", examples=["hydroalcoolique"])
    closeness: float = Field(description="1 for the same.", examples=[0.62])


class TradeShare(Shape):
    """What a trade that the need points to has in a figure."""

    code: str = Field(description="Its activity code.", examples=["20.42Z"])
    fr: str = Field(description="What is done in it, in French.")
    en: str = Field(description="The same in English.")
    weight: float = Field(description="How far the need points to it, of the 1 of all.")
    share: float = Field(description="Its part of the figure.")


class PassageExplanation(Shape):
    """A passage and what its score is made of: its meaning, its words, and its trades."""

    text: str
    lang: str
    part: str = Field(description="Which part of the record it is of.", examples=["description"])
    source: SourceUrl
    score: Score
    cosine: float | None = Field(
        description="Of need and passage, or null where it was found by its words alone."
    )
    dense: float = Field(description="That cosine, in deviations above a chance trade.")
    lexical: float = Field(description="BM25 of the words of the need.")
    overlap: float = Field(description="How far it is of the trades that are aimed at, 0 to 1.")
    marks: list[tuple[int, int]] = Field(
        description="Distinctive words: half-open spans of `text`."
    )
    matches: list[str] = Field(description="Words of the passage that stand in the need.")
    close: list[CloseWord]
    need_shares: WordShares | None = Field(
        description="With `trades`, `dense` in words of the need; null where the encoder does not "
        "show its words."
    )
    trades: list[TradeShare]
    passage_shares: WordShares | None = Field(description="`dense`, in words of `text`; or null.")

    @classmethod
    def of(
        cls, passage: kb.explanation.explanation.PassageExplanation, need: str
    ) -> "PassageExplanation":
        return cls(
            text=passage.text,
            lang=passage.lang,
            part=passage.part,
            source=web_link(passage.source),
            score=passage.score,
            cosine=passage.cosine,
            dense=passage.dense,
            lexical=passage.lexical,
            overlap=passage.overlap,
            marks=list(passage.marks),
            matches=[passage.text[slice(*match.spans[0])] for match in passage.matches],
            close=[
                CloseWord(
                    start=word.start,
                    end=word.end,
                    need_word=need[word.other_start : word.other_end],
                    closeness=word.closeness,
                )
                for word in passage.close
            ],
            need_shares=WordShares.of(passage.query_shares, need) if passage.query_shares else None,
            trades=[TradeShare(**asdict(trade)) for trade in passage.trades],
            passage_shares=WordShares.of(passage.passage_shares, passage.text)
            if passage.passage_shares
            else None,
        )


class CasePath(Shape):
    """From the need to an actor by way of a case."""

    case: CaseReference
    need: PassageExplanation | None = Field(description="The need of the case.")
    closeness: float = Field(
        description="How close that need is: its `dense`, and its `lexical` as far as it says the "
        "words of the query."
    )
    relevance: float = Field(description="How far that is the need asked for, 0 to 1.")
    weight: float = Field(description="The share of the role that the actor had, 0 to 1.")
    given: float = Field(
        description="What the case gives: `closeness` times `relevance` times `weight`.",
        examples=[7.88],
    )

    @classmethod
    def of(
        cls, path: kb.explanation.explanation.CasePath, need: str, absolute_url: AbsoluteUrl
    ) -> "CasePath":
        return cls(
            case=CaseReference.of(path.case, path.participation, absolute_url),
            need=PassageExplanation.of(path.need, need) if path.need else None,
            closeness=path.closeness,
            relevance=path.relevance,
            weight=path.weight,
            given=path.given,
        )


class SimilarPath(Shape):
    """From a case to an actor by way of a precedent, whose trade is close to the actor's."""

    precedent: ActorReference
    by: CasePath = Field(description="From the need to the precedent.")
    text: str = Field(description="The actor's passage that is closest to the precedent's trade.")
    dense: float = Field(description="How close, in deviations above a chance trade.")
    ceiling: float = Field(
        description="How close the closest of all trades are to the precedent's."
    )
    support: float = Field(description="What this precedent is worth.")
    target: float = Field(description="The score that it draws the actor towards.")

    @classmethod
    def of(
        cls, path: kb.explanation.explanation.SimilarPath, need: str, absolute_url: AbsoluteUrl
    ) -> "SimilarPath":
        return cls(
            precedent=ActorReference.of(path.precedent, absolute_url),
            by=CasePath.of(path.by, need, absolute_url),
            text=path.text,
            dense=path.dense,
            ceiling=path.ceiling,
            support=path.support,
            target=path.target,
        )


class Explanation(Shape):
    """Why an actor stands where it stands in a search."""

    asked: AskedFor
    actor: Actor
    hit: ActorHit | None = Field(
        description="Its place among all candidates, with its evidence; null where the search "
        "leaves it out: by a filter, by a word, as a counterexample, or because it is closed."
    )
    score: list[CountedPart] = Field(description="The score as a sum; empty without a hit.")
    passages: list[PassageExplanation] = Field(description="Its best; the first counts.")
    cases: list[CasePath]
    similar: list[SimilarPath]
    ceiling: float = Field(
        description="How close the closest of all trades are to the need: fits are measured from "
        "a share of it."
    )
    constants: dict[str, dict[str, int | float | dict[str, int | float]]] = Field(
        description="Every number that the ranking is made with, by what it is for and its name."
    )

    @classmethod
    def of(
        cls, explanation: kb.explanation.explanation.Explanation, absolute_url: AbsoluteUrl
    ) -> "Explanation":
        """`explanation` is of an actor."""
        need = explanation.asked.need
        hit = cast("kb.search.results.ActorHit | None", explanation.hit)
        return cls(
            asked=AskedFor.of(explanation.asked, explanation.steering),
            actor=Actor.of(cast("kb.models.Actor", explanation.record), absolute_url),
            hit=ActorHit.of(hit, absolute_url) if hit else None,
            score=[
                CountedPart(name=one.name, value=one.value, share=one.share, counted=one.counted)
                for one in (score_table(hit, explanation.weights) if hit else ())
            ],
            passages=[PassageExplanation.of(one, need) for one in explanation.passages],
            cases=[CasePath.of(one, need, absolute_url) for one in explanation.cases],
            similar=[SimilarPath.of(one, need, absolute_url) for one in explanation.similar],
            ceiling=explanation.ceiling,
            constants=asdict(explanation.weights),
        )
