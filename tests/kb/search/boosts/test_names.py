from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from kb.indexing.derivation import derive
from kb.models import Actor, Kind
from kb.search.boosts.names import names_near
from kb.store.store import Store
from kb.text.written_words import written_words

DOES = {
    "merlet": (
        "Distillerie Merlet et Fils",
        "Elle distille de l'alcool, et vend aux distilleries.",
    ),
    "savon": ("Savonnerie du Midi", "Cette savonnerie fait du savon de Marseille."),
    "lessive": ("Lessives Broussaud", "Du savon noir et de la lessive."),
    "weston": ("J.M. Weston", "Des chaussures de cuir."),
    "polymer": ("PolymerExpert", "Des polymères sur mesure."),
    "cttc": ("Centre de transfert de technologies céramiques", "La céramique en trois dimensions."),
    "goose": ("Grey Goose", "De la vodka."),
    "ciron": ("Ciron SA", "Des jus de citron."),
    "suisses": ("Les 3 Suisses", "De la vente à distance."),
}
ACTORS = [
    Actor(id=id_, name=name, description=does, place="Cognac", department="16")
    for id_, (name, does) in DOES.items()
]
SIRET = "55208131766522"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store.open(tmp_path / "kb.sqlite", create=True)
    put(opened, *ACTORS, replace(ACTORS[0], id="edf", name="Électricité de France", siret=SIRET))
    yield opened
    opened.close()


def near_in(store: Store, query: str) -> dict[str, float]:
    return names_near(query, store)


def put(store: Store, *actors: Actor) -> None:
    with store.changing():
        for actor in actors:
            derived = derive(actor)
            store.put(actor, derived.documents, derived.names)


def test_a_name_is_known_however_it_is_spelt(store: Store) -> None:
    cases: list[tuple[str, str]] = [
        ("distilerie merlet", "merlet"), ("Merlet", "merlet"), ("SARL Merlay", "merlet"),
        ("merlet distillerie", "merlet"), ("maison Merlet à Cognac", "merlet"),
        ("savonerie du midi", "savon"), ("brousso", "lessive"), ("jm westone", "weston"),
        ("J M Weston", "weston"), ("polymer expert", "polymer"), ("polimer expert", "polymer"),
        ("CTTC", "cttc"), ("C.T.T.C.", "cttc"), ("greygoose", "goose"), ("cirron", "ciron"),
        ("trois suisses", "suisses"), ("Electricité & France", "edf"),
    ]  # fmt: skip
    for query, actor_id in cases:
        assert list(near_in(store, query))[:1] == [actor_id]


def test_a_need_is_no_name(store: Store) -> None:
    cases: list[str] = [
        "savon", "savon de Marseille", "savonnerie", "distillerie", "du citron",
        "chaussures de cuir", "la céramique en trois dimensions",
        "qui pourrait distiller de l'alcool ?", "le", "?",
        "un fabricant de jus de citron qui livre des cafés au centre de Cognac le lundi matin",
    ]  # fmt: skip
    for query in cases:
        assert near_in(store, query) == {}


ALMOST_NOUNS = {
    "laitiere": ("Coopérative Laitière de la Sèvre", "Du beurre et de la crème."),
    "ouche": ("GAEC de l'Ouche", "Un élevage."),
    "jacquaires": ("Les Chantiers des chemins jacquaires", "Des murs en pierre sèche."),
    "faure": ("Scierie Faure", "Des planches."),
    "meunier": ("Moulin Meunier", "De la farine."),
    "locauto": ("Locaux Motiv", "Des bureaux partagés."),
    "ciron": ("Ciron SA", "Des jus."),
    "belier": ("Le Bélier", "De la fonderie."),
    "placoplatre": ("Placoplatre – usine de Cherves", "Des plaques."),
    "lisi": ("Lisi Aerospace", "Des fixations."),
    "ferme": ("Ferme du Bois", "Elle épand des lisiers, et lise qui voudra les lisières."),
}


@pytest.fixture
def almost_nouns(store: Store) -> Store:
    put(
        store,
        *(
            Actor(id=id_, name=name, description=does, place="Niort", department="79")
            for id_, (name, does) in ALMOST_NOUNS.items()
        ),
    )
    return store


def test_a_word_of_the_language_is_no_misspelt_name(almost_nouns: Store) -> None:
    for noun in (
        "luthier", "luthiers", "Luthier", "douche", "mouches", "souche", "baker", "faune",
        "citrons", "béliers", "beliers", "menuisier", "local", "une douche",
    ):  # fmt: skip
        assert near_in(almost_nouns, noun) == {}, noun


def test_a_name_misspelt_beside_such_words_is_known(almost_nouns: Store) -> None:
    for query, actor_id in (
        ("laitierre de la sevre", "laitiere"), ("chantiers jaquaires", "jacquaires"),
        ("scierie faurre", "faure"), ("chantier des chemins jacquaires", "jacquaires"),
    ):  # fmt: skip
        assert list(near_in(almost_nouns, query))[:1] == [actor_id], query


def test_a_name_is_none_the_less_one_for_words_that_share_its_stem(almost_nouns: Store) -> None:
    assert list(near_in(almost_nouns, "lisi")) == ["lisi"]


def test_the_beginning_of_a_name_is_known_if_it_begins_no_other(almost_nouns: Store) -> None:
    assert list(near_in(almost_nouns, "placo")) == ["placoplatre"]
    assert near_in(almost_nouns, "plac") == near_in(almost_nouns, "savon") == {}
    put(almost_nouns, replace(ACTORS[0], id="other", name="Placotherm"))
    assert near_in(almost_nouns, "placo") == {}


def test_hardly_a_noun_of_the_lexicon_is_taken_for_a_name(almost_nouns: Store) -> None:
    called = {word.word for word in almost_nouns.vocabulary(written_words())}
    nouns = sorted(word for word in written_words() if len(word) >= 4 and word not in called)
    sample = Random(0).sample(nouns, 500)
    assert len([noun for noun in sample if near_in(almost_nouns, noun)]) <= 2


def test_a_number_is_known_with_one_slip(store: Store) -> None:
    cases: list[tuple[str, float]] = [
        ("552 081 317 66522", 1.0), ("SIRET : 552.081.317.66522", 1.0), ("552081317", 1.0),
        ("5520813176652", 0.9), ("52208131766522", 0.9), ("52208131766531", 0.0),
        ("552081371", 0.9), ("552081318", 0.9), ("55208131766522 12", 0.0), ("732829320", 0.0),
    ]  # fmt: skip
    for query, likeness in cases:
        found = near_in(store, query)
        assert [found[id_] for id_ in found if id_ == "edf"] == [likeness] * bool(likeness)


def test_what_is_renamed_or_removed_is_forgotten_at_once(store: Store) -> None:
    put(store, replace(ACTORS[0], name="Papeterie Alamigeon"))
    assert list(near_in(store, "alamijon")) == ["merlet"]
    assert near_in(store, "merlet") == {}
    with store.changing():
        for actor_id in store.ids(Kind.ACTOR):
            store.remove(Kind.ACTOR, actor_id)
    assert near_in(store, "alamijon") == {}
