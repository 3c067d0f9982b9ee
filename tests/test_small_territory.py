"""A small territory, with the encoder that users get: what it must answer."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from ingest.pipeline import ingest
from kb.encoder.encoder import Encoder
from kb.explanation.explanation import score_table
from kb.knowledge_base import DATABASE_FILE, KnowledgeBase
from kb.models import Case, Kind, Participation
from kb.reference.roles import Flow, Part, Role
from kb.search.results import Absence, ActorHit, EvidenceKind, Filters, Fit
from kb.search.weights import DEFAULT_WEIGHTS
from kb.store.store import Store

CORPUS = Path(__file__).parent / "data" / "small-territory"
ANGOULEME = {"angouleme-solution-hydroalcoolique", "angouleme-sanitiser-en"}
DISTILLERS = {
    "distilleries-de-matha",
    "raisinor",
    "grey-goose",
    "merlet",
    "remy-martin",
    "remy-cointreau",
    "distillerie-du-centre",
}
COSMETICS_MAKERS = {
    "sublimo",
    "polymerexpert",
    "laboratoire-art-et-cos",
    "parfum-par-nature",
    "savonnerie-nature-et-limousin",
    "centre-7",
}

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def territory(
    real_encoder: Encoder, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[KnowledgeBase]:
    folder = tmp_path_factory.mktemp("territory")
    Store.open(folder / DATABASE_FILE, create=True).close()
    base = KnowledgeBase(folder, lambda: real_encoder)
    report = ingest(base, [CORPUS])
    assert report.failures == []
    assert report.remarks == []
    assert report.added == report.read > 80
    assert report.embedded == base.status().passages
    yield base
    base.close()


@pytest.mark.parametrize(
    "query", ["qui pourrait fabriquer du gel hydroalcoolique ?", "who could make sanitiser?"]
)
def test_who_could_make_sanitiser(territory: KnowledgeBase, query: str) -> None:
    hits = {hit.actor.id: hit for hit in territory.search(query, limit=10).hits}
    avel = hits["avel"]
    assert avel.fit is Fit.STRONG
    assert cases_of(avel) & ANGOULEME
    # Nobody is above it who is not known to have made it, or what it takes.
    assert all(cases_of(hit) for hit in hits.values() if hit.rank <= avel.rank)
    assert hits.keys() & DISTILLERS
    assert hits.keys() & COSMETICS_MAKERS


def cases_of(hit: ActorHit) -> set[str]:
    return {one.case.id for one in hit.evidence if one.kind is EvidenceKind.CASE and one.case}


def test_who_for_each_part_in_charente(territory: KnowledgeBase) -> None:
    for query in ("gel hydroalcoolique", "hand sanitiser"):
        found = territory.search(query, filters=Filters(department="16")).parts
        parts = {answer.part: {hit.actor.id for hit in answer.hits} for answer in found}
        assert "avel" in parts[Part.MAKER]
        assert parts[Part.INPUTS] & DISTILLERS
        assert "bouchages-delage" in parts[Part.CONTAINERS]
        assert parts[Part.PACKAGING] & {"papcart", "stylma-emballages", "mmp-packetis"}
        mentioned = " ".join(
            mention.participation.name.lower()
            for answer in found
            if answer.part is Part.VALIDATION
            for mention in answer.mentioned
        )
        assert "santé" in mentioned or "health" in mentioned
        assert all(hit.evidence for answer in found for hit in answer.hits)


def test_who_has_the_rare_word_is_worth_a_call(territory: KnowledgeBase) -> None:
    for query, first in (
        ("drêches", "waste-me-up"),
        ("que faire de nos drêches ?", "waste-me-up"),
        ("plasturgie", "hertus"),
    ):
        hits = {hit.actor.id: hit for hit in territory.search(query, limit=2).hits}
        assert hits[first].fit.is_worth_a_call, query


def test_nothing_without_the_quoted_words_is_listed(territory: KnowledgeBase) -> None:
    result = territory.search('gel "sans alcool"')
    assert (result.unsaid, result.nothing_fits) == (("sans alcool",), True)
    assert (result.hits, result.cases, result.parts) == ((), (), ())
    said = territory.search('gel "alcool"', limit=79)
    assert said.hits
    for hit in said.hits:
        texts = [hit.actor.name, hit.actor.description, *hit.actor.facts.values()]
        texts += [one.case.text for one in hit.evidence if one.case]
        assert "alcool" in " ".join(texts).lower(), hit.actor.id


def test_an_organisation_that_is_not_here_has_no_fit_by_chance(
    territory: KnowledgeBase,
) -> None:
    for query, absent in (
        ("552100554", Absence.NUMBER),
        ("552 100 554 00013", Absence.NUMBER),
        ("Saint-Gobain", Absence.NAME),
        ("SARL Dupont Frères", Absence.NAME),
        ("ESAT", None),
        ("CNC", None),
    ):
        result = territory.search(query)
        assert result.absent is absent, query
        assert result.nothing_fits
        assert not result.parts
        if absent is Absence.NUMBER:
            assert result.hits == ()


def test_what_nothing_answers_is_answered_so(territory: KnowledgeBase) -> None:
    for query in ("réparer un piano", "a dentist", "cours de natation", "satellite launch"):
        assert territory.search(query).total == 0, query


def test_every_name_is_found_first(territory: KnowledgeBase) -> None:
    for actor in territory.actors():
        assert territory.search(actor.name, limit=1).hits[0].actor == actor


def test_ingesting_again_embeds_nothing(territory: KnowledgeBase) -> None:
    report = ingest(territory, [CORPUS])
    assert (report.embedded, report.added, report.changed) == (0, 0, 0)


def test_every_case_is_an_article_with_its_people(territory: KnowledgeBase) -> None:
    known = territory.ids(Kind.ACTOR)
    for case in territory.cases():
        assert 150 <= len(case.text.split()) <= 400, case.id
        assert case.author == "Qui sait faire ?"
        assert case.date
        assert case.themes
        assert case.need
        assert case.source_url
        named = {part.actor_id for part in case.participants if part.actor_id}
        assert named
        assert named <= known


SAUCE = Case(
    "sauce",
    "Une sauce tomate avec les invendus du marché",
    "Un texte.",
    need="Trouver qui pourrait faire une sauce tomate",
    participants=(
        Participation("Une conserverie", Role.PRODUCER, contribution="a cuit la sauce tomate"),
        Participation(
            "Verallia", Role.SUPPLIER, "verallia-cognac", "a fourni des bocaux pour la sauce"
        ),
        Participation("Mairie d'Angoulême", Role.BUYER, "mairie-angouleme", "a acheté la sauce"),
    ),
)


def fits(base: KnowledgeBase, query: str) -> dict[str, Fit]:
    return {hit.actor.id: hit.fit for hit in base.search(query, limit=100).hits}


def test_who_supplied_jars_is_strong_for_jars_and_not_for_sauce(
    real_encoder: Encoder, tmp_path: Path, territory: KnowledgeBase
) -> None:
    copy = tmp_path / DATABASE_FILE
    with sqlite3.connect(territory.folder / DATABASE_FILE) as source:
        source.execute("vacuum into ?", [str(copy)])
    with closing(KnowledgeBase(tmp_path, lambda: real_encoder)) as base:
        base.put([SAUCE])
        for query in ("qui pourrait faire une sauce tomate ?", "make a tomato sauce"):
            of_sauce = fits(base, query)
            assert of_sauce["verallia-cognac"] in {Fit.POSSIBLE, Fit.WEAK}
            assert Fit.STRONG not in of_sauce.values()
            parts = {
                answer.part: {hit.actor.id: hit.fit for hit in answer.hits}
                for answer in base.search(query).parts
            }
            assert parts[Part.CONTAINERS]["verallia-cognac"] is Fit.STRONG
        assert fits(base, "des bocaux en verre")["verallia-cognac"].is_worth_a_call


def test_who_gives_a_by_product_away_is_no_outlet_for_it(territory: KnowledgeBase) -> None:
    for query, giver, taker in (
        ("qui peut reprendre nos déchets de bois ?", "jls-production", "ca-cartonne-energie"),
        ("get rid of wood waste", "jls-production", "ca-cartonne-energie"),
        ("que faire de sacs de toile vides ?", "cafes-merling", "atelier-du-vegetal"),
        ("se débarrasser de marc de café", "cafes-merling", "atelier-du-vegetal"),
        ("we have surplus gypsum", "asnaes-power-station", "gyproc"),
    ):
        result = territory.search(query, limit=100)
        assert result.asked.flow is Flow.OFFERS, query
        hits = {hit.actor.id: hit for hit in result.hits}
        assert hits[taker].rank == 1, query
        assert hits[taker].fit.is_worth_a_call
        assert giver not in hits or hits[giver].fit in {Fit.WEAK, Fit.NONE}
        for hit in result.hits:
            table = score_table(hit, DEFAULT_WEIGHTS)
            assert sum(part.counted for part in table) == pytest.approx(hit.score)
        assert giver not in {hit.actor.id for answer in result.parts for hit in answer.hits}


def test_who_gives_a_by_product_away_is_found_by_who_looks_for_it(
    territory: KnowledgeBase,
) -> None:
    assert fits(territory, "cherche du marc de café")["cafes-merling"] is Fit.STRONG
    assert fits(territory, "je cherche des déchets de bois")["jls-production"] is Fit.STRONG


def test_it_is_never_sure_where_nothing_is_needed(territory: KnowledgeBase) -> None:
    for text, is_silent in (
        ("what is the meaning of life", True),
        ("how does hand sanitiser work", True),
        ("who should I vote for", True),
        ("pourquoi bâille-t-on", True),
        ("how old is Dolly Parton", True),
        ("le sens de la vie", False),
        ("recette de confiture de fraises", False),
        ("history of soap making", False),
        ("météo à Angoulême demain", False),
        ("my neighbour's fence is broken, is he liable", False),
        ("quel est le cours de l'action d'un fabricant de pneus", False),
        ("je cherche un emploi de caviste", False),
    ):
        result = territory.search(text, limit=100)
        assert result.need < 0.5, text
        assert Fit.STRONG not in {hit.fit for hit in result.hits}, text
        assert not is_silent or result.total == 0, text


def test_a_need_is_taken_for_one(territory: KnowledgeBase) -> None:
    for need in (
        *("gants", "bougies", "découpe laser", "boutelles en verre", "nursing bras"),
        *("que faire de nos drêches ?", "somebody to sew 500 tote bags"),
        *("presse de 400 tonnes", "vitres de comptoir anti-postillons"),
    ):
        assert territory.search(need).need > 0.4, need


CRATES = """\
Bonjour à tous,
J'espère que la rentrée s'est bien passée. Notre musée prête douze statues cet automne et le
conservateur est inquiet.
Nous cherchons un atelier qui fabrique des caisses en bois sur mesure. Le prêt dure six mois.
Merci et bonne journée,
Anne Exemple
05 00 00 00 00
"""


def test_an_e_mail_is_searched_whole(territory: KnowledgeBase) -> None:
    result = territory.search(CRATES)
    assert result.asked.need == result.asked.text == " ".join(CRATES.split())
    assert [part.text for part in result.asked.reading.parts] == ["douze statues"]
