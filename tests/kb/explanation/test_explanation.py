"""Why a record stands where it stands: figures that add up to those of the search."""

import math
from collections.abc import Callable
from dataclasses import replace

import pytest

from kb.encoder.encoder import Encoder, TextKind
from kb.errors import QueryError, UnknownRecord, WithdrawnRecord
from kb.explanation.explanation import Explanation, OwnPart, score_table
from kb.knowledge_base import KnowledgeBase
from kb.models import Kind, Participation
from kb.reference.roles import Role
from kb.search.boosts.precedents import Boost, mean_likeness
from kb.search.results import ActorHit, EvidenceKind, Filters
from kb.search.scorer import fuse
from kb.search.weights import DEFAULT_WEIGHTS
from tests.encoders import WordCountEncoder
from tests.kb.records import DISTILLER, GLOVER, POLISH, RECORDS, SANITISER, SANITISER_IN_ENGLISH

TOLERANCE = 1e-3
HALF_PRECISION = 3e-3
"""The words of a passage are read anew, and what was stored of it was rounded (relative)."""
"""Products of many rows and of one differ in the last digits, and a deviation is small here."""
GEL = "gel hydroalcoolique pour hôpital"


@pytest.fixture
def filled(base: KnowledgeBase) -> KnowledgeBase:
    base.put(RECORDS)
    return base


def hit_of(explanation: Explanation) -> ActorHit:
    assert isinstance(explanation.hit, ActorHit)
    return explanation.hit


def without_inferences(hit: ActorHit) -> ActorHit:
    stated = (one for one in hit.evidence if one.kind is not EvidenceKind.SIMILAR)
    return replace(hit, evidence=tuple(stated))


def assert_it_adds_up(explanation: Explanation, tolerance: float) -> None:
    """The parts that are explained are those that the search gave."""
    hit = hit_of(explanation)
    parts, best = hit.parts, explanation.passages[0]
    made_of = (best.dense, best.lexical)
    assert made_of == pytest.approx((parts.dense, parts.lexical), abs=TOLERANCE)
    assert (best.filing, best.able) == pytest.approx((parts.filing, parts.able), abs=TOLERANCE)
    assert sum(part.counted for part in score_table(hit, DEFAULT_WEIGHTS)) == pytest.approx(
        hit.score, abs=TOLERANCE
    )
    own = OwnPart.of(parts, DEFAULT_WEIGHTS)
    assert own.meaning + own.words + own.trade == pytest.approx(parts.own)
    assert own.means + own.examples == pytest.approx(parts.inferred)
    assert best.score == pytest.approx(parts.own + own.means, abs=TOLERANCE)
    for passage in explanation.passages:
        assert passage.score == pytest.approx(
            fuse(
                passage.dense,
                passage.lexical,
                math.nan if passage.filing is None else passage.filing,
                math.nan if passage.able is None else passage.able,
                DEFAULT_WEIGHTS.passages,
            )
        )
        if passage.cosine is not None:
            assert passage.query_shares
            assert passage.passage_shares
            assert passage.query_shares.total == pytest.approx(passage.dense, abs=tolerance)
            assert passage.passage_shares.total == pytest.approx(
                passage.dense, rel=HALF_PRECISION, abs=tolerance
            )
    fits = DEFAULT_WEIGHTS.fits
    if explanation.probability and explanation.cases:
        # A point of the score is as many log odds everywhere.
        difference = odds(explanation.probability) - odds(explanation.cases[0].probability)
        assert difference == pytest.approx(fits.slope * (hit.score - parts.case), abs=TOLERANCE)


def odds(probability: float) -> float:
    return math.log(probability / (1 - probability))


def test_what_is_explained_is_what_the_search_gave(filled: KnowledgeBase) -> None:
    for query in (GEL, "coudre des gants de cuir +fins -soie", "cirage", "alcool"):
        hits = filled.search(query, complete=True).hits
        assert hits
        for hit in hits:
            explanation = filled.explain(query, hit.actor.id)
            # All precedents are given, where a search shows the closest.
            assert without_inferences(hit_of(explanation)) == without_inferences(hit)
            assert explanation.record == hit.actor
            assert explanation.asked.typed == query
            assert_it_adds_up(explanation, TOLERANCE)
    assert explanation.weights == DEFAULT_WEIGHTS


def test_the_words_that_tell_are_named(filled: KnowledgeBase) -> None:
    explanation = filled.explain("coudre des gants de cuir", GLOVER.id)
    (passage,) = (one for one in explanation.passages if one.part == "description")
    text, need = passage.text, explanation.asked.need
    assert text == GLOVER.description
    assert passage.source == GLOVER.source_url
    matched = {text[start:end] for match in passage.matches for start, end in match.spans}
    assert matched == {"gants", "cuir"}
    assert passage.query_shares
    shares = {need[one.start : one.end]: one.share for one in passage.query_shares.words}
    assert list(shares) == ["coudre", "gants", "cuir"]
    assert min(shares["gants"], shares["cuir"]) > shares["coudre"] + 1
    assert {text[start:end] for start, end in passage.marks} >= {"gants", "cuir"}
    assert list(passage.marks) == sorted(set(passage.marks))


def test_a_case_is_a_path_from_the_query_to_the_actor(filled: KnowledgeBase) -> None:
    explanation = filled.explain(GEL, POLISH.id)
    (path,) = explanation.cases
    assert path.case == SANITISER
    assert path.participation == SANITISER.participants[0]
    assert path.need
    assert path.need.text == SANITISER.need
    assert path.relevance == pytest.approx(1, abs=1e-4)
    assert path.weight == 1.0
    supplier = filled.explain(GEL, DISTILLER.id).cases[0]
    assert supplier.probability == pytest.approx(supplier.weight * supplier.relevance)
    assert supplier.weight < 0.85, "what it brought is not what is asked"


