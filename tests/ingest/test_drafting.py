import json
from dataclasses import replace

import httpx
import pytest

from ingest.articles.article import Article
from ingest.articles.readers import article_from_bytes
from ingest.extraction.llm import Assistant
from ingest.known_articles import AlreadyKnown
from ingest.submission import Submissions
from kb.knowledge_base import KnowledgeBase
from kb.language_model import ChatService
from kb.models import Actor, Case
from kb.registers.drafts import Draft, DraftState
from tests.ingest.sample_articles import BODY, NETWORK_PAGE, TITLE

ARTICLE = Article(TITLE, BODY, date="2019-05-03", lang="fr", source_url="https://reseau.example/12")
OTHER = (
    "Une chaudière à bois chauffe désormais la piscine et l'école du village, avec les chutes de "
    "la scierie voisine. Le maire avait lu qu'ailleurs on le faisait déjà."
)


def drafted(
    base: KnowledgeBase,
    article: Article = ARTICLE,
    *,
    by: str = "léa",
    assistant: Assistant | None = None,
    submitted: bool = True,
) -> Draft:
    submissions = Submissions(base, by=by, assistant=assistant, submitted=submitted)
    return submissions._draft(article, "note.txt")


def draft(base: KnowledgeBase, article: Article = ARTICLE) -> Case:
    made = drafted(base, article)
    assert isinstance(made.record, Case)
    return made.record


def test_an_article_becomes_a_draft_that_no_search_sees(base: KnowledgeBase) -> None:
    base.put([Actor("fromagerie", "Fromagerie du plateau")])
    article = article_from_bytes(NETWORK_PAGE.encode(), ".txt")
    made = drafted(base, article)
    assert (made.state, made.created_by, made.origin) == (DraftState.SUBMITTED, "léa", "note.txt")
    case = made.record
    assert isinstance(case, Case)
    assert (case.id, case.title, case.lang) == ("du-petit-lait-pour-les-betes", TITLE, "fr")
    assert (case.author, case.author_job) == ("Jeanne Morel", "Coordinatrice Technique")
    assert (case.moderator, case.moderator_job) == ("Anne Le Goff", "Cheffe de projets")
    assert (case.modified, case.moderated) == ("2019-05-03T17:05:00", "2019-05-04T08:30:00")
    assert case.themes == ("Lait", "Circuits courts", "Mutualisation d'équipements")
    assert "Auteur de la page" in made.source_text
    assert base.cases() == []


@pytest.mark.parametrize(
    ("words", "filled_in", "proposed"),
    [
        ("Depuis juin 2018, la fromagerie donne son petit-lait.", "2018-06/..", "2018-06/.."),
        ("Ils ont commencé à trois, en juin 2018, par un essai.", "", "2018-06"),
    ],
)
def test_a_time_that_is_likely_enough_is_filled_in_and_another_waits(
    base: KnowledgeBase, words: str, filled_in: str, proposed: str
) -> None:
    made = drafted(base, replace(ARTICLE, text=f"{OTHER} {words}"))
    assert isinstance(made.record, Case)
    assert made.record.period == filled_in
    (time,) = [one for one in made.proposals.fields if one.field == "period"]
    assert (time.value, time.sentence) == (proposed, words)


def test_who_took_part_is_proposed(base: KnowledgeBase) -> None:
    base.put([Actor("usine", "Aliments Réunis"), Actor("laiterie", "Laiterie Bonnefoy")])
    text = (
        "La Laiterie Bonnefoy cherchait qui voudrait de son petit-lait. Aliments Réunis a acheté "
        "tout le petit-lait de la Laiterie Bonnefoy."
    )
    made = drafted(base, replace(ARTICLE, text=text), by="")
    assert isinstance(made.record, Case)
    assert "usine" in {part.actor_id for part in made.record.participants}
    assert all(0 < one.confidence <= 1 for one in made.proposals.participations)


def assistant_that_says(participations: list[dict[str, object]]) -> Assistant:
    content = json.dumps({"participations": participations})
    answer = {"choices": [{"message": {"content": content}}]}
    service = ChatService(
        "http://assistant.example/v1",
        "little-model",
        transport=httpx.MockTransport(lambda _: httpx.Response(200, json=answer)),
    )
    return Assistant(service)


def test_each_organisation_is_filled_in_once_in_its_surest_role(base: KnowledgeBase) -> None:
    base.put([Actor("ferme", "Les Prés")])
    text = "Le petit-lait partait au fossé. Depuis, Les Prés le prend et le transforme."
    said = [
        {"name": name, "role": role, "sentence": text[32:], "confidence": sure}
        for name, role, sure in (
            ("Les Prés", "laboratory", 0.5),
            ("Les Prés", "carrier", 0.9),
            ("les prés", "authority", 0.7),
        )
    ]
    made = drafted(base, replace(ARTICLE, text=text), by="", assistant=assistant_that_says(said))
    assert isinstance(made.record, Case)
    parts = [part for part in made.record.participants if part.actor_id == "ferme"]
    proposed = max(
        (one for one in made.proposals.participations if one.participation.actor_id == "ferme"),
        key=lambda one: one.confidence,
    )
    assert [part.role for part in parts] == [proposed.participation.role]


# The same article twice


@pytest.mark.parametrize(
    ("article", "reason"),
    [
        (ARTICLE, "has the same address"),
        (replace(ARTICLE, source_url=""), "has the same text"),
        (replace(ARTICLE, source_url="", title="Autre", date=""), "has the same text"),
        (
            replace(ARTICLE, text=OTHER, source_url="http://www.reseau.example/12/?utm_source=x#a"),
            "has the same address",
        ),
        (
            replace(ARTICLE, text=OTHER, source_url="", date="2019-05-03T09:15"),
            "has the same title and date",
        ),
        (
            replace(ARTICLE, source_url="", title="", date="", text=f"{BODY} Affaire à suivre."),
            "has nearly the same text",
        ),
        (
            replace(
                ARTICLE,
                source_url="",
                title="",
                date="",
                text=BODY.replace("'", "’").replace("plusieurs tonnes", "**plusieurs** tonnes"),
            ),
            "has the same text",
        ),
    ],
)
def test_the_same_article_is_not_drafted_twice(
    base: KnowledgeBase, article: Article, reason: str
) -> None:
    first = drafted(base, ARTICLE)
    with pytest.raises(AlreadyKnown) as refusal:
        drafted(base, article, by="paul")
    assert str(refusal.value) == f"is there already: the draft '{TITLE}' ({first.id}) {reason}"
    assert refusal.value.draft_id == first.id
    assert len(base.drafts.list()) == 1


@pytest.mark.parametrize(
    "article",
    [
        replace(ARTICLE, text=OTHER, source_url="https://reseau.example/13", date="2020-01-01"),
        replace(ARTICLE, text=OTHER, source_url="https://reseau.example/12?page=2", title="Autre"),
    ],
)
def test_another_article_is_drafted(base: KnowledgeBase, article: Article) -> None:
    draft(base)
    draft(base, article)
    assert len(base.drafts.list()) == 2


def test_an_article_that_a_case_tells_is_known(base: KnowledgeBase) -> None:
    base.put([Case("petit-lait", "Le petit-lait", BODY)])
    with pytest.raises(AlreadyKnown, match=r"the case 'Le petit-lait' \(petit-lait\)") as refusal:
        draft(base, ARTICLE)
    assert refusal.value.case_id == "petit-lait"
