"""Articles of our own for tests, in the layouts that people have them in, and how they are read."""

import pytest

from ingest.articles.article import Article
from ingest.articles.readers import article_from_bytes
from kb.errors import InputError

TITLE = "Du petit-lait pour les bêtes"
FIRST = (
    "La fromagerie du plateau rejetait chaque semaine plusieurs tonnes de petit-lait, dont "
    "personne ne voulait. Une usine d'aliments pour bétail, à deux kilomètres, en cherchait."
)
SECOND = (
    "Le club d'entreprises a réuni les deux directeurs le 12 mars 2019, et le premier camion est "
    "parti un mois plus tard. Depuis, l'usine achète tout le petit-lait de la fromagerie."
)
THIRD = (
    "Ce que nous retenons : il faut parler de ce que l'on jette. Personne ne devine ce qui manque "
    "au voisin."
)
BODY = f"{FIRST}\n\n{SECOND}\n\n{THIRD}"
PARAGRAPHS = "".join(f"<p>{paragraph}</p>" for paragraph in BODY.split("\n\n"))

NETWORK_PAGE = f"""{TITLE}

{FIRST}

{SECOND}

Deux conditions ont compté :

  • Une citerne propre. La fromagerie l'a trouvée d'occasion, et l'usine a payé le transport.
  • Un prix juste. Il est revu chaque année, autour d'un café, dans les locaux du club.

 Lait
 Circuits courts
 Mutualisation d'équipements

Modérateur

  • Anne Le Goff

    Cheffe de projets

    Suivre
  • Dernière modération le 04/05/2019 - 08:30

    Auteur de la page

  • Jeanne Morel

    Coordinatrice Technique

    Suivre
  • Dernière modification de l'auteur le 03/05/2019 - 17:05

    Autres actualités

    Plus d'articles

    Sur les mêmes thèmes

     Lait
     Circuits courts
     Mutualisation d'équipements
"""

NETWORK_HTML = f"""<!doctype html>
<html lang="fr"><head><title>{TITLE} | Le réseau</title></head><body>
<div class="region-breadcrumb"><nav><ol><li><a href="/">Accueil</a></li></ol></nav></div>
<div class="cookie-banner"><p>Nous utilisons des cookies pour mesurer l'audience du site.</p></div>
<div class="content"><h1>{TITLE}</h1>
<div class="body"><p>{FIRST}</p><p>{SECOND}</p>
<ul><li>Une citerne propre, que la fromagerie a trouvée d'occasion.</li>
<li>Un prix juste.</li></ul>
<p>{THIRD}</p></div>
<div class="field-themes">
<a href="/t/1">Lait</a><a href="/t/2">Circuits courts</a></div>
<div class="people"><h3>Modérateur</h3>
<ul><li><div class="name"><a href="/u/1">Anne Le Goff</a></div>
<div class="job">Cheffe de projets</div><a class="button">Suivre</a></li>
<li>Dernière modération le 04/05/2019 - 08:30</li></ul>
<h3>Auteur de la page</h3><ul><li><div class="name"><a href="/u/2">Jeanne Morel</a></div>
<div class="job">Coordinatrice Technique</div><a class="button">Suivre</a></li>
<li>Dernière modification de l'auteur le 03/05/2019 - 17:05</li></ul></div></div>
<h2>Autres actualités</h2><div><h3>Le lin revient</h3><p>Une filature a rouvert, et elle cherche des
agriculteurs prêts à semer du lin dès le printemps dans la vallée.</p>
<a>Lire la suite</a></div>
<a>Plus d'articles</a><h2>Sur les mêmes thèmes</h2><ul><li>Lait</li><li>Circuits courts</li></ul>
<div class="share">Partager <a href="#">Facebook</a></div>
</body></html>
"""


def read(text: str, suffix: str = ".txt") -> Article:
    return article_from_bytes(text.encode(), suffix)


def page(body: str, head: str = "<title>x</title>") -> Article:
    html = f"<!doctype html><html lang=fr><head>{head}</head><body>{body}</body></html>"
    return read(html, ".html")


def refusal(content: bytes, suffix: str) -> str:
    """The one line with which a file is refused."""
    with pytest.raises(InputError) as caught:
        article_from_bytes(content, suffix)
    message = str(caught.value)
    assert "\n" not in message
    return message