def test_a_close_trade_is_a_path_by_way_of_a_precedent(filled: KnowledgeBase) -> None:
    twin = replace(POLISH, id="twin", name="Jumelle", siret="", description=POLISH.description[5:])
    filled.put([twin])
    explanation = filled.explain(GEL, twin.id)
    evidence, *_ = (one for one in hit_of(explanation).evidence if one.kind is EvidenceKind.SIMILAR)
    path, other = (path for path in explanation.similar if path.precedent.id)
    assert (other.precedent, other.by.case) == (DISTILLER, SANITISER)
    assert other.likeness < path.likeness
    assert path.precedent == evidence.precedent == POLISH
    assert path.by.case == SANITISER
    assert path.text == evidence.text == twin.description
    assert path.likeness > 0
    assert 0.85 < path.cosine < 1
    assert_what_is_inferred_adds_up(explanation)


def assert_what_is_inferred_adds_up(explanation: Explanation) -> None:
    """From the weight and the likeness of each precedent to what the search gave for it."""
    parts, weights = hit_of(explanation).parts, DEFAULT_WEIGHTS.precedents
    of_each = [path.weight for path in explanation.similar]
    likenesses = [path.likeness for path in explanation.similar]
    likeness = float(mean_likeness(of_each, likenesses, weights.sharpness))
    assert max(of_each) == pytest.approx(parts.example, rel=1e-3)
    assert likeness == pytest.approx(parts.likeness, rel=1e-3)
    assert parts.similar > 0
    assert parts.similar == pytest.approx(Boost(max(of_each), likeness).rise(weights), rel=1e-2)


def test_all_precedents_are_given_and_none_of_an_actor_with_a_case(filled: KnowledgeBase) -> None:
    twins = [replace(POLISH, id=f"t{i}", name=f"Jumelle {i}", siret="") for i in range(3)]
    parts = tuple(Participation(one.name, Role.PRODUCER, one.id) for one in twins)
    another = replace(POLISH, id="another", name="Autre", siret="")
    case = replace(SANITISER, participants=(*SANITISER.participants, *parts))
    filled.put([*twins, another, case])
    explanation = filled.explain(GEL, "another")
    assert {path.precedent.id for path in explanation.similar if path.precedent.id} == {
        POLISH.id,
        DISTILLER.id,
        *(one.id for one in twins),
    }
    assert_what_is_inferred_adds_up(explanation)
    of_twin = filled.explain(GEL, "t1")
    assert of_twin.cases
    assert of_twin.similar == ()
    assert hit_of(of_twin).parts.inferred == 0
    assert_it_adds_up(of_twin, TOLERANCE)


def test_who_is_left_out_has_no_hit_but_its_passages(filled: KnowledgeBase) -> None:
    filters = Filters(department="87")
    explanation = filled.explain(GEL, POLISH.id, filters=filters)
    assert explanation.hit is None
    assert explanation.filters == filters
    assert explanation.cases == ()
    assert explanation.passages[0].text == POLISH.description


def test_a_case_is_explained_by_its_passages(filled: KnowledgeBase) -> None:
    filled.put([SANITISER_IN_ENGLISH])
    explanation = filled.explain(GEL, SANITISER.id, kind=Kind.CASE)
    assert explanation.record == SANITISER
    assert explanation.hit == filled.search(GEL, complete=True).cases[0]
    assert explanation.passages[0].text == SANITISER.need
    assert len(explanation.passages) == 3
    # The encoder reads the title before the text: it is none of the passage's words.
    (passage,) = (passage for passage in explanation.passages if passage.part == "text")
    assert passage.passage_shares
    assert passage.passage_shares.total == pytest.approx(passage.dense, rel=HALF_PRECISION)
    first = passage.passage_shares.words[0]
    assert passage.text[first.start : first.end] == "mairie"


def test_an_encoder_that_shows_no_words_leaves_the_figures(
    open_base: Callable[..., KnowledgeBase],
) -> None:
    class Wordless(WordCountEncoder):
        def encode_words(self, text: str, kind: TextKind) -> None:  # type: ignore[override]
            return None

    base = open_base(Wordless())
    base.put(RECORDS)
    best = base.explain("gants de cuir", GLOVER.id).passages[0]
    assert best.cosine
    assert (best.query_shares, best.passage_shares, best.close) == (None, None, ())
    assert [match.stem for match in best.matches] == ["gant", "cuir"]


def test_what_cannot_be_explained(filled: KnowledgeBase) -> None:
    with pytest.raises(QueryError):
        filled.explain("?", POLISH.id)
    with pytest.raises(UnknownRecord):
        filled.explain(GEL, "nobody")
    filled.withdraw(Kind.ACTOR, POLISH.id, by="anna")
    with pytest.raises(WithdrawnRecord):
        filled.explain(GEL, POLISH.id)


@pytest.fixture
def real(open_base: Callable[..., KnowledgeBase], real_encoder: Encoder) -> KnowledgeBase:
    base = open_base(real_encoder)
    base.put(RECORDS)
    return base


@pytest.mark.slow
def test_figures_of_the_real_encoder_add_up(real: KnowledgeBase) -> None:
    for query in (GEL, "leather gloves", "coudre des gants +fins -soie"):
        for hit in real.search(query, complete=True).hits:
            # bfloat16: a cosine of a batch and one of a text alone differ by a few 1e-4, and a
            # deviation is a few hundredths.
            assert_it_adds_up(real.explain(query, hit.actor.id), 0.1)
