"""Participations and needs of texts: a way of writing them in each test."""

import re
import time
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest

from ingest.articles.article import Article
from ingest.extraction.gazetteer import KnownActors
from ingest.extraction.propose import propose
from ingest.extraction.reader import encoded
from ingest.extraction.reader import participants as gathering
from ingest.extraction.reader.encoded import learnt_roles
from ingest.extraction.reader.marked import MOST_CHARS, marked, role_odds
from ingest.extraction.reader.participants import MOST, bare, participants
from kb.models import Actor
from kb.reference.roles import Role
from kb.registers.drafts import FILLED_IN, Proposals
from tests.article_evaluation.comparison import evaluate_articles
from tests.article_evaluation.labels import finder, territory_actors

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
        Actor(
            id="arche-grand-fief",
            name="ESAT L'Arche à Cognac – Les Ateliers du Grand Fief",
            place="Châteaubernard",
        ),
        Actor(id="arche-sapins", name="ESAT L'Arche Les Sapins", place="Lignières-Sonneville"),
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
        if proposal.presence >= FILLED_IN
    }


FRENCH = """\
En mars 2020, l'hôpital d'Angoulême manquait de gel hydroalcoolique. Avel, fabricant de cirage à \
Magnac-Lavalette, a adapté une ligne et fabriqué 15 000 litres de gel en trois semaines. La maison \
Merlet a fourni l'alcool. Des transporteurs bénévoles ont livré les bidons. L'ARS a validé le gel.

« On n'avait jamais fait ça », raconte Nicolas Prentout, qui dirige l'atelier."""
ENGLISH = """\
Every week Hollow Tree Brewery in Leeds had two tonnes of spent grain to get rid of. Since May, \
Marston Farm has collected it and feeds it to its pigs. Leeds City Council put the two in touch. \
Baird Haulage drives the trailer on Fridays."""


def test_who_took_part_is_filled_in_with_its_role() -> None:
    french = roles_in(FRENCH, "Du cirage au gel pour l'hôpital")
    assert french >= {("Avel (Saphir)", "producer"), ("Merlet", "supplier")}
    assert not {name for name, _ in french} & {"Nicolas Prentout", "Angoulême", "Magnac-Lavalette"}
    english = roles_in(ENGLISH, "Spent grain from a Leeds brewery feeds pigs")
    assert {"Hollow Tree Brewery", "Marston Farm"} <= {name for name, _ in english}
    assert not {name for name, _ in english} & {"Leeds", "May", "Fridays"}


@pytest.mark.parametrize(
    "text",
    [
        "Petite entreprise de Jarnac, Métallerie Furet a soudé les cadres gratuitement.",
        "Un imprimeur a donné son papier. Métallerie Furet a soudé les cadres pour l'école.",
        "Les services techniques ont posé les bacs. Métallerie Furet a soudé les cadres.",
    ],
)
def test_who_has_no_name_is_suggested_and_not_filled_in(text: str) -> None:
    assert {name for name, _ in roles_in(text)} == {"Métallerie Furet"}
    assert all(each.participation.name != "Les" for each in proposals(text).participations)


def test_one_participant_under_many_names_is_one() -> None:
    text = f"{FRENCH}\n\nLe fabricant de cirage Avel a repris son métier. La société Avel aussi."
    producers = [name for name, role in roles_in(text) if role == "producer"]
    assert producers == ["Avel (Saphir)"]


@pytest.mark.parametrize(
    ("text", "name", "told"),
    [
        (
            "L'ESAT Les Chênes à Cognac a cousu 40 bacs.",
            "ESAT Les Chênes",
            "a cousu 40 bacs",
        ),
        (
            "Les draps ont été donnés par l'hôtel Le Rivage.",
            "Hôtel Le Rivage",
            "Les draps ont été donnés par l'hôtel Le Rivage.",
        ),
        (
            "Nous avions une machine de la coopérative Orval. Cet établissement a dix employés.",
            "Coopérative Orval",
            "Nous avions une machine de la coopérative Orval.",
        ),
        (
            "The oak came from Brightwell Joinery, and the school built the benches.",
            "Brightwell Joinery",
            "The oak came from Brightwell Joinery, and the school built the benches.",
        ),
    ],
)
def test_what_was_done_is_a_clause_of_the_name_or_its_sentence(
    text: str, name: str, told: str
) -> None:
    found = [each.participation for each in proposals(text).participations]
    assert {each.contribution for each in found if each.name.endswith(name)} == {told}


@pytest.mark.parametrize(
    ("text", "actor_id"),
    [
        ("En mars 2026, l'ESAT L'Arche à Cognac a récupéré des couvertures.", "arche-grand-fief"),
        ("L'ESAT L'Arche, à Cognac, a cousu les bacs.", "arche-grand-fief"),
        ("L'ESAT L'Arche a cousu les bacs.", ""),
        ("La menuiserie Dupont, à Cognac, a cloué les caisses.", "dupont-16"),
        ("La menuiserie Dupont a cloué les caisses.", ""),
    ],
)
def test_the_town_beside_a_name_says_which_organisation_it_is(text: str, actor_id: str) -> None:
    assert {each.participation.actor_id for each in proposals(text).participations} == {actor_id}


def test_a_proposal_carries_its_sentence_and_what_was_done() -> None:
    found = proposals(FRENCH, "Du cirage au gel pour l'hôpital").participations
    [merlet] = [each for each in found if each.participation.actor_id == "merlet"]
    assert merlet.sentence == "La maison Merlet a fourni l'alcool."
    assert merlet.participation.contribution == "a fourni l'alcool"
    assert merlet.origin == "reader"
    assert [each.origin for each in proposals(FRENCH).fields] == ["reader", "rules"]
    assert 0 < merlet.confidence < 1


