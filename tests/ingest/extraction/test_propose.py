"""Participations and needs of texts: a way of writing them in each test."""

import time
from pathlib import Path

import pytest

from ingest.articles.article import Article
from ingest.extraction.gazetteer import KnownActors
from ingest.extraction.propose import propose
from ingest.extraction.reader import encoded
from kb.models import Actor
from kb.reference.roles import Role
from kb.registers.drafts import FILLED_IN, Proposals
from tests.article_evaluation.comparison import evaluate_articles
from tests.article_evaluation.labels import demonstration_actors, finder

TUNE = Path(__file__).parents[2] / "data" / "articles" / "tune"

KNOWN = KnownActors(
    [
        Actor(id="avel", name="Avel (Saphir)", place="Magnac-Lavalette", department="16"),
        Actor(id="mairie", name="Mairie d'Angoulême", place="Angoulême", department="16"),
        Actor(id="hopital", name="Centre Hospitalier d'Angoulême", place="Angoulême"),
        Actor(id="merlet", name="Merlet"),
        Actor(id="orange", name="Orange"),
        Actor(id="poste", name="La Poste"),
        Actor(id="dupont-16", name="Dupont", place="Cognac", department="16"),
        Actor(id="dupont-87", name="Dupont", place="Limoges", department="87"),
    ]
)


def proposals(text: str, title: str = "", lang: str = "") -> Proposals:
    return propose(Article(title=title, text=text, lang=lang), KNOWN)


def roles_in(text: str, title: str = "") -> set[tuple[str, str]]:
    """What the draft of a text would hold, each as a name and a role."""
    return {
        (proposal.participation.name, str(proposal.participation.role))
        for proposal in proposals(text, title).participations
        if proposal.confidence >= FILLED_IN
    }


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # Producers
        ("Avel a fabriqué du gel.", {("Avel (Saphir)", "producer")}),
        ("Du gel a été produit par Avel en mars.", {("Avel (Saphir)", "producer")}),
        ("Avel s'est mise au gel.", {("Avel (Saphir)", "producer")}),
        ("La société Plastor SAS a moulé des visières.", {("Plastor SAS", "producer")}),
        ("Bray Textiles Ltd sewed masks.", {("Bray Textiles Ltd", "producer")}),
        ("Masks were sewn by Bray Textiles Ltd.", {("Bray Textiles Ltd", "producer")}),
        ("Les masques que fabrique Avel sont doublés.", {("Avel (Saphir)", "producer")}),
        ("C'est Avel qui a préparé le gel.", {("Avel (Saphir)", "producer")}),
        # An apostrophe inside a name
        ("Techno'bois a fabriqué des palettes.", {("Techno'bois", "producer")}),
        ("R'Voile a fabriqué des sacs.", {("R'Voile", "producer")}),
        # Suppliers
        ("Merlet a fourni l'alcool.", {("Merlet", "supplier")}),
        ("L'alcool vient de Merlet.", {("Merlet", "supplier")}),
        ("L'alcool est venu de Merlet.", {("Merlet", "supplier")}),
        ("Des distillateurs voisins ont livré l'alcool.", {("Distillateurs voisins", "supplier")}),
        ("A local brewer gave its spent grain away.", {("Local brewer", "supplier")}),
        # Buyers
        ("Le CHU de Limoges a commandé des masques.", {("CHU de Limoges", "buyer")}),
        ("Les blouses ont été achetées par la ville de Niort.", {("Ville de Niort", "buyer")}),
        ("Leeds City Council bought the first batch.", {("Leeds City Council", "buyer")}),
        # Others
        ("Des transporteurs ont acheminé le gel.", {("Transporteurs", "carrier")}),
        ("Baird Haulage drove the bottles to the wards.", {("Baird Haulage", "carrier")}),
        ("L'ARS a validé la formule.", {("ARS", "authority")}),
        ("La préfecture a accordé une dérogation.", {("Préfecture", "authority")}),
        ("The Environment Agency approved the transfer.", {("Environment Agency", "authority")}),
        ("La CCI Charente a mis les uns et les autres en relation.",
         {("CCI Charente", "facilitator")}),
    ],
)  # fmt: skip
def test_roles_are_told_by_what_is_done(text: str, expected: set[tuple[str, str]]) -> None:
    assert roles_in(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "Le journal Sud Ouest a raconté l'histoire.",
        "Nicolas Prentout a fabriqué des masques.",
        "Jean Merlet a fabriqué des masques.",
        "M. Merlet, directeur, a fabriqué des masques.",
        "Une orange a été coupée, puis la poste a fermé.",
        "Rien n'est acheté. Reste le prix.",
    ],
)
def test_who_is_no_organisation_that_did_something_is_not_proposed(text: str) -> None:
    assert roles_in(text) == set()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Avel fabrique du cirage. L'entreprise a produit du gel.", "Avel (Saphir)"),
        ("Avel, fabricant de cirage, a produit du gel.", "Avel (Saphir)"),
        ("Un fabricant de cirage, Avel, a produit du gel.", "Avel (Saphir)"),
    ],
)
def test_one_participant_under_many_names_is_one(text: str, expected: str) -> None:
    producers = {name for name, role in roles_in(text) if role == "producer"}
    assert producers == {expected}


