import pytest

from ingest.articles.metadata.boilerplate import is_boilerplate, opens_elsewhere


@pytest.mark.parametrize(
    "line",
    [
        "Suivre", "Follow", "Lire la suite", "Partager sur Facebook", "Share this: Tweet | Email",
        "Accueil > Articles > Élevage", "© 2019 Le réseau", "Plan du site | Mentions légales",
        "Nous utilisons des cookies pour mesurer l'audience.", "Se désabonner", "3 min read",
        "Tél. : 04 00 00 00 00", "contact@reseau.example", "Skip to content", "2/14", "Page 3",
        "← Article précédent", "À lire aussi : le lin revient dans la vallée", "Imprimer", "---",
        "Share | Print | Report a mistake", "Contact presse : Jeanne Morel",
        "Pour vous désinscrire de la liste, répondez STOP.", "To stop receiving this, click here.",
        "Merci de n'imprimer ce message que si c'est nécessaire.",
        "Ce message peut contenir des données personnelles.",
        "Ce courriel et ses pièces jointes sont confidentiels.", "Propulsé par un moteur libre",
    ],
)  # fmt: skip
def test_what_pages_put_around_their_articles(line: str) -> None:
    assert is_boilerplate(line)


@pytest.mark.parametrize(
    "line",
    [
        "Suivre les flux demande de la patience.",
        "Le projet « Biotop » a réuni les entreprises du site",
        "« Nous jetions ce que d'autres cherchaient »",
        "Cookies et biscuits de la maison sont cuits avec ce petit-lait.",
        "Partager par principe, c'est la règle du club.",
        "Le contact a été pris par l'usine.",
        "Imprimer en 3D des visières a demandé trois jours.",
        "Aller à la rencontre des voisins",
        "Recherche de partenaires : ce qui a marché",
    ],
)
def test_sentences_and_headings_are_none(line: str) -> None:
    assert not is_boilerplate(line)


@pytest.mark.parametrize(
    "line",
    ["Autres actualités", "Sur les mêmes thèmes", "Plus d'articles", "À lire aussi", "Recent posts",
     "You may also like", "VOS RENDEZ-VOUS", "3 commentaires", "Dans la même rubrique"],
)  # fmt: skip
def test_headings_of_what_is_about_something_else(line: str) -> None:
    assert opens_elsewhere(line)
