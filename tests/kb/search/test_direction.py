"""Who is right for a need by the part that it took in a case, and by which way things went."""

from dataclasses import replace

from kb.models import Case, Kind, Participation
from kb.reference.roles import Role
from kb.search.boosts.endorsements import Endorsement, endorse, leading
from kb.search.candidates import Candidate, Measure
from kb.search.fits import FitScale
from kb.search.query import parse
from kb.search.results import Fit, MatchedCase
from kb.search.scorer import ScoredPassage
from kb.search.trades.background import NullDistribution
from kb.search.weights import DEFAULT_WEIGHTS
from kb.store.passages import Passage

SAUCE = Case(
    "sauce",
    "De la sauce tomate au village",
    "Un texte.",
    need="Faire une sauce tomate avec les invendus du marché",
    participants=(
        Participation("Conserverie", Role.PRODUCER, "cannery", "a cuit la sauce tomate"),
        Participation("Verrerie", Role.SUPPLIER, "glassworks", "a fourni des bocaux pour la sauce"),
        Participation("Mairie", Role.BUYER, "townhall", "a acheté la sauce tomate"),
        Participation("Labo", Role.LABORATORY, "lab", "a contrôlé la stérilisation"),
    ),
)
OYSTERS = Case(
    "oysters",
    "Des coquilles pour le carrelage",
    "Un texte.",
    need="Se débarrasser de coquilles d'huîtres",
    participants=(
        Participation("Écailler", Role.SUPPLIER, "oysterman", "a cédé des coquilles d'huîtres"),
        Participation("Carreleur", Role.PRODUCER, "tiler", "a fait des coquilles un carrelage"),
        Participation("Ville", Role.BUYER, "town", "a pris des coquilles d'huîtres broyées"),
        Participation("Club", Role.NETWORK, "club", "a réuni les ostréiculteurs"),
    ),
)
NULL = NullDistribution({"fr": 0.0, "en": 0.0}, {"fr": 1.0, "en": 1.0}, 5.0)
SCALE = FitScale(NULL, DEFAULT_WEIGHTS.fits)
SURE = SCALE.least(Fit.STRONG) + 1
"""A score that makes words strong, if they may be."""


def endorsed(query: str, case: Case, relevance: float = 1.0) -> dict[str, list[Endorsement]]:
    return endorse([MatchedCase(case, 8.0, relevance)], parse(query), DEFAULT_WEIGHTS.cases)


def passage(text: str, score: float = SURE) -> ScoredPassage:
    of_actor = Passage(1, Kind.ACTOR, "a", "description", "fr", text)
    return ScoredPassage(of_actor, score, 0.0, None, None, score)


def found(
    query: str, *passages: ScoredPassage, endorsements: list[Endorsement] | None = None
) -> Candidate:
    measure = Measure(SCALE, DEFAULT_WEIGHTS, parse(query))
    return Candidate("a", measure, passages, endorsements or ())


def fits(query: str, case: Case) -> dict[str, Fit]:
    return {
        id_: found(query, endorsements=of_actor).fit
        for id_, of_actor in endorsed(query, case).items()
    }


def test_only_who_made_a_thing_is_strong_for_it() -> None:
    assert fits("faire une sauce tomate", SAUCE) == {
        "cannery": Fit.STRONG,
        "glassworks": Fit.POSSIBLE,
        "townhall": Fit.WEAK,
        "lab": Fit.POSSIBLE,
    }


def test_who_brought_what_is_asked_for_may_be_strong_for_that() -> None:
    for query in ["bocaux", "des bocaux pour du miel", "qui fournit des bocaux ?"]:
        (given,) = endorsed(query, SAUCE)["glassworks"]
        assert given.best_fit is Fit.STRONG


def test_who_gave_a_thing_up_is_no_outlet_for_it() -> None:
    for query in ["que faire de nos coquilles d'huîtres ?", "get rid of shells"]:
        of_query = fits(query, OYSTERS)
        assert of_query["tiler"] is Fit.STRONG
        assert of_query["oysterman"] is not Fit.POSSIBLE
        assert of_query["oysterman"] is not Fit.STRONG
        given = endorsed(query, OYSTERS)
        assert given["oysterman"][0].gives
        assert given["oysterman"][0].probability < min(
            given[taker][0].probability for taker in ("tiler", "town", "club")
        )
        assert leading(given).keys() == given.keys() - {"oysterman"}


def test_a_giver_ranks_below_a_taker_whatever_its_own_words() -> None:
    query = "que faire de nos coquilles d'huîtres ?"
    given = endorsed(query, OYSTERS)
    own = passage("Il ouvre des huîtres et vend leurs coquilles.")
    giver = found(query, own, endorsements=given["oysterman"])
    taker = found(query, passage("Il pose du carrelage.", 0.0), endorsements=given["tiler"])
    assert taker.score > giver.score
    assert giver.fit is Fit.WEAK
    assert giver.parts.limit < 0 == taker.parts.limit


def test_of_a_case_of_several_exchanges_only_the_one_asked_about_counts() -> None:
    sawdust = Participation("Scierie", Role.SUPPLIER, "tiler", "a cédé de la sciure")
    steam = Participation("Serre", Role.PRODUCER, "greenhouse", "a utilisé de la vapeur")
    case = replace(OYSTERS, participants=(*OYSTERS.participants, sawdust, steam))
    of_query = fits("que faire de coquilles d'huîtres ?", case)
    # It gave up something else, and took the shells.
    assert of_query["tiler"] is Fit.STRONG
    assert of_query["greenhouse"] is Fit.WEAK


def test_a_description_is_strong_for_who_offers_only_if_it_says_that_it_takes() -> None:
    cases: list[tuple[str, Fit]] = [
        ("Il collecte et broie des coquilles d'huîtres.", Fit.STRONG),
        ("Il vend des huîtres et leurs coquilles.", Fit.POSSIBLE),
        ("Il ouvre des huîtres et cède leurs coquilles.", Fit.WEAK),
    ]  # fmt: skip
    for text, fit in cases:
        assert found("que faire de nos coquilles d'huîtres ?", passage(text)).fit is fit
        assert found("coquilles d'huîtres", passage(text)).fit is Fit.STRONG