@pytest.mark.parametrize(
    "text",
    [
        "Avel a produit du gel. Merlet n'a rien à voir avec ce gel.",
        "Avel a produit du gel. Nous n'avons pas encore appelé Merlet pour le gel.",
        "Avel a produit du gel. Merlet vend du gel ailleurs. C'est une autre histoire.",
        "Avel a produit du gel. Sources : Merlet, le journal.",
    ],
)
def test_who_is_only_compared_takes_no_part(text: str) -> None:
    assert {name for name, _ in roles_in(text)} == {"Avel (Saphir)"}


def test_a_proposal_carries_its_sentence_and_what_was_done() -> None:
    text = "Rien à dire ici. En mars, Merlet a fourni l'alcool, et c'est tout."
    (proposal,) = proposals(text).participations
    assert proposal.sentence == "En mars, Merlet a fourni l'alcool, et c'est tout."
    assert proposal.participation.contribution == "a fourni l'alcool"
    assert proposal.participation.actor_id == "merlet"
    assert proposal.origin == "rules"
    assert 0.5 < proposal.confidence < 1


@pytest.mark.parametrize(
    ("title", "text", "expected"),
    [
        ("", "Face au besoin de masques en tissu, Avel a cousu.", "masques en tissu"),
        ("", "Les visières étaient introuvables.", "visières"),
        ("", "L'hôpital cherchait des surblouses lavables.", "surblouses lavables"),
        ("", "Tous manquaient du même produit : la solution hydroalcoolique.",
         "solution hydroalcoolique"),
        ("", "The hospital ran short of hand sanitiser.", "hand sanitiser"),
        ("", "They needed plastic visors.", "plastic visors"),
        ("", "Que faire des chutes de PVC ?", "chutes de PVC"),
        ("Des masques pour Niort", "Avel a cousu des masques.", "masques"),
    ],
)  # fmt: skip
def test_the_need_is_a_phrase_of_the_text(title: str, text: str, expected: str) -> None:
    (need,) = proposals(text, title).fields
    # Beside the first phrase may stand a second.
    first = need.value.split(" : ")[0]
    assert (need.field, first, need.origin) == ("need", expected, "rules")
    assert first in need.sentence


@pytest.mark.parametrize("text", ["", " ", "…", "Bonjour.", "# Titre", "a" * 5_000, "( ( ["])
def test_a_text_that_tells_nothing_gives_nothing(text: str) -> None:
    assert proposals(text).participations == ()


@pytest.mark.thorough
@pytest.mark.parametrize(
    "piece", ["a", "de ", "Avel et ", "(", "Besoin de ", "Mairie d'", "ne que qui ", "[a](b) "]
)
def test_the_cost_of_hostile_text_grows_linearly(piece: str) -> None:
    def cost(characters: int) -> float:
        start = time.process_time()
        proposals(piece * (characters // len(piece)))
        return time.process_time() - start

    # Five times the text takes five times as long; quadratic reading takes 25 times as long.
    assert cost(100_000) < 15 * cost(20_000) + 1


def test_sentences_and_names_of_proposals_are_in_the_text() -> None:
    for path in sorted(TUNE.glob("*.txt")):
        text = path.read_bytes().decode("utf-8", errors="replace")
        plain = " ".join(text.split())
        for proposal in propose(Article(title="", text=text), KNOWN).participations:
            assert proposal.sentence.split(" ")[-1] in plain
            assert 0 < proposal.confidence <= 1
            assert isinstance(proposal.participation.role, Role)


def test_labelled_articles_are_read_well() -> None:
    scores = evaluate_articles(TUNE, finder(demonstration_actors()))
    wanted = {"participants filled in": 0.75, "roles": 0.84, "roles filled in": 0.64, "need": 0.86}
    reached = {name: scores.fields[name].f1 or 0 for name in wanted}
    assert {name for name in wanted if reached[name] < wanted[name]} == set()


def test_nine_in_ten_of_what_is_said_surely_are_right() -> None:
    scores = evaluate_articles(TUNE, finder(demonstration_actors()))
    sure = [band for band in scores.bands if band.start >= 0.6]
    proposals = sum(band.proposals for band in sure)
    assert proposals >= 15
    assert sum(band.right for band in sure) / proposals >= 0.9


def test_no_need_is_read_in_a_language_that_nothing_was_learnt_of() -> None:
    text = (
        "Das Krankenhaus brauchte Desinfektionsmittel. Die Firma Müller GmbH liefert den Alkohol, "
        "und die Brennerei Schmidt füllt ihn in Flaschen ab."
    )
    read = propose(Article("Alkohol für das Krankenhaus", text, lang="de-DE"), KNOWN)
    assert read.fields == ()


def test_articles_are_read_by_the_engine_that_is_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    for chosen in ("auto", "torch", "openvino"):
        monkeypatch.setenv("QUISAIT_ENGINE", chosen)
        assert encoded._settings().engine == chosen
