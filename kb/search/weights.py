"""The numbers of the ranking; docs/ranking.md has the formulas.

*learnt* and *measured* on *tune* splits (learnt.md), *judged* by hand, or *cost*: they limit work.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from kb.language_model import PhraseKind

LEARNT_FILE = Path(__file__).parent / "learnt.tsv"  # by tests/training/ranking.py: learnt.md


def _learnt() -> Mapping[str, float]:
    rows = (line.split("\t") for line in LEARNT_FILE.read_text(encoding="utf-8").splitlines()[1:])
    return MappingProxyType({name: float(value) for name, value in rows})


LEARNT = _learnt()


@dataclass(frozen=True, slots=True)
class FilingWeights:
    """Where a text is filed by a trade index (`kb.trade_index`): measured."""

    nearest: int = 60  # count of the phrases nearest to a text that vote for its trades
    temperature: float = 0.02  # difference of the cosine that makes a phrase weigh e times less
    words: float = 0.5  # share of votes by phrases with rare words, if all are rare
    votes: float = 2.0  # weight of the logarithm of the votes for a trade
    floor: float = 0.003  # added to a share of the votes before its logarithm is taken
    closeness: float = 1.0  # weight of the standardised cosine of a trade
    drawn: float = 0.5  # weight in an embedding of trades with its rare words, if all are rare


@dataclass(frozen=True, slots=True)
class PassageWeights:
    """The score of a passage (`kb.search.scorer`): learnt; the candidates are cost."""

    dense: float = LEARNT["passages.dense"]  # worth of a standard deviation of the cosine
    lexical: float = LEARNT["passages.lexical"]  # worth of a point of BM25
    filing: float = LEARNT["passages.filing"]  # worth of a full overlap in filing
    unknown_filing: float = 0.2  # overlap that neither adds nor takes, where filing is unknown
    able: float = LEARNT["passages.able"]  # worth of a full overlap with trades that have the means
    dense_candidates: int = 400  # count of the passages nearest to a query that are scored
    lexical_candidates: int = 400  # count of the passages with its words that are scored


@dataclass(frozen=True, slots=True)
class CaseWeights:
    """Matches of cases, and scores of their actors: measured; from `aside` on, judged."""

    lexical: float = 0.3  # worth of a point of BM25 in a need, in deviations
    gate_middle: float = 1.2  # share of the ceiling at which a need is as likely the same
    gate_width: float = 0.1  # how fast that changes, as a share of the ceiling
    least_relevance: float = 0.2  # below this relevance a case is not matched
    second_ground: float = 0.1  # share of the weaker of two grounds, words and cases, that is added
    aside: float = 0.4  # share of an outlet's share for a part that speaks of something else
    sharing: float = 0.85  # share for who coordinated such a case, where the query wants to share
    asked_words: float = 0.6  # least share of the words asked for in what is taken for the thing
    contribution: float = 0.15  # log of the credit lost by a deviation from the nearest of a case
    least_contribution: float = 0.6  # least credit


@dataclass(frozen=True, slots=True)
class PrecedentWeights:
    """Boosts of actors in a trade close to a precedent's: measured; two counts are cost."""

    count: int = 16  # most precedents that are followed
    passages: int = 100  # count of the passages nearest to a precedent that are compared with all
    strength: float = LEARNT["precedents.strength"]  # rise of the score by a deviation of likeness
    sharpness: float = 1.0  # how much more the closest of several precedents count


@dataclass(frozen=True, slots=True)
class NameWeights:
    """Recognition of a query as a name: judged, checked on *tune*; counts are cost."""

    exact: float = 1000.0  # added for an exact name or number: nothing outranks it
    near: float = 100.0  # added, times the likeness, for a name that is nearly the query
    below_exact: float = 0.99  # greatest likeness of a name that the query is not
    threshold: float = 0.7  # least likeness of a name that the query is taken for
    most_words: int = 8  # most words of a query that may be a name; a longer query is a need
    most_names: int = 10  # most names that a query is taken for
    near_words: int = 8  # count of words of names tried for a word of the query
    actors: int = 1000  # count of actors with these words that are considered
    compared: int = 10  # count of names compared in full
    uses_counted: int = 24  # count of passages with a word that are counted
    uses_read: int = 8  # count of these that are read, so that a name is found in a millisecond
    least_part_chars: int = 3  # characters of the shorter part of two words written without a space
    part_likeness: float = 0.6  # likeness of such a part to the word of a name
    least_beginning_chars: int = 5  # characters of a beginning of the word of a name
    beginning_likeness: float = 0.95  # likeness of such a beginning to the word
    joined_words: int = 4  # most words of a query in which two are joined
    joined_likeness: float = 0.85  # likeness above which two joined words are a word of the name
    least_added: float = 0.25  # least worth against a name of a word that is not in it
    least_added_to_slip: float = 0.5  # the same, beside a slip of the pen
    sounds_alike: float = 0.97  # likeness of two words that sound the same
    slip_chars: int = 4  # least characters of a word that may have a slip
    two_slips_chars: int = 8  # least characters of a word that may have two
    small_uses: float = 0.5  # uses in small letters that make a word half as distinctive
    other_uses: float = 2.0  # other actors that use a word that make it half as distinctive
    rarity_doublings: float = 7.0  # doublings of names with a word that make it half as rare
    enough: float = 0.6  # least worth of the words shared with a name; a word of its own has 1
    trade_names: int = 16  # most names with a word that is looked up; of more, it is a trade's
    missing_share: float = 0.25  # share of its likeness that a name not covered loses
    whole_likeness: float = 0.8  # least likeness of a query and a name written without spaces
    least_whole_chars: int = 4  # least characters of a query compared so
    least_initials: int = 3  # least letters of initials
    initials_likeness: float = 0.9  # likeness of a name to its initials
    near_number: float = 0.9  # likeness of an actor whose SIREN or SIRET is a slip from the query
    same_unit: float = 0.95  # likeness of another establishment of the SIREN asked for