@pytest.mark.parametrize(
    ("title", "text", "expected"),
    [
        ("Du cirage au gel pour l'hôpital", FRENCH, "gel"),
        ("Spent grain from a Leeds brewery feeds pigs", ENGLISH, "spent grain"),
    ],
)
def test_the_need_is_a_phrase_of_the_text(title: str, text: str, expected: str) -> None:
    need = next(field for field in proposals(text, title).fields if field.field == "need")
    assert expected in need.value.casefold()
    assert need.value.split(", ")[0].casefold() in need.sentence.casefold()


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


def test_the_sentence_of_a_proposal_has_the_name() -> None:
    text = f"Avelines SA a livré des noix. {FRENCH}"
    found = propose(Article(title="", text=text), KnownActors([])).participations
    assert {"Avel", "Maison Merlet"} & {each.participation.name for each in found}
    for proposal in found:
        name, sentence = proposal.participation.name, proposal.sentence
        assert re.search(rf"(?<!\w){re.escape(name)}(?!\w)", sentence, re.IGNORECASE), name
        assert isinstance(proposal.participation.role, Role)


def test_names_keep_what_is_of_them() -> None:
    kept = ["La Poste", "L'Oréal", "D'Aucy", "Vitamine C", "The North Face"]
    assert [bare(name) for name in kept] == kept
    assert bare("l'entreprise Olive et") == "entreprise Olive"
    assert bare("Une blanchisserie,") == "blanchisserie"


@pytest.mark.parametrize(
    ("title", "verb"),
    [
        ("Des couvertures de déménagement deviennent des bacs de plantation", "deviennent"),
        ("Les drêches de brasserie nourrissent les porcs", "nourrissent"),
        ("Spent grain feeds the pigs of the farm", "feeds"),
    ],
)
def test_a_need_is_no_half_of_a_clause(title: str, verb: str) -> None:
    found = proposals(f"{title}. L'atelier Textilia s'en est chargé.", title).fields
    [need] = [each for each in found if each.field == "need"]
    assert verb not in need.value
    assert need.sentence == title


def test_a_need_that_the_text_does_not_speak_of_is_less_sure() -> None:
    title = "Du gel hydroalcoolique pour l'hôpital"
    told, untold = (
        next(each.confidence for each in proposals(text, title).fields if each.field == "need")
        for text in (f"{FRENCH}", "L'assemblée du club se tient jeudi à Cognac, salle des fêtes.")
    )
    assert told >= 0.85 > untold


def test_labelled_articles_are_read_well() -> None:
    scores = evaluate_articles(TUNE, finder(territory_actors()))
    wanted = {"participants filled in": 0.75, "roles filled in": 0.55, "need": 0.86}
    reached = {name: scores.fields[name].f1 or 0 for name in wanted}
    assert {name for name in wanted if reached[name] < wanted[name]} == set()


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


def test_a_marked_passage_has_the_title_and_the_sentences_that_name_an_organisation() -> None:
    text = "Un titre\nA vient. Alba donne du bois. B part. C rit. D dort. E lit. Alba gagne."
    spans = [(match.start(), match.end()) for match in re.finditer("Alba", text)]
    assert marked(text, spans) == (
        "Un titre A vient.  @ Alba #  donne du bois. B part. E lit.  @ Alba #  gagne."
    )
    assert marked("M. J. Roy & Fils a fini.", [(0, 16)]) == " @ M. J. Roy & Fils #  a fini."
    assert marked("@alba #bois : Alba va.", [(14, 18)]) == " alba  bois :  @ Alba #  va."


@pytest.mark.parametrize(
    "text",
    [
        f"Titre\n{'Rien ici. ' * 90}Alba donne du bois.",
        f"Titre\n{'rien ici, ' * 500}Alba donne du bois{', rien ici' * 500}",
        f"{'un titre sans fin ' * 90}\nAlba donne du bois.",
        f"{'・何もない' * 900}Alba 木{'・何もない' * 900}",
    ],
)
def test_a_marked_passage_of_any_text_is_short_and_has_the_name(text: str) -> None:
    at = text.index("Alba")
    passage = marked(text, [(at, at + 4)])
    assert "@ Alba #" in passage
    assert len(passage) <= MOST_CHARS + 10


def test_the_role_is_that_of_the_marked_organisation() -> None:
    text = (
        "La scierie Morel livre ses chutes de bois à l'atelier Vasco, qui en fabrique des jouets."
    )

    def role_of(name: str) -> Role:
        at = text.index(name)
        return learnt_roles()[int(role_odds(text, [(at, at + len(name))]).argmax())]

    assert role_of("scierie Morel") is Role.SUPPLIER
    assert role_of("atelier Vasco") is Role.PRODUCER


def test_a_role_that_is_not_learnt_yet_is_not_proposed(monkeypatch: pytest.MonkeyPatch) -> None:
    make: Any = StrEnum
    more = make("Role", {"REPAIRER": "repairer", **{role.name: role.value for role in Role}})
    before = roles_in(ENGLISH)
    monkeypatch.setattr(gathering, "Role", more)
    assert ("Baird Haulage", "carrier") in roles_in(ENGLISH) == before


def test_a_list_of_hundreds_of_organisations_is_read_as_far_as_a_person_would() -> None:
    names = [f"la menuiserie {chr(65 + n % 26)}{'aeiou'[n // 26 % 5]}rtin" for n in range(130)]
    text = " ".join(f"Pour les lits, {name} a donné des planches." for name in names)
    found = participants(encoded.encoded(text))
    assert MOST // 2 < len(found) <= MOST
