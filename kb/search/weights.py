"""The numbers of the ranking, all of them.

docs/ranking.md has the formulas. Where no source is named, a value was chosen on the *tune* splits
of the development sets (docs/evaluation.md) among the values given there.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from kb.reference.roles import ROLES, Role


@dataclass(frozen=True, slots=True)
class ExpansionWeights:
    """How a query is compared with all trades, and drawn to the closest (`kb.search.background`).

    Attributes:
        ceiling_trades: how many of the closest trades say how close a trade can be.
        trades: how many of the closest trades a query is drawn to.
        share: how far it is drawn to them; the query itself has 1.
        sharpness: how much more a trade counts that is a deviation closer, as the logarithm of a
            factor.
    """

    ceiling_trades: int = 3
    trades: int = 5
    share: float = 0.5
    sharpness: float = 1.5


@dataclass(frozen=True, slots=True)
class PassageWeights:
    """How passages are retrieved and scored (`kb.search.scorer`, `kb.search.fusion`).

    Attributes:
        lexical: worth of a point of BM25, in standard deviations of the cosine.
        overlap: worth of the logarithm of the overlap in trades.
        least_overlap: added to an overlap before its logarithm is taken.
        unknown_overlap: overlap of a passage that the encoder has not read, like a name: that of a
            fair answer.
        reciprocal_rank: k of Cormack, Clarke and Büttcher 2009, "Reciprocal rank fusion outperforms
            Condorcet and individual rank learning methods".
        dense_candidates: how many of the passages nearest to a query are scored.
        lexical_candidates: how many of the passages that match its words best are scored.
    """

    lexical: float = 0.3
    overlap: float = 5.0
    least_overlap: float = 0.1
    unknown_overlap: float = 0.3
    reciprocal_rank: int = 60
    dense_candidates: int = 400
    lexical_candidates: int = 400


@dataclass(frozen=True, slots=True)
class CaseWeights:
    """How cases are matched, and what they give their actors (`kb.search.boosts`).

    Attributes:
        gate_middle: closeness at which a need is as likely the same as another, as a share of the
            ceiling.
        gate_width: how fast that changes, as a share of the ceiling.
        least_relevance: below this relevance a case is not matched.
        second_ground: share of the weaker of an actor's two grounds, its words and its cases, that
            is added to the stronger.
        role_shares: share of a case's score that an actor gets, by its role
            (`kb.reference.roles.ROLES`).
    """

    gate_middle: float = 1.1
    gate_width: float = 0.05
    least_relevance: float = 0.1
    second_ground: float = 0.1
    role_shares: Mapping[Role, float] = field(
        default_factory=lambda: {role: of.endorsement_share for role, of in ROLES.items()}
    )


@dataclass(frozen=True, slots=True)
class PrecedentWeights:
    """How far actors in a close trade follow a precedent (`kb.search.boosts.precedents`).

    Attributes:
        count: how many precedents are followed at most.
        passages: how many of the passages nearest to a precedent are looked at.
        close: from this share of the precedent's ceiling on, a trade is close.
        most_closeness: closer than this is no closer: the same trade.
        half_way: support that draws an actor half of the way to the precedent's score.
        role_shares: how far an actor in this role is a precedent for making the thing
            (`kb.reference.roles.ROLES`).
    """

    count: int = 16
    passages: int = 100
    close: float = 0.72
    most_closeness: float = 3.0
    half_way: float = 2.0
    role_shares: Mapping[Role, float] = field(
        default_factory=lambda: {role: of.precedent_share for role, of in ROLES.items()}
    )


@dataclass(frozen=True, slots=True)
class NameWeights:
    """How a query is recognised as a name (`kb.search.boosts.name_search`).

    Attributes:
        exact: added to the score of an actor whose exact name or number the query is, so that
            nothing outranks it.
        near: added, times the likeness, for a name that is nearly the query.
        threshold: from this likeness on, a query is taken for the name.
        most_words: a query of more words tells a need.
        most_names: how many names a query is taken for at most.
        near_words: how many words of names are tried for a word of the query.
        actors: how many actors with these words are looked at.
        compared: how many names are compared in full.
        uses_counted: how many passages that use a word are counted.
        uses_read: how many of them are read, so that a name is found in a millisecond.
        least_part_chars: characters of the shorter part of two words written without a space.
        part_likeness: likeness of such a part to the word of a name.
        joined_words: in a query of more words, no two are joined.
        joined_likeness: likeness from which two joined words are a word of the name.
        least_added: what a word that is not in the name counts against it, however plain.
        least_added_to_slip: the same, beside a slip of the pen.
        sounds_alike: likeness of two words that are written differently and sound the same.
        slip_chars: characters from which a word may have a slip.
        two_slips_chars: characters from which it may have two.
        small_uses: so many passages that write a word small make it half as distinctive.
        other_uses: so many actors that use a word and are not called so, the same.
        rarity_doublings: so many doublings of the names that have a word make it half as rare.
        enough: what the words shared with a name must be worth, of the 1 of a word of its own.
        trade_names: a word of more names is the word of a trade, and is not looked up.
        missing_share: share of its likeness that a name loses by all that the query leaves out.
        whole_likeness: least likeness of a query and a name written without spaces.
        least_whole_chars: characters that a query compared so must have.
        least_initials: letters that initials must have.
        initials_likeness: likeness of a name to its initials.
        near_number: likeness of an actor whose SIREN or SIRET is a slip from the query.
        same_unit: likeness of another establishment of the SIREN asked for.
    """

    exact: float = 1000.0
    near: float = 100.0
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
    """From which score on a hit is which fit (`kb.search.fits`).

    Attributes:
        ceiling_share: share of the ceiling that is required of a fit.
        strong: least score of a strong fit above that share.
        possible: of a possible fit.
        weak: of a weak fit: the lowest bound at which nine in ten of the everyday queries that
            nothing answers stay silent.
        shown_strong: least relevance times role share of a case that makes a strong fit. Who
            bought, coordinated or allowed it is a lead to those who made it, and no more.
        shown_possible: of a case that makes a possible fit.
        shown_weak: of a case that makes a weak fit.
        inferred_possible: least closeness of a trade that makes a possible fit; from 1 on it is as
            close as the closest trades of all are.
        inferred_weak: of a trade that makes a weak fit.
    """

    ceiling_share: float = 0.4
    strong: float = 2.25
    possible: float = 1.0
    weak: float = -0.25
    shown_strong: float = 0.7
    shown_possible: float = 0.55
    shown_weak: float = 0.2
    inferred_possible: float = 1.5
    inferred_weak: float = 0.6


@dataclass(frozen=True, slots=True)
class SteeringWeights:
    """How far a person steers a query by hand (`kb.search.steering`).

    Attributes:
        wanted: how far it is drawn towards a word or an actor that is wanted.
        unwanted: how far it is drawn away from those that are unwanted.
    """

    wanted: float = 0.5
    unwanted: float = 0.3


@dataclass(frozen=True, slots=True)
class PartWeights:
    """Who is proposed for which part of a need (`kb.search.parts`).

    Attributes:
        relevance: from this relevance on, the parts that a case needed are parts of the need.
        hits: how many actors are given for a part.
        hits_who_did: how many of them at most for having taken it.
        passages: how many of the passages nearest to what a part asks are looked at.
        objects: how many of the things that suppliers brought are asked for.
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
    passages: PassageWeights = PassageWeights()
    cases: CaseWeights = CaseWeights()
    precedents: PrecedentWeights = PrecedentWeights()
    names: NameWeights = NameWeights()
    fits: FitWeights = FitWeights()
    steering: SteeringWeights = SteeringWeights()
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