@dataclass(frozen=True, slots=True)
class FitWeights:
    """The probability that a hit is right, and the least of each fit: learnt (docs/ranking.md)."""

    slope: float = LEARNT["fits.slope"]  # log odds of a point of the score
    ceiling: float = LEARNT["fits.ceiling"]  # log odds that a deviation of the ceiling takes
    need: float = LEARNT["fits.need"]  # log odds of one of the log odds that the query is a need
    intercept: float = LEARNT["fits.intercept"]  # log odds at zero
    strong: float = 0.85  # least probability of a strong fit
    possible: float = 0.5  # of a possible fit
    weak: float = 0.2  # of a weak fit


@dataclass(frozen=True, slots=True)
class SteeringWeights:
    """Strength of steering by hand (`kb.search.steering`): judged."""

    wanted: float = 0.5  # weight of an embedding added for a wanted word or actor
    unwanted: float = 0.3  # weight of an embedding subtracted for an unwanted word or actor
    thing: float = 0.5  # weight of a thing without its purpose, added to the need


@dataclass(frozen=True, slots=True)
class WordingWeights:
    """Use of a language model's phrases: measured with phrases written by hand for *tune*."""

    share: float = 0.3  # weight of the mean of phrases, each by `kind_shares`; the need has 1
    kind_shares: Mapping[PhraseKind, float] = field(
        default_factory=lambda: {
            PhraseKind.TRADE: 1.0,
            PhraseKind.MATERIAL: 0.25,
            PhraseKind.GESTURE: 0.25,
        }
    )


@dataclass(frozen=True, slots=True)
class PartWeights:
    """Actors proposed for each part of a need (`kb.search.parts`): judged; `passages` is cost."""

    relevance: float = 0.55  # least relevance of a case whose parts are parts of the need
    hits: int = 6  # most actors given for a part
    hits_who_did: int = 4  # most actors given for having taken the part in a case
    passages: int = 60  # count of the passages nearest to a query for a part that are read
    objects: int = 3  # count of the things that suppliers brought that are searched for


@dataclass(frozen=True, slots=True)
class RankingWeights:
    """Every number that a ranking is made with."""

    filing: FilingWeights = FilingWeights()
    passages: PassageWeights = PassageWeights()
    cases: CaseWeights = CaseWeights()
    precedents: PrecedentWeights = PrecedentWeights()
    fits: FitWeights = FitWeights()
    steering: SteeringWeights = SteeringWeights()
    wording: WordingWeights = WordingWeights()
    parts: PartWeights = PartWeights()

    def with_value(self, name: str, value: float) -> "RankingWeights":
        """Weights in which `name`, as `passages.lexical`, is `value`; raises `ValueError`."""
        found: RankingWeights = _with_value(self, name.split("."), value)
        return found


def _with_value(weights: Any, path: list[str], value: float) -> Any:
    name, *rest = path
    known = weights
    if not isinstance(weights, Mapping):
        known = {weight.name: getattr(weights, weight.name) for weight in fields(weights)}
    found = known.get(name)
    if found is None or bool(rest) == isinstance(found, int | float):
        raise ValueError(f"there is no weight {name!r} among {', '.join(known)}")
    if isinstance(found, int) and value != int(value):
        raise ValueError(f"{name} counts things: {value} is not a whole number")
    changed = _with_value(found, rest, value) if rest else type(found)(value)
    if isinstance(weights, Mapping):
        return {**weights, name: changed}
    return replace(weights, **{name: changed})


DEFAULT_WEIGHTS = RankingWeights()
NAMES = NameWeights()  # how names are recognised: no part of the ranking of needs
