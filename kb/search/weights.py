"""The numbers of the ranking, all of them.

docs/ranking.md has the formulas. Each group of numbers names the source of its values:

- *measured*: chosen on the *tune* splits of the development sets (docs/ranking-tried.md has what
  else was tried);
- *judged*: set by hand from examples, and checked by tests, not by a comparison of values;
- *cost*: a limit on the work of a search, not a choice about its results.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from kb.language_model.wording import PhraseKind
from kb.reference.roles import ROLES, Role


@dataclass(frozen=True, slots=True)
class ExpansionWeights:
    """Comparison of a query with all trades, and its move to the closest.

    `kb.search.trades.background` uses them. Source: measured.

    Attributes:
        ceiling_trades: count of the closest trades whose mean closeness is the ceiling.
        trades: count of the closest trades that a query is moved towards.
        share: weight of these trades; the query itself has 1.
        sharpness: logarithm of the factor by which a trade a deviation closer weighs more.
    """

    ceiling_trades: int = 3
    trades: int = 5
    share: float = 0.3
    sharpness: float = 1.5


@dataclass(frozen=True, slots=True)
class FilingWeights:
    """Where a text would be filed, by a trade index (`kb.trade_index`).

    Source: measured; `nearest` also limits the cost.

    Attributes:
        nearest: count of the phrases nearest to a text that vote for its trades.
        temperature: difference of the cosine that makes a phrase weigh e times less.
        words: share of the phrases with a query's rare words in the votes, if all are rare.
        votes: weight of the logarithm of the votes for a trade.
        floor: added to a share of the votes before its logarithm is taken.
        closeness: weight of the standardised cosine of a trade.
    """

    nearest: int = 60
    temperature: float = 0.02
    words: float = 0.5
    votes: float = 3.0
    floor: float = 0.003
    closeness: float = 2.0


@dataclass(frozen=True, slots=True)
class PassageWeights:
    """Retrieval and scores of passages (`kb.search.scorer`, `kb.search.fusion`).

    Source: measured; the counts of candidates are cost.

    Attributes:
        lexical: worth of a point of BM25, in standard deviations of the cosine.
        overlap: worth of the logarithm of the overlap in trades.
        least_overlap: added to an overlap before its logarithm is taken.
        unknown_overlap: overlap of a passage that the encoder has not read, like a name: that of a
            fair answer.
        filing: worth of the overlap in filing.
        unknown_filing: overlap in filing that neither adds nor takes: it counts where there is no
            trade index, or the encoder has not read the passage.
        apart: loss of a service where a thing is asked for, and of a thing where a service is.
        dense_candidates: count of the passages nearest to a query that are scored.
        lexical_candidates: count of the passages with its words that are scored.
    """

    lexical: float = 0.3
    overlap: float = 5.0
    least_overlap: float = 0.1
    unknown_overlap: float = 0.3
    filing: float = 5.0
    unknown_filing: float = 0.2
    apart: float = 1.0
    dense_candidates: int = 400
    lexical_candidates: int = 400


@dataclass(frozen=True, slots=True)
class RareWordWeights:
    """Words of a query that few texts have (`kb.search.literal.rare_words`).

    Source: measured.

    Attributes:
        points: what a passage with all the words of a need, each as rare as can be, gets, in points
            of BM25.
        share_power: power of the share of the need that these words have, by which it counts.
        fit_share: share of the need above which rare words make a fit; at or below it they only
            raise the rank.
        sure_points: points from which rare words that are all that is asked for are a possible fit.
        rare_power: a word is as rare as can be up to this power of the count of all records and
            trades.
        common_power: a word is common from this power of that count on.
    """

    points: float = 12.0
    share_power: float = 2.0
    fit_share: float = 0.5
    sure_points: float = 3.0
    rare_power: float = 0.2
    common_power: float = 0.5


@dataclass(frozen=True, slots=True)
class CaseWeights:
    """Matches of cases, and the scores of their actors (`kb.search.boosts`).

    Source: measured; the role shares, and all that follows them, are judged.

    Attributes:
        gate_middle: closeness at which a need is as likely the same as another, as a share of the
            ceiling.
        gate_width: how fast that changes, as a share of the ceiling.
        least_relevance: below this relevance a case is not matched.
        second_ground: share of the weaker of an actor's two grounds, its words and its cases, that
            is added to the stronger.
        role_shares: share of a case's score that an actor gets, by its role
            (`kb.reference.roles.ROLES`).
        outlet_shares: the same, where the query offers what the case shows given up.
        aside: share of these shares for a part in such a case that speaks of something else.
        given_up: share of its score that an actor loses if it gives up itself what the query
            offers.
        sharing: share for who coordinated such a case, where the query wants to share.
        asked_words: least share of the words asked for, in what an actor brought in, that makes
            this the thing asked for.
    """

    gate_middle: float = 1.1
    gate_width: float = 0.05
    least_relevance: float = 0.1
    second_ground: float = 0.1
    role_shares: Mapping[Role, float] = field(
        default_factory=lambda: {role: of.endorsement_share for role, of in ROLES.items()}
    )
    outlet_shares: Mapping[Role, float] = field(
        default_factory=lambda: {role: of.outlet_share for role, of in ROLES.items()}
    )
    aside: float = 0.4
    given_up: float = 0.75
    sharing: float = 0.85
    asked_words: float = 0.6


@dataclass(frozen=True, slots=True)
class PrecedentWeights:
    """Boosts of actors in a trade close to a precedent's (`kb.search.boosts.precedents`).

    Source: measured; the role shares are judged, `count` and `passages` are cost.

    Attributes:
        count: most precedents that are followed.
        passages: count of the passages nearest to a precedent that are compared with all.
        strength: rise of the score by a deviation of likeness.
        sharpness: how much more the closest of several precedents count.
        least_likeness: likeness from which an actor rises, in deviations.
        half_trust: weight of all precedents together by which half of the rise is trusted.
        filing: worth of the logarithm of the overlap in filing, in deviations of likeness.
        least_filing: added to that overlap before its logarithm is taken.
        unknown_filing: overlap that neither adds nor takes.
        close: least closeness of a close trade for a fit, as a share of the precedent's ceiling.
        role_shares: strength of an actor in this role as a precedent for making the thing
            (`kb.reference.roles.ROLES`).
    """

    count: int = 16
    passages: int = 100
    strength: float = 5.0
    sharpness: float = 1.0
    least_likeness: float = 1.0
    half_trust: float = 0.75
    filing: float = 0.75
    least_filing: float = 0.02
    unknown_filing: float = 0.2
    close: float = 0.72
    role_shares: Mapping[Role, float] = field(
        default_factory=lambda: {role: of.precedent_share for role, of in ROLES.items()}
    )


@dataclass(frozen=True, slots=True)
class NameWeights:
    """Recognition of a query as a name (`kb.search.boosts.name_search`).

    Source: judged, and checked on the known items of *tune*; `near_words`, `actors`, `compared`,
    `uses_counted`, `uses_read` and `trade_names` are cost.

    Attributes:
        exact: added to the score of an actor whose exact name or number the query is, so that
            nothing outranks it.
        near: added, times the likeness, for a name that is nearly the query.
        below_exact: greatest likeness of a name whose words the query has, but that it is not.
        threshold: least likeness of a name that the query is taken for.
        most_words: most words of a query that may be a name; a longer query is a need.
        most_names: most names that a query is taken for.
        near_words: count of words of names tried for a word of the query.
        actors: count of actors with these words that are considered.
        compared: count of names compared in full.
        uses_counted: count of passages with a word that are counted.
        uses_read: count of these that are read, so that a name is found in a millisecond.
        least_part_chars: characters of the shorter part of two words written without a space.
        part_likeness: likeness of such a part to the word of a name.
        joined_words: most words of a query in which two are joined.
        joined_likeness: likeness above which two joined words are a word of the name.
        least_added: least worth against a name of a word that is not in it.
        least_added_to_slip: the same, beside a slip of the pen.
        sounds_alike: likeness of two words that are written differently and sound the same.
        slip_chars: least characters of a word that may have a slip.
        two_slips_chars: least characters of a word that may have two.
        small_uses: count of passages with a word in small letters that makes it half as
            distinctive.
        other_uses: count of other actors that use a word, without it in their names, that makes it
            half as distinctive.
        rarity_doublings: doublings of the count of names with a word that make it half as rare.
        enough: least worth of the words shared with a name; a word of its own has 1.
        trade_names: most names with a word that is looked up; a word of more is that of a trade.
        missing_share: share of its likeness that a name loses if the query has none of its worth.
        whole_likeness: least likeness of a query and a name written without spaces.
        least_whole_chars: least characters of a query compared so.
        least_initials: least letters of initials.
        initials_likeness: likeness of a name to its initials.
        near_number: likeness of an actor whose SIREN or SIRET is a slip from the query.
        same_unit: likeness of another establishment of the SIREN asked for.
    """

    exact: float = 1000.0
    near: float = 100.0
    below_exact: float = 0.99
    threshold: float = 0.7
    most_words: int = 8
    most_names: int = 10
    near_words: int = 8
    actors: int = 1000
    compared: int = 10
    uses_counted: int = 24
    uses_read: int = 8
    least_part_chars: int = 3
    part_likeness: float = 0.6
    joined_words: int = 4
    joined_likeness: float = 0.85
    least_added: float = 0.25
    least_added_to_slip: float = 0.5
    sounds_alike: float = 0.97
    slip_chars: int = 4
    two_slips_chars: int = 8
    small_uses: float = 0.5
    other_uses: float = 2.0
    rarity_doublings: float = 7.0
    enough: float = 0.6
    trade_names: int = 16
    missing_share: float = 0.25
    whole_likeness: float = 0.8
    least_whole_chars: int = 4
    least_initials: int = 3
    initials_likeness: float = 0.9
    near_number: float = 0.9
    same_unit: float = 0.95


@dataclass(frozen=True, slots=True)
class FitWeights:
    """Least scores of each fit (`kb.search.fits`).

    Source: measured; docs/ranking-figures.md has how many hits of each fit are right.

    Attributes:
        strong_odds: least log odds of a need for a strong fit: half of `NeedWeights.bound`, judged.
        ceiling_share: share of the ceiling that is required of a fit.
        strong: least score of a strong fit above that share.
        possible: of a possible fit.
        weak: of a weak fit.
        shown_strong: least relevance times role share of a case that makes a strong fit: the actor
            that bought, coordinated or permitted the thing is only a lead to its makers.
        shown_possible: of a case that makes a possible fit.
        shown_weak: of a case that makes a weak fit.
        inferred_possible: least closeness of a trade that makes a possible fit; from 1 on it is as
            close as the closest trades of all are.
        inferred_weak: of a trade that makes a weak fit.
    """

    strong_odds: float = -0.75
    ceiling_share: float = 0.4
    strong: float = 3.0
    possible: float = 1.5
    weak: float = 0.0
    shown_strong: float = 0.8
    shown_possible: float = 0.55
    shown_weak: float = 0.2
    inferred_possible: float = 1.5
    inferred_weak: float = 0.6


@dataclass(frozen=True, slots=True)
class NeedWeights:
    """Whether a query is a need at all (`kb.search.need.probe`).

    Source: measured, on texts whose kind the probe had not seen.

    Attributes:
        bound: log odds of a need below which a fit requires more.
        slope: what it requires more for each log odd below, in the units of a score.
        penalty: of the squared slopes of the probe.
        word_scale: weight of a word beside the embedding.
        least_texts: count of training texts with a word, so that it is known.
    """

    bound: float = -1.5
    slope: float = 6.0
    penalty: float = 0.05
    word_scale: float = 10.0
    least_texts: int = 3


@dataclass(frozen=True, slots=True)
class LetterWeights:
    """The sentences of a long text that ask for something (`kb.search.need.letters`).

    Source: judged, on letters written for it; `sentences_read` is cost.

    Attributes:
        most_words: most words of a text that is a need as it is.
        least_sentences: sentences of a text of half as many words that is reduced, too.
        most_sentences: most sentences that are the need.
        near_best: how far below the best of them another may score.
        asking: worth of words that ask ("nous cherchons"), in log odds.
        most_odds: greatest worth of the probe.
        place: what the last sentence loses against the first.
        sentences_read: count of the sentences that are scored.
    """

    most_words: int = 25
    least_sentences: int = 3
    most_sentences: int = 3
    near_best: float = 1.5
    asking: float = 8.0
    most_odds: float = 4.0
    place: float = 0.5
    sentences_read: int = 60


@dataclass(frozen=True, slots=True)
class SteeringWeights:
    """Strength of steering by hand (`kb.search.steering`).

    Source: judged.

    Attributes:
        wanted: weight of an embedding added for a wanted word or actor.
        unwanted: weight of an embedding subtracted for an unwanted word or actor.
        thing: weight of the embedding of a thing without its purpose, added to that of the need.
    """

    wanted: float = 0.5
    unwanted: float = 0.3
    thing: float = 0.5


@dataclass(frozen=True, slots=True)
class WordingWeights:
    """Use of the phrases of a language model, if one is set (`kb.search.steering`).

    Source: measured with phrases that were written by hand for the queries of *tune*, in the place
    of a model's. A larger share gains more from good phrases, and loses as much by wrong ones.

    Attributes:
        share: weight of the mean embedding of the phrases; the need itself has 1.
        kind_shares: weight of a phrase in that mean, by its kind.
    """

    share: float = 0.3
    kind_shares: Mapping[PhraseKind, float] = field(
        default_factory=lambda: {
            PhraseKind.TRADE: 1.0,
            PhraseKind.MATERIAL: 0.25,
            PhraseKind.GESTURE: 0.25,
        }
    )


@dataclass(frozen=True, slots=True)
class PartWeights:
    """Actors proposed for each part of a need (`kb.search.parts`).

    Source: judged; `passages` is cost.

    Attributes:
        relevance: least relevance of a case whose parts are parts of the need.
        hits: most actors given for a part.
        hits_who_did: most actors given for having taken the part in a case.
        passages: count of the passages nearest to a query for a part that are read.
        objects: count of the things that suppliers brought that are searched for.
    """

    relevance: float = 0.55
    hits: int = 6
    hits_who_did: int = 4
    passages: int = 60
    objects: int = 3


@dataclass(frozen=True, slots=True)
class RankingWeights:
    """Every number that a ranking is made with."""

    expansion: ExpansionWeights = ExpansionWeights()
    filing: FilingWeights = FilingWeights()
    passages: PassageWeights = PassageWeights()
    rare_words: RareWordWeights = RareWordWeights()
    cases: CaseWeights = CaseWeights()
    precedents: PrecedentWeights = PrecedentWeights()
    names: NameWeights = NameWeights()
    fits: FitWeights = FitWeights()
    need: NeedWeights = NeedWeights()
    letters: LetterWeights = LetterWeights()
    steering: SteeringWeights = SteeringWeights()
    wording: WordingWeights = WordingWeights()
    parts: PartWeights = PartWeights()

    def with_value(self, name: str, value: float) -> "RankingWeights":
        """Weights in which the number called `name` is `value`.

        Args:
            name: such as `passages.lexical`, or `cases.role_shares.buyer`.
            value: a whole number where the weight counts things.

        Raises:
            ValueError: there is no such number, or it has to be whole.
        """
        found: RankingWeights = _with_value(self, name.split("."), value)
        return found


def _with_value(weights: Any, path: list[str], value: float) -> Any:
    name, *rest = path
    known = weights if isinstance(weights, Mapping) else {}
    if not isinstance(weights, Mapping | int | float):
        known = {weight.name: getattr(weights, weight.name) for weight in fields(weights)}
    if name not in known or bool(rest) == isinstance(known[name], int | float):
        raise ValueError(f"there is no weight {name!r} among {', '.join(known)}")
    changed: Any = value
    if rest:
        changed = _with_value(known[name], rest, value)
    elif isinstance(known[name], int):
        if value != int(value):
            raise ValueError(f"{name} counts things: {value} is not a whole number")
        changed = int(value)
    if isinstance(weights, Mapping):
        return {**weights, name: changed}
    return replace(weights, **{name: changed})


DEFAULT_WEIGHTS = RankingWeights()
